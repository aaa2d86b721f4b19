"""What is known of identity without some events: the counterpart of `learn`."""

import polars as pl

from app.domain.frames import INSTANT, Schema
from app.domain.identity.identifiers import USER_ID, Named
from app.store.connect import Connection
from app.store.copy import Kept, columns, copy_out, write_difference
from app.store.identity import KEPT_ALIASES, KEPT_IDENTIFIERS, KEPT_LINKS, replace_identifiers

_MEMBERS: Schema = {"event": pl.String, "received_at": INSTANT}
_USERS = ("user_id", "previous_id")


async def events_beside(connection: Connection, gone: Named) -> pl.DataFrame:
    """The events on which what some events said of identity rests without them, as (event, received_at).

    A link rests on events of its target, an alias on events of its user id, and a user id on its own events and the aliases that
    name it.
    """
    subjects = {*gone.subjects["subject"], *gone.links["target"], *(member for column in _USERS for member in gone.aliases[column])}
    users = gone.identifiers.filter(pl.col("kind") == USER_ID)["identifier"].to_list()
    query = f"""select {columns(_MEMBERS)} from event_subjects where subject = any($1::bigint[])
        or subject in (select user_id from aliases where previous_id = any($2::bigint[]))"""
    return await copy_out(connection, query, _MEMBERS, list(subjects), users)


async def unlearn(connection: Connection, gone: Named, rest: Named) -> set[int]:
    """Take back what events said that are gone; the identifiers whose own evidence changed by it.

    `rest` is what the events of `events_beside` say.
    """
    changed: set[int] = set()
    for kept, said, left in ((KEPT_LINKS, gone.links, rest.links), (KEPT_ALIASES, gone.aliases, rest.aliases)):
        changed.update(await _replace(connection, kept, said, left.rename({"source": "source_id"})))
    return changed | {*await _replace_identifiers(connection, gone.identifiers, rest.identifiers)}


async def _replace(connection: Connection, kept: Kept, said: pl.DataFrame, left: pl.DataFrame) -> list[int]:
    """Make the rows of the pairs that were said what is left of them; the identifiers of the rows that differed."""
    pairs = said.select(list(kept.key)).unique()
    arrays = ", ".join(f"${index}::{kind}[]" for index, kind in enumerate(kept.key.values(), start=1))
    query = (
        f"select {columns(kept.schema)} from {kept.table} join unnest({arrays}) as p ({', '.join(kept.key)}) using ({', '.join(kept.key)})"
    )
    stored = await copy_out(connection, query, kept.schema, *(pairs[column].to_list() for column in kept.key))
    differing = await write_difference(connection, kept, stored, left.join(pairs, on=list(kept.key), how="semi"))
    ends = [column for column, kind in kept.key.items() if kind == "bigint"]
    return [identifier for rows in differing for column in ends for identifier in rows[column]]


async def _replace_identifiers(connection: Connection, said: pl.DataFrame, left: pl.DataFrame) -> list[int]:
    """An identifier that is no user id is there as long as it is an event's subject, or a link leads up from it."""
    query = f"""select {columns(KEPT_IDENTIFIERS, {"identifier": "id"})}, kind <> '{USER_ID}' and (
          exists (select from event_subjects where subject = id) or exists (select from links where weaker = id)) as stays
        from identifiers where id = any($1::bigint[])"""
    found = await copy_out(connection, query, {**KEPT_IDENTIFIERS, "stays": pl.Boolean}, said["identifier"].to_list())
    stored, staying = found.drop("stays"), found.filter("stays").drop("stays")
    users = left.filter(pl.col("kind") == USER_ID).join(stored, on="identifier", how="semi").select(list(KEPT_IDENTIFIERS))
    return await replace_identifiers(connection, stored, pl.concat([staying, users]))
