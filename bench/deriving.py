"""Deriving: a backlog written through the collector's own function, derived round by round, against COPY of the rows concerned."""

import io
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice, pairwise

from app.domain.arriving.events import Event
from app.domain.identity.identifiers import IdentityRules
from app.flow.collect import write
from app.flow.derive import derive_touched
from app.flow.rebuild import rebuild_step
from app.flow.submissions import Parsed, Submission
from app.store.access import ensure_source
from app.store.connect import Connection
from app.store.rebuilds import ask
from app.store.touched import BULK
from bench.history import history
from bench.table import Row

PART = 5_000
DERIVED = ("identifiers", "links", "event_subjects", "customers", "sessions", "touches", "named_events", "entries")
Tell = Callable[[int], object]


async def backlog(connection: Connection, customers: int) -> Row:
    """How fast a backlog of so many customers is derived."""
    events = await write_history(connection, range(customers), lambda _: None)
    began = time.perf_counter()
    await derive_all(connection, lambda _: None)
    rate = events / (time.perf_counter() - began)
    copied = events / await copy_all(connection)
    return Row(f"Deriving {events:,} events of {customers:,} customers", f"{rate:,.0f}/s", f"COPY {copied:,.0f}/s", rate / copied)


async def write_history(connection: Connection, customers: range, tell: Tell) -> int:
    """Write the history of some customers, `tell` of each part's events; how many there are."""
    source = await ensure_source(connection, "server", "trusted")
    now, written = datetime.now(UTC), 0
    for part in _parts(history(source, customers, now)):
        await write(connection, [Submission(source, now, [Parsed(event, b"") for event in part])], BULK)
        written += len(part)
        tell(len(part))
    return written


async def derive_all(connection: Connection, tell: Tell) -> None:
    """Derive until nothing is touched, `tell` of each round's events."""
    while (done := await derive_touched(connection, IdentityRules())).marks:
        tell(done.events)


async def rebuild(connection: Connection) -> Row:
    """How long a rebuild takes, step after step, beside the same COPY."""
    events: int = await connection.fetchval("select count(*) from events")
    copied = await copy_all(connection)
    await ask(connection)
    times = [time.perf_counter()]
    while await rebuild_step(connection, IdentityRules()):
        times.append(time.perf_counter())
    took, steps = times[-1] - times[0], [later - sooner for sooner, later in pairwise(times)]
    measured = f"{took:.1f} s, owners {steps[0]:.1f} s, then steps up to {max(steps[1:]):.1f} s"
    return Row(f"Rebuild of {events:,} events", measured, f"COPY {copied:.1f} s", took / copied, "3")


async def copy_all(connection: Connection) -> float:
    """Seconds to COPY all events out, and all derived rows into tables like their own."""
    rows = {table: await _copy_out(connection, table) for table in DERIVED}
    await connection.execute("create schema copied")
    for table in DERIVED:
        await connection.execute(f"create table copied.{table} (like public.{table} including all)")
    began = time.perf_counter()
    await connection.copy_from_query("select * from events", output=io.BytesIO(), format="binary")
    for table, source in rows.items():
        await connection.copy_to_table(table, schema_name="copied", source=source, format="binary")
    seconds = time.perf_counter() - began
    await connection.execute("drop schema copied cascade")
    return seconds


async def _copy_out(connection: Connection, table: str) -> io.BytesIO:
    output = io.BytesIO()
    await connection.copy_from_table(table, output=output, format="binary")
    output.seek(0)
    return output


def _parts(events: Iterable[Event]) -> Iterator[list[Event]]:
    remaining = iter(events)
    while part := list(islice(remaining, PART)):
        yield part
