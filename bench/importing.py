"""Importing: a file of events against COPY of the same rows, the deriving of what came of it, and what it costs others meanwhile."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from app.domain.arriving.events import Event
from app.flow.imports import run_import
from app.store.access import ensure_source
from app.store.connect import Connection, connect
from app.store.imports import Import, add_import, next_import, read_import
from bench.deriving import derive_all
from bench.history import history
from bench.load import Answered, event, load
from bench.rig import Rig, resident_mb
from bench.table import Row
from tests.service import KEYS, Waystage, bearer

PART = 10_000
CUSTOMERS = 60_000
POLL_SECONDS = 0.1
CONNECTIONS = 4
Tell = Callable[[int], object]


def imports(rig: Rig, tell: Tell) -> Iterator[Row]:
    """An import with nothing else to do, the deriving of its customers, and an import beside everything else."""
    file = rig.folder / "history.ndjson"
    write_file(file, _events(range(CUSTOMERS)))
    source = rig.database()
    before = _copied(rig)
    job, seconds = asyncio.run(import_file(source, file))
    alone, copied = job.rows / seconds, 2 * job.rows / (before + _copied(rig))
    tell(1)
    yield Row(f"Import of {job.rows:,} rows", f"{alone:,.0f}/s", f"COPY {copied:,.0f}/s", alone / copied, "0.6")
    derived = job.rows / asyncio.run(_derive(source))
    tell(1)
    yield Row(f"Deriving {job.rows:,} imported events", f"{derived:,.0f}/s", f"import {alone:,.0f}/s", derived / alone, "1")
    write_file(file, _events(range(CUSTOMERS, 2 * CUSTOMERS)))
    with rig.service(rig.database()) as waystage:
        yield from _beside_others(waystage, file, alone)
    tell(1)


def _copied(rig: Rig) -> float:
    """Seconds of a COPY of the rows that are imported, into tables of its own."""
    return asyncio.run(copy_seconds(rig.database(), _events(range(CUSTOMERS)), lambda _: None))


def _beside_others(waystage: Waystage, file: Path, alone: float) -> Iterator[Row]:
    """An import that is derived as it is stored, while single events are taken."""
    quiet = load(f"{waystage.url}/v1/track", CONNECTIONS, event())
    during, job, memory = asyncio.run(_beside(waystage, file))
    rate = float(job["rows_per_second"])
    yield Row("Import while single events are taken and all is derived", f"{rate:,.0f}/s", f"alone {alone:,.0f}/s", rate / alone)
    what = f"p99 of single events meanwhile, {CONNECTIONS} connections"
    yield Row(what, f"{during.p99:g} ms", f"{quiet.p99:g} ms without", during.p99 / quiet.p99)
    yield Row("Memory of the collector and its reader meanwhile", f"{memory:,.0f} MB", "400 MB", memory / 400, "1")


def slope(rig: Rig, rows: int, tell: Tell) -> Row:
    """How an import and a COPY slow down over so many rows, from empty tables: the rate of the last tenth over that of the first."""
    file = rig.folder / "long.ndjson"
    customers = range(rows // 9)
    write_file(file, _events(customers))
    tell(1)
    imported = asyncio.run(_timed_import(rig.database(), file))
    tell(1)
    times = [(0, 0.0)]
    asyncio.run(copy_seconds(rig.database(), _events(customers), lambda seconds: times.append((times[-1][0] + PART, seconds))))
    tell(1)
    ours, copies = _slope(imported), _slope(times)
    return Row(f"Last tenth of {imported[-1][0]:,} rows over the first", f"{ours:.2f}", f"COPY {copies:.2f}", ours / copies)


def write_file(file: Path, events: Iterable[Event]) -> None:
    """Write events as a client sends them, one a line."""
    with file.open("wb") as opened:
        opened.writelines(as_line(event) for event in events)


def as_line(event: Event) -> bytes:
    body = msgspec.json.decode(event.body)
    context = body["context"] | {"userAgent": event.user_agent}
    context["page"] = {"url": event.url, **body["context"]["page"], **({"referrer": event.referrer} if event.referrer else {})}
    said = {"type": event.type, "messageId": event.message_id, "anonymousId": event.anonymous_id, "timestamp": event.timestamp}
    said |= {"userId": event.user_id} if event.user_id else {}
    said |= {"event": event.name} if event.type == "track" else {}
    return msgspec.json.encode(said | {"context": context, "properties": body["properties"]}) + b"\n"


async def import_file(dsn: str, file: Path) -> tuple[Import, float]:
    """Import a file with nobody else about: the ended job, and how many seconds it took."""
    connection = await connect(dsn, application="waystage bench")
    source = await ensure_source(connection, "server", "trusted")
    waiting = await add_import(connection, source, file.name, b"null", await asyncio.to_thread(os.path.getsize, file), dry_run=False)
    job = await next_import(connection, [waiting.id])
    if job is None:
        raise RuntimeError("somebody else works at the import")
    began = time.perf_counter()
    await run_import(connection, job, file)
    seconds = time.perf_counter() - began
    ended = await read_import(connection, job.id)
    await connection.close()
    if ended is None or ended.accepted != ended.rows:
        raise RuntimeError(f"not every row was accepted: {ended}")
    return ended, seconds


async def copy_seconds(dsn: str, events: Iterable[Event], tell: Callable[[float], object]) -> float:
    """Seconds in which rows are copied, ids too, in transactions as large as an import's; `tell` of the seconds after each."""
    connection = await connect(dsn, application="waystage bench")
    seconds = 0.0
    remaining = iter(events)
    while part := list(islice(remaining, PART)):
        began = time.perf_counter()
        async with connection.transaction():
            await connection.copy_records_to_table("message_ids", records=[(event.id,) for event in part])
            await connection.copy_records_to_table("events", records=part, columns=Event._fields)
        seconds += time.perf_counter() - began
        tell(seconds)
    await connection.close()
    return seconds


