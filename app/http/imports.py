"""Imports: the file as the body, kept in a folder of our own until its rows are stored; and how far each of them is."""

import asyncio
import csv
import errno
import io
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from app.domain.arriving.arrivals import as_text
from app.domain.arriving.mapping import parse_mapping
from app.http import shapes
from app.http.access import Caller, importer, named_source
from app.http.behind import neutral
from app.http.examples import IMPORT, IMPORT_BODY, IMPORT_REJECTS, IMPORT_STARTED, IMPORT_UNDONE, IMPORTS
from app.http.import_jobs import file_of, incoming_file
from app.http.parameters import JobId, Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.service import service_of
from app.store.connect import Pool
from app.store.imports import BEFORE_ALL, Import, Reject, add_import, list_imports, read_import, read_reasons, read_rejects
from app.store.undo import ask_to_undo

MAPPING_LENGTH_MAX = 64 * 1024
LIMIT_MAX = 500
router = APIRouter(tags=["imports"])


class ImportQuestion(Parameters):
    """How a file is read: `mapping` is YAML or JSON; without it and without a preset: events of the Segment spec, one a line."""

    mapping: str | None = Field(default=None, max_length=MAPPING_LENGTH_MAX, description="how rows become events")
    preset: Text | None = Field(default=None, description="the name of a mapping that comes with Waystage, in the place of `mapping`")
    source: Text | None = Field(default=None, description="the trusted source that the rows are of; a source's own key says it already")
    name: Text = Field(default="upload", description="what the file is called")
    dry_run: bool = Field(default=False, description="say what the import would do, and do nothing")

    def text(self) -> str | None:
        """The mapping's text, which can be used. Raises InvalidMapping."""
        if self.preset is not None and self.mapping is not None:
            raise malformed("preset", "stands in the mapping where there is one")
        text = self.mapping if self.preset is None else msgspec.json.encode({"preset": self.preset}).decode()
        parse_mapping(text)
        return text


class ImportsQuestion(Parameters):
    """Which imports: the newest first, `limit` of them before the cursor."""

    source: Text | None = Field(default=None, description="those of this trusted source; a source's own key says it already")
    cursor: int | None = Field(default=None, ge=1, lt=2**63, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX, description="imports a page")


class RejectsQuestion(Parameters):
    """How rejected rows are written."""

    format: Literal["ndjson", "csv"] = Field(default="ndjson", description="a JSON object a line, or a table")


@router.post("/v1/imports", status_code=HTTPStatus.ACCEPTED, openapi_extra=IMPORT_BODY, responses=IMPORT_STARTED)
async def start_import(
    request: Request, caller: Annotated[Caller, Depends(importer)], question: Annotated[ImportQuestion, Query()]
) -> JSONResponse:
    """Take a file (NDJSON, JSON, CSV, TSV or Parquet, packed or not) of any size, and import it."""
    mapping, service = question.text(), service_of(request)
    async with service.pool.acquire() as connection:
        chosen = caller.source or await named_source(connection, question.source)
    incoming = incoming_file(service.options, id(request))
    try:
        size = await _receive(request, incoming)
        async with service.pool.acquire() as connection, connection.transaction():
            job = await add_import(connection, chosen.id, question.name, msgspec.json.encode(mapping), size, dry_run=question.dry_run)
            incoming.rename(file_of(service.options, job.id))
    finally:
        incoming.unlink(missing_ok=True)
    return JSONResponse(_job(job), HTTPStatus.ACCEPTED, {"Location": f"/v1/imports/{job.id}"})


@router.get("/v1/imports", responses=IMPORTS)
async def get_imports(
    request: Request, caller: Annotated[Caller, Depends(importer)], question: Annotated[ImportsQuestion, Query()]
) -> dict[str, Any]:
    """Imports and how far they are, the newest first."""
    async with service_of(request).pool.acquire() as connection:
        source = caller.source or (await named_source(connection, question.source) if question.source else None)
        found = await list_imports(connection, source and source.id, question.cursor, question.limit + 1)
    page = found[: question.limit]
    return {"imports": [_job(job) for job in page], "next": page[-1].id if len(found) > len(page) else None}


@router.get("/v1/imports/{job}", responses=IMPORT)
async def get_import(job: JobId, request: Request, caller: Annotated[Caller, Depends(importer)]) -> dict[str, Any]:
    """How far an import is, what became of its rows, and for which reasons rows were rejected; of a dry run its report."""
    async with service_of(request).pool.acquire() as connection:
        found = _found(await read_import(connection, job), job, caller)
        reasons = await read_reasons(connection, job) if found.rejected else []
    report = msgspec.json.decode(found.report) if found.report else None
    return {**_job(found), "reasons": [reason._asdict() for reason in reasons], "report": report}


