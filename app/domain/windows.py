"""Windows of questions: half-open spans of instants, and spans of time, read from text."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

LONGEST = timedelta(days=3650)
"""The longest span of time that a question may name: ten years of 365 days."""

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Malformed(ValueError):  # noqa: N818
    """A value of a question cannot be read: `field` names the parameter as the client wrote it, `reason` says what it should be."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Window:
    """The instants from `from_` (included; None is unbounded) up to `to` (excluded), both UTC, and the time zone that named them."""

    from_: datetime | None
    to: datetime
    timezone: str = "UTC"

    def holds(self, instant: str) -> pl.Expr:
        """Whether the window holds the instant in the named column; an absent instant gives null, which a filter drops."""
        before_end = pl.col(instant) < self.to
        return before_end if self.from_ is None else before_end & (pl.col(instant) >= self.from_)


def parse_window(from_: str | None, to: str | None, timezone: str | None, as_of: datetime) -> Window:
    """The window that a question names; raises Malformed for `from`, `to` or `timezone`.

    Not given: `from` is unbounded, `to` is `as_of` (an aware instant), `timezone` is UTC. `from` must be before `to`.
    """
    name = timezone or "UTC"
    zone = _zone(name)
    start = _instant("from", from_, zone) if from_ else None
    end = _instant("to", to, zone) if to else as_of.astimezone(UTC)
    if start is not None and start >= end:
        raise Malformed("from", f"must be before to ({end.isoformat()})")
    return Window(start, end, name)


def parse_instant(field: str, text: str) -> datetime:
    """The instant (UTC) that a text names, in UTC where it has no offset, as in 2025-03-01T12:00:00Z; raises Malformed for `field`."""
    return _instant(field, text, _zone("UTC"))


def parse_duration(field: str, text: str) -> timedelta:
    """A positive span of time such as 90s, 30m, 12h, 14d or 2w, at most ten years; raises Malformed for `field`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Malformed(field, "must be a whole number and s, m, h, d or w, as in 14d")
    span = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not timedelta(0) < span <= LONGEST:
        raise Malformed(field, "must be longer than nothing and at most ten years (3650d)")
    return span


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise Malformed("timezone", "must be a name of the time zone database, as in Europe/Berlin") from error


def _instant(field: str, text: str, zone: ZoneInfo) -> datetime:
    """Text without an offset is read in the zone, a bare date as its midnight.

    A time that the zone's clocks skip is read with the offset in force before the gap, so a day whose midnight is skipped
    begins where the gap ends; of a time that comes twice the first is meant.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(field, "must be a date, as in 2025-03-01, or an instant, as in 2025-03-01T12:00:00Z") from error
