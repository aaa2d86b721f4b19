"""Sessions: runs of one customer's web/app events on one device, and the customers' order of events that all rules share."""

import polars as pl

from app.domain.frames import SESSIONS

GAP = pl.duration(minutes=30)
CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id")
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

    A web/app event is a page, a screen, or a track with an anonymous id, context.page, context.device or context.userAgent.
    A session belongs to one customer and device (the anonymous id, else the subject); gaps of up to 30 minutes stay in it. It
    also splits at an event whose campaign (utm_* and click id) is not empty and differs from the last one not empty in the
    session, or from none. It carries the channel of its first event. Machines have sessions of their own.
    """
    return (
        _numbered(_web(events))
        .group_by(*_RUN, "session", maintain_order=True)
        .agg(
            pl.col("event", "anonymous_id", "channel", "utm_source", "utm_medium", "utm_campaign", "device", "source").first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            events=pl.len().cast(pl.Int32),
        )
        .select(list(SESSIONS))
        .sort("customer", "started_at", "event")
    )


def _web(events: pl.DataFrame) -> pl.DataFrame:
    track = pl.col("type") == "track"
    in_a_browser = pl.col("anonymous_id").is_not_null() | pl.col("has_page") | pl.col("has_device") | pl.col("user_agent").is_not_null()
    return events.filter(pl.col("type").is_in(["page", "screen"]) | (track & in_a_browser)).with_columns(
        device_id=pl.coalesce(pl.concat_str(pl.lit("a"), "anonymous_id"), pl.concat_str(pl.lit("s"), "subject")),
        machine=pl.col("machine_rule").is_not_null(),
        campaign=pl.when(pl.any_horizontal(pl.col(CAMPAIGN).is_not_null())).then(pl.struct(CAMPAIGN)),
    )


def _numbered(web: pl.DataFrame) -> pl.DataFrame:
    """Each event with its session's number within (customer, device): a gap starts a run, a new campaign splits it."""
    gap = (pl.col("occurred_at").diff() > GAP).fill_null(value=True).over(_RUN)
    runs = web.with_columns(gap=gap).with_columns(run=pl.col("gap").cast(pl.Int32).cum_sum().over(_RUN))
    before = pl.col("campaign").forward_fill().shift(1).over(*_RUN, "run")
    split = pl.col("campaign").is_not_null() & before.ne_missing(pl.col("campaign"))
    return runs.with_columns(starts=pl.col("gap") | split).with_columns(session=pl.col("starts").cast(pl.Int32).cum_sum().over(_RUN))
