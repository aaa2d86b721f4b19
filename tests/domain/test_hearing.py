"""Whether a source is heard of as usual: the sentences of the rule one by one, and how often it is wrong by chance."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.domain.arriving.hearing import DAY, WEEK, Heard, Span, verdict

NOW = datetime(2025, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


NOTHING = Span(0, 0)


def heard(
    silence: timedelta = HOUR, age: timedelta = 4 * WEEK, *, week: int = 0, alike: int = 0, hour: Span = NOTHING, day: Span = NOTHING
) -> Heard:
    """A source that was first heard so long ago, and last before the silence."""
    return Heard(NOW - age, NOW - silence, silence, hour, day, week, alike)


def test_who_was_never_heard_waits() -> None:
    assert verdict(Heard(None, None, None, Span(0, 0), Span(0, 0), 0, 0)).state == "waiting"


@pytest.mark.parametrize(
    "told, state",
    [
        (heard(HOUR, alike=7, week=900), "quiet"),
        (heard(HOUR, alike=6, week=900), "live"),
        (heard(HOUR, age=2 * DAY, week=900), "live"),
        (heard(DAY, age=2 * DAY, week=50), "quiet"),
        (heard(DAY, age=2 * DAY, week=48), "live"),
        (heard(WEEK, week=7, alike=0), "quiet"),
        (heard(6 * WEEK, week=1), "live"),
        (heard(7 * WEEK, age=9 * WEEK, week=1), "quiet"),
        (heard(WEEK - HOUR, age=2 * WEEK, week=7, alike=7), "quiet"),
        (heard(timedelta(minutes=-5), alike=0), "live"),
    ],
)
def test_a_silence_is_measured_by_the_same_hours_a_week_before_or_by_the_mean(told: Heard, state: str) -> None:
    assert verdict(told).state == state


@pytest.mark.parametrize(
    "events, before, dropped",
    [(0, 20, True), (0, 10, False), (20, 100, True), (40, 100, False), (49, 100, False), (4_400, 10_000, True), (100, 0, False)],
)
def test_a_drop_is_below_half_with_enough_events_to_tell(events: int, before: int, dropped: bool) -> None:
    assert Span(events, before).dropped is dropped
    for told in (heard(day=Span(events, before)), heard(hour=Span(events, before))):
        found = verdict(told)
        assert (found.state == "dropped") is dropped
        assert not dropped or f"{events:,} events in the last" in found.why


@pytest.mark.parametrize("mean", [5, 20, 300, 10_000])
def test_who_sends_exactly_half_is_told_to_have_dropped_once_in_a_thousand_times(mean: int) -> None:
    chance = np.random.default_rng(7)
    pairs = zip(chance.poisson(mean / 2, 20_000).tolist(), chance.poisson(mean, 20_000).tolist(), strict=True)
    assert sum(Span(events, before).dropped for events, before in pairs) <= 40


def test_a_live_source_says_what_it_was_compared_with() -> None:
    assert verdict(heard(day=Span(5, 0))).why.endswith("nothing came a week before to compare with")
    assert verdict(heard(day=Span(50, 60))).why == "50 events in the last 24 hours: as many as is usual"
