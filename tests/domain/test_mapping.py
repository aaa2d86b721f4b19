"""Mappings: a row of a file becomes an event of the wire, and a mapping that cannot be used says why."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arriving.mapping import InvalidMapping, as_event_bytes, parse_mapping

EXAMPLE = Path(__file__).parents[2] / "docs/examples/clickstream.yml"
ROW = {"who": "u1", "what": "Order Completed", "when": "2024-03-31 02:30:00", "paid": "19.90", "empty": "", "none": None}


def event(mapping: dict[str, Any], row: dict[str, Any] | None = None) -> dict[str, Any]:
    (made,) = events(mapping, ROW if row is None else row)
    return made


def events(mapping: dict[str, Any], row: dict[str, Any]) -> list[dict[str, Any]]:
    return parse_mapping(json.dumps(mapping)).events(row)


def test_a_row_becomes_an_event() -> None:
    mapping = {
        "type": "track",
        "fields": {"userId": "who", "event": "what", "timestamp": "when", "properties.price.gross": "paid", "traits.email": "empty"},
        "constants": {"context.page.url": "https://shop.example/", "properties.currency": "EUR", "properties.rank": 1, "userId": "nobody"},
    }
    assert event(mapping) == {
        "type": "track",
        "userId": "u1",
        "event": "Order Completed",
        "timestamp": "2024-03-31T02:30:00+00:00",
        "properties": {"price": {"gross": "19.90"}, "currency": "EUR", "rank": 1},
        "context": {"page": {"url": "https://shop.example/"}},
    }


@pytest.mark.parametrize("column", ["empty", "none"])
def test_an_empty_cell_says_nothing(column: str) -> None:
    assert event({"fields": {"userId": column}}) == {}
    assert event({"fields": {"userId": column}, "constants": {"userId": "x"}}) == {"userId": "x"}


def test_a_column_that_a_table_lacks_is_missed() -> None:
    mapping = {
        "fields": {"userId": ["who", "whom"], "event": "what", "context.page.url": "https://{host}/[{path}]"},
        "skip": {"kind": "test"},
    }
    missing = parse_mapping(json.dumps(mapping)).missing
    assert missing(["whom", "what", "host", "path", "kind"]) is None
    assert [
        missing([name for name in ("who", "what", "host", "path", "kind") if name != left_out]) for left_out in ("who", "path", "kind")
    ] == [
        "who",
        "path",
        "kind",
    ]
    assert parse_mapping(json.dumps({**mapping, "sparse": True})).missing([]) is None
    assert parse_mapping(json.dumps({**mapping, "format": "ndjson"})).missing([]) is None


@pytest.mark.parametrize(
    "column, value",
    [
        ("a.b", 1),
        ("dotted.name", 3),
        (["empty", "nowhere", "a.b"], 1),
        ("a.b.c", None),
        ("list.0", None),
        ("{a.b}-{dotted.name}", "1-3"),
        ("{a.b}[?{empty}]", "1"),
        ("{a.b}[?{flag}][#{nowhere}]", "1?true"),
        ("{a.b}{empty}", None),
        (["{empty}", "dotted.name"], 3),
    ],
)
def test_columns_are_names_paths_and_templates(column: object, value: object) -> None:
    row = {"a": {"b": 1}, "dotted.name": 3, "empty": "", "list": [7], "flag": True}
    assert event({"format": "ndjson", "fields": {"properties.x": column}}, row).get("properties", {}).get("x") == value


@pytest.mark.parametrize(
    "time, said, instant",
    [
        ({}, "2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00"),
        ({}, "2024-01-02T03:04:05+03:00", "2024-01-02T00:04:05+00:00"),
        ({}, "2024-01-02", "2024-01-02T00:00:00+00:00"),
        ({"zone": "Europe/Berlin"}, "2024-01-02T03:04:05", "2024-01-02T02:04:05+00:00"),
        ({"zone": "Europe/Berlin"}, "2024-07-02T03:04:05", "2024-07-02T01:04:05+00:00"),
        ({"zone": "Europe/Berlin"}, "2024-07-02T03:04:05Z", "2024-07-02T03:04:05+00:00"),
        ({"format": "%d.%m.%Y %H:%M"}, "02.01.2024 03:04", "2024-01-02T03:04:00+00:00"),
        ({"format": "%d.%m.%Y %H:%M", "zone": "America/New_York"}, "02.01.2024 03:04", "2024-01-02T08:04:00+00:00"),
        ({"format": "%d.%m.%Y %z"}, "02.01.2024 +0100", "2024-01-01T23:00:00+00:00"),
        ({"format": "%d.%m.%Y"}, "2024-01-02", "2024-01-02"),
        ({}, "soon", "soon"),
        ({}, "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ({}, 1704164645, 1704164645),
        ({}, datetime(2024, 1, 2, 3, tzinfo=UTC), "2024-01-02T03:00:00+00:00"),
        ({"zone": "Europe/Berlin"}, datetime(2024, 1, 2, 3), "2024-01-02T02:00:00+00:00"),
        ({"unit": "s"}, 1704164645, "2024-01-02T03:04:05+00:00"),
        ({"unit": "s"}, "1704164645.25", "2024-01-02T03:04:05.250000+00:00"),
        ({"unit": "ms"}, "1704164645001", "2024-01-02T03:04:05.001000+00:00"),
        ({"unit": "us"}, 1704164645000001, "2024-01-02T03:04:05.000001+00:00"),
        ({"unit": "s"}, "2024-01-02", "2024-01-02"),
        ({"unit": "s"}, True, True),
        ({"unit": "s"}, "1e300", "1e300"),
    ],
)
def test_times_are_read_in_their_format_and_zone(time: dict[str, str], said: object, instant: object) -> None:
    assert event({"fields": {"timestamp": "at"}, "time": time}, {"at": said}) == {"timestamp": instant}


def test_a_name_that_a_row_has_is_no_path() -> None:
    mapping = {"format": "ndjson", "fields": {"userId": "a.b", "event": "a\\.b.c"}}
    assert event(mapping, {"a": {"b": "path"}, "a.b": {"c": "name"}}) == {"userId": {"c": "name"}, "event": "name"}


def test_without_a_mapping_rows_are_events_as_they_are() -> None:
    mapping = parse_mapping(None)
    assert mapping.as_they_are
    assert mapping.format == "ndjson"


def test_the_example_reads_the_clickstream() -> None:
    mapping = parse_mapping(EXAMPLE.read_text("utf-8"))
    row = {"user_id": "7", "event": "Page View", "timestamp": "2024-01-02 03:04:05", "platform": "mobile", "acquisition_channel": "ads"}
    assert mapping.events(row) == [
        {
            "type": "track",
            "userId": "7",
            "event": "Page View",
            "timestamp": "2024-01-02T03:04:05+00:00",
            "context": {"device": {"type": "mobile"}, "campaign": {"source": "ads"}},
        }
    ]


FIELDS = {"fields": {"userId": "who"}}


@pytest.mark.parametrize(
    "mapping, field",
    [
        ([], "mapping"),
        ("text", "mapping"),
        ({}, "fields"),
        ({"format": "csv"}, "fields"),
        ({"format": "xml", **FIELDS}, "format"),
        ({"type": "purchase", **FIELDS}, "type"),
        ({"cells": {}, **FIELDS}, "cells"),
        ({"fields": {"password": "who"}}, "fields.password"),
        ({"fields": {"traits.": "who"}}, "fields.traits."),
        ({"fields": {"userId": 5}}, "fields.userId"),
        ({"fields": ["userId"]}, "fields"),
        ({"constants": {"receivedAt": "x"}, **FIELDS}, "constants.receivedAt"),
        ({"constants": "x", **FIELDS}, "constants"),
        ({"fields": {"properties": "a", "properties.price": "b"}}, "fields.properties.price"),
        ({"fields": {"traits.a.b": "b"}, "constants": {"traits.a": "x"}}, "fields.traits.a.b"),
        ({"time": {"zone": "Mars/Olympus"}, **FIELDS}, "time.zone"),
        ({"time": {"zone": 5}, **FIELDS}, "time.zone"),
        ({"time": {"zone": "../etc/passwd"}, **FIELDS}, "time.zone"),
        ({"time": {"format": 5}, **FIELDS}, "time.format"),
        ({"time": {"format": "%Y %Y"}, **FIELDS}, "time.format"),
        ({"time": {"format": "%Q"}, **FIELDS}, "time.format"),
        ({"time": {"format": "100%"}, **FIELDS}, "time.format"),
        ({"time": {"unit": ["s"]}, **FIELDS}, "time.unit"),
        ({"time": {"locale": "de"}, **FIELDS}, "time.locale"),
        ({"time": {"unit": "days"}, **FIELDS}, "time.unit"),
        ({"time": {"unit": "s", "format": "%Y"}, **FIELDS}, "time.unit"),
        ({"preset": "matomo"}, "preset"),
        ({"preset": ["crm"]}, "preset"),
        ({"delimiter": ";;", **FIELDS}, "delimiter"),
        ({"delimiter": '"', **FIELDS}, "delimiter"),
        ({"format": "ndjson", "delimiter": ";"}, "delimiter"),
        ({"sparse": "yes", **FIELDS}, "sparse"),
        ({"rows": "data", **FIELDS}, "rows"),
        ({"format": "json", "rows": ["data"]}, "rows"),
        ({"json": "properties", **FIELDS}, "json"),
        ({"columns": {"who": 5}, **FIELDS}, "columns.who"),
        ({"columns": ["who"], **FIELDS}, "columns"),
        ({"fields": {"userId": []}}, "fields.userId"),
        ({"fields": {"userId": ["a", 1]}}, "fields.userId"),
        ({"fields": {"userId": "{who"}}, "fields.userId"),
        ({"fields": {"userId": "{a}]"}}, "fields.userId"),
        ({"fields": {"context.externalIds.card.number": "a"}}, "fields.context.externalIds.card.number"),
        ({"values": {"event": {"a": "b"}}, **FIELDS}, "values.event"),
        ({"values": {"userId": "b"}, **FIELDS}, "values.userId"),
        ({"numbers": ["properties.x"], **FIELDS}, "numbers.properties.x"),
        ({"numbers": "userId", **FIELDS}, "numbers"),
        ({"skip": {"a": {"b": 1}}, **FIELDS}, "skip.a"),
        ({"skip": [], **FIELDS}, "skip"),
        ({"skip": 5, **FIELDS}, "skip"),
        ({"events": [], **FIELDS}, "events"),
        ({"events": {"when": "a"}, **FIELDS}, "events"),
        ({"events": [{"when": ""}], **FIELDS}, "events.0.when"),
        ({"events": [{"key": "a"}], **FIELDS}, "events.0.key"),
        ({"events": [{}, {"type": "purchase"}], **FIELDS}, "events.1.type"),
        ({"events": [{"fields": {"nobody": "a"}}], **FIELDS}, "events.0.fields.nobody"),
        ({"events": [{"when": "a"}]}, "fields"),
        ({"time": "now", **FIELDS}, "time"),
    ],
)
def test_a_mapping_that_cannot_be_used_names_the_field(mapping: object, field: str) -> None:
    with pytest.raises(InvalidMapping) as raised:
        parse_mapping(json.dumps(mapping))
    assert raised.value.field == field
    assert raised.value.reason


@pytest.mark.parametrize(
    "text", ["fields: [", "a: 1\n---\nb: 2", "fields: {userId: a}\nfields: {userId: b}", "fields: &x {userId: a}\ntime: *x"]
)
def test_text_that_is_no_plain_yaml_is_refused(text: str) -> None:
    with pytest.raises(InvalidMapping):
        parse_mapping(text)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["format", "type", "fields", "constants", "time", "values", "numbers", "skip", "events", "json", "rows", "sparse"])


@given(st.dictionaries(KEYS, json_values | st.just({"userId": "a", "properties.x": "b"}), max_size=5))
def test_any_mapping_is_usable_or_refused(document: dict[str, Any]) -> None:
    try:
        mapping = parse_mapping(json.dumps(document))
    except InvalidMapping:
        return
    columns = {cell.name for part in mapping.parts for _, column in part.fields for source in column.sources for cell in source.cells}
    for made in mapping.events(dict.fromkeys(columns, "2024-01-02")):
        assert json.loads(as_event_bytes(made)) == made
