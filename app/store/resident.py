"""Resident frames: what questions run on, in memory, following the deriver customer by customer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Literal, NamedTuple

import polars as pl
import structlog

from app.domain.frames import ENTRIES, NAMED_EVENTS, TOUCHES, Schema
from app.domain.stages import EACH_EVENT_NAME
from app.domain.transitions import Mode, first_entries, fold_rare, prepare, stages_by_name
from app.store.connect import AWAY, Connection, Pool
from app.store.copy import columns, copy_out
from app.store.journeys import Snapshot, changed_since, snapshot
from app.store.stage_models import ACTIVE, KeptModel, read_models

STAGES_MAX = 1000
FOLLOW_SECONDS = 10.0
CHUNKS_MAX = 32
FRAMES_MAX = 16
"""Frames that are kept; the one not asked for longest goes first."""

Table = Literal["entries", "touches", "named_events", "customers"]
Need = Literal["entries", "journeys", "touches", "named_events"]
_ENTRIES: tuple[Need, ...] = ("entries",)
_STAGED: tuple[Need, ...] = ("entries", "journeys")
_UNSTAGED: tuple[Table, ...] = ("touches", "named_events")
Prepare = Callable[[pl.DataFrame], pl.DataFrame]
_NOTHING = pl.DataFrame()
_REPEATED = {"stage", "from_stage", "channel", "device", "country", "kind", "name", "currency", "referrer_host", "machine_rule"}
_REPEATED |= {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id_kind"}

log = structlog.get_logger("resident")


class UnknownModelError(LookupError):
    """No stage model that is derived has this name, or this version."""


class Asked(NamedTuple):
    """What a question runs on, all of one snapshot; frames that were not asked for are empty.

    `entries` are ready for `transitions` in the mode asked for. Of the others each customer's rows are together, in the customer's order:
    `journeys` are entries by position, in the mode; `touches` and `named_events` by position and by place. `traits` has a frame
    (customer, value) for each key asked for, values as text. `stages` are the names in the model's order.
    """

    kept: KeptModel
    snapshot: Snapshot
    stages: list[str]
    entries: pl.DataFrame = _NOTHING
    journeys: pl.DataFrame = _NOTHING
    touches: pl.DataFrame = _NOTHING
    named_events: pl.DataFrame = _NOTHING
    traits: Mapping[str, pl.DataFrame] = MappingProxyType({})


class _Rows(NamedTuple):
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
    kept = {name: kind for name, kind in schema.items() if name != "event"}
    return _Query(f"select {columns(kept, expressions)} from {table}", kept, where, order)


_QUERIES = {
    "entries": _query("entries", ENTRIES, "stage_model = $1", "position"),
    "touches": _query("touches", TOUCHES, "$1::text is null", "position"),
    "named_events": _query("named_events", NAMED_EVENTS, "$1::text is null", "place"),
    "customers": _query(
        "customers", {"customer": pl.Int64, "value": pl.String}, "not machine and traits ? $1", "customer", value="traits ->> $1"
    ),
}


@dataclass
class _Frame:
    """Rows as of a version, and what was prepared of them."""

    version: int
    rows: pl.DataFrame
    prepared: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def take(self, what: tuple[str, str], made: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        if what not in self.prepared:
            self.prepared[what] = made()
        return self.prepared[what]


class Resident:
    """The frames of one process. Each question first brings those that it runs on up to the version of its own snapshot."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._frames: dict[_Rows, _Frame] = {}
        self._lock = asyncio.Lock()

    async def ask(
        self,
        model: str,
        mode: Mode = "every",
        needs: Collection[Need] = _ENTRIES,
        *,
        version: int | None = None,
        traits: Sequence[str] = (),
    ) -> Asked:
        """Frames for a question about a stage model, its active version where none is named; raises UnknownModelError."""
        async with self._lock:
            async with self._snapshot() as (connection, taken):
                kept = await _model(connection, model, version)
                entries = await self._current(connection, taken, _entries(kept))
                others = {table: (await self._current(connection, taken, _Rows(table))).rows for table in _UNSTAGED if table in needs}
                values = {key: (await self._current(connection, taken, _Rows("customers", key))).rows for key in traits}
            stages, staged = await asyncio.to_thread(_of_stages, kept, entries, mode, needs)
        return Asked(kept, taken, stages, traits=values, **staged, **others)

    async def follow(self) -> None:
        """Load the entries of active models at the start, and keep all frames near the deriver where nobody asks for long."""
        while True:
            try:
                async with self._lock, self._snapshot() as (connection, taken):
                    active = [_entries(kept) for kept in await read_models(connection, ACTIVE)]
                    for rows in [*dict.fromkeys([*active, *self._frames])]:
                        await self._current(connection, taken, rows)
            except AWAY as error:
                log.warning("frames do not follow", error=str(error) or type(error).__name__)
            await asyncio.sleep(FOLLOW_SECONDS)

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[tuple[Connection, Snapshot]]:
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection, await snapshot(connection)

    async def _current(self, connection: Connection, taken: Snapshot, rows: _Rows) -> _Frame:
        """The frame as of the snapshot."""
        known = self._frames.pop(rows, None)
        if known is None or taken.oldest > known.version + 1:
            frame = _Frame(taken.version, await _read(connection, rows, None))
        elif known.version < taken.version:
            changed = await changed_since(connection, known.version)
            fresh = await _read(connection, rows, changed)
            frame = await asyncio.to_thread(_replaced, known, rows, changed, fresh)
            frame.version = taken.version
        else:
            frame = known
        self._frames[rows] = frame
        while len(self._frames) > FRAMES_MAX:
            del self._frames[next(iter(self._frames))]
        return frame


