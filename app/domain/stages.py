"""Stage models: named steps of a journey, and the rules by which an event enters one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from operator import eq, ge, gt, le, lt
from typing import Any

import polars as pl

from app.domain.stage_documents import RESERVED, InvalidModel, Problem, check_document, split_path

__all__ = [
    "EACH_EVENT_NAME",
    "PRESETS",
    "Condition",
    "InvalidModel",
    "Problem",
    "Rule",
    "Stage",
    "StageModel",
    "parse_model",
    "preset",
    "rule_expr",
    "split_path",
    "stage_expr",
    "type_column",
    "value_column",
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
class Rule:
    """Matches an event when everything that is given matches; `events` are names or globs, `most` None is without bound."""

    events: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    touch: bool | None = None
    where: tuple[Condition, ...] = ()
    least: int = 1
    most: int | None = None


@dataclass(frozen=True)
class Stage:
    """A named step, entered when any of its rules matches; `target` may have `conversion` (0 to 1), `days` and `rating`."""

    name: str
    labels: Mapping[str, str]
    target: Mapping[str, float]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class StageModel:
    """Stages in order, the furthest last. Two models are equal when their `canonical` documents (JSON, sorted keys) are."""

    canonical: str
    name: str = field(compare=False)
    labels: Mapping[str, str] = field(compare=False)
    stages: tuple[Stage, ...] = field(compare=False)
    backward: bool = field(compare=False)

    @property
    def document(self) -> dict[str, Any]:
        """The document as it is kept: names always as lists, values of `where` always with their operator."""
        document: dict[str, Any] = json.loads(self.canonical)
        return document

    @property
    def paths(self) -> frozenset[str]:
        """The `where` paths that the rules read."""
        return frozenset(condition.path for stage in self.stages for rule in stage.rules for condition in rule.where)


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
    return StageModel(
        json.dumps(canonical, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        canonical["model"],
        canonical.get("labels", {}),
        tuple(_stage(stage) for stage in stages),
        canonical["backward"],
    )


@cache
def preset(name: str) -> StageModel:
    """The stage model that comes with the service; KeyError where none of PRESETS has this name."""
    if name not in PRESETS:
        raise KeyError(name)
    return parse_model(files(__package__).joinpath("presets", f"{name}.yml").read_text("utf-8"))


def _canonical_rule(rule: dict[str, Any]) -> dict[str, Any]:
    names = {key: rule[key] if isinstance(rule[key], list) else [rule[key]] for key in ("event", "type", "channel") if key in rule}
    where = {path: test if isinstance(test, dict) else {"eq": test} for path, test in rule.get("where", {}).items()}
    return rule | names | ({"where": where} if where else {})


def _stage(stage: dict[str, Any]) -> Stage:
    return Stage(stage["stage"], stage.get("labels", {}), stage.get("target", {}), tuple(map(_rule, stage["enter"])))


def _rule(rule: dict[str, Any]) -> Rule:
    occurrence = rule.get("occurrence", {})
    return Rule(
        events=tuple(rule.get("event", ())),
        types=tuple(rule.get("type", ())),
        channels=tuple(rule.get("channel", ())),
        touch=rule.get("touch"),
        where=tuple(
            Condition(path, operator, tuple(operand) if isinstance(operand, list) else operand)
            for path, test in rule.get("where", {}).items()
            for operator, operand in test.items()
        ),
        least=occurrence.get("min", 1),
        most=occurrence.get("max"),
    )


def value_column(path: str) -> str:
    """The column with the text of the value at the path: strings unquoted, anything else as JSON text; null for JSON null or no value."""
    return f"where:{path}"


def type_column(path: str) -> str:
    """The column with the JSON type at the path: string, number, boolean, null, object or array; null for no value."""
    return f"where_type:{path}"


def stage_expr(model: StageModel) -> pl.Expr:
    """The name of the furthest stage that an event enters, null where it enters none; an Enum in the model's order.

    The expression reads the columns that `rule_expr` reads. For EACH_EVENT_NAME it is the event's name, a String.
    """
    if model == EACH_EVENT_NAME:
        return pl.when(_PERSON).then(pl.col("name"))
    names = pl.Enum([stage.name for stage in model.stages])
    return pl.coalesce(
        pl.when(pl.any_horizontal(map(rule_expr, stage.rules))).then(pl.lit(stage.name, dtype=names)) for stage in reversed(model.stages)
    )


def rule_expr(rule: Rule) -> pl.Expr:
    """True where an event of a person matches, never null: a bot or a machine matches no rule and counts in no occurrence.

    The expression reads customer, type, name, channel, machine_rule, `touch` (the event is one) and the `where` columns of a frame whose
    rows are each customer's whole history in the customer's order.
    """
    tests = [_PERSON, *(_condition(condition) for condition in rule.where)]
    if rule.events:
        tests.append(pl.any_horizontal(_glob(pl.col("name"), event) for event in rule.events))
    if rule.types:
        tests.append(pl.col("type").is_in(rule.types))
    if rule.channels:
        tests.append(pl.col("channel").is_in(rule.channels))
    if rule.touch is not None:
        tests.append(pl.col("touch") == rule.touch)
    matched = pl.all_horizontal(tests).fill_null(value=False)
    return matched if (rule.least, rule.most) == (1, None) else matched & _occurs(matched, rule.least, rule.most)


_PERSON = pl.col("machine_rule").is_null()


def _occurs(matched: pl.Expr, least: int, most: int | None) -> pl.Expr:
    count = matched.cast(pl.UInt32).cum_sum().over("customer")
    return count.is_between(least, 2**32 - 1 if most is None else most)


def _condition(condition: Condition) -> pl.Expr:
    text, kind = pl.col(value_column(condition.path)), pl.col(type_column(condition.path))
    match condition.operator, condition.operand:
        case "exists", expected:
            return kind.is_not_null() == expected
        case "ne", operand:
            return kind.is_not_null() & ~_compare(text, kind, eq, operand)
        case "in", tuple(operands):
            return pl.any_horizontal(_compare(text, kind, eq, operand) for operand in operands)
        case "glob", str(pattern):
            return (kind == "string") & _glob(text, pattern)
        case operator, operand:
            return _compare(text, kind, _ORDER[operator], operand)


Order = Callable[[Any, Any], pl.Expr]
_ORDER: dict[str, Order] = {"eq": eq, "gt": gt, "gte": ge, "lt": lt, "lte": le}


def _compare(text: pl.Expr, kind: pl.Expr, order: Order, operand: Any) -> pl.Expr:
    """A value compares with an operand of its own JSON type only: text by UTF-8 bytes, numbers exactly."""
    match operand:
        case None:
            return kind.eq_missing(pl.lit("null"))
        case bool():
            return kind.eq_missing(pl.lit("boolean")) & order(text, "true" if operand else "false")
        case str():
            return kind.eq_missing(pl.lit("string")) & order(text, operand)
    return kind.eq_missing(pl.lit("number")) & _compare_number(text, order, operand)


def _compare_number(text: pl.Expr, order: Order, operand: float) -> pl.Expr:
    """Whole numbers compare as such, because a float holds them only up to 2^53."""
    as_float = order(text.cast(pl.Float64, strict=False), float(operand))
    if not isinstance(operand, int):
        return as_float
    return pl.coalesce(order(text.cast(pl.Int128, strict=False), pl.lit(operand, dtype=pl.Int128)), as_float)


def _glob(text: pl.Expr, pattern: str) -> pl.Expr:
    """Case-sensitive, the whole string, `*` any characters and `?` one; anything else stands for itself."""
    if "*" not in pattern and "?" not in pattern:
        return text == pattern
    regex = "".join({"*": ".*", "?": "."}.get(character) or pl.escape_regex(character) for character in pattern)
    return text.str.contains(rf"(?s)\A{regex}\z")
