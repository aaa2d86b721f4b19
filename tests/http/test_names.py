"""What channels and kinds of touches are called, and which values occur: what a page offers to choose from."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from app.domain.journeys.channels import channels
from app.domain.lists import document
from tests.service import KEYS, Waystage, bearer

DAY = "2004-05-01T"
SEEN = ["Product Viewed", "Product Viewed", "\u041a\u043e\u0440\u0437\u0438\u043d\u0430", "Product Added"]
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture(scope="module")
def world(shared_waystage: Waystage) -> str:
    """A content of campaigns that brought two people, each by another campaign, and a robot; and a trait that both have."""
    name = uuid.uuid4().hex
    events: list[dict[str, Any]] = []
    for person, campaign in (("ann", "Spring"), ("bob", "autumn")):
        page = {"url": f"https://shop.example/?utm_source=s&utm_medium=email&utm_campaign={campaign}&utm_content={name}"}
        who = {"userId": f"{name}-{person}", "context": {"page": page, "device": {"type": "mobile"}}}
        events += [{**who, "type": "track", "event": event, "timestamp": f"{DAY}1{hour}:00:00Z"} for hour, event in enumerate(SEEN)]
        traits = {"world": name, "plan": campaign, **({"age": 7, "empty": ""} if person == "ann" else {})}
        events.append({**who, "type": "identify", "traits": traits, "timestamp": f"{DAY}09:00:00Z"})
    page = {"url": f"https://shop.example/?utm_source=s&utm_medium=email&utm_campaign=robots&utm_content={name}"}
    events.append(
        {"type": "page", "userId": f"{name}-robot", "context": {"page": page, "userAgent": ROBOT}, "timestamp": f"{DAY}10:00:00Z"}
    )
    shared_waystage.batch(events)
    shared_waystage.derived()
    return name


def values(waystage: Waystage, of: str, **query: Any) -> list[tuple[str, int, int]]:
    found = waystage.ask("/v1/values", of=of, **query)
    assert found["of"] == of
    return [(one["value"], one["count"], one["customers"]) for one in found["values"]]


def labelled(names: Sequence[dict[str, Any]]) -> set[str]:
    assert all(name["labels"].keys() == {"en", "ru"} and all(name["labels"].values()) for name in names)
    return {name["name"] for name in names}


def test_every_channel_and_kind_of_touch_has_its_labels(shared_waystage: Waystage) -> None:
    told = shared_waystage.ask("/v1/channels")
    assert [channel["name"] for channel in told["channels"]] == [channel.name for channel in channels()]
    assert labelled(told["channels"]) >= {kind["channel"] for kind in document("contacts")}
    assert labelled(told["kinds"]) == {"session", "contact", *(kind["kind"] for kind in document("contacts"))}
    assert told["channels"][0] == {
        "name": "direct",
        "labels": {"en": "Direct", "ru": "\u041f\u0440\u044f\u043c\u044b\u0435 \u0437\u0430\u0445\u043e\u0434\u044b"},
    }


def test_values_of_touches_are_those_of_people(shared_waystage: Waystage, world: str) -> None:
    assert values(shared_waystage, "utm_campaign", utm_content=world) == [("Spring", 4, 1), ("autumn", 4, 1)]
    assert values(shared_waystage, "channel", utm_content=world) == [("email", 8, 2)]
    assert values(shared_waystage, "utm_term", utm_content=world) == []
    assert values(shared_waystage, "kind", utm_content=world, **{"from": f"{DAY}12:30"}) == [("session", 2, 2)]
    assert values(shared_waystage, "device", trait=f"world:{world}") == [("mobile", 8, 2)]


def test_values_are_sought_by_a_part_in_any_case_of_any_alphabet(shared_waystage: Waystage, world: str) -> None:
    asked: dict[str, Any] = {"trait": f"world:{world}"}
    assert values(shared_waystage, "utm_campaign", q="PRI", **asked) == [("Spring", 4, 1)]
    assert values(shared_waystage, "event", q="\u043a\u041e\u0440", **asked) == [(SEEN[2], 2, 2)]
    assert values(shared_waystage, "event", q=".*", **asked) == []
    told = shared_waystage.ask("/v1/values", of="event", q="product", limit=1, **asked)
    assert (told["values"], told["total"]) == ([{"value": "Product Viewed", "count": 4, "customers": 2}], 2)


def test_events_pass_filters_by_their_latest_touch(shared_waystage: Waystage, world: str) -> None:
    assert values(shared_waystage, "event", utm_campaign="Spring", utm_content=world) == [
        ("Product Viewed", 2, 1),
        ("Product Added", 1, 1),
        (SEEN[2], 1, 1),
    ]
    assert values(shared_waystage, "event", utm_content=world, trait="plan:autumn", to=f"{DAY}11:00:00") == [("Product Viewed", 1, 1)]


def test_traits_have_keys_and_values(shared_waystage: Waystage, world: str) -> None:
    mine = f"world:{world}"
    assert values(shared_waystage, "trait", trait=mine) == [("plan", 2, 2), ("world", 2, 2), ("age", 1, 1), ("empty", 1, 1)]
    assert values(shared_waystage, "trait", trait=[mine, "plan:autumn"]) == [("plan", 1, 1), ("world", 1, 1)]
    assert values(shared_waystage, "trait:plan", trait=mine) == [("Spring", 1, 1), ("autumn", 1, 1)]
    assert values(shared_waystage, "trait:age", trait=mine) == [("7", 1, 1)]
    assert values(shared_waystage, "trait:empty", trait=mine) == []
    assert values(shared_waystage, "trait:world", q=world) == [(world, 2, 2)]


def test_traits_follow_what_is_said(shared_waystage: Waystage) -> None:
    own = uuid.uuid4().hex
    assert values(shared_waystage, "trait", q=own) == []
    shared_waystage.batch([{"type": "identify", "userId": own, "traits": {f"k-{own}": 1}}])
    shared_waystage.derived()
    assert values(shared_waystage, "trait", q=own) == [(f"k-{own}", 1, 1)]


@pytest.mark.parametrize(
    "query, field",
    [
        ({}, "of"),
        ({"of": "stage"}, "of"),
        ({"of": "trait:"}, "of"),
        ({"of": "event", "limit": 0}, "limit"),
        ({"of": "event", "version": 9}, "version"),
        ({"of": "event", "source": "nobody"}, "source"),
        ({"of": "channel", "trait": "plan"}, "trait"),
    ],
)
def test_what_has_no_values_is_refused(shared_waystage: Waystage, query: dict[str, str], field: str) -> None:
    answer = shared_waystage.client.get("/v1/values", params=query, headers=bearer(KEYS.read))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
