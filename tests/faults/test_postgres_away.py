"""Postgres stopped, absent, hung or out of reach: the service stays up, says so at once, and goes on by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.faults.conftest import Measured
from tests.faults.load import Answer, Load, event, fetch, kept_once, loaded, post, status_of
from tests.faults.outages import Postgres, locked
from tests.faults.proxy import before_postgres
from tests.service import KEYS, PATIENCE, Process, Waystage, basic, ready, running, until

ROUNDS = 3
ROUND_EVENTS = 200
HUNG_SECONDS = 5.0


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    with running(postgres.cluster.dsn, tmp_path_factory.mktemp("service")) as started:
        yield started


class Outage(NamedTuple):
    """When Postgres went, was started again and was back, and what the service said of itself in between."""

    gone: float
    starting: float
    back: float
    live: int
    ready: int
    told_after: float


async def test_a_crashed_postgres_costs_nothing_but_time(
    postgres: Postgres, service: Waystage, at_most: Measured, exactly: Measured
) -> None:
    outages = list[Outage]()
    processes = (service.collector.pid, service.worker.pid)
    async with loaded(Load(service.url, "crashed")) as load:
        for _ in range(ROUNDS):
            await load.progress(ROUND_EVENTS)
            outages.append(await asyncio.to_thread(_outage, postgres, service, load))
            await load.progress(ROUND_EVENTS)
    refused = [answer for outage in outages for answer in load.between(outage.gone, outage.starting)]
    _said_so(outages, refused, at_most)
    at_most("seconds until the first write", max(load.recovered(outage.back) for outage in outages), 3)
    exactly("answers other than 200 and 503", _others(load), 0)
    await kept_once(service, load, exactly)
    service.derived()
    assert processes == (service.collector.pid, service.worker.pid)
    assert _alive(service.collector)
    assert _alive(service.worker)


async def test_a_service_starts_before_its_postgres(postgres: Postgres, service: Waystage, at_most: Measured, exactly: Measured) -> None:
    for process in (service.collector, service.worker):
        process.stop()
    postgres.crash()
    for process in (service.collector, service.worker):
        process.start()
    await asyncio.to_thread(until, lambda: status_of(service.url, "/healthz") == 200, "the collector lives without Postgres")
    exactly("status of readyz", status_of(service.url, "/readyz"), 503)
    async with httpx.AsyncClient(base_url=service.url, headers=basic(KEYS.server)) as http:
        refused = await post(http, [event("early-1")])
        assert (refused.status, refused.retry_after) == (503, "1")
        at_most("seconds until a write is refused", refused.seconds, 1)
        await asyncio.to_thread(postgres.start)
        back = time.monotonic()
        await asyncio.to_thread(until, lambda: ready(service.url), "the collector is ready")
        at_most("seconds until ready", time.monotonic() - back, 5)
        assert (await post(http, [event("early-1")])).status == 200
    service.derived()
    at_most("seconds until derived", time.monotonic() - back, 5)
    assert _alive(service.collector)
    assert _alive(service.worker)


async def test_hung_backends_hold_nobody_for_long(postgres: Postgres, service: Waystage, at_most: Measured, exactly: Measured) -> None:
    async with loaded(Load(service.url, "hung")) as load:
        await load.progress(ROUND_EVENTS)
        with _stopped(await _backends(postgres.cluster.dsn)):
            await asyncio.sleep(HUNG_SECONDS)
        back = time.monotonic()
        await load.progress(ROUND_EVENTS)
    at_most("seconds until the slowest answer", max(answer.seconds for answer in load.answers), 5)
    at_most("seconds until the first write", load.recovered(back), 5)
    exactly("answers other than 200 and 503", _others(load), 0)
    await kept_once(service, load, exactly)
    service.derived()


async def test_a_statement_that_hangs_holds_no_queue(postgres: Postgres, service: Waystage, at_most: Measured, exactly: Measured) -> None:
    async with httpx.AsyncClient(base_url=service.url, headers=basic(KEYS.server), timeout=PATIENCE) as http:
        assert (await post(http, [event("queued-9")])).status == 200
        async with locked(postgres.cluster.dsn, "message_ids"):
            answers = await asyncio.gather(*(_later(http, number, f"queued-{number}") for number in range(3)))
        back = time.monotonic()
        await asyncio.to_thread(until, lambda: status_of(service.url, "/readyz") == 200, "the collector is ready")
        assert (await post(http, [event("queued-0")])).status == 200
    at_most("seconds until the slowest answer", max(answer.seconds for answer in answers), 5)
    exactly("answers other than 503", sum(answer.status != 503 for answer in answers), 0)
    at_most("seconds until the first write", time.monotonic() - back, 5)


async def test_a_postgres_out_of_reach_holds_nobody_for_long(
    postgres: Postgres, tmp_path: Path, at_most: Measured, exactly: Measured
) -> None:
    with before_postgres(postgres.cluster.dsn) as (proxy, dsn), running(dsn, tmp_path, work=False) as service:
        for reach, chunks in (("out", 0), ("handshake", 1)):
            async with loaded(Load(service.url, reach)) as load:
                await load.progress(ROUND_EVENTS)
                proxy.silence(after=chunks)
                silent = time.monotonic()
                exactly("status of readyz", await asyncio.to_thread(status_of, service.url, "/readyz"), 503)
                at_most("seconds until readyz says so", time.monotonic() - silent, 2)
                await asyncio.sleep(HUNG_SECONDS)
                proxy.restore()
                back = time.monotonic()
                await load.progress(ROUND_EVENTS)
            at_most("seconds until the slowest answer", max(answer.seconds for answer in load.answers), 5)
            at_most("seconds until the first write", load.recovered(back), 5)
            exactly("answers other than 200 and 503", _others(load), 0)
            await kept_once(service, load, exactly)


def _outage(postgres: Postgres, service: Waystage, load: Load) -> Outage:
    """Crash Postgres, ask the service how it is, let some writes be refused, and start Postgres again."""
    postgres.crash()
    gone = time.monotonic()
    live, unready = status_of(service.url, "/healthz"), status_of(service.url, "/readyz")
    told_after = time.monotonic() - gone
    before = len(load.answers)
    until(lambda: len(load.answers) > before + 20, "writes are refused")
    starting = time.monotonic()
    postgres.start()
    return Outage(gone, starting, time.monotonic(), live, unready, told_after)


def _said_so(outages: Sequence[Outage], refused: Sequence[Answer], at_most: Measured) -> None:
    assert {(outage.live, outage.ready) for outage in outages} == {(200, 503)}
    at_most("seconds until readyz says so", max(outage.told_after for outage in outages), 2)
    assert {(answer.status, answer.retry_after) for answer in refused} == {(503, "1")}
    at_most("seconds until a write is refused", max(answer.seconds for answer in refused), 1)


async def _later(http: httpx.AsyncClient, seconds: float, message_id: str) -> Answer:
    await asyncio.sleep(seconds)
    return await post(http, [event(message_id)])


async def _backends(dsn: str) -> list[int]:
    return [row["pid"] for row in await fetch(dsn, "select pid from pg_stat_activity where application_name like 'waystage %'")]


@contextmanager
def _stopped(processes: Sequence[int]) -> Iterator[None]:
    """Processes that hang and do not end."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def _others(load: Load) -> int:
    return sum(count for status, count in load.statuses().items() if status not in (200, 503))


def _alive(process: Process) -> bool:
    return process.running is not None and process.running.poll() is None
