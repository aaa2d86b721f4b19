"""What a mapping makes of a row: identifiers, numbers, translations, several events, rows left out, JSON inside a column."""

import json
from typing import Any

import pytest

from app.domain.arriving.mapping import parse_mapping
from app.domain.documents import RefusedError

ROW = {"who": "u1", "paid": "19.90", "empty": ""}


def event(mapping: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    (made,) = events(mapping, row)
    return made


def events(mapping: dict[str, Any], row: dict[str, Any]) -> list[dict[str, Any]]:
    return parse_mapping(json.dumps(mapping)).events(row)


def test_constants_and_several_identifiers() -> None:
    fields = {"userId": "who", "context.externalIds.card": "paid", "context.externalIds.crm": "number", "context.externalIds.gone": "empty"}
    assert event({"fields": fields}, {**ROW, "number": 7}) == {
        "userId": "u1",
        "context": {"externalIds": [{"type": "card", "id": "19.90"}, {"type": "crm", "id": "7"}]},
    }


@pytest.mark.parametrize(
    "said, read",
    [
        ("19.90", 19.9),
        (" 7 ", 7),
        ("-0", 0),
        ("1e3", 1000),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("9" * 30, "9" * 30),
        ("007", "007"),
        ("1,5", "1,5"),
        ("1e999", "1e999"),
        (True, True),
        (8.5, 8.5),
    ],
)
def test_numbers_are_read_exactly_or_stay_text(said: object, read: object) -> None:
    made = event({"fields": {"properties.price": "price"}, "numbers": ["properties.price"]}, {"price": said})["properties"]["price"]
    assert (made, type(made)) == (read, type(read))


def test_values_are_translated() -> None:
    mapping = {
        "format": "ndjson",
        "fields": {"type": "kind", "event": "kind", "properties.paid": "paid"},
        "values": {
            "type": {"view": "page", "*": "track"},
            "event": {"view": None},
            "properties.paid": {"yes": True, "1": True, "true": "sure"},
        },
    }
    assert event(mapping, {"kind": "view", "paid": "yes"}) == {"type": "page", "properties": {"paid": True}}
    assert event(mapping, {"kind": "sale", "paid": 1}) == {"type": "track", "event": "sale", "properties": {"paid": True}}
    assert event(mapping, {"kind": "", "paid": True}) == {"properties": {"paid": "sure"}}


def test_rows_are_skipped_and_say_several_events() -> None:
    mapping = {
        "fields": {"userId": "id"},
        "skip": [{"kind": ["test", ""]}, "deleted_at"],
        "events": [
            {"when": "lead", "type": "track", "constants": {"event": "Lead"}, "fields": {"timestamp": "lead"}},
            {"when": ["won", {"state": "won"}], "unless": "lost", "type": "track", "constants": {"event": "Won"}},
        ],
    }
    row = {"id": "7", "kind": "real", "lead": "2024-01-02", "won": "", "state": "won", "lost": ""}
    assert [made["event"] for made in events(mapping, row)] == ["Lead", "Won"]
    assert events(mapping, row)[0] == {"type": "track", "event": "Lead", "userId": "7", "timestamp": "2024-01-02T00:00:00+00:00"}
    assert [made["event"] for made in events(mapping, {**row, "lost": "x"})] == ["Lead"]
    assert [made["event"] for made in events(mapping, {**row, "lead": "", "state": ""})] == []
    assert events(mapping, {**row, "kind": "test"}) == events(mapping, {**row, "kind": ""}) == []
    assert events(mapping, {**row, "deleted_at": "2024"}) == []


def test_json_text_in_a_column_is_read() -> None:
    mapping = {"json": ["props"], "fields": {"properties": "props", "userId": "props.user"}}
    assert event(mapping, {"props": '{"user": "u", "n": 1}'}) == {"properties": {"user": "u", "n": 1}, "userId": "u"}
    assert event(mapping, {"props": {"user": "u"}}) == {"properties": {"user": "u"}, "userId": "u"}
    assert event(mapping, {"props": ""}) == {}
    with pytest.raises(RefusedError) as raised:
        event(mapping, {"props": "{"})
    assert (raised.value.code, raised.value.field) == ("not_json", "props")


def test_rows_inside_a_document() -> None:
    mapping = parse_mapping("{format: json, rows: data.items}")
    assert mapping.rows({"data": {"items": [1, 2]}}) == [1, 2]
    assert mapping.rows({"data": {"items": {"a": 1}}}) == [{"a": 1}]
    assert parse_mapping("format: json").rows([{"a": 1}]) == [{"a": 1}]
    nowhere: Any
    for nowhere in ({"data": {}}, {"data": {"items": 5}}, [], None):
        with pytest.raises(RefusedError):
            mapping.rows(nowhere)
    with pytest.raises(RefusedError):
        mapping.events("text")


def test_without_fields_a_row_is_an_event_to_which_constants_are_added() -> None:
    row = {"type": "track", "userId": "u", "context": {"page": {"url": "x"}}}
    made = event({"format": "ndjson", "constants": {"context.page.title": "t", "properties.from": "file"}}, row)
    assert made == {**row, "context": {"page": {"url": "x", "title": "t"}}, "properties": {"from": "file"}}
    assert row["context"] == {"page": {"url": "x"}}


def test_what_stands_beside_a_preset_wins() -> None:
    mapping = parse_mapping("{preset: crm, delimiter: ';', fields: {userId: id, traits.city: town}, skip: {test: 'yes'}}")
    identify, *_ = mapping.events({"id": "7", "email": "a@x.example", "town": "Tula", "created_at": "2024-01-02"})
    assert (identify["userId"], identify["traits"]) == ("7", {"email": "a@x.example", "city": "Tula"})
    assert mapping.delimiter == ";"
    assert mapping.events({"id": "7", "test": "yes"}) == []


def test_a_preset_reads_columns_of_other_names() -> None:
    mapping = parse_mapping("{preset: crm, columns: {email: mail, won_at: [closed, Closed Date]}}")
    identify, won = mapping.events({"id": "7", "mail": "a@x.example", "Closed Date": "2024-01-02"})
    assert (identify["traits"]["email"], won["messageId"]) == ("a@x.example", "7:won_at:2024-01-02")
    assert mapping.missing(["mail"]) == "closed"
    assert mapping.missing(["mail", "Closed Date"]) is None
