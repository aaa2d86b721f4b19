"""Where the measuring happens: a cluster of its own, with fsync on, and processes over fresh databases in it."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from app.flow.boot import prepare
from app.store.cluster import Cluster, start
from app.store.connect import connect
from tests.service import KEYS, ROOT, Waystage, free_port, ready, running, until

MODEL = "journey-5"


@dataclass
class Rig:
    """A cluster and a folder for whatever else is kept."""

    cluster: Cluster
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def database(self) -> str:
        """The DSN of a new database with the schema, keys, sources and the default stage model."""
        dsn = urlunsplit(urlsplit(self.cluster.dsn)._replace(path=f"/bench_{next(self._numbers)}"))
        asyncio.run(self._create(dsn))
        return dsn

    async def _create(self, dsn: str) -> None:
        connection = await connect(self.cluster.dsn, application="waystage bench")
        await connection.execute(f"create database {urlsplit(dsn).path[1:]}")
        await connection.close()
        await prepare(dsn, KEYS, (MODEL,), lambda _: None)

    def service(self, dsn: str) -> AbstractContextManager[Waystage]:
        """A collector and a worker."""
        return running(dsn, self.folder)


@contextmanager
def rig() -> Iterator[Rig]:
    """The cluster is made in a temporary folder that every user may enter, since root's Postgres runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="waystage-bench-")).resolve()
    folder.chmod(0o755)
    try:
        cluster = start(folder)
        try:
            yield Rig(cluster, folder)
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class NoOp:
    """A process with one route that does nothing."""

    url: str
    pid: int


@contextmanager
def no_op() -> Iterator[NoOp]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "bench.no_op", str(port)], cwd=ROOT) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: ready(url), "the route that does nothing answers")
            yield NoOp(url, process.pid)
        finally:
            process.terminate()


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """The memory that a process holds (RSS), in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
