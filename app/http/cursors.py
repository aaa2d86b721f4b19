"""Cursors: where a page ended, written so that nobody takes it for something to count with."""

import base64
import binascii

from app.domain.windows import Malformed

_LEAST, _GREATEST = -(2**63), 2**63 - 1


def malformed_cursor() -> Malformed:
    return Malformed("cursor", "is the value of next in an answer before")


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def uncursor(said: str) -> str:
    """What `cursor` was given; raises Malformed."""
    try:
        return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise malformed_cursor() from error


def numbers(said: str, count: int) -> tuple[int, ...]:
    """The numbers, so many of 64 bits, that a cursor holds, parted by commas; raises Malformed."""
    parts = uncursor(said).split(",")
    if len(parts) != count or not all(_is_number(part) for part in parts):
        raise malformed_cursor()
    return tuple(map(int, parts))


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) < 20 and _LEAST <= int(text) <= _GREATEST
