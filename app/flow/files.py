"""Files of events: rows in parts, from any place on, whatever the format and however large the file is."""

from collections.abc import Iterator
from functools import partial
from itertools import count, repeat
from pathlib import Path

import msgspec

from app.domain.arriving.events import Refused
from app.domain.arriving.mapping import RowMapping
from app.domain.documents import Code
from app.flow.json_files import json_records
from app.flow.rows import BrokenError, Part, Place, Record, Row, UnreadableError, parted, unreadable
from app.flow.streams import lines, numbered_lines
from app.flow.table_files import parquet_records, table_records

__all__ = ["PART_ROWS", "Part", "Place", "Row", "UnreadableError", "read_parts"]

PART_ROWS = 20_000
_row = partial(tuple.__new__, Row)


def read_parts(file: Path, mapping: RowMapping, place: Place = Place(), part_rows: int = PART_ROWS) -> Iterator[Part]:  # noqa: B008
    """The rows of a file from a place on, in parts of at most about so many rows, or 4 MiB of text.

    Raises:
        UnreadableError: after the parts before it: the file is cut short, damaged or not of its format, or lacks a column that is mapped.
    """
    if mapping.format == "ndjson" and mapping.as_they_are:
        yield from _lines_as_they_are(file, place, part_rows)
        return
    yield from parted(_READERS[mapping.format](file, mapping, place), mapping, place, part_rows)


def _lines_as_they_are(file: Path, place: Place, part_rows: int) -> Iterator[Part]:
    """Each line is an event: cut, numbered, and not looked at."""
    try:
        for batch, end in lines(file, place.offset):
            for start in range(0, len(batch), part_rows):
                taken, left = batch[start : start + part_rows], batch[start + part_rows :]
                rows = _numbered(taken, place)
                place = Place(place.rows + len(rows), place.line + len(taken), end - sum(map(len, left)) - len(left))
                if rows:
                    yield Part(rows, place)
    except BrokenError as error:
        raise unreadable(place, error) from error


def _numbered(taken: list[bytes], place: Place) -> list[Row]:
    if all(map(bytes.strip, taken)):
        return list(map(_row, zip(count(place.rows), count(place.line + 1), taken, repeat(None))))
    filled = [(line, raw) for line, raw in enumerate(taken, start=place.line + 1) if raw.strip()]
    return [Row(position, line, raw) for position, (line, raw) in enumerate(filled, start=place.rows)]


def _line_records(file: Path, _: RowMapping, place: Place) -> Iterator[Record]:
    return (_line_record(*one) for one in numbered_lines(file, place) if one[0].strip())


def _line_record(raw: bytes, line: int, after: int) -> Record:
    try:
        return Record(msgspec.json.decode(raw), raw, line, line, after)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Record(None, raw, line, line, after, Refused(Code.NOT_JSON, None, f"the row is not JSON: {error}"))


_READERS = {"csv": table_records, "tsv": table_records, "ndjson": _line_records, "json": json_records, "parquet": parquet_records}
