"""Who moved from which stage to which."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.transitions import transitions
from app.http import shapes
from app.http.access import reader
from app.http.examples import TRANSITIONS
from app.http.questions import Question
from app.http.service import service_of

router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class TransitionsQuestion(Question):
    """`mode` every counts each entry, first only each customer's first entry into each stage."""

    mode: Literal["every", "first"] = Field(default="every", description="which entries count")


@router.get("/v1/transitions", responses=TRANSITIONS)
async def ask_transitions(request: Request, question: Annotated[TransitionsQuestion, Query()]) -> JSONResponse:
    """Who moved from which stage to which, how many, after how long; `from: null` is a journey's beginning, dwell is in seconds."""
    put = await question.put(service_of(request), "entries", mode=question.mode)
    answer = await asyncio.to_thread(transitions, put.asked.entries, put.asked.stages, put.window, put.filters)
    labels = {stage.name: stage.labels for stage in put.asked.kept.model.stages}
    named = [{**flow, "label": shapes.label(labels.get(flow["stage"], {}), flow["stage"])} for flow in answer["stages"]]
    return JSONResponse({**question.head(put, mode=question.mode), "stages": named, "transitions": answer["transitions"]})
