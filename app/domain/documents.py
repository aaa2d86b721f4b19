"""A JSON document read strictly: what Postgres could not store, or would give back changed, is refused with a reason."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

EVENT_BYTES_MAX = 32 * 1024
KEYS_MAX = 1_000
DEPTH_MAX = 16
KEY_BYTES_MIN = 4
INT64 = 2**63


class Code(StrEnum):
    """Why an event is refused: a closed set."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_ROW = "not_a_row"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    TOO_MANY_KEYS = "too_many_keys"
    UNSTORABLE_TEXT = "unstorable_text"
    UNSTORABLE_NUMBER = "unstorable_number"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    ID_TOO_LONG = "id_too_long"
    MISSING_IDENTIFIER = "missing_identifier"
    TIME_OUTSIDE = "time_outside"
    TIME_UNREADABLE = "time_unreadable"
    UNSTORABLE = "unstorable"


class RefusedError(Exception):
    """What was read cannot be an event; carries the code and the field."""

    def __init__(self, code: Code, field: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


_SURROGATE_OR_NUL = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_DOT = re.compile(r"(?<!\\)\.")
_ESCAPED_BACKSLASH = re.compile(rb"\\\\")
_SURROGATE_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_INTEGER = b"0" * 19
_SHORT_NUMBER = 16
"""Characters of a decimal that surely comes back unchanged: at most 15 digits beside its point."""


def read_document(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`; raises `RefusedError` where it is none, or exceeds 32 KiB, 1,000 keys or depth 16.

    The counts of braces and colons bound depth and keys from above, so that most documents are never walked.
    """
    if len(raw) > EVENT_BYTES_MAX:
        raise RefusedError(Code.TOO_LARGE, None, f"the event has {len(raw)} bytes; {EVENT_BYTES_MAX} are allowed")
    if _SURROGATE_OR_NUL.search(raw):
        _check_text(raw)
    document = _decoded(raw)
    if not isinstance(document, dict):
        raise RefusedError(Code.NOT_AN_OBJECT, None, "an event is a JSON object")
    if raw.count(b"{") + raw.count(b"[") > DEPTH_MAX and _depth(document, DEPTH_MAX + 1) > DEPTH_MAX:
        raise RefusedError(Code.TOO_DEEP, None, f"objects and lists nest deeper than {DEPTH_MAX}")
    if len(raw) > KEY_BYTES_MIN * KEYS_MAX and raw.count(b":") > KEYS_MAX and _keys(document) > KEYS_MAX:
        raise RefusedError(Code.TOO_MANY_KEYS, None, f"the event has more than {KEYS_MAX} keys")
    if _LONG_INTEGER in raw.translate(_DIGITS):
        _check_integers(document)
    return document


def _decoded(raw: bytes) -> Any:
    try:
        return _decode(raw)
    except msgspec.ValidationError as error:
        raise RefusedError(Code.UNSTORABLE_NUMBER, None, "a number is too large to be stored unchanged") from error
    except RecursionError as error:
        raise RefusedError(Code.TOO_DEEP, None, f"objects and lists nest deeper than {DEPTH_MAX}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(Code.NOT_JSON, None, f"the event is not JSON: {error}") from error


def _check_text(raw: bytes) -> None:
    text = _SURROGATE_PAIR.sub(b"", _ESCAPED_BACKSLASH.sub(b"", raw))
    if _SURROGATE_OR_NUL.search(text):
        raise RefusedError(Code.UNSTORABLE_TEXT, None, "NUL characters and lone surrogates cannot be stored")


def _check_integers(document: Any) -> None:
    changed = [number for number in _integers(document) if not -INT64 <= number < 2 * INT64]
    if changed:
        raise _unstorable(str(changed[0]))


def _number(text: str) -> float:
    number = float(text)
    if (len(text) > _SHORT_NUMBER or "e" in text or "E" in text) and not _same_number(number, text):
        raise _unstorable(text)
    return number


_decode = msgspec.json.Decoder(float_hook=_number).decode


def _same_number(number: float, text: str) -> bool:
    return abs(number) != float("inf") and Decimal(repr(number)) == Decimal(text)


def _unstorable(number: str) -> RefusedError:
    return RefusedError(Code.UNSTORABLE_NUMBER, None, f"the number {number[:40]} would come back changed")


def split_path(path: str) -> tuple[str, ...]:
    r"""The keys that a path into a document descends, one after the other: a dot descends, `\.` is a dot in a key."""
    return tuple(key.replace(r"\.", ".") for key in _DOT.split(path))


def _integers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _integers(item)]
    if isinstance(value, list):
        return [number for item in value for number in _integers(item)]
    return [value] if isinstance(value, int) else []


def _depth(value: Any, enough: int) -> int:
    if enough == 0 or not isinstance(value, dict | list):
        return 0
    items = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(item, enough - 1) for item in items), default=0)


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_keys(item) for item in value.values())
    return sum(_keys(item) for item in value) if isinstance(value, list) else 0
