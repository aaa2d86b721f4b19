"""Versions of stage models: drafts beside the active one, compared, chosen and dropped; and what silence and traits do over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import yaml

from tests.service import KEYS, Waystage, bearer, until

HEAD = "stages:\n  - stage: looking\n    enter: [{event: Product Viewed}]\n  - stage: buying\n    labels: {en: Buying, ru: Покупает}\n"
ANY_ORDER = HEAD + "    enter: [{event: Order Completed}]\n"
LARGE_ORDER = HEAD + "    enter: [{event: Order Completed, where: {properties.revenue: {gt: 10}}}]\n"


def change(waystage: Waystage, method: str, path: str, content: str | None = None) -> httpx.Response:
    return waystage.client.request(method, f"/v1/stage-models/{path}", content=content, headers=bearer(KEYS.admin))


def put(waystage: Waystage, name: str, document: str, query: str = "") -> int:
    answer = change(waystage, "PUT", name + query, f"model: {name}\n{document}")
    assert answer.status_code == 202, answer.text
    version: int = answer.json()["version"]
    return version


def states(waystage: Waystage, name: str) -> dict[int, str]:
    answer = waystage.client.get(f"/v1/stage-models/{name}/versions", headers=bearer(KEYS.read)).json()
    return {version["version"]: version["state"] for version in answer["versions"]}


def until_derived(waystage: Waystage, name: str, **expected: str) -> None:
    wanted = {int(version.removeprefix("v")): state for version, state in expected.items()}
    until(lambda: states(waystage, name) == wanted, f"{name} has the versions {wanted}")


def order(person: str, revenue: float, ago: timedelta = timedelta(0)) -> list[dict[str, Any]]:
    at = (datetime.now(UTC) - ago).isoformat()
    said = {"type": "track", "userId": person, "timestamp": at}
    bought = {**said, "event": "Order Completed", "properties": {"revenue": revenue}, "context": {"sequence": 2}}
    return [{**said, "event": "Product Viewed", "context": {"sequence": 1}}, bought]


def moves(waystage: Waystage, model: str, **query: Any) -> dict[tuple[str | None, str], int]:
    answer = waystage.ask("/v1/transitions", model=model, **query)
    return {(one["from"], one["to"]): one["count"] for one in answer["transitions"]}


def test_a_draft_is_derived_compared_and_chosen(waystage: Waystage) -> None:
    waystage.batch([event for number in range(8) for event in order(f"p{number}", 5.0 * number)])
    waystage.derived()
    assert put(waystage, "own", ANY_ORDER) == 1
    until_derived(waystage, "own", v1="active")
    assert put(waystage, "own", LARGE_ORDER, "?draft=1") == 2
    until_derived(waystage, "own", v1="active", v2="draft")
    assert moves(waystage, "own") == {(None, "looking"): 8, ("looking", "buying"): 8}
    assert moves(waystage, "own", version=2) == {(None, "looking"): 8, ("looking", "buying"): 5}
    assert [model["version"] for model in waystage.ask("/v1/stages")["models"] if model["model"] == "own"] == [1]

    compared = waystage.ask("/v1/stage-models/own/compare", **{"from": 1, "to": 2})
    assert compared["stages"][1] == {
        "stage": "buying",
        "label": "Buying",
        "entries": {"before": 8, "after": 5},
        "customers": {"before": 8, "after": 5},
        "current": {"before": 8, "after": 5},
    }
    assert (compared["customers"], compared["moved"]) == (3, [{"from": "buying", "to": "looking", "customers": 3}])
    assert {example["id"] for example in compared["examples"]} == {"user_id:p0", "user_id:p1", "user_id:p2"}
    behind = waystage.ask("/v1/stage-models/own/compare/customers", **{"from": 1, "to": 2, "before": "buying", "after": "looking"})
    assert ({person["id"] for person in behind["customers"]}, behind["total"]) == ({"user_id:p0", "user_id:p1", "user_id:p2"}, 3)
    assert waystage.ask("/v1/stage-models/own/compare/customers", **{"from": 1, "to": 2, "before": "none"})["total"] == 0

    waystage.batch(order("late", 1.0))
    waystage.derived()
    assert waystage.journey("user_id:late", model="own", version=2)["entries"][-1]["stage"] == "looking"
    answer = change(waystage, "POST", "own/versions/2/activate")
    assert (answer.status_code, answer.json()["state"]) == (200, "active")
    assert states(waystage, "own") == {1: "retired", 2: "active"}
    assert moves(waystage, "own") == {(None, "looking"): 9, ("looking", "buying"): 5}
    assert moves(waystage, "own", version=1) == {(None, "looking"): 9, ("looking", "buying"): 9}

    assert put(waystage, "own", ANY_ORDER + "backward: false\n", "?draft=1") == 3
    assert change(waystage, "DELETE", "own/versions/3").json() == {"model": "own", "version": 3}
    assert states(waystage, "own") == {1: "retired", 2: "active"}
    refused = change(waystage, "DELETE", "own/versions/2")
    assert (refused.status_code, refused.json()["detail"]) == (409, "version 2 of own is active, and no draft")
    assert [change(waystage, method, f"own/versions/3{tail}").status_code for method, tail in (("DELETE", ""), ("POST", "/activate"))] == [
        404,
        404,
    ]


def test_a_version_is_shown_with_its_document(shared_waystage: Waystage) -> None:
    put(shared_waystage, "shown", LARGE_ORDER + "lapsed: {after: 90d, stage: gone}\n", "?draft=1")
    shown = shared_waystage.ask("/v1/stage-models/shown/versions/1")
    assert (shown["model"], shown["version"], shown["draft"], shown["lapses_after"]) == ("shown", 1, True, 90 * 86_400)
    assert [stage["stage"] for stage in shown["stages"]] == ["looking", "buying", "gone"]
    assert yaml.safe_load(shown["yaml"]) == shown["document"]
    text = shared_waystage.client.get("/v1/stage-models/shown/versions/1?format=yaml", headers=bearer(KEYS.read))
    assert (text.headers["content-type"], text.text) == ("application/yaml", shown["yaml"])
    assert put(shared_waystage, "shown", text.text.removeprefix("model: shown\n"), "?draft=1") == 1
    listed = {model["model"]: model for model in shared_waystage.ask("/v1/stage-models")["models"]}
    assert (listed["shown"]["built_in"], listed["shown"]["active"]) == (False, None)
    assert (listed["journey-5"]["built_in"], listed["journey-5"]["active"]) == (True, 1)


@pytest.mark.parametrize("path", ["nothing/versions", "nothing/versions/1", "journey-5/versions/9"])
def test_what_is_not_kept_is_not_found(shared_waystage: Waystage, path: str) -> None:
    assert shared_waystage.client.get(f"/v1/stage-models/{path}", headers=bearer(KEYS.read)).status_code == 404


def test_what_the_settings_decide_is_not_chosen_by_request(shared_waystage: Waystage) -> None:
    assert change(shared_waystage, "POST", "journey-5/versions/1/activate").status_code == 422


def test_a_version_that_is_not_derived_answers_no_question(shared_waystage: Waystage) -> None:
    answer = shared_waystage.client.get("/v1/transitions?version=7", headers=bearer(KEYS.read))
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": "version", "reason": "is one of journey-5: 1"}])
    compared = shared_waystage.client.get("/v1/stage-models/journey-5/compare?from=1&to=7", headers=bearer(KEYS.read))
    assert compared.json()["errors"] == [{"field": "to", "reason": "is one of journey-5: 1"}]
    unknown = shared_waystage.client.get("/v1/transitions?model=nobody&version=1", headers=bearer(KEYS.read))
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "model")


def test_every_problem_of_the_new_keys_is_listed_with_its_line(shared_waystage: Waystage) -> None:
    wrong = """model: wrong
