"""The keys of a mapping's document, each checked: what cannot be used is refused with the field and the reason."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from app.domain.arriving.events import TYPES
from app.domain.arriving.mapping_columns import Column, Condition, UnclosedError, column_of, text_of
from app.domain.arriving.mapping_events import EXTERNAL_IDS, UNITS, EventMapping, Path, Time

EVENT_KEYS = ("type", "fields", "constants", "values", "numbers", "time")
PART_KEYS = (*EVENT_KEYS, "when", "unless")
_ANY_TIME = datetime(2000, 2, 29, 13, 30, 15, tzinfo=UTC)
_TIME_KEYS = ("format", "unit", "zone")
_ROOTS = (
    *("type", "event", "name", "messageId", "userId", "anonymousId", "previousId", "groupId", "timestamp"),
    *("context", "properties", "traits"),
)


class InvalidMapping(ValueError):  # noqa: N818
    """A mapping cannot be used; carries the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def event_mapping(document: Mapping[str, Any], at: str = "") -> EventMapping:
    """How one event is made; `at` is where the document stands in the mapping, as in `events.0.`. Raises InvalidMapping."""
    fields = {_path(f"{at}fields", path): column_at(f"{at}fields.{path}", said) for path, said in table(document, "fields", at).items()}
    constants = {_path(f"{at}constants", path): said for path, said in table(document, "constants", at).items()}
    _check_paths(at, {*fields, *constants})
    kind = document.get("type")
    if kind is not None and kind not in TYPES:
        refuse(f"{at}type", f"is one of {', '.join(TYPES)}")
    return EventMapping(
        type=kind,
        fields=tuple(fields.items()),
        constants=tuple(constants.items()),
        values={_known(f"{at}values", path, fields): _translations(at, path, said) for path, said in table(document, "values", at).items()},
        numbers=frozenset(_known(f"{at}numbers", path, fields) for path in texts(document, "numbers", at)),
        time=_time(table(document, "time", at), at),
        when=condition(f"{at}when", document["when"]) if "when" in document else None,
        unless=condition(f"{at}unless", document["unless"]) if "unless" in document else None,
    )


def column_at(field: str, said: object) -> Column:
    """A column, or a list of columns of which the first that is not empty counts."""
    given: list[Any] = said if isinstance(said, list) else [said]
    names = tuple(name for name in given if isinstance(name, str) and name)
    if not names or len(names) < len(given):
        refuse(field, "is the name of a column, or a list of names")
    try:
        return column_of(names)
    except UnclosedError as error:
        refuse(field, str(error))


def condition(field: str, said: object) -> Condition:
    """A column that is not empty, a column with one of some values, or a list of these of which one holds."""
    given: list[Any] = said if isinstance(said, list) else [said]
    if not given or not all(isinstance(one, str | dict) and one for one in given):
        refuse(field, "is a column, or maps a column to its values, or is a list of these")
    texts = [(column_at(field, one), None) for one in given if isinstance(one, str)]
    mapped = [_with_values(field, name, values) for one in given if isinstance(one, dict) for name, values in one.items()]
    return Condition((*texts, *mapped))


def table(document: Mapping[str, Any], key: str, at: str = "") -> dict[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        refuse(f"{at}{key}", "is a mapping")
    return value


def texts(document: Mapping[str, Any], key: str, at: str = "") -> list[str]:
    value = document.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        refuse(f"{at}{key}", "is a list of names")
    return value


def check_keys(document: Mapping[str, Any], known: Iterable[str], at: str = "") -> None:
    for key in document:
        if key not in known:
            refuse(f"{at}{key}", f"is not a key here: {', '.join(known)}")


def refuse(field: str, reason: str) -> NoReturn:
    raise InvalidMapping(field, reason)


def _with_values(field: str, name: str, said: object) -> tuple[Column, frozenset[str]]:
    values: list[Any] = said if isinstance(said, list) else [said]
    if any(isinstance(value, dict | list) for value in values):
        refuse(f"{field}.{name}", "is a value, or a list of values")
    return column_at(f"{field}.{name}", name), frozenset(map(text_of, values))


def _path(where: str, text: str) -> Path:
    parts = tuple(text.split("."))
    if parts[0] not in _ROOTS or not all(parts):
        refuse(f"{where}.{text}", f"begins with one of {', '.join(_ROOTS)}")
    return parts


def _known(where: str, text: str, fields: Iterable[Path]) -> Path:
    path = _path(where, text)
    if path not in fields:
        refuse(f"{where}.{text}", "is no path of fields")
    return path


def _check_paths(at: str, paths: Iterable[Path]) -> None:
    """No path may lead through the value of another."""
    known = set(paths)
    for path in sorted(known):
        for end in range(1, len(path)):
            if path[:end] in known:
                refuse(f"{at}fields.{'.'.join(path)}", f"leads through {'.'.join(path[:end])}, which has a value of its own")
        if path[:2] == EXTERNAL_IDS and len(path) > 3:
            refuse(f"{at}fields.{'.'.join(path)}", "is context.externalIds and the type of the id, as in context.externalIds.loyalty_card")


def _translations(at: str, path: str, said: object) -> dict[str, Any]:
    if not isinstance(said, dict):
        refuse(f"{at}values.{path}", "maps values of the column to values of the event")
    return said


def _time(said: Mapping[str, Any], at: str) -> Time:
    check_keys(said, _TIME_KEYS, f"{at}time.")
    if "format" in said and not _is_format(said["format"]):
        refuse(f"{at}time.format", "is a format of strptime, as in %Y-%m-%d %H:%M:%S")
    if said.get("unit", "s") not in tuple(UNITS):
        refuse(f"{at}time.unit", f"is one of {', '.join(UNITS)}, counted from 1970")
    if "unit" in said and "format" in said:
        refuse(f"{at}time.unit", "stands beside a format; a time has one of them")
    return Time(said.get("format"), said.get("unit"), _zone(said.get("zone"), at))


def _is_format(said: object) -> bool:
    """Whether a time that is written in a format can be read in it."""
    try:
        return isinstance(said, str) and bool(datetime.strptime(_ANY_TIME.strftime(said), said))  # noqa: DTZ007
    except (ValueError, re.error):
        return False


def _zone(name: str | None, at: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError, TypeError):
        refuse(f"{at}time.zone", "is a name of the time zone database, as in Europe/Berlin")
