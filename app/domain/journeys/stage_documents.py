"""The document of a stage model, checked: every key, every value, and all problems at once."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.domain.documents import split_path
from app.domain.plain_yaml import Path, PlainYaml, UnreadableError, read_yaml
from app.domain.windows import Malformed, parse_duration

Finding = tuple[Path, str]
Check = Callable[[Any, Path], Iterator[Finding]]

ITEMS_MAX = 1_000
RESERVED = "each_event_name"
TYPES = ("track", "page", "screen", "identify", "group", "alias")
_MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_STAGE_NAME = re.compile(r"(?!\s)[^,\x00-\x1f\x7f\ud800-\udfff]{1,64}(?<!\s)")
_TEXT = re.compile(r"[^\x00\ud800-\udfff]{0,500}")


@dataclass(frozen=True)
class Problem:
    """`path` is like `stages[1].enter[0].where`, "" for the whole document; `line` counts from 1, None where there was no YAML text."""

    path: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        place = self.path or "document"
        return f"{place} (line {self.line}): {self.reason}" if self.line else f"{place}: {self.reason}"


class InvalidModel(ValueError):  # noqa: N818 - a verdict on a document
    """A stage model that cannot be used; `problems` lists all that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def check_document(document: str | Mapping[str, Any]) -> dict[str, Any]:
    """The document as plain dicts, lists and JSON scalars; whole numbers are ints however they were written.

    Raises:
        InvalidModel: with every problem found; a text that is no YAML has one.
    """
    read = _read(document)
    findings = [*((path, "given twice") for path in read.repeated), *_document(read.value, ())]
    if findings:
        raise InvalidModel([Problem(_dotted(path), read.line(path), reason) for path, reason in findings])
    return {key: _plain(item) for key, item in read.value.items()}


def _read(document: str | Mapping[str, Any]) -> PlainYaml:
    if not isinstance(document, str):
        return PlainYaml(document)
    try:
        return read_yaml(document)
    except UnreadableError as error:
        raise InvalidModel([Problem("", error.line, error.reason)]) from error


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case float() if value.is_integer() and abs(value) < 2**64:
            return int(value)
    return value


def _must(test: Callable[[Any], object], reason: str) -> Check:
    def check(value: Any, path: Path) -> Iterator[Finding]:
        if not test(value):
            yield path, reason

    return check


def _list_of(item_check: Check) -> Check:
    def check(value: Any, path: Path) -> Iterator[Finding]:
        if not isinstance(value, list) or not 1 <= len(value) <= ITEMS_MAX:
            yield path, f"must be a list of 1 to {ITEMS_MAX} items"
            return
        for index, item in enumerate(value):
            yield from item_check(item, (*path, index))

    return check


def _one_or_list_of(item_check: Check) -> Check:
    def check(value: Any, path: Path) -> Iterator[Finding]:
        yield from (_list_of(item_check) if isinstance(value, list) else item_check)(value, path)

    return check


def _map_of(key_check: Check, item_check: Check) -> Check:
    def check(value: Any, path: Path) -> Iterator[Finding]:
        if not isinstance(value, Mapping) or not value:
            yield path, "must have at least one key"
            return
        for key, item in value.items():
            yield from key_check(key, (*path, str(key)))
            yield from item_check(item, (*path, str(key)))

    return check


def _keys(checks: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    unknown = _must(lambda _: False, f"unknown key; known are {', '.join(checks)}")

    def check(value: Any, path: Path) -> Iterator[Finding]:
        if not isinstance(value, Mapping):
            yield path, f"must have keys out of {', '.join(checks)}"
            return
        for key, item in value.items():
            yield from checks.get(key, unknown)(item, (*path, str(key)))
        yield from (((*path, key), "missing") for key in required if key not in value)

    return check


def _some(keys: Check) -> Check:
    def check(value: Any, path: Path) -> Iterator[Finding]:
        yield from [(path, "must have at least one key")] if value == {} else keys(value, path)

    return check


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 2**64 if isinstance(value, int) else math.isfinite(value)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool) or _is_number(value) or _is_text(value)


_name = _must(lambda value: value and _is_text(value), "must be a text of 1 to 500 characters")
_names = _one_or_list_of(_name)
_flag = _must(lambda value: isinstance(value, bool), "must be true or false")
_labels = _map_of(_name, _name)

