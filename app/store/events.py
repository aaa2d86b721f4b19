"""Events: written ids first, so that (source, messageId) is unique for ever; read as frames for the rules."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple, TypeAlias

import polars as pl
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql

from app.domain.arriving.events import Event
from app.domain.documents import split_path
from app.domain.frames import EVENTS, INSTANT, Schema
from app.domain.journeys import mail
from app.store.accounts import Received
from app.store.connect import Connection
from app.store.copy import columns, copy_out
from app.store.tables import MONTHS
from app.store.tables.facts import events

ONE_STATEMENT_MAX = 200
_MONTHS_LOCK = 0x4D4F4E


Span: TypeAlias = tuple[datetime, datetime]
"""From the first to the last instant (UTC), both included."""


_NAMES = Event._fields
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_TYPES = {column.name: column.type.compile(dialect=_DIALECT).split(" COLLATE")[0] for column in events.columns}
_ARRAYS = ", ".join(f"${index}::{_TYPES[name]}[]" for index, name in enumerate(_NAMES, start=1))
_LIST = ", ".join(_NAMES)

_FEW = f"""
with arrived as materialized (select * from unnest({_ARRAYS}) as a ({_LIST})),
fresh as (insert into message_ids select id from arrived order by id on conflict do nothing returning id),
stored as (insert into events ({_LIST}) select {", ".join("a." + name for name in _NAMES)} from arrived a join fresh using (id)),
marked as (
  insert into touched (queue, received_at, received_to, events)
  select ${len(_NAMES) + 1}, min(a.received_at), max(a.received_at), array_agg(a.id) from arrived a join fresh using (id)
  having count(*) > 0)"""
_WRITE_FEW = f"{_FEW} select id from fresh"
_WRITE_AND_COUNT_FEW = f"""{_FEW},
received as (
  select * from unnest(${len(_NAMES) + 2}::smallint[], ${len(_NAMES) + 3}::timestamptz[], ${len(_NAMES) + 4}::bigint[])
  as r (source_id, at, events)),
counted as (
  insert into counts (source_id, at, received, stored, duplicate, failed)
  select r.source_id, r.at, r.events, count(f.id), r.events - count(f.id), 0
  from received r left join arrived a using (source_id) left join fresh f on f.id = a.id group by r.source_id, r.at, r.events)
