"""Explanations agree with what is derived: the same rules, taken apart."""

from typing import Any

import polars as pl
from hypothesis import given, settings

from app.domain.journeys.entries import Attached, attach_touches, entries
from app.domain.journeys.mail import told_by_history
from app.domain.journeys.sessions import sessions
from app.domain.journeys.stage_explanations import explain
from app.domain.journeys.stage_memory import remembering
from app.domain.journeys.stage_rules import rule_expr, stage_expr
from app.domain.journeys.stages import StageModel, parse_model
from app.domain.journeys.touches import touches
from tests.compared import ordered
from tests.domain.test_stage_memory import remembering_models, stories
from tests.reading import Sent


def attached(events: list[Sent]) -> Attached:
    found = told_by_history(ordered(events))
    return attach_touches(found, touches(found, sessions(found)))


def matching(history: Attached, model: StageModel) -> dict[int, list[tuple[str, str]]]:
    """For each place the rules that match as deriving evaluates them, the furthest stage first."""
    events = remembering(history.events, model)
    found: dict[int, list[tuple[str, str]]] = {place: [] for place in events["place"]}
    for rank in reversed(range(len(model.steps))):
        for number, rule in enumerate(model.steps[rank].rules):
            for place in events.filter(rule_expr(rule))["place"]:
                found[place].append((model.steps[rank].name, f"stages[{rank}].enter[{number}]"))
    return found


@settings(deadline=None)
@given(stories(), remembering_models())
def test_what_is_explained_is_what_is_derived(events: list[Sent], document: dict[str, Any]) -> None:
    model, history = parse_model(document), attached(events)
    places = history.events["place"].to_list()
    explained = explain(history, model, places)
    assert [one["place"] for one in explained] == sorted(places, reverse=True)
    entered = entries(history, model).filter(pl.col("stage") != (model.lapsed or ""))
    assert {one["place"]: one["stage"] for one in explained if one["verdict"] == "entered"} == dict(
        entered.select("place", "stage").iter_rows()
    )
    rules = matching(history, model)
    assert {one["place"]: [(each["stage"], each["rule"]) for each in one["matched"]] for one in explained} == rules
    stages = dict(history.events.pipe(remembering, model).select("place", stage_expr(model).cast(pl.String)).iter_rows())
    assert {one["place"]: one["stage"] for one in explained} == stages
    machines = {*history.events.filter(pl.col("machine_rule").is_not_null())["place"]}
    assert {one["place"] for one in explained if one["verdict"] == "machine"} == machines


@settings(deadline=None)
@given(stories(), remembering_models())
def test_a_rule_that_nearly_matched_would_have_but_for_what_failed(events: list[Sent], document: dict[str, Any]) -> None:
    model, history = parse_model(document), attached(events)
    ranks = {stage.name: rank for rank, stage in enumerate(model.steps)}
    for one in explain(history, model, history.events["place"].to_list()):
        for near in one["nearly"]:
            assert ranks[near["stage"]] > ranks.get(one["stage"] or "", -1)
            assert near["failed"]["expected"] in near["asks"]
            rule = document["stages"][ranks[near["stage"]]]["enter"][int(near["rule"].partition("enter[")[2][:-1])]
            eased = {key: asked for key, asked in rule.items() if key != near["failed"]["key"].partition(".")[0]}
            stage = {"stage": "eased", "enter": [eased]}
            lenient = parse_model({**document, "stages": [*document["stages"][: ranks[near["stage"]]], stage]})
            events_read = remembering(history.events, lenient)
            assert one["place"] in events_read.filter(rule_expr(lenient.steps[-1].rules[0]))["place"].to_list() or "occurrence" in eased
