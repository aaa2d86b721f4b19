"""Resident frames: what questions run on, in memory, following the deriver customer by customer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import polars as pl
import structlog

from app.domain.frames import ENTRIES, INSTANT, NAMED_EVENTS, TOUCHES, Schema
from app.domain.journeys.stages import EACH_EVENT_NAME
from app.domain.journeys.whereabouts import staged_events, staged_touches
from app.domain.questions.onward import Onward, onward
from app.domain.questions.ranked import Ranked, can_rank, rank
from app.domain.questions.transitions import Mode, first_entries, fold_rare, prepare, stages_by_name
from app.store.connect import AWAY, Connection, Pool
from app.store.copy import columns, copy_out
from app.store.following import Frame, of_customers, with_replaced
from app.store.journeys import Snapshot, changed_since, snapshot
from app.store.stage_models import ACTIVE, KeptModel, read_answering, read_models

STAGES_MAX = 1000
FOLLOW_SECONDS = 10.0
FRAMES_MAX = 16
"""Frames that are kept; the one not asked for longest goes first, and those of traits, of which there is no end, before all others."""

Table = Literal["entries", "touches", "named_events", "customers", "persons", "staged_events", "staged_touches"]
Need = Literal["entries", "journeys", "touches", "named_events", "persons", "staged_events", "staged_touches", "ranked", "onward"]
_ENTRIES: tuple[Need, ...] = ("entries",)
_JOURNEYS: tuple[Need, ...] = ("journeys",)
_STAGED: tuple[Need, ...] = ("entries", "journeys", "ranked")
_UNSTAGED: tuple[Table, ...] = ("touches", "named_events", "persons")
_PLACED: Mapping[Table, tuple[Table, Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]]] = {
    "staged_events": ("named_events", staged_events),
    "staged_touches": ("touches", staged_touches),
}
"""Frames that are made of the rows of another and of a stage model's entries."""
_INSTANTS: Mapping[Table, str] = {"entries": "entered_at", "touches": "touched_at", "named_events": "occurred_at"}
"""When rows come; those of other tables are always there."""
_SPANS = [(first, first + 2**59 - 1) for first in range(0, 2**63, 2**59)]
"""Customers by number, in parts that are read at once: all of them are too many for the time that one statement has."""
_NOTHING = pl.DataFrame()
_NONE_AHEAD = pl.DataFrame(schema={"customer": pl.Int64, "at": INSTANT})
_REPEATED = {"stage", "from_stage", "channel", "device", "country", "kind", "name", "currency", "referrer_host", "machine_rule"}
_REPEATED |= {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id_kind"}

log = structlog.get_logger("resident")


class Asked(NamedTuple):
    """What a question runs on, all of one snapshot; frames that were not asked for are empty.

    `entries` are ready for `transitions` in the mode asked for, `ranked` for `transitions_ranked`. Of the others each customer's rows are
    together, in the customer's order: `journeys` are entries by position, in the mode; `touches` and `named_events` by position and by
    place. `traits` has a frame (customer, value) for each key asked for, values as text. `persons` are all customers but machines, with
    their number of `sessions`. `stages` are the names in the model's order. `staged_events` and `staged_touches` (see
    domain.whereabouts) stand by customer and stage. `onward` (see questions.onward) is of models that order their stages.
    """

    kept: KeptModel
    snapshot: Snapshot
    stages: list[str]
    entries: pl.DataFrame = _NOTHING
    ranked: Ranked | None = None
    journeys: pl.DataFrame = _NOTHING
    touches: pl.DataFrame = _NOTHING
    named_events: pl.DataFrame = _NOTHING
    persons: pl.DataFrame = _NOTHING
    staged_events: pl.DataFrame = _NOTHING
    staged_touches: pl.DataFrame = _NOTHING
    onward: Onward = ()
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
    "persons": _query(
        "customers",
        {"customer": pl.Int64, "sessions": pl.Int64},
        "not machine and $1::text is null",
        "customer",
        sessions="(select count(*) from sessions s where s.customer = customers.customer and not s.machine)",
    ),
    "customers": _query(
        "customers", {"customer": pl.Int64, "value": pl.String}, "not machine and traits ? $1", "customer", value="traits ->> $1"
    ),
}


