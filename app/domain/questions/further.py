"""Going further: the customers of a stage who enter a stage beyond it in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypedDict

import polars as pl

from app.domain.journeys.stages import Stage
from app.domain.questions.attempts import Course, attempts, relevant
from app.domain.questions.funnel import Funnel
from app.domain.questions.onward import Onward, Went, went
from app.domain.questions.spans import Spans, described
from app.domain.questions.steps import Step
from app.domain.windows import Window


class Conversion(TypedDict):
    """Customers who entered the stage in the window, and of them those who went further within `within` seconds: a funnel of two steps.

    `to` are the stages further on; `reached` = `converted` + `still_in_window` + `dropped`.
    """

    to: list[str]
    within: float
    reached: int
    converted: int
    still_in_window: int
    dropped: int
    conversion: float | None
    time_to_convert: Spans


@dataclass(frozen=True)
class Further:
    """Who goes further from a stage, in time. A stage's own time is its target's `days`, else `within`.

    `steps` are the stages that events enter, in order; `journeys` the entries that pass the filters, and `onward` what became of these
    (see onward.onward); nothing counts after `as_of` (UTC).
    """

    journeys: pl.DataFrame
    onward: Onward
    steps: Sequence[Stage]
    window: Window
    within: timedelta
    as_of: datetime

    @cached_property
    def order(self) -> dict[str, int]:
        return {stage.name: place for place, stage in enumerate(self.steps)}

    def lies_before(self, name: str, other: str) -> bool:
        """Whether a stage lies before another in the model; that of the lapsed lies nowhere."""
        return name in self.order and other in self.order and self.order[name] < self.order[other]

    def time_of(self, stage: Stage) -> timedelta:
        return timedelta(days=stage.target["days"]) if "days" in stage.target else self.within

    def beyond(self, stage: Stage) -> list[str]:
        """The stages further on."""
        return [name for name in self.order if self.lies_before(stage.name, name)]

    def funnel(self, stage: Stage) -> Funnel | None:
        """The funnel from the stage to any further one, of the steps `stage,next|next but one|...`; None where none lies further."""
        further = self.beyond(stage)
        if not further:
            return None
        course = Course([Step(stage.name, (stage.name,)), Step("|".join(further), tuple(further))], self.time_of(stage))
        rows = self.journeys.select("customer", name="stage", at="entered_at")
        return Funnel(attempts(relevant(rows, course, self.window), course, self.window), course, self.as_of)

    @cached_property
    def conversions(self) -> Mapping[str, Conversion]:
        """Of each stage what its funnel counts, where a stage lies further."""
        return {stage.name: self._conversion(stage) for stage in self.steps if self.beyond(stage)}

    def _conversion(self, stage: Stage) -> Conversion:
        within = self.time_of(stage)
        counted = self._went(stage, within)
        converted = len(counted.seconds)
        return {
            "to": self.beyond(stage),
            "within": within.total_seconds(),
            "reached": counted.reached,
            "converted": converted,
            "still_in_window": counted.still,
            "dropped": counted.reached - converted - counted.still,
            "conversion": converted / counted.reached if counted.reached else None,
            "time_to_convert": described(counted.seconds),
        }

    def days(self, stage: Stage) -> float | None:
        """The median time to go further of those who did within `within`, in days."""
        if not self.beyond(stage):
            return None
        median = described(self._went(stage, max(self.within, self.time_of(stage))).seconds)["median"]
        return None if median is None else median / timedelta(days=1).total_seconds()

    def _went(self, stage: Stage, within: timedelta) -> Went:
        return went(self.onward[self.order[stage.name]], self.window, within, self.as_of)
