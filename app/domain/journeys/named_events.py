"""Named events: what persons did, in each customer's order, with the money and the opinion that an event speaks of."""

import polars as pl

from app.domain.frames import NAMED_EVENTS

MILLION = 1_000_000
_DECIMAL = r"^\s*[+-]?[0-9]{1,12}(\.[0-9]*)?\s*$"
_CURRENCY = r"^[A-Z]{3}$"


def named_events(events: pl.DataFrame) -> pl.DataFrame:
    """Persons' events that have a name, of enriched events in order, as frames.NAMED_EVENTS.

    The value is properties.revenue, else value, else total: a decimal number of up to twelve digits before the point, rounded to
    millionths; its currency three letters. The rating is properties.rating, else score. What is no such number is none.
    """
    amount = pl.when(pl.col("value").str.contains(_DECIMAL)).then(pl.col("value").str.strip_chars())
    value = (amount.cast(pl.Decimal(38, 9), strict=False).round(6) * MILLION).cast(pl.Int64, strict=False)
    currency = pl.col("currency").str.strip_chars().str.to_uppercase()
    rating = pl.col("rating").cast(pl.Float64, strict=False)
    return (
        events.filter(pl.col("name").is_not_null(), pl.col("machine_rule").is_null())
        .with_columns(
            value=value,
            currency=pl.when(value.is_not_null() & currency.str.contains(_CURRENCY)).then(currency),
            rating=pl.when(rating.is_finite()).then(rating),
        )
        .select(list(NAMED_EVENTS))
    )