def _events(customers: range) -> Iterator[Event]:
    return history(1, customers, datetime.now(UTC))


async def _derive(dsn: str) -> float:
    connection = await connect(dsn, application="waystage bench")
    began = time.perf_counter()
    await derive_all(connection, lambda _: None)
    seconds = time.perf_counter() - began
    await connection.close()
    return seconds


async def _beside(waystage: Waystage, file: Path) -> tuple[Answered, dict[str, Any], float]:
    """A load while an import goes on: what it was answered, the ended job, and the most memory that the collector and its reader took."""
    job, memory = _started(waystage, file), 0.0
    loading = asyncio.create_task(asyncio.to_thread(load, f"{waystage.url}/v1/track", CONNECTIONS, event()))
    while job["state"] in ("waiting", "running"):
        await asyncio.sleep(POLL_SECONDS)
        memory = max(memory, sum(map(resident_mb, [waystage.collector.pid, *_children(waystage.collector.pid)])))
        job = waystage.client.get(f"/v1/imports/{job['id']}", headers=bearer(KEYS.server)).json()
    return await loading, job, memory


def _started(waystage: Waystage, file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        job: dict[str, Any] = waystage.client.post("/v1/imports", content=opened, headers=bearer(KEYS.server)).json()
    return job


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _timed_import(dsn: str, file: Path) -> list[tuple[int, float]]:
    """An import's rows at instants, in seconds from its beginning."""
    watching = await connect(dsn, application="waystage bench")
    importing = asyncio.create_task(import_file(dsn, file))
    began, times = time.perf_counter(), [(0, 0.0)]
    while not importing.done():
        await asyncio.sleep(POLL_SECONDS)
        times.append((await _rows(watching), time.perf_counter() - began))
    await importing
    await watching.close()
    return times


async def _rows(connection: Connection) -> int:
    rows: int = await connection.fetchval("select coalesce(max(rows), 0) from imports")
    return rows


def _slope(times: list[tuple[int, float]]) -> float:
    last = times[-1][0]
    first = [one for one in times if one[0] <= last // 10 and one[0]]
    late = [one for one in times if one[0] >= last - last // 10]
    return _rate(late) / _rate([(0, 0.0) if len(first) < 2 else first[0], first[-1]])


def _rate(times: list[tuple[int, float]]) -> float:
    return (times[-1][0] - times[0][0]) / (times[-1][1] - times[0][1])
