"""Writing over HTTP: what the Segment spec sends, answered after the commit."""

import base64
import gzip
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.tables import account, metrics, rows, stored
from tests.service import BROWSER, KEYS, Waystage, basic, bearer, ready, until

ONE = {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}
EVENTS: dict[str, dict[str, Any]] = {
    "track": {"event": "Product Viewed", "properties": {"product_id": "kettle"}},
    "page": {"name": "Kettle", "category": "Docs", "properties": {"path": "/kettle"}},
    "screen": {"name": "Basket"},
    "identify": {"traits": {"name": "Ada"}},
    "group": {"groupId": "g-1", "traits": {"name": "Example Ltd"}},
    "alias": {"previousId": "route-before"},
}
NAMES = {"track": "Product Viewed", "page": "Page Viewed", "screen": "Screen Viewed"}


def test_an_event_is_stored_once_however_often_it_is_sent(shared_waystage: Waystage) -> None:
    event = {"type": "track", "event": "Product Viewed", "anonymousId": "once", "messageId": "once-1"}
    assert shared_waystage.batch([event]) == {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}
    assert shared_waystage.batch([event, event]) == {"success": True, "accepted": 0, "duplicates": 2, "rejected": []}


def test_a_journey_follows_from_a_click_to_an_order(shared_waystage: Waystage) -> None:
    page = {"page": {"url": "https://shop.example/kettle?utm_source=newsletter&utm_medium=email&utm_campaign=welcome"}}
    viewed = {"anonymousId": "click-1", "event": "Product Viewed", "context": page}
    assert shared_waystage.post("/v1/track", viewed, KEYS.write).status_code == 200
    shared_waystage.batch(
        [
            {"type": "identify", "anonymousId": "click-1", "userId": "click-u"},
            {"type": "track", "event": "Order Completed", "userId": "click-u"},
        ]
    )
    shared_waystage.derived()
    journey = shared_waystage.journey("anonymous_id:click-1")
    assert journey["customer"]["id"] == "user_id:click-u"
    assert [(entry["stage"], entry["channel"], entry["campaign"]) for entry in journey["entries"]] == [
        ("consideration", "email", "welcome"),
        ("purchase", "email", "welcome"),
    ]


@pytest.mark.parametrize("kind", EVENTS)
def test_each_type_has_a_route(shared_waystage: Waystage, kind: str) -> None:
    event = {"userId": "route", "messageId": f"route-{kind}", **EVENTS[kind]}
    response = shared_waystage.post(f"/v1/{kind}", event)
    assert (response.status_code, response.json(), response.headers["content-type"]) == (200, ONE, "application/json")
    (row,) = stored(shared_waystage, f"route-{kind}")
    assert (row["type"], row["name"], row["user_id"]) == (kind, NAMES.get(kind), "route")
    kept_in_columns = ("userId", "messageId", "event", "previousId")
    assert row["body"] == {key: value for key, value in event.items() if key not in kept_in_columns}


@pytest.mark.parametrize("route", ["batch", "import"])
def test_a_batch_takes_every_type(shared_waystage: Waystage, route: str) -> None:
    events = [{"type": kind, "userId": f"{route}-u", "messageId": f"{route}-{kind}", **event} for kind, event in EVENTS.items()]
    assert shared_waystage.post(f"/v1/{route}", {"batch": events}).json() == ONE | {"accepted": 6}
    assert [stored(shared_waystage, f"{route}-{kind}")[0]["type"] for kind in EVENTS] == list(EVENTS)


def test_a_batch_may_be_empty(shared_waystage: Waystage) -> None:
    before = account(shared_waystage, "server")
    assert shared_waystage.post("/v1/batch", {"batch": []}).json() == ONE | {"accepted": 0}
    assert account(shared_waystage, "server") == before


BODY_KEY = {"writeKey": KEYS.server}


