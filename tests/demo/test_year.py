"""The demo's year: the same for the same seed, whole events of the wire, and a shop in which there is something to see."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain
from statistics import fmean

import msgspec
import numpy as np
import polars as pl
import pytest

from app.demo.people import people
from app.demo.seasons import year_until
from app.demo.story import Story
from app.demo.visits import BOUGHT, visits
from app.demo.world import world
from app.demo.year import write_year
from app.domain.arriving.events import Arrival, Event, parse_event
from tests.service import ROOT

UNTIL = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SOME = 6_000


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return [line for part in write_year(SOME, UNTIL, 1) for line in part.lines.splitlines()]


@pytest.fixture(scope="module")
def events(lines: list[bytes]) -> list[Event]:
    arrival = Arrival(1, trusted=True, received_at=UNTIL, import_id=1)
    parsed = [parse_event(line, position, arrival, {}) for position, line in enumerate(lines)]
    return [event for event in parsed if isinstance(event, Event)]


def test_the_same_seed_gives_the_same_year() -> None:
    def written(customers: int, seed: int, until: datetime = UNTIL) -> bytes:
        return b"".join(part.lines for part in write_year(customers, until, seed))

    assert written(300, 1) == written(300, 1)
    assert len({written(300, 1), written(300, 2), written(301, 1), written(300, 1, UNTIL - timedelta(hours=1))}) == 4


def test_its_parts_say_how_far_it_is() -> None:
    assert [part.people for part in write_year(11_000, UNTIL, 3)] == [5_000, 10_000, 11_000]


def test_every_line_but_the_broken_ones_is_an_event(lines: list[bytes], events: list[Event]) -> None:
    assert len(lines) - len(events) == len((ROOT / "app" / "demo" / "world" / "broken.ndjson").read_bytes().splitlines())
    assert len({event.message_id for event in events}) == len(events)
    assert all(UNTIL - timedelta(days=367) < event.occurred_at < UNTIL for event in events)
    assert 6 < len(events) / SOME < 11


def test_what_could_be_somebodys_is_nobodys(events: list[Event]) -> None:
    for event in events:
        assert event.email is None or re.fullmatch(r"[a-z.]+\.\d+@example\.(com|org|net)", event.email), event.email
        assert event.phone is None or re.fullmatch(r"\+1\d{3}55501\d\d", event.phone), event.phone
        assert (event.user_id or "demo-").startswith("demo-")
        assert (event.anonymous_id or "demo-").startswith("demo-")


def test_some_give_another_address_or_anothers(events: list[Event]) -> None:
    addresses: dict[str, set[str]] = {}
    for event in events:
        if event.email and event.user_id:
            addresses.setdefault(event.user_id, set()).add(event.email)
    assert any(len(given) > 1 for given in addresses.values())
    assert any(f".{user.removeprefix('demo-')}@" not in email for user, given in addresses.items() for email in given)


def test_few_buy_and_not_by_what_brought_them() -> None:
    year = year_until(UNTIL, world().seasons)
    story = Story(world(), year, np.random.default_rng(1))
    came = visits(people(range(SOME), story), story)
    names = {row: one.name for row, one in enumerate(world().arrivals)}
    brought = Counter(names[row] for row in came.unique("person", keep="first", maintain_order=True)["arrival"])
    closed = Counter(names[row] for row in came.filter(pl.col("depth") == BOUGHT)["arrival"])
    buyers = came.filter(pl.col("depth") == BOUGHT)["person"].n_unique()
    assert 0.02 < buyers / SOME < 0.05
    assert (brought["video_ads"] > SOME / 20, closed["video_ads"]) == (True, 0)
    assert brought["giveaway"] > SOME / 20 > SOME / 1_000 > closed["giveaway"]
    assert min(closed["newsletter"], closed["brand_google"]) > 5


def test_a_week_without_one_source(events: list[Event]) -> None:
    days = Counter((event.occurred_at - UNTIL).days + 365 for event in events if "utm_source=yandex" in str(event.url))
    weeks = [sum(days[day] for day in range(305 + shift, 311 + shift)) for shift in (-7, 0, 7)]
    assert weeks[1] * 4 < min(weeks[0], weeks[2])


def test_the_shop_sleeps_at_night(events: list[Event]) -> None:
    hours = Counter((event.occurred_at + timedelta(hours=3)).hour for event in events if event.type == "page")
    assert sum(hours[hour] for hour in (1, 2, 3, 4)) * 4 < sum(hours[hour] for hour in (18, 19, 20, 21))


def test_who_waited_says_so(events: list[Event]) -> None:
    ordered = {event.user_id: event.occurred_at for event in events if event.name == "Order Completed" and event.url}
    arrived = {event.user_id: event.occurred_at for event in events if event.name in ("Order Delivered", "Order Picked Up")}
    ratings: dict[bool, list[int]] = {True: [], False: []}
    for event in events:
        if event.name == "NPS Answered" and event.user_id in arrived:
            late = arrived[event.user_id] - ordered[event.user_id] > timedelta(days=5)
            ratings[late].append(msgspec.json.decode(event.body)["properties"]["rating"])
    assert {*chain(*ratings.values())} <= {*range(11)}
    assert fmean(ratings[True]) + 2 < fmean(ratings[False])
