"""Sessions: runs of one customer's web/app events on one device, and the customers' order of events that all rules share."""

import polars as pl

from app.domain.frames import SESSIONS

GAP = pl.duration(minutes=30)
CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id")
_READ = ("customer", "event", "anonymous_id", "occurred_at", "place", "channel", "device", "source", *CAMPAIGN)
_RUN = ("customer", "device_id", "machine")


def in_order(events: pl.DataFrame) -> pl.DataFrame:
    """Events sorted by customer and by the customer's order; `place` counts each customer's events from 0.

    The order is that of occurred_at; then of sequence (events with one come first); then of position in the request or file; then of
    messageId by its bytes; then, for one messageId of two sources, of the events' ids.
    """
    ordered = events.sort("customer", "occurred_at", "sequence", "position", "message_id", "event", nulls_last=True)
    return ordered.with_columns(place=pl.int_range(pl.len(), dtype=pl.Int32).over("customer"))


def sessions(events: pl.DataFrame) -> pl.DataFrame:
    """Sessions of enriched events in order, as frames.SESSIONS.

    A web/app event is a page, a screen, or a track with an anonymous id, context.page or context.device, or with context.userAgent where
    it is no contact: who opens a mail or clicks an ad is not yet in a site or an app.
    A session belongs to one customer and device (the anonymous id, else the subject); gaps of up to 30 minutes stay in it. It
    also splits at an event whose campaign (utm_* and click id) is not empty and differs from the last one not empty in the
    session, or from none. It carries the channel of its first event. Machines have sessions of their own.
    """
    runs = _starting(_web(events))
    firsts = runs.filter("starts")
    lasts = runs.filter(pl.col("starts").shift(-1, fill_value=True))
    return (
        firsts.with_columns(
            lasts.select(ended_at="occurred_at"),
            started_at="occurred_at",
            events=(lasts["row"] - firsts["row"] + 1).cast(pl.Int32),
        )
        .select(list(SESSIONS))
        .sort("customer", "started_at", "event")
    )


def _web(events: pl.DataFrame) -> pl.DataFrame:
    track = pl.col("type") == "track"
    by_agent = pl.col("user_agent").is_not_null() & pl.col("contact").is_null()
    in_a_browser = pl.col("anonymous_id").is_not_null() | pl.col("has_page") | pl.col("has_device") | by_agent
    return events.filter(pl.col("type").is_in(["page", "screen"]) | (track & in_a_browser)).select(
        *_READ,
        device_id=pl.coalesce(pl.concat_str(pl.lit("a"), "anonymous_id"), pl.concat_str(pl.lit("s"), "subject")),
        machine=pl.col("machine_rule").is_not_null(),
    )


def _starting(web: pl.DataFrame) -> pl.DataFrame:
    """Web/app events, each device's of a customer together, with whether one starts a session: neighbours tell it without a window."""
    rows = web.sort("customer", "device_id", "machine", "place").with_row_index("row")
    other = pl.any_horizontal(pl.col(column).ne_missing(pl.col(column).shift(1)) for column in _RUN)
    gap = other | (pl.col("occurred_at").diff() > GAP)
    runs = rows.with_columns(starts=gap).with_columns(run=pl.col("starts").cum_sum())
    return runs.with_columns(starts=pl.col("starts") | pl.col("row").is_in(_splitting(runs).implode()))


def _splitting(runs: pl.DataFrame) -> pl.Series:
    """The rows whose campaign differs from the last one in their run, or is the first one there."""
    named = runs.filter(pl.any_horizontal(pl.col(CAMPAIGN).is_not_null()))
    return named.filter(pl.any_horizontal(pl.col(column).ne_missing(pl.col(column).shift(1)) for column in ("run", *CAMPAIGN)))["row"]
