"""Mappings: how a row of a file becomes an event of the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import msgspec

from app.domain.events import TYPES
from app.domain.plain_yaml import UnreadableError, read_yaml

FORMATS = ("csv", "tsv", "ndjson")
_KEYS = {"format", "type", "fields", "constants", "time"}
_TIME_KEYS = {"format", "zone"}
_ROOTS = ("event", "messageId", "userId", "anonymousId", "previousId", "groupId", "timestamp", "context", "properties", "traits")
_SEGMENT = {"format": "ndjson"}


class InvalidMapping(ValueError):  # noqa: N818
    """A mapping cannot be used; carries the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class RowMapping:
    """How rows become events.

    `fields` maps a path of the event to a column, `constants` a path to a value; `time_format` is a strptime format (None: ISO 8601),
    `zone` the time zone of times without an offset. Without fields a row is an event of the Segment spec as it is.
    """

    format: str
    type: str | None
    fields: tuple[tuple[tuple[str, ...], str], ...]
    constants: tuple[tuple[tuple[str, ...], Any], ...]
    time_format: str | None
    zone: ZoneInfo | None

    def event(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The event that a row says; an empty cell says nothing. KeyError where a column is missing."""
        event: dict[str, Any] = {"type": self.type} if self.type else {}
        for path, value in self.constants:
            _put(event, path, value)
        for path, column in self.fields:
            value = row[column]
            if value not in (None, ""):
                _put(event, path, self._instant(value) if path == ("timestamp",) else value)
        return event

    def _instant(self, value: Any) -> Any:
        """The instant as ISO 8601 in UTC; what does not parse is left as it is, for the event to be refused with it."""
        if not isinstance(value, str):
            return value
        try:
            moment = datetime.strptime(value, self.time_format) if self.time_format else datetime.fromisoformat(value)  # noqa: DTZ007
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone or UTC)).astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            return value


def parse_mapping(text: str | None) -> RowMapping:
    """A mapping from YAML or JSON text; None is NDJSON of Segment events as they are. Raises InvalidMapping."""
    document = _read(text) if text else _SEGMENT
    if not isinstance(document, dict):
        _refuse("mapping", "is a mapping with the keys " + ", ".join(sorted(_KEYS)))
    for key in document.keys() - _KEYS:
        _refuse(str(key), "is not a key of a mapping: " + ", ".join(sorted(_KEYS)))
    return _mapping(document)


def _read(text: str) -> Any:
    try:
        read = read_yaml(text)
    except UnreadableError as error:
        raise InvalidMapping("mapping", f"line {error.line}: {error.reason}" if error.line else error.reason) from error
    for path in read.repeated:
        _refuse(".".join(map(str, path)), "is given twice")
    return read.value


def _mapping(document: Mapping[str, Any]) -> RowMapping:
    kind = document.get("type")
    fields = _table(document, "fields")
    if document.get("format", "csv") not in FORMATS:
        _refuse("format", f"is one of {', '.join(FORMATS)}")
    if kind is not None and kind not in TYPES:
        _refuse("type", f"is one of {', '.join(TYPES)}")
    if not fields and document.get("format") != "ndjson":
        _refuse("fields", "maps paths of the event to columns")
    time = _table(document, "time")
    for key in time.keys() - _TIME_KEYS:
        _refuse(f"time.{key}", "is not known: format, zone")
    if not isinstance(time.get("format", ""), str):
        _refuse("time.format", "is a format of strptime, as in %Y-%m-%d %H:%M:%S")
    _check_paths({*fields, *_table(document, "constants")})
    return RowMapping(
        format=document.get("format", "csv"),
        type=kind,
        fields=tuple((_path("fields", path), _column(path, column)) for path, column in fields.items()),
        constants=tuple((_path("constants", path), value) for path, value in _table(document, "constants").items()),
        time_format=time.get("format"),
        zone=_zone(time.get("zone")),
    )


def as_event_bytes(event: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(event)


def _put(event: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    place = event
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = value


def _path(where: str, text: object) -> tuple[str, ...]:
    parts = tuple(str(text).split("."))
    if parts[0] not in _ROOTS or not all(parts):
        _refuse(f"{where}.{text}", f"begins with one of {', '.join(_ROOTS)}")
    return parts


def _check_paths(paths: set[str]) -> None:
    """No path may lead through the value of another."""
    for path in sorted(paths):
        for other in paths:
            if path.startswith(f"{other}."):
                _refuse(f"fields.{path}", f"leads through {other}, which has a value of its own")


def _column(path: object, column: object) -> str:
    if not isinstance(column, str):
        _refuse(f"fields.{path}", "is the name of a column")
    return column


def _table(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        _refuse(key, "is a mapping")
    return value


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError, TypeError):
        _refuse("time.zone", "is a name of the time zone database, as in Europe/Berlin")


def _refuse(field: str, reason: str) -> NoReturn:
    raise InvalidMapping(field, reason)
