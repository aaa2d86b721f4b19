"""Values that occur: what a filter, a step of a funnel or an anchor of paths can be chosen from."""

import json
from collections import Counter
from typing import TypedDict, cast

import polars as pl

from app.domain.questions.filters import Filters, selected
from app.domain.questions.stamps import passing_by
from app.domain.windows import Window


class Value(TypedDict):
    """A value, how often it occurs, and with how many customers."""

    value: str
    count: int
    customers: int


class Values(TypedDict):
    """The most frequent values, by `count`, then by the bytes of the value; `total` is how many different ones there are."""

    values: list[Value]
    total: int


def of_touches(touches: pl.DataFrame, column: str, window: Window, filters: Filters) -> pl.DataFrame:
    """The values (value, count, customers) of a column of persons' touches in the window that pass the filters."""
    return _counted(selected(touches, filters).filter(~pl.col("machine"), window.holds("touched_at")), column)


def of_events(named_events: pl.DataFrame, stamps: pl.DataFrame, window: Window, filters: Filters) -> pl.DataFrame:
    """The names of events in the window, as of `of_touches`; each event passes the filters by its stamp (see questions.stamps)."""
    return _counted(passing_by(named_events, stamps, filters).filter(window.holds("occurred_at")), "name")


def of_trait(having: pl.DataFrame, customers: pl.Series | None) -> pl.DataFrame:
    """The values of one trait (customer, value) of some customers, as of `of_touches`; None is everybody."""
    return _counted(selected(having, Filters(customers=customers)), "value")


def of_trait_keys(keys: pl.DataFrame, customers: pl.Series | None) -> pl.DataFrame:
    """The keys that traits of some customers have, as of `of_touches`; `keys` (customer, keys) holds each customer's as a JSON list."""
    tallies: Counter[str] = Counter()
    for text, count in selected(keys, Filters(customers=customers)).group_by("keys").agg(pl.len()).collect().iter_rows():
        tallies.update(dict.fromkeys(json.loads(text), count))
    told = [(key, count, count) for key, count in tallies.items()]
    return pl.DataFrame(told, schema={"value": pl.String, "count": pl.Int64, "customers": pl.Int64}, orient="row")


def most_frequent(counted: pl.DataFrame, part: str, limit: int) -> Values:
    """At most `limit` of the values that have this part in their name, in any case; an empty part is in every name."""
    value = pl.col("value")
    found = counted.filter(value.str.to_lowercase().str.contains(part.lower(), literal=True))
    listed = found.sort("count", "value", descending=[True, False]).head(limit)
    return {"values": cast("list[Value]", listed.to_dicts()), "total": found.height}


def _counted(rows: pl.LazyFrame, column: str) -> pl.DataFrame:
    """An absent value and an empty one are none."""
    tallies = rows.group_by(column).agg(count=pl.len().cast(pl.Int64), customers=pl.col("customer").n_unique().cast(pl.Int64))
    named = tallies.select(pl.col(column).cast(pl.String).alias("value"), "count", "customers")
    return named.filter(pl.col("value") != "").collect()
