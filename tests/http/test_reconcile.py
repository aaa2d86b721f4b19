"""Answers of different questions over the same random histories reconcile: what is one number in words is one number in all of them."""

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.service import KEYS, Waystage, bearer

START = datetime(2005, 4, 1, tzinfo=UTC)
PEOPLE = 60
NAMES = ["Product Viewed", "Product Added", "Order Completed", "Page Left", "other", "Email Opened"]
CAMPAIGNS = [{}, {"name": "spring", "source": "paper", "medium": "email"}, {"name": "autumn", "medium": "cpc", "source": "google"}]
MODELS = ["journey-5", "each_event_name"]
ASKED: list[dict[str, str]] = [
    {},
    {"from": "2005-04-02", "to": "2005-04-06T12:00", "channel": "email"},
    {"to": "2005-04-03T07:00:00", "timezone": "Asia/Kolkata"},
    {"from": "2005-04-04", "utm_campaign": "autumn", "trait": "plan:pro"},
]
FURTHER = ["awareness", "consideration", "decision", "purchase", "loyalty"]


def history(chance: Random, world: str, person: int) -> Iterator[dict[str, Any]]:
    said = {"userId": f"{world}-{person}"}
    traits = {"world": world, "plan": chance.choice(["pro", "free"])}
    yield {**said, "type": "identify", "traits": traits, "timestamp": START.isoformat()}
    at = START
    for number in range(chance.randint(0, 14)):
        at += timedelta(hours=chance.choice([0, 0, 1, 5, 20, 40]))
        yield {
            **said,
            "type": "track",
            "event": chance.choice(NAMES),
            "anonymousId": f"{world}-{person}-{chance.randint(1, 2)}",
            "timestamp": at.isoformat(),
            "properties": {"rating": chance.randint(1, 10)} if chance.random() < 0.2 else {},
            "context": {"campaign": chance.choice(CAMPAIGNS), "page": {"url": "https://shop.example/"}, "sequence": number},
        }


@pytest.fixture(scope="module")
def world(shared_waystage: Waystage) -> str:
    name = f"w{uuid.uuid4().hex}"
    chance = Random(7)  # noqa: S311 - made-up people, no secrets
    shared_waystage.batch([event for person in range(PEOPLE) for event in history(chance, name, person)])
    shared_waystage.derived()
    return name


class Asking:
    """Questions with one model, window and filters, about the people of one world."""

    def __init__(self, waystage: Waystage, world: str, **said: str) -> None:
        trait = [f"world:{world}", *([said.pop("trait")] if "trait" in said else [])]
        self._waystage, self._said = waystage, {**said, "trait": trait}

    def __call__(self, route: str, **query: Any) -> Any:
        response = self._waystage.client.get(f"/v1/{route}", params={**self._said, **query}, headers=bearer(KEYS.read))
        assert response.status_code == 200, response.text
        return response.json()

    def people(self, route: str, **query: Any) -> int:
        """The total of a list of people, which names as many, each once."""
        answer = self(f"{route}/customers", limit=1000, **query)
        assert len({person["id"] for person in answer["customers"]}) == len(answer["customers"]) == answer["total"]
        return int(answer["total"])


@pytest.fixture(params=[{"model": model, **asked} for model in MODELS for asked in ASKED], ids=str)
def asking(request: pytest.FixtureRequest, shared_waystage: Waystage, world: str) -> Asking:
    return Asking(shared_waystage, world, **request.param)


def whole(counted: list[dict[str, Any]], other: dict[str, Any], count: str) -> int:
    return int(sum(one[count] for one in counted) + other[count])


def test_entries_are_the_same_in_every_question(asking: Asking) -> None:
    told = asking("transitions")
    assert sum(stage["entries"] for stage in told["stages"]) > 10
    paths = asking("paths", depth=20)
    stood = Counter[str]()
    for step in paths["steps"]:
        stood.update({node["name"]: node["customers"] for node in step["nodes"]})
    cut_off = paths["steps"][-1]["more"]
    for stage in (stage for stage in told["stages"] if stage["entries"]):
        into = [move for move in told["transitions"] if move["to"] == stage["stage"]]
        assert sum(move["count"] for move in into) == stage["entries"]
        assert stage["at_start"] + stage["entries"] == stage["exits"] + stage["at_end"]
        assert cut_off or stood[stage["stage"]] == stage["entries"]
        assert asking.people("transitions", stage=stage["stage"], what="entries") == stage["customers"]
        assert asking.people("paths", start=stage["stage"]) == stage["customers"]
        assert asking("paths", end=stage["stage"], top=1)["customers"] == stage["customers"]
    by_from = Counter[str | None]()
    for move in told["transitions"]:
        by_from[move["from"]] += move["share"]
    assert all(share == pytest.approx(1) for share in by_from.values())


