"""A Postgres of its own for tests that stop, crash or block it."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.store.cluster import Cluster, start
from app.store.connect import connect
from tests.service import PATIENCE


@dataclass
class Postgres:
    """A cluster of these tests' own, which they stop and start."""

    folder: Path
    cluster: Cluster

    def crash(self) -> None:
        """End it at once, as a power cut would: no session is told, no checkpoint is written."""
        os.kill(self.cluster.pid, signal.SIGQUIT)
        assert self.cluster.wait(PATIENCE)

    def start(self) -> None:
        self.cluster = start(self.folder, settings={"fsync": "off"})


@asynccontextmanager
async def locked(dsn: str, table: str) -> AsyncIterator[None]:
    connection = await connect(dsn, application="test")
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in access exclusive mode")
            yield
    finally:
        await connection.close()
