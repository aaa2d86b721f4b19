"""Shadows: empty temporary tables with the names of the real ones, in which an import can be tried and rolled back.

While a transaction stands in shadows no statement reaches a real table by its name, so that nobody could see it or wait for it. What
the trial needs of the real tables is copied first, as of the transaction's snapshot.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import polars as pl

from app.domain.identity.owners import Evidence
from app.store.bulk import ID_BYTES
from app.store.connect import Connection
from app.store.tables import metadata

ALIASED = ("user_id", "previous_id", "user_anonymous", "previous_anonymous")
"""The columns of an alias that name identifiers."""

_SMALL = ("sources", "stage_models", "struck_pairs", "blocked_values")
_OF_CUSTOMERS = ("customers", "sessions", "touches", "named_events", "entries")


class Shadows(NamedTuple):
    """Where the real tables are: the name of their schema."""

    real: str


@asynccontextmanager
async def standing_in_shadows(connection: Connection) -> AsyncIterator[Shadows]:
    """One REPEATABLE READ transaction whose names lead to shadows, rolled back at the end, whatever happens."""
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    try:
        shadows = Shadows(await connection.fetchval("select quote_ident(current_schema())"))
        await _cast(connection, shadows)
        yield shadows
    finally:
        await transaction.rollback()


@asynccontextmanager
async def looking_at_real(connection: Connection, shadows: Shadows) -> AsyncIterator[None]:
    """Names lead to the real tables for a while: for reading only."""
    await connection.execute(f"set local search_path = {shadows.real}, pg_temp")
    yield
    await connection.execute("set local search_path = pg_temp")


async def copy_message_ids(connection: Connection, shadows: Shadows, ids: bytes) -> None:
    """Know which of these ids, of 16 bytes each, are there already."""
    single = [UUID(bytes=ids[start : start + ID_BYTES]) for start in range(0, len(ids), ID_BYTES)]
    await connection.execute(
        f"insert into message_ids select id from {shadows.real}.message_ids where id = any($1::uuid[]) on conflict do nothing", single
    )


async def copy_identity(
    connection: Connection, shadows: Shadows, evidence: Evidence, asked: Collection[int], named: Collection[int]
) -> None:
    """Copy all that the owners of the identifiers `asked` follow from, and their customers with all of their identifiers and events.

    `named` are further identifiers, of which a row is copied where there is one; `evidence` is that of the identifiers asked.
    """
    links = evidence.links
    aliased = [evidence.aliases[column] for column in ALIASED]
    beside = pl.concat([links["weaker"], links["target"], *aliased]).unique().to_list()
    owned = [*asked, *evidence.settled["identifier"].to_list()]
    real = shadows.real
    await connection.execute(
        f"""insert into links select l.* from {real}.links l
        join unnest($1::bigint[], $2::bigint[], $3::boolean[]) as n (weaker, target, token) using (weaker, target, token)""",
        links["weaker"].to_list(),
        links["target"].to_list(),
        links["token"].to_list(),
    )
    await connection.execute(
        f"""insert into aliases select distinct a.* from {real}.aliases a
        join unnest($1::bigint[], $2::bigint[]) as n (user_id, previous_id) on (a.user_id, a.previous_id) = (n.user_id, n.previous_id)""",
        evidence.aliases["user_id"].to_list(),
        evidence.aliases["previous_id"].to_list(),
    )
    await connection.execute(
        f"""insert into identifiers select * from {real}.identifiers where id = any($1::bigint[])
        union select * from {real}.identifiers where owner in (select owner from {real}.identifiers where id = any($2::bigint[]))""",
        [*asked, *named, *beside],
        owned,
    )
    await _copy_customers(connection, shadows, owned)


async def forget_events(connection: Connection) -> None:
    """Forget what was written, but for the ids."""
    await connection.execute("truncate events, touched, failed_events, counts")


async def _cast(connection: Connection, shadows: Shadows) -> None:
    how = "including constraints including defaults including identity including indexes including generated"
    for name in metadata.tables:
        await connection.execute(f"create temporary table {name} (like {shadows.real}.{name} {how})")
    await connection.execute("create temporary table customers_before (customer bigint primary key)")
    await connection.execute("set local search_path = pg_temp")
    for name in _SMALL:
        await connection.execute(f"insert into {name} overriding system value select * from {shadows.real}.{name}")


async def _copy_customers(connection: Connection, shadows: Shadows, identifiers: Collection[int]) -> None:
    real = shadows.real
    await connection.execute(
        "insert into customers_before select distinct owner from identifiers where id = any($1::bigint[])", identifiers
    )
    await connection.execute(
        f"""insert into event_subjects select s.* from {real}.event_subjects s join identifiers i on i.id = s.subject
        join customers_before b on b.customer = i.owner"""
    )
    await connection.execute(
        f"insert into events select e.* from event_subjects s join {real}.events e on e.id = s.event and e.received_at = s.received_at"
    )
    for name in _OF_CUSTOMERS:
        await connection.execute(f"insert into {name} select t.* from {real}.{name} t join customers_before b using (customer)")
    await connection.execute("delete from customers_before b where not exists (select from customers c where c.customer = b.customer)")
    for name in ("identifiers", "links", "aliases", "events", "event_subjects", *_OF_CUSTOMERS):
        await connection.execute(f"analyze {name}")