def test_groups_sum_up_to_the_whole(asking: Asking) -> None:
    told = asking("transitions", breakdown="channel", top=1)
    counts = Counter[str]()
    for group in told["groups"]:
        counts.update({stage["stage"]: stage["entries"] for stage in group["stages"]})
    assert {stage["stage"]: counts[stage["stage"]] for stage in told["stages"]} == {
        stage["stage"]: stage["entries"] for stage in told["stages"]
    }


def test_paths_sum_up_with_other_to_everybody(asking: Asking) -> None:
    for of in ("stages", "touches", "events"):
        for asked in ({"depth": 3, "top": 2, "top_nodes": 2}, {"depth": 20, "top": 1000, "top_nodes": 1}):
            told = asking("paths", of=of, **asked)
            assert whole(told["paths"], told["other"], "customers") == told["customers"] == asking.people("paths", of=of, **asked)
            assert whole(told["paths"], told["other"], "exits") + whole(told["paths"], told["other"], "more") == told["customers"]
            assert told["other"]["customers"] == asking.people("paths", of=of, other=True, **asked)
            reconciled(told)
            for path in told["paths"][:2]:
                text = ">".join("" if name is None else name for name in path["path"])
                assert asking.people("paths", of=of, path=text, **asked) == path["customers"]
                assert asking.people("paths", of=of, path=text, outcome="more", **asked) == path["more"]
            for node in told["steps"][0]["nodes"][:2]:
                assert asking.people("paths", of=of, step=1, name=node["name"] or "", **asked) == node["customers"]


def reconciled(told: dict[str, Any]) -> None:
    """Who stands at a step has gone on, ended there, or is cut off; nobody appears or goes missing."""
    first = told["steps"][0]
    assert first["customers"] == told["customers"]
    for step, after in pairwise([*told["steps"], None]):
        assert step["customers"] == sum(node["customers"] for node in step["nodes"])
        assert step["customers"] == step["exits"] + step["more"] + (after["customers"] if after else 0)
        for node in step["nodes"]:
            gone = sum(edge["customers"] for edge in step["edges"] if edge["from"] == node["name"])
            assert node["customers"] == node["exits"] + node["more"] + gone
        for node in after["nodes"] if after else ():
            assert node["customers"] == sum(edge["customers"] for edge in step["edges"] if edge["to"] == node["name"])


def test_funnels_begin_with_the_customers_of_a_stage_or_event(asking: Asking) -> None:
    for stage in (stage for stage in asking("transitions")["stages"] if stage["entries"]):
        (step,) = asking("funnel", steps=stage["stage"])["steps"]
        assert step["reached"] == stage["customers"] == asking.people("funnel", steps=stage["stage"], step=1)
    for event in NAMES[:3]:
        (step,) = asking("funnel", of="events", steps=event)["steps"]
        assert step["reached"] == asking("paths", of="events", start=event)["customers"] == asking.people("paths", of="events", end=event)


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_last_touches_sum_up(shared_waystage: Waystage, world: str, asked: dict[str, str]) -> None:
    asking, said = Asking(shared_waystage, world, **asked), {"over": "1d", "quiet": "2d"}
    told = asking("last-touches", top=1, **said)
    assert whole(told["listed"], told["other"], "ends") == told["ends"] == asking.people("last-touches", **said)
    assert whole(told["listed"], told["other"], "touches") == told["touches"]
    for row in asking("last-touches", by="utm_campaign", **said)["listed"]:
        assert sum(stage["ends"] for stage in row["stages"]) == row["ends"]
        assert row["ends"] == asking.people("last-touches", by="utm_campaign", touch=row["touch"] or "", **said)


