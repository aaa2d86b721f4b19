"""One customer's journey: by any identifier, in the customer's order, in pages."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.service import KEYS, Waystage, bearer

NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = {"page": {"url": "https://shop.example/kettle?utm_source=newsletter&utm_medium=email&utm_campaign=welcome"}}


def at(seconds: float) -> str:
    """An instant some seconds after an hour ago, as the answers write it."""
    return (NOW - timedelta(hours=1) + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + "Z"


def travelled(waystage: Waystage, person: str) -> None:
    """A journey of four events over three stages, the first two by email."""
    said = {"type": "track", "anonymousId": f"{person}-1", "context": PAGE}
    waystage.batch(
        [
            {**said, "event": "Product Viewed", "messageId": f"{person}-a", "timestamp": at(0)},
            {**said, "event": "Product Added", "messageId": f"{person}-b", "timestamp": at(60)},
            {
                "type": "identify",
                "anonymousId": f"{person}-1",
                "userId": person,
                "messageId": f"{person}-c",
                "timestamp": at(90),
                "traits": {"email": f"{person}@shop.example", "plan": {"name": "free", "seats": [1, None, 2.5]}},
            },
            {"type": "track", "event": "Order Completed", "userId": person, "messageId": f"{person}-d", "timestamp": at(150.5)},
        ]
    )
    waystage.derived()


def test_a_journey_has_everything_in_its_order(shared_waystage: Waystage) -> None:
    person = f"journey-{uuid.uuid4().hex}"
    travelled(shared_waystage, person)
    before = datetime.now(UTC)
    journey = shared_waystage.journey(f"user_id:{person}")
    assert before <= datetime.fromisoformat(journey.pop("as_of")) <= datetime.now(UTC)
    by_email = {"channel": "email", "campaign": "welcome", "event": "Product Viewed", "message_id": f"{person}-a"}
    unknown = {"device": None, "machine": False}
    assert journey == {
        "customer": {
            "id": f"user_id:{person}",
            "identifiers": [
                {"kind": "user_id", "value": person},
                {"kind": "anonymous_id", "value": f"{person}-1"},
                {"kind": "email", "value": f"{person}@shop.example"},
            ],
            "traits": {"email": f"{person}@shop.example", "plan": {"name": "free", "seats": [1, None, 2.5]}},
            "first_seen": at(0),
            "last_seen": at(150.5),
        },
        "model": "journey-5",
        "version": 1,
        "entries": [
            {"stage": "consideration", "entered_at": at(0), "left_at": at(60), "dwell": 60.0, "from": None, **by_email},
            {
                "stage": "decision",
                "entered_at": at(60),
                "left_at": at(150.5),
                "dwell": 90.5,
                "from": "consideration",
                **by_email,
                "event": "Product Added",
                "message_id": f"{person}-b",
            },
            {
                "stage": "purchase",
                "entered_at": at(150.5),
                "left_at": None,
                "dwell": None,
                "from": "decision",
                **by_email,
                "event": "Order Completed",
                "message_id": f"{person}-d",
            },
        ],
        "touches": [
            {
                "touched_at": at(0),
                "kind": "session",
                "source": "newsletter",
                "medium": "email",
                "referrer": None,
                **by_email,
                **unknown,
                "machine_rule": None,
                "machine_why": None,
            }
        ],
        "sessions": [{"started_at": at(0), "ended_at": at(60), "events": 2, **by_email, **unknown}],
        "events": journey["events"],
        "next": None,
    }
    assert [(event["message_id"], event["type"], event["event"], event["source"]) for event in journey["events"]] == [
        (f"{person}-a", "track", "Product Viewed", "server"),
        (f"{person}-b", "track", "Product Added", "server"),
        (f"{person}-c", "identify", None, "server"),
        (f"{person}-d", "track", "Order Completed", "server"),
    ]
    assert [event["occurred_at"] for event in journey["events"]] == [at(0), at(60), at(90), at(150.5)]


def test_a_journey_is_found_by_any_identifier_as_the_sender_wrote_it(shared_waystage: Waystage) -> None:
    person = f"found-{uuid.uuid4().hex}"
    travelled(shared_waystage, person)
    whole = shared_waystage.journey(f"user_id:{person}")
    for known in (
        f"anonymous_id:{person}-1",
        f"email:{person}@shop.example",
        f"email:%20{person.upper()}@SHOP.example",
        f"user_id:{person}%20",
    ):
        assert shared_waystage.journey(known) | {"as_of": whole["as_of"]} == whole


def test_a_journey_is_read_in_pages_by_time(shared_waystage: Waystage) -> None:
    person = f"paged-{uuid.uuid4().hex}"
    events = [
        {"type": "track", "event": name, "userId": person, "messageId": f"{person}-{place:03}", "timestamp": at(place // 2)}
        for place, name in enumerate(["Product Viewed", "Product Added"] * 60)
    ]
    shared_waystage.batch(events)
    shared_waystage.derived()
    whole = shared_waystage.journey(f"user_id:{person}")
    for limit in (1, 7, 119, 120, 500):
        parts: list[dict[str, Any]] = []
        cursor: dict[str, str] | None = {}
        while cursor is not None:
            part = shared_waystage.journey(f"user_id:{person}", limit=limit, **cursor)
            assert len(part["events"]) <= limit + 1
            parts.append(part)
            cursor = {"cursor": part["next"]} if part["next"] else None
        for kind in ("events", "entries", "touches", "sessions"):
            assert [row for part in parts for row in part[kind]] == whole[kind], (kind, limit)
    assert [event["message_id"] for event in whole["events"]] == [event["messageId"] for event in events]


VALUES = [
    "a/b",
    "a//b/../c",
    "a/journey",
    "a:b:c",
    "?x=1&y=#z",
    "100%",
    "%2F",
    "a b+c",
    "\u0418\u0432\u0430\u043d",
    "\U0001f469\u200d\U0001f467",
    "e\u0301",
    "\u00e9",
    "..",
    "a\\b",
    "a;b=c",
    "a,b",
    "'a\"",
    "\ufeffa",
    "a\u2028b",
    "<a>",
    "{a}",
    "user_id:x",
    "a@b.example",
]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_a_value_may_hold_any_character(shared_waystage: Waystage, value: str) -> None:
    person = f"{uuid.uuid4().hex} {value}"
    shared_waystage.batch([{"type": "track", "event": "Product Viewed", "userId": person, "anonymousId": value + person}])
    shared_waystage.derived()
    for known in (
        f"user_id:{quote(person, safe='')}",
        f"anonymous_id:{quote(value + person, safe='')}",
        quote(f"user_id:{person}", safe=""),
    ):
        journey = shared_waystage.journey(known)
        assert len(journey["events"]) == 1
    (found,) = shared_waystage.ask("/v1/customers", q=person)["customers"]
    assert found["id"] == journey["customer"]["id"]


@pytest.mark.parametrize(
    "customer", ["user_id:nobody-at-all", "email:nobody@nowhere.example", "user_id:", "user_id:%00", "user_id:null", "phone:x"]
)
def test_nobody_is_not_found(shared_waystage: Waystage, customer: str) -> None:
    answer = shared_waystage.client.get(f"/v1/customers/{customer}/journey", headers=bearer(KEYS.read))
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize(
    "path, field",
    [
        ("/v1/customers/nobody/journey", "customer"),
        ("/v1/customers/device:x/journey", "customer"),
        ("/v1/customers/USER_ID:x/journey", "customer"),
        ("/v1/customers/user_id:x/journey?limit=0", "limit"),
        ("/v1/customers/user_id:x/journey?limit=1001", "limit"),
        ("/v1/customers/user_id:x/journey?limit=many", "limit"),
        ("/v1/customers/user_id:x/journey?cursor=x", "cursor"),
        ("/v1/customers/user_id:x/journey?cursor=%00", "cursor"),
        ("/v1/customers/user_id:x/journey?cursor=MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMA", "cursor"),
        ("/v1/customers/user_id:x/journey?model=none", "model"),
        ("/v1/customers/user_id:x/journey?stage=purchase", "stage"),
        ("/v1/customers?limit=1001", "limit"),
        ("/v1/customers?cursor=%C3%A9", "cursor"),
        ("/v1/customers?cursor=LTE", "cursor"),
        ("/v1/customers?cursor=OTIyMzM3MjAzNjg1NDc3NTgwOA", "cursor"),
        ("/v1/customers?model=journey-9", "model"),
        ("/v1/customers?q=%00", "q"),
        ("/v1/customers?stage=a%00b", "stage"),
        ("/v1/customers?stage=none", "stage"),
        ("/v1/customers?query=x", "query"),
        ("/v1/sources?name=x", "name"),
    ],
)
def test_what_cannot_be_read_is_said_by_field_and_reason(shared_waystage: Waystage, path: str, field: str) -> None:
    answer = shared_waystage.client.get(path, headers=bearer(KEYS.read))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["reason"]


def test_an_event_says_where_it_came_from_and_what_it_was_worth(shared_waystage: Waystage) -> None:
    person = f"worth-{uuid.uuid4().hex}"
    page = {"url": "https://shop.example/kettle", "referrer": "https://www.google.com/"}
    bought = {"event": "Order Completed", "properties": {"revenue": "129.9", "currency": "eur"}}
    shared_waystage.batch(
        [
            {"type": "page", "userId": person, "anonymousId": f"{person}-1", "timestamp": at(0), "context": {"page": page}},
            {"type": "track", "userId": person, "timestamp": at(1), **bought},
        ]
    )
    shared_waystage.derived()
    seen, ordered = shared_waystage.journey(f"user_id:{person}")["events"]
    of_device, unpaid = {"anonymous_id": f"{person}-1", **page}, {"value": None, "currency": None}
    assert {key: seen[key] for key in (*of_device, *unpaid)} == of_device | unpaid
    paid = {"anonymous_id": None, "url": None, "referrer": None, "value": 129.9, "currency": "EUR"}
    assert {key: ordered[key] for key in paid} == paid
    explained = shared_waystage.ask("/v1/explain/stage", customer=f"user_id:{person}", events="all")["events"][1]
    assert (explained["channel"], explained["channel_rule"]) == ("organic_search", "organic_search")
    assert explained["channel_why"] == "the source is a search engine or the medium is organic"
