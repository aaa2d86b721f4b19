"""Rebuilds asked for, and how far the worker is with them."""

from datetime import datetime
from typing import NamedTuple

from app.store.connect import Connection

WAITING = "waiting"
CUSTOMERS = "customers"
DERIVED = "derived"
REFUSED = "refused"


class Rebuild(NamedTuple):
    """A rebuild: `done` of `total` customers are derived again, `changed` rows or customers differed. Times are in UTC."""

    id: int
    state: str
    done: int
    total: int
    changed: int
    after: int | None
    created_at: datetime
    finished_at: datetime | None


_COLUMNS = ", ".join(Rebuild._fields)


async def ask(connection: Connection) -> int:
    """Ask for a rebuild; its id. One that still waits serves as well."""
    waiting = await connection.fetchval("select id from rebuilds where state = 'waiting'")
    made: int = waiting or await connection.fetchval("insert into rebuilds (state) values ('waiting') returning id")
    return made


async def read(connection: Connection, rebuild: int) -> Rebuild | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from rebuilds where id = $1", rebuild)
    return Rebuild(*row.values()) if row else None


async def unfinished(connection: Connection) -> Rebuild | None:
    """The rebuild to work on: the oldest that is not finished."""
    row = await connection.fetchrow(f"select {_COLUMNS} from rebuilds where state <> 'finished' order by id limit 1")
    return Rebuild(*row.values()) if row else None


async def begin_customers(connection: Connection, rebuild: int, changed: int) -> None:
    await connection.execute(
        """update rebuilds set state = 'customers', changed = $2,
        total = (select count(*) from (select owner from identifiers union select customer from customers)) where id = $1""",
        rebuild,
        changed,
    )


async def advance(connection: Connection, rebuild: int, after: int | None, done: int, changed: int) -> None:
    await connection.execute(
        "update rebuilds set after = $2, done = done + $3, changed = changed + $4 where id = $1", rebuild, after, done, changed
    )


async def finish(connection: Connection, rebuild: int) -> None:
    await connection.execute("update rebuilds set state = 'finished', finished_at = now() where id = $1", rebuild)


async def rules_changed(connection: Connection, digest: bytes, of: str = DERIVED) -> bool:
    """Keep the digest of the rules in force by which rows are derived, or events refused; whether others were in force before."""
    before = await connection.fetchval("select digest from rules where of = $1 order by since desc limit 1", of)
    if before != digest:
        await connection.execute(
            "insert into rules (digest, of) values ($1, $2) on conflict (digest) do update set since = now()", digest, of
        )
    return before not in (None, digest)
