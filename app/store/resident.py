"""Resident frames: the entries of the active stage models in memory, following the deriver customer by customer."""

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl
import structlog

from app.domain.frames import ENTRIES
from app.domain.stages import EACH_EVENT_NAME
from app.domain.transitions import Mode, fold_rare, prepare, stages_by_name
from app.store.connect import AWAY, Connection, Pool
from app.store.copy import columns, copy_out
from app.store.journeys import Snapshot, snapshot
from app.store.stage_models import ACTIVE, KeptModel, read_models

STAGES_MAX = 1000
FOLLOW_SECONDS = 10.0
CHUNKS_MAX = 32
_REPEATED = ("stage", "from_stage", "channel", "utm_source", "utm_medium", "utm_campaign", "device", "country")
_SCHEMA = {name: kind for name, kind in ENTRIES.items() if name != "event"}


log = structlog.get_logger("resident")


class UnknownModelError(LookupError):
    """No active stage model has this name."""


class Asked(NamedTuple):
    """What a question runs on: entries made ready for a mode, the names of the stages in order, and what it is as of."""

    kept: KeptModel
    entries: pl.DataFrame
    stages: list[str]
    snapshot: Snapshot


@dataclass
class _Frame:
    """Entries of one stage model, ready for each mode that was asked for."""

    kept: KeptModel
    entries: pl.DataFrame
    ready: dict[Mode, Asked] = field(default_factory=dict)
    modes: dict[Mode, pl.DataFrame] = field(default_factory=dict)


class Resident:
    """The frames of one process. Each question first brings them up to the version of its own snapshot."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._frames: dict[str, _Frame] = {}
        self._version = 0
        self._lock = asyncio.Lock()

    async def ask(self, model: str, mode: Mode) -> Asked:
        """Entries of a stage model for a question; raises UnknownModelError."""
        async with self._lock:
            taken = await self._refresh()
            frame = self._frames.get(model)
            if frame is None:
                raise UnknownModelError(model)
            ready = await asyncio.to_thread(_ready, frame, mode, taken)
        return ready._replace(snapshot=taken)

    async def follow(self) -> None:
        """Load the frames at the start, and keep them near the deriver where nobody asks for long."""
        while True:
            try:
                async with self._lock:
                    await self._refresh()
            except AWAY as error:
                log.warning("frames do not follow", error=str(error) or type(error).__name__)
            await asyncio.sleep(FOLLOW_SECONDS)

    async def _refresh(self) -> Snapshot:
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            taken = await snapshot(connection)
            models = {kept.model.name: kept for kept in await read_models(connection, ACTIVE)}
            changed = await self._changed(connection, taken)
            frames: dict[str, _Frame] = {}
            for name, kept in models.items():
                known = self._frames.get(name)
                if known is None or known.kept.id != kept.id or changed is None:
                    frames[name] = _Frame(kept, await _read(connection, kept.id, None))
                elif changed:
                    fresh = await _read(connection, kept.id, changed)
                    frames[name] = await asyncio.to_thread(_replaced, known, changed, fresh)
                else:
                    frames[name] = known
        self._frames, self._version = frames, taken.version
        return taken

    async def _changed(self, connection: Connection, taken: Snapshot) -> list[int] | None:
        """The customers that changed since the frames' version; None where that is not known any more."""
        if taken.version == self._version:
            return []
        if taken.oldest > self._version + 1:
            return None
        rows = await connection.fetch("select distinct customer from changes where version > $1", self._version)
        return [row["customer"] for row in rows]


async def _read(connection: Connection, stage_model: int, customers: list[int] | None) -> pl.DataFrame:
    of_customers = "" if customers is None else " and customer = any($2::bigint[])"
    values = (stage_model,) if customers is None else (stage_model, customers)
    query = f"select {columns(_SCHEMA)} from entries where stage_model = $1{of_customers}"
    return (await copy_out(connection, query, _SCHEMA, *values)).with_columns(pl.col(_REPEATED).cast(pl.Categorical))


def _replaced(known: _Frame, changed: list[int], fresh: pl.DataFrame) -> _Frame:
    modes = {mode: _with_replaced(frame, changed, prepare(fresh, mode)) for mode, frame in known.modes.items()}
    return _Frame(known.kept, _with_replaced(known.entries, changed, fresh), modes=modes)


def _with_replaced(frame: pl.DataFrame, changed: list[int], fresh: pl.DataFrame) -> pl.DataFrame:
    """The frame with some customers' rows replaced; its chunks, one more each time, are put together before they slow it down."""
    gone = pl.Series(changed, dtype=pl.Int64).implode()
    replaced = pl.concat([frame.filter(~pl.col("customer").is_in(gone)), fresh])
    return replaced.rechunk() if replaced.n_chunks() > CHUNKS_MAX else replaced


def _ready(frame: _Frame, mode: Mode, taken: Snapshot) -> Asked:
    if mode not in frame.ready:
        frame.ready[mode] = _folded(frame, mode, taken) if frame.kept.model == EACH_EVENT_NAME else _of_stages(frame, mode, taken)
    return frame.ready[mode]


def _of_stages(frame: _Frame, mode: Mode, taken: Snapshot) -> Asked:
    if mode not in frame.modes:
        frame.modes[mode] = prepare(frame.entries, mode)
    return Asked(frame.kept, frame.modes[mode], [stage.name for stage in frame.kept.model.stages], taken)


def _folded(frame: _Frame, mode: Mode, taken: Snapshot) -> Asked:
    """Every event name as a stage: rare names are folded over all customers, so this frame is made ready as a whole."""
    folded = fold_rare(frame.entries, STAGES_MAX)
    return Asked(frame.kept, prepare(folded, mode), stages_by_name(folded), taken)
