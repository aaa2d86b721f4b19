"""Rebuilds: asked for here, done by the worker."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request

from app.http import shapes
from app.http.access import admin
from app.http.examples import REBUILD, REBUILD_STARTED
from app.http.parameters import JobId
from app.http.problems import ProblemError
from app.http.service import service_of
from app.store import rebuilds

router = APIRouter(tags=["operation"], dependencies=[Depends(admin)])


@router.post("/v1/rebuilds", status_code=HTTPStatus.ACCEPTED, responses=REBUILD_STARTED)
async def start_rebuild(request: Request) -> dict[str, Any]:
    """Derive everything again from the events, between the worker's live rounds."""
    async with service_of(request).pool.acquire() as connection:
        return _shown(await rebuilds.read(connection, await rebuilds.ask(connection)))


@router.get("/v1/rebuilds/{rebuild}", responses=REBUILD)
async def get_rebuild(rebuild: JobId, request: Request) -> dict[str, Any]:
    """How many of all customers are derived again, and how many differed."""
    async with service_of(request).pool.acquire() as connection:
        return _shown(await rebuilds.read(connection, rebuild))


def _shown(rebuild: rebuilds.Rebuild | None) -> dict[str, Any]:
    if rebuild is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such rebuild")
    return {
        "id": rebuild.id,
        "state": rebuild.state,
        "done": rebuild.done,
        "total": rebuild.total,
        "changed": rebuild.changed,
        "created_at": shapes.instant(rebuild.created_at),
        "finished_at": shapes.instant(rebuild.finished_at),
    }
