"""How far customers get along steps."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.filters import selected
from app.domain.funnel import funnel
from app.domain.windows import parse_duration
from app.http.access import reader
from app.http.examples import FUNNEL
from app.http.parameters import Text, Texts
from app.http.problems import malformed
from app.http.questions import Question
from app.http.service import service_of
from app.store.resident import Asked

STEPS_MAX = 20
router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class FunnelQuestion(Question):
    """`steps` are stages in order, parted by commas; `within` is the span from the first step, as in 14d."""

    steps: Texts = Field(description="stages in order, parted by commas", examples=["consideration,decision,purchase"])
    within: Text = Field(default="14d", description="span from the first step: a whole number and s, m, h, d or w")


@router.get("/v1/funnel", responses=FUNNEL)
async def ask_funnel(request: Request, question: Annotated[FunnelQuestion, Query()]) -> JSONResponse:
    """How far customers get through stages in order, within a span from the first: converted, still in window, dropped."""
    within = parse_duration("within", question.within)
    put = await question.put(service_of(request), "journeys")
    steps = _steps(question.steps, put.asked)
    as_of = put.asked.snapshot.as_of
    chosen = await asyncio.to_thread(lambda: selected(put.asked.journeys, put.filters).collect())
    answer = await asyncio.to_thread(funnel, chosen, steps, within, put.window, as_of)
    return JSONResponse({**question.head(put, within=question.within), "steps": answer})


def _steps(text: str, asked: Asked) -> list[str]:
    steps = text.split(",")
    if not 1 <= len(steps) <= STEPS_MAX:
        raise malformed("steps", f"names 1 to {STEPS_MAX} stages")
    unknown = [step for step in steps if step not in asked.stages]
    if unknown:
        raise malformed("steps", f"{unknown[0]!r} is no stage of {asked.kept.model.name}")
    return steps
