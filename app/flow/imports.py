"""Bulk import: a file's rows become events of the wire and take the route of a batch, a part at a time.

A part's events and the job's counts stand in one transaction, so a job that was interrupted goes on after the rows it committed.
"""

import asyncio
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from app.domain.documents import Code
from app.domain.events import Arrival, Refused, parse_event
from app.domain.mapping import RowMapping, as_event_bytes, parse_mapping
from app.flow.collect import Parsed, Submission, write
from app.store.connect import Connection
from app.store.imports import Import, advance_import, end_import
from app.store.touched import BULK

PART_ROWS = 5_000
GZIP_MAGIC = b"\x1f\x8b"
LINE_CHARACTERS_MAX = 1024 * 1024
_DELIMITERS = {"csv": ",", "tsv": "\t"}


class UnreadableError(ValueError):
    """A file cannot be read any further; says at which row and why."""


class Row(NamedTuple):
    """A row of a file: its place from 0, and its event as JSON; or its own bytes and what refuses it."""

    position: int
    raw: bytes
    refused: Refused | None = None


async def run_import(connection: Connection, job: Import, file: Path) -> None:
    """Import a file to its end; the job ends finished, or failed with the reason."""
    try:
        with file.open("rb") as opened:
            await _import_parts(connection, job, opened)
    except (UnreadableError, FileNotFoundError) as error:
        await end_import(connection, job.id, str(error).encode(errors="replace").decode().replace("\0", "\ufffd"))
    else:
        await end_import(connection, job.id, None)


async def _import_parts(connection: Connection, job: Import, opened: BinaryIO) -> None:
    mapping = parse_mapping(msgspec.json.decode(job.mapping))
    arrival = Arrival(job.source_id, trusted=True, received_at=job.created_at, import_id=job.id)
    twins: dict[bytes, int] = {}
    parts = enumerate(_parts(rows(opened, mapping)))
    while (part := await asyncio.to_thread(_next_part, parts, arrival, twins)) is not None:
        number, parsed = part
        done = job.rows - number * PART_ROWS
        if done < len(parsed):
            await _write_part(connection, job, parsed[max(done, 0) :], opened.tell())


async def _write_part(connection: Connection, job: Import, parsed: list[Parsed], bytes_read: int) -> None:
    async with connection.transaction():
        submission = Submission(job.source_id, job.created_at, parsed, job.id)
        outcome = (await write(connection, [submission], BULK))[0]
        await advance_import(
            connection,
            job.id,
            accepted=outcome.accepted,
            duplicates=outcome.duplicates,
            rejected=len(outcome.rejected),
            bytes_read=bytes_read,
        )


def _next_part(parts: Iterator[tuple[int, list[Row]]], arrival: Arrival, twins: dict[bytes, int]) -> tuple[int, list[Parsed]] | None:
    part = next(parts, None)
    if part is None:
        return None
    number, numbered = part
    return number, [Parsed(row.refused or parse_event(row.raw, row.position, arrival, twins), row.raw) for row in numbered]


def _parts(numbered: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows in parts; what a file has before the place where it cannot be read any further is a part, too."""
    part: list[Row] = []
    try:
        for row in numbered:
            part.append(row)
            if len(part) == PART_ROWS:
                yield part
                part = []
    except UnreadableError:
        if part:
            yield part
        raise
    if part:
        yield part


def rows(opened: BinaryIO, mapping: RowMapping) -> Iterator[Row]:
    """A file's rows. Gzip is recognised by its first bytes; a row that is not UTF-8 is refused alone.

    Raises:
        UnreadableError: the file is cut short, is no gzip, or no table; or a column that the mapping names is missing.
    """
    peeked = opened.read(2)
    opened.seek(0)
    binary: Any = gzip.GzipFile(fileobj=opened) if peeked == GZIP_MAGIC else opened
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
    position = 0
    try:
        for position, (raw, refused) in enumerate(_read(text, mapping), start=1):
            yield Row(position - 1, raw, refused)
    except (EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
        raise UnreadableError(f"the file cannot be read after {position:,} rows: {error}") from error
    finally:
        text.detach()


def _read(text: io.TextIOWrapper, mapping: RowMapping) -> Iterator[tuple[bytes, Refused | None]]:
    if mapping.format == "ndjson":
        yield from (_ndjson_row(line, mapping) for line in _lines(text) if line.strip())
        return
    table = csv.DictReader(text, delimiter=_DELIMITERS[mapping.format])
    missing = [column for _, column in mapping.fields if column not in (table.fieldnames or ())]
    if missing:
        raise UnreadableError(f"the file has no column {missing[0]}; it has {', '.join(table.fieldnames or ())}")
    yield from (_table_row(row, mapping) for row in table)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines; of one that is longer than 1,048,576 characters only the beginning is read, for it to be refused."""
    while line := text.readline(LINE_CHARACTERS_MAX):
        yield line
        while line and not line.endswith(("\n", "\r")):
            line = text.readline(LINE_CHARACTERS_MAX)


def _table_row(row: Mapping[str, Any], mapping: RowMapping) -> tuple[bytes, Refused | None]:
    try:
        return as_event_bytes(mapping.event(row)), None
    except UnicodeEncodeError:
        return ",".join(map(str, row.values())).encode(errors="surrogateescape"), Refused(
            Code.UNSTORABLE_TEXT, None, "the row is not UTF-8"
        )


def _ndjson_row(line: str, mapping: RowMapping) -> tuple[bytes, Refused | None]:
    raw = line.encode(errors="surrogateescape")
    if not mapping.fields:
        return raw, None
    try:
        return as_event_bytes(mapping.event(msgspec.json.decode(raw))), None
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, RecursionError) as error:
        return raw, Refused(Code.NOT_JSON, None, f"the row cannot be mapped: {error}")
