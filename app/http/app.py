"""The application: its routes, and what lives as long as it does."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI

from app.flow.boot import until_current
from app.flow.collect import Collector
from app.http import explain, health, imports, openapi, pages, people, problems, questions, rebuilds, write
from app.http.keyring import KeyRing
from app.http.metrics import Metrics
from app.http.service import Options, Service
from app.store.connect import close_pool, open_pool
from app.store.resident import Resident

READ_CONNECTIONS = 8
STATEMENT_SECONDS = 30.0
CANCEL_SECONDS = 1.0
GARBAGE_MAX = 10_000
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
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for module in (write, questions, people, imports, rebuilds, explain, health, pages):
        app.include_router(module.router)
    app.include_router(pages.script_route(options.script_path))
    problems.install(app)
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
        collector, keys, resident = Collector(options.dsn), KeyRing(pool), Resident(pool)
        stack.push_async_callback(_drained, _begun(collector.run()), collector)
        stack.push_async_callback(_cancelled, _begun(_follow(options, keys, resident)))
        yield Service(options, pool, collector, keys, resident, Metrics())


async def _follow(options: Options, keys: KeyRing, resident: Resident) -> None:
    """Once Postgres is there and its schema is this program's: keep keys and frames up to date, and work off imports."""
    await until_current(options.dsn)
    await asyncio.gather(keys.run(), resident.follow(), imports.run_imports(options))


def _begun(background: Coroutine[None, None, None]) -> "asyncio.Task[None]":
    """A task without which the process is of no use: where it fails, the process ends."""
    task = asyncio.create_task(background)
    task.add_done_callback(_end_with)
    return task


def _end_with(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("the process ends", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _drained(running: "asyncio.Task[None]", collector: Collector) -> None:
    collector.close()
    await running


async def _cancelled(running: "asyncio.Task[None]") -> None:
    """End a task; one that waits for a Postgres that does not answer is left to end with its connections."""
    running.cancel()
    await asyncio.wait({running}, timeout=CANCEL_SECONDS)
