"""Who moved from which stage to which, in groups, and the people behind each number."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.journeys.stages import StageModel
from app.domain.questions.breakdowns import Breakdown
from app.domain.questions.filters import TOUCH_FILTERS, Filters, selected
from app.domain.questions.moves import Counted, Grouped, What, distributions
from app.domain.questions.ranked import transitions_ranked
from app.domain.questions.spans import BOUNDS
from app.domain.questions.transitions import StageFlow, Transition, Transitions, transitions
from app.domain.windows import Window
from app.http import shapes
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.breakdowns import BrokenDown
from app.http.examples import TRANSITIONS
from app.http.examples_people import BEHIND_ENTRIES
from app.http.parameters import Text
from app.http.problems import malformed
from app.http.questions import Put, check_stages
from app.http.service import service_of
from app.store.resident import Asked, Need

router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class TransitionsQuestion(BrokenDown):
    """`mode` every counts each entry, first only each customer's first entry into each stage."""

    mode: Literal["every", "first"] = Field(default="every", description="which entries count")


class TransitionsAsked(TransitionsQuestion):
    """What the answer tells beside counts, median and p90."""

    distribution: bool = Field(default=False, description="1: each transition's `histogram`, and the `bounds` of its bars in seconds")

    @property
    def needs(self) -> list[Need]:
        """The frames to run on: ranked entries where customers are whole, and others where something asks for single ones."""
        by_touch = any(getattr(self, name) is not None for name in TOUCH_FILTERS)
        single: list[Need] = ["entries"] if by_touch or self.breakdown or self.distribution else []
        return single if by_touch else [*single, "ranked"]


class TransitionsBehind(TransitionsQuestion, Behind):
    """Which number's people: of a stage (`stage`, `what`) or a transition (`from_stage`, `to_stage`); with `group`, of one group."""

    stage: Text | None = Field(default=None, description="a stage of the answer")
    what: What = Field(default="entries", description="which number of the stage")
    from_stage: Text | None = Field(default=None, description="`from` of a transition; empty: null, the beginning of a journey")
    to_stage: Text | None = Field(default=None, description="`to` of a transition")
    group: Text | None = Field(default=None, description="a group of the breakdown; empty: null")

    def counted(self, asked: Asked) -> Counted:
        """The entries that the number counts."""
        into, before = self.stage if self.to_stage is None else self.to_stage, self.from_stage
        if (self.stage is None) == (self.to_stage is None and before is None):
            raise malformed("stage", "stands alone, or else from_stage and to_stage")
        if self.stage is None and self.what != "entries":
            raise malformed("what", "belongs to stage")
        check_stages(asked, stage=self.stage, to_stage=self.to_stage, from_stage=before)
        return Counted(self.what, into, before or None, beginnings=before == "")


@router.get("/v1/transitions", responses=TRANSITIONS)
async def ask_transitions(request: Request, question: Annotated[TransitionsAsked, Query()]) -> JSONResponse:
    """Who moved from which stage to which, how many, after how long; `from: null` is a journey's beginning, dwell is in seconds."""
    service = service_of(request)
    put = await question.put(service, *question.needs, mode=question.mode, traits=question.trait_keys)
    breakdown = await question.broken_down(service, put)
    answer = await asyncio.to_thread(_answer, put, breakdown, bars=question.distribution)
    said = {"mode": question.mode} | ({"breakdown": question.breakdown} if breakdown else {})
    return JSONResponse({**question.head(put, **said), **answer})


@router.get("/v1/transitions/customers", responses=BEHIND_ENTRIES)
async def transitions_customers(request: Request, question: Annotated[TransitionsBehind, Query()]) -> Response:
    """The customers whose entries a number of /v1/transitions counts, asked with the same parameters; `entries` are these entries."""
    service = service_of(request)
    put = await question.put(service, "entries", mode=question.mode, traits=question.trait_keys)
    counted, breakdown = question.counted(put.asked), await question.broken_down(service, put)
    if question.group is not None and breakdown is None:
        raise malformed("group", "needs a breakdown")
    entries = await asyncio.to_thread(_entries, put, counted, breakdown, question.group)
    return await people_behind(service, put.asked, question, entries["customer"], entries=entries.height)


def whole(asked: Asked, window: Window, filters: Filters) -> Transitions:
    """The transitions of all entries that the filters select, from the frame that was asked for."""
    if asked.ranked:
        return transitions_ranked(asked.ranked, asked.stages, window, filters)
    return transitions(asked.entries, asked.stages, window, filters)


def _answer(put: Put, breakdown: Breakdown | None, *, bars: bool) -> dict[str, Any]:
    asked, window, filters = put
    told = whole(asked, window, filters)
    answer: dict[str, Any] = _labelled(told["stages"], told["transitions"], asked.kept.model)
    if bars:
        histograms = distributions(asked.entries, window, filters)
        moves = [{**move, "histogram": histograms.get((move["from"], move["to"]), [])} for move in told["transitions"]]
        answer |= {"transitions": moves, "bounds": BOUNDS}
    if breakdown:
        groups = Grouped(asked.entries, window, filters, breakdown).flows(asked.stages)
        answer["groups"] = [{**group, **_labelled(group["stages"], group["transitions"], asked.kept.model)} for group in groups]
    return answer


def _labelled(flows: Sequence[StageFlow], moves: Sequence[Transition], model: StageModel) -> dict[str, Any]:
    labels = {stage.name: stage.labels for stage in model.stages}
    stages = [{**flow, "label": shapes.label(labels.get(flow["stage"], {}), flow["stage"])} for flow in flows]
    return {"stages": stages, "transitions": moves}


def _entries(put: Put, counted: Counted, breakdown: Breakdown | None, group: str | None) -> pl.DataFrame:
    asked, window, filters = put
    if breakdown is None or group is None:
        return counted.among(selected(asked.entries, filters).collect(), window)
    return counted.among(Grouped(asked.entries, window, filters, breakdown).of(group or None), window)
