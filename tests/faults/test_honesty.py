"""An answer says what is so: acknowledged means committed, and an event is one event however often and wherever it is sent."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from json import dumps
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.store.connect import open_pool
from tests.faults.conftest import Measured
from tests.faults.load import Answer, accounts, event, execute, fetch, post, stored
from tests.faults.proxy import before_http
from tests.service import KEYS, PATIENCE, Process, Waystage, basic, free_port, ready, until

BATCH_EVENTS = 25
PAUSE = (
    "create table witnessed (level text)",
    """create function pause() returns trigger language plpgsql as $$ begin
    insert into witnessed values (current_setting('synchronous_commit')); perform pg_sleep(0.5); return null; end $$""",
    "create constraint trigger pause after insert on message_ids deferrable initially deferred for each row execute function pause()",
)
GO_ON = ("drop trigger pause on message_ids", "drop function pause", "drop table witnessed")


async def test_an_event_sent_ten_times_is_one_event(service: Waystage, exactly: Measured) -> None:
    events = [event(f"again-{number}") for number in range(500)]
    batches = [events[first : first + BATCH_EVENTS] for first in range(0, len(events), BATCH_EVENTS)]
    before = accounts(service)
    async with client(service.url) as http:
        answers = await posted(http, [batch for batch in batches for _ in range(4)])
        for _ in range(3):
            answers += await posted(http, batches)
        answers += await posted(http, [events + events])
    service.collector.stop()
    service.collector.start()
    await asyncio.to_thread(until, lambda: ready(service.url), "the collector is ready again")
    async with client(service.url) as http:
        answers += await posted(http, batches)
    after = accounts(service)
    exactly("rows", sum((await stored(service.dsn, "again")).rows.values()), 500)
    exactly("accepted", sum(answer.accepted for answer in answers), 500)
    exactly("duplicates", sum(answer.duplicates for answer in answers), 4_500)
    exactly("counted as stored", after["stored"] - before["stored"], 500)
    exactly("counted as duplicates", after["duplicate"] - before["duplicate"], 4_500)


async def test_two_collectors_take_the_same_events_once(service: Waystage, exactly: Measured) -> None:
    port = free_port()
    second = Process("collect", {**service.collector.environment, "WAYSTAGE_PORT": str(port)})
    second.start()
    try:
        url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(until, lambda: ready(url), "the second collector is ready")
        events = [event(f"two-{number}") for number in range(1_000)]
        batches = [events[first : first + BATCH_EVENTS] for first in range(0, len(events), BATCH_EVENTS)]
        async with client(service.url) as one, client(url) as other:
            answers = [answer for both in await asyncio.gather(posted(one, batches), posted(other, batches[::-1])) for answer in both]
    finally:
        second.stop()
    exactly("rows", sum((await stored(service.dsn, "two")).rows.values()), 1_000)
    exactly("accepted", sum(answer.accepted for answer in answers), 1_000)
    exactly("duplicates", sum(answer.duplicates for answer in answers), 1_000)
    deadlocks = await fetch(service.dsn, "select deadlocks from pg_stat_database where datname = current_database()")
    exactly("deadlocks", deadlocks[0]["deadlocks"], 0)


async def test_a_lost_answer_makes_no_second_event(service: Waystage, exactly: Measured) -> None:
    unheard = [event(f"unheard-{number}") for number in range(100)]
    with before_http(service.url) as (proxy, url):
        proxy.swallow_answers()
        async with client(url) as http:
            lost = await posted(http, [[one] for one in unheard])
    exactly("answers that came through", sum(answer.status is not None for answer in lost), 0)
    async with client(service.url) as http:
        again = await posted(http, [[one] for one in unheard])
    exactly("known at the second sending", sum(answer.duplicates for answer in again), 100)
    found = await stored(service.dsn, "unheard")
    exactly("rows", sum(found.rows.values()), 100)
    exactly("events", len(found.rows), 100)


async def test_a_sender_that_leaves_makes_no_second_event(service: Waystage, exactly: Measured) -> None:
    left = [event(f"left-{number}") for number in range(100)]
    for one in left:
        send_and_leave(service.url, one)
    async with client(service.url) as http:
        again = await posted(http, [[one] for one in left])
    exactly("answers at the second sending", sum(answer.status == 200 for answer in again), 100)
    found = await stored(service.dsn, "left")
    exactly("rows", sum(found.rows.values()), 100)
    exactly("events", len(found.rows), 100)


async def test_an_answer_waits_for_a_durable_commit(service: Waystage, at_least: Measured) -> None:
    async with careless(service), client(service.url) as http:
        answer = await post(http, [event("durable-1")])
        levels = await fetch(service.dsn, "select level from witnessed")
    assert answer.status == 200, "a session that Postgres ended costs no event its first try"
    at_least("seconds until the answer, with a commit of 0.5 s", answer.seconds, 0.5)
    assert [row["level"] for row in levels] == ["on"]


async def test_a_session_of_the_pool_stays_durable_when_it_is_used_again(service: Waystage) -> None:
    async with careless(service):
        pool = await open_pool(service.dsn, size=1, application="test", statement_seconds=PATIENCE)
        levels = [await pool.fetchval("show synchronous_commit") for _ in range(3)]
        await pool.close()
    assert levels == ["on", "on", "on"]


@asynccontextmanager
async def careless(service: Waystage) -> AsyncIterator[None]:
    """A database whose default lets commits be lost, whose commits take half a second, and which has ended all sessions of ours."""
    name = urlsplit(service.dsn).path.lstrip("/")
    await execute(service.dsn, f"alter database {name} set synchronous_commit = off", *PAUSE)
    try:
        await fetch(service.dsn, "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'waystage %'")
        await asyncio.to_thread(until, lambda: ready(service.url), "the collector is ready")
        yield
    finally:
        await execute(service.dsn, f"alter database {name} reset synchronous_commit", *GO_ON)


def client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers=basic(KEYS.server), timeout=PATIENCE)


async def posted(http: httpx.AsyncClient, batches: Sequence[Sequence[dict[str, Any]]]) -> list[Answer]:
    """The answers to batches sent all at once."""
    return list(await asyncio.gather(*(post(http, batch) for batch in batches)))


def send_and_leave(url: str, one: dict[str, Any]) -> None:
    """Send a request to its last byte, and be gone before the answer."""
    body = dumps({"batch": [one]}).encode()
    head = (
        f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(KEYS.server)['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)) as sender:
        sender.sendall(head.encode() + body)
