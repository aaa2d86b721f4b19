"""Derived rows: read beside what was derived afresh, and only what differs is written."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from app.domain.frames import CUSTOMERS, ENTRIES, NAMED_EVENTS, SESSIONS, TOUCHES
from app.domain.journeys.customers import canonical_traits
from app.store.connect import Connection
from app.store.copy import Kept, columns, copy_out, write_difference
from app.store.touched import BULK, HEAVY, LIVE

STORED_ENTRIES = {"stage_model": pl.Int16, **ENTRIES}


class Derived(NamedTuple):
    """What is derived of some customers: frames of CUSTOMERS, SESSIONS, TOUCHES, NAMED_EVENTS, and ENTRIES with their `stage_model`."""

    customers: pl.DataFrame
    sessions: pl.DataFrame
    touches: pl.DataFrame
    named_events: pl.DataFrame
    entries: pl.DataFrame


KEPT = (
    Kept("customers", CUSTOMERS, {"customer": "bigint"}),
    Kept("sessions", SESSIONS, {"customer": "bigint", "event": "uuid"}),
    Kept("touches", TOUCHES, {"customer": "bigint", "event": "uuid"}),
    Kept("named_events", NAMED_EVENTS, {"customer": "bigint", "place": "integer"}),
    Kept("entries", STORED_ENTRIES, {"stage_model": "smallint", "customer": "bigint", "position": "integer"}),
)


async def read_derived(connection: Connection, customers: Sequence[int], stage_models: Sequence[int]) -> Derived:
    """What is stored of some customers, entries of some stage models only."""
    frames = []
    for kept in KEPT:
        of_models = " and stage_model = any($2::smallint[])" if kept.table == "entries" else ""
        values = (list(customers), list(stage_models)) if of_models else (list(customers),)
        query = f"select {columns(kept.schema)} from {kept.table} where customer = any($1::bigint[]){of_models}"
        frames.append(await copy_out(connection, query, kept.schema, *values))
    return as_stored(frames)


def as_stored(frames: Iterable[pl.DataFrame]) -> Derived:
    """Stored rows of the tables in KEPT, in its order, to be compared with what is derived."""
    stored = Derived(*frames)
    return stored._replace(customers=stored.customers.with_columns(canonical_traits(stored.customers["traits"])))


async def write_derived(connection: Connection, stored: Derived, derived: Derived) -> set[int]:
    """Write what differs between stored and derived rows of the same customers; the customers that differ."""
    changed: set[int] = set()
    for kept, old, new in zip(KEPT, stored, derived, strict=True):
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


async def snapshot(connection: Connection, identifier: int | None = None) -> Snapshot:
    """Read first in a REPEATABLE READ transaction: what its answer is as of. Its own beginning, now(), lies before its snapshot.

    An answer about the customer who owns an identifier does not wait for others who have very many events and are derived alone.
    """
    row = await connection.fetchrow(
        f"""select least(now(), (
          select min(received_at) from touched t where queue in ({LIVE}, {BULK}) or queue = {HEAVY} and (
            $1::bigint is null or exists (select from identifiers i where i.id = $1 and i.owner = any(t.identifiers))))) as as_of,
        coalesce((select max(version) from changes), 0) as version, coalesce((select min(version) from changes), 0) as oldest""",
        identifier,
    )
    return Snapshot(row["as_of"], row["version"], row["oldest"])
