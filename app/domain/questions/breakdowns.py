"""Breakdowns: the same question for each value of something, the rarest values together."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from app.domain.journeys.entries import CREDITED, DIRECT, LOOK_BACK
from app.domain.questions.look_back import Customers, before

OTHER = "other"
"""The group of the values that are not among the most frequent, and of a value of this very name."""


@dataclass(frozen=True)
class Breakdown:
    """What tells groups apart: a column of the rows or, where there is a `lookup` (the column, and `value`), what it says of the column.

    `top` groups keep their names.
    """

    column: str
    lookup: pl.DataFrame | None = None
    top: int = 25

    def of(self, rows: pl.DataFrame) -> pl.Series:
        """Each row's value, as a categorical; null is a value as well, and an empty text in a lookup says null."""
        if self.lookup is None:
            return rows[self.column].cast(pl.Categorical)
        values = self.lookup.select(self.column, pl.when(pl.col("value") != "").then("value").cast(pl.Categorical))
        return rows.select(self.column).join(values, on=self.column, how="left", maintain_order="left")["value"]

    def groups(self, counted: Sequence[pl.Series]) -> "Groups":
        """The groups by the number of rows counted, then by name, null last; all others, if there are any, are the last one."""
        tallies = pl.concat([values.rename("value").value_counts() for values in counted]).group_by("value").agg(pl.col("count").sum())
        ranked = tallies.with_columns(pl.col("value").cast(pl.String)).sort("count", "value", descending=[True, False], nulls_last=True)
        named = ranked.filter(pl.col("value").ne_missing(OTHER))["value"].to_list()
        rest = len(named) < ranked.height or len(named) > self.top
        return Groups(named[: self.top], rest=rest)


@dataclass(frozen=True)
class Groups:
    """The names of groups, the most frequent first; with `rest` another one, `other`, has all values that have no group of their own."""

    named: Sequence[str | None]
    rest: bool

    @property
    def names(self) -> list[str | None]:
        return [*self.named, *([OTHER] if self.rest else [])]

    def fold(self, values: pl.Series) -> pl.Series:
        """The name of each value's group, as a categorical."""
        known = pl.Series(self.named, dtype=pl.String).cast(pl.Categorical)
        return values.zip_with(values.is_in(known.implode(), nulls_equal=True), pl.Series([OTHER], dtype=pl.Categorical))


def credited(rows: pl.DataFrame, touches: pl.DataFrame, columns: Sequence[str] = CREDITED) -> pl.DataFrame:
    """Rows (customer, place, at) with what the customer's latest touch at or before each says: by place, at most 30 days old, no machine's.

    Where there is none the channel is direct, and nothing else is known. `touches`: each customer's together, by position. `columns` are
    those of the touch that are wanted.
    """
    persons = touches.lazy().filter(~pl.col("machine")).select("customer", "position", "touched_at", *columns).collect()
    spans = before(rows.select("customer", "place", converted_at="at"), Customers(persons), LOOK_BACK, reset=False)
    latest = pl.Series(spans.end - 1).zip_with(pl.Series(spans.lengths > 0), pl.Series([None], dtype=pl.Int64))
    values = persons.select(pl.col(columns).gather(latest))
    return rows.hstack(values.with_columns(pl.col("^channel$").fill_null(DIRECT)))
