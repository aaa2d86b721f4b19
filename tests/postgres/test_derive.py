"""Deriving while others write: nothing is missed, nothing is derived twice, and there is one writer at a time."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.identity.identifiers import IdentityRules, number
from app.flow.derive import Sizes, derive_heavy, derive_round, derive_touched
from app.flow.rebuild import rebuild_step
from app.store import rebuilds, touched
from app.store.connect import Connection, connect
from app.store.journeys import snapshot
from app.worker import work
from tests.compared import RULES
from tests.postgres.arrivals import arrival, derive, empty, everything, send

ANN, BOB, DEVICE = number("user_id", "ann"), number("user_id", "bob"), number("anonymous_id", "device")


def seen(message_id: str, **ids: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "messageId": message_id, **(ids or {"anonymousId": "device"})}


async def events_of(connection: Connection) -> dict[int, int]:
    """How many events each customer has."""
    return {row["customer"]: row["events"] for row in await connection.fetch("select customer, events from customers")}


@pytest.fixture
async def other(database: str) -> AsyncIterator[Connection]:
    """A second connection, of a collector."""
    opened = await connect(database, application="waystage test")
    yield opened
    await opened.close()


@asynccontextmanager
async def held(connection: Connection) -> AsyncIterator[None]:
    """A round's transaction whose snapshot is taken, and that is committed at the end."""
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("select count(*) from touched")
        yield
        await derive_round(connection, RULES)


async def test_an_event_that_is_committed_while_its_customer_is_derived_comes_in_the_next_round(
    connection: Connection, other: Connection
) -> None:
    await send(other, seen("first"))
    async with held(connection):
        await send(other, seen("second"))
    assert await events_of(connection) == {DEVICE: 1}
    assert await touched.backlog(connection) == 1
    assert (await derive_touched(connection, RULES)).changed == 1
    assert await events_of(connection) == {DEVICE: 2}
    assert await derive_touched(connection, RULES) == (0, 0, 0, 0)


async def test_a_root_that_changes_while_its_customer_is_derived_takes_everything_along(connection: Connection, other: Connection) -> None:
    await send(other, seen("first"))
    async with held(connection):
        await send(other, {"type": "identify", "anonymousId": "device", "userId": "ann"})
        await send(other, seen("second"))
    assert await events_of(connection) == {DEVICE: 1}
    await derive(connection)
    assert await events_of(connection) == {ANN: 3}
    for table in ("sessions", "touches", "entries"):
        assert await connection.fetchval(f"select count(*) from {table} where customer <> $1", ANN) == 0
    changed = [row["customer"] for row in await connection.fetch("select customer from changes order by version")]
    assert (changed[0], set(changed[1:])) == (DEVICE, {DEVICE, ANN})


async def test_exactly_the_rows_that_a_round_read_are_deleted(connection: Connection, other: Connection) -> None:
    await send(other, *(seen(f"a{index}") for index in range(2)))
    await send(other, *(seen(f"b{index}") for index in range(3)))
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("select count(*) from touched")
        await send(other, *(seen(f"c{index}") for index in range(4)))
        assert (await derive_round(connection, RULES, Sizes(live=4, bulk=4)))[:2] == (1, 2)
    left = await connection.fetch("select cardinality(events) as events from touched order by id")
    assert [row["events"] for row in left] == [3, 4]
    assert (await derive_touched(connection, RULES))[:2] == (2, 7)


async def test_a_round_that_is_rolled_back_leaves_everything_as_it_was(connection: Connection) -> None:
    await send(connection, seen("first"))
    before = await everything(connection)
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    await derive_round(connection, RULES)
    await transaction.rollback()
    assert await everything(connection) == before
    assert await touched.backlog(connection) == 1


async def test_a_round_that_changes_nothing_writes_nothing(connection: Connection) -> None:
    await send(connection, seen("first"), {"type": "identify", "userId": "ann", "traits": {"n": 1.50, "é": None}})
    await derive(connection)
    before = await everything(connection)
    await touched.mark_everybody(connection)
    assert (await derive_touched(connection, RULES))[2:] == (2, 0)
    assert await everything(connection) == before


async def test_live_marks_come_before_imported_ones_and_those_before_background(connection: Connection) -> None:
    for queue, who in ((touched.BACKGROUND, "late"), (touched.BULK, "later"), (touched.LIVE, "first")):
        await send(connection, seen(who, userId=who), queue=queue)
    order = []
    while (await derive_touched(connection, RULES, Sizes(live=1, bulk=1))).marks:
        order.append(await connection.fetchval("select customer from changes order by version desc limit 1"))
    assert order == [number("user_id", who) for who in ("first", "later", "late")]


