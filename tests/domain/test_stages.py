"""Stage models: what a document may say, what is refused and where, and the presets."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.domain.documents import split_path
from app.domain.journeys.stages import PRESETS, InvalidModel, parse_model, preset

LAPSED = {"after": "90d", "stage": "gone", "labels": {"en": "Gone"}}
FIVE = """\
model: journey-5
labels: {en: Five stages, ru: Пять этапов}
stages:
  - stage: awareness
    labels: {en: Awareness, ru: Осознание}
    enter:
      - {touch: true, occurrence: {max: 1}}
  - stage: consideration
    target: {conversion: 0.2, days: 14, rating: 8}
    enter:
      - event: [Product Viewed, Products Searched]
      - {type: page, where: {properties.path: {glob: "/pricing*"}}}
      - {channel: [review_site], touch: true}
  - stage: loyalty
    enter:
      - {event: Order Completed, occurrence: {min: 2}}
"""


def model_of(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "stages": [{"stage": "s", "enter": list(rules)}]}


def problems(document: Any) -> list[tuple[str, int | None]]:
    with pytest.raises(InvalidModel) as refused:
        parse_model(document)
    return [(problem.path, problem.line) for problem in refused.value.problems]


def reason(document: Any) -> str:
    with pytest.raises(InvalidModel) as refused:
        parse_model(document)
    return str(refused.value)


def test_a_document_becomes_a_model() -> None:
    model = parse_model(FIVE)
    assert (model.name, model.labels["ru"], model.backward) == ("journey-5", "Пять этапов", True)
    assert [stage.name for stage in model.stages] == ["awareness", "consideration", "loyalty"]
    assert model.stages[1].target == {"conversion": 0.2, "days": 14, "rating": 8}
    assert model.paths == {"properties.path"}


def test_yaml_and_its_decoded_mapping_are_one_version() -> None:
    model = parse_model(FIVE)
    assert parse_model(model.document) == model
    assert parse_model(json.loads(json.dumps(model.document))).document == model.document


@pytest.mark.parametrize(
    "one, other",
    [
        ({"event": "A"}, {"event": ["A"]}),
        ({"type": "page", "channel": "email"}, {"channel": ["email"], "type": ["page"]}),
        ({"where": {"a": 1}}, {"where": {"a": {"eq": 1.0}}}),
    ],
)
def test_two_spellings_of_a_rule_are_one_version(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert parse_model(model_of(one)) == parse_model(model_of(other))
    assert hash(parse_model(model_of(one))) == hash(parse_model(model_of(other)))


def test_backward_moves_are_said_or_not_said_alike() -> None:
    assert parse_model(model_of({}) | {"backward": True}) == parse_model(model_of({}))
    assert parse_model(model_of({}) | {"backward": False}) != parse_model(model_of({}))


@pytest.mark.parametrize("one, other", [(1, True), (0, False), ("1", 1), (None, "null"), (1, 2)])
def test_values_of_different_types_are_different_versions(one: Any, other: Any) -> None:
    assert parse_model(model_of({"where": {"a": one}})) != parse_model(model_of({"where": {"a": other}}))


@pytest.mark.parametrize(
    "bare, value",
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("010", "010"),
        ("12:30", "12:30"),
        ("~", "~"),
        (".inf", ".inf"),
        ("'true'", "true"),
        ("true", True),
        ("null", None),
        ("", None),
        ("-1.5e2", -150),
        ("12.50", 12.5),
    ],
)
def test_a_bare_word_of_yaml_is_what_json_reads_else_text(bare: str, value: Any) -> None:
    text = f"model: m\nstages:\n  - stage: s\n    enter:\n      - where:\n          properties.x: {bare}\n"
    [condition] = parse_model(text).stages[0].rules[0].where
    assert (condition.operand, type(condition.operand)) == (value, type(value))


def test_all_problems_are_listed_with_path_and_line() -> None:
    text = """\
model: Journey 5
labels: [Five]
colour: red
stages:
  - stage: a
    enter:
      - evnt: Order Completed
      - where:
          a..b: 1
          c: {gt: true, like: x}
        occurrence: {min: 3, max: 2}
  - enter: []
    target: {conversion: 2, speed: 1}
  - stage: a
    stage: a
    enter: [{type: pages}]
