"""Conversions: every time that a customer did a named event, or entered a stage."""

import polars as pl

from app.domain.questions.filters import TOUCH_FILTERS, equals

_MONEY = ("value", "currency")


def of_event(named_events: pl.DataFrame, name: str) -> pl.DataFrame:
    """Every event of the name: columns customer, place, previous_place, converted_at, value (millionths) and currency.

    `named_events` has the columns of frames.NAMED_EVENTS but `event`, each customer's rows together and in order; so has the answer.
    `previous_place` is the place of the customer's conversion before this one, null where there is none.
    """
    found = named_events.lazy().filter(equals(named_events, "name", name))
    return found.select("customer", "place", _previous_place(), pl.col("occurred_at").alias("converted_at"), *_MONEY).collect()


def of_stage(journeys: pl.DataFrame, named_events: pl.DataFrame, stage: str, from_stage: str | None) -> pl.DataFrame:
    """Every entry into the stage, from another stage where one is named: columns as of `of_event`, and what the entry's touch says.

    `journeys` has the columns of frames.ENTRIES but `event`, each customer's rows together and in order. The money is that of the entry's
    own event.
    """
    entered = journeys.lazy().filter(equals(journeys, "stage", stage))
    if from_stage is not None:
        entered = entered.filter(equals(journeys, "from_stage", from_stage))
    conversions = entered.select("customer", "place", _previous_place(), pl.col("entered_at").alias("converted_at"), *TOUCH_FILTERS)
    paid = named_events.lazy().filter(pl.col("value").is_not_null()).select("customer", "place", *_MONEY)
    found, worth = pl.collect_all([conversions, paid])
    return found.join(worth, on=["customer", "place"], how="left", maintain_order="left")


def _previous_place() -> pl.Expr:
    customer = pl.col("customer")
    return pl.when(customer == customer.shift()).then(pl.col("place").shift()).alias("previous_place")
