"""Struck pairs: two identifiers that an operator parted, whatever evidence says or will say."""

from datetime import datetime
from typing import NamedTuple

from app.store.connect import Connection
from app.store.identity import NO_PAIR, Pair

RESTORED = "restored"


class StruckPair(NamedTuple):
    """A struck pair: its identifiers (kind and value), since when (UTC), by whom, and how far it is.

    `state` is striking (recorded, not yet in force), struck, or restoring (in force until the worker has put it back).
    """

    weaker_kind: str
    weaker_value: str
    target_kind: str
    target_value: str
    state: str
    struck_at: datetime
    struck_by: str
    lesser: int
    greater: int

    @property
    def pair(self) -> Pair:
        return Pair(self.lesser, self.greater)


_COLUMNS = ", ".join(StruckPair._fields)


async def ask_to_strike(connection: Connection, pair: Pair, words: tuple[str, str, str, str], by: str) -> str:
    """Ask the worker to strike a pair out (weaker kind and value, target kind and value); how far that is."""
    await connection.execute(
        """insert into struck_pairs as s (lesser, greater, weaker_kind, weaker_value, target_kind, target_value, struck_by, state)
        values ($1, $2, $3, $4, $5, $6, $7, 'striking')
        on conflict (lesser, greater) do update set state = 'struck' where s.state = 'restoring'""",
        *pair,
        *words,
        by,
    )
    return await state_of(connection, pair)


async def ask_to_restore(connection: Connection, pair: Pair) -> str:
    """Ask the worker to put a pair back; how far that is. What the worker has not struck yet is forgotten at once."""
    await connection.execute("delete from struck_pairs where lesser = $1 and greater = $2 and state = 'striking'", *pair)
    await connection.execute("update struck_pairs set state = 'restoring' where lesser = $1 and greater = $2", *pair)
    return await state_of(connection, pair)


async def state_of(connection: Connection, pair: Pair) -> str:
    """How far a pair is; RESTORED where it is not struck."""
    found: str | None = await connection.fetchval("select state from struck_pairs where lesser = $1 and greater = $2", *pair)
    return found or RESTORED


async def read_struck(connection: Connection, after: Pair = NO_PAIR, limit: int = 1_000) -> list[StruckPair]:
    """The struck pairs by their numbers, after one."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from struck_pairs where (lesser, greater) > ($1, $2) order by lesser, greater limit $3", *after, limit
    )
    return [StruckPair(*row.values()) for row in rows]


async def struck_among(connection: Connection, identifiers: list[int]) -> list[StruckPair]:
    """The struck pairs of some identifiers."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from struck_pairs where lesser = any($1::bigint[]) or greater = any($1::bigint[])
        order by weaker_kind, weaker_value, target_kind, target_value""",
        identifiers,
    )
    return [StruckPair(*row.values()) for row in rows]


async def has_wishes(connection: Connection) -> bool:
    wished: bool = await connection.fetchval("select exists (select from struck_pairs where state <> 'struck')")
    return wished


async def grant_wishes(connection: Connection) -> list[Pair]:
    """Put in force what was asked for; the pairs concerned."""
    rows = await connection.fetch("update struck_pairs set state = 'struck' where state = 'striking' returning lesser, greater")
    rows += await connection.fetch("delete from struck_pairs where state = 'restoring' returning lesser, greater")
    return [Pair(*row.values()) for row in rows]
