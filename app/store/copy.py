"""Frames in and out of Postgres by COPY."""

import asyncio
import io
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from app.domain.frames import INSTANT, Schema
from app.store.connect import Connection

_AT_ONCE = 64 * 1024
_FILLING_SECONDS = 0.0005
"""How long Postgres may fill the socket of a large answer: it sends 8 KiB at a time, and waking for each costs more than reading it."""


def columns(schema: Schema, expressions: Mapping[str, str] | None = None) -> str:
    """The select list for a frame: instants leave as microseconds, an expression stands in for a column of its own name."""
    stated = expressions or {}
    return ", ".join(f"{_select(stated.get(name, name), kind)} as {_quoted(name)}" for name, kind in schema.items())


async def copy_out(connection: Connection, query: str, schema: Schema, *values: object) -> pl.DataFrame:
    """The rows of a query as a frame; the query's columns are those of `columns(schema)`, in order."""
    output = io.BytesIO()

    async def take(chunk: bytes) -> None:
        output.write(chunk)
        if output.tell() > _AT_ONCE:
            await asyncio.sleep(_FILLING_SECONDS)

    await connection.copy_from_query(query, *values, output=take, format="csv")
    raw = {name: pl.Int64 if kind == INSTANT else pl.String if kind == pl.Boolean else kind for name, kind in schema.items()}
    if not output.getbuffer().nbytes:
        return pl.DataFrame(schema=schema)
    output.seek(0)
    frame = pl.read_csv(output, has_header=False, schema=raw)
    return frame.with_columns(
        pl.col(name).cast(INSTANT) if kind == INSTANT else pl.col(name) == "t"
        for name, kind in schema.items()
        if kind in (INSTANT, pl.Boolean)
    )


async def copy_in(connection: Connection, table: str, frame: pl.DataFrame, *, renamed: Mapping[str, str] | None = None) -> None:
    """Append a frame to a table; `renamed` gives the table's names of columns that differ."""
    if frame.is_empty():
        return
    names = [(renamed or {}).get(column, column) for column in frame.columns]
    source = io.BytesIO(frame.write_csv(include_header=False, datetime_format="%Y-%m-%d %H:%M:%S%.6f+00").encode())
    await connection.copy_to_table(table, source=source, columns=names, format="csv")


class Kept(NamedTuple):
    """A table that a frame is kept in: its columns are the frame's; `key` gives the SQL type of each column of its key."""

    table: str
    schema: Schema
    key: Mapping[str, str]


async def write_difference(connection: Connection, kept: Kept, old: pl.DataFrame, new: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the rows `old` of a table the rows `new`, touching only those that differ; the rows deleted and the rows inserted.

    Each of the two has no row twice.
    """
    names = list(kept.schema)
    if old.is_empty():
        await copy_in(connection, kept.table, new.select(names))
        return old, new
    gone = old.join(new, on=names, how="anti", nulls_equal=True)
    if gone.is_empty() and old.height == new.height:
        return gone, gone
    fresh = new.select(names).join(old, on=names, how="anti", nulls_equal=True)
    await delete_rows(connection, kept, gone)
    await copy_in(connection, kept.table, fresh)
    return gone, fresh


async def delete_rows(connection: Connection, kept: Kept, gone: pl.DataFrame) -> None:
    """Delete the rows of a table that have the keys of a frame."""
    if gone.is_empty():
        return
    arrays = ", ".join(f"${index}::{kind}[]" for index, kind in enumerate(kept.key.values(), start=1))
    matched = " and ".join(f"t.{name} = g.{name}" for name in kept.key)
    await connection.execute(
        f"delete from {kept.table} t using unnest({arrays}) as g ({', '.join(kept.key)}) where {matched}",
        *(gone[name].to_list() for name in kept.key),
    )


def _select(expression: str, kind: pl.DataType | type[pl.DataType]) -> str:
    return f"(date_part('epoch', {expression}) * 1000000)::bigint" if kind == INSTANT else expression


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