def _entries(kept: KeptModel) -> _Rows:
    return _Rows("entries", kept.id, whole=kept.model == EACH_EVENT_NAME)


async def _model(connection: Connection, name: str, version: int | None) -> KeptModel:
    """The active version of a model, or the one that is named; raises UnknownModelError."""
    for kept in await read_models(connection, ACTIVE):
        if kept.model.name == name and version in (None, kept.version):
            return kept
    raise UnknownModelError(name if version is None else f"{name}, version {version}")


async def _read(connection: Connection, rows: _Rows, customers: list[int] | None) -> pl.DataFrame:
    query = _QUERIES[rows.table]
    of_customers = "" if customers is None else " and customer = any($2::bigint[])"
    values = (rows.value,) if customers is None else (rows.value, customers)
    found = await copy_out(connection, f"{query.select} where {query.where}{of_customers}", query.schema, *values)
    repeated = pl.col([name for name in query.schema if name in _REPEATED])
    return await asyncio.to_thread(lambda: found.with_columns(repeated.cast(pl.Categorical)).sort("customer", query.order))


def _replaced(known: _Frame, rows: _Rows, changed: list[int], fresh: pl.DataFrame) -> _Frame:
    prepared = {} if rows.whole else known.prepared
    return _Frame(
        known.version,
        _with_replaced(known.rows, changed, fresh),
        {what: _with_replaced(frame, changed, _PREPARE[what](fresh)) for what, frame in prepared.items()},
    )


def _with_replaced(frame: pl.DataFrame, changed: list[int], fresh: pl.DataFrame) -> pl.DataFrame:
    """The frame with some customers' rows replaced; its chunks, one more each time, are put together before they slow it down."""
    gone = pl.Series(changed, dtype=pl.Int64).implode()
    replaced = pl.concat([frame.filter(~pl.col("customer").is_in(gone)), fresh])
    return replaced.rechunk() if replaced.n_chunks() > CHUNKS_MAX else replaced


_PREPARE: dict[tuple[str, str], Prepare] = {
    ("entries", "every"): prepare,
    ("entries", "first"): lambda rows: prepare(rows, "first"),
    ("journeys", "every"): lambda rows: rows,
    ("journeys", "first"): first_entries,
}


def _of_stages(kept: KeptModel, frame: _Frame, mode: Mode, needs: Collection[Need]) -> tuple[list[str], dict[str, pl.DataFrame]]:
    """Names of the stages, and what was asked of entries. Where every event name is a stage, rare names are folded over all customers."""
    if kept.model != EACH_EVENT_NAME:
        return [stage.name for stage in kept.model.stages], _prepared(frame, frame.rows, mode, needs)
    folded = frame.take(("folded", "every"), lambda: fold_rare(frame.rows, STAGES_MAX))
    return stages_by_name(folded), _prepared(frame, folded, mode, needs)


def _prepared(frame: _Frame, rows: pl.DataFrame, mode: Mode, needs: Collection[Need]) -> dict[str, pl.DataFrame]:
    return {need: frame.take((need, mode), partial(_PREPARE[need, mode], rows)) for need in _STAGED if need in needs}
