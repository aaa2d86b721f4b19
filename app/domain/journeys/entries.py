"""Entries: a customer enters a stage at an instant, by one event or by a long silence, and leaves it at the next entry."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from app.domain.frames import ENTRIES
from app.domain.journeys.stage_memory import remembering
from app.domain.journeys.stage_rules import PERSON, stage_expr
from app.domain.journeys.stages import StageModel

LOOK_BACK = timedelta(days=30)
DIRECT = "direct"
CREDITED = ("channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "device", "country", "source")
"""What an entry takes from its touch, or from its own event where there is none."""

_OF_EVENT = ("customer", "event", "place", "occurred_at", "latest_touch", *CREDITED)


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

    Consecutive moments in one stage are one entry, that of the first of them.
    """
    kept = moments(attached, model).filter("counts")
    begun = kept.filter(pl.col("stage").ne_missing(_neighbour("stage", 1))).with_columns(
        from_stage=_neighbour("stage", 1),
        left_at=_neighbour("entered_at", -1),
    )
    row = pl.int_range(pl.len())
    numbered = begun.with_columns(position=row - pl.when(pl.col("from_stage").is_null()).then(row).forward_fill())
    return _credited(numbered, attached.touches).select(pl.col(name).cast(dtype) for name, dtype in ENTRIES.items())


def moments(attached: Attached, model: StageModel) -> pl.DataFrame:
    """The moments at which a customer may enter a stage, in the customer's order: events that take one, and lapses.

    A lapse comes after an event of a person that no other follows within the model's span, inclusive, and is dated that span later. Nobody
    lapses before having entered a stage. `entered_at` is the moment's instant; `counts` is false where the model has no backward moves and
    the stage lies before the furthest that the customer has reached since the last lapse.
    """
    events = remembering(attached.events, model)
    staged = events.select(*_OF_EVENT, "machine_rule", stage=stage_expr(model), entered_at="occurred_at")
    if model.lapses_after is not None:
        staged = _with_lapses(staged.filter(PERSON), model.lapsed, model.lapses_after)
    return staged.filter(pl.col("stage").is_not_null()).with_columns(counts=pl.lit(value=True) if model.backward else _is_forward(model))


def _with_lapses(staged: pl.DataFrame, lapsed: str | None, after: timedelta) -> pl.DataFrame:
    following = _neighbour("occurred_at", -1)
    silent = following.is_null() | (following - pl.col("occurred_at") > after)
    was_somewhere = pl.col("stage").is_not_null().cast(pl.UInt32).cum_sum().over("customer") > 0
    lapses = staged.with_row_index("row").filter(silent & was_somewhere)
    at = pl.col("occurred_at") + after
    lapses = lapses.with_columns(pl.lit(lapsed, dtype=staged.schema["stage"]).alias("stage"), entered_at=at)
    return pl.concat([staged.with_row_index("row"), lapses]).sort("row", maintain_order=True).drop("row")


def _is_forward(model: StageModel) -> pl.Expr:
    """Whether a stage is the furthest so far; a lapse begins anew."""
    rank = pl.col("stage").to_physical().cast(pl.Int32)
    if model.lapsed is None:
        return rank == rank.cum_max().over("customer")
    lapse = pl.col("stage") == model.lapsed
    reached = pl.when(~lapse).then(rank).otherwise(-1)
    return reached == reached.cum_max().over("customer", lapse.cast(pl.UInt32).cum_sum())


def _neighbour(column: str, distance: int) -> pl.Expr:
    """The value of the same customer's row that many rows before, null where there is none."""
    customer = pl.col("customer")
    return pl.when(customer == customer.shift(distance)).then(pl.col(column).shift(distance))


def _credited(begun: pl.DataFrame, touches: pl.DataFrame) -> pl.DataFrame:
    """Entries with the values of their touch where it is at most 30 days old at their event, else of the event (channel: else direct)."""
    touched = begun.hstack(touches.select(pl.all().gather(begun["latest_touch"]).name.suffix("_of_touch")))
    recent = pl.col("occurred_at") - pl.col("touched_at_of_touch") <= LOOK_BACK
    credit = {name: pl.when(recent).then(pl.col(f"{name}_of_touch")).otherwise(pl.col(name)) for name in CREDITED}
    return touched.with_columns(**credit | {"channel": credit["channel"].fill_null(DIRECT)})
