"""Imports taken back: their events found again in the order in which they lie on disk, and deleted with their message ids."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl

from app.store.accounts import Count, write_counts
from app.store.connect import Connection
from app.store.events import event_columns, read_events
from app.store.tables import MONTHS

_FIRST = "(0,0)"


class Undoing(NamedTuple):
    """An import that is being taken back. All its events were received at `received_at` (UTC); those up to `place` are gone."""

    id: int
    source_id: int
    received_at: datetime
    place: str


class Lying(NamedTuple):
    """Events of an import: their ids, and the place after them."""

    ids: list[str]
    place: str


async def ask_to_undo(connection: Connection, job: int) -> None:
    """Ask the worker to take an import back. One that still runs writes no further part."""
    await connection.execute("update imports set state = 'undoing', place = null where id = $1 and state not in ('undoing', 'undone')", job)


async def next_undoing(connection: Connection) -> Undoing | None:
    row = await connection.fetchrow(
        "select id, source_id, created_at, coalesce(place #>> '{}', $1) from imports where state = 'undoing' order by id limit 1", _FIRST
    )
    return Undoing(*row.values()) if row else None


async def find_events(connection: Connection, undoing: Undoing, limit: int) -> Lying:
    """The next events of an import, at most `limit`; none where its month is gone."""
    table = f"{MONTHS}.events_{undoing.received_at.astimezone(UTC):%Y_%m}"
    if not await connection.fetchval("select to_regclass($1)", table):
        return Lying([], undoing.place)
    await connection.execute("set local max_parallel_workers_per_gather = 0")
    rows = await connection.fetch(
        f"select ctid::text as place, id::text from {table} where ctid > '{undoing.place}' and import_id = $1 limit $2", undoing.id, limit
    )
    return Lying([row["id"] for row in rows], rows[-1]["place"] if rows else undoing.place)


async def read_undone(connection: Connection, undoing: Undoing, ids: Sequence[str]) -> pl.DataFrame:
    """The events of some ids, as frames.EVENTS."""
    return await read_events(connection, ids, (undoing.received_at, undoing.received_at), event_columns())


async def delete_events(connection: Connection, undoing: Undoing, ids: Sequence[str], subjects: pl.DataFrame) -> None:
    """Delete events, their message ids, and whose they are: a frame (subject, occurred_at, event)."""
    await connection.execute("delete from events where id = any($1::uuid[]) and received_at = $2", ids, undoing.received_at)
    await connection.execute("delete from message_ids where id = any($1::uuid[])", ids)
    await connection.execute(
        """delete from event_subjects es using unnest($1::bigint[], $2::timestamptz[], $3::uuid[]) as u (subject, occurred_at, event)
        where es.subject = u.subject and es.occurred_at = u.occurred_at and es.event = u.event""",
        *(subjects[column].to_list() for column in ("subject", "occurred_at", "event")),
    )


async def advance_undo(connection: Connection, undoing: Undoing, place: str, events: int) -> None:
    """Count events as never received, and remember the place after them."""
    await connection.execute("update imports set place = to_jsonb($2::text), undone = undone + $3 where id = $1", undoing.id, place, events)
    await _uncount(connection, undoing, events, 0)


async def finish_undo(connection: Connection, undoing: Undoing) -> None:
    """The last step: rows that the import had rejected are forgotten, too."""
    failed = int((await connection.execute("delete from failed_events where import_id = $1", undoing.id)).split()[-1])
    await _uncount(connection, undoing, 0, failed)
    await connection.execute("update imports set state = 'undone', place = null, finished_at = now() where id = $1", undoing.id)


async def _uncount(connection: Connection, undoing: Undoing, stored: int, failed: int) -> None:
    await write_counts(connection, [Count(undoing.source_id, undoing.received_at, -stored - failed, -stored, 0, -failed)])
