"""Windows and durations of questions, as clients write them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.windows import LONGEST, Malformed, Window, parse_duration, parse_window

AS_OF = datetime(2025, 6, 1, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_window_not_named_is_everything_up_to_as_of_in_utc() -> None:
    assert parse_window(None, None, None, AS_OF) == Window(None, AS_OF, "UTC")


@pytest.mark.parametrize(
    "timezone, from_, instant",
    [
        (None, "2025-03-01", "2025-03-01T00:00:00Z"),
        ("Europe/Moscow", "2025-03-01", "2025-02-28T21:00:00Z"),
        ("America/New_York", "2025-03-01", "2025-03-01T05:00:00Z"),
        ("Asia/Kathmandu", "2025-03-01", "2025-02-28T18:15:00Z"),
        ("Europe/Moscow", "2025-03-01T10:00:00", "2025-03-01T07:00:00Z"),
        ("Europe/Moscow", "2025-03-01T10:00:00Z", "2025-03-01T10:00:00Z"),
        ("Europe/Moscow", "2025-03-01T10:00:00.123456-05:00", "2025-03-01T15:00:00.123456Z"),
    ],
)
def test_text_without_an_offset_is_read_in_the_zone(timezone: str | None, from_: str, instant: str) -> None:
    window = parse_window(from_, None, timezone, AS_OF)
    assert window.from_ == at(instant)
    assert window.from_.utcoffset() == timedelta(0)
    assert window.timezone == (timezone or "UTC")


@pytest.mark.parametrize(
    "timezone, day, begins",
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),  # clocks go from 00:00 to 01:00
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"),  # clocks go from 01:00 back to 00:00
    ],
)
def test_a_day_begins_once_where_clocks_change_at_midnight(timezone: str, day: str, begins: str) -> None:
    assert parse_window(day, None, timezone, AS_OF).from_ == at(begins)


def test_a_day_of_a_clock_change_has_its_own_length() -> None:
    window = parse_window("2025-03-30", "2025-03-31", "Europe/Berlin", AS_OF)
    assert window.from_ is not None
    assert window.to - window.from_ == timedelta(hours=23)


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_parameter_is_one_not_given(text: str | None) -> None:
    assert parse_window(text, text, text, AS_OF) == Window(None, AS_OF, "UTC")


@pytest.mark.parametrize(
    "from_, to, timezone, field",
    [
        ("yesterday", None, None, "from"),
        ("2025-02-30", None, None, "from"),
        ("2025-03-01T00:00:00 00:00", None, None, "from"),
        ("\ud800", None, None, "from"),
        (None, "1748779200", None, "to"),
        (None, "0001-01-01", "Asia/Tokyo", "to"),
        ("2025-03-01", "2025-03-01", None, "from"),
        ("2025-03-02", "2025-03-01", None, "from"),
        ("2025-06-02", None, None, "from"),
        (None, None, "Mars/Olympus", "timezone"),
        (None, None, "Europe", "timezone"),
        (None, None, "/etc/passwd", "timezone"),
        (None, None, "../UTC", "timezone"),
        (None, None, "UTC\0", "timezone"),
        (None, None, "\ud800", "timezone"),
        (None, None, "x" * 5000, "timezone"),
    ],
)
def test_what_cannot_be_read_names_its_field(from_: str | None, to: str | None, timezone: str | None, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_window(from_, to, timezone, AS_OF)
    assert caught.value.field == field
    assert caught.value.reason.startswith("must be")


moments = st.datetimes().map(datetime.isoformat) | st.dates().map(str) | st.text()


@given(moments, moments, st.timezone_keys() | st.text())
def test_any_text_is_read_or_refused(from_: str, to: str, timezone: str) -> None:
    with suppress(Malformed):
        window = parse_window(from_, to, timezone, AS_OF)
        assert window.from_ is None or window.from_ < window.to


def test_a_window_holds_its_first_instant_and_not_its_last() -> None:
    instants = [at("2025-03-01T00:00:00Z"), at("2025-03-01T23:59:59.999999Z"), at("2025-03-02T00:00:00Z"), at("2025-02-28T23:59:59Z"), None]
    frame = pl.DataFrame({"left_at": instants}, schema={"left_at": pl.Datetime("us", "UTC")})
    day = Window(at("2025-03-01T00:00:00Z"), at("2025-03-02T00:00:00Z"))
    unbounded = Window(None, at("2025-03-02T00:00:00Z"))
    assert frame.filter(day.holds("left_at")).to_series().to_list() == instants[:2]
    assert frame.filter(unbounded.holds("left_at")).height == 3


@pytest.mark.parametrize(
    "text, span",
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("14d", timedelta(days=14)),
        ("2w", timedelta(days=14)),
        ("3650d", LONGEST),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    assert parse_duration("within", text) == span


@pytest.mark.parametrize("text", ["", "14", "d", "-1d", "0d", "1.5d", "1D", " 1d", "1d\n", "٣d", "3651d", "315360001s", "9" * 99 + "s"])
def test_durations_that_are_none(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_duration("within", text)
    assert caught.value.field == "within"
