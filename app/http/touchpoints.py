"""What touches of each channel, campaign or kind reached and brought about, and the people behind each number."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.questions.touchpoints import Frames, Met, What, met, touchpoints
from app.http import shapes
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.examples_people import behind
from app.http.examples_touchpoints import TOUCHPOINTS
from app.http.parameters import Text
from app.http.problems import malformed
from app.http.questions import Put, Question, check_stages
from app.http.service import Service, service_of

router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class TouchpointsQuestion(Question):
    """What touches are told apart by. Filters select among touches, and among entries by their touch."""

    by: Literal["channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "kind"] = Field(
        default="channel", description="what a touch is called by"
    )

    async def counted(self, service: Service) -> tuple[Put, Met]:
        """What the question is put to, and the touches and entries that it is about."""
        put = await self.put(service, "touches", "journeys")
        asked, window, filters = put
        return put, await asyncio.to_thread(met, Frames(asked.touches, asked.journeys), self.by, asked.kept.model, window, filters)


class TouchpointsAsked(TouchpointsQuestion):
    """How many values are listed."""

    top: int = Field(default=50, ge=1, le=1_000, description="values that are listed; the rest are told together")


class TouchpointsBehind(TouchpointsQuestion, Behind):
    """Which number: of a value (or of all), and of entries by stage."""

    value: Text | None = Field(default=None, description="value of the touch; empty: none; not given: any")
    what: What = Field(default="touches", description="which number of the value")
    stage: Text | None = Field(default=None, description="with what=entries the stage; not given: any")


@router.get("/v1/touchpoints", responses=TOUCHPOINTS)
async def ask_touchpoints(request: Request, question: Annotated[TouchpointsAsked, Query()]) -> JSONResponse:
    """For each value of the touch: touches, whom they reached, how many a machine made, journeys that began so, entries by stage."""
    put, counted = await question.counted(service_of(request))
    stages = put.asked.stages
    told = await asyncio.to_thread(touchpoints, counted, stages, question.top)
    return JSONResponse({**question.head(put, by=question.by), "stages": _stages(put), **told})


@router.get("/v1/touchpoints/customers", responses=behind(count=12))
async def ask_touched(request: Request, question: Annotated[TouchpointsBehind, Query()]) -> Response:
    """The customers behind a number of /v1/touchpoints, asked with the same parameters; `count` is the number itself."""
    put, counted = await question.counted(service_of(request))
    if question.stage is not None and question.what != "entries":
        raise malformed("stage", "belongs to what=entries")
    check_stages(put.asked, stage=question.stage)
    some = counted if question.value is None else counted.of([question.value or None])
    customers = some.behind(question.what, question.stage)
    return await people_behind(service_of(request), put.asked, question, customers, count=len(customers))


def _stages(put: Put) -> list[dict[str, Any]]:
    labels = {stage.name: stage.labels for stage in put.asked.kept.model.stages}
    return [{"stage": name, "label": shapes.label(labels.get(name, {}), name), "labels": labels.get(name, {})} for name in put.asked.stages]
