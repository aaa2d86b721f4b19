"""Where the measuring happens: a cluster of its own, with fsync on, and processes over fresh databases in it."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
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
    _made: list[str] = field(default_factory=list)

    def database(self) -> str:
        """The DSN of a new database with the schema, keys, sources and the default stage model; it lasts as long as the rig."""
        name = self._name()
        self._run(f"create database {name}")
        asyncio.run(prepare(self.dsn(name), KEYS, (MODEL,), lambda _: None))
        return self.dsn(name)

    def copy_of(self, name: str, fill: Callable[[str], object]) -> str:
        """The DSN of a copy of a database of this name, which is made and filled where there is none, and stays in the folder."""
        if not self._run("select from pg_database where datname = $1", name):
            filled = self.database()
            fill(filled)
            self._run(f"alter database {self._made.pop()} rename to {name}")
        copy = self._name()
        self._run(f"create database {copy} template {name} strategy file_copy")
        return self.dsn(copy)

    def drop(self) -> None:
        """Drop the databases that do not stay."""
        for name in self._made:
            self._run(f"drop database {name} with (force)")

    def dsn(self, name: str) -> str:
        return urlunsplit(urlsplit(self.cluster.dsn)._replace(path=f"/{name}"))

    def _name(self) -> str:
        self._made.append(f"bench_{os.getpid()}_{next(self._numbers)}")
        return self._made[-1]

    def _run(self, statement: str, *values: object) -> list[Any]:
        async def run() -> list[Any]:
            connection = await connect(self.cluster.dsn, application="waystage bench")
            try:
                return [*await connection.fetch(statement, *values)]
            finally:
                await connection.close()

        return asyncio.run(run())

    def service(self, dsn: str) -> AbstractContextManager[Waystage]:
        """A collector and a worker."""
        return running(dsn, self.folder)


@contextmanager
def rig(folder: Path | None = None) -> Iterator[Rig]:
    """A cluster in this folder, or in a temporary one. Every user may enter it, since root's Postgres runs as another user."""
    place = folder or Path(tempfile.mkdtemp(prefix="waystage-bench-"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)
    try:
        cluster = start(place.resolve())
        made = Rig(cluster, place.resolve())
        try:
            yield made
        finally:
            made.drop()
            cluster.stop()
    finally:
        if folder is None:
            shutil.rmtree(place)


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
