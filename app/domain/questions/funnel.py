"""How far customers get along steps, within a window from the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NotRequired, TypedDict, cast

import polars as pl

from app.domain.questions.attempts import Course
from app.domain.questions.breakdowns import Breakdown
from app.domain.questions.spans import Spans, SurvivalPoint, described, histogram, survival

Outcome = Literal["reached", "converted", "still_in_window", "dropped"]
Credit = Literal["first", "last", "step"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = timedelta(microseconds=1)


class TimeToConvert(Spans):
    """Seconds from the step before. `histogram` (see spans.BOUNDS) and `survival` where they were asked for.

    The survival's customers are those that reached the step before, each observed from then until the conversion, the end of the window
    from its first step, or `as_of`.
    """

    histogram: NotRequired[list[int]]
    survival: NotRequired[list[SurvivalPoint]]


class FunnelStep(TypedDict):
    """One step: `reached` = `converted` + `still_in_window` + `dropped`, all of them distinct customers.

    `conversion` is `converted` over `reached`, null when nobody reached the step; of the last step all that reached it are converted.
    `time_to_convert` is the time from the step before; of the first step there is none.
    """

    step: int
    reached: int
    converted: int
    still_in_window: int
    dropped: int
    conversion: float | None
    time_to_convert: TimeToConvert


@dataclass(frozen=True)
class Funnel:
    """Customers' attempts (see attempts.attempts) at a course, as of an instant (UTC).

    Who has not gone on is still in window while start + `within` >= `as_of`, and has dropped after that.
    """

    attempts: pl.DataFrame
    course: Course
    as_of: datetime

    def steps(self, groups: Sequence[pl.Series] = (), group: str | None = None, *, bars: bool, curve: bool) -> list[FunnelStep]:
        """All steps, of those customers only whose value in the step's groups is `group`; without groups, of all."""
        count = len(self.course.steps)
        members = [self.attempts.filter(values.eq_missing(group)) for values in groups] if groups else [self.attempts] * count
        told = [self._step(number, some, bars=bars) for number, some in enumerate(members, start=1)]
        for step, before in zip(told, [None, *members], strict=False) if curve else ():
            step["time_to_convert"]["survival"] = [] if before is None else survival(self._observed(step["step"], before))
        return told

    def behind(self, step: int, outcome: Outcome) -> pl.Expr:
        """Which of the attempts a number of a step, from 1, counts."""
        reached = pl.col(f"at_{step}").is_not_null()
        if step == len(self.course.steps):
            stopped, last = pl.lit(value=False), reached
        else:
            stopped, last = reached & pl.col(f"at_{step + 1}").is_null(), reached & pl.col(f"at_{step + 1}").is_not_null()
        still = self._deadline() >= self._now()
        return {"reached": reached, "converted": last, "still_in_window": stopped & still, "dropped": stopped & ~still}[outcome]

    def _step(self, step: int, members: pl.DataFrame, *, bars: bool) -> FunnelStep:
        outcomes: tuple[Outcome, ...] = ("reached", "converted", "still_in_window", "dropped")
        reached, converted, still, dropped = members.select(self.behind(step, one).sum().alias(one) for one in outcomes).row(0)
        return {
            "step": step,
            "reached": reached,
            "converted": converted,
            "still_in_window": still,
            "dropped": dropped,
            "conversion": converted / reached if reached else None,
            "time_to_convert": self._times(step, members, bars=bars),
        }

    def _times(self, step: int, members: pl.DataFrame, *, bars: bool) -> TimeToConvert:
        took = (pl.col(f"at_{step}") - pl.col(f"at_{step - 1}")) / 1e6 if step > 1 else pl.lit(None, dtype=pl.Float64)
        seconds = members.select(took.drop_nulls()).to_series()
        told = cast("TimeToConvert", described(seconds))
        if bars:
            told["histogram"] = histogram(seconds)
        return told

    def _observed(self, step: int, before: pl.DataFrame) -> pl.DataFrame:
        """Who reached the step before, how long each was observed from there, and whether it ended with the step."""
        since, until = pl.col(f"at_{step - 1}"), pl.min_horizontal(self._deadline(), self._now())
        ended = pl.coalesce(f"at_{step}", pl.max_horizontal(until, since))
        reached = before.filter(since.is_not_null())
        return reached.select(seconds=(ended - since) / 1e6, converted=pl.col(f"at_{step}").is_not_null())

    def _deadline(self) -> pl.Expr:
        return pl.col("at_1") + self.course.within // _MICROSECONDS

    def _now(self) -> int:
        return (self.as_of - _EPOCH) // _MICROSECONDS


def values_by_step(rows: pl.DataFrame, tried: pl.DataFrame, course: Course, breakdown: Breakdown, credit: Credit) -> list[pl.Series]:
    """For each step the breakdown's value of each attempt in `tried`: that of the row of its first step, of its last, or of each step.

    With `step` the value is null where the step was not reached.
    """
    numbers = range(1, len(course.steps) + 1)
    if credit == "step":
        return [_values(rows, tried[f"row_{number}"], breakdown) for number in numbers]
    places = tried.select(pl.col("row_1") if credit == "first" else pl.max_horizontal(f"row_{number}" for number in numbers)).to_series()
    return [_values(rows, places, breakdown)] * len(numbers)


def _values(rows: pl.DataFrame, places: pl.Series, breakdown: Breakdown) -> pl.Series:
    return breakdown.of(rows.select(pl.col(breakdown.column).gather(places)))
