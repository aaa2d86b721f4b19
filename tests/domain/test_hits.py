"""Hits: what a token holds, and the event that an opening or a click becomes."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arriving.events import Arrival, Event, parse_event
from app.domain.arriving.hits import AGENT_LENGTH_MAX, NOBODY, Act, Hit, Link, checked, hit_event, read_token, tokens, with_parameters
from app.domain.arriving.seals import BrokenSealError, as_text, seal
from app.domain.windows import Malformed

SECRET = b"secret"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HIT = Hit("click-1", NOW, "GET", "Browser", "203.0.113.0", "DE")
MAIL: dict[str, Any] = {
    "kind": "email",
    "target": "https://shop.example/",
    "recipient": {"userId": "u", "email": "a@x.com", "phone": "+49151234567", "externalIds": [{"type": "crm", "id": "7"}]},
    "campaign": {"source": "news", "medium": "email"},
    "message": "m-1",
    "properties": {"variant": "b"},
}


def link(**fields: Any) -> Link:
    return checked(msgspec.convert(MAIL | fields, Link))


def event(act: Act, made: Link, hit: Hit = HIT) -> dict[str, Any]:
    """The event of a hit, through the token."""
    sealed = read_token(SECRET, act, getattr(tokens(SECRET, 2, made), act.value))
    found: dict[str, Any] = json.loads(hit_event(sealed, act, hit))
    return found


@pytest.mark.parametrize(
    "kind, act, name",
    [
        ("email", Act.OPEN, "Email Opened"),
        ("email", Act.CLICK, "Email Link Clicked"),
        ("ad", Act.OPEN, "Ad Shown"),
        ("ad", Act.CLICK, "Ad Clicked"),
    ],
)
def test_a_hit_is_named_by_what_was_done_with_what(kind: str, act: Act, name: str) -> None:
    found = event(act, link(kind=kind))
    assert (found["type"], found["event"], found["messageId"], found["userId"]) == ("track", name, "click-1", "u")
    assert found["context"] == {
        "traits": {"email": "a@x.com", "phone": "+49151234567"},
        "externalIds": [{"type": "crm", "id": "7"}],
        "campaign": {"source": "news", "medium": "email"},
        "ip": "203.0.113.0",
        "userAgent": "Browser",
        "location": {"country": "DE"},
        "request": {"method": "GET"},
    }
    clicked = {"link_url": "https://shop.example/?utm_source=news&utm_medium=email"} if act is Act.CLICK else {}
    assert found["properties"] == {"variant": "b", "message_id": "m-1"} | clicked


def test_a_hit_of_nobody_is_an_event_that_names_nobody() -> None:
    hit = Hit("open-1", NOW, "HEAD", None, None)
    found = event(Act.OPEN, link(recipient={"userId": "", "email": None}, campaign={}, message=None, properties={}), hit)
    assert found == {
        "type": "track",
        "event": "Email Opened",
        "messageId": "open-1",
        "anonymousId": NOBODY,
        "context": {"campaign": {}, "request": {"method": "HEAD"}},
        "properties": {},
    }


def test_a_long_agent_loses_no_hit() -> None:
    made = link(properties={"long": "x" * 3_000})
    found = event(Act.CLICK, made, HIT._replace(agent="\u00ff" * 60_000))
    assert len(found["context"]["userAgent"]) == AGENT_LENGTH_MAX
    assert isinstance(parse_event(json.dumps(found).encode(), 0, Arrival(2, trusted=True, received_at=NOW), {}), Event)


def test_a_token_is_for_one_act_and_one_secret() -> None:
    made = tokens(SECRET, 2, link())
    others = [(SECRET, Act.OPEN, made.click), (SECRET, Act.CLICK, made.open), (b"other", Act.CLICK, made.click)]
    for secret, act, token in others:
        with pytest.raises(BrokenSealError):
            read_token(secret, act, token)


def test_a_token_of_another_version_is_none() -> None:
    with pytest.raises(BrokenSealError):
        read_token(SECRET, Act.CLICK, as_text(seal(SECRET, "click", msgspec.msgpack.encode(["link", 2]))))


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"target": "https://shop.example/" + "x" * 2_000}, "target"),
        ({"properties": {"x": "y" * 4_000}}, "link"),
        ({"properties": {"x": "\0"}}, "link"),
        ({"recipient": {"userId": "x" * 201}}, "userId"),
    ],
)
def test_what_no_hit_can_say_is_refused_at_once(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        link(**fields)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "url, made",
    [
        ("https://x", "https://x?a=1"),
        ("https://x/?", "https://x/?a=1"),
        ("https://x/?b=2", "https://x/?b=2&a=1"),
        ("https://x/#f?a=0", "https://x/?a=1#f?a=0"),
        ("https://x/?A=", "https://x/?A="),
        ("https://x/?a", "https://x/?a"),
    ],
)
def test_a_parameter_is_added_at_the_end_of_the_query(url: str, made: str) -> None:
    assert with_parameters(url, {"a": "1"}) == made


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_every_target_that_is_taken_is_one_line_of_ascii_to_its_host(path: str) -> None:
    try:
        target = link(target=f"https://shop.example{path}", campaign={}).target
    except Malformed:
        return
    assert target.isascii()
    assert target.isprintable()
    assert not set(target) & {" ", "\\"}
    assert target.startswith("https://shop.example")
    assert target.removeprefix("https://shop.example")[:1] in ("", "/", "?", "#", ":", ".", "-", "_") or path[0].isalnum()