@pytest.mark.parametrize(
    "headers, query, body",
    [
        pytest.param(basic(KEYS.server), {}, {}, id="basic"),
        pytest.param(bearer(KEYS.server), {}, {}, id="bearer"),
        pytest.param({}, {}, BODY_KEY, id="body"),
        pytest.param({}, {"writeKey": KEYS.server or ""}, {}, id="query"),
        pytest.param(basic(KEYS.server), {"writeKey": "wk_x"}, {"writeKey": "WRITEKEY"}, id="header first"),
        pytest.param({}, {"writeKey": KEYS.server or ""}, {"writeKey": "WRITEKEY"}, id="query before body"),
        pytest.param(basic(""), {}, BODY_KEY, id="empty user name"),
    ],
)
@pytest.mark.parametrize("route", ["track", "batch"])
def test_a_key_may_stand_in_four_places(
    shared_waystage: Waystage, route: str, headers: Mapping[str, str], query: Mapping[str, str], body: Mapping[str, Any]
) -> None:
    event = {"type": "track", "event": "Keyed", "userId": "keyed"}
    sent = {**body} | (event if route == "track" else {"batch": [event]})
    response = shared_waystage.client.post(f"/v1/{route}", json=sent, headers=headers, params=query)
    assert (response.status_code, response.json()) == (200, ONE)
    assert not rows(shared_waystage, "select from events where user_id = 'keyed' and body ? 'writeKey'")


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "media, coding, packed",
    [
        ("application/json", None, False),
        ("application/json; charset=utf-8", None, False),
        ("text/plain", None, False),
        ("text/plain;charset=UTF-8", "identity", False),
        (None, None, False),
        ("application/json", "gzip", True),
        ("application/json", "GZIP", True),
        ("application/json", None, True),
        (FORM, None, True),
        (FORM, "gzip", True),
        ("application/json", "gzip", False),
    ],
)
@pytest.mark.parametrize("route", ["track", "batch"])
def test_a_body_is_read_whatever_its_labels_say(shared_waystage: Waystage, route: str, media: str, coding: str, packed: bool) -> None:
    event = {"type": "track", "event": "Labelled", "userId": "labelled", "writeKey": KEYS.write}
    body = json.dumps(event if route == "track" else {"batch": [event], "writeKey": KEYS.write}).encode()
    labels = {"Content-Type": media, "Content-Encoding": coding}
    headers = {name: label for name, label in labels.items() if label}
    response = shared_waystage.client.post(f"/v1/{route}", content=gzip.compress(body) if packed else body, headers=headers)
    assert (response.status_code, response.json()) == (200, ONE)


def test_ids_may_be_null_or_numbers(shared_waystage: Waystage) -> None:
    event = {"type": "track", "event": "Counted", "anonymousId": None, "userId": 4711, "messageId": 815, "previousId": None}
    assert shared_waystage.batch([event, event | {"userId": "4711"}]) == ONE | {"duplicates": 1}
    (row,) = stored(shared_waystage, "815")
    assert (row["user_id"], row["anonymous_id"], row["previous_id"]) == ("4711", None, None)
    shared_waystage.derived()
    assert shared_waystage.journey("user_id:4711")["customer"]["id"] == "user_id:4711"


def test_without_a_message_id_equal_events_are_told_apart_by_their_place(shared_waystage: Waystage) -> None:
    timed = {"type": "track", "event": "Twice", "userId": "digest", "timestamp": datetime.now(UTC).isoformat()}
    assert shared_waystage.batch([timed, timed])["accepted"] == 2
    assert shared_waystage.batch([timed | {"sentAt": "now"}, timed, timed]) == ONE | {"duplicates": 2}
    untimed = {key: value for key, value in timed.items() if key != "timestamp"}
    assert shared_waystage.batch([untimed, untimed])["accepted"] == 2
    assert shared_waystage.batch([untimed, untimed])["accepted"] == 2


def test_the_batch_says_when_it_was_sent(shared_waystage: Waystage) -> None:
    slow = timedelta(hours=3)
    said = datetime.now(UTC) - slow - timedelta(minutes=5)
    event = {"type": "track", "event": "Late", "userId": "late", "messageId": "late-1", "timestamp": said.isoformat()}
    shared_waystage.batch([event], KEYS.write, sentAt=(datetime.now(UTC) - slow).isoformat())
    (row,) = stored(shared_waystage, "late-1")
    assert (row["time_rule"], row["timestamp"]) == ("corrected", said.isoformat())
    assert abs(row["occurred_at"] - (row["received_at"] - timedelta(minutes=5))) < timedelta(seconds=2)


