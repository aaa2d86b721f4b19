"""Live events: what happened just now, kept for minutes, and only while somebody listens."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from app.domain.frames import Schema
from app.store.connect import Connection
from app.store.copy import copy_out
from app.store.touched import LIVE

LISTENER_SECONDS = 10.0
"""How long a listener counts who does not say that it goes on listening."""

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
FAILED = "failed"
DERIVED = "derived"
LEFT_OUT = "left_out"


class Told(NamedTuple):
    """Something to tell: its kind, the source concerned, and a JSON document of what there is to say."""

    kind: str
    source_id: int
    document: bytes


class LiveEvent(NamedTuple):
    """Something told, by its number. `at` is in UTC; `source` is the source's name."""

    id: int
    at: datetime
    kind: str
    source: str
    document: bytes


async def begin_listening(connection: Connection) -> int:
    """Let the collectors and the worker tell what happens; the number of this listener."""
    listener: int = await connection.fetchval(
        "insert into listeners (expires_at) values (now() + $1) returning id", timedelta(seconds=LISTENER_SECONDS)
    )
    return listener


async def keep_listening(connection: Connection, listener: int) -> bool:
    """Whether the listener was still known, and goes on being so."""
    done: str = await connection.execute(
        "update listeners set expires_at = now() + $2 where id = $1 and expires_at > now()", listener, timedelta(seconds=LISTENER_SECONDS)
    )
    return done == "UPDATE 1"


async def stop_listening(connection: Connection, listener: int) -> None:
    await connection.execute("delete from listeners where id = $1", listener)


async def somebody_listens(connection: Connection) -> bool:
    found: bool = await connection.fetchval("select exists (select from listeners where expires_at > now())")
    return found


async def append_live(connection: Connection, told: Sequence[Told]) -> None:
    """Append what there is to tell; the caller owns the transaction."""
    if told:
        await connection.execute(
            """insert into live_events (kind, source_id, document)
            select * from unnest($1::text[], $2::smallint[], $3::jsonb[])""",
            *(list(column) for column in zip(*told, strict=True)),
        )


async def newest_live(connection: Connection) -> int:
    """The number of the newest live event, whether or not it is kept and committed; 0 where there never was one."""
    found: int = await connection.fetchval("select coalesce(pg_sequence_last_value(pg_get_serial_sequence('live_events', 'id')), 0)")
    return found


async def read_live(connection: Connection, after: int, missed: Sequence[int], limit: int) -> list[LiveEvent]:
    """Live events after one, the first so many of them, and those of `missed` that are there by now."""
    rows = await connection.fetch(
        """select l.id, l.at, l.kind, s.name as source, l.document from (
          (select * from live_events where id > $1 order by id limit $3)
          union all select * from live_events where id = any($2::bigint[])) as l
        join sources s on s.id = l.source_id order by l.id""",
        after,
        missed,
        limit,
    )
    return [LiveEvent(*row.values()) for row in rows]


async def read_latest(connection: Connection, after: int, until: int, limit: int) -> tuple[int, list[LiveEvent]]:
    """The latest live events after one and up to another, so many at most; and how many there are before them."""
    rows = await connection.fetch(
        """select l.id, l.at, l.kind, s.name as source, l.document, count(*) over () as events from live_events l
        join sources s on s.id = l.source_id where l.id > $1 and l.id <= $2 order by l.id desc limit $3""",
        after,
        until,
        limit,
    )
    return (rows[0]["events"] - len(rows) if rows else 0), [LiveEvent(*list(row.values())[:5]) for row in reversed(rows)]


async def prune_live(connection: Connection, kept: timedelta, rows: int) -> None:
    """Forget live events that are older, and all but the newest so many; and listeners that are gone."""
    await connection.execute("delete from listeners where expires_at < now()")
    await connection.execute(
        "delete from live_events where at < now() - $1::interval or id <= (select max(id) from live_events) - $2", kept, rows
    )


_NEW = f"""
from touched t cross join lateral unnest(t.events) as n (id)
join events e on e.id = n.id and e.received_at between t.received_at and t.received_to
join sources s on s.id = e.source_id where t.id = any($1::bigint[]) and t.queue = {LIVE}"""


async def read_new_events(connection: Connection, marks: Sequence[int], limit: int, select: str, schema: Schema) -> pl.DataFrame:
    """The events that live touched rows name, so many at most, as a frame of `event_columns`."""
    return await copy_out(connection, f"select {select} {_NEW} limit {limit}", schema, list(marks))


async def count_new_events(connection: Connection, marks: Sequence[int]) -> dict[int, int]:
    """How many events live touched rows name, by source."""
    rows = await connection.fetch(f"select e.source_id, count(*) as events {_NEW} group by e.source_id order by e.source_id", marks)
    return {row["source_id"]: row["events"] for row in rows}


class Verdict(NamedTuple):
    """What was derived of one event: subject and customer by kind and value, the touch that it is, the machine that it is of, its entries.

    An entry is a model, a stage and the stage before; a touch is told by its kind, a machine by the rule that named it.
    """

    event: str
    subject: tuple[str, str]
    customer: tuple[str, str]
    touch: str | None
    machine_rule: str | None
    entries: list[tuple[str, str, str | None]]


_VERDICTS = """
select n.event::text, i.kind, i.value, o.kind as owner_kind, o.value as owner_value, t.kind as touch, t.machine_rule,
  array(select row(m.name, e.stage, e.from_stage) from stage_models m join entries e on e.stage_model = m.id
    where m.state = 'active' and e.customer = i.owner and e.event = n.event
    and exists (select from event_subjects s where s.subject = n.subject and s.occurred_at = e.entered_at and s.event = n.event)
    order by m.name) as entries
from unnest($1::uuid[], $2::bigint[]) as n (event, subject)
join identifiers i on i.id = n.subject and i.owner <> all($3::bigint[]) join identifiers o on o.id = i.owner
left join touches t on t.customer = i.owner and t.event = n.event"""


async def read_verdicts(connection: Connection, events: Sequence[str], subjects: Sequence[int], without: Sequence[int]) -> list[Verdict]:
    """What is derived of events by now, each with its subject; without those of some customers."""
    rows = await connection.fetch(_VERDICTS, events, subjects, without)
    return [
        Verdict(
            row["event"],
            (row["kind"], row["value"]),
            (row["owner_kind"], row["owner_value"]),
            row["touch"],
            row["machine_rule"],
            [tuple(entry) for entry in row["entries"]],
        )
        for row in rows
    ]
