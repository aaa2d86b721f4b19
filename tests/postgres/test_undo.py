"""An import that is taken back leaves everything as if it had never been, whatever arrived before, meanwhile and after."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.flow.undo import undo_step
from app.store.accounts import read_accounts
from app.store.connect import Connection
from app.store.undo import ask_to_undo
from tests.compared import RULES
from tests.postgres.arrivals import NOW, arrive, derive, empty, everything, rows, send
from tests.postgres.test_rebuild import rebuild, shop
from tests.reading import Sent
from tests.reading.histories import histories, placed

IMPORTED_AT = NOW - timedelta(seconds=1)
worlds = st.lists(histories(distinct=True, landings=True), min_size=1, max_size=4)
few = settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


async def imported(connection: Connection) -> int:
    """Make everything received at IMPORTED_AT the events of a finished import; its id."""
    job: int = await connection.fetchval(
        """insert into imports (source_id, file, mapping, state, created_at) values (2, 'history.ndjson', 'null', 'finished', $1)
        returning id""",
        IMPORTED_AT,
    )
    await connection.execute("update events set import_id = $1 where received_at = $2", job, IMPORTED_AT)
    return job


async def undo(connection: Connection, job: int, limit: int) -> int:
    """Take an import back to the end; in how many steps."""
    await ask_to_undo(connection, job)
    steps = 0
    while await undo_step(connection, RULES, limit):
        steps += 1
    return steps


async def kept(connection: Connection) -> dict[str, list[str]]:
    facts = {table: await rows(connection, table) for table in ("message_ids", "events", "failed_events")}
    return facts | await everything(connection)


@few
@given(worlds=worlds, random=st.randoms(use_true_random=False))
async def test_nothing_of_an_import_is_left_and_nothing_else_is_lost(connection: Connection, worlds: list[list[Sent]], random: Any) -> None:
    await empty(connection)
    events = [event for world, history in enumerate(worlds) for event in placed(history, world, NOW)]
    once = list({(event.source, event.message_id): event for event in events}.values())
    mixed = random.sample(once, len(once))
    cut, later = random.randint(0, len(mixed)), random.randint(0, len(mixed))
    live, history = mixed[:cut], mixed[cut:]
    await arrive(connection, live[later:])
    await arrive(connection, live[:later])
    await derive(connection)
    before = await kept(connection)
    await empty(connection)
    await arrive(connection, live[later:])
    await derive(connection)
    await arrive(connection, history, IMPORTED_AT)
    job = await imported(connection)
    if random.choice([True, False]):
        await derive(connection)
    await arrive(connection, live[:later])
    await derive(connection)
    await undo(connection, job, random.choice([1, 3, 1000]))
    await derive(connection)
    assert await kept(connection) == before
    assert (await rebuild(connection)).changed == 0


async def test_the_accounts_and_the_job_say_so(connection: Connection) -> None:
    await send(connection, *shop("ada"))
    await send(connection, *shop("bob"), {"type": "track"}, source=2, trusted=True, received_at=IMPORTED_AT)
    job = await imported(connection)
    await connection.execute("update failed_events set import_id = $1", job)
    await derive(connection)
    assert await undo(connection, job, 2) == 4
    accounts = {account.source: account for account in await read_accounts(connection)}
    assert (accounts["site"].received, accounts["site"].stored) == (5, 5)
    assert (accounts["server"].received, accounts["server"].stored, accounts["server"].failed) == (0, 0, 0)
    assert await connection.fetchrow("select state, undone from imports where id = $1", job) == ("undone", 5)
    assert await rows(connection, "failed_events") == []


async def test_its_rows_can_be_imported_again(connection: Connection) -> None:
    assert (await send(connection, *shop("ada"), source=2, trusted=True, received_at=IMPORTED_AT)).accepted == 5
    await undo(connection, await imported(connection), 1000)
    assert (await send(connection, *shop("ada"), source=2, trusted=True)).accepted == 5


async def test_an_import_whose_month_is_gone_is_undone_at_once(connection: Connection) -> None:
    job = await connection.fetchval(
        """insert into imports (source_id, file, mapping, state, created_at) values (2, 'old.ndjson', 'null', 'finished', '2001-01-01')
        returning id"""
    )
    assert await undo(connection, job, 10) == 1
    assert await connection.fetchval("select state from imports where id = $1", job) == "undone"
