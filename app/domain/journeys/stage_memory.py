"""What rules of stage models remember of a customer: the traits as of each event, and when events of earlier stages were."""

from collections.abc import Sequence

import msgspec
import polars as pl

from app.domain.documents import split_path
from app.domain.frames import INSTANT
from app.domain.journeys.stage_rules import rule_expr, since_column, trait_column, trait_type_column
from app.domain.journeys.stages import StageModel

_TYPES = {'"': "string", "{": "object", "[": "array", "t": "boolean", "f": "boolean", "n": "null"}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TOLD = {"row": pl.UInt32, "told": pl.Int64, "text": pl.String, "kind": pl.String}


def remembering(events: pl.DataFrame, model: StageModel) -> pl.DataFrame:
    """The events with the columns that the model's rules read beside the events' own; none are added for most models.

    A trait is the last value that an identify event gave its first key, at or before the event. The time since a stage is measured from
    the latest earlier event that matches any rule of it, whichever stage that event entered: so no rule depends on entries.

    Takes each customer's whole history in the customer's order, sorted by customer.
    """
    if model.traits:
        events = _with_traits(events, model)
    for stage in model.remembered:
        matched = pl.any_horizontal(map(rule_expr, stage.rules))
        events = events.with_columns(_earlier(matched).alias(since_column(stage.name)))
    return events


def _with_traits(events: pl.DataFrame, model: StageModel) -> pl.DataFrame:
    identified = events.select("customer", "traits").with_row_index("row").filter(pl.col("traits").is_not_null())
    objects = [_OBJECT.decode(text) for text in identified["traits"]]
    customers = events.select("customer").with_row_index("row")
    for path in sorted(model.traits):
        keys = split_path(path)
        told = [
            (row, customer, *_value(traits, keys))
            for row, customer, traits in zip(identified["row"], identified["customer"], objects, strict=True)
            if keys[0] in traits
        ]
        latest = pl.DataFrame(told, schema=_TOLD, orient="row").with_columns(pl.col("row").set_sorted())
        found = customers.join_asof(latest, on="row")
        own = pl.when(pl.col("told") == pl.col("customer"))
        events = events.hstack(
            found.select(own.then(pl.col("text")).alias(trait_column(path)), own.then(pl.col("kind")).alias(trait_type_column(path)))
        )
    return events


def _value(traits: dict[str, msgspec.Raw], keys: Sequence[str]) -> tuple[str | None, str | None]:
    """Text and JSON type of the value that the keys descend to, as the `where` columns have them."""
    raw = bytes(traits.get(keys[0], b"")).decode()
    if not raw:
        return None, None
    kind = _TYPES.get(raw[0], "number")
    if len(keys) > 1:
        return _value(_OBJECT.decode(raw), keys[1:]) if kind == "object" else (None, None)
    return None if kind == "null" else msgspec.json.decode(raw, type=str) if kind == "string" else raw, kind


def _earlier(matched: pl.Expr) -> pl.Expr:
    """When the customer's latest event before each, of those that matched, was. Of a whole frame at once: a run of rows is a customer."""
    latest = pl.when(matched).then(pl.int_range(pl.len(), dtype=pl.UInt32)).shift().forward_fill()
    return pl.when(pl.col("customer").gather(latest) == pl.col("customer")).then(pl.col("occurred_at").gather(latest)).cast(INSTANT)
