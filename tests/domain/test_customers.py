"""Customers: what all events of one say of it."""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.frames import CUSTOMERS, EVENTS, VERDICTS
from app.domain.journeys.customers import TRAITS_BYTES_MAX, canonical_traits, customers
from tests.reading.histories import NOW

KEYS = st.text("abc", min_size=1, max_size=2)
VALUES = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.booleans(), max_size=2), st.just("ж" * 3_000), st.just("x" * 9_000))


def events(*traits: dict[str, Any] | None, **columns: Any) -> pl.DataFrame:
    """An identify event a second for each of some traits."""
    rows = [
        {
            "customer": 1,
            "event": str(second),
            "type": "identify",
            "occurred_at": NOW + timedelta(seconds=second),
            "traits": None if each is None else json.dumps(each),
            **columns,
        }
        for second, each in enumerate(traits)
    ]
    return pl.DataFrame(rows, schema=EVENTS | VERDICTS | {"customer": pl.Int64})


def traits_of(*traits: dict[str, Any] | None) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(customers(events(*traits))["traits"].item())
    return kept


def test_a_customer_is_seen_from_the_first_to_the_last_of_its_events() -> None:
    found = customers(pl.concat([events({}, {}, {}), events({}, customer=-7)]))
    assert found.schema == pl.Schema(CUSTOMERS)
    assert found.drop("traits").rows() == [(-7, NOW, NOW, 1, False), (1, NOW, NOW + timedelta(seconds=2), 3, False)]


def test_nobody_is_nobody() -> None:
    assert customers(events()).schema == pl.Schema(CUSTOMERS)
    assert customers(events()).is_empty()


@pytest.mark.parametrize("rules, machine", [([None, "program"], False), (["program", "crawler"], True), ([None], False)])
def test_a_machine_is_a_customer_of_nothing_but_machine_events(rules: list[str | None], *, machine: bool) -> None:
    found = customers(events(*({} for _ in rules)).with_columns(machine_rule=pl.Series(rules, dtype=pl.String)))
    assert found["machine"].to_list() == [machine]


@pytest.mark.parametrize(
    "traits, kept",
    [
        ([{"a": 1}, {"a": 2}], {"a": 2}),
        ([{"a": 1, "b": 1}, {"a": None}], {"a": None, "b": 1}),
        ([{"a": {"x": 1}}, {"a": {"y": 2}}], {"a": {"y": 2}}),
        ([{"a": 1}, None], {"a": 1}),
        ([None], {}),
    ],
)
def test_the_last_value_that_a_trait_was_given_stands(traits: list[dict[str, Any] | None], kept: dict[str, Any]) -> None:
    assert traits_of(*traits) == kept


def test_only_identify_gives_traits() -> None:
    assert customers(events({"a": 1}, type="group"))["traits"].item() == "{}"


def test_too_many_traits_lose_those_written_longest_ago() -> None:
    large = "x" * 6_000
    assert traits_of({"a": large}, {"b": large}, {"c": large}) == {"b": large, "c": large}
    assert traits_of({"a": large}, {"b": large}, {"a": large}, {"c": large}) == {"a": large, "c": large}
    assert traits_of({"a": 1}, {"b": "x" * TRAITS_BYTES_MAX}) == {}
    assert traits_of({"a": large}, {"b": large}, {"c": large}, {"b": 1, "c": 2}) == {"a": large, "b": 1, "c": 2}


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=6))
def test_traits_are_the_latest_that_fit(written: list[dict[str, Any]]) -> None:
    """The bound is one of bytes, and the most that fits is kept."""
    latest: dict[str, Any] = {}
    for traits in written:
        for key, value in traits.items():
            latest.pop(key, None)
            latest[key] = value
    kept = customers(events(*written))["traits"].to_list()
    expected = [dict(list(latest.items())[start:]) for start in range(len(latest) + 1)]
    assert kept == [next(text for text in map(compact, expected) if len(text.encode()) <= TRAITS_BYTES_MAX)][: len(written)]


def compact(traits: dict[str, Any]) -> str:
    return json.dumps(traits, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_traits_as_postgres_prints_them_are_put_in_the_same_words() -> None:
    printed = pl.Series(['{"b": [1, 2], "a": "\\u00e9 ж"}', "{}"])
    assert canonical_traits(printed).to_list() == ['{"a":"é ж","b":[1,2]}', "{}"]
