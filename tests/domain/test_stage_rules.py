"""The rules of a stage model: every key, every operator, and which stage an event takes."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.journeys.stage_rules import rule_expr, stage_expr, type_column, value_column
from app.domain.journeys.stages import EACH_EVENT_NAME, parse_model, preset

ABSENT = object()
JSON_TYPES = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string", dict: "object", list: "array"}


def history(*events: dict[str, Any]) -> pl.DataFrame:
    usual = {"customer": 1, "type": "track", "name": "Signed Up", "channel": "direct", "machine_rule": None, "touch": False}
    schema = {
        "customer": pl.Int64,
        "type": pl.String,
        "name": pl.String,
        "channel": pl.String,
        "machine_rule": pl.String,
        "touch": pl.Boolean,
    }
    return pl.DataFrame([usual | event for event in events], schema=schema)


def with_value(path: str, *values: Any) -> pl.DataFrame:
    texts = [value if isinstance(value, str) else None if value in (None, ABSENT) else json.dumps(value) for value in values]
    kinds = [None if value is ABSENT else JSON_TYPES[type(value)] for value in values]
    columns = [pl.Series(value_column(path), texts, dtype=pl.String), pl.Series(type_column(path), kinds, dtype=pl.String)]
    return history(*({} for _ in values)).with_columns(columns)


def matches(rule: dict[str, Any], events: pl.DataFrame) -> list[bool]:
    [parsed] = parse_model({"model": "m", "stages": [{"stage": "s", "enter": [rule]}]}).stages[0].rules
    matched: list[bool] = events.select(matched=rule_expr(parsed))["matched"].to_list()
    return matched


def compares(test: Any, *values: Any) -> list[bool]:
    return matches({"where": {"properties.x": test}}, with_value("properties.x", *values))


@pytest.mark.parametrize(
    "event, names",
    [
        ("Order Completed", ["Order Completed"]),
        (["Order Completed", "Order"], ["Order Completed", "Order"]),
        ("Order*", ["Order Completed", "Order"]),
        (["*Completed", "Cart ?iewed"], ["Order Completed", "Cart Viewed"]),
        ("order completed", []),
    ],
)
def test_event_is_a_name_a_list_or_a_glob(event: Any, names: list[str]) -> None:
    events = history(*({"name": name} for name in ("Order Completed", "Order", "Cart Viewed", None)))
    assert events.filter(pl.Series(matches({"event": event}, events)))["name"].to_list() == names


def test_type_is_one_or_a_list() -> None:
    events = history({"type": "page"}, {"type": "track"}, {"type": "identify"})
    assert matches({"type": "page"}, events) == [True, False, False]
    assert matches({"type": ["page", "identify"]}, events) == [True, False, True]


def test_channel_compares_the_events_own() -> None:
    events = history({"channel": "email"}, {"channel": "direct"}, {"channel": None})
    assert matches({"channel": "email"}, events) == [True, False, False]
    assert matches({"channel": ["email", "direct"]}, events) == [True, True, False]


def test_touch_is_asked_for_or_against() -> None:
    events = history({"touch": True}, {"touch": False})
    assert matches({"touch": True}, events) == [True, False]
    assert matches({"touch": False}, events) == [False, True]


def test_a_rule_matches_when_all_its_keys_do() -> None:
    events = history({"name": "A", "type": "track"}, {"name": "A", "type": "page"}, {"name": "B", "type": "page"})
    assert matches({"event": "A", "type": "page"}, events) == [False, True, False]
    assert matches({}, events) == [True, True, True]


def test_occurrence_counts_a_customers_events_that_the_other_keys_match() -> None:
    events = history({"name": "A"}, {"name": "B"}, {"name": "A"}, {"name": "A"}, {"name": "A", "customer": 2})
    assert matches({"event": "A", "occurrence": {"min": 2}}, events) == [False, False, True, True, False]
    assert matches({"event": "A", "occurrence": {"max": 1}}, events) == [True, False, False, False, True]
    assert matches({"event": "A", "occurrence": {"min": 2, "max": 2}}, events) == [False, False, True, False, False]
    assert matches({"occurrence": {"min": 2, "max": 2}}, events) == [False, True, False, False, False]


def test_bots_and_machines_match_nothing_and_count_nowhere() -> None:
    events = history({"machine_rule": "crawler"}, {}, {"machine_rule": "scanner"}, {})
    assert matches({}, events) == [False, True, False, True]
    assert matches({"occurrence": {"max": 1}}, events) == [False, True, False, False]
    assert events.select(stage=stage_expr(EACH_EVENT_NAME))["stage"].to_list() == [None, "Signed Up", None, "Signed Up"]


VALUES: tuple[Any, ...] = ("5", 5, 5.0, 6, True, False, None, "", {}, [], ABSENT)


@pytest.mark.parametrize(
    "test, equal",
    [
        ("5", ["5"]),
        (5, [5, 5.0]),
        (True, [True]),
        (False, [False]),
        (None, [None]),
        ("", [""]),
        ({"eq": 5.0}, [5, 5.0]),
        ({"in": [5, "", None]}, [5, 5.0, None, ""]),
    ],
)
def test_a_value_compares_only_with_its_own_json_type(test: Any, equal: list[Any]) -> None:
    assert [value for value, matched in zip(VALUES, compares(test, *VALUES), strict=True) if matched] == equal


@pytest.mark.parametrize("operand", ["5", 5, True, None])
def test_ne_is_the_rest_of_the_values_that_exist(operand: Any) -> None:
    equal, differing = compares({"eq": operand}, *VALUES), compares({"ne": operand}, *VALUES)
    assert [one != other for one, other in zip(equal, differing, strict=True)] == [value is not ABSENT for value in VALUES]


def test_exists_is_true_for_null() -> None:
    assert compares({"exists": True}, 1, None, {}, ABSENT) == [True, True, True, False]
    assert compares({"exists": False}, 1, None, {}, ABSENT) == [False, False, False, True]


@pytest.mark.parametrize(
    "test, matched",
    [
        ({"gt": 5}, [6, 5.5]),
        ({"gte": 5}, [5, 6, 5.5]),
        ({"lt": 5.5}, [5, -1e300]),
        ({"lte": 5.5}, [5, 5.5, -1e300]),
        ({"gt": 5, "lt": 6}, [5.5]),
        ({"gt": "Z"}, ["a", "é", "\U0001f600", "\uffff"]),
        ({"gte": "é"}, ["é", "\U0001f600", "\uffff"]),
        ({"lt": "a"}, ["A", ""]),
        ({"gt": "\uffff"}, ["\U0001f600"]),
    ],
)
def test_order_is_among_numbers_or_among_texts_by_their_bytes(test: dict[str, Any], matched: list[Any]) -> None:
    values: tuple[Any, ...] = (5, 6, 5.5, -1e300, "A", "a", "é", "\U0001f600", "\uffff", "", True, None, {}, ABSENT)
    assert [value for value, is_so in zip(values, compares(test, *values), strict=True) if is_so] == matched


@pytest.mark.parametrize("text, number", [("12.50", 12.5), ("12.00", 12), ("0", 0.0), ("1" + "0" * 300, 1e300)])
def test_numbers_are_equal_whatever_their_digits(text: str, number: float) -> None:
    events = with_value("x", 0).with_columns(pl.lit(text).alias(value_column("x")))
    assert matches({"where": {"x": number}}, events) == [True]


@given(st.integers(-(2**64) + 1, 2**64 - 1), st.integers(-2, 2), st.sampled_from(["eq", "gt", "gte", "lt", "lte"]))
def test_whole_numbers_compare_exactly(operand: int, difference: int, operator: str) -> None:
    value = operand + difference
    expected = {"eq": value == operand, "gt": value > operand, "gte": value >= operand, "lt": value < operand, "lte": value <= operand}
    assert compares({operator: operand}, value) == [expected[operator]]


@pytest.mark.parametrize(
    "glob, matched",
    [
        ("/pricing*", ["/pricing", "/pricing/team"]),
        ("/pricing?*", ["/pricing/team"]),
        ("*", ["/pricing", "/pricing/team", "/Pricing", "a.b", "a+b", "[a]", "é", "two\nlines", "a\\b"]),
        ("?", ["é"]),
        ("a.b", ["a.b"]),
        ("a?b", ["a.b", "a+b", "a\\b"]),
        ("[a]*", ["[a]"]),
        ("two*", ["two\nlines"]),
        ("a\\*", ["a\\b"]),
        ("pricing", []),
    ],
)
def test_a_glob_is_case_sensitive_and_whole_with_two_wildcards(glob: str, matched: list[str]) -> None:
    values: tuple[Any, ...] = ("/pricing", "/pricing/team", "/Pricing", "a.b", "a+b", "[a]", "é", "two\nlines", "a\\b", 5, None, {}, ABSENT)
    assert [value for value, is_so in zip(values, compares({"glob": glob}, *values), strict=True) if is_so] == matched


def test_several_paths_must_all_match() -> None:
    events = with_value("a", 1, 1).hstack(with_value("b", 2, 3).select(value_column("b"), type_column("b")))
    assert matches({"where": {"a": 1, "b": {"gt": 2}}}, events) == [False, True]


def test_an_event_of_several_stages_takes_the_furthest() -> None:
    rules = {"a": [{"event": "A*"}], "b": [{"event": "AB"}, {"event": "C"}], "c": [{"event": "ABC"}]}
    model = parse_model({"model": "m", "stages": [{"stage": stage, "enter": enter} for stage, enter in rules.items()]})
    events = history(*({"name": name} for name in ("A", "AB", "ABC", "C", "D", None)))
    assert events.select(stage=stage_expr(model))["stage"].to_list() == ["a", "b", "c", "b", None, None]


@pytest.mark.parametrize(
    "event, stage",
    [
        ({}, None),
        ({"touch": True}, "awareness"),
        ({"name": "Products Searched"}, "consideration"),
        ({"name": "Email Link Clicked"}, "consideration"),
        ({"name": "Page Viewed", "type": "page", "path": "/pricing"}, "consideration"),
        ({"name": "Page Viewed", "type": "page", "path": "/product/5"}, "consideration"),
        ({"name": "Page Viewed", "type": "page", "path": "/blog/a/b"}, "consideration"),
        ({"name": "Page Viewed", "type": "page", "path": "/reviews"}, "consideration"),
        ({"name": "Page Viewed", "type": "page", "path": "/about/pricing"}, None),
        ({"name": "Plan Seen", "path": "/pricing"}, None),
        ({"touch": True, "channel": "review_site"}, "consideration"),
        ({"channel": "review_site"}, None),
        ({"name": "Quote Requested"}, "decision"),
        ({"name": "Coupon Applied"}, "decision"),
        ({"name": "Order Completed"}, "purchase"),
        ({"name": "Subscription Started"}, "purchase"),
        ({"name": "Invite Sent"}, "loyalty"),
        ({"name": "Subscription Renewed"}, "loyalty"),
    ],
)
def test_journey_5_by_event(event: dict[str, Any], stage: str | None) -> None:
    own = {key: value for key, value in event.items() if key != "path"}
    events = history(own).hstack(with_value("properties.path", event.get("path", ABSENT)).select("^where.*$"))
    assert events.select(stage=stage_expr(preset("journey-5")))["stage"].to_list() == [stage]
