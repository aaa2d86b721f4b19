"""What fault tests share: a service to be killed, and every measured number said beside its limit."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from app.flow.boot import prepare
from app.store.cluster import Cluster, start
from tests.conftest import MODELS, cloned
from tests.faults.outages import Postgres
from tests.service import KEYS, Waystage, running

Measured: TypeAlias = Callable[[str, float, float], None]


@pytest.fixture(scope="package")
def service(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A collector and a worker that these tests kill, and start again."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("faults")) as started:
        yield started


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A prepared cluster of the module's own."""
    folder = tmp_path_factory.mktemp("outages")
    own = Postgres(folder, start(folder, settings={"fsync": "off"}))
    asyncio.run(prepare(own.cluster.dsn, KEYS, MODELS, keep=lambda _: None))
    yield own
    own.cluster.stop()


@pytest.fixture
def at_most(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Measured:
    """Print what was measured beside the most that it may be, and fail above that."""

    def compare(what: str, measured: float, limit: float) -> None:
        _say(request, capsys, f"{what} {measured:.3g}, at most {limit:g}")
        assert measured <= limit, what

    return compare


@pytest.fixture
def at_least(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Measured:
    """Print what was measured beside the least that it may be, and fail below that."""

    def compare(what: str, measured: float, limit: float) -> None:
        _say(request, capsys, f"{what} {measured:.3g}, at least {limit:g}")
        assert measured >= limit, what

    return compare


@pytest.fixture
def exactly(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Measured:
    """Print what was measured beside what it must be, and fail elsewhere."""

    def compare(what: str, measured: float, expected: float) -> None:
        _say(request, capsys, f"{what} {measured:g}, must be {expected:g}")
        assert measured == expected, what

    return compare


def _say(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], words: str) -> None:
    with capsys.disabled():
        print(f"\n  {request.node.name}: {words}", end="")  # noqa: T201 - the numbers are what a reader of the run looks for
