"""Sessions: the order of a customer's events, what runs together, what splits, and the reading for everything between."""

from datetime import timedelta

import polars as pl
import pytest

from app.domain.frames import SESSIONS
from app.domain.journeys.sessions import in_order, sessions
from tests.compared import at, id_of, ordered, page
from tests.reading import Sent
from tests.reading.histories import NOW

NEWS = ("news", "email", "july", None, None)
SPRING = ("google", "cpc", "spring", "shoes", "red")


def events_of_sessions(*events: Sent) -> list[int]:
    counts: list[int] = sessions(ordered(events))["events"].to_list()
    return counts


TIES = [
    at(0, user_id="u", message_id="z", sequence=-1),
    at(0, user_id="u", message_id="y", sequence=0),
    at(0, user_id="u", message_id="x"),
    at(0, user_id="u", message_id="w", position=1),
    at(0, user_id="u", message_id="Z", position=2),
    at(0, user_id="u", message_id="a", position=2),
    at(0, user_id="u", message_id="\u00e4", position=2),
    at(0, user_id="u", message_id="\U0001f600", position=2),
    at(1, user_id="u", message_id="A", sequence=-9),
]


def test_events_stand_by_time_then_sequence_then_position_then_message_id() -> None:
    found = ordered([*TIES[::-1], at(-5, user_id="other")])
    assert found["event"].to_list() in (
        [id_of(at(-5, user_id="other")), *map(id_of, TIES)],
        [*map(id_of, TIES), id_of(at(-5, user_id="other"))],
    )
    assert sorted(found["place"].to_list()) == sorted([0, *range(len(TIES))])


def test_one_message_of_two_sources_stands_in_one_order_whichever_came_first() -> None:
    twins = [page(0, message_id="m", campaign=NEWS), page(0, message_id="m", campaign=SPRING, source="server", trusted=True)]
    assert ordered(twins)["event"].to_list() == ordered(twins[::-1])["event"].to_list()


def test_sessions_have_the_shape_that_is_kept() -> None:
    assert sessions(ordered([page(0)])).schema == pl.Schema(SESSIONS)
    assert sessions(ordered([])).is_empty()
    assert in_order(ordered([]).drop("place")).is_empty()


@pytest.mark.parametrize(
    "event, web",
    [
        (page(0), True),
        (at(0, None, type="screen", user_id="u"), True),
        (at(0, anonymous_id="a"), True),
        (at(0, user_id="u", has_page=True), True),
        (at(0, user_id="u", has_device=True), True),
        (at(0, user_id="u", has_agent=True), True),
        (at(0, "Email Opened", user_id="u", has_agent=True, contact="email"), False),
        (at(0, "Ad Clicked", user_id="u", has_agent=True, contact="ad", machine=True), False),
        (at(0, "Email Opened", anonymous_id="a", has_agent=True, contact="email"), True),
        (at(0, "Email Opened", anonymous_id="null", user_id="u", has_agent=True, contact="email"), False),
        (at(0, "Email Link Clicked", user_id="u", has_page=True, has_agent=True, contact="email"), True),
        (at(0, "Push Notification Tapped", user_id="u", has_device=True, contact="push"), True),
        (at(0, None, type="screen", user_id="u", has_agent=True, contact="contact"), True),
        (at(0, "Order Completed", user_id="u"), False),
        (at(0, user_id="u", anonymous_id="null"), False),
        (at(0, None, type="identify", user_id="u", anonymous_id="a", has_page=True), False),
        (at(0, None, type="group", user_id="u", anonymous_id="a", has_agent=True), False),
        (at(0, None, type="alias", user_id="u", previous_id="p", anonymous_id="a"), False),
    ],
)
def test_what_a_web_event_is(event: Sent, *, web: bool) -> None:
    assert events_of_sessions(event) == [1] * web


