"""Derived rows: read beside what was derived afresh, and only what differs is written."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from app.domain.customers import canonical_traits
from app.domain.frames import CUSTOMERS, ENTRIES, NAMED_EVENTS, SESSIONS, TOUCHES
from app.store.connect import Connection
from app.store.copy import Kept, columns, copy_out, write_difference

LAST = 2**63 - 1
"""No customer's number is greater."""

STORED_ENTRIES = {"stage_model": pl.Int16, **ENTRIES}


class Derived(NamedTuple):
    """What is derived of some customers: frames of CUSTOMERS, SESSIONS, TOUCHES, NAMED_EVENTS, and ENTRIES with their `stage_model`."""

    customers: pl.DataFrame
    sessions: pl.DataFrame
    touches: pl.DataFrame
    named_events: pl.DataFrame
    entries: pl.DataFrame


_KEPT = (
    Kept("customers", CUSTOMERS, {"customer": "bigint"}),
    Kept("sessions", SESSIONS, {"customer": "bigint", "event": "uuid"}),
    Kept("touches", TOUCHES, {"customer": "bigint", "event": "uuid"}),
    Kept("named_events", NAMED_EVENTS, {"customer": "bigint", "place": "integer"}),
    Kept("entries", STORED_ENTRIES, {"stage_model": "smallint", "customer": "bigint", "position": "integer"}),
)


async def read_derived(connection: Connection, customers: Sequence[int], stage_models: Sequence[int]) -> Derived:
    """What is stored of some customers, entries of some stage models only."""
    frames = []
    for kept in _KEPT:
        of_models = " and stage_model = any($2::smallint[])" if kept.table == "entries" else ""
        values = (list(customers), list(stage_models)) if of_models else (list(customers),)
        query = f"select {columns(kept.schema)} from {kept.table} where customer = any($1::bigint[]){of_models}"
        frames.append(await copy_out(connection, query, kept.schema, *values))
    stored = Derived(*frames)
    return stored._replace(customers=stored.customers.with_columns(canonical_traits(stored.customers["traits"])))


async def write_derived(connection: Connection, stored: Derived, derived: Derived) -> set[int]:
    """Write what differs between stored and derived rows of the same customers; the customers that differ."""
    changed: set[int] = set()
    for kept, old, new in zip(_KEPT, stored, derived, strict=True):
        gone, fresh = await write_difference(connection, kept, old, new)
        changed.update(gone["customer"], fresh["customer"])
    return changed


async def append_changes(connection: Connection, customers: Sequence[int]) -> None:
    """Tell the resident frames which customers to read again."""
    await connection.execute("insert into changes (customer) select unnest($1::bigint[])", list(customers))


async def changed_since(connection: Connection, version: int) -> list[int]:
    """The customers that changed after a version."""
    rows = await connection.fetch("select distinct customer from changes where version > $1", version)
    return [row["customer"] for row in rows]


async def prune_changes(connection: Connection, keep: int) -> None:
    """Forget all but the latest `keep` versions; a reader that is further behind loads everything again."""
    await connection.execute("delete from changes where version <= (select max(version) from changes) - $1", keep)


async def derived_before(connection: Connection, customers: Sequence[int]) -> dict[int, int]:
    """How many events each of some customers had when last derived. Nothing is stored of those who are left out."""
    rows = await connection.fetch("select customer, events from customers where customer = any($1::bigint[])", list(customers))
    return {row["customer"]: row["events"] for row in rows}


async def has_customers(connection: Connection) -> bool:
    found: bool = await connection.fetchval("select exists (select from customers) or exists (select from touched)")
    return found


async def delete_retired_entries(connection: Connection, limit: int) -> None:
    """Delete entries of stage models that are retired, so many at a time."""
    await connection.execute(
        """delete from entries where ctid = any(array(
          select e.ctid from entries e join stage_models m on m.id = e.stage_model where m.state = 'retired' limit $1))""",
        limit,
    )


async def next_shard(connection: Connection, after: int | None, events: int) -> list[int]:
    """The next owners of identifiers and customers by number, as many as have about so many events; empty after the last."""
    rows = await connection.fetch(
        """with numbered as (
          select o.owner, sum(coalesce(c.events, 1)) over (order by o.owner) - coalesce(c.events, 1) as before from (
            (select distinct owner from identifiers where owner > $1 order by owner limit $2)
            union (select customer from customers where customer > $1 order by customer limit $2)
            order by owner limit $2) as o left join customers c on c.customer = o.owner)
        select owner from numbered where before < $2 order by owner""",
        -1 if after is None else after,
        events,
    )
    return [row["owner"] for row in rows]


async def delete_strays(connection: Connection, after: int | None, shard: Sequence[int]) -> set[int]:
    """Delete rows of customers who are none: after one shard's end up to the next one's, or to the last of all; whose rows they were."""
    strays: set[int] = set()
    for kept in _KEPT:
        rows = await connection.fetch(
            f"delete from {kept.table} where customer > $1 and customer <= $2 and customer <> all($3::bigint[]) returning customer",
            -1 if after is None else after,
            shard[-1] if shard else LAST,
            shard,
        )
        strays.update(row["customer"] for row in rows)
    return strays


class Totals(NamedTuple):
    """How many people there are, and how many sessions of theirs."""

    customers: int
    sessions: int


async def totals(connection: Connection) -> Totals:
    row = await connection.fetchrow(
        """select (select count(*) from customers where not machine) as customers,
        (select count(*) from sessions where not machine) as sessions"""
    )
    return Totals(row["customers"], row["sessions"])


class Snapshot(NamedTuple):
    """The instant of a snapshot (UTC) up to which every acknowledged event is in the derived rows, and their version."""

    as_of: datetime
    version: int
    oldest: int


async def snapshot(connection: Connection) -> Snapshot:
    """Read first in a REPEATABLE READ transaction: what its answer is as of. Its own beginning, now(), lies before its snapshot."""
    row = await connection.fetchrow(
        """select least(now(), (select min(received_at) from touched where queue < 3)) as as_of,
        coalesce((select max(version) from changes), 0) as version, coalesce((select min(version) from changes), 0) as oldest"""
    )
    return Snapshot(row["as_of"], row["version"], row["oldest"])
