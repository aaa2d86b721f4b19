"""Frames of touches and events as plain steps tell them, and what is attributed over them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from app.domain.frames import NAMED_EVENTS, TOUCHES
from app.domain.questions.attribution import Attribution, Terms, attribution
from app.domain.questions.conversions import of_event
from app.domain.questions.filters import EVERYTHING, Filters
from app.domain.questions.ledger import credited
from app.domain.questions.look_back import Flags
from app.domain.windows import Window
from tests.reading.attribution import Asked, Step

START = datetime(2025, 3, 1, tzinfo=UTC)
DAY = 86_400
EVER = Asked(0, 10_000 * DAY, 30 * DAY)
REPEATED = ("channel", "kind", "utm_source", "utm_medium", "utm_campaign")
ORDERED = "Order Completed"


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def touches_of(*histories: list[Step]) -> pl.DataFrame:
    """Touches with each customer's rows together; the customers' numbers do not rise."""
    rows = [
        {
            "customer": -customer % 7 * 1_000 + customer,
            "position": position,
            "touched_at": after(step.at),
            "kind": "call",
            "channel": step.channel,
            "source": 1,
            "machine": step.machine,
        }
        for customer, steps in enumerate(histories)
        for position, step in enumerate(steps)
        if step.channel is not None
    ]
    schema = {name: kind for name, kind in TOUCHES.items() if name != "event"}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(REPEATED).cast(pl.Categorical))


def events_of(*histories: list[Step]) -> pl.DataFrame:
    rows = [
        {
            "customer": -customer % 7 * 1_000 + customer,
            "place": place,
            "name": ORDERED if step.converts else "Product Viewed",
            "occurred_at": after(step.at),
            "value": step.value,
            "currency": step.currency,
        }
        for customer, steps in enumerate(histories)
        for place, step in enumerate(steps)
    ]
    schema = {name: kind for name, kind in NAMED_EVENTS.items() if name != "event"}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("name", "currency").cast(pl.Categorical))


def attributed(*histories: list[Step], asked: Asked = EVER, filters: Filters = EVERYTHING, **terms: Any) -> Attribution:
    window = Window(after(asked.from_), after(asked.to))
    said = Terms(look_back=timedelta(seconds=asked.look_back), reset=asked.reset, **terms)
    return attribution(of_event(events_of(*histories), ORDERED), touches_of(*histories), window, filters, said)


def credits_of(found: Attribution, model: str) -> dict[str | None, float]:
    return {name: credit.conversions for name, credit in credited(found, [model])[model].items() if credit.conversions}


def everything(found: Attribution) -> Flags:
    return np.ones(found.conversions.height, dtype=np.bool_)


def met(*channels: str, day: int = 0) -> list[Step]:
    return [Step((day + number) * DAY, channel) for number, channel in enumerate(channels)]


def bought(day: int, value: int | None = None, currency: str | None = "EUR") -> Step:
    return Step(day * DAY, converts=True, value=value, currency=currency if value is not None else None)
