"""The application: its routes, and what lives as long as it does."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI

from app.flow.boot import until_current
from app.flow.collect import Collector
from app.flow.spool import Spool
from app.http import (
    attributions,
    blocked_values,
    explain,
    explain_stages,
    failed_events,
    funnels,
    health,
    identity,
    import_jobs,
    imports,
    journey_maps,
    keys,
    links,
    live,
    logins,
    losses,
    names,
    openapi,
    pages,
    paths,
    people,
    problems,
    rebuilds,
    snippet,
    sources,
    stage_comparisons,
    stage_models,
    stalls,
    touchpoints,
    traits,
    transitions,
    verify,
    webhooks,
    write,
)
from app.http.cookies import Renewing
from app.http.keyring import KeyRing
from app.http.listening import Listening
from app.http.metrics import Metrics
from app.http.packing import Packing
from app.http.service import Options, Service
from app.http.webhook_ring import WebhookRing
from app.store.connect import close_pool, open_pool
from app.store.resident import Resident

READ_CONNECTIONS = 8
STATEMENT_SECONDS = 30.0
CANCEL_SECONDS = 1.0
GARBAGE_MAX = 10_000
ROUTED = (
    write,
    transitions,
    funnels,
    paths,
    journey_maps,
    stalls,
    touchpoints,
    attributions,
    stage_models,
    stage_comparisons,
    people,
    sources,
    identity,
    blocked_values,
    traits,
    names,
    imports,
    keys,
    links,
    webhooks,
    failed_events,
    live,
    losses,
    rebuilds,
    verify,
    explain,
    explain_stages,
    health,
    logins,
    pages,
    snippet,
)
log = structlog.get_logger("http")


def create_app(options: Options) -> FastAPI:
    """The collector's and the questions' application over one database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _service(options) as service:
            app.state.service = service
            _settle_garbage()
            yield

    app = FastAPI(
        title="Waystage",
        description="Event tracking that answers stage-transition questions about customer journeys.",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for module in ROUTED:
        app.include_router(module.router)
    app.include_router(snippet.script_routes(options.script_path))
    problems.install(app)
    app.add_middleware(Renewing)
    app.add_middleware(Packing)
    openapi.describe(app)
    return app


def _settle_garbage() -> None:
    """What lives as long as the process is not looked through again: a look at all of it takes 100 ms in which nobody is answered."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_MAX)


@asynccontextmanager
async def _service(options: Options) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        pool = await open_pool(options.dsn, size=READ_CONNECTIONS, application="waystage http", statement_seconds=STATEMENT_SECONDS)
        stack.push_async_callback(close_pool, pool)
        collector, ring, resident = Collector(options.dsn), KeyRing(pool), Resident(pool)
        stack.push_async_callback(_drained, _begun(collector.run()), collector)
        metrics = Metrics()
        spool = Spool(options.spool_dir, collector, options.secret, metrics.lose)
        metrics.watch_spool(lambda: spool.size)
        stack.push_async_callback(_drained, _begun(spool.run()), spool)
        hooks, listening = WebhookRing(pool, options.secret), Listening(pool)
        stack.push_async_callback(_cancelled, _begun(_follow(options, ring.run, hooks.run, resident.follow, listening.run)))
        yield Service(options, pool, collector, ring, hooks, resident, metrics, spool, listening)


async def _follow(options: Options, *following: Callable[[], Coroutine[None, None, None]]) -> None:
    """Once Postgres is there and its schema is this program's: keep keys and frames up to date, listen, and work off imports."""
    await until_current(options.dsn)
    await asyncio.gather(*(follow() for follow in following), import_jobs.run_imports(options))


def _begun(background: Coroutine[None, None, None]) -> "asyncio.Task[None]":
    """A task without which the process is of no use: where it fails, the process ends."""
    task = asyncio.create_task(background)
    task.add_done_callback(_end_with)
    return task


def _end_with(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("the process ends", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _drained(running: "asyncio.Task[None]", draining: Collector | Spool) -> None:
    draining.close()
    await running


async def _cancelled(running: "asyncio.Task[None]") -> None:
    """End a task; one that waits for a Postgres that does not answer is left to end with its connections."""
    running.cancel()
    await asyncio.wait({running}, timeout=CANCEL_SECONDS)