@pytest.mark.parametrize(
    "events, counts",
    [
        ([page(0), page(1800)], [2]),
        ([page(0), page(1801)], [1, 1]),
        ([page(0), page(1800.000001)], [1, 1]),
        ([page(0), page(1800), page(3600)], [3]),
        ([page(0), at(1000, "Order Completed", user_id="u"), page(2000)], [1, 1]),
        ([page(0, user_id="u"), at(1000, "Order Completed", user_id="u"), page(1900)], [1, 1]),
        ([page(0), page(1, anonymous_id="b", user_id="u"), page(2, user_id="u")], [2, 1]),
        ([page(0), page(1, machine=True), page(2)], [2, 1]),
        ([page(0, user_id="u1"), page(1, user_id="u2"), page(2, user_id="u1")], [2, 1]),
    ],
    ids=[
        "1,800 s stay",
        "1,801 s split",
        "a microsecond",
        "each gap for itself",
        "a server's event",
        "prolongs none",
        "devices",
        "machines",
        "people",
    ],
)
def test_gaps_devices_and_machines(events: list[Sent], counts: list[int]) -> None:
    assert sorted(events_of_sessions(*events), reverse=True) == counts


@pytest.mark.parametrize(
    "events, counts",
    [
        ([page(0, campaign=NEWS), page(1), page(2, campaign=NEWS)], [3]),
        ([page(0), page(1, campaign=NEWS), page(2)], [1, 2]),
        ([page(0, campaign=NEWS), page(1, campaign=SPRING), page(2, campaign=NEWS)], [1, 1, 1]),
        ([page(0, campaign=NEWS), page(1, campaign=NEWS, click_id="c"), page(2)], [1, 2]),
        ([page(0, campaign=NEWS), page(1, click_id="c")], [1, 1]),
        ([page(0, campaign=NEWS), page(1, anonymous_id="b", user_id="u"), page(2, campaign=NEWS, user_id="u")], [2, 1]),
        ([page(0, campaign=NEWS), page(1801), page(1802, campaign=NEWS)], [1, 1, 1]),
        ([page(0, campaign=("a", "bc", *NEWS[2:])), page(1, campaign=("ab", "c", *NEWS[2:]))], [1, 1]),
        ([page(0, campaign=(None, "news", *NEWS[2:])), page(1, campaign=("news", None, *NEWS[2:]))], [1, 1]),
    ],
    ids=[
        "the same stays",
        "after none",
        "another and back",
        "a click id",
        "only a click id",
        "another device says nothing",
        "after a gap from none",
        "each part for itself",
        "in its own place",
    ],
)
def test_a_new_campaign_splits(events: list[Sent], counts: list[int]) -> None:
    assert events_of_sessions(*events) == counts


@pytest.mark.parametrize("part", range(5))
def test_every_part_of_a_campaign_counts(part: int) -> None:
    changed = (*SPRING[:part], "else", *SPRING[part + 1 :])
    assert events_of_sessions(page(0, campaign=SPRING), page(1, campaign=changed)) == [1, 1]


def test_a_session_carries_what_its_first_event_says() -> None:
    events = [page(0, campaign=NEWS, channel="email"), page(60, channel="referral", anonymous_id=" a ")]
    row = sessions(ordered(events)).row(0, named=True)
    assert row["event"] == id_of(events[0])
    assert (row["started_at"], row["ended_at"], row["events"]) == (NOW, NOW + timedelta(seconds=60), 2)
    assert (row["channel"], row["utm_source"], row["utm_medium"], row["utm_campaign"]) == ("email", "news", "email", "july")
    assert (row["anonymous_id"], row["machine"]) == ("a", False)


def test_without_a_device_the_subject_stands_for_it() -> None:
    events = [page(0, anonymous_id=None, user_id="u"), page(1, anonymous_id=None, email="e@x.com"), at(2, email="e@x.com", user_id="u")]
    assert events_of_sessions(*events) == [1, 1]
    assert sessions(ordered(events))["anonymous_id"].to_list() == [None, None]
