"""Where customers were: the stage that each was in when something happened."""

import polars as pl


def staged_events(named_events: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    """Named events within a stage: customer, stage, stamp, name, occurred_at and rating, by customer, stage and name (see `_staged`)."""
    events = named_events.select("customer", "place", "name", "rating", at="occurred_at")
    return _staged(events, journeys).sort("customer", "stage", "name").rename({"at": "occurred_at"})


def staged_touches(touches: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    """Persons' touches within a stage: customer, stage, stamp, kind, channel and touched_at (see `_staged`)."""
    persons = touches.filter(~pl.col("machine")).select("customer", "kind", "channel", place="position", at="touched_at")
    return _staged(persons, journeys).rename({"at": "touched_at"})


def _staged(rows: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    """Rows (customer, place, at) with the `stage` that the customer was in, and the `stamp` of the entry that led there.

    Takes whole customers' rows and stamped entries (see questions.stamps) of one stage model, in order; customers depend on themselves
    alone. A customer is in a stage from the event of its entry to that of the next; what comes before all entries is left out. An entry
    that silence made is dated ahead of its event: at that event the customer was in the stage before.
    """
    entries = journeys.select("customer", "place", "stage", "from_stage", "entered_at", "stamp", from_stamp=pl.col("stamp").shift())
    found = rows.join_asof(entries, on="place", by="customer", check_sortedness=False)
    ahead = pl.col("entered_at") > pl.col("at")
    staged = found.with_columns(pl.when(ahead).then(pl.col(f"from_{name}")).otherwise(name).alias(name) for name in ("stage", "stamp"))
    return staged.filter(pl.col("stage").is_not_null()).drop("place", "from_stage", "from_stamp", "entered_at")
