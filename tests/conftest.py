"""Fixtures: one Postgres for the run, a database cloned from a migrated template for each test, and running services."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import settings

from app.flow.boot import prepare
from app.store.cluster import Cluster, start
from app.store.connect import Connection, connect
from tests.service import KEYS, ORACLES, Waystage, running

MODELS = ("journey-5", "each_event_name")
_numbers = itertools.count(1)
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def on(cluster: Cluster, database: str) -> str:
    """The DSN of another database of the cluster."""
    return urlunsplit(urlsplit(cluster.dsn)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's own are not: root's Postgres runs as another user."""
    path = Path(tempfile.mkdtemp(prefix="waystage-tests-")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def cluster(open_folder: Path) -> Iterator[Cluster]:
    """The bundled Postgres, without fsync: a killed process loses nothing by that, only a killed machine would."""
    started = start(open_folder, settings={"fsync": "off", "max_connections": "200"})
    yield started
    started.stop()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """A migrated database with keys, sources and active stage models, from which each test's own is cloned."""

    async def make() -> None:
        await _execute(cluster, "create database waystage_template")
        await prepare(on(cluster, "waystage_template"), KEYS, MODELS, lambda _: None)

    asyncio.run(make())
    return "waystage_template"


@pytest.fixture
def database(cluster: Cluster, template: str) -> Iterator[str]:
    """The DSN of a database of the test's own."""
    with cloned(cluster, template) as dsn:
        yield dsn


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    opened = await connect(database, application="waystage test")
    yield opened
    await opened.close()


@pytest.fixture
def waystage(database: str, tmp_path: Path) -> Iterator[Waystage]:
    """A collector and a worker of the test's own."""
    with running(database, tmp_path) as service:
        yield service


@pytest.fixture(scope="session")
def shared_waystage(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A collector and a worker that tests share: each uses ids of its own."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("shared")) as service:
        yield service


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder of third-party expected results; tests that need it skip where it is absent."""
    if not ORACLES.is_dir():
        pytest.skip(f"no oracles at {ORACLES}; WAYSTAGE_ORACLES names their folder")
    return ORACLES


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def cloned(cluster: Cluster, template: str) -> Iterator[str]:
    """A database cloned from the template, dropped at the end."""
    name = f"waystage_{next(_numbers)}"
    asyncio.run(_execute(cluster, f"create database {name} template {template}"))
    yield on(cluster, name)
    asyncio.run(_execute(cluster, f"drop database {name} with (force)"))


async def _execute(cluster: Cluster, statement: str) -> None:
    connection = await asyncpg.connect(on(cluster, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
