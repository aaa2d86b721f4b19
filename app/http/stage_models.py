"""Stage models: which there are, their versions, and how the operator puts, chooses and drops one of their own."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.journeys.stages import PRESETS, parse_model, preset, preset_text
from app.flow.stage_models import BUILT_IN, UnknownVersionError, activate_version, delete_draft, put_model
from app.http import shapes
from app.http.access import admin, reader
from app.http.body import read_body
from app.http.examples_stage_models import (
    DRAFT_DELETED,
    PRESET_DOCUMENTS,
    STAGE_MODEL_BODY,
    STAGE_MODEL_KEPT,
    STAGE_MODELS,
    STAGES,
    VERSION,
    VERSION_CHANGED,
    VERSIONS,
)
from app.http.parameters import Parameters
from app.http.problems import ProblemError, malformed
from app.http.service import service_of
from app.store.connect import Connection
from app.store.journeys import totals
from app.store.stage_models import ACTIVE, DERIVING, KNOWN, WAITING, KeptModel, read_models
from app.store.touched import background_customers

MODEL_BYTES_MAX = 256 * 1024
ModelName = Annotated[str, Path(pattern=r"^[^\x00]*$", description="name of the stage model, as the document says it")]
VersionNumber = Annotated[int, Path(ge=1, lt=2**31, description="number of the version")]
READER, ADMIN = [Depends(reader)], [Depends(admin)]
router = APIRouter(tags=["stage models"])


class PutQuestion(Parameters):
    """How a model is put."""

    draft: bool = Field(default=False, description="derive it beside the active version, and do not switch to it")


class VersionQuestion(Parameters):
    """How a version is shown."""

    format: Literal["json", "yaml"] = Field(default="json", description="yaml is the document alone")


@router.get("/v1/stages", dependencies=READER, responses=STAGES)
async def stages(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The stage models that are active, or on their way, with stages, labels and rules."""
    async with service_of(request).pool.acquire() as connection:
        kept_models = await read_models(connection, ACTIVE, DERIVING, WAITING)
    return {"models": [shapes.model(kept) for kept in kept_models if not kept.draft]}


@router.put(
    "/v1/stage-models/{name}",
    dependencies=ADMIN,
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=STAGE_MODEL_BODY,
    responses=STAGE_MODEL_KEPT,
)
async def put_stage_model(name: ModelName, request: Request, question: Annotated[PutQuestion, Query()]) -> dict[str, Any]:
    """Keep a stage model of the operator's own (YAML or JSON); everybody is derived again beside the active version."""
    text = await read_body(request, MODEL_BYTES_MAX)
    try:
        model = parse_model(text.decode())
    except UnicodeDecodeError as error:
        raise malformed("body", "is YAML in UTF-8") from error
    if model.name != name:
        raise malformed("model", f"is {model.name} in the body and {name} in the path")
    async with service_of(request).pool.acquire() as connection:
        version = await put_model(connection, model, draft=question.draft)
        kept = await _version(connection, name, version)
    return {"model": name, "version": version, "state": kept.state}


@router.get("/v1/stage-models", dependencies=READER, responses=STAGE_MODELS)
async def stage_models(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Every stage model with its versions, the newest first."""
    async with service_of(request).pool.acquire() as connection:
        kept_models = await read_models(connection, *KNOWN)
        left = await _left(connection, kept_models)
    by_name = groupby(kept_models, key=lambda kept: kept.model.name)
    return {"models": [_model(name, [*versions], left) for name, versions in by_name]}


@router.get("/v1/stage-models/presets", dependencies=READER, responses=PRESET_DOCUMENTS)
async def presets(_: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The documents of the stage models that come with the service, active or not: what one of the operator's own can begin as."""
    return {"presets": [{"model": name, "labels": dict(preset(name).labels), "yaml": preset_text(name)} for name in PRESETS]}


@router.get("/v1/stage-models/{name}/versions", dependencies=READER, responses=VERSIONS)
async def versions(name: ModelName, request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The versions of a stage model, the newest first, each with the customers that are still to be derived by it."""
    async with service_of(request).pool.acquire() as connection:
        kept_models = await read_models(connection, *KNOWN, name=name)
        left = await _left(connection, kept_models)
    if not kept_models:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"no stage model is called {name}")
    return {"model": name, "versions": [_shown(kept, left) for kept in reversed(kept_models)]}


@router.get("/v1/stage-models/{name}/versions/{version}", dependencies=READER, responses=VERSION)
async def version_of(name: ModelName, version: VersionNumber, request: Request, question: Annotated[VersionQuestion, Query()]) -> Response:
    """A version with its document, whether anybody is derived by it or not."""
    async with service_of(request).pool.acquire() as connection:
        kept = await _version(connection, name, version)
        left = await _left(connection, [kept])
    if question.format == "yaml":
        return Response(kept.model.text, media_type="application/yaml")
    return JSONResponse({**_shown(kept, left), **shapes.model(kept), "document": kept.model.document, "yaml": kept.model.text})


@router.post("/v1/stage-models/{name}/versions/{version}/activate", dependencies=ADMIN, responses=VERSION_CHANGED)
async def activate(name: ModelName, version: VersionNumber, request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Make a version the one that answers: at once where everybody is derived by it, else as soon as that is so."""
    async with service_of(request).pool.acquire() as connection:
        await activate_version(connection, name, version)
        kept = await _version(connection, name, version)
        return _shown(kept, await _left(connection, [kept]))


@router.delete("/v1/stage-models/{name}/versions/{version}", dependencies=ADMIN, responses=DRAFT_DELETED)
async def delete(name: ModelName, version: VersionNumber, request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Forget a draft, with what was derived by it; its number is not given again."""
    async with service_of(request).pool.acquire() as connection:
        await delete_draft(connection, name, version)
    return {"model": name, "version": version}


async def _version(connection: Connection, name: str, version: int) -> KeptModel:
    for kept in await read_models(connection, *KNOWN, name=name):
        if kept.version == version:
            return kept
    raise UnknownVersionError(version)


async def _left(connection: Connection, kept_models: Sequence[KeptModel]) -> Mapping[str, int]:
    """How many customers are still to be derived by versions in a state; asked only of states that there are."""
    states = {kept.state for kept in kept_models}
    left = {DERIVING: await background_customers(connection)} if DERIVING in states else {}
    return left | ({WAITING: (await totals(connection)).customers} if WAITING in states else {})


def _model(name: str, kept_models: Sequence[KeptModel], left: Mapping[str, int]) -> dict[str, Any]:
    active = [kept for kept in kept_models if kept.state == ACTIVE]
    return {
        "model": name,
        "labels": dict((active or kept_models)[-1].model.labels),
        "built_in": name in BUILT_IN,
        "active": active[0].version if active else None,
        "versions": [_shown(kept, left) for kept in reversed(kept_models)],
    }


def _shown(kept: KeptModel, left: Mapping[str, int]) -> dict[str, Any]:
    return {
        "model": kept.model.name,
        "version": kept.version,
        "state": kept.state,
        "draft": kept.draft or kept.state == "draft",
        "created_at": shapes.instant(kept.created_at),
        "customers_left": left.get(kept.state, 0),
    }
