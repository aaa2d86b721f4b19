"""Presets: exports and webhooks as others write them become events that parse and say what they said."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.arriving.events import Arrival, Event, parse_event
from app.domain.arriving.mapping import MAPPINGS, as_event_bytes, parse_mapping

ARRIVAL = Arrival(1, trusted=True, received_at=datetime(2026, 1, 1, tzinfo=UTC), import_id=1)


def made(preset: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a row; each of them parses."""
    events = parse_mapping(f"preset: {preset}").events(row)
    for event in events:
        assert isinstance(parse_event(as_event_bytes(event), 0, ARRIVAL, {}), Event), event
    return events


def one(preset: str, row: dict[str, Any]) -> dict[str, Any]:
    (event,) = made(preset, row)
    return event


@pytest.mark.parametrize("preset", MAPPINGS)
def test_a_preset_is_usable_and_needs_no_column(preset: str) -> None:
    mapping = parse_mapping(f"preset: {preset}")
    assert mapping.missing([]) is None
    assert mapping.parts


SEGMENT = {"id": "m1", "anonymous_id": "a1", "user_id": "", "timestamp": "2024-01-02 03:04:05.123+00:00"}


def test_segment_tables() -> None:
    track = one("segment", {**SEGMENT, "user_id": "u1", "event": "order_completed", "event_text": "Order Completed", "url": "x"})
    assert (track["type"], track["event"], track["messageId"], track["userId"]) == ("track", "Order Completed", "m1", "u1")
    assert track["timestamp"] == "2024-01-02T03:04:05.123000+00:00"
    page = one("segment", {**SEGMENT, "url": "https://shop.example/a", "path": "/a", "name": "Home", "context_campaign_source": "news"})
    assert (page["type"], page["name"], page["anonymousId"]) == ("page", "Home", "a1")
    assert page["context"] == {"page": {"url": "https://shop.example/a"}, "campaign": {"source": "news"}}
    identify = one("segment", {**SEGMENT, "user_id": "u1", "email": "a@x.example", "first_name": "A", "context_page_url": "https://x/"})
    assert (identify["type"], identify["traits"]) == ("identify", {"email": "a@x.example", "firstName": "A"})
    assert one("segment", {**SEGMENT, "user_id": "u1", "group_id": "g1", "name": "Acme"})["groupId"] == "g1"
    assert one("segment", {**SEGMENT, "user_id": "u1", "previous_id": "a0"})["type"] == "alias"


def posthog(event: str, distinct_id: str, **properties: Any) -> dict[str, Any]:
    row = {"uuid": "e1", "event": event, "distinct_id": distinct_id, "timestamp": "2024-01-02 03:04:05.123000+00:00"}
    return one("posthog", {**row, "properties": json.dumps({key.replace("_d_", "$"): value for key, value in properties.items()})})


def test_posthog_events() -> None:
    page = posthog(
        "$pageview", "d1", _d_device_id="d1", _d_current_url="https://shop.example/?a=1", _d_referrer="$direct", utm_source="news"
    )
    assert (page["type"], page["anonymousId"], page["messageId"], "event" in page, "userId" in page) == ("page", "d1", "e1", False, False)
    assert page["context"] == {"page": {"url": "https://shop.example/?a=1"}, "campaign": {"source": "news"}}
    identify = posthog("$identify", "u1", _d_anon_distinct_id="d1", _d_device_id="d1", _d_user_id="u1", _d_set={"email": "a@x.example"})
    assert (identify["type"], identify["userId"], identify["anonymousId"], identify["traits"]) == (
        *("identify", "u1", "d1"),
        {"email": "a@x.example"},
    )
    seen = posthog("signed_up", "u1", _d_device_id="d1", _d_user_id="u1", plan="pro")
    assert (seen["type"], seen["event"], seen["userId"], seen["anonymousId"]) == ("track", "signed_up", "u1", "d1")
    assert seen["properties"]["plan"] == "pro"
    server = posthog("invoice_paid", "u1", _d_lib="posthog-python")
    assert (server["userId"], "anonymousId" in server) == ("u1", False)
    assert posthog("$screen", "d1", _d_device_id="d9", _d_screen_name="Home")["name"] == "Home"
    assert posthog("$create_alias", "u1", alias="old")["previousId"] == "old"
    assert posthog("$groupidentify", "u1", _d_group_key="acme")["groupId"] == "acme"


UMAMI = {"event_id": "e1", "session_id": "s1", "created_at": "2024-01-02 03:04:05", "hostname": "shop.example", "url_path": "/tea"}


def test_umami_rows() -> None:
    query = "utm_source=news&gclid=x1"
    page = one("umami", {**UMAMI, "url_query": query, "referrer_domain": "www.google.com", "referrer_path": "/", "event_name": ""})
    assert page["context"]["page"] == {"url": f"https://shop.example/tea?{query}", "referrer": "https://www.google.com/"}
    assert (page["type"], page["anonymousId"], page["timestamp"]) == ("page", "s1", "2024-01-02T03:04:05+00:00")
    track = one("umami", {**UMAMI, "event_name": "signup", "distinct_id": "u1", "device": "laptop", "country": "DE", "url_query": ""})
    assert (track["type"], track["event"], track["userId"]) == ("track", "signup", "u1")
    assert (track["context"]["page"]["url"], track["context"]["device"]["type"]) == ("https://shop.example/tea", "desktop")