def pixel(waystage: Waystage, event: bytes, kind: str = "track", **query: str) -> None:
    data = base64.urlsafe_b64encode(event).decode().rstrip("=")
    response = waystage.client.get(f"/v1/pixel/{kind}", params={"data": data, **query}, headers={"User-Agent": BROWSER})
    assert_gif(response.status_code, response.headers["content-type"], response.content)


def assert_gif(status: int, media: str, content: bytes) -> None:
    assert (status, media) == (200, "image/gif")
    assert content.startswith(b"GIF89a")
    assert content.endswith(b";")


def test_a_pixel_stores_its_event(shared_waystage: Waystage) -> None:
    event = {"event": "Email Opened", "userId": "pixel", "messageId": "pixel-1", "writeKey": KEYS.write}
    pixel(shared_waystage, json.dumps(event).encode())
    pixel(shared_waystage, json.dumps(event | {"writeKey": None, "messageId": "pixel-2"}).encode(), writeKey=KEYS.write or "")
    until(lambda: all(stored(shared_waystage, f"pixel-{number}") for number in (1, 2)), "both events are stored")
    assert [stored(shared_waystage, f"pixel-{number}")[0]["name"] for number in (1, 2)] == ["Email Opened", "Email Opened"]


def test_a_refused_pixel_is_kept_as_a_failed_event_without_its_key(shared_waystage: Waystage) -> None:
    pixel(shared_waystage, json.dumps({"userId": "pixel-refused", "writeKey": KEYS.write}).encode())
    query = "select * from failed_events where position('pixel-refused'::bytea in body) > 0"
    until(lambda: len(rows(shared_waystage, query)) == 1, "it is kept")
    (failed,) = rows(shared_waystage, query)
    assert (failed["code"], failed["field"]) == ("missing_field", "event")
    assert str(KEYS.write).encode() not in failed["body"]


LOST = [
    ("track", {"data": ""}),
    ("track", {}),
    ("track", {"data": "!!!"}),
    ("track", {"data": "\u00e9\u0000"}),
    ("track", {"data": "e30"}),
    ("track", {"data": "e30", "writeKey": "wk_unknown"}),
    ("track", {"data": "e30", "writeKey": KEYS.read or ""}),
    ("track", {"data": "e30", "writeKey": KEYS.write or ""}),
    ("track", {"data": "W1tb", "writeKey": KEYS.write or ""}),
    ("no-such-type", {"data": "eyJ1c2VySWQiOiJ4In0", "writeKey": KEYS.write or ""}),
]


@pytest.mark.parametrize("kind, query", LOST)
def test_a_pixel_is_always_a_gif_and_its_loss_is_counted(shared_waystage: Waystage, kind: str, query: Mapping[str, str]) -> None:
    def lost() -> float:
        return sum(value for name, value in metrics(shared_waystage).items() if name.startswith("waystage_lost_hits_total"))

    before = lost()
    response = shared_waystage.client.get(f"/v1/pixel/{kind}", params=query)
    assert_gif(response.status_code, response.headers["content-type"], response.content)
    assert lost() == before + 1


def test_many_retries_at_once_and_after_a_crash_store_each_event_once(waystage: Waystage) -> None:
    events = [{"type": "track", "event": "Retried", "userId": f"r-{number}", "messageId": f"r-{number}"} for number in range(500)]
    parts = [events[start : start + 50] for start in range(0, 500, 50)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(waystage.batch, parts * 4))
    answers += [waystage.batch(part + part) for part in parts]
    waystage.collector.kill()
    waystage.collector.start()
    until(lambda: ready(waystage.url), "the collector is ready again")
    answers += [waystage.batch(events) for _ in range(2)]
    assert sum(answer["accepted"] for answer in answers) == 500
    assert sum(answer["duplicates"] for answer in answers) == 7 * 500
    assert rows(waystage, "select count(*) as events, count(distinct message_id) as ids from events") == [{"events": 500, "ids": 500}]
    assert account(waystage, "server") == {"received": 4000, "stored": 500, "duplicate": 3500, "failed": 0}
