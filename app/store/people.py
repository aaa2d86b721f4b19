"""Single customers and lists of them, read by SQL in one snapshot each."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.store.connect import Connection


class Person(NamedTuple):
    """A customer in a list: its number, identifiers (kind, value), current stage in a model and since when (UTC)."""

    customer: int
    identifiers: list[tuple[str, str]]
    stage: str | None
    since: datetime | None
    first_seen: datetime
    last_seen: datetime


_FOUND = """
select c.customer, e.stage, e.entered_at as since, c.first_seen, c.last_seen from customers c
{join} entries e on e.customer = c.customer and e.stage_model = $1 and e.left_at is null
where not c.machine and c.customer > $2 {matching} {staged}
order by c.customer limit $3
"""
_MATCHING = """and c.customer in (
  select owner from identifiers where lower(value collate pg_c_utf8) >= lower({q} collate pg_c_utf8)
  and lower(value collate pg_c_utf8) < lower({q} collate pg_c_utf8) || chr(1114111))"""
_STAGED = "and left(e.stage, 64) = left({stage}, 64) and e.stage = {stage}"
_COUNT = "select count(*) from customers c {join} entries e on e.customer = c.customer and e.stage_model = $1 and e.left_at is null"


async def find_people(
    connection: Connection, stage_model: int, *, q: str | None, stage: str | None, after: int, limit: int
) -> list[Person]:
    """Customers by number, after one: with an identifier that begins with `q` (in any case), in a stage now."""
    matching = _MATCHING.format(q="$4") if q else "and $4::text is null"
    staged = _STAGED.format(stage="$5") if stage else "and $5::text is null"
    query = _FOUND.format(join="join" if stage else "left join", matching=matching, staged=staged)
    rows = await connection.fetch(query, stage_model, after, limit, q, stage)
    identifiers = await read_identifiers(connection, [row["customer"] for row in rows])
    return [Person(row["customer"], identifiers.get(row["customer"], []), *list(row.values())[1:]) for row in rows]


async def count_people(connection: Connection, stage_model: int, *, q: str | None, stage: str | None) -> int:
    """How many customers a list has, all pages together."""
    matching = _MATCHING.format(q="$2") if q else "and $2::text is null"
    staged = _STAGED.format(stage="$3") if stage else "and $3::text is null"
    query = f"{_COUNT.format(join='join' if stage else 'left join')} where not c.machine {matching} {staged}"
    found: int = await connection.fetchval(query, stage_model, q, stage)
    return found


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
select v.message_id, v.type, v.name as event, v.occurred_at, v.url, o.name as source {_EVENTS_OF} join sources o on o.id = v.source_id
where i.owner = $1 and s.occurred_at > $2 and ($3::timestamptz is null or s.occurred_at <= $3)
order by v.occurred_at, v.sequence nulls last, v.position, v.message_id, v.id
"""


def _part(table: str, instant: str, order: str) -> str:
    return f"""
    select v.message_id, v.name as event_name, d.* from {table} d join identifiers i on i.owner = d.customer
    join event_subjects s on s.subject = i.id and s.occurred_at = d.{instant} and s.event = d.event
    join events v on v.id = s.event and v.received_at = s.received_at
    where d.customer = $1 and d.{instant} > $2 and ($3::timestamptz is null or d.{instant} <= $3)
    order by {order}"""


_ENTRIES = _part("(select * from entries where stage_model = $4)", "entered_at", "d.position")
_TOUCHES = _part("touches", "touched_at", "d.position")
_SESSIONS = _part("sessions", "started_at", "d.started_at, d.event")


async def read_journey(connection: Connection, identifier: int, stage_model: int, after: datetime | None, limit: int) -> Journey | None:
    """The journey of the customer that owns an identifier, about `limit` events after an instant (UTC); None where nobody owns it."""
    head = await connection.fetchrow("select c.* from identifiers i join customers c on c.customer = i.owner where i.id = $1", identifier)
    if head is None:
        return None
    customer = head["customer"]
    since = after or datetime.min.replace(tzinfo=UTC)
    last = await connection.fetchval(_UNTIL, customer, since, limit - 1)
    more = last is not None and await connection.fetchval(_UNTIL, customer, last, 0) is not None
    until = last if more else None
    return Journey(
        customer=customer,
        identifiers=(await read_identifiers(connection, [customer]))[customer],
        first_seen=head["first_seen"],
        last_seen=head["last_seen"],
        traits=head["traits"],
        entries=await connection.fetch(_ENTRIES, customer, since, until, stage_model),
        touches=await connection.fetch(_TOUCHES, customer, since, until),
        sessions=await connection.fetch(_SESSIONS, customer, since, until),
        events=await connection.fetch(_EVENTS, customer, since, until),
        until=until,
    )
