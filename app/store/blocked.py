"""Values that an operator blocked, and the events that name them."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import polars as pl

from app.domain.frames import INSTANT, Schema
from app.domain.identity.identifiers import bare
from app.store.connect import Connection
from app.store.copy import columns, copy_out

UNBLOCKED = "unblocked"
NAMING: Schema = {"event": pl.String, "received_at": INSTANT}


class BlockedValue(NamedTuple):
    """A blocked value, bare; since when (UTC), by whom, and how far it is.

    `state` is blocking (recorded, not yet in force), blocked, or unblocking (in force until the worker has put everybody back).
    """

    value: str
    state: str
    blocked_at: datetime
    blocked_by: str


class Wishes(NamedTuple):
    """What is asked for: bare values to block and to unblock."""

    block: list[str]
    unblock: list[str]


class Joined(NamedTuple):
    """Whom a value joins now: the customers that own an identifier of this value, and all identifiers that they own."""

    customers: int
    identifiers: int


async def ask_to_block(connection: Connection, value: str, by: str) -> str:
    """Ask the worker to block a bare value; how far that is."""
    await connection.execute(
        """insert into blocked_values as b (value, state, blocked_by) values ($1, 'blocking', $2)
        on conflict (value) do update set state = 'blocked' where b.state = 'unblocking'""",
        value,
        by,
    )
    return await state_of(connection, value)


async def ask_to_unblock(connection: Connection, value: str) -> str:
    """Ask the worker to unblock a bare value; how far that is. What the worker has not blocked yet is forgotten at once."""
    await connection.execute("delete from blocked_values where value = $1 and state = 'blocking'", value)
    await connection.execute("update blocked_values set state = 'unblocking' where value = $1", value)
    return await state_of(connection, value)


async def state_of(connection: Connection, value: str) -> str:
    found: str | None = await connection.fetchval("select state from blocked_values where value = $1", value)
    return found or UNBLOCKED


async def read_blocked(connection: Connection) -> list[BlockedValue]:
    """All values that were blocked, or are to be, in order."""
    rows = await connection.fetch(f"select {', '.join(BlockedValue._fields)} from blocked_values order by value")
    return [BlockedValue(*row.values()) for row in rows]


async def read_wishes(connection: Connection) -> Wishes:
    rows = await connection.fetch("select value, state from blocked_values where state <> 'blocked' order by value")
    return Wishes(*([row["value"] for row in rows if row["state"] == state] for state in ("blocking", "unblocking")))


async def grant_wishes(connection: Connection, wishes: Wishes) -> None:
    """Put in force what was asked for."""
    await connection.execute("update blocked_values set state = 'blocked' where value = any($1::text[])", wishes.block)
    await connection.execute("delete from blocked_values where value = any($1::text[])", wishes.unblock)


# What Postgres cannot compare as `bare` does, it lets pass: text that is not ASCII, phones, and values that JSON escapes.

_QUOTED = "E' \\t\\n\\r\\v\\f\"''`'"
_WIDE = "octet_length({0}) <> char_length({0})"
_SAME = f"(lower(btrim({{0}}, {_QUOTED})) = any($1::text[]) or {_WIDE})"
_TEXTS = ("e.user_id", "e.anonymous_id", "e.previous_id", "e.email")
_EXTERNAL = "e.body #>> '{context,externalIds}'"
_NAMING = f"""
select {columns(NAMING, {"event": "e.id", "received_at": "e.received_at"})} from events e where ({" or ".join(map(_SAME.format, _TEXTS))}
  or ($2 and e.phone is not null)
  or ($3 and {_EXTERNAL} is not null and ({_WIDE.format(f"({_EXTERNAL})")} or exists (
    select from unnest($1::text[]) as b (value) where strpos(lower({_EXTERNAL}), b.value) > 0 or b.value ~ '["\\\\]'))))
and e.id not in (select unnest(events) from touched where events is not null)
"""


async def events_naming(connection: Connection, values: Collection[str], *, external: bool) -> pl.DataFrame:
    """The events that name one of some bare values, and some more: a frame of NAMING. Reads every event that there is.

    Events that are still to be learned of are left out. `external` tells whether kinds of the operator's own are read.
    """
    phones = any(value.startswith("+") for value in values)
    return await copy_out(connection, _NAMING, NAMING, list(values), phones, external)


async def joined_by(connection: Connection, values: Collection[str]) -> dict[str, Joined]:
    """Whom each of some bare values joins now."""
    rows = await connection.fetch(f"select owner, value from identifiers where {_SAME.format('value')} order by owner, value", list(values))
    owners = {value: {row["owner"] for row in rows if bare(row["value"]) == value} for value in values}
    counted = await connection.fetch(
        "select owner, count(*) as identifiers from identifiers where owner = any($1::bigint[]) group by owner",
        [owner for found in owners.values() for owner in found],
    )
    sizes = {row["owner"]: row["identifiers"] for row in counted}
    return {value: Joined(len(found), sum(sizes[owner] for owner in found)) for value, found in owners.items()}
