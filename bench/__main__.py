"""`python -m bench`: measure, and print the one table. `python -m bench imports --rows N`: how imports slow down over N rows."""

import argparse
import asyncio
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress

from app.store.connect import connect
from bench import importing
from bench.asking import memory, questions
from bench.deriving import backlog, copy_entries, derive_all, write_history
from bench.rig import NoOp, Rig, no_op, rig
from bench.table import Row, show
from bench.writing import batches, batches_and_copy, single_events, stored

BACKLOG_CUSTOMERS = 10_000
CUSTOMERS = 105_500
EVENTS_EACH = 9.5


def main() -> None:
    """Measure everything, or what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, and print a table.")
    parser.add_argument("what", nargs="?", choices=("all", "imports"), default="all")
    parser.add_argument("--rows", type=int, help="with imports: the slope over so many rows, from empty tables")
    asked = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress, rig() as place:
        rows = [*_importing(progress, place, asked.rows)] if asked.what == "imports" else _everything(progress, place)
    show(rows)


def _everything(progress: Progress, place: Rig) -> list[Row]:
    with no_op() as nothing:
        return [*_writing(progress, place, nothing), *_importing(progress, place, None), *_reading(progress, place, nothing)]


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


def _reading(progress: Progress, place: Rig, nothing: NoOp) -> Iterator[Row]:
    dsn = place.database()
    row, copied = asyncio.run(_history(progress, dsn))
    yield row
    task = progress.add_task("Asking", total=None)
    with place.service(dsn) as waystage:
        yield from questions(waystage, CUSTOMERS, stored(dsn), copied)
        yield from memory(waystage, nothing)
    progress.update(task, total=1, completed=1)


async def _history(progress: Progress, dsn: str) -> tuple[Row, float]:
    """A million events, derived: the row of their first part, and the milliseconds of a COPY of their entries."""
    connection = await connect(dsn, application="waystage bench")
    try:
        row = await backlog(connection, BACKLOG_CUSTOMERS)
        total = EVENTS_EACH * (CUSTOMERS - BACKLOG_CUSTOMERS)
        writing, deriving = [progress.add_task(f"{what} a million events", total=total) for what in ("Writing", "Deriving")]
        await write_history(connection, range(BACKLOG_CUSTOMERS, CUSTOMERS), lambda events: progress.advance(writing, events))
        await derive_all(connection, lambda events: progress.advance(deriving, events))
        await connection.execute("vacuum analyze")
        return row, await copy_entries(connection)
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
