"""The queue between collectors, which only append, and the worker, which deletes exactly the rows that it read."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.store.connect import Connection

LIVE, HEAVY, BULK, BACKGROUND, HEAVY_BACKGROUND = range(5)
"""Queues in the order in which the worker serves them; a row in the background holds no answer's `as_of` back."""

SHARD = 500
"""Customers that one background row names."""


class Marks(NamedTuple):
    """Touched rows that one round works off: their ids, and the identifiers that they name directly."""

    ids: list[int]
    identifiers: list[int]
    events: int


async def read_marks(connection: Connection, budget: int) -> Marks:
    """The oldest touched rows of the first queues, until about `budget` events are named; heavy ones are read by `read_heavy`."""
    rows = await connection.fetch(
        f"""select id, coalesce(cardinality(events), 10 * cardinality(identifiers)) as weight, identifiers
        from touched where queue in ({LIVE}, {BULK}, {BACKGROUND}) order by queue, id limit 1000"""
    )
    marks = Marks([], [], 0)
    for row in rows:
        if marks.ids and marks.events + row["weight"] > budget:
            break
        marks.ids.append(row["id"])
        marks.identifiers.extend(row["identifiers"] or ())
        marks = marks._replace(events=marks.events + row["weight"])
    return marks


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


async def delete_marks(connection: Connection, ids: Sequence[int]) -> None:
    await connection.execute("delete from touched where id = any($1::bigint[])", ids)


async def background_left(connection: Connection) -> int:
    left: int = await connection.fetchval("select count(*) from touched where queue >= $1", BACKGROUND)
    return left


async def backlog(connection: Connection) -> int:
    """Touched rows that hold an answer's `as_of` back."""
    left: int = await connection.fetchval("select count(*) from touched where queue < $1", BACKGROUND)
    return left
