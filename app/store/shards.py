"""Everything there is, part by part: events as they lie in their tables, and customers by number with all that is kept of them."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from app.domain.frames import EVENTS, Schema
from app.store.connect import Connection
from app.store.copy import columns, copy_out
from app.store.events import EventColumns, expressions, read_events_of
from app.store.journeys import KEPT, Derived, as_stored
from app.store.tables import MONTHS

LAST = 2**63 - 1
"""No customer's number is greater."""

BLOCKS = 4_000
"""Blocks (of 8 KiB) of a table of events that are read at once."""

_IDENTIFYING = ("user_id", "anonymous_id", "previous_id", "email", "phone", "external_ids")
_TELLING_MACHINES = ("type", "name", "trusted", "user_agent", "request_agent", "device_kind", "mail")
NAMING: Schema = {name: EVENTS[name] for name in ("event", "source", "received_at", "occurred_at", *_IDENTIFYING, *_TELLING_MACHINES)}
"""The columns of frames.EVENTS that tell who an event names."""


class Stretch(NamedTuple):
    """Neighbouring blocks of a table of events, the last one excluded."""

    table: str
    first: int
    following: int


class Range(NamedTuple):
    """Customers by number: those after one, up to another one, included."""

    after: int
    until: int


async def stretches(connection: Connection, size: int = BLOCKS) -> list[Stretch]:
    """All tables of events, in parts of so many blocks."""
    rows = await connection.fetch(
        """select c.relname as name, pg_relation_size(c.oid) / current_setting('block_size')::bigint as blocks
        from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass order by c.relname"""
    )
    return [Stretch(row["name"], first, first + size) for row in rows for first in range(0, row["blocks"], size)]


async def read_stretch(connection: Connection, stretch: Stretch) -> pl.DataFrame:
    """The events of some blocks, as NAMING."""
    query = f"""select {columns(NAMING, expressions())} from {MONTHS}.{stretch.table} e join sources s on s.id = e.source_id
        where e.ctid >= '({stretch.first},0)' and e.ctid < '({stretch.following},0)'"""
    return await copy_out(connection, query, NAMING)


async def next_shard(connection: Connection, after: int, events: int) -> list[int]:
    """The next owners of identifiers and customers by number, as many as have about so many events; empty after the last."""
    rows = await connection.fetch(
        """with numbered as (
          select o.owner, sum(coalesce(c.events, 1)) over (order by o.owner) - coalesce(c.events, 1) as before from (
            (select distinct owner from identifiers where owner > $1 order by owner limit $2)
            union (select customer from customers where customer > $1 order by customer limit $2)
            order by owner limit $2) as o left join customers c on c.customer = o.owner)
        select owner from numbered where before < $2 order by owner""",
        after,
        events,
    )
    return [row["owner"] for row in rows]


async def read_shard_events(connection: Connection, customers: Range, wanted: EventColumns) -> pl.DataFrame:
    """The events of the customers in a range, with their `subject` and `customer`."""
    return await read_events_of(connection, "i.owner > $1 and i.owner <= $2", wanted, *customers)


async def read_shard_derived(connection: Connection, customers: Range, stage_models: Sequence[int]) -> Derived:
    """What is stored of the customers in a range, whether anybody owns their number or not; entries of some stage models only."""
    frames = []
    for kept in KEPT:
        of_models = " and stage_model = any($3::smallint[])" if kept.table == "entries" else ""
        values = (*customers, list(stage_models)) if of_models else customers
        query = f"select {columns(kept.schema)} from {kept.table} where customer > $1 and customer <= $2{of_models}"
        frames.append(await copy_out(connection, query, kept.schema, *values))
    return as_stored(frames)
