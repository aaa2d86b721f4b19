"""Stamps: each combination of what touches say, once, so that one number tells it of a row."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from app.domain.frames import Schema
from app.domain.journeys.entries import CREDITED, DIRECT
from app.domain.questions.breakdowns import credited
from app.domain.questions.filters import TOUCH_FILTERS, Filters, selected

_SAID: Schema = {name: pl.Int16 if name == "source" else pl.Categorical() for name in CREDITED}
UNTOUCHED = 0
"""The stamp of what no touch came before: direct, and nothing else is known."""
STAMPS = pl.DataFrame([[DIRECT], *[[None]] * (len(_SAID) - 1)], schema=_SAID)
"""The stamps of which all others follow: a stamp is the number of its row."""


def stamped(rows: pl.DataFrame, stamps: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows (entries or touches) with the `stamp` of what they say, and the stamps, to which those not known so far are appended."""
    said = rows.select(pl.col(name).cast(kind) for name, kind in _SAID.items())
    fresh = said.unique().join(stamps, on=CREDITED, how="anti", nulls_equal=True)
    known = pl.concat([stamps, fresh])
    found = said.join(known.with_row_index("stamp"), on=CREDITED, how="left", maintain_order="left", nulls_equal=True)
    return rows.with_columns(found["stamp"]), known


def stamped_events(named_events: pl.DataFrame, touches: pl.DataFrame, stamps: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Named events of whole customers with the `stamp` of the latest touch before each (see breakdowns.credited), and the stamps."""
    said, known = stamped(touches.with_columns(pl.col("channel").fill_null(DIRECT)), stamps)
    found = credited(named_events.select("customer", "place", at="occurred_at"), said, ("stamp",))["stamp"]
    return named_events.with_columns(found.fill_null(UNTOUCHED)), known


def told_by(rows: pl.DataFrame, stamps: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Rows with a `stamp`, and what it says in some columns."""
    return rows.hstack(stamps.select(pl.col(columns).gather(rows["stamp"])))


def passing_by(rows: pl.DataFrame, stamps: pl.DataFrame, filters: Filters) -> pl.LazyFrame:
    """The rows whose `stamp` has the values asked for, of the customers asked for."""
    chosen = selected(rows, Filters(customers=filters.customers))
    if all(getattr(filters, column) is None for column in TOUCH_FILTERS):
        return chosen
    wanted = selected(stamps.with_row_index("stamp"), replace(filters, customers=None)).select("stamp").collect()["stamp"]
    return chosen.filter(pl.col("stamp").is_in(wanted.implode()))
