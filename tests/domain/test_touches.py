"""Touches: every contact and every start of a session, one each; and whole journeys against the reading."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from app.domain.frames import TOUCHES
from app.domain.journeys.sessions import sessions
from app.domain.journeys.stages import preset
from app.domain.journeys.touches import touches
from tests.compared import JOURNEY_5, at, id_of, journeys_found, journeys_read, ordered, page
from tests.reading import Sent
from tests.reading.histories import NOW, histories

NEWS = ("news", "email", "july", "blue", "top")


def touches_of(*events: Sent) -> pl.DataFrame:
    found = ordered(events)
    return touches(found, sessions(found))


def kinds(*events: Sent) -> list[tuple[int, str]]:
    return touches_of(*events).select("position", "kind").rows()


OPENED = at(1, "Email Opened", user_id="u", contact="email", channel="email")
CLICKED = at(2, "Email Link Clicked", anonymous_id="a", contact="email", channel="email")


def test_touches_have_the_shape_that_is_kept() -> None:
    assert touches_of(page(0)).schema == pl.Schema(TOUCHES)
    assert touches_of(at(0, user_id="u")).schema == pl.Schema(TOUCHES)


@pytest.mark.parametrize(
    "events, found",
    [
        ([page(0), page(1)], [(0, "session")]),
        ([page(0), page(1801)], [(0, "session"), (1, "session")]),
        ([OPENED], [(0, "email")]),
        ([at(0, user_id="u"), OPENED, at(3, user_id="u")], [(1, "email")]),
        ([CLICKED], [(0, "email")]),
        ([CLICKED, page(3)], [(0, "email")]),
        ([page(0), CLICKED], [(0, "session"), (1, "email")]),
        ([at(0, None, type="identify", user_id="u"), at(1, "Order Completed", user_id="u")], []),
    ],
    ids=["a session", "two", "a contact", "among others", "a contact that opens", "and goes on", "a contact within", "nothing"],
)
def test_a_start_or_a_contact_is_one_touch(events: list[Sent], found: list[tuple[int, str]]) -> None:
    assert kinds(*events) == found


def test_machines_touch_apart() -> None:
    scanner = at(0, "Email Link Clicked", anonymous_id="a", contact="email", channel="email", machine=True)
    assert touches_of(scanner, page(1, machine=True), page(2)).select("position", "kind", "machine").rows() == [
        (0, "email", True),
        (2, "session", False),
    ]


def test_a_touch_carries_what_its_event_says() -> None:
    event = page(0, campaign=NEWS, click_id="c", channel="email", trusted=True, source="server")
    row = touches_of(event).row(0, named=True)
    assert (row["event"], row["touched_at"], row["channel"], row["source"]) == (id_of(event), NOW, "email", 2)
    assert tuple(row[f"utm_{part}"] for part in ("source", "medium", "campaign", "term", "content")) == NEWS
    assert row["click_id"] == "c"


LINKED = at(0, "Email Link Clicked", message_id="click-1", user_id="u", contact="email", channel="email", campaign=NEWS)
BOUND = at(5, None, type="identify", user_id="u", anonymous_id="a")


def landing(second: float = 1, **fields: Any) -> Sent:
    return page(second, **{"click": "click-1", "campaign": NEWS, **fields})


@pytest.mark.parametrize(
    "events, found",
    [
        ([LINKED, landing(), BOUND], [(0, "email")]),
        ([LINKED, landing(), page(2), page(3), BOUND], [(0, "email")]),
        ([LINKED, landing(click="click-2"), BOUND], [(0, "email"), (1, "session")]),
        ([LINKED, page(1), landing(2), BOUND], [(0, "email"), (1, "session")]),
        ([LINKED, landing(), landing(1802), BOUND], [(0, "email")]),
        ([LINKED, landing(), page(1802), BOUND], [(0, "email"), (3, "session")]),
        ([LINKED, landing()], [(0, "email"), (0, "session")]),
        ([replace(LINKED, contact=None), landing(), BOUND], [(1, "session")]),
        ([replace(LINKED, machine=True), landing(), BOUND], [(0, "email"), (1, "session")]),
        ([replace(LINKED, machine=True), landing(machine=True)], [(0, "email"), (0, "session")]),
        ([LINKED, landing(-1), BOUND], [(1, "email")]),
    ],
    ids=[
        "a click and its session",
        "that goes on",
        "another's click",
        "within a session",
        "twice",
        "and a later session",
        "of another customer",
        "no contact",
        "a machine's click",
        "of another machine",
        "whose clock is late",
    ],
)
def test_a_click_and_the_session_that_it_opens_are_one_touch(events: list[Sent], found: list[tuple[int, str]]) -> None:
    assert sorted(kinds(*events)) == found


@settings(deadline=None)
@given(histories())
def test_journeys_are_those_of_the_reading(history: list[Sent]) -> None:
    assert journeys_found(history, preset("journey-5")) == journeys_read(JOURNEY_5, history)
