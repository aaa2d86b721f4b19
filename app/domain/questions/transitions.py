"""Who moved from which stage to which, how many, and after how long, in a window."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict, cast

import polars as pl

from app.domain.questions.filters import EVERYTHING, Filters, selected
from app.domain.windows import Window

Mode = Literal["every", "first"]

OTHER = "other"
"""The stage that takes the entries of rare stages."""


class Quantiles(TypedDict):
    """Median and 90th percentile of spans of time, in seconds, by linear interpolation; null where there is no span."""

    median: float | None
    p90: float | None


class StageFlow(TypedDict):
    """One stage in a window: `at_start` + `entries` = `exits` + `at_end`, all of them numbers of entries.

    `customers` are the distinct customers among its entries in the window, `dwell` is that of its exits in the window.
    """

    stage: str
    at_start: int
    entries: int
    exits: int
    at_end: int
    customers: int
    dwell: Quantiles


Transition = TypedDict(
    "Transition",
    {"from": str | None, "to": str, "count": int, "customers": int, "share": float, "dwell": Quantiles},
)
"""Entries into `to` from `from` (null: the beginning of a journey) in a window.

`share` is `count` over the counts of all transitions with the same `from`; `dwell` is the time in `from`, null for beginnings.
"""


class Transitions(TypedDict):
    """Stages in their model's order; transitions by `from` in that order (beginnings first), then most frequent, then by `to`."""

    stages: list[StageFlow]
    transitions: list[Transition]


def prepare(entries: pl.DataFrame, mode: Mode = "every") -> pl.DataFrame:
    """Entries made ready for `transitions`: with `dwell_before`, the seconds in `from_stage`, and in the order that counting needs.

    Takes whole customers' entries (columns of frames.ENTRIES) in any order. What it does for a customer depends on that customer
    alone: prepared frames of different customers may be concatenated, and customers may be filtered out of one.
    `mode` first prepares `first_entries`. `dwell_before` of a beginning is 0 and means nothing.
    """
    kept = (first_entries(entries) if mode == "first" else entries).sort("customer", "position")
    dwell_before = _seconds(pl.col("entered_at").shift(), pl.col("entered_at"))
    return kept.with_columns(
        dwell_before=pl.when(pl.col("customer") == pl.col("customer").shift()).then(dwell_before).otherwise(0.0),
    ).sort("customer", "stage", "from_stage")


def first_entries(entries: pl.DataFrame) -> pl.DataFrame:
    """Each customer's first entry into each stage, with `from_stage` and `left_at` rebuilt over the entries that are kept.

    Takes and gives columns of frames.ENTRIES; `position` keeps its gaps.
    """
    return _relink(entries.sort("customer", "stage", "position").filter(_starts_run("customer", "stage")))


def fold_rare(entries: pl.DataFrame, limit: int = 1000) -> pl.DataFrame:
    """At most `limit` stages keep their names, the rest become the stage `other`; nothing changes when there are no more than `limit`.

    Names are ranked by number of entries, then by bytes. Consecutive entries into `other` become the first of them, and `from_stage`
    and `left_at` are rebuilt; `position` keeps its gaps. Names are ranked over the frame given: all customers' entries.
    """
    ranked = entries.group_by(pl.col("stage").cast(pl.String)).len().sort("len", "stage", descending=[True, False])
    if ranked.height <= limit:
        return entries
    names = ranked["stage"].head(limit)
    name = pl.col("stage").cast(pl.String)
    stage = pl.when(name.is_in(names.implode())).then(name).otherwise(pl.lit(OTHER)).alias("stage")
    folded = entries.with_columns(stage).sort("customer", "position")
    relinked = _relink(folded.filter(_starts_run("customer", "stage") | (pl.col("stage") != OTHER)))
    kind = pl.String() if entries.schema["stage"] == pl.String else pl.Enum(sorted({*names, OTHER}))
    return relinked.with_columns(pl.col("stage", "from_stage").cast(kind))


def stages_by_name(entries: pl.DataFrame) -> list[str]:
    """The names of the stages in the entries, by bytes: the order of a model that has none of its own."""
    return entries["stage"].unique().cast(pl.String).sort().to_list()