_scalar = _must(_is_scalar, "must be a text, a number, true, false or null")
_ordered = _must(lambda value: _is_number(value) or _is_text(value), "must be a number or a text")
_operators = _some(
    _keys(
        {"eq": _scalar, "ne": _scalar, "in": _list_of(_scalar)}
        | dict.fromkeys(("gt", "gte", "lt", "lte"), _ordered)
        | {"glob": _must(_is_text, "must be a text"), "exists": _flag},
    ),
)
_path = _must(lambda value: _is_text(value) and all(split_path(value)), "must be keys joined by dots")


def _test(value: Any, path: Path) -> Iterator[Finding]:
    yield from (_operators if isinstance(value, Mapping) else _scalar)(value, path)


_count = _must(lambda value: _is_number(value) and 1 <= value < 2**31 and value == int(value), "must be a whole number from 1")
_bounds = _some(_keys({"min": _count, "max": _count}))


def _occurrence(value: Any, path: Path) -> Iterator[Finding]:
    wrong = list(_bounds(value, path))
    yield from wrong
    if not wrong and value.get("min", 1) > value.get("max", math.inf):
        yield path, "min is above max"


def _span(shortest: timedelta) -> Check:
    def check(value: Any, path: Path) -> Iterator[Finding]:
        try:
            if parse_duration("", str(value)) < shortest:
                yield path, f"must be at least {shortest.days} d"
        except Malformed as error:
            yield path, error.reason

    return check


_any_span = _span(timedelta(0))
_stage_name = _must(
    lambda value: isinstance(value, str) and _STAGE_NAME.fullmatch(value),
    "must be a text of 1 to 64 characters, no comma or control character, no space at its ends",
)
_since_keys = _keys({"stage": _stage_name, "at_least": _any_span, "within": _any_span}, required=("stage",))


def _since(value: Any, path: Path) -> Iterator[Finding]:
    wrong = list(_since_keys(value, path))
    yield from wrong
    spans = [parse_duration("", value[key]) for key in ("at_least", "within") if not wrong and key in value]
    if spans != sorted(spans):
        yield path, "at_least is above within"


_type = _must(lambda value: isinstance(value, str) and value in TYPES, f"must be one of {', '.join(TYPES)}")
_rule = _keys(
    {
        "event": _names,
        "type": _one_or_list_of(_type),
        "channel": _names,
        "touch": _flag,
        "where": _map_of(_path, _test),
        "traits": _map_of(_path, _test),
        "since": _one_or_list_of(_since),
        "occurrence": _occurrence,
    },
)
_target = _keys(
    {
        "conversion": _must(lambda value: _is_number(value) and 0 <= value <= 1, "must be a share from 0 to 1"),
        "days": _must(lambda value: _is_number(value) and value > 0, "must be a number above 0"),
        "rating": _must(lambda value: _is_number(value) and value >= 0, "must be a number from 0"),
    },
)
_stage = _keys({"stage": _stage_name, "labels": _labels, "target": _target, "enter": _list_of(_rule)}, required=("stage", "enter"))
_model_name = _must(
    lambda value: isinstance(value, str) and _MODEL_NAME.fullmatch(value) and value != RESERVED,
    f"must match {_MODEL_NAME.pattern} and not be {RESERVED}",
)
_lapsed = _keys(
    {"after": _span(timedelta(days=1)), "stage": _stage_name, "labels": _labels, "target": _target}, required=("after", "stage")
)
_model = _keys(
    {"model": _model_name, "labels": _labels, "stages": _list_of(_stage), "backward": _flag, "lapsed": _lapsed},
    required=("model", "stages"),
)


def _document(value: Any, path: Path) -> Iterator[Finding]:
    yield from _model(value, path)
    if not isinstance(value, Mapping):
        return
    stages = value.get("stages")
    named = [((*path, "stages", index), stage) for index, stage in enumerate(stages if isinstance(stages, list) else ())]
    seen: set[Any] = set()
    for place, stage in [*named, ((*path, "lapsed"), value.get("lapsed"))]:
        if not isinstance(stage, Mapping):
            continue
        name = stage.get("stage")
        if isinstance(name, str) and name in seen:
            yield (*place, "stage"), f"duplicate stage {name}"
        yield from _measured(stage.get("enter"), (*place, "enter"), seen)
        seen.add(str(name))


def _measured(rules: Any, path: Path, earlier: set[Any]) -> Iterator[Finding]:
    """The stages from which rules measure must come before their own."""
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        since = rule.get("since") if isinstance(rule, Mapping) else None
        for number, one in enumerate(since if isinstance(since, list) else [since]):
            name = one.get("stage") if isinstance(one, Mapping) else None
            if isinstance(name, str) and name not in earlier:
                place = (*path, index, "since", *([number] if isinstance(since, list) else []))
                yield (*place, "stage"), f"{name} is no earlier stage"