def test_crm_dates() -> None:
    row = {"id": "7", "email": "a@x.example", "first_name": "Anna", "last_name": "K", "created_at": "2024-01-01"}
    dates = {"lead_at": "2024-01-02", "demo_at": "2024-02-01 10:00", "won_at": "2024-03-01", "amount": "1200.50", "currency": "EUR"}
    identify, *stages = made("crm", row | dates)
    assert identify["traits"] == {"email": "a@x.example", "name": "Anna K"}
    assert [(event["event"], event["timestamp"][:10]) for event in stages] == [
        ("Lead Created", "2024-01-02"),
        ("Demo Requested", "2024-02-01"),
        ("Order Completed", "2024-03-01"),
    ]
    assert stages[-1]["properties"] == {"revenue": 1200.5, "currency": "EUR"}
    renamed = made("crm", row | dates | {"first_name": "Ann", "email": "ann@x.example"})
    assert [event["messageId"] for event in renamed[1:]] == [event["messageId"] for event in stages]


SENDGRID = {
    "email": "a@x.example",
    "timestamp": 1704164645,
    "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
    "category": ["news"],
    "sg_event_id": "ev1",
    "sg_message_id": "msg1.filter0001",
}


@pytest.mark.parametrize(
    "said, name",
    [
        ("delivered", "Email Delivered"),
        ("open", "Email Opened"),
        ("click", "Email Link Clicked"),
        ("bounce", "Email Bounced"),
        ("dropped", "Email Dropped"),
        ("spamreport", "Email Marked as Spam"),
        ("unsubscribe", "Unsubscribed"),
        ("group_unsubscribe", "Unsubscribed"),
    ],
)
def test_sendgrid_events(said: str, name: str) -> None:
    event = one("sendgrid", {**SENDGRID, "event": said})
    assert (event["event"], event["messageId"], event["timestamp"]) == (name, "ev1", "2024-01-02T03:04:05+00:00")
    assert event["context"]["traits"] == {"email": "a@x.example"}
    assert event["properties"]["message_id"] == "msg1.filter0001"


def test_sendgrid_clicks_and_machine_opens() -> None:
    click = one("sendgrid", {**SENDGRID, "event": "click", "url": "https://shop.example/", "useragent": "Firefox", "ip": "192.0.2.7"})
    assert (click["properties"]["link_url"], click["context"]["userAgent"]) == ("https://shop.example/", "Firefox")
    opened = one("sendgrid", {**SENDGRID, "event": "open", "sg_machine_open": True})
    assert opened["properties"]["sg_machine_open"] is True
    assert made("sendgrid", {**SENDGRID, "event": "processed"}) == []


MAILGUN = {
    "signature": {"timestamp": "1704164645", "token": "t", "signature": "s"},
    "event-data": {
        "id": "Ase7i2zsRYeDXztHGENqRA",
        "timestamp": 1704164645.243547,
        "event": "clicked",
        "message": {"headers": {"message-id": "m1@mg.x.example"}},
        "recipient": "a@x.example",
        "ip": "192.0.2.7",
        "geolocation": {"country": "US", "region": "CA", "city": "San Francisco"},
        "client-info": {"client-type": "browser", "device-type": "desktop", "user-agent": "Mozilla/5.0 X", "bot": ""},
        "url": "https://shop.example/",
        "campaigns": [],
        "tags": ["news"],
        "user-variables": {},
    },
}


def test_mailgun_events() -> None:
    (row,) = parse_mapping("preset: mailgun").rows(MAILGUN)
    event = one("mailgun", row)
    assert (event["event"], event["messageId"], event["timestamp"]) == (
        *("Email Link Clicked", "Ase7i2zsRYeDXztHGENqRA"),
        "2024-01-02T03:04:05.243547+00:00",
    )
    assert event["context"]["userAgent"] == "Mozilla/5.0 X"
    assert event["context"]["traits"] == {"email": "a@x.example"}
    assert (event["properties"]["message_id"], event["properties"]["link_url"]) == ("m1@mg.x.example", "https://shop.example/")
    assert "bot" not in event["properties"]
    opened = one("mailgun", {**row, "event": "opened", "client-info": {"bot": "apple"}})
    assert (opened["event"], opened["properties"]["bot"]) == ("Email Opened", "apple")
    assert one("mailgun", {**row, "event": "failed", "severity": "permanent", "reason": "bounce"})["event"] == "Email Bounced"
    assert made("mailgun", {**row, "event": "failed", "severity": "temporary"}) == []
    assert made("mailgun", {**row, "event": "accepted"}) == []
