"""Whether the process lives, whether it is ready to take events, and what it counts."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from app.http.access import reader
from app.http.examples import METRICS, READY
from app.http.metrics import FailedEvents
from app.http.problems import ProblemError
from app.http.service import service_of
from app.store.accounts import read_accounts
from app.store.connect import AWAY
from app.store.failed_events import count_kept, count_reasons
from app.store.touched import backlog, stuck

READY_SECONDS = 0.8
router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def live() -> dict[str, str]:
    """The process answers, whatever Postgres does."""
    return {"status": "live"}


@router.get("/readyz", responses=READY)
async def ready(request: Request) -> dict[str, str]:
    """Events can be stored: the keys are read, Postgres answers within 0.8 s, and no stop is under way; else 503 with the cause."""
    service = service_of(request)
    if service.leaving.is_set():
        raise _not_ready("the process is stopping")
    if not service.keys.known:
        raise _not_ready("the keys are not read yet")
    try:
        async with asyncio.timeout(READY_SECONDS), service.pool.acquire(timeout=READY_SECONDS):
            return {"status": "ready"}
    except AWAY as error:
        raise _not_ready(f"Postgres does not answer: {error or type(error).__name__}") from error


@router.get("/metrics", dependencies=[Depends(reader)], response_class=PlainTextResponse, responses=METRICS)
async def metrics(request: Request) -> Response:
    """Prometheus metrics: received = stored + duplicate + failed over all bodies answered 200; refused requests by path and status."""
    service = service_of(request)
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        accounts, waiting, aside = await read_accounts(connection), await backlog(connection), await stuck(connection)
        failed_events = FailedEvents(await count_reasons(connection), await count_kept(connection))
    text = service.metrics.render(accounts, waiting, aside, service.collector.waiting_events, failed_events)
    return Response(text, media_type="text/plain; version=0.0.4")


def _not_ready(cause: str) -> ProblemError:
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, cause, headers={"Retry-After": "1"})
