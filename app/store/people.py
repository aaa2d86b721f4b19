"""Single customers and lists of them, read by SQL in one snapshot each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import polars as pl

from app.store.connect import Connection
from app.store.copy import copy_out
from app.store.stage_models import KeptModel


class Person(NamedTuple):
    """A customer in a list: its number, identifiers (kind, value) with the root first, current stage in a model and since when (UTC).

    `name` is the trait of that name, where it is text.
    """

    customer: int
    identifiers: list[tuple[str, str]]
    stage: str | None
    since: datetime | None
    first_seen: datetime
    last_seen: datetime
    name: str | None


_PEOPLE = """
select c.customer, e.stage, e.entered_at as since, c.first_seen, c.last_seen,
  case jsonb_typeof(c.traits -> 'name') when 'string' then c.traits ->> 'name' end as name
from unnest($2::bigint[]) with ordinality as asked(customer, place)
join identifiers i on i.id = asked.customer join customers c on c.customer = i.owner
left join lateral (select stage, entered_at from entries where stage_model = $1 and customer = c.customer and entered_at <= $3
  order by position desc limit 1) e on true
order by asked.place
"""
_NAMED = """
select distinct i.owner as customer from identifiers i join customers c on c.customer = i.owner
where not c.machine and lower(i.value collate pg_c_utf8) >= lower($1 collate pg_c_utf8)
and lower(i.value collate pg_c_utf8) < lower($1 collate pg_c_utf8) || chr(1114111)
"""


async def read_people(connection: Connection, stage_model: int, customers: Sequence[int], as_of: datetime) -> list[Person]:
    """Customers by their numbers, in this order, with the stage that they are in at an instant (UTC): an entry dated after it is none yet.

    A number that another customer owns by now gives that customer; one that nobody owns any more gives none.
    """
    rows = await connection.fetch(_PEOPLE, stage_model, customers, as_of)
    identifiers = await read_identifiers(connection, [row["customer"] for row in rows])
    return [Person(row["customer"], identifiers[row["customer"]], *list(row.values())[1:]) for row in rows]


async def read_named(connection: Connection, q: str) -> pl.Series:
    """The numbers of the customers, machines left out, with an identifier that begins with `q` (in any case)."""
    return (await copy_out(connection, _NAMED, {"customer": pl.Int64}, q))["customer"]


async def read_roots(connection: Connection, customers: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The root identifier (kind, value) of customers by their numbers, of whom a number belongs to by now."""
    rows = await connection.fetch(
        "select i.id, r.kind, r.value from identifiers i join identifiers r on r.id = i.owner where i.id = any($1::bigint[])", customers
    )
    return {row["id"]: (row["kind"], row["value"]) for row in rows}


async def read_identifiers(connection: Connection, customers: list[int]) -> dict[int, list[tuple[str, str]]]:
    """The identifiers of customers, the root first."""
    rows = await connection.fetch(
        "select owner, kind, value from identifiers where owner = any($1::bigint[]) order by owner, id <> owner, kind, value", customers
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["owner"], []).append((row["kind"], row["value"]))
    return found


class Journey(NamedTuple):
    """A part of a customer's journey, each kind of rows in the customer's order. Times are in UTC, `traits` is JSON.

    The part holds everything after one instant up to `until`, inclusive; None is up to the end.
    """

    customer: int
    identifiers: list[tuple[str, str]]
    first_seen: datetime
    last_seen: datetime
    traits: bytes
    entries: list[Any]
    touches: list[Any]
    sessions: list[Any]
    events: list[Any]
    until: datetime | None


_EVENTS_OF = """from identifiers i join event_subjects s on s.subject = i.id
join events v on v.id = s.event and v.received_at = s.received_at"""
_UNTIL = """
select s.occurred_at from identifiers i join event_subjects s on s.subject = i.id
where i.owner = $1 and s.occurred_at > $2 order by s.occurred_at offset $3 limit 1
"""
_EVENTS = f"""
select v.id, v.message_id, v.type, v.name as event, v.occurred_at, v.anonymous_id, v.url, v.referrer, o.name as source
{_EVENTS_OF} join sources o on o.id = v.source_id
where i.owner = $1 and s.occurred_at > $2 and ($3::timestamptz is null or s.occurred_at <= $3)
order by v.occurred_at, v.sequence nulls last, v.position, v.message_id, v.id
"""

_WORTH = """
select event, value, currency from named_events
where customer = $1 and value is not null and occurred_at > $2 and ($3::timestamptz is null or occurred_at <= $3)
"""


def _part(table: str, instant: str, order: str, occurred_at: str | None = None) -> str:
    return f"""
    select v.message_id, v.name as event_name, d.* from {table} d join identifiers i on i.owner = d.customer
    join event_subjects s on s.subject = i.id and s.occurred_at = d.{occurred_at or instant} and s.event = d.event
    join events v on v.id = s.event and v.received_at = s.received_at
    where d.customer = $1 and d.{instant} > $2 and ($3::timestamptz is null or d.{instant} <= $3)
    order by {order}"""


_COME = """(select customer, event, position, stage, from_stage, entered_at, case when left_at <= $5 then left_at end as left_at, channel,
  utm_campaign, entered_at - make_interval(secs => case when stage = $6 then $7::float8 else 0 end) as occurred_at
  from entries where stage_model = $4 and entered_at <= $5)"""
_ENTRIES = _part(_COME, "entered_at", "d.position", "occurred_at")
_TOUCHES = _part("touches", "touched_at", "d.position")
_SESSIONS = _part("sessions", "started_at", "d.started_at, d.event")


async def read_journey(
    connection: Connection, identifier: int, kept: KeptModel, as_of: datetime, *, after: datetime | None, limit: int
) -> Journey | None:
    """The journey of the customer that owns an identifier, about `limit` events after an instant; None where nobody owns it.

    Entries that lie ahead of `as_of` are left out. Instants are in UTC.
    """
    head = await connection.fetchrow("select c.* from identifiers i join customers c on c.customer = i.owner where i.id = $1", identifier)
    if head is None:
        return None
    customer = head["customer"]
    since = after or datetime.min.replace(tzinfo=UTC)
    last = await connection.fetchval(_UNTIL, customer, since, limit - 1)
    more = last is not None and await connection.fetchval(_UNTIL, customer, last, 0) is not None
    until = last if more else None
    silence = kept.model.lapses_after.total_seconds() if kept.model.lapses_after else 0.0
    return Journey(
        customer=customer,
        identifiers=(await read_identifiers(connection, [customer]))[customer],
        first_seen=head["first_seen"],
        last_seen=head["last_seen"],
        traits=head["traits"],
        entries=await connection.fetch(_ENTRIES, customer, since, until, kept.id, as_of, kept.model.lapsed, silence),
        touches=await connection.fetch(_TOUCHES, customer, since, until),
        sessions=await connection.fetch(_SESSIONS, customer, since, until),
        events=await _events(connection, customer, since, until),
        until=until,
    )


async def _events(connection: Connection, customer: int, since: datetime, until: datetime | None) -> list[dict[str, Any]]:
    """Events with what each was worth, in millionths. A join would look through all of a customer's named events for each of the events."""
    paid = await connection.fetch(_WORTH, customer, since, until)
    worth = {row["event"]: {"value": row["value"], "currency": row["currency"]} for row in paid}
    nothing = {"value": None, "currency": None}
    events = [dict(row) for row in await connection.fetch(_EVENTS, customer, since, until)]
    return [{**event, **worth.get(event["id"], nothing)} for event in events]