stages:
  - stage: a
    enter:
      - {event: A, since: {stage: b, within: 3 days}}
      - {traits: {plan: {is: pro}}}
  - stage: b
    enter:
      - since: {stage: a, at_least: 9d, within: 2d}
lapsed:
  after: 1h
  stage: a
"""
    errors = change(shared_waystage, "PUT", "wrong", wrong).json()["errors"]
    assert sorted((error["line"], error["field"]) for error in errors) == [
        (5, "stages[0].enter[0].since.stage"),
        (5, "stages[0].enter[0].since.within"),
        (6, "stages[0].enter[1].traits.plan.is"),
        (9, "stages[1].enter[0].since"),
        (11, "lapsed.after"),
        (12, "lapsed.stage"),
    ]


REMEMBERING = """model: remembering
stages:
  - stage: looking
    enter: [{event: Product Viewed}]
  - stage: buying
    enter:
      - {event: Order Completed, traits: {plan: pro}, since: {stage: looking, within: 14d}}
lapsed: {after: 90d, stage: gone, labels: {en: Gone}}
"""


def test_traits_spans_and_silence_over_http(waystage: Waystage) -> None:
    def identify(person: str, plan: str) -> dict[str, Any]:
        return {"type": "identify", "userId": person, "traits": {"plan": plan}, "timestamp": "2024-01-01T00:00:00Z"}

    change(waystage, "PUT", "remembering", REMEMBERING)
    until_derived(waystage, "remembering", v1="active")
    people = {"pro": "pro", "free": "free", "gone": "pro", "back": "pro"}
    events = [identify(person, plan) for person, plan in people.items()]
    events += [*order("pro", 1.0), *order("free", 1.0), *order("gone", 1.0, timedelta(days=200))]
    events += [*order("back", 1.0, timedelta(days=200)), *order("back", 1.0, timedelta(days=1))]
    waystage.batch(events)
    waystage.derived()

    def entered(person: str) -> list[tuple[str, bool]]:
        journey = waystage.journey(f"user_id:{person}", model="remembering")
        return [(entry["stage"], entry["left_at"] is None) for entry in journey["entries"]]

    assert entered("pro") == [("looking", False), ("buying", True)]
    assert entered("free") == [("looking", True)]
    assert entered("gone") == [("looking", False), ("buying", False), ("gone", True)]
    assert entered("back") == [*[("looking", False), ("buying", False)], ("gone", False), ("looking", False), ("buying", True)]
    gone = waystage.journey("user_id:gone", model="remembering")["entries"]
    assert (gone[2]["event"], gone[2]["dwell"], gone[1]["dwell"]) == ("Order Completed", None, 90 * 86_400)

    listed = {person["id"]: person["stage"] for person in waystage.ask("/v1/customers", model="remembering")["customers"]}
    assert listed == {"user_id:pro": "buying", "user_id:free": "looking", "user_id:gone": "gone", "user_id:back": "buying"}
    assert waystage.ask("/v1/customers", model="remembering", stage="gone")["total"] == 1
    tomorrow = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    for query in ({}, {"to": tomorrow}):
        flows = {flow["stage"]: flow for flow in waystage.ask("/v1/transitions", model="remembering", **query)["stages"]}
        assert [(flows[stage]["entries"], flows[stage]["at_end"]) for stage in ("looking", "buying", "gone")] == [(5, 1), (4, 2), (2, 1)]
    funnel = waystage.ask("/v1/funnel", model="remembering", steps="looking,buying,gone", within="200d")
    assert [step["reached"] for step in funnel["steps"]] == [4, 3, 2]


def test_a_lapse_comes_when_its_time_comes_and_not_before(shared_waystage: Waystage) -> None:
    put(shared_waystage, "quiet", HEAD + "    enter: [{event: Order Completed}]\nlapsed: {after: 1d, stage: gone}\n", "?draft=1")
    until_derived(shared_waystage, "quiet", v1="draft")
    due = datetime.now(UTC) + timedelta(seconds=3)
    viewed = {"type": "track", "event": "Product Viewed", "timestamp": (due - timedelta(days=1)).isoformat()}
    own = {"type": "identify", "traits": {"quiet": "own"}, "timestamp": viewed["timestamp"]}
    shared_waystage.batch([{**said, "userId": f"quiet-{number}"} for number in range(2) for said in (own, viewed)])
    shared_waystage.batch([{"type": "track", "event": "Seen", "userId": "quiet-1"}])
    shared_waystage.derived()

    def has_lapsed() -> bool:
        """Whether the silent one has, as of an answer; every answer agrees with its own instant."""
        query = {"model": "quiet", "version": 1}
        flows = shared_waystage.ask("/v1/transitions", **query, to=(due + timedelta(days=9)).isoformat(), trait="quiet:own")
        journey = shared_waystage.journey("user_id:quiet-0", **query)
        here = shared_waystage.ask("/v1/customers", **query, stage="looking", trait="quiet:own")
        come = [datetime.fromisoformat(answer["as_of"]) >= due for answer in (flows, journey, here)]
        assert [move["count"] for move in flows["transitions"]] == [2, 1][: 1 + come[0]]
        assert [entry["left_at"] is None for entry in journey["entries"]] == ([False, True] if come[1] else [True])
        assert here["total"] == (1 if come[2] else 2)
        return all(come)

    until(has_lapsed, "the lapse has come, with no event to bring it")
    assert shared_waystage.journey("user_id:quiet-0", model="quiet", version=1)["entries"][1]["stage"] == "gone"
    assert len(shared_waystage.journey("user_id:quiet-1", model="quiet", version=1)["entries"]) == 1


def test_a_model_of_ones_own_can_begin_as_one_that_comes_with_the_service(shared_waystage: Waystage) -> None:
    presets = shared_waystage.ask("/v1/stage-models/presets")["presets"]
    assert [one["model"] for one in presets] == ["journey-5", "journey-7", "retail-4"]
    for one in presets:
        assert one["yaml"].startswith(f"model: {one['model']}\n")
        own = one["yaml"].replace(one["model"], f"begun-{one['model']}", 1)
        put(shared_waystage, f"begun-{one['model']}", own.split("\n", 1)[1], "?draft=1")
        assert set(one["labels"]) == {"en", "ru"}
