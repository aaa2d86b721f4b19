"""Resident frames: what questions run on, in memory, following the deriver customer by customer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import polars as pl
import structlog

from app.domain.journeys.stages import EACH_EVENT_NAME
from app.domain.journeys.whereabouts import staged_events, staged_touches
from app.domain.questions.onward import Onward, onward
from app.domain.questions.ranked import Ranked, can_rank, rank
from app.domain.questions.stamps import STAMPS, stamped, stamped_events
from app.domain.questions.transitions import Mode, first_entries, fold_rare, prepare, stages_by_name
from app.store.connect import AWAY, Connection, Pool
from app.store.following import Frame, of_customers, with_replaced
from app.store.frame_rows import Rows, Table, read
from app.store.journeys import Snapshot, changed_since, snapshot
from app.store.stage_models import ACTIVE, KeptModel, UnansweringVersionError, UnknownModelError, read_answering, read_models

STAGES_MAX = 1000
FOLLOW_SECONDS = 10.0
FRAMES_MAX = 16
"""Frames that are kept; the one not asked for longest goes first, and those of traits, of which there is no end, before all others."""

Need = Literal[
    "entries", "journeys", "touches", "named_events", "persons", "trait_keys", "staged_events", "staged_touches", "ranked", "onward"
]
FIRST: Sequence[tuple[Need, ...]] = (
    ("journeys", "ranked", "onward"),
    ("touches",),
    ("named_events",),
    ("persons",),
    ("staged_events", "staged_touches"),
    ("entries",),
)
"""What is loaded at the start, each part before the next."""
MODELS_FIRST = 3
"""Of so many active models."""
_ENTRIES: tuple[Need, ...] = ("entries",)
_JOURNEYS: tuple[Need, ...] = ("journeys",)
_STAGED: tuple[Need, ...] = ("entries", "journeys", "ranked")
_UNSTAGED: tuple[Table, ...] = ("touches", "named_events", "persons", "trait_keys")
Place: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
_PLACED: Mapping[Table, tuple[Table, Place]] = {
    "staged_events": ("named_events", staged_events),
    "staged_touches": ("touches", staged_touches),
}
"""Frames that are made of the rows of another and of a stage model's entries."""
_NOTHING = pl.DataFrame()

log = structlog.get_logger("resident")


