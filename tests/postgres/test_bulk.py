"""Rows made ready for COPY: what they store is what any other write stores, and what Postgres refuses is found among them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.domain.arriving.events import Event, event_id
from app.flow.imports import run_import
from app.store.bulk import pack, write_packed
from app.store.connect import Connection
from app.store.events import ensure_months, write_events
from app.store.imports import add_import, next_import, read_import
from app.store.touched import BULK
from app.store.twins import FileTwins

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
MAYBE = some.none() | TEXT
SCALARS = some.none() | some.booleans() | TEXT | some.integers(-(2**63), 2**64 - 1)
JSON = some.recursive(SCALARS, lambda inside: some.dictionaries(TEXT, inside))
INSTANT = some.datetimes(datetime(1990, 1, 1), datetime(2026, 3, 2), timezones=some.just(UTC))


def event(message_id: str, **fields: Any) -> Event:
    plain = dict.fromkeys(Event._fields)
    known = {"id": event_id(1, message_id), "received_at": NOW, "source_id": 1, "message_id": message_id, "position": 0}
    return Event(**(plain | known | {"type": "track", "occurred_at": NOW, "time_rule": "sent", "body": b"{}"} | fields))  # type: ignore[arg-type]


EVENTS = some.builds(
    event,
    message_id=TEXT,
    position=some.integers(0, 2**31 - 1),
    import_id=some.none() | some.integers(1, 2**63 - 1),
    sequence=some.none() | some.integers(-(2**63), 2**63 - 1),
    occurred_at=INSTANT,
    body=JSON.map(lambda value: json.dumps(value, ensure_ascii=False).encode()),
    **dict.fromkeys(("name", "user_id", "anonymous_id", "previous_id", "email", "phone", "timestamp", "url", "referrer", "ip"), MAYBE),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=some.lists(EVENTS, max_size=12), again=some.lists(EVENTS, max_size=3))
async def test_packed_events_are_stored_as_any_others(connection: Connection, batch: list[Event], again: list[Event]) -> None:
    await ensure_months(connection, NOW, 1)
    packed = await _stored(connection, batch, again, packed=True)
    assert packed == await _stored(connection, batch, again, packed=False)


async def _stored(connection: Connection, batch: list[Event], again: list[Event], *, packed: bool) -> tuple[list[Any], ...]:
    """What two writes leave behind, in a transaction that is rolled back; the second repeats events of the first."""
    transaction = connection.transaction()
    await transaction.start()
    counts = []
    for events in (batch, [*again, *batch[:2]]):
        if packed:
            counts.append(await write_packed(connection, pack(events), BULK, NOW))
        else:
            distinct = {one.id: one for one in reversed(events)}
            counts.append(len(await write_events(connection, list(distinct.values()), BULK)))
    rows = await connection.fetch("select events::text from events order by id")
    ids = await connection.fetch("select id from message_ids order by id")
    touched = await connection.fetch(
        "select queue, received_at, received_to, array(select unnest(events) order by 1) as events from touched order by id"
    )
    await transaction.rollback()
    return counts, rows, ids, touched


async def test_what_postgres_refuses_is_one_rejected_row(connection: Connection, tmp_path: Path) -> None:
    await connection.execute("alter table events add constraint poison check (name <> 'Poison')")
    file = tmp_path / "job"
    names = ["Poison" if number == 317 else "Fine" for number in range(600)]
    said = ({"type": "track", "event": name, "userId": "u", "timestamp": "2024-01-01T00:00:00Z"} for name in names)
    file.write_bytes(b"\n\n".join(json.dumps(one).encode() for one in said))
    source = await connection.fetchval("select id from sources where kind = 'trusted'")
    job = await add_import(connection, source, "poison", b"null", 1, dry_run=False)
    taken = await next_import(connection, [job.id])
    assert taken is not None
    await run_import(connection, taken, file)
    ended = await read_import(connection, job.id)
    assert ended is not None
    assert (ended.state, ended.rows, ended.accepted, ended.rejected) == ("finished", 600, 599, 1)
    failed = await connection.fetchrow("select position, line, code from failed_events where import_id = $1", job.id)
    assert tuple(failed.values()) == (317, 635, "unstorable")


def test_twins_are_counted_alike_however_often_a_part_is_counted(tmp_path: Path) -> None:
    digests = [bytes([number % 5]) * 16 for number in range(40)]
    expected = [digests[:number].count(digest) for number, digest in enumerate(digests)]

    def counted(first: int, last: int) -> list[int]:
        twins = FileTwins(tmp_path / "twins")
        twins.begin(first)
        numbers = []
        for digest in digests[first:last]:
            numbers.append(twins.get(digest, -1) + 1)
            twins[digest] = numbers[-1]
        twins.keep()
        return numbers

    assert counted(0, 16) == expected[:16]
    assert counted(16, 32) == expected[16:32]
    assert counted(16, 32) == expected[16:32], "a reader that was killed before its part was committed counts it again"
    assert counted(32, 40) == expected[32:]
