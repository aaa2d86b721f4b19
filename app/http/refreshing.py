"""What a process knows of Postgres without asking it at each request: read again every few seconds."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.store.connect import AWAY

REFRESH_SECONDS = 5.0
REFRESH_SECONDS_MAX = 2.0
FIRST_SECONDS = 0.2
log = structlog.get_logger("refreshing")


async def keep_fresh(what: str, refresh: Callable[[], Awaitable[None]], known: Callable[[], bool]) -> None:
    """Call `refresh` every 5 s for ever, so that a change takes effect within 10 s; sooner until something is known at all."""
    while True:
        try:
            await refresh()
        except AWAY as error:
            log.warning("not read", what=what, error=str(error) or type(error).__name__)
        await asyncio.sleep(REFRESH_SECONDS if known() else FIRST_SECONDS)