@pytest.mark.parametrize("by", ["channel", "utm_campaign", "kind"])
def test_touchpoints_sum_up_to_transitions_and_last_touches(asking: Asking, by: str) -> None:
    told, flows = asking("touchpoints", by=by, top=1), {stage["stage"]: stage for stage in asking("transitions")["stages"]}
    total, parts = told["total"], [*told["listed"], told["other"]]
    assert [stage["stage"] for stage in told["stages"]] == [*flows]
    assert {stage["stage"]: (stage["entries"], stage["customers"]) for stage in total["stages"]} == {
        name: (flow["entries"], flow["customers"]) for name, flow in flows.items() if flow["entries"]
    }
    for count in ("touches", "machines", "first"):
        assert sum(part[count] for part in parts) == total[count]
    for name, flow in flows.items():
        assert flow["entries"] == sum(stage["entries"] for part in parts for stage in part["stages"] if stage["stage"] == name)
    for one in told["listed"]:
        said = {"by": by, "value": one["value"] or ""}
        assert one["customers"] == asking.people("touchpoints", **said)
        assert one["first"] == asking.people("touchpoints", **said, what="first")
        for stage in one["stages"][:2]:
            assert stage["customers"] == asking.people("touchpoints", **said, what="entries", stage=stage["stage"])


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_values_and_last_touches_count_the_touches_of_touchpoints(shared_waystage: Waystage, world: str, asked: dict[str, str]) -> None:
    asking = Asking(shared_waystage, world, **asked)
    for by in ("channel", "utm_campaign", "kind"):
        listed = [one for one in asking("touchpoints", by=by)["listed"] if one["touches"]]
        assert {one["touch"]: one["touches"] for one in asking("last-touches", by=by)["listed"]} == {
            one["value"]: one["touches"] for one in listed
        }
        told = asking("values", of=by)
        assert told["total"] == len(told["values"])
        assert {(one["value"], one["count"], one["customers"]) for one in told["values"]} == {
            (one["value"], one["touches"], one["customers"]) for one in listed if one["value"]
        }


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_the_map_repeats_transitions_and_funnels(shared_waystage: Waystage, world: str, asked: dict[str, str]) -> None:
    asking = Asking(shared_waystage, world, **asked)
    told = asking("transitions")
    for stage, flow in zip(asking("journey-map", within="36h")["stages"], told["stages"], strict=True):
        name = flow["stage"]
        assert {key: stage[key] for key in flow} == flow
        assert stage["came_from"] == [move for move in told["transitions"] if move["to"] == name]
        assert whole(stage["channels"]["listed"], stage["channels"]["other"], "count") == flow["entries"]
        for what, count in (("entries", "customers"), ("at_end", "at_end"), ("at_start", "at_start")):
            assert asking.people("journey-map", stage=name, what=what) == flow[count]
        if conversion := stage["further"]:
            further = "|".join(FURTHER[FURTHER.index(name) + 1 :])
            (first, second) = asking("funnel", steps=f"{name},{further}", within="36h")["steps"]
            outcomes = ("reached", "converted", "still_in_window", "dropped")
            assert {key: conversion[key] for key in (*outcomes, "conversion")} == {key: first[key] for key in (*outcomes, "conversion")}
            assert conversion["time_to_convert"] == second["time_to_convert"]
            for outcome in outcomes:
                assert asking.people("journey-map", stage=name, what=outcome, within="36h") == conversion[outcome]
        for action in stage["actions"]["listed"][:2]:
            assert asking.people("journey-map", stage=name, what="acted", action=action["name"]) == action["customers"]


@pytest.mark.parametrize("over, chosen", [("p90", {}), ("1d", {"channel": "email"}), ("8h", {"trait": "plan:free"}), ("target", {})])
def test_stalls_are_some_of_those_who_are_there(shared_waystage: Waystage, world: str, over: str, chosen: dict[str, str]) -> None:
    asking = Asking(shared_waystage, world, to="2005-04-08", **chosen)
    there = {stage["stage"]: stage["at_end"] for stage in asking("transitions")["stages"]}
    for stage in asking("stalls", over=over)["stages"]:
        assert stage["there"] == there[stage["stage"]]
        assert stage["stalled"] == asking.people("stalls", over=over, stage=stage["stage"]) <= stage["there"]


@pytest.mark.parametrize("model", MODELS)
def test_first_entries_are_customers(shared_waystage: Waystage, world: str, model: str) -> None:
    asking = Asking(shared_waystage, world, model=model)
    every, first = (asking("transitions", mode=mode)["stages"] for mode in ("every", "first"))
    assert [stage["customers"] for stage in every] == [stage["entries"] for stage in first]


def test_paths_match_funnels(shared_waystage: Waystage) -> None:
    """Where nobody comes by a stage twice, going on from one to the next is the same in paths and in a strict funnel."""
    world = f"w{uuid.uuid4().hex}"
    chance = Random(3)  # noqa: S311 - made-up people, no secrets
    events = []
    for person in range(40):
        said = {"userId": f"{world}-{person}"}
        events.append({**said, "type": "identify", "traits": {"world": world}, "timestamp": START.isoformat()})
        for number, name in enumerate(chance.sample(NAMES[:3], chance.randint(1, 3))):
            events.append({**said, "type": "track", "event": name, "timestamp": (START + timedelta(hours=number)).isoformat()})
    shared_waystage.batch(events)
    shared_waystage.derived()
    for of, names in (("stages", ["consideration", "decision", "purchase"]), ("events", NAMES[:3])):
        asking = Asking(shared_waystage, world)
        for start in names:
            first = asking("paths", of=of, start=start, depth=2)["steps"][0]
            onward = {edge["to"]: edge["customers"] for edge in first["edges"]}
            for then in names:
                (reached, converted) = asking("funnel", of=of, steps=f"{start},{then}", order="strict", within="3650d")["steps"]
                assert (reached["reached"], converted["reached"]) == (first["customers"], onward.get(then, 0) if then != start else 0)
