"""When an event occurred, from what its sender says and when it arrived. The clock is always an argument."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

SKEW_TOLERATED = timedelta(seconds=60)
PUBLIC_PAST = timedelta(days=7)
PUBLIC_FUTURE = timedelta(hours=1)
TRUSTED_FUTURE = timedelta(hours=24)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class TimeRule(StrEnum):
    """Which input said when the event occurred."""

    SENT = "sent"
    CORRECTED = "corrected"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    OUTSIDE = "outside"


class Occurrence(NamedTuple):
    """An instant in UTC and the rule that chose it."""

    at: datetime
    rule: TimeRule


def read_instant(value: object) -> datetime | None:
    """The instant that a sender's value names, in UTC; None where it names none.

    Text is ISO 8601 (without an offset: UTC); a number counts seconds, milliseconds or microseconds since 1970 by its magnitude.
    """
    try:
        if isinstance(value, str):
            return _in_utc(datetime.fromisoformat(value.strip()))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(_seconds(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def occurrence(timestamp: object, sent_at: object, received_at: datetime, *, trusted: bool) -> Occurrence:
    """When an event occurred.

    A public sender's clock is corrected by (received - sentAt) where that exceeds 60 s, and its word counts within
    [received - 7 days, received + 1 hour]; a trusted one is never corrected and counts within [1990, received + 24 hours].
    Outside, and where the timestamp cannot be read, the event occurred when it was received, and the rule says so.
    """
    if timestamp is None or timestamp == "":
        return Occurrence(received_at, TimeRule.ABSENT)
    said = read_instant(timestamp)
    if said is None:
        return Occurrence(received_at, TimeRule.UNREADABLE)
    rule = TimeRule.SENT
    if not trusted and (skew := _skew(sent_at, received_at)):
        said, rule = _shifted(said, skew), TimeRule.CORRECTED
    return Occurrence(said, rule) if _credible(said, received_at, trusted=trusted) else Occurrence(received_at, TimeRule.OUTSIDE)


def _skew(sent_at: object, received_at: datetime) -> timedelta:
    sent = read_instant(sent_at)
    skew = received_at - sent if sent else timedelta()
    return skew if abs(skew) > SKEW_TOLERATED else timedelta()


def _shifted(said: datetime, skew: timedelta) -> datetime:
    try:
        return said + skew
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if skew > timedelta() else datetime.min.replace(tzinfo=UTC)


def _credible(said: datetime, received_at: datetime, *, trusted: bool) -> bool:
    if trusted:
        return EARLIEST <= said <= received_at + TRUSTED_FUTURE
    return received_at - PUBLIC_PAST <= said <= received_at + PUBLIC_FUTURE


def _in_utc(said: datetime) -> datetime:
    if said.tzinfo is UTC:
        return said
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)


def _seconds(number: float) -> float:
    for limit, unit in ((1e11, 1), (1e14, 1e3)):
        if abs(number) < limit:
            return number / unit
    return number / 1e6
