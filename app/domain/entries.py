"""Entries: a customer enters a stage at an instant, by one event, and leaves it at the next entry."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from app.domain.frames import ENTRIES
from app.domain.stages import StageModel, stage_expr

LOOK_BACK = timedelta(days=30)
DIRECT = "direct"
CREDITED = ("channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "device", "country", "source")
"""What an entry takes from its touch, or from its own event where there is none."""


@dataclass(frozen=True)
class Attached:
    """Events and the touches of persons, joined once for all stage models.

    `events` has every row that was given, sorted by customer, with `touch` (the event is one) and `latest_touch` (the row in `touches` of
    the customer's latest one at or before the event, null where there is none).
    """

    events: pl.DataFrame
    touches: pl.DataFrame


def attach_touches(events: pl.DataFrame, touches: pl.DataFrame) -> Attached:
    """Marks the events that are touches, and finds each event's latest touch by the customer's order (position, not time).

    Args:
        events: columns of frames.EVENTS and frames.VERDICTS, `customer` (Int64) and the `where` columns of the stage models; the whole
            history of each customer, in the customer's order, counted by `place`. The order of the customers does not matter.
        touches: rows of frames.TOUCHES, in any order; those of machines are left out.
    """
    if not events["customer"].is_sorted():
        events = events.sort("customer", maintain_order=True)
    persons = touches.filter(~pl.col("machine")).with_row_index("row")
    rows = events.select("event").join(persons.select("event", "row"), on="event", how="left", maintain_order="left")["row"]
    touch = pl.when(pl.col("machine_rule").is_null()).then(rows)
    events = events.with_columns(pl.col("customer").set_sorted(), touch=touch.is_not_null(), latest_touch=touch)
    marked = events.with_columns(pl.col("latest_touch").forward_fill().over("customer"))
    return Attached(marked, persons.select("touched_at", *CREDITED))


def entries(attached: Attached, model: StageModel) -> pl.DataFrame:
    """The entries of one stage model, as frames.ENTRIES, sorted by customer and position.

    Consecutive events in one stage are one entry, that of the first of them. Where the model has no backward moves, an event whose stage
    lies before the furthest that the customer has reached is ignored.
    """
    kept = ("customer", "event", "place", "occurred_at", "latest_touch", *CREDITED)
    staged = attached.events.select(*kept, stage=stage_expr(model)).filter(pl.col("stage").is_not_null())
    if not model.backward:
        rank = pl.col("stage").to_physical()
        staged = staged.filter(rank == rank.cum_max().over("customer"))
    begun = staged.filter(pl.col("stage").ne_missing(_neighbour("stage", 1))).with_columns(
        from_stage=_neighbour("stage", 1),
        entered_at="occurred_at",
        left_at=_neighbour("occurred_at", -1),
    )
    row = pl.int_range(pl.len())
    numbered = begun.with_columns(position=row - pl.when(pl.col("from_stage").is_null()).then(row).forward_fill())
    return _credited(numbered, attached.touches).select(pl.col(name).cast(dtype) for name, dtype in ENTRIES.items())


def _neighbour(column: str, distance: int) -> pl.Expr:
    """The value of the same customer's row that many rows before, null where there is none."""
    customer = pl.col("customer")
    return pl.when(customer == customer.shift(distance)).then(pl.col(column).shift(distance))


def _credited(begun: pl.DataFrame, touches: pl.DataFrame) -> pl.DataFrame:
    """Entries with the values of their touch where it is at most 30 days old, else of their own event (channel: direct if it has none)."""
    touched = begun.hstack(touches.select(pl.all().gather(begun["latest_touch"]).name.suffix("_of_touch")))
    recent = pl.col("entered_at") - pl.col("touched_at_of_touch") <= LOOK_BACK
    credit = {name: pl.when(recent).then(pl.col(f"{name}_of_touch")).otherwise(pl.col(name)) for name in CREDITED}
    return touched.with_columns(**credit | {"channel": credit["channel"].fill_null(DIRECT)})
