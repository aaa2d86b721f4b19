"""What lies behind transitions: the same for each group of entries, how long each move took, and whose entries a number counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

import polars as pl

from app.domain.questions.breakdowns import Breakdown, Groups
from app.domain.questions.filters import Filters, equals, selected
from app.domain.questions.spans import BOUNDS, bars
from app.domain.questions.transitions import StageFlow, Transition, transitions
from app.domain.windows import Window

What = Literal["entries", "exits", "at_start", "at_end"]
Pair = tuple[str | None, str]


class GroupFlow(TypedDict):
    """The stages and transitions of one group's entries. Entries of all groups sum up to the whole, `customers` need not."""

    group: str | None
    entries: int
    customers: int
    stages: list[StageFlow]
    transitions: list[Transition]


@dataclass(frozen=True)
class Counted:
    """The entries that a number counts: into a stage, from one, or from none before (`beginnings`), by what they do in the window."""

    what: What = "entries"
    stage: str | None = None
    from_stage: str | None = None
    beginnings: bool = False

    def among(self, entries: pl.DataFrame, window: Window) -> pl.DataFrame:
        """Those of the entries."""
        tests = [_does(self.what, window)]
        if self.stage is not None:
            tests.append(equals(entries, "stage", self.stage))
        if self.from_stage is not None:
            tests.append(equals(entries, "from_stage", self.from_stage))
        if self.beginnings:
            tests.append(pl.col("from_stage").is_null())
        return entries.filter(*tests)


class Grouped:
    """Entries, as `transitions.prepare` makes them, that pass the filters, told apart by a breakdown's groups.

    Groups are ranked by their entries in the window.
    """

    def __init__(self, entries: pl.DataFrame, window: Window, filters: Filters, breakdown: Breakdown) -> None:
        matters = [pl.col("entered_at") < window.to]
        if window.from_ is not None:
            matters.append(pl.col("left_at").is_null() | (pl.col("left_at") >= window.from_))
        self._entries = selected(entries, filters).filter(*matters).collect()
        self._window = window
        values = breakdown.of(self._entries)
        self.groups: Groups = breakdown.groups([values.filter(self._entries.select(window.holds("entered_at")).to_series())])
        self._names = self.groups.fold(values)

    def flows(self, stages: Sequence[str]) -> list[GroupFlow]:
        """Each group's transitions."""
        kept = self._entries.select("customer", "stage", "from_stage", "entered_at", "left_at", "dwell_before", group=self._names)
        parts = kept.partition_by("group", as_dict=True, include_key=False)
        return [self._flow(name, parts[(name,)], stages) for name in self.groups.names]

    def of(self, group: str | None) -> pl.DataFrame:
        """The entries of one group."""
        return self._entries.filter(self._names.eq_missing(group))

    def _flow(self, name: str | None, part: pl.DataFrame, stages: Sequence[str]) -> GroupFlow:
        told = transitions(part, stages, self._window)
        entered = part.filter(self._window.holds("entered_at"))
        customers = int(entered.select(pl.col("customer").ne_missing(pl.col("customer").shift()).sum()).item())
        return {"group": name, "entries": sum(flow["entries"] for flow in told["stages"]), "customers": customers, **told}


def distributions(entries: pl.DataFrame, window: Window, filters: Filters) -> dict[Pair, list[int]]:
    """For each transition in the window how many of its spans fall into each bar (see spans.BOUNDS); beginnings have none."""
    moved = selected(entries, filters).filter(window.holds("entered_at"), pl.col("from_stage").is_not_null())
    spans = moved.select("from_stage", "stage", "dwell_before").collect()
    counted = spans.with_columns(bar=bars(spans["dwell_before"])).group_by("from_stage", "stage", "bar").len()
    told: dict[Pair, list[int]] = {}
    for from_stage, stage, bar, count in counted.iter_rows():
        told.setdefault((from_stage, stage), [0] * (len(BOUNDS) + 1))[bar] = count
    return told


def is_current(as_of: datetime) -> pl.Expr:
    """Whether an entry is the one that its customer is in at an instant; one that is dated after it is not yet."""
    return (pl.col("entered_at") <= as_of) & (pl.col("left_at").is_null() | (pl.col("left_at") > as_of))


def _does(what: What, window: Window) -> pl.Expr:
    match what:
        case "entries":
            return window.holds("entered_at")
        case "exits":
            return window.holds("left_at")
        case "at_start":
            return _present(window.from_)
        case "at_end":
            return _present(window.to)


def _present(instant: datetime | None) -> pl.Expr:
    """Whether an entry is open just before the instant; none is before all time."""
    if instant is None:
        return pl.lit(value=False)
    return (pl.col("entered_at") < instant) & (pl.col("left_at").is_null() | (pl.col("left_at") >= instant))
