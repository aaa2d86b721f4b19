"""Sequences: the steps that each customer takes in a window, in order, cut to what a question reads of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.domain.windows import Window

NAMELESS = 1
"""The code of a step without a name; those of names follow, in the order of their bytes. 0 is no step."""


@dataclass(frozen=True)
class Reading:
    """How sequences are read: at most `depth` steps, from each customer's first `start` in the window, up to their last `end` in it.

    With `end` alone a sequence is read backwards from there; with both it runs from the one to the other. Who does not come by an anchor
    has none. With `collapse` a name that comes again at once is one step, at the instant of the first. Steps count from 1, at the anchor.
    """

    depth: int = 5
    start: str | None = None
    end: str | None = None
    collapse: bool = False

    @property
    def backwards(self) -> bool:
        return self.end is not None and self.start is None


@dataclass(frozen=True)
class Sequences:
    """Each customer's sequence: a run of the rows of `steps` (code, at), and what is read of it.

    `runs` has customer, `first` and `last` row, `length`, and of what is read `begin`, its first row in the order of time, and `kept`, its
    number of steps. `names` by code less `NAMELESS`: null, then by bytes.
    """

    names: list[str | None]
    steps: pl.DataFrame
    runs: pl.DataFrame
    reading: Reading

    def code_of(self, name: str | None) -> int:
        """The code of a name, 0 for one that no step has."""
        return self.names.index(name) + NAMELESS if name in self.names else 0

    def at_step(self, number: int) -> pl.DataFrame:
        """The runs that have a step (from 1) within the depth, in order, `customer` and `length`, with the step's `code` and `at`."""
        row = pl.col("last") - (number - 1) if self.reading.backwards else pl.col("first") + (number - 1)
        reached = self.runs.lazy().filter(pl.col("kept") >= number).select("customer", "length", "kept", row=row).collect()
        return reached.drop("row").hstack(self.steps.select(pl.all().gather(reached["row"])))

    def codes(self) -> Iterator[pl.Series]:
        """The codes of what is read, in the order of time, step by step of all runs; 0 after a sequence's end."""
        for number in range(self.reading.depth):
            within = self.runs["kept"] > number
            rows = self.runs.select(pl.min_horizontal(pl.col("begin") + number, "last")).to_series()
            yield self.steps["code"].gather(rows).zip_with(within, pl.Series([0], dtype=pl.UInt32))

    def path(self, run: int) -> list[str | None]:
        """What is read of a run, in the order of time."""
        begin, kept = self.runs.select("begin", "kept").row(run)
        return [self.names[code - NAMELESS] for code in self.steps["code"].slice(begin, kept)]


def sequences(steps: pl.LazyFrame, window: Window, reading: Reading) -> Sequences:
    """Each customer's sequence of the steps that the window holds.

    `steps` has the columns customer, name (text of any type, null allowed) and at; each customer's rows stand together, in order.
    """
    inside = steps.filter(window.holds("at")).select("customer", pl.col("name").cast(pl.Categorical), "at").collect()
    names, codes = coded(inside["name"])
    told = inside.select("customer", "at", code=pl.Series(codes))
    if reading.collapse:
        told = told.filter(_parts("customer") | _parts("code"))
    known = Sequences([None, *names], told.select("code", "at"), pl.DataFrame(), reading)
    return replace(known, runs=_runs(told.select("customer", "code", row=pl.int_range(pl.len())), known))


def coded(names: pl.Series) -> tuple[list[str], NDArray[np.uint32]]:
    """The names (a categorical) by their bytes, and the code of each row: NAMELESS where it has none."""
    known = names.unique().drop_nulls()
    ordered = pl.DataFrame({"text": known.cast(pl.String), "physical": known.to_physical()}).sort("text")
    physical = ordered["physical"].to_numpy()
    codes = np.full(physical.max(initial=0) + 2, NAMELESS, dtype=np.uint32)
    codes[physical] = np.arange(len(physical)) + NAMELESS + 1
    return ordered["text"].to_list(), codes[names.to_physical().fill_null(len(codes) - 1).to_numpy()]


def _parts(column: str, neighbour: int = 1) -> pl.Expr:
    """Whether a row differs in a column from the one before it, or from another neighbour."""
    return pl.col(column).ne_missing(pl.col(column).shift(neighbour))


def _runs(coded: pl.DataFrame, known: Sequences) -> pl.DataFrame:
    """What is read of each customer's rows."""
    reading = known.reading
    begins = coded.select(_parts("customer")).to_series()
    first = pl.DataFrame({"first": begins.arg_true().cast(pl.Int64)})
    runs = first.with_columns(last=pl.col("first").shift(-1, fill_value=coded.height) - 1).with_row_index("run")
    if reading.start is not None:
        found = _found(coded, begins, known.code_of(reading.start)).filter(_parts("run")).rename({"row": "first"})
        runs = runs.drop("first").join(found, on="run", maintain_order="left")
    if reading.end is not None:
        found = _found(coded, begins, known.code_of(reading.end)).filter(_parts("run", -1)).rename({"row": "last"})
        runs = runs.drop("last").join(found, on="run", maintain_order="left")
    lasting = runs.filter(pl.col("last") >= pl.col("first")).select("first", "last", length=pl.col("last") - pl.col("first") + 1)
    kept = lasting.with_columns(coded["customer"].gather(lasting["first"]), kept=pl.min_horizontal("length", reading.depth))
    return kept.with_columns(begin=pl.col("last") - pl.col("kept") + 1 if reading.backwards else pl.col("first"))


def _found(coded: pl.DataFrame, begins: pl.Series, code: int) -> pl.DataFrame:
    """The rows with a code, each with the number of its customer's run."""
    rows = (coded["code"] == code).arg_true()
    return pl.DataFrame({"run": begins.cum_sum().gather(rows) - 1, "row": rows.cast(pl.Int64)})
