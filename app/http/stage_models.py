"""Stage models: which there are, and how the operator puts one of their own."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from app.domain.stages import parse_model
from app.flow.stage_models import put_model
from app.http import shapes
from app.http.access import admin, reader
from app.http.body import read_body
from app.http.examples import STAGE_MODEL_BODY, STAGE_MODEL_KEPT, STAGES
from app.http.parameters import Parameters
from app.http.problems import malformed
from app.http.service import service_of
from app.store.stage_models import ACTIVE, DERIVING, WAITING, read_models

MODEL_BYTES_MAX = 256 * 1024
ModelName = Annotated[str, Path(description="name of the stage model, as the document says it")]
router = APIRouter(tags=["stage models"])


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
