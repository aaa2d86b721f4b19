"""A verification in a process of its own, part by part, telling line by line what it finds."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, BinaryIO, TypeAlias
from uuid import UUID

import msgspec
import polars as pl

from app.domain.identity.identifiers import IdentityRules
from app.domain.journeys.differences import Difference
from app.flow.apart import take_order
from app.flow.reader import pipes_of
from app.flow.verify import Part, verify_customers, verify_events
from app.store import verify
from app.store.connect import AWAY, Connection, connect
from app.store.people import read_identifiers
from app.store.shards import read_stretch, stretches

PART_CUSTOMERS = 200
PART_EVENTS = 5_000
BLOCKS = 500
"""Blocks of a table of events that are read at once."""

RECHECKS = 10
RECHECK_SECONDS = 1.0
LINE_BYTES_MAX = 1024 * 1024

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """What to verify: one customer by number; or so many customers, drawn by a seed, and as many events; or, by neither, everything.

    So many differences are told, all are counted.
    """

    customer: int | None = None
    customers: int | None = None
    seed: int = 0
    differences: int = 100


class Order(msgspec.Struct, frozen=True):
    """What is to be verified, where, and by which rules."""

    dsn: str
    asked: Asked
    rules: IdentityRules


class Progress(msgspec.Struct, frozen=True, tag="progress", tag_field="kind"):
    """How many of the customers, or of the events, are verified."""

    of: str
    done: int
    total: int


class Differs(msgspec.Struct, frozen=True, tag="difference", tag_field="kind"):
    """A row that is not kept as it is derived. `customer` is kind:value, a number where no identifier is kept, or null: it has none."""

    table: str
    customer: str | None
    stored: dict[str, Any] | None
    derived: dict[str, Any] | None


class Finished(msgspec.Struct, frozen=True, tag="finished", tag_field="kind"):
    """How much was verified. Of `waiting` customers changes were still to be derived, so that their journeys say nothing."""

    customers: int
    events: int
    waiting: int
    differences: int
    seed: int


Told: TypeAlias = Progress | Differs | Finished
Tell: TypeAlias = Callable[[Told], object]


@asynccontextmanager
async def verifying(order: Order, leaving: asyncio.Event) -> AsyncIterator[asyncio.StreamReader]:
    """What a verification in another process tells, as lines of JSON; it ends with the context, or when this process is about to.

    Without a line `finished` it came to no end. Raises ReaderGoneError where it did not even begin.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.flow.verifier"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=LINE_BYTES_MAX,
    )
    ending = asyncio.create_task(_end_when(leaving, process))
    try:
        stdin, stdout = pipes_of(process)
        stdin.write(_encode(order) + b"\n")
        yield stdout
    finally:
        ending.cancel()
        _kill(process)
        await process.wait()


async def _end_when(leaving: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    await leaving.wait()
    _kill(process)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


def main(source: BinaryIO, pipe: BinaryIO) -> None:
    """Verify what the first line of `source` orders, and tell it line by line."""
    order = take_order(source, Order)

    def tell(told: Told) -> None:
        pipe.write(_encode(told) + b"\n")
        pipe.flush()

    try:
        asyncio.run(_verify(order, tell))
    except AWAY as error:
        sys.exit(f"a verification cannot go on: {error or type(error).__name__}")


async def _verify(order: Order, tell: Tell) -> None:
    connection = await connect(order.dsn, application="waystage verify")
    try:
        await verify_what_is_asked(connection, order.asked, order.rules, tell)
    finally:
        connection.terminate()


async def verify_what_is_asked(connection: Connection, asked: Asked, rules: IdentityRules, tell: Tell) -> None:
    """Verify in parts, a transaction each. Who waits to be derived is verified again a little later, and in the end counted apart."""
    walk = _Walk(connection, asked, rules, tell)
    drawn = [(asked.customer, 0)] if asked.customer is not None else await verify.everybody(connection, asked.customers, asked.seed)
    waiting = await walk.customers(drawn, len(drawn))
    for _ in range(RECHECKS):
        if not waiting:
            break
        await asyncio.sleep(RECHECK_SECONDS)
        waiting = await walk.customers([(customer, 0) for customer in waiting], len(drawn))
    if asked.customer is None:
        await walk.events()
    tell(Finished(len(drawn) - len(waiting), walk.read, len(waiting), walk.differing, asked.seed))


class _Walk:
    """A walk through customers and events: how many events were read on it, and how many rows differ."""

    def __init__(self, connection: Connection, asked: Asked, rules: IdentityRules, tell: Tell) -> None:
        self.read = 0
        self.differing = 0
        self._connection = connection
        self._asked = asked
        self._rules = rules
        self._tell = tell

    async def customers(self, drawn: Sequence[tuple[int, int]], total: int) -> list[int]:
        """Verify customers (number, events) of `total`; those who wait to be derived."""
        waiting: list[int] = []
        done = total - len(drawn)
        for part in _parts(drawn):
            found = await verify_customers(self._connection, part, self._rules)
            waiting += found.waiting
            done += len(part) - len(found.waiting)
            await self._tell_of(found, Progress("customers", done, total))
        return waiting

    async def events(self) -> None:
        """Verify whose events are: of all of them, or of as many as customers were asked for, drawn by the same seed."""
        done, total = 0, self._asked.customers or await verify.count_events(self._connection)
        async for read in self._event_parts():
            found = await verify_events(self._connection, read, self._rules)
            done += found.events
            await self._tell_of(found, Progress("events", min(done, total), total))

    async def _event_parts(self) -> AsyncIterator[Callable[[], Awaitable[pl.DataFrame]]]:
        if self._asked.customers is None:
            for stretch in await stretches(self._connection, BLOCKS):
                yield partial(read_stretch, self._connection, stretch)
            return
        chance = random.Random(self._asked.seed)  # noqa: S311 - a sample that can be drawn again
        points = [UUID(bytes=chance.randbytes(16)) for _ in range(self._asked.customers)]
        for start in range(0, len(points), PART_EVENTS):
            yield partial(verify.events_near, self._connection, points[start : start + PART_EVENTS])

    async def _tell_of(self, found: Part, progress: Progress) -> None:
        self.read += found.events
        told = found.differences[: max(0, self._asked.differences - self.differing)]
        self.differing += len(found.differences)
        for one in await self._named(told):
            self._tell(one)
        self._tell(progress)

    async def _named(self, found: Sequence[Difference]) -> list[Differs]:
        known = await read_identifiers(self._connection, [one.customer for one in found if one.customer is not None])
        return [Differs(one.table, _called(one.customer, known), one.stored, one.derived) for one in found]


def _called(customer: int | None, known: Mapping[int, Sequence[tuple[str, str]]]) -> str | None:
    return None if customer is None else ":".join(known[customer][0]) if customer in known else str(customer)


def _parts(drawn: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Customers (number, events) in parts of about so many events."""
    part: list[int] = []
    weight = 0
    for customer, events in drawn:
        if part and (weight + events > PART_EVENTS or len(part) == PART_CUSTOMERS):
            yield part
            part, weight = [], 0
        part.append(customer)
        weight += events
    if part:
        yield part


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
