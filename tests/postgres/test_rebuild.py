"""A rebuild finds nothing after live deriving, and mends exactly what was damaged, whatever it was."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.identity.identifiers import IdentityRules
from app.flow.rebuild import follow_rules, rebuild_step
from app.store import rebuilds
from app.store.connect import Connection
from app.store.events import ensure_months
from tests.compared import JOURNEY_5, RULES, journeys_read
from tests.postgres.arrivals import NOW, ago, arrive, derive, empty, everything, journeys_stored, judged, send
from tests.reading import Sent
from tests.reading.histories import NOW as THEN
from tests.reading.histories import histories, placed

worlds = st.lists(histories(distinct=True, landings=True), min_size=1, max_size=6)
few = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


async def rebuild(connection: Connection, rules: IdentityRules = RULES) -> rebuilds.Rebuild:
    """Rebuild to the end; what became of it."""
    job = await rebuilds.ask(connection)
    while await rebuild_step(connection, rules):
        pass
    done = await rebuilds.read(connection, job)
    assert done is not None
    assert (done.state, done.done) == ("finished", done.total)
    return done


def shop(user: str) -> list[dict[str, Any]]:
    """A login, an order, an alias and a form: something in every derived table."""
    device = {"anonymousId": f"{user}-device"}
    return [
        {
            "type": "page",
            **device,
            "context": {"page": {"url": "https://shop.example/?utm_source=news"}},
            "properties": {"path": "/pricing"},
        },
        {"type": "identify", **device, "traits": {"email": f"{user}@x.com", "plan": "free"}},
        {"type": "identify", **device, "userId": user, "traits": {"plan": "paid"}},
        {"type": "track", "event": "Order Completed", "userId": user, "anonymousId": f"{user}-other", "properties": {"total": 1.50}},
        {"type": "alias", "userId": f"{user}-new", "previousId": user},
    ]


@few
@given(worlds=worlds, random=st.randoms(use_true_random=False))
async def test_after_live_deriving_there_is_nothing_to_mend(connection: Connection, worlds: list[list[Sent]], random: Any) -> None:
    await empty(connection)
    events = [event for world, history in enumerate(worlds) for event in placed(history, world, NOW)]
    arrived = random.sample(events, len(events))
    while arrived:
        batch, arrived = arrived[:20], arrived[20:]
        await arrive(connection, batch)
        await derive(connection)
    before = await everything(connection)
    assert (await rebuild(connection)).changed == 0
    assert await everything(connection) == before


DAMAGES = {
    "links gone": "delete from links",
    "links without evidence": "update links set trusted = true, linked_at = linked_at - interval '1 day'",
    "aliases gone": "delete from aliases",
    "subjects gone": "delete from event_subjects",
    "subjects of others": "update event_subjects set subject = subject + 1",
    "identifiers gone": "delete from identifiers where kind <> 'user_id'",
    "identifiers of nobody": """insert into identifiers (id, kind, value, owner, named_directly) values (5, 'email', 'e', 5, false)""",
    "owners": "update identifiers set owner = id, parent = null, via = null",
    "one owner": "update identifiers set owner = (select min(owner) from identifiers)",
    "named at another time": "update identifiers set named_at = named_at + interval '1 hour', named_directly = false",
    "customers gone": "delete from customers",
    "customers of nobody": "insert into customers select customer + 1, first_seen, last_seen, events, machine, traits from customers",
    "traits": """update customers set traits = '{"plan": "free"}'""",
    "sessions gone": "delete from sessions",
    "sessions too many": "insert into sessions select (jsonb_populate_record(s, '{\"customer\": 5}')).* from sessions s",
    "touches moved": "update touches set position = position + 1, channel = 'email'",
    "touches too many": "insert into touches select (jsonb_populate_record(t, '{\"customer\": 5}')).* from touches t",
    "entries gone": "delete from entries where from_stage is not null",
    "entries elsewhere": "update entries set stage = 'loyalty', utm_campaign = 'x'",
    "entries too many": "insert into entries select (jsonb_populate_record(e, '{\"customer\": 5}')).* from entries e limit 1",
    "named events gone": "delete from named_events where value is not null",
    "named events too many": "insert into named_events select (jsonb_populate_record(n, '{\"place\": 99}')).* from named_events n limit 1",
}


async def test_whatever_is_damaged_is_mended_exactly(connection: Connection) -> None:
    await send(connection, *shop("ann"), *shop("bob"))
    await derive(connection)
    sound = await everything(connection)
    assert [table for table, rows in sound.items() if not rows] == []
    unmended = []
    for damage, statement in DAMAGES.items():
        await connection.execute(statement)
        assert await everything(connection) != sound, damage
        if (await rebuild(connection)).changed == 0 or await everything(connection) != sound:
            unmended.append(damage)
            await start_again(connection, sound)
    assert unmended == []


async def start_again(connection: Connection, sound: dict[str, list[str]]) -> None:
    """Derive from nothing, where a rebuild did not mend."""
    await connection.execute(f"truncate {', '.join(sound)}")
    await rebuild(connection)
    assert await everything(connection) == sound


async def test_everything_is_derived_from_nothing(connection: Connection) -> None:
    await send(connection, *shop("ann"), *shop("bob"))
    await derive(connection)
    sound = await everything(connection)
    await connection.execute(f"truncate {', '.join(sound)}")
    assert (await rebuild(connection)).changed > 0
    assert await everything(connection) == sound


async def test_a_dropped_month_takes_along_what_was_derived_of_it(connection: Connection) -> None:
    old = ago(days=100)
    await ensure_months(connection, old, 1)
    await send(connection, *shop("ann"), received_at=old)
    await send(connection, *shop("bob"))
    await derive(connection)
    await connection.execute(f"drop table event_months.events_{old:%Y_%m}")
    await rebuild(connection)
    left = await everything(connection)
    await empty(connection)
    await connection.execute("truncate message_ids")
    await send(connection, *shop("bob"))
    await derive(connection)
    names = {table: len(rows) for table, rows in left.items()}
    assert names == {table: len(rows) for table, rows in (await everything(connection)).items()}


async def test_without_events_nothing_is_left(connection: Connection) -> None:
    await send(connection, *shop("ann"))
    await derive(connection)
    await connection.execute("truncate events")
    await rebuild(connection)
    assert [rows for rows in (await everything(connection)).values() if rows] == []
    assert (await rebuild(connection)).changed == 0


async def test_what_arrives_in_the_middle_of_a_rebuild_is_derived_once(connection: Connection) -> None:
    await send(connection, *shop("ann"))
    job = await rebuilds.ask(connection)
    await send(connection, *shop("bob"))
    assert await rebuild_step(connection, RULES)
    await send(connection, *shop("eve"))
    await derive(connection)
    while await rebuild_step(connection, RULES):
        pass
    done = await rebuilds.read(connection, job)
    assert done is not None
    assert done.changed == 0
    assert (await rebuild(connection)).changed == 0
    assert await connection.fetchval("select count(*) from customers") == 3


async def test_a_backlog_of_several_rounds_is_derived_before_a_rebuild(connection: Connection) -> None:
    """More touched rows wait than one round takes, and their events name the same people."""
    visits = [{"type": "page", "anonymousId": "device", "userId": "ann", "messageId": f"m{number}"} for number in range(1_100)]
    await send(connection, *visits, {"type": "alias", "userId": "ann", "previousId": "old"})
    await connection.execute("delete from touched")
    await connection.execute(
        "insert into touched (queue, received_at, received_to, events) select 0, received_at, received_at, array[id] from events"
    )
    assert (await rebuild(connection)).changed == 0
    assert await connection.fetchval("select events from customers") == 1_101
    assert await connection.fetchval("select count(*) from touched") == 0


@pytest.mark.parametrize("shard_events", [1, 3])
async def test_shards_of_any_size_reach_everybody(connection: Connection, monkeypatch: pytest.MonkeyPatch, shard_events: int) -> None:
    monkeypatch.setattr("app.flow.rebuild.SHARD_EVENTS", shard_events)
    events = [event for world in range(3) for event in placed(history(), world, NOW)]
    await arrive(connection, events)
    await derive(connection)
    await connection.execute("delete from touches")
    assert (await rebuild(connection)).changed == 3
    assert await journeys_stored(connection) == journeys_read(JOURNEY_5, await judged(connection, events))


def history() -> list[Sent]:
    return [
        Sent(message_id=f"m{number}-w", occurred_at=THEN - timedelta(hours=number), user_id="u1-w", type="page", has_page=True)
        for number in range(4)
    ]


async def test_rules_that_changed_are_followed_by_a_rebuild(connection: Connection) -> None:
    """A kind of identifier that the operator declared, and takes back."""
    with_cards = IdentityRules(own_kinds=("card",))
    card = {"externalIds": [{"type": "card", "id": "c1"}]}
    logins = [{"type": "identify", "userId": "ann", "anonymousId": "a", "context": card, "messageId": str(number)} for number in range(3)]
    logins.append({"type": "page", "anonymousId": "b", "context": card, "messageId": "of a card"})
    assert not await follow_rules(connection, with_cards)
    await send(connection, *logins[:2], logins[3])
    await derive(connection, with_cards)
    assert await connection.fetchval("select count(*) from customers") == 1
    assert await follow_rules(connection, RULES)
    assert not await follow_rules(connection, RULES)
    await send(connection, logins[2], {"type": "alias", "userId": "ann", "previousId": "anna"})
    await derive(connection)
    assert (await rebuild(connection)).changed > 0
    assert await connection.fetchval("select count(*) from identifiers where kind = 'card'") == 0
    assert await connection.fetchval("select count(*) from customers") == 2
    assert (await rebuild(connection)).changed == 0
    assert await follow_rules(connection, with_cards)


async def test_one_rebuild_that_waits_is_enough(connection: Connection) -> None:
    first = await rebuilds.ask(connection)
    assert await rebuilds.ask(connection) == first
    assert (await rebuild(connection)).id == first
    assert await rebuilds.ask(connection) != first
