"""Other people's tables of attribution, asked over HTTP: each path is as many customers as it says, who converted or did not."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.http.journeys import tell, travelled
from tests.service import ORACLES, Waystage

LONG_AGO = datetime(1991, 1, 1, tzinfo=UTC)
ANSWERED_BY = {
    "first": "first",
    "last": "last",
    "linear": "linear",
    "position_based": "position_based",
    "markov": "markov_by_path",
    "shapley": "shapley",
    "first_touch": "first",
    "last_touch": "last",
    "linear_touch": "linear",
    "linear_counting_repeats": "linear",
    "position_based_40_20_40": "position_based",
    "markov_conversions_exact": "markov",
}
MONEY = {"first_touch_value": "first", "last_touch_value": "last"}
REMOVAL = {"removal", "removal_effect"}
NOT_ANSWERED = {"readme_simulated", "markov_order1_collapsed_transition"}
"""A simulation's figures, and a step on the way to what is answered."""


def cases() -> list[dict[str, Any]]:
    path = ORACLES / "attribution" / "small_cases.json"
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return found


CASES = cases()


@pytest.fixture(scope="module", params=range(len(CASES)), ids=[case["id"] for case in CASES])
def answered(request: pytest.FixtureRequest, shared_waystage: Waystage, oracles: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case, and the answer about people of its own in a month of its own."""
    case = CASES[request.param]
    start = LONG_AGO + request.param * timedelta(days=40)
    name = f"Bought {uuid.uuid4().hex}"
    tell(shared_waystage, [*people(case, name, start)])
    window = {"from": start.isoformat(), "to": (start + timedelta(days=30)).isoformat()}
    return case, shared_waystage.ask("/v1/attribution", conversion=f"event:{name}", **window)


def people(case: dict[str, Any], name: str, start: datetime) -> Iterator[dict[str, Any]]:
    for path, conversions, nulls in case["paths"]:
        for number in range(conversions + nulls):
            person = f"{uuid.uuid4().hex}"
            conversion = name if number < conversions else None
            yield from travelled(person, path.split(" > "), start, conversion, revenue=case.get("value_per_conversion", 1), currency="EUR")


def called(expected: dict[str, float]) -> dict[str, float]:
    """Channels are called in small letters."""
    return {name.lower(): number for name, number in expected.items()}


def column(answer: dict[str, Any], model: str) -> dict[str, float]:
    return {row["name"]: row["credits"][model] for row in answer["names"]}


def test_conversions_and_journeys_without(answered: tuple[dict[str, Any], dict[str, Any]]) -> None:
    case, answer = answered
    assert answer["conversions"] == sum(conversions for _, conversions, _ in case["paths"])
    assert answer["not_converted"] == sum(nulls for *_, nulls in case["paths"])


def test_credits_are_those_of_the_table(answered: tuple[dict[str, Any], dict[str, Any]]) -> None:
    case, answer = answered
    names = {row["name"] for row in answer["names"]}
    for table in (case["expected"], case.get("live_mam_2.1.1", {}), case.get("live_ChannelAttribution_2.2.5", {})):
        for kind, expected in table.items():
            if kind in ANSWERED_BY:
                told = {**dict.fromkeys(names, 0), **called(expected)}
                assert column(answer, ANSWERED_BY[kind]) == pytest.approx(told, abs=1e-9), kind
            elif kind in MONEY:
                assert {row["name"]: row["values"][MONEY[kind]][0]["value"] for row in answer["names"]} == called(expected), kind


def test_removal_effects_are_those_of_the_table(answered: tuple[dict[str, Any], dict[str, Any]]) -> None:
    case, answer = answered
    effects = {row["name"]: row["removal_effect"] for row in answer["names"]}
    for table in (case["expected"], case.get("live_mam_2.1.1", {})):
        for kind in REMOVAL & table.keys():
            assert effects == pytest.approx(called(table[kind]), abs=1e-9)
    expected = case["expected"]
    if "share" in expected:
        shares = {name: share * answer["conversions"] for name, share in called(expected["share"]).items()}
        assert column(answer, "markov") == pytest.approx(shares)
    if "p_conversion" in expected:
        assert answer["conversion_probability"] == pytest.approx(expected["p_conversion"])


def test_every_model_divides_every_conversion_and_all_money(answered: tuple[dict[str, Any], dict[str, Any]]) -> None:
    _, answer = answered
    for model in answer["models"]:
        assert sum(column(answer, model).values()) == pytest.approx(answer["conversions"], abs=1e-9)
        assert sum(money["value"] for row in answer["names"] for money in row["values"][model]) == pytest.approx(
            answer["values"][0]["value"]
        )


def test_every_figure_of_the_tables_is_known() -> None:
    kinds = {
        kind for case in CASES for table in ("expected", "live_mam_2.1.1", "live_ChannelAttribution_2.2.5") for kind in case.get(table, ())
    }
    assert kinds <= {*ANSWERED_BY, *MONEY, *REMOVAL, *NOT_ANSWERED, "share", "p_conversion", "sum_of_every_model"}
