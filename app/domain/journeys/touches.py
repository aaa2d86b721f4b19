"""Touches: contacts between brand and customer, each with a channel."""

from collections.abc import Mapping
from functools import cache

import polars as pl

from app.domain.frames import TOUCHES
from app.domain.lists import document

SESSION = "session"


@cache
def kinds() -> Mapping[str, Mapping[str, str]]:
    """The labels (`en`, `ru`) of every kind of touch, by name: session, the kinds of contacts, and contact, which is any other."""
    labels: dict[str, dict[str, str]] = document("labels/touch_kinds")
    return labels


def touches(events: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """Touches of enriched events in order, as frames.TOUCHES: every session's start and every contact.

    A contact that also starts a session is one touch, of the contact's kind. A click on a link of ours and the session that it opens are
    one, the click's: the session's first event names it in context.click. What a bot or a machine did is marked, and counted apart.
    """
    starts = sessions.select("customer", "event").join(_clicked(events), on=["customer", "event"], how="anti")
    starts = starts.with_columns(starts=pl.lit(value=True))
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
            "machine_rule",
            position="place",
            touched_at="occurred_at",
            kind=pl.col("contact").fill_null(SESSION),
            machine=pl.col("machine_rule").is_not_null(),
        )
        .select(list(TOUCHES))
    )


def _clicked(events: pl.DataFrame) -> pl.DataFrame:
    """The events (customer, event) that a click of the same customer led to: a machine's click leads to a machine's events only."""
    named = events.filter(pl.col("click").is_not_null())
    if named.is_empty():
        return named.select("customer", "event")
    machine = pl.col("machine_rule").is_not_null()
    clicks = events.filter(pl.col("contact").is_not_null()).select("customer", click="message_id", machine=machine)
    return named.with_columns(machine=machine).join(clicks, on=["customer", "click", "machine"], how="semi").select("customer", "event")
