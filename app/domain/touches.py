"""Touches: contacts between brand and customer, each with a channel."""

import polars as pl

from app.domain.frames import TOUCHES

SESSION = "session"


def touches(events: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """Touches of enriched events in order, as frames.TOUCHES: every session's start and every contact.

    A contact that also starts a session is one touch, of the contact's kind. What a bot or a machine did is marked, and counted apart.
    """
    starts = sessions.select("customer", "event", starts=pl.lit(value=True))
    return (
        events.join(starts, on=["customer", "event"], how="left", maintain_order="left")
        .filter(pl.col("starts") | pl.col("contact").is_not_null())
        .select(
            "customer",
            "event",
            "channel",
            "utm_source",
            "utm_medium",
            "utm_campaign",
            "utm_term",
            "utm_content",
            "click_id",
            "click_id_kind",
            "referrer_host",
            "device",
            "country",
            "source",
            position="place",
            touched_at="occurred_at",
            kind=pl.col("contact").fill_null(SESSION),
            machine=pl.col("machine_rule").is_not_null(),
        )
        .select(list(TOUCHES))
    )