"""
    assert sorted(problems(text), key=lambda found: (found[1] or 0, found[0])) == [
        ("model", 1),
        ("labels", 2),
        ("colour", 3),
        ("stages[0].enter[0].evnt", 7),
        ("stages[0].enter[1].where.a..b", 9),
        ("stages[0].enter[1].where.c.gt", 10),
        ("stages[0].enter[1].where.c.like", 10),
        ("stages[0].enter[1].occurrence", 11),
        ("stages[1].enter", 12),
        ("stages[1].stage", 12),
        ("stages[1].target.conversion", 13),
        ("stages[1].target.speed", 13),
        ("stages[2].stage", 15),
        ("stages[2].stage", 15),
        ("stages[2].enter[0].type", 16),
    ]


@pytest.mark.parametrize(
    "rule, path",
    [
        ({"event": ""}, "event"),
        ({"event": []}, "event"),
        ({"event": ["A", 5]}, "event[1]"),
        ({"event": ["A"] * 1001}, "event"),
        ({"type": "pages"}, "type"),
        ({"channel": None}, "channel"),
        ({"touch": 1}, "touch"),
        ({"where": {}}, "where"),
        ({"where": {"a": {}}}, "where.a"),
        ({"where": {"a": [1]}}, "where.a"),
        ({"where": {"a.": 1}}, "where.a."),
        ({"where": {"a": float("nan")}}, "where.a"),
        ({"where": {"a": 2**64}}, "where.a"),
        ({"where": {"a": "\0"}}, "where.a"),
        ({"where": {"a": {"in": []}}}, "where.a.in"),
        ({"where": {"a": {"in": [[1]]}}}, "where.a.in[0]"),
        ({"where": {"a": {"lt": None}}}, "where.a.lt"),
        ({"where": {"a": {"glob": 5}}}, "where.a.glob"),
        ({"where": {"a": {"exists": "yes"}}}, "where.a.exists"),
        ({"traits": {}}, "traits"),
        ({"traits": {"a..b": 1}}, "traits.a..b"),
        ({"traits": {"plan": {"like": "p"}}}, "traits.plan.like"),
        ({"since": "s"}, "since"),
        ({"since": {"within": "1d"}}, "since.stage"),
        ({"since": {"stage": "s"}}, "since.stage"),
        ({"since": [{"stage": "s"}]}, "since[0].stage"),
        ({"occurrence": {}}, "occurrence"),
        ({"occurrence": 1}, "occurrence"),
        ({"occurrence": {"min": 0}}, "occurrence.min"),
        ({"occurrence": {"max": 1.5}}, "occurrence.max"),
        ({"occurrence": {"max": True}}, "occurrence.max"),
        ({"occurrences": {"max": 1}}, "occurrences"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_at_its_place(rule: dict[str, Any], path: str) -> None:
    assert problems(model_of({}, rule)) == [(f"stages[0].enter[1].{path}", None)]


@pytest.mark.parametrize(
    "since, path",
    [
        ({"stage": "s", "within": "3 days"}, "since.within"),
        ({"stage": "s", "at_least": 3}, "since.at_least"),
        ({"stage": "s", "within": "0d"}, "since.within"),
        ({"stage": "s", "at_least": "2d", "within": "47h"}, "since"),
        ([{"stage": "s"}, {"stage": "s", "than": 1}], "since[1].than"),
        ({"stage": "later"}, "since.stage"),
        ({"stage": "gone"}, "since.stage"),
    ],
)
def test_a_span_since_no_earlier_stage_or_of_no_length_is_refused(since: Any, path: str) -> None:
    stages = [("s", {}), ("t", {"since": since}), ("later", {})]
    document = {"model": "m", "stages": [{"stage": stage, "enter": [rule]} for stage, rule in stages], "lapsed": LAPSED}
    assert problems(document) == [(f"stages[1].enter[0].{path}", None)]


@pytest.mark.parametrize(
    "lapsed, path",
    [
        ({"after": "23h"}, "after"),
        ({"after": "3651d"}, "after"),
        ({"after": None}, "after"),
        ({"stage": "s"}, "stage"),
        ({"stage": ""}, "stage"),
        ({"enter": [{}]}, "enter"),
        ({"labels": {}}, "labels"),
    ],
)
def test_a_lapse_that_cannot_be_meant_is_refused_at_its_place(lapsed: dict[str, Any], path: str) -> None:
    assert problems(model_of({}) | {"lapsed": LAPSED | lapsed}) == [(f"lapsed.{path}", None)]
    assert problems(model_of({}) | {"lapsed": {}}) == [("lapsed.after", None), ("lapsed.stage", None)]


def test_the_stage_of_those_who_lapsed_comes_last_and_has_no_rules() -> None:
    model = parse_model(model_of({}) | {"lapsed": LAPSED})
    assert ([stage.name for stage in model.stages], [stage.name for stage in model.steps]) == (["s", "gone"], ["s"])
    assert (model.lapsed, model.lapses_after, model.stages[-1].labels) == ("gone", timedelta(days=90), {"en": "Gone"})
    assert (parse_model(model_of({})).lapsed, parse_model(model_of({})).lapses_after) == (None, None)


@pytest.mark.parametrize("name", PRESETS)
def test_a_model_written_as_text_is_the_same_model(name: str) -> None:
    written = preset(name).text
    assert parse_model(written) == preset(name)
    assert [line.partition(":")[0] for line in written.splitlines() if line[0].isalpha()] == ["model", "labels", "backward", "stages"]


@pytest.mark.parametrize("name", ["", "Journey", "-a", "a b", "a" * 65, "each_event_name", 5])
def test_a_model_name_is_lower_case_and_not_reserved(name: Any) -> None:
    assert problems(model_of({}) | {"model": name}) == [("model", None)]


@pytest.mark.parametrize("name", ["", " a", "a ", "a,b", "a\nb", "a" * 65, None])
def test_a_stage_name_can_stand_in_a_list_of_steps(name: Any) -> None:
    assert problems({"model": "m", "stages": [{"stage": name, "enter": [{}]}]}) == [("stages[0].stage", None)]


@pytest.mark.parametrize(
    "text, line",
    [
        ("", None),
        ("model: [1", 1),
        ("model: a\n  b: c", 2),
        ("a: &x 1\nb: *x", 2),
        ("!!python/object:os.x {}", 1),
        ("? [a]\n: b", 1),
        ("a: 1\n---\nb: 2", 2),
        ("a: 1\nb: \0", 2),
        ("[" * 60_000, 1),
        ("a" * 70_000, None),
    ],
)
def test_a_text_that_is_no_plain_yaml_has_one_problem(text: str, line: int | None) -> None:
    assert problems(text) == [("", line)]


def test_a_problem_reads_as_a_sentence() -> None:
    assert reason("model: m\nstages: 5") == "stages (line 2): must be a list of 1 to 1000 items"
    assert reason(model_of() | {"stages": 5}) == "stages: must be a list of 1 to 1000 items"


@pytest.mark.parametrize("value", [None, 5, [], {"stages": {"a": 1}, "model": "m"}, {"stages": [5], "model": "m"}, {5: 6}])
def test_any_value_of_json_is_refused_without_another_error(value: Any) -> None:
    assert problems(value)


@pytest.mark.parametrize(
    "path, keys", [("a", ("a",)), ("properties.path", ("properties", "path")), (r"a\.b.c", ("a.b", "c")), (r"a\b", (r"a\b",))]
)
def test_a_dot_descends_and_a_backslash_keeps_it(path: str, keys: tuple[str, ...]) -> None:
    assert split_path(path) == keys


STAGE_NAMES = {
    "journey-5": ["awareness", "consideration", "decision", "purchase", "loyalty"],
    "journey-7": ["awareness", "discovery", "decision", "purchase", "after_purchase", "loyalty", "advocacy"],
    "retail-4": ["attraction", "relationship", "conversion", "engagement"],
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_their_stages_with_labels_in_two_languages(name: str) -> None:
    model = preset(name)
    assert (model.name, [stage.name for stage in model.stages]) == (name, STAGE_NAMES[name])
    assert all(set(labels) == {"en", "ru"} for labels in (model.labels, *(stage.labels for stage in model.stages)))


def test_an_unknown_preset_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        preset("journey-6")
