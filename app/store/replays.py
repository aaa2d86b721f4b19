"""Replays in the background: which failed events are to be tried again, and how far the worker is with them."""

from collections.abc import Sequence
from typing import NamedTuple

from app.store.connect import Connection


class Replay(NamedTuple):
    """A replay asked for: of the rows that a webhook's mapping refused, or (None) of all failed events; those up to `after` were tried."""

    id: int
    webhook: str | None
    after: int


async def ask_replay(connection: Connection, webhook: str | None = None) -> None:
    """Let the worker try failed events again: all, or those that the mapping of one webhook could not make events of."""
    await connection.execute("insert into replays (webhook) values ($1)", webhook)


async def next_replay(connection: Connection) -> Replay | None:
    row = await connection.fetchrow("select id, webhook, after from replays order by id limit 1")
    return Replay(*row.values()) if row else None


async def advance_replay(connection: Connection, replay: int, after: int | None) -> None:
    """Note how far a replay is; None is its end."""
    if after is None:
        await connection.execute("delete from replays where id = $1", replay)
    else:
        await connection.execute("update replays set after = $2 where id = $1", replay, after)


async def read_mappings(connection: Connection, webhooks: Sequence[str], imports: Sequence[int]) -> dict[str | int, bytes]:
    """The mappings of webhooks by name, and of imports by number, as JSON of their text."""
    rows = await connection.fetch("select name, to_jsonb(mapping) as mapping from webhooks where name = any($1::text[])", webhooks)
    jobs = await connection.fetch("select id, mapping from imports where id = any($1::bigint[])", imports)
    return {row["name"]: row["mapping"] for row in rows} | {row["id"]: row["mapping"] for row in jobs}


async def move_import(connection: Connection, job: int, *, accepted: int, duplicates: int, rejected: int) -> None:
    """Change the account of an import by what became of its failed events."""
    await connection.execute(
        """update imports set rows = rows + $2 + $3 + $4, accepted = accepted + $2, duplicates = duplicates + $3, rejected = rejected + $4
        where id = $1""",
        job,
        accepted,
        duplicates,
        rejected,
    )
