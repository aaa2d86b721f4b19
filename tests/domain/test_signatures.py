"""Signatures of webhooks: published vectors, and that nothing else passes."""

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.domain.arriving.signatures import Arrived, ForgedError, Scheme, check_scheme, verify
from app.domain.windows import Malformed
from tests.service import ROOT

SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="
)
SENDGRID_SIGNATURE = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
SENDGRID = Arrived(
    {
        "x-twilio-email-event-webhook-signature": SENDGRID_SIGNATURE,
        "x-twilio-email-event-webhook-timestamp": "1588788367",
    },
    b'{"category":"example_payload","event":"test_event","message_id":"message_id"}',
)
STANDARD_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = Arrived(
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    b'{"test": 2432232314}',
)
SECRET = "a-secret-of-some-length"
BODY = b'{"event": "opened"}'
TIME = 1_770_000_000


def signed(content: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest()


def mailgun(**said: Any) -> Arrived:
    signature = {"timestamp": str(TIME), "token": "t" * 50, "signature": signed(f"{TIME}{'t' * 50}")} | said
    return Arrived({}, json.dumps({"signature": signature, "event-data": {"event": "opened"}}).encode())


SLACK = Scheme("hmac-sha256", header="x-slack-signature", prefix="v0=", timestamp_header="x-slack-time", signed="v0:{timestamp}:{body}")
GITHUB = Scheme("hmac-sha256", header="x-hub-signature-256", prefix="sha256=")
SHOPIFY = Scheme("hmac-sha256", header="x-shopify-hmac-sha256", encoding="base64")
GENUINE: dict[str, tuple[Scheme, str, Arrived, int]] = {
    "sendgrid": (Scheme("sendgrid"), SENDGRID_KEY, SENDGRID, 1_588_788_367),
    "standard": (Scheme("standard"), STANDARD_KEY, STANDARD, 1_614_265_330),
    "mailgun": (Scheme("mailgun"), SECRET, mailgun(), TIME),
    "slack": (
        SLACK,
        SECRET,
        Arrived({"x-slack-signature": f"v0={signed(f'v0:{TIME}:{BODY.decode()}')}", "x-slack-time": str(TIME)}, BODY),
        TIME,
    ),
    "github": (GITHUB, SECRET, Arrived({"x-hub-signature-256": f"sha256={signed(BODY.decode())}"}, BODY), TIME),
    "shopify": (SHOPIFY, SECRET, Arrived({"x-shopify-hmac-sha256": b64encode(bytes.fromhex(signed(BODY.decode()))).decode()}, BODY), TIME),
}
TIMED = ("sendgrid", "standard", "mailgun", "slack")


def at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.mark.parametrize("name", GENUINE)
def test_what_is_signed_passes(name: str) -> None:
    scheme, secret, arrived, time = GENUINE[name]
    check_scheme(scheme, secret)
    assert verify(scheme, secret, arrived, at(time)) == ("t" * 50 if name == "mailgun" else None)


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("seconds, passes", [(-301, False), (-300, True), (300, True), (301, False)])
def test_only_what_is_signed_now_passes(name: str, seconds: int, passes: bool) -> None:
    scheme, secret, arrived, time = GENUINE[name]
    now = at(time) + timedelta(seconds=seconds)
    if passes:
        verify(scheme, secret, arrived, now)
    else:
        with pytest.raises(ForgedError, match="another time"):
            verify(scheme, secret, arrived, now)


def flipped(text: str) -> str:
    """The text with its middle character changed for one of the same kind."""
    middle = len(text) // 2
    return text[:middle] + ("1" if text[middle] != "1" else "2") + text[middle + 1 :]


CHANGES: dict[str, Callable[[Arrived], Arrived]] = {
    "another body": lambda arrived: Arrived(arrived.headers, arrived.body.replace(b"e", b"i", 1)),
    "one byte more": lambda arrived: Arrived(arrived.headers, arrived.body + b"\n"),
    "no header": lambda arrived: Arrived({}, arrived.body),
    "every header another": lambda arrived: Arrived({name: flipped(text) for name, text in arrived.headers.items()}, arrived.body),
    "no encoding": lambda arrived: Arrived(dict.fromkeys(arrived.headers, "\u00e9"), arrived.body),
    "empty headers": lambda arrived: Arrived(dict.fromkeys(arrived.headers, ""), arrived.body),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", [name for name in GENUINE if name != "mailgun"])
def test_what_was_changed_does_not_pass(name: str, change: str) -> None:
    scheme, secret, arrived, time = GENUINE[name]
    with pytest.raises(ForgedError):
        verify(scheme, secret, CHANGES[change](arrived), at(time))


@pytest.mark.parametrize("name, header", [(name, header) for name, (_, _, arrived, _) in GENUINE.items() for header in arrived.headers])
def test_each_header_counts(name: str, header: str) -> None:
    scheme, secret, arrived, time = GENUINE[name]
    with pytest.raises(ForgedError):
        verify(scheme, secret, Arrived({**arrived.headers, header: flipped(arrived.headers[header])}, arrived.body), at(time))


OTHER = b64encode(
    ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest.mark.parametrize(
    "name, secret", [("sendgrid", OTHER), ("standard", "whsec_" + "A" * 32), *((name, "x" * 30) for name in (*list(GENUINE)[2:],))]
)
def test_another_secret_does_not_pass(name: str, secret: str) -> None:
    scheme, _, arrived, time = GENUINE[name]
    with pytest.raises(ForgedError):
        verify(scheme, secret, arrived, at(time))


@pytest.mark.parametrize(
    "arrived",
    [
        mailgun(token="u" * 50),
        mailgun(timestamp=str(TIME + 1)),
        mailgun(signature=signed("another")),
        mailgun(signature=""),
        mailgun(signature="no hex"),
        Arrived({}, b"{}"),
        Arrived({}, b"not JSON"),
        Arrived({}, b'{"signature": []}'),
        Arrived({}, b"\xff"),
        Arrived({}, b"[" * 100_000),
    ],
)
def test_a_forged_mailgun_signature_does_not_pass(arrived: Arrived) -> None:
    with pytest.raises(ForgedError):
        verify(Scheme("mailgun"), SECRET, arrived, at(TIME))


def test_a_subaccounts_event_passes_with_the_key_of_the_account() -> None:
    arrived = mailgun(**{"signature": signed("of the subaccount's key", "another"), "parent-signature": signed(f"{TIME}{'t' * 50}")})
    assert verify(Scheme("mailgun"), SECRET, arrived, at(TIME)) == "t" * 50


def test_one_of_several_standard_signatures_is_enough_and_other_versions_are_none() -> None:
    scheme, secret, arrived, time = GENUINE["standard"]
    right = arrived.headers["webhook-signature"]
    verify(scheme, secret, Arrived({**arrived.headers, "webhook-signature": f"v1a,xx v1,{'A' * 43}= {right}"}, arrived.body), at(time))
    with pytest.raises(ForgedError):
        verify(scheme, secret, Arrived({**arrived.headers, "webhook-signature": right.replace("v1", "v2")}, arrived.body), at(time))


EXAMPLES = re.findall(r"^\| \w+ \| `(\"header\".*)` \|$", (ROOT / "docs" / "webhooks.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("example, scheme", list(zip(EXAMPLES, (GITHUB, SHOPIFY, SLACK), strict=True)))
def test_the_documented_senders_are_those_tested_here(example: str, scheme: Scheme) -> None:
    documented = Scheme("hmac-sha256", **json.loads(f"{{{example}}}"))
    assert replace(documented, header=scheme.header, timestamp_header=scheme.timestamp_header) == scheme
    check_scheme(documented, SECRET)


RSA = b64encode(rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    "scheme, secret, field",
    [
        (Scheme("sendgrid"), "no key", "secret"),
        (Scheme("sendgrid"), RSA, "secret"),
        (Scheme("sendgrid"), b64encode(b"x").decode(), "secret"),
        (Scheme("standard"), "whsec_\u00e9", "secret"),
        (Scheme("standard"), "whsec_", "secret"),
        (Scheme("mailgun"), "short", "secret"),
        (Scheme("mailgun", header="x-signature"), SECRET, "scheme"),
        (Scheme("hmac-sha256"), SECRET, "header"),
        (Scheme("hmac-sha256", header="no header"), SECRET, "header"),
        (Scheme("hmac-sha256", header="x", timestamp_header="a b"), SECRET, "timestamp_header"),
        (Scheme("hmac-sha256", header="x", signed="{timestamp}.{body}"), SECRET, "signed"),
        (Scheme("hmac-sha256", header="x", timestamp_header="x-time"), SECRET, "signed"),
        (Scheme("hmac-sha256", header="x", signed="nothing"), SECRET, "signed"),
    ],
)
def test_a_scheme_that_is_not_whole_is_refused(scheme: Scheme, secret: str, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_scheme(scheme, secret)
    assert refused.value.field == field
