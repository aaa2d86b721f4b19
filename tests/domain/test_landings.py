"""Landings: which click led to a page, whose visitor it is, and what stays of the url."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arriving.events import Arrival, Event, parse_event
from app.domain.arriving.hits import Recipient
from app.domain.identity.landings import LIFE, PARAMETER, Click, Landed, landed, landing_url

SECRET = b"secret"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
CLICK = Click("click-1", NOW, Recipient(userId="u", email="a@x.com"))
AGENT = "Browser"


def page(url: str, **fields: Any) -> Event:
    """A page view of a public source, one second after the click."""
    context = {"page": {"url": url}} | fields.pop("context", {})
    raw = json.dumps({"type": "page", "messageId": "m", "anonymousId": "a", "context": context} | fields).encode()
    event = parse_event(raw, 0, Arrival(1, trusted=False, received_at=NOW + timedelta(seconds=1), request_agent=AGENT), {})
    assert isinstance(event, Event)
    return event


def land(url: str = "https://x/", click: Click = CLICK, *, received_at: datetime | None = None, **fields: Any) -> Landed:
    event = page(landing_url(SECRET, url, click), **fields)
    return landed(event._replace(received_at=received_at or event.received_at), SECRET)


def body(landing: Landed) -> Any:
    return json.loads(landing.event.body)


def test_a_landing_brings_the_click_and_the_recipient() -> None:
    landing = land("https://x/?b=2#f")
    assert (landing.event.url, body(landing)["context"]["click"]) == ("https://x/?b=2#f", "click-1")
    assert landing.identity
    assert json.loads(landing.identity) == {
        "messageId": "landing-click-1",
        "anonymousId": "a",
        "userId": "u",
        "traits": {"email": "a@x.com"},
        "context": {"userAgent": AGENT, "ip": None, "click": "click-1"},
    }


@pytest.mark.parametrize("age, valid", [(timedelta(), True), (LIFE, True), (LIFE + timedelta(microseconds=1), False)])
def test_a_token_lives_fifteen_minutes(age: timedelta, valid: bool) -> None:
    landing = land(received_at=NOW + age)
    assert (landing.identity is not None, "click" in body(landing)["context"]) == (valid, valid)
    assert landing.event.url == "https://x/"


@pytest.mark.parametrize(
    "click, fields",
    [
        (CLICK, {"anonymousId": None, "userId": "u"}),
        (CLICK, {"anonymousId": " null "}),
        (Click("click-1", NOW, Recipient()), {}),
        (Click("click-1", NOW, Recipient(email="")), {}),
    ],
)
def test_without_a_device_or_a_recipient_nobody_is_named(click: Click, fields: dict[str, Any]) -> None:
    landing = land(click=click, **fields)
    assert landing.identity is None
    assert body(landing)["context"]["click"] == "click-1"


@pytest.mark.parametrize("token", ["", "x", "A" * 100, "\u00e9", "%00"])
def test_another_token_is_removed_and_nothing_else(token: str) -> None:
    landing = landed(page(f"https://x/?{PARAMETER}={token}&b=2", properties={"title": "T"}), SECRET)
    assert landing.identity is None
    assert (landing.event.url, body(landing)) == ("https://x/?b=2", {"context": {"page": {}}, "properties": {"title": "T"}})


def test_another_secret_opens_no_token() -> None:
    assert landed(page(landing_url(b"other", "https://x/", CLICK)), SECRET).identity is None


def test_a_landing_occurs_after_its_click() -> None:
    late = land(timestamp=(NOW - timedelta(seconds=20)).isoformat())
    assert (late.event.occurred_at, late.event.time_rule) == (NOW + timedelta(microseconds=1), "corrected")
    right = land(timestamp=(NOW + timedelta(milliseconds=300)).isoformat())
    assert (right.event.occurred_at, right.event.time_rule) == (NOW + timedelta(milliseconds=300), "sent")


def test_every_address_of_the_event_is_clean_and_only_the_pages_own_counts() -> None:
    marked = landing_url(SECRET, "https://x/?b=2", CLICK)
    search = marked.removeprefix("https://x/")
    elsewhere = {"url": marked, "referrer": marked, "search": search, "title": f"about {PARAMETER}=1"}
    whole = land("https://x/?b=2", context={"page": {**elsewhere, "url": marked}}, properties=elsewhere)
    clean = {"url": "https://x/?b=2", "referrer": "https://x/?b=2", "search": "?b=2", "title": f"about {PARAMETER}=1"}
    assert (whole.event.url, whole.event.referrer) == ("https://x/?b=2", "https://x/?b=2")
    assert body(whole)["properties"] == clean
    assert body(whole)["context"]["page"] == {"search": "?b=2", "title": f"about {PARAMETER}=1"}
    second = landed(page("https://x/next", context={"page": {"url": "https://x/next", "referrer": marked}}), SECRET)
    assert (second.event.referrer, second.identity, "click" in body(second)["context"]) == ("https://x/?b=2", None, False)


def test_the_properties_tell_the_url_where_the_page_does_not() -> None:
    landing = land("https://x/", context={"page": None}, properties={"url": landing_url(SECRET, "https://x/?b=2", CLICK)})
    assert (body(landing)["properties"], body(landing)["context"]["click"]) == ({"url": "https://x/?b=2"}, "click-1")


QUERIES = st.text(st.sampled_from("ab=&%_"), max_size=12)


@given(st.sampled_from(["https://x", "https://x/p"]), QUERIES, st.sampled_from(["", "#f?g&h"]))
def test_what_the_redirect_adds_is_what_the_landing_takes(address: str, query: str, fragment: str) -> None:
    asked = address + ("?" + query if query else "") + fragment
    assert land(asked).event.url == asked