select id from fresh
"""
_WRITE_IDS = "insert into message_ids select id from unnest($1::uuid[]) as a (id) order by id on conflict do nothing returning id"
_MARK = "insert into touched (queue, received_at, received_to, events) values ($1, $2, $3, $4)"


async def write_events(connection: Connection, arrived: Sequence[Event], queue: int) -> set[uuid.UUID]:
    """Write events whose ids differ, and mark them as touched; the ids that were not there before. The caller owns the transaction."""
    if not arrived:
        return set()
    if len(arrived) <= ONE_STATEMENT_MAX:
        rows = await connection.fetch(_WRITE_FEW, *(list(column) for column in zip(*arrived, strict=True)), queue)
        return {row["id"] for row in rows}
    return await _write_many(connection, arrived, queue)


async def write_few(connection: Connection, arrived: Sequence[Event], queue: int, received: Sequence[Received]) -> set[uuid.UUID]:
    """Write up to 200 events as `write_events` does, and the counts of a write that refused none, in one statement."""
    values = [list(column) for rows in (arrived, received) for column in zip(*rows, strict=True)]
    fresh = await connection.fetch(_WRITE_AND_COUNT_FEW, *values[: len(_NAMES)], queue, *values[len(_NAMES) :])
    return {row["id"] for row in fresh}


async def _write_many(connection: Connection, arrived: Sequence[Event], queue: int) -> set[uuid.UUID]:
    rows = await connection.fetch(_WRITE_IDS, [event.id for event in arrived])
    fresh = {row["id"] for row in rows}
    survivors = [event for event in arrived if event.id in fresh]
    await connection.copy_records_to_table("events", records=survivors, columns=_NAMES)
    if survivors:
        instants = [event.received_at for event in survivors]
        await connection.execute(_MARK, queue, min(instants), max(instants), [event.id for event in survivors])
    return fresh


async def ensure_months(connection: Connection, first: datetime, count: int = 3) -> None:
    """Make sure that the partitions of `count` months exist, from the one that `first` (UTC) lies in; writing goes on meanwhile."""
    month = first.astimezone(UTC).year * 12 + first.astimezone(UTC).month - 1
    for number in range(month, month + count):
        name = f"events_{number // 12:04}_{number % 12 + 1:02}"
        if not await _has_month(connection, name):
            async with connection.transaction():
                await _add_month(connection, name, number)


async def _add_month(connection: Connection, name: str, number: int) -> None:
    await connection.execute("select pg_advisory_xact_lock($1)", _MONTHS_LOCK)
    if not await _has_month(connection, name):
        await connection.execute(f"create table {MONTHS}.{name} (like events)")
        bounds = f"from ('{_first_day(number)}') to ('{_first_day(number + 1)}')"
        await connection.execute(f"alter table events attach partition {MONTHS}.{name} for values {bounds}")


async def _has_month(connection: Connection, name: str) -> bool:
    """Read from the catalogue itself: within a transaction to_regclass may go on missing what another one has made."""
    found: bool = await connection.fetchval(
        "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2)",
        MONTHS,
        name,
    )
    return found


def _first_day(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}-01 00:00:00+00"


def _if_text(path: str) -> str:
    return f"case jsonb_typeof(e.body #> '{{{path}}}') when 'string' then e.body #>> '{{{path}}}' end"


def _if_track(*properties: str) -> str:
    found = ", ".join(f"nullif(e.body #>> '{{properties,{name}}}', '')" for name in properties)
    return f"case when e.type = 'track' then coalesce({found}) end"


TRAITS = """case when e.type <> 'identify' then null
        when jsonb_typeof(e.body -> 'traits') = 'object' then e.body ->> 'traits'
        when jsonb_typeof(e.body #> '{context,traits}') = 'object' then e.body #>> '{context,traits}' end"""
"""What an identify event `e` says of its customer, as JSON text; null where it says nothing."""

_CAMPAIGN = {f"campaign_{part}": _if_text(f"context,campaign,{part}") for part in ("source", "medium", "name", "term", "content")}
_EXPRESSIONS = {
    **{name: f"e.{name}" for name in EVENTS},
    "event": "e.id",
    "source": "e.source_id",
    "trusted": "(s.kind = 'trusted')",
    "external_ids": "case jsonb_typeof(e.body #> '{context,externalIds}') when 'array' then e.body #>> '{context,externalIds}' end",
    "url": "coalesce(e.url, e.body #>> '{properties,url}')",
    "referrer": "coalesce(e.referrer, e.body #>> '{properties,referrer}')",
    **_CAMPAIGN,
    "touchpoint_channel": _if_text("properties,touchpoint_channel"),
    "has_page": "(jsonb_typeof(e.body #> '{context,page}') = 'object') is true",
    "has_device": "(jsonb_typeof(e.body #> '{context,device}') = 'object') is true",
    "device_kind": "e.body #>> '{context,device,type}'",
    "country": "e.body #>> '{context,location,country}'",
    "click": "e.body #>> '{context,click}'",
    "value": _if_track("revenue", "value", "total"),
    "currency": _if_track("currency"),
    "rating": _if_track("rating", "score"),
    "traits": TRAITS,
}
_MEMBERSHIP: Schema = {"event": pl.String, "received_at": INSTANT, "subject": pl.Int64, "customer": pl.Int64}
_COLUMN_OF_PATH: dict[tuple[str, ...], str] = {("context", "page", "url"): "url", ("context", "page", "referrer"): "referrer"}
_TOP_LEVEL = {"type": "type", "event": "name", "userId": "user_id", "anonymousId": "anonymous_id", "messageId": "message_id"}


class EventColumns(NamedTuple):
    """Select list and schema of an events frame."""

    select: str
    schema: Schema


def event_columns(paths: Iterable[tuple[str, tuple[str, ...]]] = ()) -> EventColumns:
    """Select list and schema of an events frame, with the value and the JSON type of every path that a rule reads.

    The list names events `e` and sources `s`. A path comes as (its text, its parts).
    """
    schema, stated = dict(EVENTS), expressions()
    for text, parts in paths:
        for prefix, expression in (("where", _value(parts)), ("where_type", _value_type(parts))):
            schema[f"{prefix}:{text}"] = pl.String
            stated[f"{prefix}:{text}"] = expression
    return EventColumns(columns(schema, stated), schema)


def expressions() -> dict[str, str]:
    """How each column of frames.EVENTS is read from events `e` and sources `s`."""
    return {**_EXPRESSIONS, "mail": _mail()}


@cache
def _mail() -> str:
    """What an event tells of a mail, as JSON (see `mail.FACTS`). Few do, so that only those whose name may say so are looked into."""
    message, link, flag = (
        [f"nullif({_value(split_path(path))}, '')" for path in mail.lists()[fact]] for fact in ("message", "link", "flag")
    )
    return f"""case when e.type = 'track' and lower(e.name) ~ '^[^a-z0-9]*({"|".join(mail.first_words())})' then jsonb_build_object(
        'ip', e.ip, 'method', e.body #>> '{{context,request,method}}', 'message', coalesce({", ".join(message)}),
        'link', coalesce({", ".join(link)}), 'flag', coalesce({", ".join(f"nullif({one}, 'false')" for one in flag)}))::text end"""


def _value(parts: tuple[str, ...]) -> str:
    column = _column(parts)
    return f"e.{column}" if column else f"e.body #>> {_path(parts)}"


def _value_type(parts: tuple[str, ...]) -> str:
    column = _column(parts)
    return f"case when e.{column} is not null then 'string' end" if column else f"jsonb_typeof(e.body #> {_path(parts)})"


def _column(parts: tuple[str, ...]) -> str | None:
    return _TOP_LEVEL.get(parts[0]) if len(parts) == 1 else _COLUMN_OF_PATH.get(parts)


def _path(parts: tuple[str, ...]) -> str:
    return "array[" + ", ".join("'" + part.replace("'", "''") + "'" for part in parts) + "]::text[]"


async def read_touched_events(connection: Connection, marks: Sequence[int], span: Span, wanted: EventColumns) -> pl.DataFrame:
    """The events that touched rows name and that are still there, all received within a span."""
    ids = "array(select unnest(events) from touched where id = any($3::bigint[]))"
    return await copy_out(connection, _events_of(ids, wanted.select), wanted.schema, *span, list(marks))


async def read_events(connection: Connection, ids: Sequence[str | uuid.UUID], span: Span, wanted: EventColumns) -> pl.DataFrame:
    """The events of these ids, all received within a span."""
    return await copy_out(connection, _events_of("$3::uuid[]", wanted.select), wanted.schema, *span, list(ids))


def _events_of(ids: str, select: str) -> str:
    """The span is for the plan, which leaves months out by it; the ids as one array are looked up in the order of the index."""
    return f"""select {select} from events e join sources s on s.id = e.source_id
        where e.id = any({ids}) and e.received_at between $1::timestamptz and $2::timestamptz"""


async def read_membership(connection: Connection, customers: Sequence[int]) -> pl.DataFrame:
    """The events of some customers as (event, received_at, subject, customer)."""
    query = f"""select {columns(_MEMBERSHIP, {"customer": "i.owner"})} from identifiers i join event_subjects es on es.subject = i.id
        where i.owner = any($1::bigint[])"""
    return await copy_out(connection, query, _MEMBERSHIP, list(customers))


async def read_events_of(connection: Connection, owner: str, wanted: EventColumns, *values: object) -> pl.DataFrame:
    """All events of the customers that a condition on `i.owner` names, with their `subject` and `customer`."""
    query = f"""select {wanted.select}, es.subject, i.owner as customer from identifiers i join event_subjects es on es.subject = i.id
        join events e on e.id = es.event and e.received_at = es.received_at join sources s on s.id = e.source_id where {owner}"""
    return await copy_out(connection, query, {**wanted.schema, "subject": pl.Int64, "customer": pl.Int64}, *values)


async def read_months(connection: Connection) -> list[tuple[datetime, datetime]]:
    """The months (UTC, half open) in which events were received."""
    row = await connection.fetchrow("select min(received_at) as first, max(received_at) as last from events")
    if row["first"] is None:
        return []
    rows = await connection.fetch(
        """select month at time zone 'UTC' as first, (month + interval '1 month') at time zone 'UTC' as next from generate_series(
        date_trunc('month', $1::timestamptz at time zone 'UTC'), $2::timestamptz at time zone 'UTC', interval '1 month') as month""",
        row["first"],
        row["last"],
    )
    return [(month["first"], month["next"]) for month in rows]


async def read_month(connection: Connection, first: datetime, following: datetime) -> pl.DataFrame:
    """All events received in [first, following), as frames.EVENTS."""
    select, schema = event_columns()
    query = f"""select {select} from events e join sources s on s.id = e.source_id
        where e.received_at >= $1::timestamptz and e.received_at < $2::timestamptz"""
    return await copy_out(connection, query, schema, first, following)
