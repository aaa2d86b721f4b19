"""Writing events: each (source, messageId) once and for ever, what Postgres refuses fails alone, and nothing comes back changed."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.arriving.events import Event, Refused, event_id, parse_event
from app.domain.documents import Code
from app.domain.frames import INSTANT, Schema
from app.flow.collect import write
from app.flow.submissions import Outcome, Parsed, Submission
from app.store.accounts import Count, fold_counts, read_accounts, write_counts
from app.store.connect import Connection, connect
from app.store.copy import columns, copy_in, copy_out
from app.store.events import ONE_STATEMENT_MAX, ensure_months, read_months
from app.store.touched import BULK, LIVE
from tests.postgres.arrivals import NOW, ago, arrival, send, submission

SMALL, LARGE = 3, ONE_STATEMENT_MAX + 100
NUL = "a\0b"
sizes = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["few", "many"])


def events(size: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"type": "track", "event": "Seen", "anonymousId": "a", "messageId": f"m{number}", **fields} for number in range(size)]


async def ids(connection: Connection) -> list[str]:
    return [row["message_id"] for row in await connection.fetch("select message_id from events order by received_at, position")]


@sizes
async def test_a_resent_event_is_a_duplicate(connection: Connection, size: int) -> None:
    assert await send(connection, *events(size)) == Outcome(size, 0, {})
    assert await send(connection, *events(size)) == Outcome(0, size, {}, tuple(range(size)))
    again = await send(connection, *events(size + 1, event="Something else"), sent_at="2020-01-01T00:00:00Z")
    assert again == Outcome(1, size, {}, tuple(range(size)))
    assert len(await ids(connection)) == size + 1


@sizes
async def test_an_event_may_come_twice_in_one_request_and_in_requests_written_together(connection: Connection, size: int) -> None:
    twice = events(size) * 2
    outcomes = await write(connection, [submission(twice), submission(events(1))], LIVE)
    assert outcomes == [Outcome(size, size, {}, tuple(range(size, 2 * size))), Outcome(0, 1, {}, (0,))]
    assert len(await ids(connection)) == size


@sizes
async def test_a_resent_event_is_a_duplicate_in_another_month_and_after_its_own_was_dropped(connection: Connection, size: int) -> None:
    last_year = ago(days=400)
    await ensure_months(connection, last_year, 1)
    assert await send(connection, *events(size), received_at=last_year) == Outcome(size, 0, {})
    assert await send(connection, *events(size)) == Outcome(0, size, {}, tuple(range(size)))
    await connection.execute(f"drop table event_months.events_{last_year:%Y_%m}")
    assert await send(connection, *events(size)) == Outcome(0, size, {}, tuple(range(size)))
    assert await ids(connection) == []


@sizes
async def test_four_collectors_at_once_store_it_once(database: str, size: int) -> None:
    connections = [await connect(database, application="waystage test") for _ in range(4)]
    shuffled = [events(size), events(size)[::-1], events(size), events(size)[size // 2 :] + events(size)[: size // 2]]
    outcomes = await asyncio.gather(*(send(one, *request) for one, request in zip(connections, shuffled, strict=True)))
    assert sum(outcome.accepted for outcome in outcomes) == size
    assert sum(outcome.duplicates for outcome in outcomes) == 3 * size
    assert sorted(await ids(connections[0])) == sorted(event["messageId"] for event in events(size))
    for one in connections:
        await one.close()


async def test_the_same_message_of_another_source_is_another_event(connection: Connection) -> None:
    assert await send(connection, *events(1)) == Outcome(1, 0, {})
    assert await send(connection, *events(1), source=2, trusted=True) == Outcome(1, 0, {})


async def test_without_a_message_id_equal_events_are_told_apart_by_their_time_and_number(connection: Connection) -> None:
    timed = {"type": "track", "event": "Seen", "anonymousId": "a", "timestamp": NOW.isoformat()}
    timeless = {key: value for key, value in timed.items() if key != "timestamp"}
    assert await send(connection, timed, timed, timeless, timeless) == Outcome(4, 0, {})
    assert await send(connection, timed, timed, timed, timeless, {**timed, "sentAt": NOW.isoformat()}) == Outcome(3, 2, {}, (0, 1))


@sizes
async def test_what_is_new_is_marked_in_one_row(connection: Connection, size: int) -> None:
    await send(connection, *events(1))
    await send(connection, *events(size), queue=BULK)
    await send(connection, *events(size), queue=BULK)
    marks = await connection.fetch("select queue, received_at, received_to, events from touched order by id")
    named = [[event_id(1, "m0")], [event_id(1, f"m{number}") for number in range(1, size)]]
    assert [(mark["queue"], set(mark["events"])) for mark in marks] == [(LIVE, set(named[0])), (BULK, set(named[1]))]
    assert {(mark["received_at"], mark["received_to"]) for mark in marks} == {(NOW, NOW)}


def smuggled(size: int, poison: dict[int, dict[str, Any]]) -> Submission:
    """A request whose events at some places bear what its parser would have refused."""
    taken = submission(events(size))
    parsed = list(taken.parsed)
    for index, values in poison.items():
        event = parsed[index].verdict
        assert isinstance(event, Event)
        parsed[index] = parsed[index]._replace(verdict=event._replace(**values))
    return taken._replace(parsed=parsed)


POISON: Sequence[dict[str, Any]] = (
    {"name": NUL},
    {"body": b'{"a": "\\u0000"}'},
    {"body": b"{"},
)


@sizes
@pytest.mark.parametrize("values", POISON, ids=["NUL", "NUL in JSON", "no JSON"])
async def test_what_postgres_refuses_fails_alone(connection: Connection, size: int, values: dict[str, Any]) -> None:
    poisoned = size // 2
    outcomes = await write(connection, [submission(events(1)), smuggled(size, {poisoned: values}), submission(events(size + 1))], LIVE)
    refused = outcomes[1].rejected.pop(poisoned)
    assert isinstance(refused, Refused)
    assert refused.code is Code.UNSTORABLE
    known = tuple(index for index in range(size) if index != poisoned)
    assert outcomes == [Outcome(1, 0, {}), Outcome(size - 2, 1, {}, (0,)), Outcome(2, size - 1, {}, known)]
    failed = await connection.fetch("select code, position, body from failed_events")
    assert [tuple(row) for row in failed] == [("unstorable", poisoned, json.dumps(events(size)[poisoned]).encode())]
    assert sorted(await ids(connection)) == sorted(event["messageId"] for event in events(size + 1))


@sizes
async def test_several_that_postgres_refuses_fail_each_for_itself(connection: Connection, size: int) -> None:
    places = {0: POISON[0], size // 2: POISON[1], size - 1: POISON[0]}
    outcome = (await write(connection, [smuggled(size, places)], LIVE))[0]
    assert (outcome.accepted, sorted(outcome.rejected)) == (size - 3, sorted(places))


async def test_a_refused_event_in_a_month_without_a_partition_fails_alone(connection: Connection) -> None:
    taken = smuggled(SMALL, {1: {"name": NUL}})
    later = NOW + timedelta(days=200)
    parsed = [one._replace(verdict=one.verdict._replace(received_at=later)) for one in taken.parsed if isinstance(one.verdict, Event)]
    outcome = (await write(connection, [taken._replace(parsed=parsed, received_at=later)], LIVE))[0]
    assert (outcome.accepted, list(outcome.rejected)) == (SMALL - 1, [1])


async def test_received_is_stored_and_duplicate_and_failed(connection: Connection) -> None:
    refused = {"type": "nothing", "anonymousId": "a"}
    await write(connection, [submission([*events(2), refused]), submission(events(3))], LIVE)
    await send(connection, refused, source=2)
    counted = {account.source: account[2:6] for account in await read_accounts(connection)}
    assert counted == {"site": (6, 3, 2, 1), "server": (1, 0, 0, 1)}
    before = await read_accounts(connection)
    await fold_counts(connection)
    assert await read_accounts(connection) == before
    assert await connection.fetchval("select count(*) from counts") == 0
    await write_counts(connection, [Count(1, NOW, 5, 4, 1, 0)])
    await fold_counts(connection)
    assert (await read_accounts(connection))[0][2:6] == (11, 7, 3, 1)


async def test_several_may_make_sure_of_the_same_month(database: str) -> None:
    connections = [await connect(database, application="waystage test") for _ in range(4)]
    later = datetime(2031, 12, 31, 23, 59, tzinfo=UTC)
    await asyncio.gather(*(ensure_months(one, later, 2) for one in connections))
    assert await send(connections[0], *events(1), received_at=later) == Outcome(1, 0, {})
    assert await read_months(connections[0]) == [(datetime(2031, 12, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC))]
    for one in connections:
        await one.close()


numbers = st.one_of(
    st.integers(-(2**64), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-10, max_value=10),
)
scalars = st.one_of(st.none(), st.booleans(), st.text(), numbers)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8
)


def written(value: Any) -> str:
    """JSON text, decimals with all of their digits."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {written(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else json.dumps(value)


