"""The imports that wait in the folder of this process, worked off one after the other."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import structlog

from app.flow.imports import run_import, try_import, twins_of
from app.flow.reader import ReaderGoneError
from app.http.service import Options
from app.store.connect import AWAY, Connection, connect
from app.store.imports import Import, end_import, next_import, unfinished_imports
from app.store.twins import remove_twins

POLL_SECONDS = 0.5
ATTEMPTS_MAX = 5
"""So many readers in a row that end at one place of a file show that the file cannot be read there."""

LEFT_SECONDS = 3600.0
"""After so long without a change, a file without an unfinished job is what a crash left."""

_JOB = "import-"
_INCOMING = "incoming-"
log = structlog.get_logger("imports")


def file_of(options: Options, job: int) -> Path:
    """Where the file of a job waits."""
    return options.imports_dir / f"{_JOB}{job}"


def incoming_file(options: Options, number: int) -> Path:
    """Where a file is kept while it arrives."""
    return options.imports_dir / f"{_INCOMING}{number:x}"


async def run_imports(options: Options) -> None:
    """Work off the imports that wait; while Postgres is away, or when a reader was ended, come back."""
    ended = Counter[tuple[int, bytes | None]]()
    while True:
        try:
            await _work_off(options, ended)
        except ReaderGoneError as error:
            log.warning("an import begins again where it was", error=str(error))
        except AWAY as error:
            log.warning("imports wait for postgres", error=str(error) or type(error).__name__)
        await asyncio.sleep(POLL_SECONDS)


async def _work_off(options: Options, ended: Counter[tuple[int, bytes | None]]) -> None:
    if not _waiting(options):
        return
    connection = await connect(options.dsn, application="waystage import")
    try:
        while (job := await next_import(connection, _waiting(options))) is not None:
            try:
                await _work_at(connection, job, options)
            except ReaderGoneError as error:
                ended[job.id, job.place] += 1
                if ended[job.id, job.place] < ATTEMPTS_MAX:
                    raise
                await end_import(connection, job.id, f"{error}, {ATTEMPTS_MAX} times at the same place")
            file_of(options, job.id).unlink(missing_ok=True)
        await _remove_left(connection, options)
    finally:
        connection.terminate()


async def _work_at(connection: Connection, job: Import, options: Options) -> None:
    if job.dry_run:
        await try_import(connection, job, file_of(options, job.id), options.dsn, options.rules)
    else:
        await run_import(connection, job, file_of(options, job.id))


def _waiting(options: Options) -> list[int]:
    """The jobs whose files this process can read."""
    return [int(name) for file in options.imports_dir.glob(f"{_JOB}*") if (name := file.name.removeprefix(_JOB)).isdecimal()]


async def _remove_left(connection: Connection, options: Options) -> None:
    """Remove the files of jobs that have ended or never began, and uploads that broke off with their process."""
    unfinished = await unfinished_imports(connection, _waiting(options))
    ended = [file_of(options, job) for job in _waiting(options) if job not in unfinished]
    for file in _old([*ended, *options.imports_dir.glob(f"{_INCOMING}*")]):
        remove_twins(twins_of(file))
        file.unlink(missing_ok=True)


def _old(files: Iterable[Path]) -> list[Path]:
    return [file for file in files if file.exists() and time.time() - file.stat().st_mtime > LEFT_SECONDS]
