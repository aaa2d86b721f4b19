"""Events of the wire taken apart: what becomes a column, what stays in the body, and which events are the same."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arriving.events import TYPES, Arrival, Event, Refused, event_id, parse_event, truncated_ip
from app.domain.documents import Code

RECEIVED = datetime(2026, 5, 4, 12, tzinfo=UTC)
PUBLIC = Arrival(1, trusted=False, received_at=RECEIVED, request_agent="Browser/1", request_ip="192.0.2.0")
TRUSTED = PUBLIC._replace(source_id=2, trusted=True)
IMPORT = TRUSTED._replace(import_id=7)
VIEWED: dict[str, Any] = {"type": "track", "event": "Product Viewed", "anonymousId": "a"}


def parsed(document: dict[str, Any], arrival: Arrival = PUBLIC, position: int = 0, **how: Any) -> Event:
    event = parse_event(json.dumps(document).encode(), position, arrival, how.pop("twins", {}), **how)
    assert isinstance(event, Event), event
    return event


def refused(document: dict[str, Any] | str, arrival: Arrival = PUBLIC) -> Refused:
    raw = document if isinstance(document, str) else json.dumps(document)
    verdict = parse_event(raw.encode(), 0, arrival, {})
    assert isinstance(verdict, Refused), verdict
    return verdict


def body(event: Event) -> Any:
    return json.loads(event.body)


FULL: dict[str, Any] = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m1",
    "userId": 42,
    "anonymousId": "a",
    "previousId": "p",
    "timestamp": "2026-05-04T11:59:00+00:00",
    "sentAt": "2026-05-04T12:00:00Z",
    "receivedAt": "2020-01-01T00:00:00Z",
    "writeKey": "wk",
    "channel": "server",
    "context": {
        "page": {"url": "https://shop.example/", "referrer": "https://search.example/", "title": "Shop"},
        "userAgent": "Agent/1",
        "sequence": 3,
        "ip": "198.51.100.77",
        "traits": {"email": "ann@x.com", "phone": "+1"},
    },
    "properties": {"price": 1.5},
}


def test_what_becomes_a_column_leaves_the_body() -> None:
    event = parsed(FULL, position=9)
    assert event[1:-1] == (
        *(RECEIVED, 1, None, 9, "track", "Product Viewed", "m1", "42", "a", "p", "ann@x.com", "+1"),
        *(RECEIVED - timedelta(seconds=60), "2026-05-04T11:59:00+00:00", "sent", 3),
        *("https://shop.example/", "https://search.example/", "Agent/1", "Browser/1", "192.0.2.0"),
    )
    assert body(event) == {
        "channel": "server",
        "context": {
            "page": {"title": "Shop"},
            "userAgent": "Agent/1",
            "sequence": 3,
            "ip": "198.51.100.0",
            "traits": {"email": "ann@x.com", "phone": "+1"},
        },
        "properties": {"price": 1.5},
    }


def test_a_trusted_source_speaks_for_somebody_else() -> None:
    event = parsed(FULL, TRUSTED._replace(country="DE"))
    assert (event.request_agent, event.ip) == (None, "198.51.100.0")
    assert "location" not in body(event)["context"]


@pytest.mark.parametrize(
    "location, kept",
    [
        (None, {"country": "DE"}),
        ({"city": "Rome"}, {"country": "DE", "city": "Rome"}),
        ({"country": "IT"}, {"country": "IT"}),
        ("x", {"country": "DE"}),
    ],
)
def test_a_proxys_country_stands_where_the_event_names_none(location: object, kept: dict[str, str]) -> None:
    document = VIEWED | {"context": {"location": location} if location else {}}
    assert body(parsed(document, PUBLIC._replace(country="DE")))["context"]["location"] == kept


@pytest.mark.parametrize(
    "kind, more, name",
    [
        ("track", {"event": "Order Completed"}, "Order Completed"),
        ("page", {"name": "Prices", "event": "x"}, "Page Viewed"),
        ("screen", {}, "Screen Viewed"),
        ("identify", {}, None),
        ("group", {"groupId": 7}, None),
        ("alias", {"userId": "u", "previousId": "p"}, None),
    ],
)
def test_names(kind: str, more: dict[str, Any], name: str | None) -> None:
    event = parsed({"type": kind, "anonymousId": "a", **more})
    assert (event.type, event.name) == (kind, name)
    kept = {key: value for key, value in more.items() if key in ("name", "groupId") or (key == "event" and kind != "track")}
    assert body(event) == kept


def test_the_route_names_the_type() -> None:
    assert parsed({"anonymousId": "a", "type": "track"}, kind="page").type == "page"
    assert {parsed({**VIEWED, "userId": "u", "previousId": "p", "groupId": "g"}, kind=kind).type for kind in TYPES} == set(TYPES)


@pytest.mark.parametrize(
    "document, email, phone",
    [
        (
            {"traits": {"email": "a@x.com"}, "context": {"traits": {"email": "b@x.com"}}, "properties": {"email": "c@x.com"}},
            "a@x.com",
            None,
        ),
        ({"context": {"traits": {"email": "b@x.com", "phone": "+2"}}, "properties": {"email": "c@x.com"}}, "b@x.com", "+2"),
        ({"properties": {"email": "c@x.com", "phone": "+3"}}, "c@x.com", None),
        ({"traits": {"email": "", "phone": 5}, "context": {"traits": "x"}, "properties": {"email": ["c"]}}, None, None),
    ],
)
def test_where_email_and_phone_are_read_from(document: dict[str, Any], email: str | None, phone: str | None) -> None:
    event = parsed(VIEWED | document)
    assert (event.email, event.phone) == (email, phone)
    assert body(event) == document


@pytest.mark.parametrize(
    "who", [{"userId": "u"}, {"userId": 0}, {"traits": {"email": "a@x.com"}}, {"context": {"externalIds": [{"id": "1"}]}}]
)
def test_any_identifier_is_enough_and_null_is_none(who: dict[str, Any]) -> None:
    parsed({"type": "identify", "anonymousId": None, **who})
    assert refused({"type": "identify", "anonymousId": None}).code is Code.MISSING_IDENTIFIER


@pytest.mark.parametrize(
    "sequence, kept", [(0, 0), (-5, -5), (2**63 - 1, 2**63 - 1), (2**63, None), (1.0, None), ("1", None), (True, None), (None, None)]
)
def test_a_sequence_is_an_integer_that_fits(sequence: object, kept: int | None) -> None:
    event = parsed(VIEWED | {"context": {"sequence": sequence}})
    assert event.sequence == kept
    assert body(event)["context"] == {"sequence": sequence}


@pytest.mark.parametrize("value", [5, None, "", ["https://x.example"], {"href": "x"}])
def test_an_address_of_another_kind_stays_where_it_is(value: object) -> None:
    event = parsed(VIEWED | {"context": {"page": {"url": value, "referrer": value}}})
    assert (event.url, event.referrer) == (None, None)
    assert body(event)["context"]["page"] == {"url": value, "referrer": value}


@pytest.mark.parametrize(
    "ip, kept",
    [
        ("198.51.100.77", "198.51.100.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:198.51.100.77", "::"),
        ("localhost", None),
        (5, None),
        (None, None),
    ],
)
def test_no_full_address_is_kept(ip: object, kept: str | None) -> None:
    assert truncated_ip(ip) == kept
    event = parsed(VIEWED | {"context": {"ip": ip}}, TRUSTED)
    assert (event.ip, body(event)["context"]["ip"]) == (kept, kept)


@pytest.mark.parametrize(
    "timestamp, live, imported",
    [
        ("1989-12-31T23:59:59Z", "outside", Code.TIME_OUTSIDE),
        ("2026-05-05T12:00:01Z", "outside", Code.TIME_OUTSIDE),
        ("yesterday", "unreadable", Code.TIME_UNREADABLE),
        ({"at": 1}, "unreadable", Code.TIME_UNREADABLE),
        ("2009-05-04T12:00:00Z", "sent", None),
        (None, "absent", None),
    ],
)
def test_an_import_refuses_what_a_live_event_is_flagged_for(timestamp: object, live: str, imported: Code | None) -> None:
    document = VIEWED | {"timestamp": timestamp}
    assert parsed(document, TRUSTED).time_rule == live
    if imported:
        assert refused(document, IMPORT).code is imported
    else:
        assert parsed(document, IMPORT).import_id == 7


def test_sent_at_is_that_of_the_event_else_that_of_the_request() -> None:
    ahead = {"timestamp": "2026-05-04T14:00:00Z", "sentAt": "2026-05-04T14:00:10Z"}
    of_request = PUBLIC._replace(sent_at="2026-05-04T14:00:20Z")
    assert parsed(VIEWED | ahead, of_request).occurred_at == RECEIVED - timedelta(seconds=10)
    assert parsed(VIEWED | {"timestamp": ahead["timestamp"]}, of_request).occurred_at == RECEIVED - timedelta(seconds=20)


@pytest.mark.parametrize("timestamp, kept", [("soon", "soon"), (1777896000000, "1777896000000"), ({"at": 1}, '{"at":1}'), (None, None)])
def test_what_the_sender_says_of_the_time_is_kept(timestamp: object, kept: str | None) -> None:
    assert parsed(VIEWED | {"timestamp": timestamp}).timestamp == kept


def message_ids(*documents: dict[str, Any]) -> list[str]:
    twins: dict[bytes, int] = {}
    return [parsed(document, twins=twins).message_id for document in documents]


@pytest.mark.parametrize("absent", [{}, {"timestamp": None}, {"timestamp": ""}])
def test_an_original_timestamp_stands_where_there_is_no_other(absent: dict[str, Any]) -> None:
    original = {"originalTimestamp": "2026-05-04T11:00:00Z"}
    event = parsed(VIEWED | original | absent)
    assert (event.occurred_at, event.timestamp, body(event)) == (RECEIVED - timedelta(hours=1), "2026-05-04T11:00:00Z", {})
    said = parsed(VIEWED | original | {"timestamp": "2026-05-04T10:00:00Z"})
    assert (said.occurred_at, body(said)) == (RECEIVED - timedelta(hours=2), original)


def test_ids_have_200_characters_at_most() -> None:
    ids = ("userId", "anonymousId", "previousId", "messageId")
    parsed(VIEWED | dict.fromkeys(ids, "\U0001f600" * 200))
    assert {refused(VIEWED | {field: "x" * 201}).code for field in ids} == {Code.ID_TOO_LONG}


TIMED = VIEWED | {"timestamp": "2026-05-04T11:59:00Z"}


def test_a_message_id_is_the_events_own() -> None:
    assert message_ids(VIEWED | {"messageId": "m"}, VIEWED | {"messageId": 5}) == ["m", "5"]
    assert event_id(1, "m") == event_id(1, "m")
    assert len({event_id(source, message) for source in (1, 2, 11) for message in ("m", "1m")}) == 6


@pytest.mark.parametrize("nothing", [{}, {"messageId": None}, {"messageId": ""}])
def test_without_one_and_without_a_time_every_event_is_new(nothing: dict[str, Any]) -> None:
    assert len(set(message_ids(VIEWED | nothing, VIEWED | nothing))) == 2
    assert not set(message_ids(VIEWED | {"timestamp": ""})) & set(message_ids(VIEWED | {"timestamp": ""}))


def test_without_one_an_event_is_its_content_and_its_number_among_equals() -> None:
    reordered = {key: TIMED[key] for key in reversed(TIMED)}
    resent = reordered | {"sentAt": "2026-05-04T12:00:00Z", "receivedAt": "2026-05-04T12:00:00Z", "messageId": ""}
    first, second = message_ids(TIMED, resent)
    assert message_ids(resent, reordered) == [first, second]
    assert first != second
    assert len({first, second, *message_ids(TIMED | {"event": "Else"}, TIMED | {"properties": {"a": 1}})}) == 4


def test_a_refused_event_tells_its_message_id_where_it_was_read() -> None:
    assert refused({"type": "none", "messageId": "m"}).message_id == "m"
    assert refused("[]").message_id is None


texts = st.text(max_size=10)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "type",
    "event",
    "messageId",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "timestamp",
    "sentAt",
    "context",
    "properties",
    "traits",
)


@given(st.dictionaries(st.sampled_from(FIELDS), anything), st.sampled_from([PUBLIC, TRUSTED, IMPORT]), st.sampled_from([None, *TYPES]))
def test_any_object_is_an_event_or_refused_with_a_reason(document: dict[str, Any], arrival: Arrival, kind: str | None) -> None:
    verdict = parse_event(json.dumps(document).encode(), 0, arrival, {}, kind)
    if isinstance(verdict, Event):
        assert all(text is None or ("\0" not in text and text.encode()) for text in verdict if isinstance(text, str))
        assert verdict.occurred_at.tzinfo is UTC
    else:
        assert verdict.message
        assert verdict.code in set(Code) - {Code.UNSTORABLE}


@given(st.binary(max_size=60))
def test_any_bytes_are_answered(raw: bytes) -> None:
    assert isinstance(parse_event(raw, 0, PUBLIC, {}), Refused)
