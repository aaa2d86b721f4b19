"""Writing: single events against a route that does nothing, batches against COPY of the same rows."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.domain.arriving.events import Event
from app.store.connect import connect
from bench.load import WARM_UP_SECONDS, Answered, event, load
from bench.rig import NoOp, Rig, cpu_seconds
from bench.table import Row
from tests.service import Waystage

BATCH = 100
BATCH_CONNECTIONS = 16
COPY_ROWS = 100_000
COPY_AT_ONCE = 5_000


class Written(NamedTuple):
    """A load whose events are all stored, and by how many seconds the answers were behind the clock at its end."""

    load: Answered
    behind: float


def single_events(waystage: Waystage, no_op: NoOp) -> Iterator[Row]:
    """One event a request, each committed before its answer, while the worker derives."""
    for url in (no_op.url, waystage.url):
        load(f"{url}/v1/track", 16, event(), WARM_UP_SECONDS)
    for connections in (16, 64):
        before = cpu_seconds(no_op.pid), cpu_seconds(waystage.collector.pid)
        nothing = load(f"{no_op.url}/v1/track", connections, event())
        ours = _stored_load(waystage, "/v1/track", connections, event(), 1)
        least = (cpu_seconds(no_op.pid) - before[0]) / nothing.answered * 1e6
        work = (cpu_seconds(waystage.collector.pid) - before[1]) / ours.load.answered * 1e6
        what = f"{connections} connections"
        yield Row(f"Single events, {what}", _rate(ours.load), f"no-op {_rate(nothing)}", ours.load.rate / nothing.rate, "0.4")
        yield _lateness(what, ours)
        yield Row(f"Collector's work, {what}", f"{work:.0f} us CPU an event", f"no-op {least:.0f} us", work / least)


def batches(waystage: Waystage) -> Written:
    """Requests a second of batches of 100, while the worker derives."""
    body = {"batch": [event(f"#id-{index}", f"#visitor-{index // 10}") for index in range(BATCH)]}
    return _stored_load(waystage, "/v1/batch", BATCH_CONNECTIONS, body, BATCH)


def batches_and_copy(written: Written, rig: Rig, dsn: str) -> Iterator[Row]:
    """Batched events a second, against COPY of the same rows into the same tables, the table of ids included, with nothing else to do."""
    rate, copied = BATCH * written.load.rate, asyncio.run(_copy(dsn, rig.database()))
    what = f"batches of {BATCH}, {BATCH_CONNECTIONS} connections"
    yield Row(f"Events in {what}", f"{rate:,.0f}/s", f"COPY {copied:,.0f} rows/s", rate / copied, "25,000/s")
    yield _lateness(what, written)


def stored(dsn: str) -> int:
    """Events in a database."""

    async def count() -> int:
        connection = await connect(dsn, application="waystage bench")
        found: int = await connection.fetchval("select count(*) from events")
        await connection.close()
        return found

    return asyncio.run(count())


def _lateness(what: str, written: Written) -> Row:
    return Row(
        f"Answers behind the clock then, {what}",
        f"{written.behind:.1f} s",
        f"load of {written.load.seconds:.0f} s",
        written.behind / written.load.seconds,
        "2 s",
    )


def _stored_load(waystage: Waystage, path: str, connections: int, body: dict[str, Any], each: int) -> Written:
    """A load of `each` new events a request; raises where an event that was answered is not stored, or one is that was not sent."""
    before = _settled(waystage)
    ours = load(f"{waystage.url}{path}", connections, body)
    behind = datetime.now(UTC) - datetime.fromisoformat(waystage.ask("/v1/transitions")["as_of"])
    written = _settled(waystage) - before - 1
    if not each * ours.answered <= written <= each * ours.sent:
        raise RuntimeError(f"{each * ours.answered} events were answered and {each * ours.sent} sent, {written} are stored")
    return Written(ours, behind.total_seconds())


def _settled(waystage: Waystage) -> int:
    """Events stored when one more is: the queue is first in, first out, so what was under way when a load ended is among them."""
    waystage.post("/v1/track", event(uuid.uuid4().hex, "last")).raise_for_status()
    return stored(waystage.dsn)


def _rate(answered: Answered) -> str:
    return f"{answered.rate:,.0f}/s, p50 {answered.p50:g} ms, p99 {answered.p99:g} ms"


async def _copy(source: str, target: str) -> float:
    """Rows a second by COPY, in transactions as large as the collector's largest."""
    reading, writing = [await connect(dsn, application="waystage bench") for dsn in (source, target)]
    rows = await reading.fetch(f"select {', '.join(Event._fields)} from events limit {COPY_ROWS}")
    began = time.perf_counter()
    for part in _parts(rows):
        async with writing.transaction():
            await writing.copy_records_to_table("message_ids", records=[(row["id"],) for row in part])
            await writing.copy_records_to_table("events", records=part, columns=Event._fields)
    seconds = time.perf_counter() - began
    for connection in (reading, writing):
        await connection.close()
    return len(rows) / seconds


def _parts(rows: list[Any]) -> Iterator[list[Any]]:
    remaining = iter(rows)
    while part := list(itertools.islice(remaining, COPY_AT_ONCE)):
        yield part