@router.get("/v1/imports/{job}/rejects", response_class=StreamingResponse, responses=IMPORT_REJECTS)
async def get_rejects(
    job: JobId, request: Request, caller: Annotated[Caller, Depends(importer)], question: Annotated[RejectsQuestion, Query()]
) -> StreamingResponse:
    """The rows of an import that were rejected, each with its line and reason. Those replayed since are not among them.

    As NDJSON they are as they were; in a table a cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    pool = service_of(request).pool
    async with pool.acquire() as connection:
        _found(await read_import(connection, job), job, caller)
    written = _as_csv if question.format == "csv" else _as_ndjson
    headers = {"Content-Disposition": f'attachment; filename="import-{job}.rejects.{question.format}"'}
    return StreamingResponse(written(_rejects(pool, job)), media_type=_MEDIA[question.format], headers=headers)


@router.delete("/v1/imports/{job}", status_code=HTTPStatus.ACCEPTED, responses=IMPORT_UNDONE)
async def undo_import(job: JobId, request: Request, caller: Annotated[Caller, Depends(importer)]) -> dict[str, Any]:
    """Take an import back: exactly its events and their message ids leave, and the journeys that they concerned are derived again.

    The state is `undoing` until it is `undone`. An import that still runs writes no further row.
    """
    async with service_of(request).pool.acquire() as connection:
        _found(await read_import(connection, job), job, caller)
        await ask_to_undo(connection, job)
        return _job(_found(await read_import(connection, job), job, caller))


_MEDIA = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


async def _rejects(pool: Pool, job: int) -> AsyncIterator[list[Reject]]:
    """Some at a time; who takes them slowly holds no connection."""
    after = BEFORE_ALL
    while True:
        async with pool.acquire() as connection:
            some, after = await read_rejects(connection, job, after)
        if not some:
            return
        yield some


async def _as_ndjson(rejects: AsyncIterator[list[Reject]]) -> AsyncIterator[bytes]:
    async for some in rejects:
        yield b"".join(msgspec.json.encode(one._asdict() | {"row": as_text(one.row)}) + b"\n" for one in some)


async def _as_csv(rejects: AsyncIterator[list[Reject]]) -> AsyncIterator[bytes]:
    yield _table([Reject._fields])
    async for some in rejects:
        yield _table([(*one[:-1], as_text(one.row)) for one in some])


def _table(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode()


async def _receive(request: Request, incoming: Path) -> int:
    incoming.parent.mkdir(parents=True, exist_ok=True)
    if int(request.headers.get("content-length", 0)) > shutil.disk_usage(incoming.parent).free:
        raise _no_room()
    size = 0
    try:
        with incoming.open("wb") as kept:
            async for chunk in request.stream():
                size += await asyncio.to_thread(kept.write, chunk)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _no_room() from error
    return size


def _no_room() -> ProblemError:
    detail = "the file does not fit on the disk of the service"
    return ProblemError(HTTPStatus.INSUFFICIENT_STORAGE, detail, headers={"Connection": "close"})


def _found(job: Import | None, number: int, caller: Caller) -> Import:
    """An import that the caller may see: one of their own source, or with the admin key any."""
    if job is None or (caller.source and caller.source.id != job.source_id):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no import {number}")
    return job


def _job(job: Import) -> dict[str, Any]:
    elapsed = ((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds() if job.started_at else 0.0
    left = elapsed * (job.bytes_total - job.bytes_read) / job.bytes_read if job.state == "running" and job.bytes_read else None
    return {
        "id": job.id,
        "name": job.file,
        "state": job.state,
        "dry_run": job.dry_run,
        "rows": job.rows,
        "accepted": job.accepted,
        "duplicates": job.duplicates,
        "rejected": job.rejected,
        "undone": job.undone,
        "rows_per_second": round(job.rows / elapsed) if elapsed else None,
        "seconds_left": None if left is None else round(left, 1),
        "bytes_total": job.bytes_total,
        "bytes_read": job.bytes_read,
        "error": job.error,
        "created_at": shapes.instant(job.created_at),
        "started_at": shapes.instant(job.started_at),
        "finished_at": shapes.instant(job.finished_at),
    }
