"""Tables as files: CSV with its header, and Parquet."""

import csv
from collections.abc import Iterator
from pathlib import Path

from app.domain.arriving.events import Refused
from app.domain.arriving.mapping import RowMapping
from app.domain.documents import Code
from app.flow.rows import BrokenError, Place, Record, UnreadableError
from app.flow.streams import numbered_lines

TAKEN_ROWS = 50_000


def table_records(file: Path, mapping: RowMapping, place: Place) -> Iterator[Record]:
    """The rows of a CSV or TSV file; quoted cells may go over lines, and a cell has at most 131,072 characters.

    Raises:
        UnreadableError: the table has no header, or lacks a column that is mapped.
        BrokenError: the file is damaged, after the rows before.
    """
    head = _Lines(file, Place())
    try:
        header = next(csv.reader(head, delimiter=mapping.delimiter), [])
    except (csv.Error, BrokenError) as error:
        raise UnreadableError(f"the header of the table cannot be read: {error}") from error
    _check_columns(header, mapping)
    return _rows_below(header, head if place == Place() else _Lines(file, place), mapping.delimiter)


def parquet_records(file: Path, mapping: RowMapping, place: Place) -> Iterator[Record]:
    """The rows of a Parquet file, 50,000 at a time.

    Raises:
        UnreadableError: the table lacks a column that is mapped.
        BrokenError: the file is damaged or is no Parquet.
    """
    import polars as pl  # noqa: PLC0415 - it takes longer to load than most files to read, and these alone need it

    try:
        scan = pl.scan_parquet(file)
        _check_columns(scan.collect_schema().names(), mapping)
        line = place.line
        while not (taken := scan.slice(line, TAKEN_ROWS).collect()).is_empty():
            for row in taken.iter_rows(named=True):
                line += 1
                yield Record(row, b"", line, line, 0)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BrokenError(str(error)) from error


class _Lines:
    """Lines as the CSV reader takes them, with what the latest row took of them."""

    def __init__(self, file: Path, place: Place) -> None:
        self._lines = numbered_lines(file, place)
        self.line, self.offset = place.line, place.offset
        self.taken: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text, self.line, self.offset = next(self._lines)
        self.taken.append(text)
        return f"{text.decode(errors='surrogateescape')}\n"


def _rows_below(header: list[str], text: _Lines, delimiter: str) -> Iterator[Record]:
    rows = csv.reader(text, delimiter=delimiter)
    while True:
        text.taken.clear()
        line = text.line + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield _record(text, line, None, str(error))
            continue
        if any(cells[len(header) :]):
            yield _record(text, line, None, f"the row has {len(cells)} cells, the table {len(header)} columns")
        elif cells:
            yield _record(text, line, dict(zip(header, cells, strict=False)), None)


def _record(text: _Lines, line: int, row: dict[str, str] | None, broken: str | None) -> Record:
    refused = Refused(Code.NOT_A_ROW, None, broken) if broken else None
    return Record(row, b"\n".join(text.taken), line, text.line, text.offset, refused)


def _check_columns(header: list[str], mapping: RowMapping) -> None:
    if missing := mapping.missing(header):
        raise UnreadableError(f"the file has no column {missing}; it has {', '.join(header)}")
