"""What a trial in the shadows brought, beside what there was before."""

from typing import NamedTuple

from app.store.connect import Connection

IMPORTED = "join events e on e.id = t.event and e.import_id = $1"


class Merge(NamedTuple):
    """Customers of before who would be one, each by its root identifier (kind, value), and the root that they would have."""

    customers: list[tuple[str, str]]
    into: tuple[str, str]


class Customers(NamedTuple):
    """How many customers would be new, would change but stay who they are, and would merge with another."""

    new: int
    changed: int
    merging: int


# Who each customer of before is afterwards: the owner of what was its root.

_AFTER = """
with after as (
  select b.customer as before, i.owner as customer, count(*) over (partition by i.owner) as together
  from customers_before b join identifiers i on i.id = b.customer)
"""


async def count_touches(connection: Connection, import_id: int) -> dict[str, int]:
    """How many touches of people an import's events are, by channel."""
    rows = await connection.fetch(
        f"select channel, count(*) as touches from touches t {IMPORTED} where not machine group by channel order by touches desc, channel",
        import_id,
    )
    return {row["channel"]: row["touches"] for row in rows}


async def count_entries(connection: Connection, import_id: int) -> dict[str, dict[str, int]]:
    """How many entries are made by an import's events, by active stage model and stage."""
    rows = await connection.fetch(
        f"""select m.name, t.stage, count(*) as entries from entries t {IMPORTED}
        join stage_models m on m.id = t.stage_model and m.state = 'active'
        where t.entered_at <= now() group by m.name, t.stage order by m.name, entries desc, t.stage""",
        import_id,
    )
    counted: dict[str, dict[str, int]] = {}
    for row in rows:
        counted.setdefault(row["name"], {})[row["stage"]] = row["entries"]
    return counted


async def count_customers(connection: Connection) -> Customers:
    row = await connection.fetchrow(
        f"""{_AFTER} select
        (select count(*) from customers c where not c.machine and c.customer not in (select customer from after)) as new,
        (select count(*) from after a where together = 1 and a.customer in (select customer from changes)) as changed,
        (select count(*) from after where together > 1) as merging"""
    )
    return Customers(*row.values())


async def read_merges(connection: Connection, limit: int) -> list[Merge]:
    """The first merges, by the root that the customers would have."""
    rows = await connection.fetch(
        f"""{_AFTER} select r.kind, r.value,
        array_agg(o.kind order by o.kind, o.value) as kinds, array_agg(o.value order by o.kind, o.value) as values
        from after a join identifiers r on r.id = a.customer join identifiers o on o.id = a.before
        where together > 1 group by r.kind, r.value order by r.kind, r.value limit $1""",
        limit,
    )
    return [Merge(list(zip(row["kinds"], row["values"], strict=True)), (row["kind"], row["value"])) for row in rows]
