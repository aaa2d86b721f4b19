"""Stalls: customers who stay in a stage longer than its limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple, TypedDict

import polars as pl

from app.domain.journeys.stages import Stage
from app.domain.windows import Window

EXITS_MIN = 20
"""Of fewer exits a 90th percentile says nothing."""


class Limit(NamedTuple):
    """How long customers may stay in a stage, in seconds, and where that was said; `exits` were measured for it."""

    seconds: float
    given_by: Literal["p90", "target", "over"]
    exits: int | None = None


@dataclass(frozen=True)
class Patience:
    """What sets the limits: a span for all stages, their targets' days, or the 90th percentile of the dwell of exits in `history`."""

    over: Literal["p90", "target"] | timedelta = "p90"
    history: timedelta = timedelta(days=180)


class Stall(TypedDict):
    """A stage at an instant: `there` of its customers stay (since the window's start, if it has one), `stalled` of them beyond the limit.

    `limit` (seconds) is null where nothing sets one. `oldest` and `median` are the stalled customers' times in the stage, in seconds.
    """

    stage: str
    limit: float | None
    limit_from: str | None
    exits: int | None
    there: int
    stalled: int
    oldest: float | None
    median: float | None


def limits(journeys: pl.DataFrame, stages: Sequence[Stage], window: Window, patience: Patience) -> dict[str, Limit]:
    """The limits of stages, as of the window's end; `journeys` are the entries that are asked about. A stage without one is left out."""
    match patience.over:
        case "target":
            return {stage.name: Limit(stage.target["days"] * 86_400, "target") for stage in stages if "days" in stage.target}
        case timedelta() as span:
            return {stage.name: Limit(span.total_seconds(), "over") for stage in stages}
        case _:
            measured = _measured(journeys, window, patience.history)
            return {stage.name: measured[stage.name] for stage in stages if stage.name in measured}


def waiting(journeys: pl.DataFrame, window: Window, limits: Mapping[str, Limit]) -> pl.DataFrame:
    """Customers in a stage at the window's end, entered within the window: customer, stage, entered_at, `waited` (seconds), and `stalled`.

    Who has waited longer than the limit of the stage is stalled.
    """
    inside = window.holds("entered_at"), pl.col("left_at").is_null() | (pl.col("left_at") >= window.to)
    waited = (pl.lit(window.to).cast(pl.Int64) - pl.col("entered_at").cast(pl.Int64)) / 1e6
    there = journeys.filter(*inside).select("customer", pl.col("stage").cast(pl.String), "entered_at", waited=waited)
    limit = pl.col("stage").replace_strict([*limits], [limit.seconds for limit in limits.values()], default=None, return_dtype=pl.Float64)
    return there.with_columns(stalled=(pl.col("waited") > limit).fill_null(value=False))


def stalls(waited: pl.DataFrame, stages: Sequence[Stage], limits: Mapping[str, Limit]) -> list[Stall]:
    """The stages in their order; `waited` comes from `waiting` with the same limits."""
    return [_stall(stage.name, waited.filter(pl.col("stage") == stage.name), limits.get(stage.name)) for stage in stages]


def _measured(journeys: pl.DataFrame, window: Window, history: timedelta) -> dict[str, Limit]:
    past = Window(window.to - history, window.to)
    dwell = (pl.col("left_at").cast(pl.Int64) - pl.col("entered_at").cast(pl.Int64)) / 1e6
    left = journeys.lazy().filter(past.holds("left_at")).select("stage", dwell=dwell)
    measured = left.group_by("stage").agg(pl.len(), pl.col("dwell").quantile(0.9, "linear")).filter(pl.col("len") >= EXITS_MIN)
    return {stage: Limit(p90, "p90", exits) for stage, exits, p90 in measured.collect().iter_rows()}


def _stall(stage: str, there: pl.DataFrame, limit: Limit | None) -> Stall:
    stalled = there.filter("stalled")["waited"]
    oldest, median = (value if isinstance(value, float) else None for value in (stalled.max(), stalled.median()))
    return {
        "stage": stage,
        "limit": limit.seconds if limit else None,
        "limit_from": limit.given_by if limit else None,
        "exits": limit.exits if limit else None,
        "there": there.height,
        "stalled": len(stalled),
        "oldest": oldest,
        "median": median,
    }
