"""Where customers stay too long, and after which touches journeys stop."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.journeys.stages import EACH_EVENT_NAME, Stage
from app.domain.questions.filters import EVERYTHING, Filters, equals, selected
from app.domain.questions.last_touches import ends, last_touches, occurring, quiet
from app.domain.questions.stalls import Limit, Patience, limits, stalls, waiting
from app.domain.windows import Window, parse_duration
from app.http import shapes
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.examples_paths import LAST_TOUCHES, STALLS
from app.http.examples_people import BEHIND
from app.http.parameters import Text
from app.http.problems import malformed
from app.http.questions import Put, Question, check_stages
from app.http.service import Service, service_of
from app.store.resident import Asked, Need

router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class Waited(NamedTuple):
    """Who waits in the stages that one can stall in, at the window's end, and the limits."""

    stages: list[Stage]
    limits: dict[str, Limit]
    waiting: pl.DataFrame


class StallsQuestion(Question):
    """Who stays longer than `over`: as of the window's end, of the entries that the window holds and the filters select.

    A window that ends later ends at as_of. The furthest stage, and that of the lapsed, are not waited in.
    """

    over: Text = Field(default="p90", description="p90 of the dwell of the stage's exits, target (its target's days), or a span as in 14d")
    history: Text = Field(default="180d", description="span before the window's end whose exits p90 is measured on")

    async def waited(self, service: Service, *needs: Need, touched: bool = True) -> tuple[Put, Waited]:
        """What the question is put to, and who waits; `touched` is whether filters of the touch select entries."""
        patience = Patience(self._over(), parse_duration("history", self.history))
        put = _by_now(await self.put(service, "journeys", *needs))
        filters = put.filters if touched else Filters(customers=put.filters.customers)
        return put, await asyncio.to_thread(_waited, put.asked, put.window, filters, patience)

    def _over(self) -> Literal["p90", "target"] | timedelta:
        return self.over if self.over in {"p90", "target"} else parse_duration("over", self.over)  # type: ignore[return-value]


class StalledQuestion(StallsQuestion, Behind):
    """Whose stage, or all stages together."""

    stage: Text | None = Field(default=None, description="name of a stage; not given: any")


class LastTouchesQuestion(StallsQuestion):
    """Journeys that stopped: of customers who are stalled (see /v1/stalls), or without a named event for longer than `quiet`.

    The window holds the last touches; filters select among them, `trait` among customers.
    """

    by: Literal["channel", "utm_source", "utm_medium", "utm_campaign", "kind"] = Field(
        default="channel", description="what a touch is called by"
    )
    quiet: Text = Field(default="30d", description="span before the window's end without an event after which a journey has stopped")
    top: int = Field(default=50, ge=1, le=1_000, description="values that are listed; the rest are told together")

    async def ended(self, service: Service) -> tuple[Put, pl.DataFrame]:
        """What the question is put to, and the last touches of the journeys that stopped."""
        span = parse_duration("quiet", self.quiet)
        put, waited = await self.waited(service, "touches", "named_events", touched=False)
        return put, await asyncio.to_thread(_ended, put, waited.waiting, span)


class EndedQuestion(LastTouchesQuestion, Behind):
    """Whose last touch, or where they stopped."""

    touch: Text | None = Field(default=None, description="value of the touch; empty: none; not given: any")
    stage: Text | None = Field(default=None, description="stage that they stopped in; empty: none; not given: any")

    def behind(self, ended: pl.DataFrame) -> pl.Series:
        asked = ((self.by, self.touch), ("stage", self.stage))
        tests = [equals(ended, column, value) if value else pl.col(column).is_null() for column, value in asked if value is not None]
        return ended.filter(*tests)["customer"]


@router.get("/v1/stalls", responses=STALLS)
async def ask_stalls(request: Request, question: Annotated[StallsQuestion, Query()]) -> JSONResponse:
    """How many customers stay in each stage longer than its limit; times are in seconds."""
    put, waited = await question.waited(service_of(request))
    told = await asyncio.to_thread(stalls, waited.waiting, waited.stages, waited.limits)
    labels = {stage.name: shapes.label(stage.labels, stage.name) for stage in waited.stages}
    named = [{"stage": stall["stage"], "label": labels[stall["stage"]], **stall} for stall in told]
    return JSONResponse({**question.head(put, over=question.over, history=question.history), "stages": named})


@router.get("/v1/stalls/customers", responses=BEHIND)
async def ask_stalled(request: Request, question: Annotated[StalledQuestion, Query()]) -> Response:
    """The customers who are stalled, those who have waited longest first; `since` is when they entered the stage."""
    put, waited = await question.waited(service_of(request))
    stalled = waited.waiting.filter("stalled")
    if question.stage is not None:
        check_stages(put.asked, stage=question.stage)
        stalled = stalled.filter(pl.col("stage") == question.stage)
    since = stalled["entered_at"].cast(pl.Int64)
    return await people_behind(service_of(request), put.asked, question, stalled["customer"], ranks=since)


@router.get("/v1/last-touches", responses=LAST_TOUCHES)
async def ask_last_touches(request: Request, question: Annotated[LastTouchesQuestion, Query()]) -> JSONResponse:
    """After which touch journeys stop, by the stage that they stopped in, beside how often such touches occur."""
    put, ended = await question.ended(service_of(request))
    touches = await asyncio.to_thread(occurring, put.asked.touches, put.window, put.filters)
    told = await asyncio.to_thread(last_touches, ended, touches, question.by, question.top)
    return JSONResponse({**question.head(put, by=question.by, over=question.over, quiet=question.quiet), **told})


@router.get("/v1/last-touches/customers", responses=BEHIND)
async def ask_ended(request: Request, question: Annotated[EndedQuestion, Query()]) -> Response:
    """The customers whose journeys stopped, asked with the same parameters."""
    put, ended = await question.ended(service_of(request))
    check_stages(put.asked, stage=question.stage)
    return await people_behind(service_of(request), put.asked, question, question.behind(ended))


def stalled_now(asked: Asked) -> pl.Series:
    """The customers whom /v1/stalls/customers names where nothing but the model is said."""
    waited = _waited(asked, Window(None, asked.snapshot.as_of), EVERYTHING, Patience())
    return waited.waiting.filter("stalled")["customer"]


def _by_now(put: Put) -> Put:
    """The question with a window that ends by `as_of`: nobody has waited for what has not come."""
    return put._replace(window=replace(put.window, to=min(put.window.to, put.asked.snapshot.as_of)))


def _waited(asked: Asked, window: Window, filters: Filters, patience: Patience) -> Waited:
    if asked.kept.model == EACH_EVENT_NAME:
        raise malformed("model", "has no order of stages")
    stages = [*asked.kept.model.steps[:-1]]
    journeys = selected(asked.journeys, filters).collect()
    found = limits(journeys, stages, window, patience)
    there = waiting(journeys, window, found).filter(pl.col("stage").is_in([stage.name for stage in stages]))
    return Waited(stages, found, there)


def _ended(put: Put, waiting: pl.DataFrame, span: timedelta) -> pl.DataFrame:
    asked, window, filters = put
    stopped = pl.concat([waiting.filter("stalled")["customer"], quiet(asked.named_events, window, span)])
    return ends(asked.touches, asked.journeys, stopped, window, filters)
