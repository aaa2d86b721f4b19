"""More than the service can take: it says no at once, goes on with what it took, and its accounts stay exact."""

import asyncio
import select
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from statistics import quantiles
from urllib.parse import urlsplit

import httpx

from tests.faults.conftest import Measured
from tests.faults.load import Load, event, execute, kept_once, loaded, post, refused_requests
from tests.service import KEYS, PATIENCE, Waystage, basic

SENDERS = 16
BATCH_EVENTS = 2_000
RESEND_SECONDS = 0.5
PREPARED = 5
SECONDS = 2.5
SLOW = (
    "create function pause() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return null; end $$",
    "create trigger pause after insert on counts for each statement execute function pause()",
)
AS_BEFORE = ("drop trigger pause on counts", "drop function pause")
HALF_OPEN = 100
HALF_A_HEAD = b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nX-Drip: "
HALF_A_BODY = b'POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"batch": ['
CLOSED_WITHIN = 15.0


async def test_what_is_too_much_is_refused_at_once(service: Waystage, at_most: Measured, at_least: Measured, exactly: Measured) -> None:
    refused_before = refused_requests(service, 503)
    async with slowed(service):
        calm = await pressed(service, "calm", 4)
        crowd = await pressed(service, "crowd", SENDERS)
    refused = [answer for answer in crowd.answers if answer.status != 200]
    assert {(answer.status, answer.retry_after) for answer in refused} == {(503, "1")}
    at_most("seconds within which 9 of 10 refusals came", quantiles([answer.seconds for answer in refused], n=10)[-1], 1)
    at_least("events stored, as a share of those without a crowd", goodput(crowd) / goodput(calm), 0.7)
    await kept_once(service, crowd, exactly)
    exactly("refusals counted", refused_requests(service, 503) - refused_before, len(refused))


@asynccontextmanager
async def slowed(service: Waystage) -> AsyncIterator[None]:
    """Every write takes 0.2 s longer, so that a queue grows."""
    await execute(service.dsn, *SLOW)
    try:
        yield
    finally:
        await execute(service.dsn, *AS_BEFORE)


async def pressed(service: Waystage, prefix: str, senders: int) -> Load:
    async with loaded(Load(service.url, prefix, BATCH_EVENTS, RESEND_SECONDS, PREPARED), senders) as load:
        await asyncio.sleep(SECONDS)
    return load


def goodput(load: Load) -> float:
    """Events acknowledged a second."""
    began, ended = min(answer.began for answer in load.answers), max(answer.ended for answer in load.answers)
    return len(load.acknowledged()) / (ended - began)


async def test_half_open_connections_keep_nobody_out_and_are_closed(service: Waystage, at_most: Measured, exactly: Measured) -> None:
    with half_open(service.url) as connections:
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=service.url, headers=basic(KEYS.server), timeout=PATIENCE) as http:
            answers = [await post(http, [event(f"beside-{number}")]) for number in range(50)]
        exactly("answers other than 200 meanwhile", sum(answer.status != 200 for answer in answers), 0)
        at_most("seconds until the slowest of them", max(answer.seconds for answer in answers), 1)
        await asyncio.to_thread(drip_until_closed, connections)
        at_most("seconds until all are closed", time.monotonic() - began, CLOSED_WITHIN)


@contextmanager
def half_open(url: str) -> Iterator[list[socket.socket]]:
    """Connections that sent half a head, and others that sent half a body."""
    with ExitStack() as stack:
        connections = []
        for said in (HALF_A_HEAD, HALF_A_BODY):
            for _ in range(HALF_OPEN):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)))
                connection.sendall(said)
                connections.append(connection)
        yield connections


def drip_until_closed(connections: Sequence[socket.socket]) -> None:
    """Send a byte more on each, again and again, until the other side has closed every one; fail where one stays open."""
    still_open, deadline = set(connections), time.monotonic() + PATIENCE
    while still_open:
        assert time.monotonic() < deadline, f"{len(still_open)} connections are not closed"
        readable, _, _ = select.select(still_open, (), (), 0.5)
        still_open -= {connection for connection in still_open if is_closed(connection, readable=connection in readable)}


def is_closed(connection: socket.socket, *, readable: bool) -> bool:
    """Read what came, or send a byte more."""
    try:
        return not (connection.recv(65_536) if readable else connection.send(b" "))
    except (ConnectionResetError, BrokenPipeError):
        return True
