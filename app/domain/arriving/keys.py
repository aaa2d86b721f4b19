"""Keys: what opens which door. Secret keys are kept as digests only."""

import hashlib
import re
import secrets
import zlib
from enum import StrEnum
from typing import NamedTuple

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6
_SAID = re.compile(rb'("writeKey"\s*:\s*"[A-Za-z0-9_]{0,5})(?:[^"\\]|\\.)*', re.DOTALL)


class Scope(StrEnum):
    """What a key may do."""

    WRITE = "write"
    READ = "read"
    ADMIN = "admin"


def prefix(scope: Scope, *, trusted: bool = False) -> str:
    """How keys begin that may do this; `trusted` tells those that a server writes with from those that stand in pages."""
    return {Scope.WRITE: "sk_" if trusted else "wk_", Scope.READ: "rk_", Scope.ADMIN: "ak_"}[scope]


class Keys(NamedTuple):
    """One key for each door: of a public source, of a trusted source, to read, to administer. None: not known here."""

    write: str | None
    server: str | None
    read: str | None
    admin: str | None


def new_key(prefix: str) -> str:
    """A fresh key: prefix, 32 random characters, 6 of a checksum over both."""
    body = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + checksum(body)


def checksum(body: str) -> str:
    """Six characters by which a leaked key is recognised as one, without asking us."""
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def digest(key: str) -> bytes:
    """What is kept of a key: SHA-256; keys are long and random, or the operator's own of 24 characters at least."""
    return hashlib.sha256(key.encode()).digest()


def hint(key: str) -> str:
    """What may be shown of a key."""
    return f"{key[:5]}…"


def without_keys(raw: bytes, key: str | None = None) -> bytes:
    """What may be kept of an event's bytes: of the key that it came with, and of whatever it names as writeKey, a hint only."""
    return _SAID.sub(rb"\1" + "…".encode(), raw.replace(key.encode(), hint(key).encode()) if key else raw)
