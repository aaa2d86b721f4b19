"""Processes killed and stopped under load: what was acknowledged is there, once, and what is derived is what a rebuild derives."""

import asyncio
import signal
import time

from tests.faults.conftest import Measured
from tests.faults.load import Load, fetch, kept_once, loaded, status_of
from tests.service import KEYS, Process, Waystage, bearer, free_port, ready, until

ROUNDS = 3
STOPS = 2
ROUND_EVENTS = 300
DERIVED = ("identifiers", "links", "event_subjects", "customers", "sessions", "touches", "named_events", "entries")


async def test_a_killed_collector_loses_nothing(service: Waystage, at_most: Measured, exactly: Measured) -> None:
    slowest = 0.0
    async with loaded(Load(service.url, "killed")) as load:
        for _ in range(ROUNDS):
            await load.progress(ROUND_EVENTS)
            service.collector.kill()
            slowest = max(slowest, await _started(service))
    at_most("seconds until ready again", slowest, 5)
    await kept_once(service, load, exactly)
    assert any(fate.sent > 1 for fate in load.ledger.values()), "no kill hit a request"


async def test_a_killed_worker_leaves_what_a_rebuild_derives(service: Waystage, exactly: Measured) -> None:
    async with loaded(Load(service.url, "worker")) as load:
        for _ in range(ROUNDS):
            await load.progress(ROUND_EVENTS)
            service.worker.kill()
            service.worker.start()
            await asyncio.to_thread(until, lambda: asyncio.run(_working(service.dsn)), "the worker is back")
    await kept_once(service, load, exactly)
    service.derived()
    lived = await _derived(service.dsn)
    assert lived["entries"][0] > 0
    exactly("rows that a rebuild changes", _rebuilt(service), 0)
    assert await _derived(service.dsn) == lived


async def test_a_stopped_collector_answers_what_it_took(service: Waystage, at_most: Measured, exactly: Measured) -> None:
    slowest = 0.0
    async with loaded(Load(service.url, "stopped")) as load:
        for _ in range(STOPS):
            await load.progress(ROUND_EVENTS)
            began = time.monotonic()
            service.collector.send(signal.SIGTERM)
            told = await asyncio.to_thread(_readiness_until_gone, service.url)
            await asyncio.to_thread(service.collector.stop)
            slowest = max(slowest, time.monotonic() - began)
            assert told == [200, 503], "it is not ready before it is gone"
            await _started(service)
    at_most("seconds until the end", slowest, 10)
    unanswered = [answer.failure for answer in load.answers if answer.status is None and answer.failure != "ConnectError"]
    exactly("requests sent and not answered", len(unanswered), 0)
    await kept_once(service, load, exactly)


def test_a_process_ends_that_finds_another_schema(service: Waystage) -> None:
    collector = Process("collect", {**service.collector.environment, "WAYSTAGE_PORT": str(free_port())})
    worker = Process("work", service.worker.environment)
    version = asyncio.run(fetch(service.dsn, "update alembic_version set version_num = 'another' returning old.version_num"))
    try:
        collector.start()
        worker.start()
        assert [process.wait() != 0 for process in (collector, worker)] == [True, True]
    finally:
        asyncio.run(fetch(service.dsn, "update alembic_version set version_num = $1", version[0]["version_num"]))


def _readiness_until_gone(url: str) -> list[int]:
    """The statuses of readyz, repetitions left out, until nobody answers."""
    told = [200]
    while (status := status_of(url, "/readyz")) != 0:
        told += [status] if status != told[-1] else []
    return told


async def _working(dsn: str) -> bool:
    """Whether a worker of this database holds the lock."""
    held = """select from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and l.granted and d.datname = current_database()"""
    return bool(await fetch(dsn, held))


async def _started(service: Waystage) -> float:
    """Start the collector again; seconds until it is ready."""
    began = time.monotonic()
    service.collector.start()
    await asyncio.to_thread(until, lambda: ready(service.url), "the collector is ready again")
    return time.monotonic() - began


def _rebuilt(service: Waystage) -> int:
    """Rebuild; how many rows and customers that changed."""
    admin = bearer(KEYS.admin)
    job = service.client.post("/v1/rebuilds", headers=admin).raise_for_status().json()["id"]
    until(lambda: service.client.get(f"/v1/rebuilds/{job}", headers=admin).json()["state"] == "finished", "the rebuild ends")
    return int(service.client.get(f"/v1/rebuilds/{job}", headers=admin).json()["changed"])


async def _derived(dsn: str) -> dict[str, tuple[int, str]]:
    """Rows and digest of every derived table."""
    digest = "select count(*), md5(string_agg(t::text, ' ' order by t::text collate \"C\")) from {} t"
    return {table: tuple((await fetch(dsn, digest.format(table)))[0]) for table in DERIVED}
