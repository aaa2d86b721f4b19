"""Touchpoints: what touches of each channel, campaign or kind reached, and which entries they brought about."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TypedDict

import polars as pl

from app.domain.journeys.stages import StageModel
from app.domain.questions.breakdowns import credited
from app.domain.questions.filters import Filters, equals, passing, selected
from app.domain.windows import Window

What = Literal["touches", "machines", "first", "entries"]
KIND = "kind"
_COUNTS: tuple[Literal["touches"], Literal["machines"], Literal["first"]] = ("touches", "machines", "first")


class StageEntries(TypedDict):
    """How many entries into a stage, and of how many customers."""

    stage: str
    entries: int
    customers: int


class Tally(TypedDict):
    """Persons' `touches` and the `customers` whom they reached, touches of `machines`, journeys that began so (`first`), and `stages`.

    `stages`, in the model's order, are those with entries whose touch it is; other entries do not count.
    """

    touches: int
    customers: int
    machines: int
    first: int
    stages: list[StageEntries]


class Touchpoint(Tally):
    """The tally of one value; null is a touch, or an entry, without any."""

    value: str | None


class Rest(Tally):
    """The tally of the values that are not listed; a customer of several of them counts once."""

    values: int


class Touchpoints(TypedDict):
    """`listed` by `touches`, then by entries, then by the bytes of the value, null last. All counts but `customers` sum up to `total`."""

    total: Tally
    listed: list[Touchpoint]
    other: Rest


class Frames(NamedTuple):
    """Touches and entries; of both each customer's rows are together, in order."""

    touches: pl.DataFrame
    journeys: pl.DataFrame


class Met(NamedTuple):
    """What is counted, each row with a customer and a value: persons' touches, machines', journeys' first ones, and entries with stage."""

    touches: pl.DataFrame
    machines: pl.DataFrame
    first: pl.DataFrame
    entries: pl.DataFrame

    def of(self, values: Sequence[str | None]) -> "Met":
        """The rows with any of these values."""
        sought = pl.Series(values, dtype=pl.String)
        return Met(*(rows.filter(pl.col("value").is_in(sought.cast(rows.schema["value"]).implode(), nulls_equal=True)) for rows in self))

    def behind(self, what: What, stage: str | None) -> pl.Series:
        """The customers of a number's rows, one for each; a stage is one of entries."""
        rows: pl.DataFrame = getattr(self, what)
        return (rows if stage is None else rows.filter(equals(rows, "stage", stage)))["customer"]


def met(frames: Frames, by: str, model: StageModel, window: Window, filters: Filters) -> Met:
    """What the window holds and the filters select, by a column of the touch.

    A journey begins with the first touch of a person, whatever the window.
    """
    machine, rows = pl.col("machine"), frames.touches.lazy()
    begins = rows.filter(~machine).filter(pl.col("customer").ne_missing(pl.col("customer").shift()))
    inside = [window.holds("touched_at"), *passing(frames.touches, filters)]
    told = [part.filter(*inside).select("customer", value=by) for part in (rows.filter(~machine), rows.filter(machine), begins)]
    return Met(*pl.collect_all([*told, _entries(frames, by, model, window, filters)]))


def touchpoints(counted: Met, stages: Sequence[str], top: int) -> Touchpoints:
    """Tallies of at most `top` values, and of all others together."""
    by_value = _tallies(counted, stages)
    ranked = sorted(by_value, key=lambda value: _rank(value, by_value[value]))
    rest = ranked[top:]
    return {
        "total": _whole(counted, stages),
        "listed": [{"value": value, **by_value[value]} for value in ranked[:top]],
        "other": {"values": len(rest), **_whole(counted.of(rest), stages)},
    }


def _entries(frames: Frames, by: str, model: StageModel, window: Window, filters: Filters) -> pl.LazyFrame:
    """Entries (customer, stage, value). An entry keeps all of its touch but the kind, which is looked up as of its event's instant."""
    entered = selected(frames.journeys, filters).filter(window.holds("entered_at"))
    if by != KIND:
        return entered.select("customer", "stage", value=by)
    silence = model.lapses_after or timedelta(0)
    at = pl.when(pl.col("stage") == pl.lit(model.lapsed)).then(pl.col("entered_at") - silence).otherwise("entered_at")
    rows = credited(entered.select("customer", "stage", "place", at=at).collect(), frames.touches, (KIND,))
    return rows.lazy().select("customer", "stage", value=KIND)


def _whole(counted: Met, stages: Sequence[str]) -> Tally:
    """The tally of all rows, whatever their values."""
    alike = Met(*(rows.with_columns(value=pl.lit(None, pl.Categorical())) for rows in counted))
    return _tallies(alike, stages)[None]


def _tallies(counted: Met, stages: Sequence[str]) -> defaultdict[str | None, Tally]:
    """The tally of each value."""
    tallies: defaultdict[str | None, Tally] = defaultdict(_nothing)
    for what in _COUNTS:
        for value, rows, customers in _grouped(getattr(counted, what), "value"):
            tallies[value][what] = rows
            if what == "touches":
                tallies[value]["customers"] = customers
    places = {stage: place for place, stage in enumerate(stages)}
    for stage, value, entries, customers in sorted(_grouped(counted.entries, "stage", "value"), key=lambda row: places[row[0]]):
        tallies[value]["stages"].append({"stage": stage, "entries": entries, "customers": customers})
    return tallies


def _grouped(rows: pl.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Values of the columns, how many rows have them, and of how many customers."""
    told = rows.group_by(columns).agg(pl.len(), pl.col("customer").n_unique())
    return told.with_columns(pl.col(columns).cast(pl.String)).iter_rows()


def _nothing() -> Tally:
    return {"touches": 0, "customers": 0, "machines": 0, "first": 0, "stages": []}


def _rank(value: str | None, tally: Tally) -> tuple[int, int, bool, str]:
    return -tally["touches"], -sum(stage["entries"] for stage in tally["stages"]), value is None, value or ""
