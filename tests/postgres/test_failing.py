"""What cannot be derived is put aside, and nobody else waits for it."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from app.domain.identity.identifiers import number
from app.flow.derive import Sizes, derive_heavy, derive_touched
from app.flow.failing import FAILING_MAX, by_halves
from app.flow.rebuild import rebuild_step
from app.store import rebuilds, touched
from app.store.connect import GONE, Connection, connect
from app.store.journeys import snapshot
from tests.compared import RULES
from tests.http.tables import metrics
from tests.postgres.arrivals import derive, everything, send
from tests.service import KEYS, Waystage, bearer, until

ANN, BOB, EVE = (number("user_id", who) for who in ("ann", "bob", "eve"))


def seen(message_id: str, who: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "messageId": message_id, "userId": who, "anonymousId": f"device of {who}", **fields}


async def refuse(connection: Connection, table: str, condition: str) -> None:
    """Have Postgres refuse rows of a table by a trigger, until `allow`."""
    await connection.execute(
        f"""create function refuse() returns trigger language plpgsql as $$ begin raise exception 'this row is refused'; end $$;
        create trigger refused before insert on {table} for each row when ({condition}) execute function refuse()"""
    )


async def allow(connection: Connection) -> None:
    await connection.execute("drop function refuse cascade")


async def derived_customers(connection: Connection) -> dict[int, int]:
    return {row["customer"]: row["events"] for row in await connection.fetch("select customer, events from customers")}


async def are_as_a_rebuild_makes_them(connection: Connection) -> bool:
    """Whether deriving everything again changes nothing."""
    before = await everything(connection)
    await rebuilds.ask(connection)
    while await rebuild_step(connection, RULES):
        pass
    return await everything(connection) == before


async def test_a_customer_who_cannot_be_derived_is_put_aside_and_everybody_else_is_derived(connection: Connection) -> None:
    await refuse(connection, "touches", f"new.customer = {BOB}")
    await send(connection, *(seen(f"first {who}", who) for who in ("ann", "bob", "eve")))
    await derive(connection)
    assert await derived_customers(connection) == {ANN: 1, EVE: 1}
    assert (await touched.stuck(connection), await touched.backlog(connection), await touched.background_left(connection)) == (1, 0, 0)
    for table in ("sessions", "touches", "entries"):
        assert await connection.fetchval(f"select count(*) from {table} where customer = $1", BOB) == 0


async def test_what_is_put_aside_holds_no_answer_back_and_is_put_aside_once(connection: Connection) -> None:
    await refuse(connection, "sessions", f"new.customer = {BOB}")
    for message_id in ("first", "second", "third"):
        await send(connection, seen(message_id, "bob"), seen(f"{message_id} too", "ann"))
        await derive(connection)
    assert await derived_customers(connection) == {ANN: 3}
    assert await touched.stuck_customers(connection) == {BOB}
    assert await touched.stuck(connection) == 1
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        assert (await snapshot(connection)).as_of == await connection.fetchval("select now()")


async def test_what_was_put_aside_is_derived_when_it_is_tried_again(connection: Connection) -> None:
    await refuse(connection, "entries", f"new.customer = {BOB}")
    await send(connection, seen("first", "bob"), seen("second", "ann"))
    await derive(connection)
    await allow(connection)
    await send(connection, seen("third", "bob"))
    await derive(connection)
    assert await derived_customers(connection) == {ANN: 1}
    await touched.try_again(connection)
    await derive(connection)
    assert await derived_customers(connection) == {ANN: 1, BOB: 2}
    assert await touched.stuck(connection) == 0
    assert await are_as_a_rebuild_makes_them(connection)


async def test_a_rebuild_tries_again_and_puts_aside_what_still_fails(connection: Connection) -> None:
    await refuse(connection, "touches", f"new.customer in ({BOB}, {EVE})")
    await send(connection, *(seen(f"first {who}", who) for who in ("ann", "bob", "eve")))
    await derive(connection)
    await allow(connection)
    await refuse(connection, "touches", f"new.customer = {EVE}")
    assert not await are_as_a_rebuild_makes_them(connection)
    assert await derived_customers(connection) == {ANN: 1, BOB: 1}
    assert await touched.stuck_customers(connection) == {EVE}


async def test_an_event_of_which_nothing_can_be_learned_is_put_aside_by_itself(connection: Connection) -> None:
    await refuse(connection, "identifiers", "new.value = 'bob'")
    await send(connection, *(seen(f"first {index} {who}", who) for who in ("ann", "bob", "eve") for index in range(3)))
    await send(connection, seen("last", "ann"))
    await derive(connection)
    assert await derived_customers(connection) == {ANN: 4, EVE: 3}
    assert await touched.stuck(connection) == 3
    await allow(connection)
    await touched.try_again(connection)
    await derive(connection)
    assert await derived_customers(connection) == {ANN: 4, BOB: 3, EVE: 3}
    assert await are_as_a_rebuild_makes_them(connection)


async def test_a_value_that_a_rule_cannot_read_keeps_its_own_customer_back_only(connection: Connection) -> None:
    await send(connection, *({"type": "identify", "messageId": who, "userId": who, "traits": {"n": 1}} for who in ("ann", "bob")))
    await connection.execute("update events set body = jsonb_set(body, '{traits,n}', repeat('9', 5000)::jsonb) where user_id = 'bob'")
    await derive(connection)
    assert await derived_customers(connection) == {ANN: 1}
    assert await touched.stuck_customers(connection) == {BOB}


async def test_a_customer_of_very_many_events_can_be_stuck_too(connection: Connection) -> None:
    await send(connection, *(seen(f"first {index}", "bob") for index in range(5)))
    await derive(connection)
    before = await everything(connection)
    await refuse(connection, "customers", f"new.customer = {BOB}")
    await send(connection, seen("more", "bob"))
    await derive_touched(connection, RULES, Sizes(heavy=4))
    assert (await derive_heavy(connection, RULES)).changed == 0
    assert (await touched.stuck_customers(connection), await touched.backlog(connection)) == ({BOB}, 0)
    assert (await everything(connection))["touches"] == before["touches"]


async def test_the_worker_goes_on_says_how_many_are_stuck_and_tries_again_when_it_starts(waystage: Waystage) -> None:
    connection = await connect(waystage.dsn, application="waystage test")
    await refuse(connection, "touches", f"new.customer = {BOB}")
    waystage.batch([seen("first", "bob"), seen("second", "ann")])
    waystage.derived()
    assert metrics(waystage)["waystage_stuck_customers"] == 1
    assert len(waystage.journey("user_id:ann")["touches"]) == 1
    await allow(connection)
    await connection.close()
    waystage.worker.stop()
    waystage.worker.start()
    journey = "/v1/customers/user_id:bob/journey"
    until(lambda: waystage.client.get(journey, headers=bearer(KEYS.read)).status_code == 200, "the worker tries again")
    assert metrics(waystage)["waystage_stuck_customers"] == 0


async def test_things_that_fail_are_told_apart_and_leave_nothing_behind(connection: Connection) -> None:
    async def write(some: Sequence[int]) -> int:
        await connection.executemany("insert into done values ($1, 12 / ($1 % 5))", [(one,) for one in some])
        return len(some)

    await connection.execute("create temporary table done (thing int, share int)")
    async with connection.transaction():
        parts, failing = await by_halves(connection, range(1, 12), write)
    assert failing == [(5, "DivisionByZeroError: division by zero"), (10, "DivisionByZeroError: division by zero")]
    assert sum(parts) == 9
    assert [row["thing"] for row in await connection.fetch("select thing from done order by thing")] == [1, 2, 3, 4, 6, 7, 8, 9, 11]


async def test_where_everybody_fails_it_is_not_they_who_are_at_fault(connection: Connection) -> None:
    async def fail(some: Sequence[int]) -> None:
        await connection.execute("select 1 / 0")

    async with connection.transaction():
        assert [one for one, _ in (await by_halves(connection, range(FAILING_MAX), fail))[1]] == [*range(FAILING_MAX)]
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with connection.transaction():
            await by_halves(connection, range(FAILING_MAX + 1), fail)


async def test_a_connection_that_ends_is_nobodys_defect(connection: Connection, database: str) -> None:
    ending = await connect(database, application="waystage test")
    asked = []

    async def end(some: Sequence[int]) -> None:
        asked.append(some)
        await connection.execute("select pg_terminate_backend($1)", ending.get_server_pid())
        await ending.execute("select 1")

    with pytest.raises(GONE):
        await by_halves(ending, range(8), end)
    assert asked == [range(8)]
