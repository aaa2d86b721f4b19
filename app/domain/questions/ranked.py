"""Transitions looked up instead of counted: entries in the order of their spans, where every number is a matter of places.

The rows of each pair of stages lie together, shortest dwell first. Of the rows that a window holds a quantile is then the one at its
rank, and who counts as a distinct customer is told by when they came before. This serves questions about whole customers; a filter of
touches leaves some entries of a customer out, and is `transitions`' business.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from app.domain.frames import INSTANT
from app.domain.questions.filters import TOUCH_FILTERS, Filters
from app.domain.questions.transitions import Mode, Quantiles, StageFlow, Transition, Transitions, first_entries
from app.domain.windows import Window

PAIRS_MAX = 2_000
"""Models with more pairs of stages are not ranked."""

LATE_SHARE = 0.1
"""How much of the whole may have changed before everything is sorted anew."""

_SPAN = 52
"""Bits of a key for a span in microseconds: 142 years."""

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_NO_SPAN: Quantiles = {"median": None, "p90": None}


class Run(NamedTuple):
    """Entries of some customers: `moved` in the order of (from_stage, stage, span before), `left` in that of (stage, span in it).

    `moved` has customer, key, entered_at, and `in_pair` and `in_stage`: when the customer made this transition before, and entered this
    stage (the year 1: never). `left` has customer, key and left_at.
    """

    moved: pl.DataFrame
    left: pl.DataFrame

    def without(self, customers: Sequence[int]) -> "Run":
        """The same without some customers."""
        others = ~pl.col("customer").is_in(pl.Series(customers, dtype=pl.Int64).implode())
        return Run(self.moved.filter(others), self.left.filter(others))

    def with_run(self, other: "Run") -> "Run":
        """Both together."""
        return Run(*(pl.concat(frames).sort("key") for frames in zip(self, other, strict=True)))

    def emptied(self) -> "Run":
        return Run(self.moved.clear(), self.left.clear())


class Ranked(NamedTuple):
    """All entries: most of them in one run, those of customers who changed of late in a second one."""

    most: Run
    late: Run

    def replaced(self, customers: Sequence[int], fresh: "Ranked") -> "Ranked":
        """With other entries of some customers. Sorting everything anew takes long, so that it waits until many changed."""
        most, late = self.most.without(customers), self.late.without(customers).with_run(fresh.most).with_run(fresh.late)
        if late.moved.height > LATE_SHARE * most.moved.height:
            return Ranked(most.with_run(late), late.emptied())
        return Ranked(most, late)


def can_rank(stages: Sequence[str]) -> bool:
    return (len(stages) + 1) * len(stages) <= PAIRS_MAX


def can_look_up(filters: Filters) -> bool:
    """Whether the filters leave customers whole."""
    return all(getattr(filters, column) is None for column in TOUCH_FILTERS)


def rank(entries: pl.DataFrame, stages: Sequence[str], mode: Mode = "every") -> Ranked:
    """The entries (columns of frames.ENTRIES) of whole customers, in any order."""
    kept = first_entries(entries) if mode == "first" else entries
    numbered = kept.select(
        "customer",
        "position",
        "entered_at",
        "left_at",
        stage=pl.col("stage").cast(pl.Enum(stages)).to_physical().cast(pl.Int64),
        before=pl.col("from_stage").cast(pl.Enum(stages)).to_physical().cast(pl.Int64).fill_null(len(stages)),
    )
    run = Run(_moved(numbered, len(stages)), _left(numbered))
    return Ranked(run, run.emptied())


def transitions_ranked(ranked: Ranked, stages: Sequence[str], window: Window, filters: Filters) -> Transitions:
    """As `transitions`, of the same entries. The filters must leave customers whole (see `can_look_up`)."""
    runs = [_of(run, filters) for run in ranked]
    pairs = (len(stages) + 1) * len(stages)
    moved = _Spans([run.moved for run in runs], pairs, "entered_at", window)
    left = _Spans([run.left for run in runs], len(stages), "left_at", window)
    return {"stages": _stage_flows(stages, moved, left), "transitions": _transitions(stages, moved)}


def _moved(numbered: pl.DataFrame, stages: int) -> pl.DataFrame:
    """A beginning has no span before it."""
    since = pl.col("entered_at") - pl.col("entered_at").shift()
    span = pl.when(pl.col("customer") == pl.col("customer").shift()).then(since.dt.total_microseconds()).otherwise(0)
    ordered = numbered.sort("customer", "position").with_columns(key=_key(pl.col("before") * stages + pl.col("stage"), span))
    told = ordered.sort("customer", "stage", "before", "position").with_columns(in_pair=_before("stage", "before"))
    told = told.sort("customer", "stage", "position").with_columns(in_stage=_before("stage"))
    return told.select("customer", "key", "entered_at", "in_pair", "in_stage").sort("key")


def _left(numbered: pl.DataFrame) -> pl.DataFrame:
    span = (pl.col("left_at") - pl.col("entered_at")).dt.total_microseconds()
    over = numbered.filter(pl.col("left_at").is_not_null())
    return over.select("customer", "left_at", key=_key(pl.col("stage"), span)).select("customer", "key", "left_at").sort("key")


def _key(group: pl.Expr, span: pl.Expr) -> pl.Expr:
    return group * (1 << _SPAN) + span


def _before(*columns: str) -> pl.Expr:
    """When the row before was entered, where it is the same customer's and agrees in these columns, too."""
    same = pl.all_horizontal(pl.col(column) == pl.col(column).shift() for column in ("customer", *columns))
    return pl.when(same).then(pl.col("entered_at").shift()).otherwise(pl.lit(_NEVER, INSTANT))


