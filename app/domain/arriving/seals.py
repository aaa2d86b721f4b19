"""Seals: bytes that only this Waystage can make or open again. What is sealed is hidden, and nothing about it can be changed."""

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class BrokenSealError(ValueError):
    """Not sealed by this Waystage, not for this purpose, or changed."""


def seal(secret: bytes, purpose: str, plain: bytes) -> bytes:
    """AES-GCM under a key of the purpose's own, with a random nonce in front; what is sealed for one purpose opens for no other."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key(secret, purpose)).encrypt(nonce, plain, None)


def unseal(secret: bytes, purpose: str, sealed: bytes) -> bytes:
    """What was sealed; raises BrokenSealError."""
    try:
        return AESGCM(_key(secret, purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise BrokenSealError("the seal is broken") from error


def as_text(sealed: bytes) -> str:
    """For urls: base64 of the url-safe alphabet, without padding."""
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """The bytes of such a text; raises BrokenSealError for every other text, also where a lenient reader would find the same bytes."""
    try:
        sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise BrokenSealError("the seal is not base64") from error
    if as_text(sealed) != text:
        raise BrokenSealError("the seal is not base64 as it was written")
    return sealed


def _key(secret: bytes, purpose: str) -> bytes:
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha512(secret).digest(), digest_size=32).digest()
