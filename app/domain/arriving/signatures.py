"""Signatures of webhooks: who may post is who can sign with the secret, over the body as it was sent, now."""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.domain.windows import Malformed

HEX = "hex"
BASE64 = "base64"
SENDGRID = "sendgrid"
MAILGUN = "mailgun"
STANDARD = "standard"
HMAC_SHA256 = "hmac-sha256"
SECRET_LENGTH_MIN = 16
_STANDARD_PREFIX = "whsec_"
_SECONDS = re.compile(r"[0-9]{1,11}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")


class ForgedError(ValueError):
    """A request that is not signed by who holds the secret, or was not signed now."""


class Arrived(NamedTuple):
    """A request: its headers, to be asked in any letter case, and its body as it was sent (after decompression)."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Scheme:
    """How a sender signs. All but `name` and `tolerance` (seconds either way) belong to `hmac-sha256` alone.

    `header` bears `prefix` and the signature as `encoding`; `signed` is what is signed, with {body} and {timestamp} in it, the latter from
    `timestamp_header` (Unix seconds).
    """

    name: str
    tolerance: int = 300
    header: str | None = None
    prefix: str = ""
    encoding: str = HEX
    timestamp_header: str | None = None
    signed: str = "{body}"


def check_scheme(scheme: Scheme, secret: str) -> None:
    """Raises Malformed where a scheme is not whole, or the secret none that it can use."""
    if scheme.name == SENDGRID:
        _public_key(secret)
    elif len(_standard_key(secret) if scheme.name == STANDARD else secret) < SECRET_LENGTH_MIN:
        raise Malformed("secret", f"has at least {SECRET_LENGTH_MIN} bytes")
    if scheme.name == HMAC_SHA256:
        _check_hmac(scheme)
    elif scheme != Scheme(scheme.name, scheme.tolerance):
        raise Malformed("scheme", f"{scheme.name} says itself what is signed and where the signature stands")


def verify(scheme: Scheme, secret: str, arrived: Arrived, now: datetime) -> str | None:
    """Take a request for genuine, or raise ForgedError.

    Given back is the token of a signature that does not cover the body (Mailgun's): whoever comes with it again within the tolerance must
    bring the same body.
    """
    return _VERIFIERS[scheme.name](scheme, secret, arrived, now)


def _sendgrid(scheme: Scheme, secret: str, arrived: Arrived, now: datetime) -> None:
    timestamp = _header(arrived, "x-twilio-email-event-webhook-timestamp")
    signature = _decoded(BASE64, _header(arrived, "x-twilio-email-event-webhook-signature"))
    try:
        _public_key(secret).verify(signature, timestamp.encode() + arrived.body, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise ForgedError("the signature is another") from error
    _check_time(timestamp, now, scheme)


class _Signature(msgspec.Struct, rename="kebab"):
    timestamp: str | int
    token: str
    signature: str
    parent_signature: str = ""


class _Mailgun(msgspec.Struct):
    signature: _Signature


def _mailgun(scheme: Scheme, secret: str, arrived: Arrived, now: datetime) -> str:
    try:
        said = msgspec.json.decode(arrived.body, type=_Mailgun).signature
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForgedError("the body has no signature") from error
    expected = _hmac(secret.encode(), f"{said.timestamp}{said.token}".encode())
    _check_any(expected, [_decoded(HEX, text) for text in (said.signature, said.parent_signature)])
    _check_time(str(said.timestamp), now, scheme)
    return said.token


def _standard(scheme: Scheme, secret: str, arrived: Arrived, now: datetime) -> None:
    identifier, timestamp = _header(arrived, "webhook-id"), _header(arrived, "webhook-timestamp")
    expected = _hmac(_standard_key(secret), f"{identifier}.{timestamp}.".encode() + arrived.body)
    versioned = [one.partition(",") for one in _header(arrived, "webhook-signature").split(" ")]
    _check_any(expected, [_decoded(BASE64, text) for version, _, text in versioned if version == "v1"])
    _check_time(timestamp, now, scheme)


def _hmac_sha256(scheme: Scheme, secret: str, arrived: Arrived, now: datetime) -> None:
    timestamp = _header(arrived, scheme.timestamp_header) if scheme.timestamp_header else ""
    before, _, after = scheme.signed.partition("{body}")
    around = [part.replace("{timestamp}", timestamp).encode() for part in (before, after)]
    given = _header(arrived, scheme.header or "")
    if not given.startswith(scheme.prefix):
        raise ForgedError("the signature begins otherwise")
    _check_any(_hmac(secret.encode(), arrived.body.join(around)), [_decoded(scheme.encoding, given.removeprefix(scheme.prefix))])
    if scheme.timestamp_header:
        _check_time(timestamp, now, scheme)


_VERIFIERS: dict[str, Callable[[Scheme, str, Arrived, datetime], str | None]] = {
    SENDGRID: _sendgrid,
    MAILGUN: _mailgun,
    STANDARD: _standard,
    HMAC_SHA256: _hmac_sha256,
}


def _header(arrived: Arrived, name: str) -> str:
    value = arrived.headers.get(name)
    if value is None:
        raise ForgedError(f"there is no {name}")
    return value


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def _check_any(expected: bytes, given: list[bytes]) -> None:
    """Every one is compared, each in the same time wherever it differs."""
    if not sum(hmac.compare_digest(expected, one) for one in given):
        raise ForgedError("the signature is another")


def _check_time(timestamp: str, now: datetime, scheme: Scheme) -> None:
    if not _SECONDS.fullmatch(timestamp) or abs(int(timestamp) - now.timestamp()) > scheme.tolerance:
        raise ForgedError("it was signed at another time")


def _decoded(encoding: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text) if encoding == HEX else b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ForgedError("the signature is not of its encoding") from error


def _public_key(secret: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(secret, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise Malformed("secret", "is the verification key: a public key, DER in base64") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Malformed("secret", "is the verification key: one of an elliptic curve")
    return key


def _standard_key(secret: str) -> bytes:
    try:
        return b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("secret", "is base64, after whsec_ or alone") from error


def _check_hmac(scheme: Scheme) -> None:
    for field, header in (("header", scheme.header or ""), ("timestamp_header", scheme.timestamp_header or "Date")):
        if not _HEADER.fullmatch(header):
            raise Malformed(field, "is the name of a header")
    if scheme.signed.count("{body}") != 1:
        raise Malformed("signed", "has {body} in it, once")
    if ("{timestamp}" in scheme.signed) != (scheme.timestamp_header is not None):
        raise Malformed("signed", "has {timestamp} in it where timestamp_header names one, and there only")