def transitions(entries: pl.DataFrame, stages: Sequence[str], window: Window, filters: Filters = EVERYTHING) -> Transitions:
    """What happened in the window, per stage and per pair of stages.

    `entries` comes from `prepare`, which settles the mode; `stages` names every stage of the model, in its order. A transition belongs to
    the window that holds its entry into `to`, an exit to the one that holds its `left_at`. Filters select entries, each with its own
    `from_stage`, `left_at` and dwell, so that sums reconcile over the selected entries.
    """
    chosen = selected(entries, filters).with_columns(pl.col("stage", "from_stage").cast(pl.Enum(stages)))
    pairs, exits, at_start, at_end = pl.collect_all(
        [
            _pairs(chosen.filter(window.holds("entered_at")), pl.Enum(stages)),
            _exits(chosen.filter(window.holds("left_at"))),
            _present(chosen, window.from_).rename({"len": "at_start"}),
            _present(chosen, window.to).rename({"len": "at_end"}),
        ]
    )
    order = pl.DataFrame({"stage": stages}, schema={"stage": pl.Enum(stages)})
    return {
        "stages": cast("list[StageFlow]", _stage_flows(order, pairs, exits, at_start, at_end).to_dicts()),
        "transitions": cast("list[Transition]", _listed(pairs).to_dicts()),
    }


def _relink(kept: pl.DataFrame) -> pl.DataFrame:
    customer = pl.col("customer")
    return kept.sort("customer", "position").with_columns(
        from_stage=pl.when(customer == customer.shift()).then(pl.col("stage").shift()),
        left_at=pl.when(customer == customer.shift(-1)).then(pl.col("entered_at").shift(-1)),
    )


def _seconds(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    return (end.cast(pl.Int64) - start.cast(pl.Int64)) / 1e6


def _quantiles(seconds: str) -> list[pl.Expr]:
    return [pl.col(seconds).quantile(share, interpolation="linear").alias(name) for name, share in (("median", 0.5), ("p90", 0.9))]


def _starts_run(*columns: str) -> pl.Expr:
    """Whether a row differs from the row before it in one of the columns."""
    return pl.any_horizontal(pl.col(column).ne_missing(pl.col(column).shift()) for column in columns)


def _pairs(entered: pl.LazyFrame, stage: pl.Enum) -> pl.LazyFrame:
    """Per pair of stages, grouped by one number for both, which is twice as fast as by two columns.

    In the order of `prepare` each distinct customer is one run of rows, whatever was filtered out.
    """
    beginning, size = len(stage.categories), len(stage.categories) + 1
    before, into = (pl.col(column).to_physical().cast(pl.UInt32) for column in ("from_stage", "stage"))
    counted = entered.select(
        "dwell_before",
        pair=before.fill_null(beginning) * size + into,
        in_stage=_starts_run("customer", "stage"),
        in_pair=_starts_run("customer", "stage", "from_stage"),
    )
    pairs = counted.group_by("pair").agg(pl.len().alias("count"), pl.col("in_pair", "in_stage").sum(), *_quantiles("dwell_before"))
    return pairs.with_columns(
        from_stage=(pl.col("pair") // size).cat.to(stage, strict=False),
        stage=(pl.col("pair") % size).cat.to(stage),
    )


def _exits(left: pl.LazyFrame) -> pl.LazyFrame:
    dwell = left.select("stage", dwell=_seconds(pl.col("entered_at"), pl.col("left_at")))
    return dwell.group_by("stage").agg(pl.len().alias("exits"), *_quantiles("dwell"))


def _present(entries: pl.LazyFrame, instant: datetime | None) -> pl.LazyFrame:
    """Per stage, the entries that are open just before the instant; none before all time."""
    if instant is None:
        return entries.clear().group_by("stage").len()
    still = pl.col("left_at").is_null() | (pl.col("left_at") >= instant)
    return entries.filter(pl.col("entered_at") < instant, still).group_by("stage").len()


def _stage_flows(order: pl.DataFrame, pairs: pl.DataFrame, *tallies: pl.DataFrame) -> pl.DataFrame:
    flows = order.join(
        pairs.group_by("stage").agg(entries=pl.col("count").sum(), customers=pl.col("in_stage").sum()),
        on="stage",
        how="left",
        maintain_order="left",
    )
    for tally in tallies:
        flows = flows.join(tally, on="stage", how="left", maintain_order="left")
    counts = pl.col("at_start", "entries", "exits", "at_end", "customers")
    return flows.select("stage", counts.fill_null(0), dwell=pl.struct("median", "p90"))


def _listed(pairs: pl.DataFrame) -> pl.DataFrame:
    """Transitions as they are listed; stages compare by their place in the model, a beginning comes first."""
    from_stage, count = pl.col("from_stage"), pl.col("count")
    known = pl.when(from_stage.is_not_null())
    return pairs.sort("from_stage", "count", "stage", descending=[False, True, False], nulls_last=False).select(
        from_stage.alias("from"),
        pl.col("stage").alias("to"),
        count,
        pl.col("in_pair").alias("customers"),
        share=count / count.sum().over("from_stage"),
        dwell=pl.struct(known.then(pl.col(name)).alias(name) for name in ("median", "p90")),
    )
