"""Bulk import: a file's rows become events of the wire and take the route of a batch, a part at a time.

A part's events, the job's counts and the place after them stand in one transaction, so a job that was interrupted goes on at that place.
"""

import asyncio
from pathlib import Path

import msgspec
import structlog

from app.domain.identity.identifiers import IdentityRules
from app.flow.collect import write
from app.flow.dry_runner import Order, dry_run_apart
from app.flow.files import Place, UnreadableError
from app.flow.reader import Errand, ParsedPart, read_again, reading
from app.store.accounts import Count, write_counts
from app.store.bulk import write_packed
from app.store.connect import UNSTORABLE, Connection
from app.store.events import ensure_months
from app.store.failed_events import write_failed
from app.store.imports import EndedMeanwhileError, Import, Progress, advance_import, end_import
from app.store.touched import BULK
from app.store.twins import remove_twins

log = structlog.get_logger("imports")


def twins_of(file: Path) -> Path:
    """The file beside a job's file that counts its twins."""
    return file.with_name(f"twins-{file.name}")


async def try_import(connection: Connection, job: Import, file: Path, dsn: str, rules: IdentityRules) -> None:
    """Do the dry run that a job asks for; the job ends finished, with its report.

    Raises ReaderGoneError where the process that tries was ended; the job can begin again.
    """
    report = await dry_run_apart(Order(dsn, _errand(job, file), rules))
    await end_import(connection, job.id, None, report)


async def run_import(connection: Connection, job: Import, file: Path) -> None:
    """Import a file to its end; the job ends finished, or failed with the reason.

    Raises ReaderGoneError where the process that reads was ended; the job can go on.
    """
    errand = _errand(job, file)
    await ensure_months(connection, job.created_at, 1)
    try:
        async with reading(errand) as parts:
            async for part in parts:
                await _write_part(connection, errand, part)
                errand = msgspec.structs.replace(errand, place=part.place)
    except EndedMeanwhileError as ended:
        log.info("an import is not gone on with", reason=str(ended))
    except UnreadableError as error:
        await end_import(connection, job.id, str(error))
    else:
        await end_import(connection, job.id, None)
    remove_twins(twins_of(file))


def _errand(job: Import, file: Path) -> Errand:
    place = msgspec.json.decode(job.place, type=Place) if job.place else Place()
    mapping = msgspec.json.decode(job.mapping, type=str | None)
    return Errand(str(file), mapping, place, job.source_id, job.created_at, job.id, str(twins_of(file)))


async def _write_part(connection: Connection, errand: Errand, part: ParsedPart) -> None:
    """Write a part at once; where Postgres refuses one of its events, row by row as far as it takes to find which."""
    try:
        async with connection.transaction():
            stored = await write_packed(connection, part.events, BULK, errand.received_at)
            await write_failed(connection, part.failed)
            await write_counts(connection, [_count(errand, part, stored)])
            await _advance(connection, errand, part, stored, len(part.failed))
    except UNSTORABLE:
        submission = await asyncio.to_thread(read_again, errand)
        async with connection.transaction():
            (outcome,) = await write(connection, [submission], BULK)
            await _advance(connection, errand, part, outcome.accepted, len(outcome.rejected))


def _count(errand: Errand, part: ParsedPart, stored: int) -> Count:
    failed = len(part.failed)
    return Count(errand.source_id, errand.received_at, part.rows, stored, part.rows - stored - failed, failed)


async def _advance(connection: Connection, errand: Errand, part: ParsedPart, stored: int, failed: int) -> None:
    progress = Progress(stored, part.rows - stored - failed, failed, part.bytes_read, msgspec.json.encode(part.place))
    await advance_import(connection, errand.import_id, progress)
