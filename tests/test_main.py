"""The supervisor, end to end: what `make run` starts, says, mends and puts away."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from app.main import next_delay
from app.store.cluster import _ended, start

REPOSITORY = Path(__file__).resolve().parents[1]
LAST_LINE = "Ctrl-C stops everything."


@dataclass
class Waystage:
    """A supervisor in a session of its own, and what it has said so far."""

    process: subprocess.Popen[str]
    data: Path
    said: str = ""

    def read_until(self, words: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return self.said
        raise AssertionError(f"it ended without {words!r}: {self.said}")

    @property
    def url(self) -> str:
        return str(re.findall(r"ready at (\S+)", self.said)[-1])

    @property
    def postmaster(self) -> int:
        return int((self.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def child(self, command: str) -> int:
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(int(pid) for pid in pids if Path(f"/proc/{pid}/cmdline").read_text().split("\0")[3:4] == [command])

    def processes(self) -> list[int]:
        return [self.process.pid, self.postmaster, self.child("collect"), self.child("work")]

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)


@pytest.fixture(scope="module")
def outside() -> Iterator[Path]:
    """A folder that every user may enter, as pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="waystage-test-")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@contextmanager
def running(data: Path, **environment: str) -> Iterator[Waystage]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app.main"],
        cwd=REPOSITORY,
        env=environment_of(data) | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            waystage = Waystage(process, data)
            waystage.read_until(LAST_LINE)
            yield waystage
        finally:
            process.terminate()


def environment_of(data: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WAYSTAGE_", "DATABASE_"))}
    return {**inherited, "WAYSTAGE_DATA_DIR": str(data), "WAYSTAGE_PORT": "0", "PYTHONUNBUFFERED": "1"}


def refused(data: Path, **environment: str) -> str:
    """What a start says that must not run."""
    command = [sys.executable, "-m", "app.main"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment_of(data) | environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def until(question: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def waystage(outside: Path) -> Iterator[Waystage]:
    with running(outside / "shared") as waystage:
        yield waystage


def test_the_first_start_shows_everything_needed(waystage: Waystage) -> None:
    keys = dict(line.split("=") for line in (waystage.data / "keys").read_text().split())
    assert len(keys) == 4
    assert all(key in waystage.said for key in keys.values())
    assert f'data-write-key="{keys["WAYSTAGE_WRITE_KEY"]}"' in waystage.said
    (link,) = re.findall(r"http\S+/login\?token=\S+", waystage.said)
    assert link.startswith(waystage.url)
    assert waystage.ready()


def test_an_event_is_taken(waystage: Waystage) -> None:
    key = re.findall(r'data-write-key="(\w+)"', waystage.said)[0]
    answer = httpx.post(f"{waystage.url}/v1/track", auth=(key, ""), json={"event": "Product Viewed", "anonymousId": "a-1"})
    assert answer.json() == {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}


def test_a_killed_postgres_comes_back(waystage: Waystage) -> None:
    killed = waystage.postmaster
    os.kill(killed, signal.SIGKILL)
    waystage.read_until("Postgres is gone; it starts again")
    until(waystage.ready)
    assert waystage.postmaster != killed


@pytest.mark.parametrize("command, name", [("collect", "The collector"), ("work", "The worker")])
def test_a_killed_part_comes_back(waystage: Waystage, command: str, name: str) -> None:
    killed = waystage.child(command)
    os.kill(killed, signal.SIGKILL)
    waystage.read_until(f"{name} was ended by SIGKILL; it starts again")
    until(lambda: _ended(killed, 0) and waystage.ready())
    until(lambda: f"-m app.cli {command}" in commands_under(waystage.process.pid))


def commands_under(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout


def test_a_second_start_on_the_same_data_is_refused(waystage: Waystage) -> None:
    assert f"another Waystage runs on this data folder (pid {waystage.process.pid})" in refused(waystage.data)


def test_a_port_in_use_is_named(outside: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert f"127.0.0.1:{port}: Address already in use" in refused(outside / "unused", WAYSTAGE_PORT=port)
    assert not (outside / "unused" / "postgres").exists()


def test_a_setting_that_is_wrong_is_named(outside: Path) -> None:
    said = refused(outside / "unused", WAYSTAGE_WRITE_KEY="a-secret")
    assert said == "Waystage cannot run: WAYSTAGE_WRITE_KEY: String should have at least 24 characters\n"


def test_a_database_that_is_not_there_is_named(outside: Path) -> None:
    assert "DATABASE_URL leads to no Postgres" in refused(outside / "unused", DATABASE_URL="postgresql://waystage@127.0.0.1:1/waystage")


def test_ctrl_c_puts_everything_away_and_the_next_start_finds_it(outside: Path) -> None:
    with running(outside / "stopped") as first:
        processes = first.processes()
        first.press_ctrl_c()
        assert first.process.wait(60) == 0
        assert all(_ended(pid, 10) for pid in processes)
        assert not (first.data / "postgres" / "data" / "postmaster.pid").exists()
    with running(outside / "stopped") as second:
        assert "Keys are those of before" in second.said
        assert "ak_" not in second.said


def test_a_second_ctrl_c_does_not_wait_for_requests(outside: Path) -> None:
    with running(outside / "hurried") as hurried, httpx.Client() as client:
        processes, collector = hurried.processes(), hurried.child("collect")
        key = re.findall(r'data-write-key="(\w+)"', hurried.said)[0]

        def body() -> Iterator[bytes]:
            yield b"{"
            hurried.press_ctrl_c()
            until(lambda: not hurried.ready())
            assert not _ended(collector, 0.5)
            hurried.press_ctrl_c()
            assert _ended(collector, 5)
            yield b"}"

        with pytest.raises(httpx.TransportError):
            client.post(f"{hurried.url}/v1/track", auth=(key, ""), content=body())
        assert hurried.process.wait(30) == 0
        assert all(_ended(pid, 10) for pid in processes)


def test_after_a_killed_supervisor_its_parts_end_and_its_postgres_is_adopted(outside: Path) -> None:
    with running(outside / "orphaned") as killed:
        supervisor, postmaster, *parts = killed.processes()
        os.kill(supervisor, signal.SIGKILL)
        assert all(_ended(part, 30) for part in parts)
        with running(killed.data) as next_one:
            assert "A Postgres that an earlier run left behind goes on." in next_one.said
            assert next_one.postmaster == postmaster


def test_with_a_database_of_ones_own_no_postgres_is_started(outside: Path) -> None:
    cluster = start(outside / "theirs", settings={"fsync": "off"})
    try:
        with running(outside / "ours", DATABASE_URL=cluster.dsn) as waystage:
            assert waystage.ready()
            assert not (waystage.data / "postgres").exists()
        assert cluster.running()
    finally:
        cluster.stop()


@pytest.mark.parametrize(
    "delay, lasted, expected",
    [(0.0, 1.0, 0.5), (0.5, 1.0, 1.0), (16.0, 59.9, 30.0), (30.0, 0.0, 30.0), (30.0, 60.0, 0.0)],
)
def test_a_part_that_keeps_ending_waits_longer(delay: float, lasted: float, expected: float) -> None:
    assert next_delay(delay, lasted) == expected
