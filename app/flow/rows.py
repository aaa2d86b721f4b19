"""Rows of files: what a reader hands over, and where it goes on."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.domain.arriving.events import Refused
from app.domain.arriving.mapping import RowMapping, as_event_bytes
from app.domain.documents import Code, RefusedError

PART_BYTES = 4 * 1024 * 1024


class UnreadableError(ValueError):
    """A file cannot be read any further; says after which row and why."""


class BrokenError(ValueError):
    """A file is not of its format from some place on; says why."""


class Place(NamedTuple):
    """Where a reader goes on: rows handed over, lines and bytes of the uncompressed text before it. A Parquet file's lines are its rows."""

    rows: int = 0
    line: int = 0
    offset: int = 0


class Row(NamedTuple):
    """One event of a file as JSON, or what refuses a row with the row's own bytes.

    `position` counts from 0, `line` from 1; a row of several events hands over several, all of its line.
    """

    position: int
    line: int
    raw: bytes
    refused: Refused | None = None


class Part(NamedTuple):
    """Some rows of a file and the place after them."""

    rows: list[Row]
    place: Place


class Record(NamedTuple):
    """A row as its format has it: a value or a refusal, its bytes, the line that it begins in, and the line and offset after it."""

    value: Any
    raw: bytes
    line: int
    line_after: int
    offset_after: int
    refused: Refused | None = None


def parted(records: Iterator[Record], mapping: RowMapping, place: Place, part_rows: int) -> Iterator[Part]:
    """Records in parts; what there is before a place where the file is broken is a part, too. Raises UnreadableError there."""
    rows: list[Row] = []
    size, broken = 0, None
    start = after = place
    try:
        for record in records:
            rows += _rows(record, mapping, start.rows + len(rows))
            size += len(record.raw)
            after = Place(start.rows + len(rows), record.line_after, record.offset_after)
            if len(rows) >= part_rows or size >= PART_BYTES:
                yield Part(rows, after)
                rows, size, start = [], 0, after
    except BrokenError as error:
        broken = error
    if rows:
        yield Part(rows, after)
    if broken:
        raise unreadable(after, broken) from broken


def unreadable(place: Place, broken: BrokenError) -> UnreadableError:
    return UnreadableError(f"the file cannot be read after {place.rows:,} rows: {broken}")


def _rows(record: Record, mapping: RowMapping, position: int) -> list[Row]:
    if record.refused:
        return [Row(position, record.line, record.raw, record.refused)]
    if mapping.as_they_are:
        return [Row(position, record.line, record.raw)]
    try:
        events = [as_event_bytes(event) for event in mapping.events(record.value)]
    except RefusedError as error:
        return [_refused(record, position, error.code, error.field, str(error))]
    except UnicodeEncodeError:
        return [_refused(record, position, Code.UNSTORABLE_TEXT, None, "the row is not UTF-8")]
    return [Row(number, record.line, event) for number, event in enumerate(events, start=position)]


def _refused(record: Record, position: int, code: Code, field: str | None, message: str) -> Row:
    return Row(position, record.line, record.raw or as_event_bytes(record.value), Refused(code, field, message))