class Resident:
    """The frames of one process. Each question first brings those that it runs on up to the version of its own snapshot."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._frames: dict[_Rows, Frame] = {}
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
                kept = await read_answering(connection, model, version)
                entries = await self._current(connection, taken, _entries(kept))
                wanted = [_Rows(table) for table in _UNSTAGED if table in needs]
                wanted += [_entries(kept)._replace(table=table) for table in _PLACED if table in needs]
                others: dict[str, Any] = {rows.table: (await self._current(connection, taken, rows)).rows for rows in wanted}
                values = {key: (await self._current(connection, taken, _Rows("customers", key))).rows for key in traits}
            stages, staged = await asyncio.to_thread(_of_stages, kept, entries, mode, needs)
        return Asked(kept, taken, stages, traits=values, **staged, **others)

    async def ask_versions(self, model: str, *versions: int) -> list[Asked]:
        """Journeys by several versions of a stage model, all of one snapshot; raises UnknownModelError."""
        async with self._lock, self._snapshot() as (connection, taken):
            asked = []
            for version in versions:
                kept = await read_answering(connection, model, version)
                frame = await self._current(connection, taken, _entries(kept))
                stages, staged = await asyncio.to_thread(_of_stages, kept, frame, "every", _JOURNEYS)
                asked.append(Asked(kept, taken, stages, journeys=staged["journeys"]))
        return asked

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

    async def _current(self, connection: Connection, taken: Snapshot, rows: _Rows) -> Frame:
        """The frame as of the snapshot."""
        known = self._frames.get(rows)
        if known is None or taken.oldest > known.version + 1:
            frame = Frame(taken.version, *await self._read(connection, taken, rows, None))
        elif changed := await _changed(connection, known, taken):
            fresh = await self._read(connection, taken, rows, changed)
            frame = await asyncio.to_thread(known.replaced, changed, *fresh, whole=rows.whole)
            frame.version = taken.version
        else:
            frame = known
        self._frames.pop(rows, None)
        self._frames[rows] = frame
        while len(self._frames) > FRAMES_MAX:
            traits = (kept for kept in self._frames if kept.table == "customers")
            del self._frames[next(traits, next(iter(self._frames)))]
        return frame

    async def _read(
        self, connection: Connection, taken: Snapshot, rows: _Rows, customers: list[int] | None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of some customers, or of all, and whose lie ahead."""
        if rows.table not in _PLACED:
            return await _read(connection, taken, rows, customers)
        table, place = _PLACED[rows.table]
        parts = [await self._current(connection, taken, part) for part in (_Rows(table), rows._replace(table="entries"))]
        placed = await asyncio.to_thread(lambda: place(*(of_customers(part.rows, customers) for part in parts)))
        return placed, pl.concat([of_customers(part.ahead, customers) for part in parts])


def _entries(kept: KeptModel) -> _Rows:
    return _Rows("entries", kept.id, whole=kept.model == EACH_EVENT_NAME)


async def _changed(connection: Connection, known: Frame, taken: Snapshot) -> list[int]:
    """The customers whose rows are others as of the snapshot: who was derived again, and whose rows have come since."""
    derived = await changed_since(connection, known.version) if known.version < taken.version else []
    return [*{*derived, *known.ahead.filter(pl.col("at") <= taken.as_of)["customer"]}]


async def _read(connection: Connection, taken: Snapshot, rows: _Rows, customers: list[int] | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if customers is None:
        parts = [await _read_where(connection, rows, "customer between $2 and $3", *span) for span in _SPANS]
        ready = await asyncio.to_thread(lambda: pl.concat(parts, rechunk=True))
    else:
        ready = await _read_where(connection, rows, "customer = any($2::bigint[])", customers)
    return _come(ready, _INSTANTS[rows.table], taken.as_of) if rows.table in _INSTANTS else (ready, _NONE_AHEAD)


async def _read_where(connection: Connection, rows: _Rows, condition: str, *values: object) -> pl.DataFrame:
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


def _of_stages(kept: KeptModel, frame: Frame, mode: Mode, needs: Collection[Need]) -> tuple[list[str], dict[str, Any]]:
    """Names of the stages, and what was asked of entries. Where every event name is a stage, rare names are folded over all customers."""
    if kept.model != EACH_EVENT_NAME:
        stages = [stage.name for stage in kept.model.stages]
        prepared = _prepared(frame, frame.rows, stages, mode, needs)
        if "onward" in needs:
            steps = [stage.name for stage in kept.model.steps]
            prepared["onward"] = frame.take(("onward", "every"), frame.rows, lambda rows: onward(rows, steps), _each_replaced)
        return stages, prepared
    folded = frame.take(("folded", "every"), frame.rows, lambda rows: fold_rare(rows, STAGES_MAX), with_replaced)
    stages = stages_by_name(folded)
    return stages, _prepared(frame, folded, stages, mode, needs)


def _each_replaced(known: Onward, customers: Sequence[int], fresh: Onward) -> Onward:
    return tuple(with_replaced(part, customers, other) for part, other in zip(known, fresh, strict=True))


def _prepared(frame: Frame, rows: pl.DataFrame, stages: list[str], mode: Mode, needs: Collection[Need]) -> dict[str, Any]:
    """What was asked of entries; what cannot be ranked, as `entries`."""
    wanted = {"entries" if need == "ranked" and not can_rank(stages) else need for need in _STAGED if need in needs}
    return {need: _one(frame, rows, stages, mode, need) for need in wanted}


def _one(frame: Frame, rows: pl.DataFrame, stages: list[str], mode: Mode, need: Need) -> pl.DataFrame | Ranked:
    match need:
        case "ranked":
            return frame.take((need, mode), rows, lambda some: rank(some, stages, mode), Ranked.replaced)
        case "entries":
            return frame.take((need, mode), rows, lambda some: prepare(some, mode), with_replaced)
    return rows if mode == "every" else frame.take((need, mode), rows, first_entries, with_replaced)
