"""Replays on a database: all together or not at all, alone with their rows, and again where the rules are others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.arriving.arrivals import Kept, as_kept, read_kept, twins_before
from app.domain.arriving.events import Arrival, parse_event
from app.domain.arriving.hits import Recipient
from app.domain.identity.landings import Click, landing_url
from app.flow.replay import follow_refusal_rules, replay_one, replay_part, replay_parts, replay_step
from app.store.accounts import read_accounts
from app.store.connect import Connection, connect
from app.store.failed_events import Filters, delete_older
from app.store.rebuilds import REFUSED, rules_changed
from tests.postgres.arrivals import NOW, send

EVERY = Filters()


def broken(name: str) -> dict[str, Any]:
    """A track without a name, which its type alone refuses."""
    return {"type": "track", "userId": name, "messageId": name}


async def mend(connection: Connection) -> None:
    """Let the events be what they cannot be refused for."""
    await connection.execute("update failed_events set body = replace(convert_from(body, 'UTF8'), 'track', 'page')::bytea")


async def account(connection: Connection) -> tuple[int, int, int, int]:
    found = (await read_accounts(connection))[0]
    return found.received, found.stored, found.duplicate, found.failed


async def until_unlocked(connection: Connection) -> None:
    """Wait until nobody writes failed events any more: Postgres takes a moment to see that a connection was killed."""
    async with connection.transaction():
        await connection.execute("lock table failed_events in share row exclusive mode")


async def stored(connection: Connection) -> list[str]:
    return [row["message_id"] for row in await connection.fetch("select message_id from events order by message_id")]


async def test_a_replay_that_is_killed_leaves_everything_as_it_was(connection: Connection, database: str) -> None:
    await send(connection, *(broken(f"m{number}") for number in range(3)))
    await mend(connection)
    killed = await connect(database, application="waystage test")
    await killed.transaction().start()
    assert (await replay_part(killed, EVERY)).stored == 3
    killed.terminate()
    assert await stored(connection) == []
    assert await account(connection) == (3, 0, 0, 3)
    await until_unlocked(connection)
    assert await replay_part(connection, EVERY) == (3, 0, 0, None)
    assert await stored(connection) == ["m0", "m1", "m2"]
    assert await account(connection) == (3, 3, 0, 0)
    assert (await replay_part(connection, EVERY)).stored == 0


async def test_a_replay_passes_over_what_another_one_is_at(connection: Connection, database: str) -> None:
    await send(connection, *(broken(f"m{number}") for number in range(250)))
    await mend(connection)
    other = await connect(database, application="waystage test")
    taken = other.transaction()
    await taken.start()
    first = await replay_part(other, EVERY)
    assert (first.stored, first.after is None) == (200, False)
    assert await replay_parts(connection, EVERY, 0, 5) == (50, 0, 0, None)
    await taken.commit()
    await other.close()
    assert await account(connection) == (250, 250, 0, 0)
    assert await replay_one(connection, 1) is None


async def test_what_postgres_refuses_stays_alone(connection: Connection) -> None:
    await connection.execute("alter table events add constraint poison check (message_id <> 'm1')")
    await send(connection, *(broken(f"m{number}") for number in range(4)), broken("m3"))
    await mend(connection)
    assert await replay_part(connection, EVERY) == (3, 1, 1, None)
    (left,) = await connection.fetch("select message_id, code from failed_events")
    assert tuple(left) == ("m1", "unstorable")
    assert await account(connection) == (5, 3, 1, 1)


async def test_an_event_of_a_month_that_is_gone_is_stored_there(connection: Connection) -> None:
    long_ago = NOW - timedelta(days=800)
    await send(connection, broken("old"), received_at=long_ago)
    await mend(connection)
    assert (await replay_part(connection, EVERY)).stored == 1
    assert await connection.fetchval("select received_at from events") == long_ago
    (minute,) = await connection.fetch("select at, stored, failed from counts where stored > 0")
    assert tuple(minute) == (long_ago, 1, -1)


async def test_other_rules_try_everything_again_once(connection: Connection) -> None:
    assert not await follow_refusal_rules(connection)
    await send(connection, *(broken(f"m{number}") for number in range(3)))
    await mend(connection)
    assert not await follow_refusal_rules(connection)
    assert not await replay_step(connection)
    await rules_changed(connection, b"older", REFUSED)
    assert await follow_refusal_rules(connection)
    assert await replay_step(connection)
    assert await stored(connection) == ["m0", "m1", "m2"]
    assert not await replay_step(connection)


async def test_a_sender_can_neither_stop_a_replay_nor_seal_a_click_for_it(connection: Connection) -> None:
    forged = landing_url(b"", "https://shop.example/", Click("click-forged", datetime.max.replace(tzinfo=UTC), Recipient()))
    context = {"page": {"url": forged}}
    await send(connection, broken("digest-0"), {"type": "track", "messageId": "landed", "anonymousId": "a", "context": context})
    await mend(connection)
    assert (await replay_part(connection, EVERY)).stored == 2
    found = await connection.fetchrow("select url, occurred_at, body from events where message_id = 'landed'")
    assert found is not None
    assert (found["url"], found["occurred_at"], b"forged" in found["body"]) == ("https://shop.example/", NOW, False)


async def webhook(connection: Connection, mapping: str) -> None:
    await connection.execute(
        "insert into webhooks (name, source_id, mapping, scheme, secret) values ('hook', 1, $1, '{}', '') "
        "on conflict (name) do update set mapping = excluded.mapping",
        mapping,
    )


async def test_a_row_of_a_webhook_becomes_events_by_its_mapping(connection: Connection) -> None:
    await send(connection, broken("row"))
    await connection.execute(
        """update failed_events set body = '{"id": "a", "won": "2024-01-01", "lost": "2024-02-01"}', message_id = null,
        arrival = '{"webhook": "hook"}'"""
    )
    assert await replay_part(connection, EVERY) == (0, 0, 1, None)
    assert await connection.fetchval("select code from failed_events") == "missing_field"
    part = "{{type: track, when: {0}, fields: {{userId: id, timestamp: {0}}}, constants: {{event: {0}}}}}"
    await webhook(connection, f"{{format: json, events: [{part.format('won')}, {{when: lost, type: track, fields: {{userId: id}}}}]}}")
    assert await replay_part(connection, EVERY) == (1, 0, 1, None)
    assert await account(connection) == (2, 1, 0, 1)
    (left,) = await connection.fetch("select field, arrival from failed_events")
    assert (left["field"], read_kept(left["arrival"]).webhook) == ("event", "hook")
    await webhook(connection, f"{{format: json, events: [{part.format('won')}, {part.format('lost')}]}}")
    assert await replay_part(connection, EVERY) == (1, 1, 0, None)
    assert await account(connection) == (3, 2, 1, 0)


async def test_failed_events_that_are_old_are_forgotten_and_their_accounts_are_not(connection: Connection) -> None:
    for days in (91, 90, 1):
        await send(connection, broken(f"old-{days}"), received_at=NOW - timedelta(days=days))
    await delete_older(connection, NOW - timedelta(days=90), 100)
    left = [row["message_id"] for row in await connection.fetch("select message_id from failed_events order by id")]
    assert left == ["old-90", "old-1"]
    assert await account(connection) == (3, 0, 0, 3)


INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC).isoformat())


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    trusted=st.booleans(),
    sent_at=st.one_of(st.none(), INSTANTS, st.just("\0"), st.just([1]), st.floats(), st.integers()),
    agent=st.one_of(st.none(), st.text(max_size=20)),
    timestamp=st.one_of(st.none(), INSTANTS),
    twins=st.integers(0, 3),
)
def test_what_is_kept_gives_back_the_event(trusted: bool, sent_at: object, agent: str | None, timestamp: str | None, twins: int) -> None:
    arrival = Arrival(1, trusted, NOW, sent_at, None, agent, "192.0.2.0", "NL")
    kept = read_kept(as_kept(arrival, "page"))
    again = Arrival(1, trusted, NOW, kept.sent_at, None, kept.agent, kept.ip, kept.country)
    raw = b'{"anonymousId": "a", "timestamp": %s}' % (b"null" if timestamp is None else f'"{timestamp}"'.encode())
    seen: dict[bytes, int] = {}
    events = [parse_event(raw, place, arrival, seen, "page") for place in range(twins + 1)]
    message_id = events[-1].message_id
    replayed = parse_event(raw, twins, again, twins_before(message_id), kept.type)
    assert replayed == events[-1] or timestamp is None
    assert replayed._replace(**same(events[-1])) == events[-1]


def same(event: Any) -> dict[str, Any]:
    """The identity, which an event without time and id gets anew."""
    return {"id": event.id, "message_id": event.message_id}


def test_what_names_no_digest_counts_nothing() -> None:
    names = (None, "m-1", "fresh-ab", "digest-", "digest-xyz", "digest-ab-1", f"digest-{'a' * 32}-", f"digest-{'a' * 32}-one")
    assert [twins_before(name) for name in names] == [{}] * len(names)
    assert Kept() == read_kept(b"{}")


@pytest.mark.parametrize("filters", [Filters(code="none"), Filters(source="server"), Filters(import_id=1), Filters(field="userId")])
async def test_only_what_is_meant_is_tried(connection: Connection, filters: Filters) -> None:
    await send(connection, broken("m0"))
    await mend(connection)
    assert await replay_part(connection, filters) == (0, 0, 0, None)
    assert (await replay_part(connection, Filters(code="missing_field", source="site", field="event", since=NOW))).stored == 1
