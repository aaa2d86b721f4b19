"""Whether a source is heard of as usual: compared with itself a week before, when people had the same hour and the same day."""

from datetime import datetime, timedelta
from math import sqrt
from typing import Literal, NamedTuple

State = Literal["waiting", "live", "quiet", "dropped"]

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
EXPECTED_MIN = 7.0
"""Where so many events are expected, none at all comes by chance less than once in a thousand times (as counts of Poisson scatter)."""

HALF = 0.5
DEVIATIONS = 3.09
"""So many standard deviations below half come by chance less than once in a thousand times."""


class Span(NamedTuple):
    """Events stored in a span up to now, and in the same span a week before."""

    events: int
    before: int

    @property
    def dropped(self) -> bool:
        """Whether the events are fewer than half of those before, and not by chance: square roots of such counts scatter alike."""
        half, now = HALF * (self.before + 3 / 8), self.events + 3 / 8
        return 2 * (sqrt(half) - sqrt(now)) / sqrt(1 + HALF) > DEVIATIONS


class Heard(NamedTuple):
    """What was stored of a source: instants (UTC) of its first and last event, the silence since then, and numbers of events.

    `week` are those of the seven days up to the last one; of these `alike` came a week before the silence.
    """

    first_event_at: datetime | None
    last_event_at: datetime | None
    silence: timedelta | None
    hour: Span
    day: Span
    week: int
    alike: int

    @property
    def expected(self) -> float:
        """How many events are usual in a time as long as the silence.

        As many as came a week before in the same hours. Where the silence is longer than that, or the source younger, the mean of its last
        week, for a silence of at least a day.
        """
        if self.first_event_at is None or self.last_event_at is None or self.silence is None:
            return 0.0
        if self.silence < WEEK <= self.last_event_at - self.first_event_at:
            return float(self.alike)
        return self.week * (self.silence / WEEK) if self.silence >= DAY else 0.0


class Verdict(NamedTuple):
    """How a source is heard of, and the reason in words."""

    state: State
    why: str


def verdict(heard: Heard) -> Verdict:
    """waiting: never an event. quiet: silent for longer than is usual. dropped: fewer than half of a week before. Else live."""
    if heard.last_event_at is None:
        return Verdict("waiting", "no event has arrived yet")
    if heard.expected >= EXPECTED_MIN:
        usual = f"about {heard.expected:,.0f} are usual in such a time"
        return Verdict("quiet", f"no event since {heard.last_event_at:%Y-%m-%d %H:%M} UTC; {usual}")
    for span, words in ((heard.day, "24 hours"), (heard.hour, "hour")):
        if span.dropped:
            return Verdict("dropped", f"{span.events:,} events in the last {words}, {span.before:,} in the same a week before")
    compared = "as many as is usual" if heard.day.before else "nothing came a week before to compare with"
    return Verdict("live", f"{heard.day.events:,} events in the last 24 hours: {compared}")
