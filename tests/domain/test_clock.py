"""When an event occurred: whose clock counts, by how much it is corrected, and what is too far away to be believed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arriving.clock import TimeRule, occurrence, read_instant

RECEIVED = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INSTANTS = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    "value, instant",
    [
        ("2026-05-04T12:00:00Z", RECEIVED),
        ("2026-05-04T12:00:00.000Z", RECEIVED),
        (" 2026-05-04T15:00:00+03:00 ", RECEIVED),
        ("2026-05-04T12:00:00", RECEIVED),
        ("2026-05-04 12:00:00.000001", RECEIVED + timedelta(microseconds=1)),
        ("2026-05-04", RECEIVED - 12 * HOUR),
        (1777896000, RECEIVED),
        (1777896000.5, RECEIVED + SECOND / 2),
        (1777896000000, RECEIVED),
        (1777896000000000, RECEIVED),
    ],
)
def test_an_instant_is_iso_8601_or_a_count_since_1970(value: object, instant: datetime) -> None:
    read = read_instant(value)
    assert read == instant
    assert read.utcoffset() == timedelta()


@pytest.mark.parametrize(
    "value", [None, "", "yesterday", "04.05.2026", "2026-02-30T00:00:00Z", True, [], {"at": 1}, 1e300, -1e19, "0001-01-01T00:00:00+14:00"]
)
def test_anything_else_is_no_instant(value: object) -> None:
    assert read_instant(value) is None


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("timestamp, rule", [(None, TimeRule.ABSENT), ("", TimeRule.ABSENT), ("soon", TimeRule.UNREADABLE)])
def test_without_a_readable_timestamp_it_occurred_when_it_was_received(timestamp: object, rule: TimeRule, *, trusted: bool) -> None:
    assert occurrence(timestamp, "2026-05-04T11:00:00Z", RECEIVED, trusted=trusted) == (RECEIVED, rule)


@pytest.mark.parametrize(
    "ahead, rule",
    [
        (timedelta(), TimeRule.SENT),
        (60 * SECOND, TimeRule.SENT),
        (-60 * SECOND, TimeRule.SENT),
        (61 * SECOND, TimeRule.CORRECTED),
        (-61 * SECOND, TimeRule.CORRECTED),
        (300 * DAY, TimeRule.CORRECTED),
        (-300 * DAY, TimeRule.CORRECTED),
    ],
)
def test_a_public_clock_is_corrected_where_it_is_off_by_more_than_a_minute(ahead: timedelta, rule: TimeRule) -> None:
    said = RECEIVED - HOUR + ahead
    found = occurrence(said.isoformat(), (RECEIVED + ahead).isoformat(), RECEIVED, trusted=False)
    assert found == (said - ahead if rule is TimeRule.CORRECTED else said, rule)


@pytest.mark.parametrize("sent_at", [None, "", "soon", {}])
def test_without_a_readable_sent_at_nothing_is_corrected(sent_at: object) -> None:
    assert occurrence("2026-05-04T11:00:00Z", sent_at, RECEIVED, trusted=False) == (RECEIVED - HOUR, TimeRule.SENT)


def test_a_trusted_clock_is_never_corrected() -> None:
    assert occurrence("2020-01-01T00:00:00Z", "1999-01-01T00:00:00Z", RECEIVED, trusted=True) == (
        datetime(2020, 1, 1, tzinfo=UTC),
        TimeRule.SENT,
    )


@pytest.mark.parametrize(
    "trusted, after, believed",
    [
        (False, -7 * DAY, True),
        (False, -7 * DAY - SECOND, False),
        (False, HOUR, True),
        (False, HOUR + SECOND, False),
        (True, datetime(1990, 1, 1, tzinfo=UTC) - RECEIVED, True),
        (True, datetime(1990, 1, 1, tzinfo=UTC) - RECEIVED - SECOND, False),
        (True, DAY, True),
        (True, DAY + SECOND, False),
    ],
)
def test_what_lies_too_far_away_occurred_when_it_was_received(after: timedelta, *, trusted: bool, believed: bool) -> None:
    expected = (RECEIVED + after, TimeRule.SENT) if believed else (RECEIVED, TimeRule.OUTSIDE)
    assert occurrence((RECEIVED + after).isoformat(), None, RECEIVED, trusted=trusted) == expected


def test_a_correction_is_judged_by_where_it_leads() -> None:
    wrong_by_a_year = (RECEIVED - 365 * DAY).isoformat()
    assert occurrence(wrong_by_a_year, wrong_by_a_year, RECEIVED, trusted=False) == (RECEIVED, TimeRule.CORRECTED)
    assert occurrence(RECEIVED.isoformat(), wrong_by_a_year, RECEIVED, trusted=False) == (RECEIVED, TimeRule.OUTSIDE)
    assert occurrence("9999-12-31T23:00:00Z", wrong_by_a_year, RECEIVED, trusted=False) == (RECEIVED, TimeRule.OUTSIDE)


@given(st.one_of(INSTANTS, st.none()), st.one_of(INSTANTS, st.none()), st.booleans(), st.integers(-14, 14))
def test_no_event_leaves_the_span_that_its_source_is_believed_in(
    said: datetime | None, sent: datetime | None, trusted: bool, off: int
) -> None:
    zone = timezone(timedelta(hours=off))
    found = occurrence(said and said.astimezone(zone).isoformat(), sent and sent.isoformat(), RECEIVED, trusted=trusted)
    earliest, latest = (datetime(1990, 1, 1, tzinfo=UTC), RECEIVED + DAY) if trusted else (RECEIVED - 7 * DAY, RECEIVED + HOUR)
    assert earliest <= found.at <= latest
    assert found.rule is not TimeRule.SENT or found.at == said
