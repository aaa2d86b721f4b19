"""The rules of stage models as expressions over events, each taken apart into what it asks, so that a verdict can be explained."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from operator import eq, ge, gt, le, lt
from typing import Any, NamedTuple

import polars as pl

from app.domain.journeys.stages import EACH_EVENT_NAME, Condition, Rule, Since, StageModel

PERSON = pl.col("machine_rule").is_null()
"""A bot or a machine matches no rule and counts in no occurrence."""


class Criterion(NamedTuple):
    """One thing that a rule asks of an event: its key in the document, in words, whether it is so, and what the event has, as text."""

    key: str
    asks: str
    passes: pl.Expr
    found: pl.Expr


def value_column(path: str) -> str:
    """The column with the text of the value at the path: strings unquoted, anything else as JSON text; null for JSON null or no value."""
    return f"where:{path}"


def type_column(path: str) -> str:
    """The column with the JSON type at the path: string, number, boolean, null, object or array; null for no value."""
    return f"where_type:{path}"


def trait_column(path: str) -> str:
    """As `value_column`, of the customer's traits as of the event."""
    return f"trait:{path}"


def trait_type_column(path: str) -> str:
    """As `type_column`, of the customer's traits as of the event."""
    return f"trait_type:{path}"


def since_column(stage: str) -> str:
    """The column with the instant of the customer's latest earlier event that matches a rule of the stage, null where there is none."""
    return f"since:{stage}"


def stage_expr(model: StageModel) -> pl.Expr:
    """The name of the furthest stage that an event enters, null where it enters none; an Enum in the model's order.

    The expression reads the columns that `rule_expr` reads. For EACH_EVENT_NAME it is the event's name, a String.
    """
    if model == EACH_EVENT_NAME:
        return pl.when(PERSON).then(pl.col("name"))
    names = pl.Enum([stage.name for stage in model.stages])
    return pl.coalesce(
        pl.when(pl.any_horizontal(map(rule_expr, stage.rules))).then(pl.lit(stage.name, dtype=names)) for stage in reversed(model.steps)
    )


def rule_expr(rule: Rule) -> pl.Expr:
    """True where an event of a person matches, never null.

    The expression reads customer, type, name, channel, machine_rule, `touch` (the event is one), the `where` columns, and of rules that
    ask for traits or for the time since a stage, the columns that `remembering` adds; of a frame whose rows are each customer's whole
    history in the customer's order.
    """
    matched = alike_expr(rule)
    return matched if (rule.least, rule.most) == (1, None) else matched & _in_bounds(rule, _count(matched))


def alike_expr(rule: Rule) -> pl.Expr:
    """True where an event of a person matches all but the rule's occurrence: those are the events that it counts."""
    return pl.all_horizontal([PERSON, *(criterion.passes for criterion in criteria(rule))]).fill_null(value=False)


def criteria(rule: Rule) -> list[Criterion]:
    """Everything that a rule asks but its occurrence, in the order of the document's keys."""
    return [
        *_own_criteria(rule),
        *(_criterion("where", condition, value_column, type_column) for condition in rule.where),
        *(_criterion("traits", condition, trait_column, trait_type_column) for condition in rule.traits),
        *map(_since_criterion, rule.since),
    ]


def occurrence(rule: Rule) -> Criterion | None:
    """What a rule asks of the number of such events, this one included; it says nothing of events that are not such."""
    if (rule.least, rule.most) == (1, None):
        return None
    count = _count(alike_expr(rule))
    asks = f"its number among the customer's such events is {_bounds(rule)}"
    return Criterion("occurrence", asks, _in_bounds(rule, count), count.cast(pl.String))


def _own_criteria(rule: Rule) -> Iterator[Criterion]:
    if rule.events:
        named = pl.any_horizontal(_glob(pl.col("name"), event) for event in rule.events)
        yield Criterion("event", f"its name is {_either(rule.events)}", named, pl.col("name"))
    if rule.types:
        yield Criterion("type", f"its type is {_either(rule.types)}", pl.col("type").is_in(rule.types), pl.col("type"))
    if rule.channels:
        yield Criterion("channel", f"its channel is {_either(rule.channels)}", pl.col("channel").is_in(rule.channels), pl.col("channel"))
    if rule.touch is not None:
        is_so = pl.col("touch") == rule.touch
        yield Criterion("touch", "it is a touch" if rule.touch else "it is no touch", is_so, pl.col("touch").cast(pl.String))


def _criterion(key: str, condition: Condition, value: Callable[[str], str], kind: Callable[[str], str]) -> Criterion:
    text, json_type = pl.col(value(condition.path)), pl.col(kind(condition.path))
    shown = pl.when(json_type == "string").then(pl.format('"{}"', text)).otherwise(pl.coalesce(text, json_type))
    named = f"{'trait ' * (key == 'traits')}{condition.path}"
    return Criterion(f"{key}.{condition.path}", f"{named} {_in_words(condition)}", _condition(condition, text, json_type), shown)


def _since_criterion(since: Since) -> Criterion:
    elapsed = pl.col("occurred_at") - pl.col(since_column(since.stage))
    bounds = [elapsed.is_not_null()]
    if since.at_least is not None:
        bounds.append(elapsed >= since.at_least)
    if since.within is not None:
        bounds.append(elapsed <= since.within)
    words = " and ".join(f"{word} {_span(span)}" for word, span in (("at least", since.at_least), ("at most", since.within)) if span)
    said = f"the latest earlier event of {since.stage} lies {words} back" if words else f"an earlier event is one of {since.stage}"
    return Criterion(f"since.{since.stage}", said, pl.all_horizontal(bounds), pl.format("{} s", elapsed.dt.total_seconds()))


def _count(matched: pl.Expr) -> pl.Expr:
    return matched.cast(pl.UInt32).cum_sum().over("customer")


def _in_bounds(rule: Rule, count: pl.Expr) -> pl.Expr:
    return count.is_between(rule.least, 2**32 - 1 if rule.most is None else rule.most)


def _bounds(rule: Rule) -> str:
    if rule.most is None:
        return f"at least {rule.least}"
    return f"{rule.least} to {rule.most}" if rule.least < rule.most else str(rule.most)


def _condition(condition: Condition, text: pl.Expr, kind: pl.Expr) -> pl.Expr:
    match condition.operator, condition.operand:
        case "exists", expected:
            return kind.is_not_null() if expected else kind.is_null()
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


_WORDS: Mapping[str, str] = {
    "eq": "is {}",
    "ne": "is something other than {}",
    "gt": "is above {}",
    "gte": "is at least {}",
    "lt": "is below {}",
    "lte": "is at most {}",
    "glob": "matches {}",
}


def _in_words(condition: Condition) -> str:
    match condition.operator, condition.operand:
        case "exists", expected:
            return "exists" if expected else "does not exist"
        case "in", tuple(operands):
            return f"is {_either(map(_as_json, operands))}"
        case operator, operand:
            return _WORDS[operator].format(_as_json(operand))


def _as_json(operand: Any) -> str:
    return json.dumps(operand, ensure_ascii=False)


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)


def _span(span: timedelta) -> str:
    """In the largest unit that it is a whole number of."""
    seconds = int(span.total_seconds())
    unit, length = next((unit, length) for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)) if seconds % length == 0)
    return f"{seconds // length}{unit}"
