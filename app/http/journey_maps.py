"""The journey map: stage by stage who came, what they did, and who went further; and the people behind it."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.journeys.stages import EACH_EVENT_NAME, Stage
from app.domain.questions.filters import TOUCH_FILTERS, selected
from app.domain.questions.further import Further
from app.domain.questions.journey_map import Frames, StageMap, contents_of, difference, journey_map
from app.domain.questions.moves import Counted
from app.domain.questions.onward import Onward, of_customers, onward
from app.domain.questions.ranked import can_look_up
from app.domain.questions.stamps import passing_by
from app.domain.windows import Malformed, Window, parse_duration, parse_window
from app.http import shapes
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.examples_paths import JOURNEY_MAP
from app.http.examples_people import BEHIND
from app.http.parameters import Text
from app.http.problems import malformed
from app.http.questions import Put, Question, check_stages
from app.http.service import Service, service_of
from app.http.transitions import whole
from app.store.resident import Need

Outcome = Literal["reached", "converted", "still_in_window", "dropped"]
router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class MapQuestion(Question):
    """`within` is the time to go further from stages whose target names no days."""

    within: Text = Field(default="30d", description="span from the entry: a whole number and s, m, h, d or w")

    async def drawn(self, service: Service, *needs: Need) -> "Drawn":
        within = parse_duration("within", self.within)
        put = await self.put(service, "journeys", *needs)
        if put.asked.kept.model == EACH_EVENT_NAME:
            raise malformed("model", "has no order of stages")
        return Drawn(put, within, await asyncio.to_thread(selected(put.asked.journeys, put.filters).collect))


class MapAsked(MapQuestion):
    """With `compare_from` or `compare_to` each stage is told for that window as well, with the differences."""

    compare_from: Text | None = Field(default=None, description="instant or date: the other window's; not given: unbounded")
    compare_to: Text | None = Field(default=None, description="instant or date: the other window's; not given: as_of")

    def compared(self, put: Put) -> Window | None:
        """The window to compare with."""
        if self.compare_from is None and self.compare_to is None:
            return None
        try:
            return parse_window(self.compare_from, self.compare_to, self.timezone, put.asked.snapshot.as_of)
        except Malformed as error:
            raise Malformed(f"compare_{error.field}", error.reason) from error


class MapPeopleQuestion(MapQuestion, Behind):
    """Which of a stage's customers: those there at the window's end, those of its entries or conversion, or who did an `action` in it."""

    stage: Text = Field(description="name of the stage", examples=["consideration"])
    what: Literal["entries", "exits", "at_start", "at_end", "reached", "converted", "still_in_window", "dropped", "acted"] = Field(
        default="entries", description="which number of the stage"
    )
    action: Text | None = Field(default=None, description="name of an event; needed where what=acted")

    def behind(self, drawn: "Drawn") -> pl.Series:
        put = drawn.put
        check_stages(put.asked, stage=self.stage)
        stages = {stage.name: stage for stage in put.asked.kept.model.stages}
        match self.what:
            case "acted":
                return self._acted(put)
            case "reached" | "converted" | "still_in_window" | "dropped":
                return self._went(drawn.further(put.window), stages[self.stage], self.what)
            case what:
                return Counted(what, self.stage).among(drawn.journeys, put.window)["customer"]

    def _acted(self, put: Put) -> pl.Series:
        if self.action is None:
            raise malformed("action", "is missing: the name of an event")
        inside = put.window.holds("occurred_at"), pl.col("stage") == self.stage, pl.col("name") == self.action
        events = passing_by(put.asked.staged_events, put.asked.stamps, put.filters)
        return events.filter(*inside).select("customer").collect().to_series()

    @staticmethod
    def _went(further: Further, stage: Stage, outcome: Outcome) -> pl.Series:
        funnel = further.funnel(stage)
        if funnel is None:
            raise malformed("what", f"no stage lies further than {stage.name}")
        return funnel.attempts.filter(funnel.behind(1, outcome))["customer"]


class Drawn(NamedTuple):
    """What a map is drawn from: the question put, the span, and the entries that pass its filters."""

    put: Put
    within: timedelta
    journeys: pl.DataFrame

    def further(self, window: Window, onward: Onward = ()) -> Further:
        asked = self.put.asked
        return Further(self.journeys, onward, asked.kept.model.steps, window, self.within, asked.snapshot.as_of)

    async def map(self, window: Window) -> list[StageMap]:
        asked, filters = self.put.asked, self.put.filters
        stages, frames = asked.kept.model.stages, Frames(asked.journeys, asked.staged_events, asked.staged_touches, asked.stamps)
        further = self.further(window, await asyncio.to_thread(self._onward))
        told, contents, _ = await asyncio.gather(
            asyncio.to_thread(whole, asked, window, filters),
            asyncio.to_thread(contents_of, frames, window, filters),
            asyncio.to_thread(lambda: further.conversions),
        )
        return await asyncio.to_thread(journey_map, told, contents, stages, further)

    def _onward(self) -> Onward:
        asked, filters = self.put.asked, self.put.filters
        if can_look_up(filters):
            return of_customers(asked.onward, filters)
        return onward(self.journeys, [stage.name for stage in asked.kept.model.steps])


@router.get("/v1/journey-map", responses=JOURNEY_MAP)
async def ask_journey_map(request: Request, question: Annotated[MapAsked, Query()]) -> JSONResponse:
    """Every stage with its people, channels, actions, touches and ratings, who went further, and its target; times are in seconds."""
    by_touch = any(getattr(question, name) is not None for name in TOUCH_FILTERS)
    needs: tuple[Need, ...] = ("entries",) if by_touch else ("ranked", "onward")
    drawn = await question.drawn(service_of(request), *needs, "staged_events", "staged_touches")
    put, other = drawn.put, question.compared(drawn.put)
    now = await drawn.map(put.window)
    then = await drawn.map(other) if other else None
    stages = [_told(stage, now[place], then[place] if then else None) for place, stage in enumerate(put.asked.kept.model.stages)]
    head = question.head(put, within=question.within)
    compared = {"compared_with": {"from": shapes.instant(other.from_), "to": shapes.instant(other.to)}} if other else {}
    return JSONResponse({**head, **compared, "stages": stages})


@router.get("/v1/journey-map/customers", responses=BEHIND)
async def ask_map_people(request: Request, question: Annotated[MapPeopleQuestion, Query()]) -> Response:
    """The people behind a number of /v1/journey-map, asked with the same parameters."""
    needs: tuple[Need, ...] = ("staged_events",) if question.what == "acted" else ()
    drawn = await question.drawn(service_of(request), *needs)
    return await people_behind(service_of(request), drawn.put.asked, question, await asyncio.to_thread(question.behind, drawn))


def _told(stage: Stage, now: StageMap, then: StageMap | None) -> dict[str, Any]:
    told: dict[str, Any] = {"stage": stage.name, "label": shapes.label(stage.labels, stage.name), **now}
    return told if then is None else told | {"compared": then, "difference": difference(now, then)}
