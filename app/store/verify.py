"""What is kept of customers and of events, read to be compared with what the events say."""

from collections.abc import Sequence
from uuid import UUID

import polars as pl

from app.domain.frames import INSTANT, Schema
from app.store.connect import Connection
from app.store.copy import columns, copy_out
from app.store.events import expressions
from app.store.identity import KEPT_ALIASES, KEPT_IDENTIFIERS, KEPT_LINKS
from app.store.shards import NAMING

SUBJECTS: Schema = {"customer": pl.Int64, "event": pl.String, "subject": pl.Int64, "occurred_at": INSTANT, "received_at": INSTANT}
IDENTIFIERS: Schema = {"customer": pl.Int64, **KEPT_IDENTIFIERS}
_EVENTS: Schema = {"event": pl.String, "received_at": INSTANT}
_EVERYBODY = " union ".join(
    ("select owner as customer from identifiers", *(f"select customer from {table}" for table in ("customers", "sessions", "touches"))),
)
_EVERYBODY += " union select customer from named_events union select customer from entries"


async def everybody(connection: Connection, limit: int | None, seed: int) -> list[tuple[int, int]]:
    """Everybody of whom anything is kept, or so many of them, as (customer, events), by number.

    All are equally likely to be among some, and the same seed finds the same ones again.
    """
    drawn = "order by hashint8extended(customer, $2), customer limit $1"
    rows = await connection.fetch(
        f"""select customer, coalesce(c.events, 0) as events from (select customer from ({_EVERYBODY}) as kept {drawn}) as picked
        left join customers c using (customer) order by customer""",
        limit,
        seed,
    )
    return [(row["customer"], row["events"]) for row in rows]


async def waiting(connection: Connection, customers: Sequence[int]) -> set[int]:
    """Those of some customers who wait to be derived, by their own marks or by one of an identifier of theirs."""
    rows = await connection.fetch(
        """select distinct c.id from touched t cross join unnest(t.identifiers) as m (id) left join identifiers i on i.id = m.id
        cross join lateral (values (m.id), (i.owner)) as c (id) where c.id = any($1::bigint[])""",
        list(customers),
    )
    return {row["id"] for row in rows}


async def identifiers_of(connection: Connection, customers: Sequence[int]) -> pl.DataFrame:
    """What customers own: a frame of IDENTIFIERS."""
    names = columns(IDENTIFIERS, {"customer": "owner", "identifier": "id"})
    return await copy_out(connection, f"select {names} from identifiers where owner = any($1::bigint[])", IDENTIFIERS, list(customers))


async def subjects_of(connection: Connection, customers: Sequence[int]) -> pl.DataFrame:
    """Whose events are said to be some customers': a frame of SUBJECTS."""
    query = f"""select {columns(SUBJECTS, {"customer": "i.owner"})} from identifiers i join event_subjects es on es.subject = i.id
        where i.owner = any($1::bigint[])"""
    return await copy_out(connection, query, SUBJECTS, list(customers))


async def subjects_kept(connection: Connection, expected: pl.DataFrame) -> pl.DataFrame:
    """Those rows of event_subjects that have the keys of a frame, whoever owns the subject: a frame of SUBJECTS."""
    query = f"""select {columns(SUBJECTS, {name: f"es.{name}" for name in SUBJECTS} | {"customer": "i.owner"})}
        from unnest($1::bigint[], $2::timestamptz[], $3::uuid[]) as k (subject, occurred_at, event)
        join event_subjects es on es.subject = k.subject and es.occurred_at = k.occurred_at and es.event = k.event
        join identifiers i on i.id = es.subject"""
    return await copy_out(connection, query, SUBJECTS, *(expected[name].to_list() for name in ("subject", "occurred_at", "event")))


async def links_of(connection: Connection, identifiers: Sequence[int]) -> pl.DataFrame:
    """The links from and to some identifiers, as they are kept."""
    query = f"select {columns(KEPT_LINKS.schema)} from links where weaker = any($1::bigint[]) or target = any($1::bigint[])"
    return await copy_out(connection, query, KEPT_LINKS.schema, list(identifiers))


async def aliases_of(connection: Connection, identifiers: Sequence[int]) -> pl.DataFrame:
    """The aliases of some user ids, as they are kept."""
    query = f"select {columns(KEPT_ALIASES.schema)} from aliases where user_id = any($1::bigint[])"
    return await copy_out(connection, query, KEPT_ALIASES.schema, list(identifiers))


async def events_beside(connection: Connection, identifiers: Sequence[int]) -> pl.DataFrame:
    """Events of others on which it rests what some identifiers are, as (event, received_at).

    That is the evidence of their links to others' identifiers, and the events of the user ids whose aliases name them.
    """
    query = f"""select {columns(_EVENTS)} from (
          select es.* from links l
          join event_subjects es on es.subject = l.target and es.occurred_at = l.linked_at and es.event = l.event
          where l.weaker = any($1::bigint[]) and l.target <> all($1::bigint[])
          union select es.* from aliases a join event_subjects es on es.subject = a.user_id
          where a.previous_id = any($1::bigint[]) and a.user_id <> all($1::bigint[])) as beside"""
    return await copy_out(connection, query, _EVENTS, list(identifiers))


async def count_events(connection: Connection) -> int:
    """How many events there are."""
    found: int = await connection.fetchval("select count(*) from events")
    return found


async def events_near(connection: Connection, points: Sequence[UUID]) -> pl.DataFrame:
    """The first event from each point on by id, as NAMING. Ids are digests: points drawn evenly find events evenly."""
    query = f"""select distinct on (e.id) {columns(NAMING, expressions())} from unnest($1::uuid[]) as p (id)
        cross join lateral (select * from events where id >= p.id order by id limit 1) as e join sources s on s.id = e.source_id"""
    return await copy_out(connection, query, NAMING, list(points))


async def waiting_events(connection: Connection, events: Sequence[str]) -> set[str]:
    """Those of some events that are not derived yet, or were put aside."""
    rows = await connection.fetch(
        "select distinct e.id::text as id from touched t cross join unnest(t.events) as e (id) where e.id = any($1::uuid[])", list(events)
    )
    return {row["id"] for row in rows}