def exact(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(properties=st.dictionaries(st.text(max_size=5), values, max_size=5))
async def test_what_is_accepted_comes_back_as_it_was_sent(connection: Connection, properties: dict[str, Any]) -> None:
    raw = f'{{"type": "page", "anonymousId": "a", "properties": {written(properties)}}}'.encode()
    verdict = parse_event(raw, 0, arrival(), {})
    if isinstance(verdict, Refused):
        assert verdict.code in (Code.UNSTORABLE_NUMBER, Code.UNSTORABLE_TEXT)
        return
    await write(connection, [Submission(1, NOW, [Parsed(verdict, raw)])], LIVE)
    stored = await connection.fetchval("select body -> 'properties' from events where id = $1", verdict.id)
    assert exact(stored) == exact(raw)["properties"]


AWKWARD = ["", " ", '"', "''", "a,b", "a\nb", "a\r\nb", "\r", "\\.", "\\N", "NULL", "é\U0001f600", '"",\n"', "\t", "0", "t", "x" * 5_000]
SHAPE: Schema = {"number": pl.Int64, "text": pl.String, "flag": pl.Boolean, "at": INSTANT}


async def test_frames_pass_through_a_table_unchanged(connection: Connection) -> None:
    texts = [AWKWARD[number % len(AWKWARD)] if number % 7 else None for number in range(5_000)]
    frame = pl.DataFrame(
        {
            "number": [number - 2**63 for number in range(5_000)],
            "text": texts,
            "flag": [None if number % 5 == 0 else number % 2 == 0 for number in range(5_000)],
            "at": [datetime(1990, 1, 1, 0, 0, 0, number, UTC) + timedelta(days=number) if number % 3 else None for number in range(5_000)],
        },
        SHAPE,
    )
    await connection.execute("create temporary table passed (number bigint, text text, flag boolean, at timestamptz)")
    await copy_in(connection, "passed", frame)
    assert frame.equals(await copy_out(connection, f"select {columns(SHAPE)} from passed order by number", SHAPE))
    rows = await connection.fetch("select text, at from passed order by number")
    assert [tuple(row) for row in rows] == frame.select("text", "at").rows()
    assert (await copy_out(connection, f"select {columns(SHAPE)} from passed limit 0", SHAPE)).schema == pl.Schema(SHAPE)
