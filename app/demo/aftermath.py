"""What happens beside the visits: ads seen again, calls, stores, deliveries, tickets, refunds, reviews and surveys."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from app.demo.browsing import as_money, device, money, pick
from app.demo.rows import as_events
from app.demo.seasons import DAY, HOUR, MINUTE, Floats
from app.demo.story import Story

LATE_DAYS = 5
PROMISED, SPREAD = 2.6, 0.5
"""Days of a delivery: the median and how far they lie apart."""

KNOWN = pl.lit(value=True)
PHONE = pl.lit("phone")


class Opinion(NamedTuple):
    """A rating from 0 to 10: its mean, how far ratings lie apart, and which share gives one."""

    mean: float | Floats
    spread: float
    share: float | Floats


def aftermath(visits: pl.DataFrame, orders: pl.DataFrame, people: pl.DataFrame, story: Story) -> pl.DataFrame:
    """The events around visits, and around orders (events of browsing), as rows.EVENTS."""
    came = visits.with_columns(total=money(visits, story.world)).join(people.drop("mobile", "arrival"), on="person", maintain_order="left")
    bought = orders.select("person", "at", paid="properties").join(people, on="person", maintain_order="left")
    bought = bought.with_columns(nth=pl.int_range(pl.len()).over("person"))
    return pl.concat([*_around_visits(came, story), *_deliveries(bought, story), *_after_orders(bought, story), *_in_stores(came, story)])


def _around_visits(came: pl.DataFrame, story: Story) -> Iterator[pl.DataFrame]:
    shown = came.filter(pl.col("arrival").is_in([row for row, one in enumerate(story.world.arrivals) if one.shown]))
    for hours in (3, 30):
        seen = story.some(shown.filter(pl.col("at") - hours * HOUR > pl.col("born")), 0.7)
        ad = pl.lit('"network":"mytarget","campaign":"retargeting"')
        yield as_events(seen, at=pl.col("at") - hours * HOUR, event="Ad Shown", device=device(), properties=ad)
    calling = story.some(came.filter(pl.col("number").is_not_null(), pl.col("depth") > 2), 0.4)
    about = _said("reason", pl.lit(pick(["advice", "stock", "delivery"], calling["person"] % 3)))
    yield as_events(calling, at=pl.col("at") + 25 * MINUTE, event="Call Received", phone=pl.col("number"), properties=about)
    liked = np.where(came["mobile"].to_numpy(), 6.6, 7.8)
    where = {"at": pl.col("at") + 6 * MINUTE, "device": device(), "known": pl.col("remembered")}
    yield _rated(came, "Feedback Submitted", Opinion(liked, 1.8, 0.006), story, **where)


def _deliveries(bought: pl.DataFrame, story: Story) -> Iterator[pl.DataFrame]:
    """In time or late: who waited complains, sends back, and tells others accordingly."""
    days = story.days(bought, PROMISED, SPREAD)
    came = bought.with_columns(at=pl.col("at") + pl.Series((days * DAY).astype(np.int64)), late=pl.Series(days > LATE_DAYS))
    late = days > LATE_DAYS
    picked_up = pl.col("place").is_in(_with_stores(story)) & (pl.col("person") % 3 == 0)
    yield as_events(came, event=pl.when(picked_up).then(pl.lit("Order Picked Up")).otherwise(pl.lit("Order Delivered")), known=KNOWN)
    yield _rated(came, "NPS Answered", Opinion(np.where(late, 4.2, 9.0), 1.6, 0.24), story, at=pl.col("at") + 2 * DAY)
    solved = Opinion(np.where(late, 6.2, 7.9), 1.7, np.where(late, 0.4, 0.03))
    yield _rated(came, "Support Ticket Solved", solved, story, at=pl.col("at") + DAY)
    refunded = story.some(came, np.where(late, 0.2, 0.025))
    yield as_events(refunded, at=pl.col("at") + 4 * DAY, event="Order Refunded", known=KNOWN, properties=pl.col("paid"))
    reviewed = Opinion(np.where(late, 4.6, 8.9), 1.4, np.where(late, 0.12, 0.09))
    yield _rated(came, "Product Reviewed", reviewed, story, at=pl.col("at") + 6 * DAY, device=PHONE)
    for event, share in (("Product Shared", 0.03), ("Invite Sent", 0.02)):
        glad = story.some(came.filter(~pl.col("late")), share)
        yield as_events(glad, at=pl.col("at") + 8 * DAY, event=event, device=PHONE, known=KNOWN)


def _after_orders(bought: pl.DataFrame, story: Story) -> Iterator[pl.DataFrame]:
    """Whoever bought for the first time is asked how they found the shop, and some get a catalogue by post."""
    first = bought.filter(pl.col("nth") == 0)
    asked = story.some(first, 0.2)
    answer = _said("answer", pl.lit(pick([one.name for one in story.world.arrivals], asked["arrival"])))
    yield as_events(asked, at=pl.col("at") + 5 * MINUTE, event="Survey Answered", known=KNOWN, properties=answer)
    yield as_events(story.some(first, 0.3), at=pl.col("at") + 45 * DAY, event="Catalog Received", known=KNOWN)


def _in_stores(came: pl.DataFrame, story: Story) -> Iterator[pl.DataFrame]:
    """Those whose address is known and who live near a store, once in a while: half of them buy there."""
    near = came.filter(pl.col("place").is_in(_with_stores(story)), pl.col("known_at").is_not_null())
    some = story.some(near.unique("person", keep="last", maintain_order=True), 0.12)
    went = some.with_columns(at=pl.col("at") + pl.Series(story.rng.integers(5 * DAY, 70 * DAY, some.height)))
    store, currency = _said("store", pl.col("city")), pl.lit(f',"currency":"{story.world.shop.currency}"')
    yield as_events(went, event="Store Visited", known=KNOWN, address=pl.col("email"), properties=store)
    paid = pl.concat_str(store, pl.lit(',"revenue":'), as_money(pl.col("total")), currency)
    at_the_till = {"at": pl.col("at") + 20 * MINUTE, "address": pl.col("email"), "properties": paid}
    yield as_events(story.some(went, 0.5), event="Order Completed", known=KNOWN, **at_the_till)


def _with_stores(story: Story) -> list[int]:
    return [row for row, place in enumerate(story.world.people.places) if place.store]


def _rated(frame: pl.DataFrame, event: str, opinion: Opinion, story: Story, **said: pl.Expr) -> pl.DataFrame:
    """An answer with a rating by some of them."""
    rating = story.rng.normal(opinion.mean, opinion.spread, frame.height).round().clip(0, 10).astype(int)
    rated = story.some(frame.with_columns(rating=pl.Series(rating)), opinion.share)
    return as_events(rated, event=event, properties=pl.concat_str(pl.lit('"rating":'), "rating"), **{"known": KNOWN, **said})


def _said(name: str, text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f'"{name}":"'), text, pl.lit('"'))
