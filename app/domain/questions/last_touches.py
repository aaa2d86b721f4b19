"""Last touches: after which touch journeys most often stop, beside how often such touches occur at all."""

from datetime import timedelta
from typing import TypedDict, cast

import polars as pl

from app.domain.questions.filters import Filters, selected
from app.domain.windows import Window


class StageEnds(TypedDict):
    """How many of the journeys stopped in a stage; null: in none."""

    stage: str | None
    ends: int


class LastTouch(TypedDict):
    """A value of the last touch of `ends` journeys, and of `touches` in the window; each beside its share of all of them.

    `lift` is the one share over the other: above 1 journeys stop after such touches more often than these occur.
    """

    touch: str | None
    ends: int
    share: float
    touches: int
    touches_share: float
    lift: float
    stages: list[StageEnds]


class Rest(TypedDict):
    """The values that are not listed, together."""

    names: int
    ends: int
    touches: int


class LastTouches(TypedDict):
    """`ends` journeys stopped; `listed` by `ends`, then by the bytes of the value, null first."""

    ends: int
    touches: int
    listed: list[LastTouch]
    other: Rest


def quiet(named_events: pl.DataFrame, window: Window, span: timedelta) -> pl.Series:
    """The customers whose last named event before the window's end is more than `span` older than that; each customer's stand in order."""
    before = named_events.lazy().filter(pl.col("occurred_at") < window.to).select("customer", "occurred_at")
    last = before.filter(pl.col("customer").ne_missing(pl.col("customer").shift(-1)))
    return last.filter(pl.col("occurred_at") < window.to - span).select("customer").collect().to_series()


def ends(touches: pl.DataFrame, journeys: pl.DataFrame, stopped: pl.Series, window: Window, filters: Filters) -> pl.DataFrame:
    """The last touch of each customer who stopped: the columns of `touches`, and `stage`, where the customer was at the window's end.

    It is the customer's last touch before the window's end, no machine's; it counts where the window holds it and it passes the filters.
    """
    customer = pl.col("customer")
    before = touches.lazy().filter(~pl.col("machine"), pl.col("touched_at") < window.to)
    last = before.filter(customer.ne_missing(customer.shift(-1)), window.holds("touched_at"), customer.is_in(stopped.unique().implode()))
    there = journeys.lazy().filter(pl.col("entered_at") < window.to, pl.col("left_at").is_null() | (pl.col("left_at") >= window.to))
    staged = last.join(there.select("customer", "stage"), on="customer", how="left", maintain_order="left").collect()
    return selected(staged, filters).collect()


def occurring(touches: pl.DataFrame, window: Window, filters: Filters) -> pl.DataFrame:
    """Persons' touches in the window that pass the filters."""
    return selected(touches, filters).filter(~pl.col("machine"), window.holds("touched_at")).collect()


def last_touches(ended: pl.DataFrame, touches: pl.DataFrame, by: str, top: int) -> LastTouches:
    """The most frequent values, at most `top`, of the column `by`.

    `ended` comes from `ends`, and `touches` from `occurring` with the same window and filters.
    """
    ranked = _ranked(ended.select(touch=by), touches.select(touch=by))
    stages = ended.group_by(pl.col(by, "stage").cast(pl.String)).len("ends").sort("ends", "stage", descending=[True, False])
    staged: dict[str | None, list[StageEnds]] = {}
    for touch, stage, count in stages.iter_rows():
        staged.setdefault(touch, []).append({"stage": stage, "ends": count})
    listed = [cast("LastTouch", row | {"stages": staged.get(row["touch"], [])}) for row in ranked.head(top).iter_rows(named=True)]
    rest = ranked[top:]
    return {
        "ends": ended.height,
        "touches": int(ranked["touches"].sum()),
        "listed": listed,
        "other": {"names": rest.height, "ends": int(rest["ends"].sum()), "touches": int(rest["touches"].sum())},
    }


def _ranked(ended: pl.DataFrame, touches: pl.DataFrame) -> pl.DataFrame:
    """Every value that a touch has, with counts, shares and lift."""
    stopping = ended.lazy().group_by("touch").agg(ends=pl.len())
    counted = touches.lazy().group_by("touch").agg(touches=pl.len()).join(stopping, on="touch", how="left", nulls_equal=True)
    ends, touched = pl.col("ends").fill_null(0), pl.col("touches")
    share, touches_share = ends / pl.max_horizontal(ends.sum(), 1), touched / touched.sum()
    told = counted.select(
        pl.col("touch").cast(pl.String),
        ends,
        share.alias("share"),
        touched,
        touches_share.alias("touches_share"),
        lift=share / touches_share,
    )
    return told.sort("ends", "touch", descending=[True, False], nulls_last=False).collect()
