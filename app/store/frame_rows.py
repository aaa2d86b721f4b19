"""What frames are read from: tables, by COPY, in parts that one statement can read in its time."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import polars as pl

from app.domain.frames import ENTRIES, INSTANT, NAMED_EVENTS, TOUCHES, Schema
from app.store.connect import Connection
from app.store.copy import columns, copy_out
from app.store.journeys import Snapshot

Table = Literal["entries", "touches", "named_events", "customers", "persons", "trait_keys", "staged_events", "staged_touches"]
_INSTANTS: Mapping[Table, str] = {"entries": "entered_at", "touches": "touched_at", "named_events": "occurred_at"}
"""When rows come; those of other tables are always there."""
_SPANS = [(first, first + 2**59 - 1) for first in range(0, 2**63, 2**59)]
"""Customers by number, in parts that are read at once: all of them are too many for the time that one statement has."""
_NONE_AHEAD = pl.DataFrame(schema={"customer": pl.Int64, "at": INSTANT})
_REPEATED = {"stage", "from_stage", "channel", "device", "country", "kind", "name", "currency", "keys"}
_REPEATED |= {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"}
_UNASKED = {"event", "click_id", "click_id_kind", "referrer_host", "machine_rule"}
"""Columns that no question asks for."""


class Rows(NamedTuple):
    """Rows of a table that a frame holds; `$1` in `where` is the value. A frame is prepared as a whole where its rows depend on others'."""

    table: Table
    value: int | str | None = None
    whole: bool = False


class _Query(NamedTuple):
    select: str
    schema: Schema
    where: str
    order: str


def _query(table: str, schema: Schema, where: str, order: str, **expressions: str) -> _Query:
    kept = {name: kind for name, kind in schema.items() if name not in _UNASKED}
    return _Query(f"select {columns(kept, expressions)} from {table}", kept, where, order)


_QUERIES = {
    "entries": _query("entries", ENTRIES, "stage_model = $1", "position"),
    "touches": _query("touches", TOUCHES, "$1::text is null", "position"),
    "named_events": _query("named_events", NAMED_EVENTS, "$1::text is null", "place"),
    "persons": _query(
        "customers",
        {"customer": pl.Int64, "sessions": pl.Int64, "last_seen": INSTANT},
        "not machine and $1::text is null",
        "customer",
        sessions="(select count(*) from sessions s where s.customer = customers.customer and not s.machine)",
    ),
    "trait_keys": _query(
        "customers",
        {"customer": pl.Int64, "keys": pl.String},
        "not machine and traits <> '{}' and $1::text is null",
        "customer",
        keys="(select jsonb_agg(key) from jsonb_object_keys(traits) key)",
    ),
    "customers": _query(
        "customers", {"customer": pl.Int64, "value": pl.String}, "not machine and traits ? $1", "customer", value="traits ->> $1"
    ),
}


async def read(connection: Connection, taken: Snapshot, rows: Rows, customers: list[int] | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of some customers, or of all, that have come by the snapshot's instant, and whose (customer, at) lie ahead of it."""
    if customers is None:
        parts = [await _read_where(connection, rows, "customer between $2 and $3", *span) for span in _SPANS]
        ready = await asyncio.to_thread(lambda: pl.concat(parts, rechunk=True))
    else:
        ready = await _read_where(connection, rows, "customer = any($2::bigint[])", customers)
    return _come(ready, _INSTANTS[rows.table], taken.as_of) if rows.table in _INSTANTS else (ready, _NONE_AHEAD)


async def _read_where(connection: Connection, rows: Rows, condition: str, *values: object) -> pl.DataFrame:
    query = _QUERIES[rows.table]
    found = await copy_out(connection, f"{query.select} where {query.where} and {condition}", query.schema, rows.value, *values)
    repeated = pl.col([name for name in query.schema if name in _REPEATED])
    return await asyncio.to_thread(lambda: found.with_columns(repeated.cast(pl.Categorical)).sort("customer", query.order))


def _come(rows: pl.DataFrame, instant: str, as_of: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that have come by an instant, and whose (customer, at) lie ahead: a lapse may, and what a clock that is fast sent."""
    later = pl.col(instant) > as_of
    ahead = rows.filter(later).select("customer", at=instant)
    if ahead.is_empty():
        return rows, ahead
    left = [pl.when(pl.col("left_at") <= as_of).then("left_at")] if "left_at" in rows.columns else []
    return rows.filter(~later).with_columns(left), ahead
