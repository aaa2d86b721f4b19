"""Imports: the file as the body, kept in a folder of our own until its rows are stored."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.mapping import parse_mapping
from app.flow.imports import run_import
from app.http import shapes
from app.http.access import importer
from app.http.examples import IMPORT, IMPORT_BODY, IMPORT_STARTED
from app.http.parameters import JobId, Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.service import Options, service_of
from app.store.access import Key, Source, source_of
from app.store.connect import AWAY, Connection, connect
from app.store.imports import Import, add_import, next_import, read_import, read_reasons

POLL_SECONDS = 0.5
MAPPING_LENGTH_MAX = 64 * 1024
router = APIRouter(tags=["imports"])
log = structlog.get_logger("imports")


class ImportQuestion(Parameters):
    """How a file is read: `mapping` is YAML or JSON, not given: events of the Segment spec, one a line."""

    mapping: str | None = Field(default=None, max_length=MAPPING_LENGTH_MAX, description="how rows become events")
    source: Text | None = Field(default=None, description="the trusted source that the rows are of; a source's own key says it already")
    name: Text = Field(default="upload", description="what the file is called")


@router.post("/v1/imports", status_code=HTTPStatus.ACCEPTED, openapi_extra=IMPORT_BODY, responses=IMPORT_STARTED)
async def start_import(
    request: Request, key: Annotated[Key, Depends(importer)], question: Annotated[ImportQuestion, Query()]
) -> JSONResponse:
    """Take a file (CSV, TSV or NDJSON, gzip or not) of any size, and import it."""
    parse_mapping(question.mapping)
    service = service_of(request)
    async with service.pool.acquire() as connection:
        chosen = key.source or await _source(connection, question.source)
    incoming = service.options.imports_dir / f"incoming-{id(request):x}"
    try:
        size = await _receive(request, incoming)
        async with service.pool.acquire() as connection:
            job = await add_import(connection, chosen.id, question.name, msgspec.json.encode(question.mapping), size)
        incoming.rename(_file(service.options, job.id))
    finally:
        incoming.unlink(missing_ok=True)
    return JSONResponse(_job(job), HTTPStatus.ACCEPTED, {"Location": f"/v1/imports/{job.id}"})


@router.get("/v1/imports/{job}", responses=IMPORT, dependencies=[Depends(importer)])
async def get_import(job: JobId, request: Request) -> dict[str, Any]:
    """How far an import is, what became of its rows, and for which reasons rows were rejected."""
    async with service_of(request).pool.acquire() as connection:
        found = await read_import(connection, job)
        reasons = await read_reasons(connection, job) if found and found.rejected else []
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no import {job}")
    return {**_job(found), "reasons": [reason._asdict() for reason in reasons]}


async def run_imports(options: Options) -> None:
    """Work off the imports that wait, one after the other; while Postgres is away, come back."""
    while True:
        try:
            await _work_off(options)
        except AWAY as error:
            log.warning("imports wait for postgres", error=str(error) or type(error).__name__)
        await asyncio.sleep(POLL_SECONDS)


async def _work_off(options: Options) -> None:
    if not _waiting(options):
        return
    connection = await connect(options.dsn, application="waystage import")
    try:
        while (job := await next_import(connection, _waiting(options))) is not None:
            await run_import(connection, job, _file(options, job.id))
            _file(options, job.id).unlink(missing_ok=True)
    finally:
        connection.terminate()


async def _source(connection: Connection, name: str | None) -> Source:
    found = await source_of(connection, name) if name else None
    if found is None or not found.trusted:
        raise malformed("source", "names the trusted source that the rows are of; the admin key belongs to none")
    return found


async def _receive(request: Request, incoming: Path) -> int:
    incoming.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with incoming.open("wb") as kept:
        async for chunk in request.stream():
            size += len(chunk)
            await asyncio.to_thread(kept.write, chunk)
    return size


def _file(options: Options, job: int) -> Path:
    return options.imports_dir / f"import-{job}"


def _waiting(options: Options) -> list[int]:
    """The jobs whose files this process can read."""
    return [int(file.name.removeprefix("import-")) for file in options.imports_dir.glob("import-*")]


def _job(job: Import) -> dict[str, Any]:
    ended = job.finished_at or job.started_at
    elapsed = (ended - job.started_at).total_seconds() if job.started_at and ended else 0.0
    return {
        "id": job.id,
        "name": job.file,
        "state": job.state,
        "rows": job.rows,
        "accepted": job.accepted,
        "duplicates": job.duplicates,
        "rejected": job.rejected,
        "rows_per_second": round(job.rows / elapsed) if elapsed else None,
        "bytes_total": job.bytes_total,
        "bytes_read": job.bytes_read,
        "error": job.error,
        "created_at": shapes.instant(job.created_at),
        "started_at": shapes.instant(job.started_at),
        "finished_at": shapes.instant(job.finished_at),
    }