class Asked(NamedTuple):
    """What a question runs on, all of one snapshot; frames that were not asked for are empty.

    `entries` are ready for `transitions` in the mode asked for, `ranked` for `transitions_ranked`. Of the others each customer's rows are
    together, in the customer's order: `journeys` are entries by position, in the mode; `touches` and `named_events` by position and by
    place. `traits` has a frame (customer, value) for each key asked for, values as text. `persons` are all customers but machines, with
    their number of `sessions` and when they were `last_seen`; `trait_keys` are those of them with traits, and the `keys` of these as a JSON
    list. `stages` are the names in the model's order. `staged_events` and `staged_touches` (see journeys.whereabouts) stand by customer and
    stage. `onward` (see questions.onward) is of models that order their stages. `stamps` are those of named events, staged events and
    staged touches.
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
    trait_keys: pl.DataFrame = _NOTHING
    staged_events: pl.DataFrame = _NOTHING
    staged_touches: pl.DataFrame = _NOTHING
    onward: Onward = ()
    stamps: pl.DataFrame = STAMPS
    traits: Mapping[str, pl.DataFrame] = MappingProxyType({})


class Resident:
    """The frames of one process. Each question first brings those that it runs on up to the version of its own snapshot."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._frames: dict[Rows, Frame] = {}
        self._stamps = STAMPS
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
        """Frames for a question about a stage model, its active version where none is named; raises as `read_answering` does."""
        async with self._lock:
            async with self._snapshot() as (connection, taken):
                kept = await read_answering(connection, model, version)
                entries = await self._current(connection, taken, _entries(kept))
                wanted = [Rows(table) for table in _UNSTAGED if table in needs]
                wanted += [_entries(kept)._replace(table=table) for table in _PLACED if table in needs]
                others: dict[str, Any] = {rows.table: (await self._current(connection, taken, rows)).rows for rows in wanted}
                values = {key: (await self._current(connection, taken, Rows("customers", key))).rows for key in traits}
            stages, staged = await asyncio.to_thread(_of_stages, kept, entries, mode, needs)
        return Asked(kept, taken, stages, stamps=self._stamps, traits=values, **staged, **others)

    async def ask_versions(self, model: str, *versions: int) -> list[Asked]:
        """Journeys by several versions of a stage model, all of one snapshot; raises as `read_answering` does."""
        async with self._lock, self._snapshot() as (connection, taken):
            asked = []
            for version in versions:
                kept = await read_answering(connection, model, version)
                frame = await self._current(connection, taken, _entries(kept))
                stages, staged = await asyncio.to_thread(_of_stages, kept, frame, "every", _JOURNEYS)
                asked.append(Asked(kept, taken, stages, journeys=staged["journeys"]))
        return asked

    async def follow(self) -> None:
        """Load what pages ask for first, and keep all frames near the deriver where nobody asks for long."""
        begun = False
        while True:
            try:
                begun = begun or await self.begin()
                for rows in [*dict.fromkeys([*map(_entries, await self._active()), *self._frames])]:
                    async with self._lock, self._snapshot() as (connection, taken):
                        await self._current(connection, taken, rows)
            except AWAY as error:
                log.warning("frames do not follow", error=str(error) or type(error).__name__)
            await asyncio.sleep(FOLLOW_SECONDS)

    async def begin(self) -> bool:
        """Load frames part by part, in the order of FIRST, so that questions come in between; True when all are there."""
        ordered = [kept for kept in await self._active() if kept.model != EACH_EVENT_NAME][:MODELS_FIRST]
        for needs in FIRST:
            for kept in ordered:
                with suppress(UnknownModelError, UnansweringVersionError):
                    await self.ask(kept.model.name, "every", needs, version=kept.version)
        return True

    async def _active(self) -> list[KeptModel]:
        async with self._pool.acquire() as connection:
            return await read_models(connection, ACTIVE)

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[tuple[Connection, Snapshot]]:
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection, await snapshot(connection)

    async def _current(self, connection: Connection, taken: Snapshot, rows: Rows) -> Frame:
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
        self, connection: Connection, taken: Snapshot, rows: Rows, customers: list[int] | None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of some customers, or of all, and whose lie ahead."""
        if rows.table in _PLACED:
            table, place = _PLACED[rows.table]
            placed, entries = [await self._current(connection, taken, part) for part in (Rows(table), rows._replace(table="entries"))]
            parts = of_customers(placed.rows, customers), of_customers(entries.rows, customers)
            return await asyncio.to_thread(self._place, place, *parts), _ahead(customers, placed, entries)
        found, ahead = await read(connection, taken, rows, customers)
        if rows.table != "named_events":
            return found, ahead
        touches = await self._current(connection, taken, Rows("touches"))
        told = await asyncio.to_thread(self._tell, found, of_customers(touches.rows, customers))
        return told, pl.concat([ahead, _ahead(customers, touches)])

    def _place(self, place: Place, rows: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
        journeys, self._stamps = stamped(entries, self._stamps)
        return place(rows, journeys)

    def _tell(self, events: pl.DataFrame, touches: pl.DataFrame) -> pl.DataFrame:
        told, self._stamps = stamped_events(events, touches, self._stamps)
        return told


def _ahead(customers: list[int] | None, *frames: Frame) -> pl.DataFrame:
    return pl.concat([of_customers(frame.ahead, customers) for frame in frames])


def _entries(kept: KeptModel) -> Rows:
    return Rows("entries", kept.id, whole=kept.model == EACH_EVENT_NAME)


async def _changed(connection: Connection, known: Frame, taken: Snapshot) -> list[int]:
    """The customers whose rows are others as of the snapshot: who was derived again, and whose rows have come since."""
    derived = await changed_since(connection, known.version) if known.version < taken.version else []
    return [*{*derived, *known.ahead.filter(pl.col("at") <= taken.as_of)["customer"]}]


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
            staged = pl.col("stage", "from_stage").cast(pl.Enum(stages))
            return frame.take((need, mode), rows, lambda some: prepare(some.with_columns(staged), mode), with_replaced)
    return rows if mode == "every" else frame.take((need, mode), rows, first_entries, with_replaced)
