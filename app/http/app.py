"""The application: its routes, and what lives as long as it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from fastapi import FastAPI

from app.flow.collect import Collector
from app.http import explain, health, imports, pages, people, problems, questions, rebuilds, write
from app.http.keyring import KeyRing
from app.http.metrics import Metrics
from app.http.service import Options, Service
from app.store.connect import close_pool, open_pool
from app.store.resident import Resident

READ_CONNECTIONS = 8
STATEMENT_SECONDS = 30.0


def create_app(options: Options) -> FastAPI:
    """The collector's and the questions' application over one database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _service(options) as service:
            app.state.service = service
            yield

    app = FastAPI(
        title="Waystage",
        description="Event tracking that answers stage-transition questions about customer journeys.",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    for module in (write, questions, people, imports, rebuilds, explain, health, pages):
        app.include_router(module.router)
    app.include_router(pages.script_route(options.script_path))
    problems.install(app)
    return app


@asynccontextmanager
async def _service(options: Options) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        pool = await open_pool(options.dsn, size=READ_CONNECTIONS, application="waystage http", statement_seconds=STATEMENT_SECONDS)
        stack.push_async_callback(close_pool, pool)
        collector, keys, resident = Collector(options.dsn), KeyRing(pool), Resident(pool)
        stack.push_async_callback(_drained, asyncio.create_task(collector.run()), collector)
        for background in (keys.run(), resident.follow(), imports.run_imports(options)):
            stack.push_async_callback(_cancelled, asyncio.create_task(background))
        yield Service(options, pool, collector, keys, resident, Metrics())


async def _drained(running: "asyncio.Task[None]", collector: Collector) -> None:
    collector.close()
    await running


async def _cancelled(running: "asyncio.Task[None]") -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
