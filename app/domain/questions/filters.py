"""Filters of questions: entries by their touch, whole customers by their traits."""

from dataclasses import dataclass, fields

import polars as pl


@dataclass(frozen=True)
class Filters:
    """Values that the touch of an entry must have; None asks for nothing. `source` is the number of a source.

    `customers` are the numbers of the customers that have the traits asked for; None is everybody.
    """

    channel: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    device: str | None = None
    country: str | None = None
    source: int | None = None
    customers: pl.Series | None = None


EVERYTHING = Filters()
TOUCH_FILTERS = tuple(column.name for column in fields(Filters) if column.name != "customers")


def equals(rows: pl.DataFrame, column: str, value: str | int) -> pl.Expr:
    """Whether a column of the rows has the value; one that the column's type cannot hold equals nothing."""
    return pl.col(column) == pl.lit(value).cast(rows.schema[column], strict=False)


def selected(rows: pl.DataFrame, filters: Filters) -> pl.LazyFrame:
    """The rows (entries or touches) that have the values asked for, of the customers asked for."""
    return rows.lazy().filter(*passing(rows, filters))


def passing(rows: pl.DataFrame, filters: Filters) -> list[pl.Expr]:
    """What `selected` asks of each row."""
    asked = {column: value for column in TOUCH_FILTERS if (value := getattr(filters, column)) is not None}
    tests = [equals(rows, column, value) for column, value in asked.items()]
    if filters.customers is not None:
        tests.append(pl.col("customer").is_in(filters.customers.implode()))
    return tests
