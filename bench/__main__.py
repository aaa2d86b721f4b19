"""`python -m bench`: measure, and print the one table.

`python -m bench imports --rows N`: how imports slow down over N rows. `python -m bench asking --events N --folder DIR`: questions, pages
and a rebuild over N events (WAYSTAGE_BENCH_EVENTS where not given, else a million), whose history is kept in DIR for the next run.
`python -m bench pages`, with the same options: pages alone.
"""

import argparse
import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from app.store.connect import connect
from bench import importing
from bench.asking import memory, questions
from bench.deriving import backlog, derive_all, rebuild, write_history
from bench.pages import pages
from bench.rig import NoOp, Rig, no_op, rig
from bench.table import Row, show
from bench.writing import batches, batches_and_copy, single_events, stored
from tests.service import ROOT

BACKLOG_CUSTOMERS = 10_000
EVENTS = 1_000_000
EVENTS_EACH = 9.5


def main() -> None:
    """Measure everything, or what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, and print a table.")
    parser.add_argument("what", nargs="?", choices=("all", "asking", "pages", "imports"), default="all")
    parser.add_argument("--rows", type=int, help="with imports: the slope over so many rows, from empty tables")
    parser.add_argument(
        "--events", type=int, default=int(os.environ.get("WAYSTAGE_BENCH_EVENTS", EVENTS)), help="events that are asked about"
    )
    parser.add_argument("--folder", type=Path, help="keeps a Postgres with the history; not given: a temporary one")
    asked = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress, rig(asked.folder) as place:
        rows = [*_measured(progress, place, asked)]
    show(rows)


def _measured(progress: Progress, place: Rig, asked: argparse.Namespace) -> Iterator[Row]:
    if asked.what == "imports":
        yield from _importing(progress, place, asked.rows)
        return
    with no_op() as nothing:
        if asked.what == "all":
            yield from _writing(progress, place, nothing)
            yield from _importing(progress, place, None)
            yield asyncio.run(_backlog(place.database()))
        yield from _reading(progress, place, nothing, asked)


def _importing(progress: Progress, place: Rig, rows: int | None) -> Iterator[Row]:
    task = progress.add_task("Importing", total=3)
    if rows is None:
        yield from importing.imports(place, lambda step: progress.advance(task, step))
    else:
        yield importing.slope(place, rows, lambda step: progress.advance(task, step))


def _writing(progress: Progress, place: Rig, nothing: NoOp) -> Iterator[Row]:
    task = progress.add_task("Writing single events and batches", total=5)
    with place.service(place.database()) as waystage:
        for row in single_events(waystage, nothing):
            progress.advance(task)
            yield row
        written = batches(waystage)
    yield from batches_and_copy(written, place, waystage.dsn)
    progress.advance(task)


def _reading(progress: Progress, place: Rig, nothing: NoOp, asked: argparse.Namespace) -> Iterator[Row]:
    customers = int(asked.events / EVENTS_EACH)
    dsn = place.copy_of(f"history_{asked.events}_{_schema()}", lambda made: asyncio.run(_history(progress, made, customers)))
    task = progress.add_task("Asking, and rebuilding", total=None)
    with place.service(dsn) as waystage:
        if asked.what != "pages":
            yield from questions(waystage, customers, stored(dsn))
        yield from pages(waystage, stored(dsn))
        yield from memory(waystage, nothing)
        waystage.derived()
    if asked.what != "pages":
        yield asyncio.run(_rebuilt(dsn))
    progress.update(task, total=1, completed=1)


def _schema() -> str:
    """A digest of the migrations: a history that was kept under others is not of use."""
    files = sorted(ROOT.glob("migrations/versions/*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


async def _backlog(dsn: str) -> Row:
    connection = await connect(dsn, application="waystage bench")
    try:
        return await backlog(connection, BACKLOG_CUSTOMERS)
    finally:
        await connection.close()


async def _rebuilt(dsn: str) -> Row:
    connection = await connect(dsn, application="waystage bench")
    try:
        return await rebuild(connection)
    finally:
        await connection.close()


async def _history(progress: Progress, dsn: str, customers: int) -> None:
    """The history of so many customers, derived."""
    connection = await connect(dsn, application="waystage bench")
    try:
        writing, deriving = [progress.add_task(f"{what} the history", total=EVENTS_EACH * customers) for what in ("Writing", "Deriving")]
        await write_history(connection, range(customers), lambda events: progress.advance(writing, events))
        await derive_all(connection, lambda events: progress.advance(deriving, events))
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