def _of(run: Run, filters: Filters) -> Run:
    if filters.customers is None:
        return run
    wanted = pl.col("customer").is_in(filters.customers.implode())
    return Run(run.moved.filter(wanted), run.left.filter(wanted))


class _Spans:
    """Rows of two runs, group by group: how many the window holds, and quantiles of their spans."""

    def __init__(self, runs: Sequence[pl.DataFrame], groups: int, instant: str, window: Window) -> None:
        self._bounds = pl.Series([group << _SPAN for group in range(groups + 1)], dtype=pl.Int64)
        self._start = window.from_
        self._instant = pl.col(instant)
        self._holds = window.holds(instant)
        self._runs = [(run, self._edges(run["key"])) for run in runs]
        self._held = [(keys, self._edges(keys)) for keys in (run.filter(self._holds)["key"] for run in runs)]

    def counts(self) -> list[int]:
        """How many rows of each group the window holds."""
        return _sums([following - first for first, following in pairwise(edges)] for _, edges in self._held)

    def earlier(self) -> list[int]:
        """How many rows of each group lie before the window."""
        return [0] * (self._bounds.len() - 1) if self._start is None else self._counted(self._instant < self._start)

    def newcomers(self, before: str) -> list[int]:
        """How many rows of each group the window holds whose column `before` does not lie in it."""
        return self._counted(self._holds & (pl.col(before) < (self._start or _EARLIEST)))

    def quantiles(self, group: int) -> Quantiles:
        """Median and p90 of the spans of a group's rows in the window."""
        most, late = (keys.slice(edges[group], edges[group + 1] - edges[group]) for keys, edges in self._held)
        if not most.len() + late.len():
            return _NO_SPAN
        return {"median": _quantile(most, late, 0.5), "p90": _quantile(most, late, 0.9)}

    def _edges(self, keys: pl.Series) -> list[int]:
        return keys.search_sorted(self._bounds).to_list()

    def _counted(self, test: pl.Expr) -> list[int]:
        masks = ((run.select(test=test)["test"], edges) for run, edges in self._runs)
        return _sums([int(mask.slice(first, following - first).sum()) for first, following in pairwise(edges)] for mask, edges in masks)


def _sums(counts: Iterable[list[int]]) -> list[int]:
    return [sum(parts) for parts in zip(*counts, strict=True)]


def _quantile(most: pl.Series, late: pl.Series, share: float) -> float:
    """By linear interpolation, of two sorted series of keys of one group: only those near the rank are looked at."""
    place = (most.len() + late.len() - 1) * share
    rank = int(place)
    skipped = max(0, rank - late.len())
    near = pl.concat([most.slice(skipped, rank + 2 - skipped), late]).sort().slice(rank - skipped, 2).to_list()
    low, high = (int(key & ((1 << _SPAN) - 1)) / 1e6 for key in (near[0], near[-1]))
    return low + (place - rank) * (high - low)


def _stage_flows(stages: Sequence[str], moved: _Spans, left: _Spans) -> list[StageFlow]:
    entered, earlier, customers = (
        _by_stage(counts, len(stages)) for counts in (moved.counts(), moved.earlier(), moved.newcomers("in_stage"))
    )
    exits, gone = left.counts(), left.earlier()
    return [
        {
            "stage": stage,
            "at_start": earlier[number] - gone[number],
            "entries": entered[number],
            "exits": exits[number],
            "at_end": earlier[number] - gone[number] + entered[number] - exits[number],
            "customers": customers[number],
            "dwell": left.quantiles(number),
        }
        for number, stage in enumerate(stages)
    ]


def _by_stage(counts: Sequence[int], stages: int) -> list[int]:
    """Of counts by pair (all stages entered from the first one, then from the second one ...) those by stage entered."""
    return [sum(counts[stage::stages]) for stage in range(stages)]


def _transitions(stages: Sequence[str], moved: _Spans) -> list[Transition]:
    """Beginnings first, then by the stage before; of these the most frequent first, then by the stage."""
    counts, customers = moved.counts(), moved.newcomers("in_pair")
    listed: list[Transition] = []
    for before in (len(stages), *range(len(stages))):
        pairs = [before * len(stages) + stage for stage in range(len(stages))]
        total = sum(counts[pair] for pair in pairs)
        listed += [
            {
                "from": None if before == len(stages) else stages[before],
                "to": stages[pair % len(stages)],
                "count": counts[pair],
                "customers": customers[pair],
                "share": counts[pair] / total,
                "dwell": _NO_SPAN if before == len(stages) else moved.quantiles(pair),
            }
            for pair in sorted(pairs, key=lambda pair: -counts[pair])
            if counts[pair]
        ]
    return listed
