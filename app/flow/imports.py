"""Bulk import: a file's rows become events of the wire and take the route of a batch, a part at a time.

A part's events and the job's counts stand in one transaction, so a job that was interrupted goes on after the rows it committed.
"""

import asyncio
import csv
import gzip
import io
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

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
_DELIMITERS = {"csv": ",", "tsv": "\t"}


class UnreadableError(ValueError):
    """A file cannot be read any further; says at which row and why."""


async def run_import(connection: Connection, job: Import, file: Path) -> None:
    """Import a file to its end; the job ends finished, or failed with the reason."""
    try:
        with file.open("rb") as opened:
            await _import_parts(connection, job, opened)
    except (UnreadableError, FileNotFoundError) as error:
        await end_import(connection, job.id, str(error))
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


def _next_part(
    parts: Iterator[tuple[int, list[tuple[int, bytes | Refused]]]], arrival: Arrival, twins: dict[bytes, int]
) -> tuple[int, list[Parsed]] | None:
    part = next(parts, None)
    if part is None:
        return None
    number, numbered = part
    return number, [
        Parsed(parse_event(raw, position, arrival, twins), raw) if isinstance(raw, bytes) else Parsed(raw, b"")
        for position, raw in numbered
    ]


def _parts(numbered: Iterator[tuple[int, bytes | Refused]]) -> Iterator[list[tuple[int, bytes | Refused]]]:
    while part := list(itertools.islice(numbered, PART_ROWS)):
        yield part


def rows(opened: BinaryIO, mapping: RowMapping) -> Iterator[tuple[int, bytes | Refused]]:
    """A file's rows from 0, each as the bytes of an event or as what refuses it. Gzip is recognised by its first bytes.

    Raises:
        UnreadableError: the file is cut short, is no gzip, or is not UTF-8; or a column that the mapping names is missing.
    """
    peeked = opened.read(2)
    opened.seek(0)
    binary: Any = gzip.GzipFile(fileobj=opened) if peeked == GZIP_MAGIC else opened
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
    position = 0
    try:
        for position, row in enumerate(_read(text, mapping)):
            yield position, row
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"the file cannot be read after row {position}: {error}") from error
    finally:
        text.detach()


def _read(text: io.TextIOWrapper, mapping: RowMapping) -> Iterator[bytes | Refused]:
    if mapping.format == "ndjson":
        yield from (_ndjson_row(line, mapping) for line in text if line.strip())
        return
    table = csv.DictReader(text, delimiter=_DELIMITERS[mapping.format])
    missing = [column for _, column in mapping.fields if column not in (table.fieldnames or ())]
    if missing:
        raise UnreadableError(f"the file has no column {missing[0]}; it has {', '.join(table.fieldnames or ())}")
    yield from (_row(row, mapping) for row in table)


def _row(row: Mapping[str, Any], mapping: RowMapping) -> bytes:
    return as_event_bytes(mapping.event(row))


def _ndjson_row(line: str, mapping: RowMapping) -> bytes | Refused:
    if not mapping.fields:
        return line.encode()
    try:
        return _row(msgspec.json.decode(line), mapping)
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        return Refused(Code.NOT_JSON, None, f"the row cannot be mapped: {error}")
