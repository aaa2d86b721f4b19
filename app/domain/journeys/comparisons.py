"""What a version of a stage model changes: entries stage by stage, and the customers who are elsewhere by it."""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

import polars as pl

_ENTRY = ("customer", "position", "stage", "entered_at")


class Both(TypedDict):
    """A number by the one version and by the other."""

    before: int
    after: int


class StageCompared(TypedDict):
    """A stage's entries, the distinct customers among them, and the customers who are there now."""

    stage: str
    entries: Both
    customers: Both
    current: Both


Move = TypedDict("Move", {"from": str | None, "to": str | None, "customers": int})
"""Customers who are in the one stage by the one version and in the other by the other; null is no stage at all."""


class Comparison(NamedTuple):
    """`stages` in order, `moved` with the most frequent first, and who differs: (customer, before, after), by number.

    A customer differs where any entry, its stage or its instant, is another; `before` and `after` are the stages now, null for none.
    """

    stages: list[StageCompared]
    moved: list[Move]
    differing: pl.DataFrame


def compare(before: pl.DataFrame, after: pl.DataFrame, stages: Sequence[str]) -> Comparison:
    """Compare the entries of two versions of a stage model; `stages` names all of either, in order.

    Both frames have customer, position, stage, entered_at and left_at.
    """
    one, other = (frame.select(*_ENTRY, "left_at").with_columns(pl.col("stage").cast(pl.String)).lazy() for frame in (before, after))
    now, later = (frame.filter(pl.col("left_at").is_null()).select("customer", "stage") for frame in (one, other))
    differing = (
        pl.concat([one.join(other, on=_ENTRY, how="anti"), other.join(one, on=_ENTRY, how="anti")])
        .select("customer")
        .unique()
        .sort("customer")
    )
    placed = differing.join(now, on="customer", how="left").rename({"stage": "before"}).join(later, on="customer", how="left")
    counted = [_counts(one), _counts(other), placed.rename({"stage": "after"}).sort("customer")]
    first, second, elsewhere = pl.collect_all(counted)
    return Comparison(_stages(first, second, stages), _moved(elsewhere), elsewhere)


def _counts(entries: pl.LazyFrame) -> pl.LazyFrame:
    return entries.group_by("stage").agg(
        entries=pl.len(), customers=pl.col("customer").n_unique(), current=pl.col("left_at").is_null().sum()
    )


def _stages(before: pl.DataFrame, after: pl.DataFrame, stages: Sequence[str]) -> list[StageCompared]:
    nothing = {"entries": 0, "customers": 0, "current": 0}
    one, other = ({row["stage"]: row for row in counted.to_dicts()} for counted in (before, after))

    def both(stage: str, what: str) -> Both:
        return {"before": one.get(stage, nothing)[what], "after": other.get(stage, nothing)[what]}

    return [
        {"stage": stage, "entries": both(stage, "entries"), "customers": both(stage, "customers"), "current": both(stage, "current")}
        for stage in stages
    ]


def _moved(elsewhere: pl.DataFrame) -> list[Move]:
    moved = elsewhere.filter(pl.col("before").ne_missing(pl.col("after"))).group_by("before", "after").len()
    ranked = moved.sort("len", "before", "after", descending=[True, False, False])
    return [{"from": before, "to": after, "customers": customers} for before, after, customers in ranked.iter_rows()]
