"""One event made of one row, as a mapping says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.domain.arriving.mapping_columns import Column, Condition, inside, text_of
from app.domain.documents import INT64

Path = tuple[str, ...]

EXTERNAL_IDS = ("context", "externalIds")
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Units of time since 1970, in microseconds."""

ANY = "*"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", re.ASCII)


class Time(NamedTuple):
    """How a time is written: a strptime format (None: ISO 8601) or a unit of time since 1970, and the zone of times without an offset."""

    format: str | None = None
    unit: str | None = None
    zone: ZoneInfo | None = None

    def instant(self, value: Any) -> Any:
        """The instant as ISO 8601 in UTC; what does not parse is left as it is, for the event to be refused with it."""
        try:
            moment = self._moment(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone or UTC)).astimezone(UTC).isoformat() if moment else value
        except (ValueError, OverflowError):
            return value

    def _moment(self, value: Any) -> datetime | None:
        if isinstance(value, datetime):
            return value
        if self.unit:
            return _since_epoch(number(value), UNITS[self.unit])
        if not isinstance(value, str):
            return None
        return datetime.strptime(value, self.format) if self.format else datetime.fromisoformat(value.strip())  # noqa: DTZ007


_ISO = Time()


@dataclass(frozen=True)
class EventMapping:
    """How an event is made of a row.

    `fields` maps a path of the event to a column, `constants` a path to a value, `values` a path to translations of what was read there
    (`*` translates the rest, null says nothing), `numbers` are the paths whose text is a number. The event is made where `when` holds
    and `unless` does not.
    """

    type: str | None = None
    fields: tuple[tuple[Path, Column], ...] = ()
    constants: tuple[tuple[Path, Any], ...] = ()
    values: Mapping[Path, Mapping[str, Any]] = field(default_factory=dict)
    numbers: frozenset[Path] = frozenset()
    time: Time = _ISO
    when: Condition | None = None
    unless: Condition | None = None

    def event(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """The event that a row says, None where it says none. An empty cell says nothing; without fields the row is an event itself."""
        if (self.when and not self.when.holds(row)) or (self.unless and self.unless.holds(row)):
            return None
        event: dict[str, Any] = {} if self.fields else dict(row)
        if self.type:
            event["type"] = self.type
        for path, value in self.constants:
            _put(event, path, value)
        for path, column in self.fields:
            value = self._read(path, column.value(row))
            if value is not None:
                _put(event, path, value)
        return event

    def _read(self, path: Path, value: Any) -> Any:
        if value is None:
            return None
        if path in self.values:
            value = _translated(value, self.values[path])
        if path in self.numbers:
            value = number(value)
        return self.time.instant(value) if path == ("timestamp",) else value


def number(value: Any) -> Any:
    """The number that a text is, as JSON writes numbers; anything else, and what a number would not give back unchanged, stays as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        return value
    exact = Decimal(value.strip())
    if exact == exact.to_integral_value():
        return int(exact) if -INT64 <= exact < INT64 else value
    return float(exact) if Decimal(repr(float(exact))) == exact else value


def _since_epoch(value: Any, unit: int) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _EPOCH + timedelta(microseconds=round(Decimal(repr(value)) * unit))


def _translated(value: Any, translations: Mapping[str, Any]) -> Any:
    text = text_of(value)
    return translations[text] if text in translations else translations.get(ANY, value)


def _put(event: dict[str, Any], path: Path, value: Any) -> None:
    if len(path) > 2 and path[:2] == EXTERNAL_IDS:
        known = inside(event, EXTERNAL_IDS)
        path, value = EXTERNAL_IDS, [*(known if isinstance(known, list) else ()), {"type": path[-1], "id": text_of(value)}]
    place = event
    for part in path[:-1]:
        inner = place.get(part)
        place[part] = place = dict(inner) if isinstance(inner, dict) else {}
    place[path[-1]] = value
