"""Stage models of the operator's own: kept by PUT, derived for everybody beside the version before, refused with every problem at once."""

import json
from typing import Any

import httpx
import pytest

from tests.service import KEYS, Waystage, bearer, until

ONE = """
model: trial
labels: {en: Trial 🛒, ru: Проба}
stages:
  - stage: looking
    labels: {en: Looking, ru: Смотрит}
    enter:
      - event: [Product Viewed]
  - stage: buying
    enter:
      - {event: Order Completed, where: {properties.revenue: {gt: 10}}}
"""
TWO = ONE.replace("gt: 10", "gt: 100")


def put(waystage: Waystage, name: str, document: str | bytes) -> httpx.Response:
    return waystage.client.put(f"/v1/stage-models/{name}", content=document, headers=bearer(KEYS.admin))


def kept(waystage: Waystage, name: str) -> list[tuple[int, str]]:
    return [(model["version"], model["state"]) for model in waystage.ask("/v1/stages")["models"] if model["model"] == name]


def moves(waystage: Waystage) -> dict[tuple[str | None, str], int]:
    answer = waystage.ask("/v1/transitions", model="trial")
    return {(one["from"], one["to"]): one["count"] for one in answer["transitions"]}


def order(person: str, revenue: float) -> list[dict[str, Any]]:
    said = {"type": "track", "userId": person}
    return [{**said, "event": "Product Viewed"}, {**said, "event": "Order Completed", "properties": {"revenue": revenue}}]


def test_a_model_is_derived_for_everybody_beside_the_one_before(waystage: Waystage) -> None:
    waystage.batch([event for number in range(30) for event in order(f"p{number}", 10.0 * number)])
    waystage.derived()
    answer = put(waystage, "trial", ONE)
    assert (answer.status_code, answer.json()) == (202, {"model": "trial", "version": 1, "state": "waiting"})
    until(lambda: kept(waystage, "trial") == [(1, "active")], "the first version is active")
    assert moves(waystage) == {(None, "looking"): 30, ("looking", "buying"): 28}
    (model,) = [model for model in waystage.ask("/v1/stages")["models"] if model["model"] == "trial"]
    assert [(stage["stage"], stage["label"]) for stage in model["stages"]] == [("looking", "Looking"), ("buying", "buying")]
    assert model["stages"][1]["rules"] == [{"event": ["Order Completed"], "where": {"properties.revenue": {"gt": 10}}}]

    assert put(waystage, "trial", ONE).json()["version"] == 1
    assert put(waystage, "trial", json.dumps(model_of(ONE))).json()["version"] == 1
    assert put(waystage, "trial", TWO).json()["version"] == 2
    until(lambda: kept(waystage, "trial") == [(2, "active")], "the second version is active")
    answer = waystage.ask("/v1/transitions", model="trial")
    assert (answer["version"], moves(waystage)) == (2, {(None, "looking"): 30, ("looking", "buying"): 19})
    assert waystage.journey("user_id:p29", model="trial")["version"] == 2

    waystage.batch(order("late", 5_000))
    waystage.derived()
    assert [entry["stage"] for entry in waystage.journey("user_id:late", model="trial")["entries"]] == ["looking", "buying"]
    assert waystage.ask("/v1/customers", model="trial", stage="buying")["total"] == 20
    assert waystage.ask("/v1/transitions")["model"] == "journey-5"


def model_of(text: str) -> dict[str, Any]:
    """The document of ONE as JSON has it."""
    assert "gt: 10}" in text
    buying = {"event": "Order Completed", "where": {"properties.revenue": {"gt": 10}}}
    return {
        "model": "trial",
        "labels": {"en": "Trial \U0001f6d2", "ru": "\u041f\u0440\u043e\u0431\u0430"},
        "stages": [
            {
                "stage": "looking",
                "labels": {"en": "Looking", "ru": "\u0421\u043c\u043e\u0442\u0440\u0438\u0442"},
                "enter": [{"event": ["Product Viewed"]}],
            },
            {"stage": "buying", "enter": [buying]},
        ],
    }


def test_every_problem_is_listed_with_its_line(shared_waystage: Waystage) -> None:
    wrong = """model: trial
colour: red
stages:
  - stage: a
    enter:
      - {evnt: x}
  - stage: a
    enter: []
  - stage: b
    enter:
      - type: visit
        occurrence: {min: 0}
"""
    answer = put(shared_waystage, "trial", wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    errors = answer.json()["errors"]
    assert sorted((error["line"], error["field"]) for error in errors) == [
        (2, "colour"),
        (6, "stages[0].enter[0].evnt"),
        (7, "stages[1].stage"),
        (8, "stages[1].enter"),
        (11, "stages[2].enter[0].type"),
        (12, "stages[2].enter[0].occurrence.min"),
    ]
    assert {"field": "stages[1].stage", "line": 7, "reason": "duplicate stage a"} in errors
    assert "line 7, stages[1].stage: duplicate stage a" in answer.json()["detail"]
    assert ("trial", 1) not in [(model["model"], model["version"]) for model in shared_waystage.ask("/v1/stages")["models"]]


@pytest.mark.parametrize(
    "name, document, field, line",
    [
        ("other", ONE, "model", None),
        ("each_event_name", "model: each_event_name\nstages: [{stage: a, enter: [{event: x}]}]", "model", 1),
        ("trial", "", "document", None),
        ("trial", "- a\n- b", "document", 1),
        ("trial", "model: [", "document", 1),
        ("trial", "model: trial\nmodel: trial\nstages: [{stage: a, enter: [{event: x}]}]", "model", 2),
        ("trial", b"model: \xff", "body", None),
        ("trial", '"\\UFFFFFFFF": 1', "document", None),
        ("trial", 'model: "\\ud800"', "document", 1),
        ("trial", '{"\\udc00": 1}', "document", 1),
        ("trial", "model: &a trial\nstages: *a", "document", 2),
        ("trial", "x" * 70_000, "document", None),
    ],
)
def test_a_document_that_is_no_model_is_refused(
    shared_waystage: Waystage, name: str, document: str | bytes, field: str, line: int | None
) -> None:
    answer = put(shared_waystage, name, document)
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert (error["field"], error.get("line")) == (field, line)


def test_a_document_has_256_kib_at_most(shared_waystage: Waystage) -> None:
    assert put(shared_waystage, "trial", b"#" * (256 * 1024 + 1)).status_code == 413
