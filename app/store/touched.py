"""The queue between collectors, which only append, and the worker, which deletes exactly the rows that it read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.store.connect import Connection

LIVE, HEAVY, BULK, BACKGROUND, HEAVY_BACKGROUND, STUCK = range(6)
"""Queues in the order in which the worker serves them; a row from the background on holds no answer's `as_of` back.

A row in the last one names what cannot be derived as it is: it waits for `try_again`.
"""

SHARD = 500
"""Customers that one background row names."""


class Marks(NamedTuple):
    """Touched rows that one round works off: their ids, the identifiers that they name, and how many events they are about.

    The events that they name were received within `span`, first and last instant (UTC); it is None where they name none.
    """

    ids: list[int]
    identifiers: list[int]
    events: int
    span: tuple[datetime, datetime] | None = None


async def read_marks(connection: Connection, budget: int, bulk_budget: int) -> Marks:
    """The oldest touched rows of the first queues, until about `budget` events are named; heavy ones are read by `read_heavy`.

    Once no live row is left, others are added until there are `bulk_budget`.
    """
    rows = await connection.fetch(
        f"""select id, queue, coalesce(cardinality(events), 10 * cardinality(identifiers)) as weight, identifiers,
        case when events is not null then received_at end as since, received_to
        from touched where queue in ({LIVE}, {BULK}, {BACKGROUND}) order by queue, id limit 1000"""
    )
    weight, number = 0, 0
    for row in rows:
        if number and weight + row["weight"] > (budget if row["queue"] == LIVE else bulk_budget):
            break
        weight += row["weight"]
        number += 1
    taken = rows[:number]
    identifiers = [identifier for row in taken for identifier in row["identifiers"] or ()]
    spans = [(row["since"], row["received_to"]) for row in taken if row["since"]]
    span = (min(since for since, _ in spans), max(until for _, until in spans)) if spans else None
    return Marks([row["id"] for row in taken], identifiers, weight, span)


async def read_heavy(connection: Connection) -> Marks:
    """All rows of the customer that waits longest to be derived alone."""
    rows = await connection.fetch(
        f"""select id, identifiers from touched where queue in ({HEAVY}, {HEAVY_BACKGROUND}) and identifiers =
        (select identifiers from touched where queue in ({HEAVY}, {HEAVY_BACKGROUND}) order by id limit 1)"""
    )
    return Marks([row["id"] for row in rows], list({identifier for row in rows for identifier in row["identifiers"]}), 0)


async def mark_heavy(connection: Connection, marks: Sequence[int], customers: Iterable[int]) -> None:
    """Append a row for each customer that is to be derived alone on account of some rows; a second one on account of background rows."""
    await connection.execute(
        f"""insert into touched (queue, received_at, identifiers)
        select case queue when {BACKGROUND} then {HEAVY_BACKGROUND} else {HEAVY} end as heavy, min(received_at), array[customer]
        from touched cross join unnest($2::bigint[]) as customer where id = any($1::bigint[]) group by heavy, customer""",
        marks,
        sorted(customers),
    )


async def mark_everybody(connection: Connection) -> int:
    """Mark every customer in the background queue, in shards; how many rows that made."""
    done = await connection.execute(
        f"""insert into touched (queue, received_at, identifiers)
        select {BACKGROUND}, now(), array_agg(customer) from (
          select customer, row_number() over (order by customer) / {SHARD} as shard from customers) as numbered
        group by shard order by shard"""
    )
    return int(done.split()[-1])


async def mark_customers(connection: Connection, queue: int, customers: Iterable[int]) -> None:
    """Append rows for some customers, in shards."""
    await connection.execute(
        f"""insert into touched (queue, received_at, identifiers)
        select $1, now(), array_agg(customer) from unnest($2::bigint[]) with ordinality as c (customer, place)
        group by place / {SHARD} order by place / {SHARD}""",
        queue,
        sorted(customers),
    )


async def delete_marks(connection: Connection, ids: Sequence[int]) -> None:
    await connection.execute("delete from touched where id = any($1::bigint[])", ids)


async def background_left(connection: Connection) -> int:
    left: int = await connection.fetchval("select count(*) from touched where queue in ($1, $2)", BACKGROUND, HEAVY_BACKGROUND)
    return left


async def background_customers(connection: Connection) -> int:
    """How many customers wait to be derived in the background; who waits twice counts twice."""
    left: int = await connection.fetchval(
        "select coalesce(sum(cardinality(identifiers)), 0) from touched where queue in ($1, $2)", BACKGROUND, HEAVY_BACKGROUND
    )
    return left


async def backlog(connection: Connection) -> int:
    """Touched rows that hold an answer's `as_of` back."""
    left: int = await connection.fetchval("select count(*) from touched where queue < $1", BACKGROUND)
    return left


async def read_event_ids(connection: Connection, mark: int) -> list[UUID]:
    """The events that a touched row names."""
    ids: list[UUID] | None = await connection.fetchval("select events from touched where id = $1", mark)
    return ids or []


async def put_events_aside(connection: Connection, mark: int, events: Sequence[UUID]) -> None:
    """Move events of a touched row aside, each to a row of its own."""
    await connection.execute(
        f"""with kept as (
          update touched set events = array(select unnest(events) except select unnest($2::uuid[])) where id = $1
          returning received_at, received_to)
        insert into touched (queue, received_at, received_to, events)
        select {STUCK}, received_at, received_to, array[event] from kept cross join unnest($2::uuid[]) as event""",
        mark,
        events,
    )


async def put_customers_aside(connection: Connection, customers: Sequence[int]) -> None:
    """Put customers aside, each in a row of its own."""
    await connection.execute(
        f"""insert into touched (queue, received_at, identifiers) select {STUCK}, now(), array[customer]
        from unnest($1::bigint[]) as customer where customer <> all(array(
          select unnest(identifiers) from touched where queue = {STUCK}))""",
        customers,
    )


async def stuck_customers(connection: Connection) -> set[int]:
    rows = await connection.fetch(f"select unnest(identifiers) as customer from touched where queue = {STUCK}")
    return {row["customer"] for row in rows}


async def stuck(connection: Connection) -> int:
    """How many customers, and events that name nobody yet, are put aside."""
    waiting: int = await connection.fetchval("select count(*) from touched where queue = $1", STUCK)
    return waiting


async def forget_stuck(connection: Connection) -> None:
    """Forget what was put aside, for everybody to be derived again by other means."""
    await connection.execute("delete from touched where queue = $1", STUCK)


async def try_again(connection: Connection) -> None:
    """Mark everything that was put aside to be derived in the background."""
    await connection.execute("update touched set queue = $2 where queue = $1", STUCK, BACKGROUND)
