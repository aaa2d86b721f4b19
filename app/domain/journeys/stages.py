"""Stage models: named steps of a journey, and the rules by which an event enters one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from app.domain.journeys.stage_documents import RESERVED, InvalidModel, Problem, check_document
from app.domain.plain_yaml import write_yaml
from app.domain.windows import parse_duration

__all__ = [
    "EACH_EVENT_NAME",
    "PRESETS",
    "Condition",
    "InvalidModel",
    "Problem",
    "Rule",
    "Since",
    "Stage",
    "StageModel",
    "parse_model",
    "preset",
    "preset_text",
]

Scalar = str | int | float | bool | None

PRESETS = ("journey-5", "journey-7", "retail-4")


@dataclass(frozen=True)
class Condition:
    """What the value at a path must be; the operand of `in` is a tuple, that of `exists` a bool."""

    path: str
    operator: str
    operand: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class Since:
    """How long before an event the customer's latest earlier event of a stage must lie: bounds included, None is without bound."""

    stage: str
    at_least: timedelta | None = None
    within: timedelta | None = None


@dataclass(frozen=True)
class Rule:
    """Matches an event when everything that is given matches; `events` are names or globs, `most` None is without bound."""

    events: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    touch: bool | None = None
    where: tuple[Condition, ...] = ()
    traits: tuple[Condition, ...] = ()
    since: tuple[Since, ...] = ()
    least: int = 1
    most: int | None = None


@dataclass(frozen=True)
class Stage:
    """A named step, entered when any of its rules matches; `target` may have `conversion` (0 to 1), `days` and `rating`.

    The stage of those who lapsed has no rules.
    """

    name: str
    labels: Mapping[str, str]
    target: Mapping[str, float]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class StageModel:
    """Stages in order, the furthest last, and after them that of those who lapse after a span of silence, where the model has one.

    Two models are equal when their `canonical` documents (JSON, sorted keys) are.
    """

    canonical: str
    name: str = field(compare=False)
    labels: Mapping[str, str] = field(compare=False)
    stages: tuple[Stage, ...] = field(compare=False)
    backward: bool = field(compare=False)
    lapses_after: timedelta | None = field(default=None, compare=False)

    @property
    def document(self) -> dict[str, Any]:
        """The document as it is kept: names always as lists, values of `where` always with their operator."""
        document: dict[str, Any] = json.loads(self.canonical)
        return document

    @property
    def text(self) -> str:
        """The document as YAML, its keys in the order in which people write them."""
        return write_yaml(_in_order(self.document))

    @property
    def steps(self) -> tuple[Stage, ...]:
        """The stages that events enter."""
        return tuple(stage for stage in self.stages if stage.rules)

    @property
    def lapsed(self) -> str | None:
        """The stage of those who lapsed."""
        return None if self.lapses_after is None else self.stages[-1].name

    @property
    def paths(self) -> frozenset[str]:
        """The `where` paths that the rules read."""
        return frozenset(condition.path for rule in self._rules() for condition in rule.where)

    @property
    def traits(self) -> frozenset[str]:
        """The paths of traits that the rules read."""
        return frozenset(condition.path for rule in self._rules() for condition in rule.traits)

    @property
    def remembered(self) -> tuple[Stage, ...]:
        """The stages, in order, from whose events the rules of later ones measure."""
        named = {since.stage for rule in self._rules() for since in rule.since}
        return tuple(stage for stage in self.stages if stage.name in named)

    def _rules(self) -> Iterator[Rule]:
        return (rule for stage in self.stages for rule in stage.rules)


EACH_EVENT_NAME = StageModel(f'{{"model":"{RESERVED}"}}', RESERVED, {"en": "Each event name", "ru": "Каждое событие"}, (), backward=True)
"""Every event name is a stage of its own; events without a name have none."""


def parse_model(document: str | Mapping[str, Any]) -> StageModel:
    """A stage model from YAML text or a decoded mapping.

    Raises:
        InvalidModel: with all problems, each with path, line (of YAML text) and reason.
    """
    checked = check_document(document)
    stages = [stage | {"enter": [_canonical_rule(rule) for rule in stage["enter"]]} for stage in checked["stages"]]
    canonical = {"backward": True} | checked | {"stages": stages}
    lapsed = canonical.get("lapsed")
    return StageModel(
        json.dumps(canonical, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        canonical["model"],
        canonical.get("labels", {}),
        tuple(map(_stage, [*stages, lapsed] if lapsed else stages)),
        canonical["backward"],
        parse_duration("after", lapsed["after"]) if lapsed else None,
    )


@cache
def preset(name: str) -> StageModel:
    """The stage model that comes with the service; KeyError where none of PRESETS has this name."""
    if name not in PRESETS:
        raise KeyError(name)
    return parse_model(preset_text(name))


def preset_text(name: str) -> str:
    """The YAML document of one of PRESETS, as it was written."""
    return files(__package__).joinpath("presets", f"{name}.yml").read_text("utf-8")


def _in_order(value: Any) -> Any:
    """Names first, then what is short, and lists of stages and rules last."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key))
            return {key: _in_order(value[key]) for key in keys}
        case list():
            return [_in_order(item) for item in value]
    return value


_ORDER = ("model", "after", "stage", "labels", "backward", "target", "lapsed", "event", "type", "channel", "touch", "stages", "enter")


def _canonical_rule(rule: dict[str, Any]) -> dict[str, Any]:
    lists = {key: rule[key] if isinstance(rule[key], list) else [rule[key]] for key in ("event", "type", "channel", "since") if key in rule}
    tests = {
        key: {path: test if isinstance(test, dict) else {"eq": test} for path, test in rule[key].items()}
        for key in ("where", "traits")
        if key in rule
    }
    return rule | lists | tests


def _stage(stage: dict[str, Any]) -> Stage:
    return Stage(stage["stage"], stage.get("labels", {}), stage.get("target", {}), tuple(map(_rule, stage.get("enter", ()))))


def _rule(rule: dict[str, Any]) -> Rule:
    occurrence = rule.get("occurrence", {})
    return Rule(
        events=tuple(rule.get("event", ())),
        types=tuple(rule.get("type", ())),
        channels=tuple(rule.get("channel", ())),
        touch=rule.get("touch"),
        where=tuple(_conditions(rule.get("where", {}))),
        traits=tuple(_conditions(rule.get("traits", {}))),
        since=tuple(map(_since, rule.get("since", ()))),
        least=occurrence.get("min", 1),
        most=occurrence.get("max"),
    )


def _conditions(tests: dict[str, dict[str, Any]]) -> Iterator[Condition]:
    for path, test in tests.items():
        for operator, operand in test.items():
            yield Condition(path, operator, tuple(operand) if isinstance(operand, list) else operand)


def _since(since: dict[str, str]) -> Since:
    spans = {key: parse_duration(key, since[key]) for key in ("at_least", "within") if key in since}
    return Since(since["stage"], **spans)
