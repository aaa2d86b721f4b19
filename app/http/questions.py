"""Questions about stages: answered from the resident frames, as of the snapshot that brought them up to date."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.funnel import funnel
from app.domain.stages import parse_model
from app.domain.transitions import Filters, selected, transitions
from app.domain.windows import parse_duration, parse_window
from app.flow.stage_models import put_model
from app.http import shapes
from app.http.access import admin, reader
from app.http.body import read_body
from app.http.examples import FUNNEL, STAGE_MODEL_BODY, STAGE_MODEL_KEPT, STAGES, TRANSITIONS
from app.http.parameters import Parameters, Text, Texts
from app.http.problems import malformed
from app.http.service import Service, service_of
from app.store.access import source_of
from app.store.resident import Asked
from app.store.stage_models import ACTIVE, DERIVING, WAITING, read_models

DEFAULT_MODEL = "journey-5"
MODEL_BYTES_MAX = 256 * 1024
STEPS_MAX = 20
ModelName = Annotated[str, Path(description="name of the stage model, as the document says it")]
router = APIRouter(tags=["questions"])


class Question(Parameters):
    """What every question about stages may say: model, window [from, to) in a named time zone, and filters of entries by their touch."""

    model: Text = Field(default=DEFAULT_MODEL, description="name of an active stage model")
    from_: Text | None = Field(default=None, alias="from", description="instant or date; not given: unbounded")
    to: Text | None = Field(default=None, description="instant or date; not given: as_of")
    timezone: Text | None = Field(default=None, description="name of the time zone database; not given: UTC")
    channel: Text | None = Field(default=None, description="channel of the touch, as in paid_search")
    utm_source: Text | None = Field(default=None, description="source of the touch's campaign")
    utm_medium: Text | None = Field(default=None, description="medium of the touch's campaign")
    utm_campaign: Text | None = Field(default=None, description="name of the touch's campaign")
    device: Text | None = Field(default=None, description="device of the touch: desktop, mobile, tablet ...")
    country: Text | None = Field(default=None, description="country of the touch")
    source: Text | None = Field(default=None, description="name of a source")

    async def filters(self, service: Service) -> Filters:
        return Filters(
            self.channel, self.utm_source, self.utm_medium, self.utm_campaign, self.device, self.country, await self._source(service)
        )

    async def _source(self, service: Service) -> int | None:
        if self.source is None:
            return None
        async with service.pool.acquire() as connection:
            found = await source_of(connection, self.source)
        if found is None:
            raise malformed("source", f"no source is called {self.source}")
        return found.id


class TransitionsQuestion(Question):
    """`mode` every counts each entry, first only each customer's first entry into each stage."""

    mode: Literal["every", "first"] = Field(default="every", description="which entries count")


class FunnelQuestion(Question):
    """`steps` are stages in order, parted by commas; `within` is the span from the first step, as in 14d."""

    steps: Texts = Field(description="stages in order, parted by commas", examples=["consideration,decision,purchase"])
    within: Text = Field(default="14d", description="span from the first step: a whole number and s, m, h, d or w")


@router.get("/v1/stages", dependencies=[Depends(reader)], responses=STAGES)
async def stages(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The stage models that are active, or being derived, with stages, labels and rules."""
    async with service_of(request).pool.acquire() as connection:
        return {"models": [shapes.model(kept) for kept in await read_models(connection, ACTIVE, DERIVING, WAITING)]}


@router.put(
    "/v1/stage-models/{name}",
    dependencies=[Depends(admin)],
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=STAGE_MODEL_BODY,
    responses=STAGE_MODEL_KEPT,
)
async def put_stage_model(name: ModelName, request: Request) -> dict[str, Any]:
    """Keep a stage model of the operator's own (YAML or JSON); everybody is derived again beside the active version."""
    text = await read_body(request, MODEL_BYTES_MAX)
    try:
        model = parse_model(text.decode())
    except UnicodeDecodeError as error:
        raise malformed("body", "is YAML in UTF-8") from error
    if model.name != name:
        raise malformed("model", f"is {model.name} in the body and {name} in the path")
    async with service_of(request).pool.acquire() as connection:
        version = await put_model(connection, model)
        kept = [kept for kept in await read_models(connection, ACTIVE, DERIVING, WAITING) if kept.model.name == name]
    return {"model": name, "version": version, "state": kept[-1].state}


@router.get("/v1/transitions", dependencies=[Depends(reader)], responses=TRANSITIONS)
async def ask_transitions(request: Request, question: Annotated[TransitionsQuestion, Query()]) -> JSONResponse:
    """Who moved from which stage to which, how many, after how long; `from: null` is a journey's beginning, dwell is in seconds."""
    service = service_of(request)
    filters = await question.filters(service)
    asked = await service.resident.ask(question.model, question.mode)
    window = parse_window(question.from_, question.to, question.timezone, asked.snapshot.as_of)
    answer = await asyncio.to_thread(transitions, asked.entries, asked.stages, window, filters)
    labels = {stage.name: stage.labels for stage in asked.kept.model.stages}
    named = [{**flow, "label": shapes.label(labels.get(flow["stage"], {}), flow["stage"])} for flow in answer["stages"]]
    head = {"model": question.model, "version": asked.kept.version, "mode": question.mode, **shapes.window(window, asked.snapshot.as_of)}
    return JSONResponse({**head, "stages": named, "transitions": answer["transitions"]})


@router.get("/v1/funnel", dependencies=[Depends(reader)], responses=FUNNEL)
async def ask_funnel(request: Request, question: Annotated[FunnelQuestion, Query()]) -> JSONResponse:
    """How far customers get through stages in order, within a span from the first: converted, still in window, dropped."""
    service = service_of(request)
    within = parse_duration("within", question.within)
    filters = await question.filters(service)
    asked = await service.resident.ask(question.model, "every")
    steps = _steps(question.steps, asked)
    as_of = asked.snapshot.as_of
    window = parse_window(question.from_, question.to, question.timezone, as_of)
    chosen = await asyncio.to_thread(lambda: selected(asked.entries, filters).collect())
    answer = await asyncio.to_thread(funnel, chosen, steps, within, window, as_of)
    head = {"model": question.model, "version": asked.kept.version, "within": question.within, **shapes.window(window, as_of)}
    return JSONResponse({**head, "steps": answer})


def _steps(text: str, asked: Asked) -> list[str]:
    steps = text.split(",")
    if not 1 <= len(steps) <= STEPS_MAX:
        raise malformed("steps", f"names 1 to {STEPS_MAX} stages")
    unknown = [step for step in steps if step not in asked.stages]
    if unknown:
        raise malformed("steps", f"{unknown[0]!r} is no stage of {asked.kept.model.name}")
    return steps
