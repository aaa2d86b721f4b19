"""What customers came by and did while they were in a stage, stage by stage."""

from collections.abc import Sequence
from typing import Any, TypedDict

import polars as pl

from app.domain.questions.filters import Filters, selected
from app.domain.windows import Window

CHANNELS_TOP = 5
ACTIONS_TOP = 10
RATINGS_TOP = 20


class Ranked(TypedDict):
    """The most frequent names (`name`, `count`, and `customers` where they are counted), by count then bytes; the others together.

    `other` has how many `names` it takes and their `count`.
    """

    listed: list[dict[str, Any]]
    other: dict[str, int]


class Ratings(TypedDict):
    """What named events say in properties.rating, or score: `values` has the most frequent ones in order, each with its count."""

    count: int
    mean: float | None
    values: list[dict[str, float]]
    other: int


def channels(journeys: pl.DataFrame, window: Window, filters: Filters) -> dict[str, Ranked]:
    """Of each stage the channels of the entries in the window, by entries."""
    counted = selected(journeys, filters).filter(window.holds("entered_at")).group_by("stage", name="channel").agg(count=pl.len())
    return _ranked(counted.collect(), CHANNELS_TOP)


def actions(events: pl.DataFrame, window: Window) -> dict[str, Ranked]:
    """Of each stage the named events in the window, and how many customers did each; `events` as from `whereabouts.staged_events`."""
    run = pl.any_horizontal(pl.col(column).ne_missing(pl.col(column).shift()) for column in ("customer", "stage", "name"))
    inside = events.lazy().filter(window.holds("occurred_at")).select("stage", "name", run=run)
    return _ranked(inside.group_by("stage", "name").agg(count=pl.len(), customers=pl.col("run").sum()).collect(), ACTIONS_TOP)


def touches(staged: pl.DataFrame, window: Window, by: str) -> dict[str, Ranked]:
    """Of each stage the kinds or channels of the touches in the window; `staged` as from `whereabouts.staged_touches`."""
    inside = staged.lazy().filter(window.holds("touched_at"))
    return _ranked(inside.group_by("stage", name=by).agg(count=pl.len()).collect(), CHANNELS_TOP)


def ratings(events: pl.DataFrame, window: Window) -> dict[str, Ratings]:
    """Of each stage what its named events in the window say in ratings."""
    rated = events.lazy().filter(pl.col("rating").is_not_null(), window.holds("occurred_at")).select("stage", "rating").collect()
    return {name: _ratings(rated.filter(pl.col("stage") == name)["rating"]) for name in rated["stage"].unique().cast(pl.String)}


def nothing() -> Ranked:
    return {"listed": [], "other": {"names": 0, "count": 0}}


def unrated() -> Ratings:
    return _ratings(pl.Series(dtype=pl.Float64))


def _ranked(counted: pl.DataFrame, top: int) -> dict[str, Ranked]:
    """Counts by stage and name, listed stage by stage."""
    ordered = counted.with_columns(pl.col("stage", "name").cast(pl.String)).sort("stage", "count", "name", descending=[False, True, False])
    parts = ordered.partition_by("stage", as_dict=True, include_key=False)
    return {str(stage): {"listed": part.head(top).to_dicts(), "other": _other(part[top:])} for (stage,), part in parts.items()}


def _other(rest: pl.DataFrame) -> dict[str, int]:
    return {"names": rest.height, "count": int(rest["count"].sum())}


def _ratings(rated: pl.Series) -> Ratings:
    by_value = rated.alias("rating").value_counts(name="count").sort("count", "rating", descending=[True, False])
    frequent: Sequence[dict[str, float]] = by_value.head(RATINGS_TOP).sort("rating").to_dicts()
    mean = rated.mean()
    return {
        "count": len(rated),
        "mean": mean if isinstance(mean, float) else None,
        "values": [*frequent],
        "other": int(by_value[RATINGS_TOP:]["count"].sum()),
    }
