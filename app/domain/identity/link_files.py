"""Files of links that an operator thinks of: CSV with a line of column names, or a JSON object a line."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from app.domain.arriving.clock import read_instant
from app.domain.identity.identifiers import IdentityRules, normalised

FIELDS = ("weaker", "target", "at", "trusted")
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "": True}


class MalformedLine(ValueError):  # noqa: N818
    """A line says no link; `field` names what is wrong with it."""

    def __init__(self, line: int, field: str, reason: str) -> None:
        super().__init__(f"line {line}, {field}: {reason}")
        self.line = line
        self.field = field
        self.reason = reason


class Row(NamedTuple):
    """A line of a file, counted from 1, and what it says of a link."""

    line: int
    said: dict[str, Any]


class LinkedWords(NamedTuple):
    """A link from a weaker identifier to a stronger one (kind, value), and as if said when (UTC) and by whom."""

    weaker: tuple[str, str]
    target: tuple[str, str]
    at: datetime
    trusted: bool


def read_rows(text: str) -> Iterator[Row]:
    """The lines of a file: JSON objects where the first one begins with a brace, else CSV. Raises MalformedLine."""
    if text.lstrip().startswith("{"):
        yield from _json_rows(text)
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [field for field in FIELDS[:2] if field not in (reader.fieldnames or ())]
        if missing:
            raise MalformedLine(1, missing[0], "is a column that the file needs")
        for said in reader:
            yield Row(reader.line_num, said)
    except csv.Error as error:
        raise MalformedLine(reader.reader.line_num, "line", f"is no CSV: {error}") from error


def linked_words(row: Row, rules: IdentityRules, now: datetime) -> LinkedWords:
    """The link that a line says; without `at` as if said now, without `trusted` as if a trusted source said it. Raises MalformedLine."""
    weaker, target = (_word(row, field, rules) for field in FIELDS[:2])
    if rules.kinds.index(weaker[0]) <= rules.kinds.index(target[0]):
        raise MalformedLine(row.line, "target", f"is of a stronger kind than {weaker[0]}: {', '.join(rules.kinds)}")
    at = row.said.get("at")
    instant = read_instant(at) if at else now
    if instant is None:
        raise MalformedLine(row.line, "at", "is an ISO 8601 instant")
    return LinkedWords(weaker, target, instant, _trusted(row))


def word(text: str, rules: IdentityRules) -> tuple[str, str]:
    """The kind and the normalised value of kind:value. Raises ValueError, which says what is wrong."""
    kind, colon, value = text.partition(":")
    if not colon or kind not in rules.kinds:
        raise ValueError(f"is kind:value, with a kind of {', '.join(rules.kinds)}")
    found = normalised(kind, value, rules)
    if found is None:
        raise ValueError("identifies nobody")
    return kind, found


def _json_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if not line.strip():
            continue
        try:
            said = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise MalformedLine(number, "line", f"is no JSON: {error}") from error
        if not isinstance(said, dict):
            raise MalformedLine(number, "line", "is a JSON object")
        yield Row(number, said)


def _word(row: Row, field: str, rules: IdentityRules) -> tuple[str, str]:
    text = row.said.get(field)
    try:
        return word(text if isinstance(text, str) else "", rules)
    except ValueError as error:
        raise MalformedLine(row.line, field, str(error)) from error


def _trusted(row: Row) -> bool:
    said = row.said.get("trusted")
    found = said if isinstance(said, bool) else _TRUTH.get(str(said if said is not None else "").strip().lower())
    if found is None:
        raise MalformedLine(row.line, "trusted", "is true or false")
    return found