async def test_a_customer_of_very_many_events_is_derived_alone_and_holds_answers_back_until_then(connection: Connection) -> None:
    await send(connection, *(seen(f"m{index}", userId="ann") for index in range(5)))
    await derive(connection)
    sent = arrival().received_at
    await send(connection, seen("more", userId="ann"), seen("other", userId="bob"))
    assert (await derive_touched(connection, RULES, Sizes(heavy=4))).changed == 1
    assert await events_of(connection) == {ANN: 5, BOB: 1}
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        assert (await snapshot(connection)).as_of == sent
        assert (await snapshot(connection, ANN)).as_of == sent
        assert (await snapshot(connection, BOB)).as_of > sent
    await send(connection, seen("again", userId="ann"))
    assert (await derive_touched(connection, RULES, Sizes(heavy=4))).changed == 0
    assert (await derive_heavy(connection, RULES))[:1] == (2,)
    assert await events_of(connection) == {ANN: 7, BOB: 1}
    assert (await derive_heavy(connection, RULES)).marks == 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        assert (await snapshot(connection)).as_of > sent


async def test_a_customer_merged_into_one_of_very_many_events_is_not_lost(connection: Connection) -> None:
    await send(connection, *(seen(f"m{index}", userId="ann") for index in range(5)), seen("alone"))
    await derive(connection)
    await send(connection, {"type": "identify", "userId": "ann", "anonymousId": "device"})
    await derive_touched(connection, RULES, Sizes(heavy=4))
    while (await derive_heavy(connection, RULES)).marks:
        pass
    assert await events_of(connection) == {ANN: 7}


async def holder(connection: Connection) -> int | None:
    """The process id of the worker that holds the lock."""
    pid: int | None = await connection.fetchval(
        """select pid from pg_locks l join pg_database d on d.oid = l.database
        where d.datname = current_database() and locktype = 'advisory' and granted"""
    )
    return pid


async def until(holds: Any, seconds: float) -> None:
    """Ask again until something holds, for so many seconds at most."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in Postgres
            await asyncio.sleep(0.02)


_TWO_WORKERS = "select count(*) = 2 from pg_stat_activity where application_name = 'waystage worker' and datname = current_database()"


async def test_one_worker_derives_and_another_takes_over_when_its_connection_ends(database: str, connection: Connection) -> None:
    stop = asyncio.Event()
    workers = [asyncio.create_task(work(database, RULES, timedelta(days=90), stop)) for _ in range(2)]

    async def both_are_here() -> bool:
        return await connection.fetchval(_TWO_WORKERS) is True

    async def all_is_derived() -> bool:
        return not await touched.backlog(connection)

    await until(lambda: holder(connection), 5)
    await until(both_are_here, 5)
    first = await holder(connection)
    await send(connection, seen("first"))
    await until(all_is_derived, 5)
    await connection.execute("select pg_terminate_backend($1)", first)
    await send(connection, seen("second"))
    await until(all_is_derived, 5)
    assert await holder(connection) not in (None, first)
    assert await events_of(connection) == {DEVICE: 2}
    stop.set()
    await asyncio.gather(*workers)


texts = st.one_of(
    st.text(max_size=12), st.sampled_from(["", " ", "\r\n", '","', "x" * 9_000, "null", "+49 151 1", "https://x.example/?utm_source=a%00b"])
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = ("context", "properties", "traits")
FIELDS: dict[str, tuple[str, ...]] = {
    "context": ("page", "device", "userAgent", "campaign", "location", "traits", "externalIds", "sequence", "ip"),
    "properties": ("url", "referrer", "path", "touchpoint_channel", "email"),
    "traits": ("email", "phone", "name"),
    "page": ("url", "referrer"),
    "device": ("type",),
    "campaign": ("source", "medium", "name", "term", "content"),
    "location": ("country",),
}


external_ids = st.one_of(texts, anything, st.lists(st.fixed_dictionaries({"type": st.just("crm"), "id": anything}), max_size=2))


def fields(name: str) -> st.SearchStrategy[Any]:
    """An object with fields that are read, each now and then anything at all."""
    inner = {field: st.one_of(anything, fields(field)) if field in FIELDS else anything for field in FIELDS[name]}
    return st.fixed_dictionaries({}, optional=inner | ({"externalIds": external_ids} if "externalIds" in inner else {}))


def random_text(length: int) -> str:
    """Text that does not compress."""
    return "".join(chr(33 + digest) for digest in hashlib.shake_128(b"").digest(length) if digest < 90)


names = st.text(min_size=1, max_size=8)
wild_events = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias"]),
        "event": names | st.just(random_text(50_000)),
        "userId": names | st.integers(0, 9),
        "previousId": names,
        "groupId": names,
    },
    optional={
        "anonymousId": st.sampled_from(["a", "b", " ", "null"]),
        "timestamp": anything,
        **{field: fields(field) for field in OBJECTS},
    },
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(wild=st.lists(wild_events, min_size=1, max_size=12))
async def test_whatever_is_accepted_is_derived_and_derived_alike(connection: Connection, wild: list[dict[str, Any]]) -> None:
    await empty(connection)
    rules = IdentityRules(own_kinds=("crm",))
    outcome = await send(connection, *wild)
    await derive(connection, rules)
    assert await connection.fetchval("select count(*) from events") == outcome.accepted
    assert sum((await events_of(connection)).values()) == await connection.fetchval("select count(*) from event_subjects")
    before = await everything(connection)
    job = await rebuilds.ask(connection)
    while await rebuild_step(connection, rules):
        pass
    done = await rebuilds.read(connection, job)
    assert done is not None
    assert done.changed == 0
    assert await everything(connection) == before
