"""Events into a database and back out of it, as the collector and the worker do it, without their processes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from app.domain.arriving.events import LANDING, Arrival, parse_event
from app.domain.frames import ENTRIES, SESSIONS, TOUCHES
from app.domain.identity.identifiers import IdentityRules
from app.domain.journeys.enrich import enrich
from app.flow.collect import write
from app.flow.derive import derive_touched
from app.flow.submissions import Outcome, Parsed, Submission
from app.store.connect import Connection
from app.store.copy import columns, copy_out
from app.store.events import event_columns
from app.store.touched import LIVE
from tests.compared import RULES, SOURCES, Journey, id_of, journeys_of
from tests.reading import Sent
from tests.reading.histories import CHROME, TRUSTED, wire

NOW = datetime.now(UTC)
DERIVED = ("identifiers", "links", "aliases", "event_subjects", "customers", "sessions", "touches", "named_events", "entries")
_FACTS = ("events", "message_ids", "failed_events", "touched", "counts", "changes", "struck_pairs", "blocked_values")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def arrival(source: int = 1, *, trusted: bool = False, received_at: datetime = NOW, **values: Any) -> Arrival:
    return Arrival(source, trusted=trusted, received_at=received_at, request_agent=CHROME, **values)


def submission(documents: Sequence[dict[str, Any]], arrived: Arrival | None = None) -> Submission:
    """A request with these events, taken apart."""
    request = arrived or arrival()
    twins: dict[bytes, int] = {}
    raws = [json.dumps(document).encode() for document in documents]
    parsed = [Parsed(parse_event(raw, position, request, twins), raw) for position, raw in enumerate(raws)]
    return Submission(request.source_id, request.received_at, parsed)


async def send(connection: Connection, *documents: dict[str, Any], queue: int = LIVE, **of_arrival: Any) -> Outcome:
    """Write one request of events of the wire."""
    return (await write(connection, [submission(documents, arrival(**of_arrival))], queue))[0]


async def arrive(connection: Connection, events: Sequence[Sent], received_at: datetime = NOW) -> None:
    """Write events in one transaction, each at the position that it bears."""
    submissions = []
    for source, number in SOURCES.items():
        own = [event for event in events if event.source == source]
        request = arrival(number, trusted=source == TRUSTED, received_at=received_at, sent_at=received_at.isoformat())
        raws = [json.dumps(wire(event)).encode() for event in own]
        kinds = [LANDING if event.type == LANDING else None for event in own]
        parsed = [Parsed(parse_event(raw, own[place].position, request, {}, kinds[place]), raw) for place, raw in enumerate(raws)]
        submissions.append(Submission(number, received_at, parsed))
    outcomes = await write(connection, submissions, LIVE)
    assert not any(outcome.rejected for outcome in outcomes)


async def derive(connection: Connection, rules: IdentityRules = RULES) -> None:
    """Derive until nothing is marked any more."""
    while (await derive_touched(connection, rules)).marks:
        pass


async def empty(connection: Connection) -> None:
    """Forget all events and everything derived."""
    await connection.execute(f"truncate {', '.join((*DERIVED, *_FACTS))}")


async def judged(connection: Connection, events: Sequence[Sent]) -> list[Sent]:
    """The events with the verdicts that the service has on them, which the reading takes as given."""
    select, schema = event_columns()
    query = f"select {select} from events e join sources s on s.id = e.source_id where e.id = any($1::uuid[])"
    found = await copy_out(connection, query, schema, [id_of(event) for event in events])
    verdicts = {row["event"]: row for row in enrich(found).iter_rows(named=True)}
    return [_judged(event, verdicts[id_of(event)]) for event in events]


def _judged(event: Sent, verdict: dict[str, Any]) -> Sent:
    return replace(
        event,
        machine=verdict["machine_rule"] is not None,
        contact=verdict["contact"],
        channel=verdict["channel"],
        click_id=verdict["click_id"],
        campaign=tuple(verdict[part] for part in _UTM),
    )


async def owners_stored(connection: Connection) -> dict[int, int]:
    return {row["id"]: row["owner"] for row in await connection.fetch("select id, owner from identifiers")}


async def journeys_stored(connection: Connection, model: str = "journey-5") -> dict[int, Journey]:
    """The journey of every customer, with the entries of an active stage model."""
    customers = [row["customer"] for row in await connection.fetch("select customer from customers")]
    visits = await copy_out(connection, f"select {columns(SESSIONS)} from sessions", SESSIONS)
    contacts = await copy_out(connection, f"select {columns(TOUCHES)} from touches", TOUCHES)
    number = await connection.fetchval("select id from stage_models where name = $1 and state = 'active'", model)
    return journeys_of(customers, visits, contacts, await entries_stored(connection, number))


async def entries_stored(connection: Connection, stage_model: int) -> pl.DataFrame:
    query = f"select {columns(ENTRIES)} from entries where stage_model = $1 order by customer, position"
    return await copy_out(connection, query, ENTRIES, stage_model)


async def rows(connection: Connection, table: str) -> list[str]:
    """A table's rows as text, in order."""
    return [row["text"] for row in await connection.fetch(f'select t::text as text from {table} t order by t::text collate "C"')]


async def everything(connection: Connection) -> dict[str, list[str]]:
    """All rows of all derived tables."""
    return {table: await rows(connection, table) for table in DERIVED}


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)
