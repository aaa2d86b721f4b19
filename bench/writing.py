"""Writing: single events against a route that does nothing, batches against COPY of the same rows."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Iterator
from typing import Any

from app.domain.events import Event
from app.store.connect import connect
from bench.load import WARM_UP_SECONDS, Answered, event, load
from bench.rig import NoOp, Rig, cpu_seconds
from bench.table import Row
from tests.service import Waystage

BATCH = 100
BATCH_CONNECTIONS = 4
COPY_ROWS = 100_000
COPY_AT_ONCE = 5_000


def single_events(waystage: Waystage, no_op: NoOp) -> Iterator[Row]:
    """One event a request, each committed before its answer, while the worker derives."""
    for url in (no_op.url, waystage.url):
        load(f"{url}/v1/track", 16, event(), WARM_UP_SECONDS)
    for connections in (16, 64):
        before = cpu_seconds(no_op.pid), cpu_seconds(waystage.collector.pid)
        nothing = load(f"{no_op.url}/v1/track", connections, event())
        ours = _stored_load(waystage, "/v1/track", connections, event(), 1)
        least = (cpu_seconds(no_op.pid) - before[0]) / nothing.answered * 1e6
        work = (cpu_seconds(waystage.collector.pid) - before[1]) / ours.answered * 1e6
        what = f"{connections} connections"
        yield Row(f"Single events, {what}", _rate(ours), f"no-op {_rate(nothing)}", ours.rate / nothing.rate, "0.3")
        yield Row(f"Collector's work, {what}", f"{work:.0f} us CPU an event", f"no-op {least:.0f} us", work / least)


def batches(waystage: Waystage) -> float:
    """Events a second in batches of 100, while the worker derives."""
    body = {"batch": [event(f"#id-{index}", f"#visitor-{index // 10}") for index in range(BATCH)]}
    return BATCH * _stored_load(waystage, "/v1/batch", BATCH_CONNECTIONS, body, BATCH).rate


def batches_and_copy(rate: float, rig: Rig, dsn: str) -> Row:
    """Batched events a second, against COPY of the same rows into the same tables, the table of ids included, with nothing else to do."""
    copied = asyncio.run(_copy(dsn, rig.database()))
    return Row(f"Events in batches of {BATCH}", f"{rate:,.0f}/s", f"COPY {copied:,.0f} rows/s", rate / copied, "10,000/s")


def stored(dsn: str) -> int:
    """Events in a database."""

    async def count() -> int:
        connection = await connect(dsn, application="waystage bench")
        found: int = await connection.fetchval("select count(*) from events")
        await connection.close()
        return found

    return asyncio.run(count())


def _stored_load(waystage: Waystage, path: str, connections: int, body: dict[str, Any], each: int) -> Answered:
    """A load of `each` new events a request; raises where an event that was answered is not stored, or one is that was not sent."""
    before = _settled(waystage)
    ours = load(f"{waystage.url}{path}", connections, body)
    written = _settled(waystage) - before - 1
    if not each * ours.answered <= written <= each * ours.sent:
        raise RuntimeError(f"{each * ours.answered} events were answered and {each * ours.sent} sent, {written} are stored")
    return ours


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
