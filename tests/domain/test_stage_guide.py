"""Every example of the guide to stage models is read as what it is: a model, rules, or what silence means."""

import re

import pytest

from app.domain.journeys.stage_documents import TYPES
from app.domain.journeys.stages import StageModel, parse_model
from app.store.stage_models import KNOWN
from tests.service import ROOT

GUIDE = (ROOT / "docs" / "stage-models.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
HEAD = "model: guide\nstages:\n  - {stage: looking, enter: [{event: Product Viewed}]}\n"
KEYS = ("event", "type", "channel", "touch", "where", "traits", "since", "occurrence")


def read(example: str) -> StageModel:
    if example.startswith("model:"):
        return parse_model(example)
    if example.startswith("lapsed:"):
        return parse_model(HEAD + example)
    indented = "".join(f"      {line}\n" for line in example.splitlines())
    return parse_model(f"{HEAD}  - stage: next\n    enter:\n{indented}")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_read(example: str) -> None:
    model = read(example)
    assert parse_model(model.text) == model


def test_every_key_has_an_example() -> None:
    rules = [rule for example in EXAMPLES for stage in read(example).document["stages"] for rule in stage["enter"]]
    assert {key for rule in rules for key in rule} == {*KEYS}
    assert {operator for rule in rules for test in rule.get("where", {}).values() for operator in test} >= {
        "glob",
        "in",
        "gte",
        "lt",
        "exists",
    }
    assert any(read(example).lapsed == "gone" for example in EXAMPLES)


def test_the_guide_speaks_of_every_key_and_state() -> None:
    for word in (*KEYS, *TYPES, *KNOWN, "backward", "lapsed", "at_least", "within", "target"):
        assert f"`{word}" in GUIDE, word
