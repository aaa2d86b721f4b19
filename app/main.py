"""The supervisor behind `make run`: Postgres, the collector and the worker, kept alive and put away in order."""

import asyncio
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import asyncpg
from pydantic import ValidationError
from rich.console import Console

from app.flow.boot import Prepared, prepare
from app.flow.stage_models import UnknownModelError
from app.keyfile import keep_keys, known_keys
from app.settings import Settings
from app.store.cluster import Cluster, ClusterError, start
from app.store.connect import connect
from app.store.schema import OldServerError
from app.welcome import welcome

PARENT_FD = "WAYSTAGE_PARENT_FD"
"""Names the inherited end of a pipe that closes when the supervisor is gone."""

DRAIN_SECONDS = 30.0
READY_SECONDS = 60.0
PORT_SECONDS = 5.0
"""How long the last run's collector, draining, may still hold the port."""

DELAY_FIRST, DELAY_LONGEST = 0.5, 30.0
STEADY_SECONDS = 60.0
"""What ran this long is started again at once; the rest waits, twice as long each time."""

console = Console(highlight=False, soft_wrap=True)


class CannotRunError(RuntimeError):
    """Waystage cannot run here as it is set; the message says why."""


def main() -> None:
    """Run until Ctrl-C or SIGTERM; a second one hurries. Exits with 0 after an orderly stop, with 1 and a reason where it cannot run."""
    try:
        settings = read_settings()
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with _alone(settings.data_dir):
            asyncio.run(_supervise(settings))
    except (CannotRunError, ClusterError, OldServerError, UnknownModelError) as reason:
        sys.exit(f"Waystage cannot run: {reason}")


def read_settings() -> Settings:
    """The settings of the environment. Raises CannotRunError that names the variables, not their values: some are keys."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [(str(fault["loc"][0]), fault["msg"]) for fault in error.errors(include_input=False, include_url=False)]
        named = [f"{name if name.isupper() else f'WAYSTAGE_{name.upper()}'}: {reason}" for name, reason in faults]
        raise CannotRunError("; ".join(named)) from None


def exit_with_parent() -> None:
    """In a process that the supervisor started: end by SIGTERM when the supervisor is gone, however it went."""

    def outlive(pipe: int) -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    if pipe := os.environ.pop(PARENT_FD, None):
        threading.Thread(target=outlive, args=(int(pipe),), daemon=True).start()


def next_delay(delay: float, lasted: float) -> float:
    """Seconds to wait before the next start of what, after a wait of `delay`, lasted that many seconds."""
    return 0.0 if lasted >= STEADY_SECONDS else min(max(DELAY_FIRST, 2 * delay), DELAY_LONGEST)


@dataclass
class Orders:
    """What the operator wants: a stop, and then a quick one."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._hear)

    def _hear(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()


@dataclass
class Kept:
    """A part of the service, run again whenever it ends unasked. `run` takes the event that asks it to end, and says how it ended."""

    name: str
    run: Callable[[asyncio.Event], Awaitable[str]]
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self) -> None:
        delay = 0.0
        while not self.stop.is_set():
            began = time.monotonic()
            how = await self.run(self.stop)
            if not self.stop.is_set():
                delay = next_delay(delay, time.monotonic() - began)
                console.print(f"{self.name} {how}; it starts again{f' in {delay:g} s' if delay else ''}.", style="yellow", markup=False)
                await _first(self.stop.wait(), seconds=delay)


@dataclass
class Bundled:
    """The bundled Postgres of a data folder."""

    folder: Path
    cluster: Cluster

    async def run(self, stop: asyncio.Event) -> str:
        try:
            if not self.cluster.running():
                self.cluster = await asyncio.to_thread(start, self.folder)
        except ClusterError as error:
            return f"did not start ({error})"
        await _first(asyncio.to_thread(self.cluster.wait), stop.wait())
        return "is gone"


@dataclass
class Child:
    """A process of this program, in a session of its own so that the terminal's Ctrl-C reaches the supervisor alone."""

    command: str
    environment: Mapping[str, str]
    pipe: int
    hurry: asyncio.Event

    async def run(self, stop: asyncio.Event) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", self.command),
            stdin=asyncio.subprocess.DEVNULL,
            env=self.environment,
            pass_fds=[self.pipe],
            start_new_session=True,
        )
        await _first(process.wait(), stop.wait())
        if process.returncode is None:
            process.terminate()
            await _first(process.wait(), self.hurry.wait(), seconds=DRAIN_SECONDS)
        if process.returncode is None:
            process.kill()
        code = await process.wait()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


async def _supervise(settings: Settings) -> None:
    orders = Orders()
    orders.listen()
    port = await _free_port(settings)
    if settings.database_url:
        await _reach(settings.database_url)
        await _serve(settings, port, settings.database_url, orders, [])
        return
    postgres = Bundled(settings.data_dir, await asyncio.to_thread(start, settings.data_dir))
    try:
        _tell(postgres.cluster.notices)
        await _serve(settings, port, postgres.cluster.dsn, orders, [Kept("Postgres", postgres.run)])
    finally:
        await asyncio.to_thread(postgres.cluster.stop)


async def _reach(dsn: str) -> None:
    try:
        connection = await connect(dsn, application="waystage start")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotRunError(f"DATABASE_URL leads to no Postgres that lets us in: {str(error) or type(error).__name__}") from error
    await connection.close()


async def _serve(settings: Settings, port: int, dsn: str, orders: Orders, kept: Sequence[Kept]) -> None:
    """Keep the parts running until a stop is asked for; then end the last of them first."""
    given = known_keys(settings.data_dir, settings.keys)
    prepared = await prepare(dsn, given, settings.stage_models, partial(keep_keys, settings.data_dir))
    with _lifeline() as pipe:
        environment = {**os.environ, "DATABASE_URL": dsn, "WAYSTAGE_PORT": str(port), PARENT_FD: str(pipe)}
        child = partial(Child, environment=environment, pipe=pipe, hurry=orders.hurry)
        kept = [*kept, Kept("The worker", child("work").run), Kept("The collector", child("collect").run)]
        keeping = [asyncio.create_task(one.keep()) for one in kept]
        try:
            await _welcome(settings, port, prepared, orders.stop)
            await asyncio.wait([asyncio.create_task(orders.stop.wait()), *keeping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one, task in zip(reversed(kept), reversed(keeping), strict=True):
                one.stop.set()
                await task


async def _welcome(settings: Settings, port: int, prepared: Prepared, stop: asyncio.Event) -> None:
    ready = await _ready(settings.host, port, stop)
    if stop.is_set():
        return
    _tell(welcome(settings, port, prepared))
    if not ready:
        console.print(f"The collector is not ready after {READY_SECONDS:g} s; it goes on trying.", style="yellow")


async def _ready(host: str, port: int, stop: asyncio.Event) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set() and time.monotonic() < deadline:
        if await asyncio.to_thread(_answers, {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port):  # noqa: S104 - compared, not bound
            return True
        await _first(stop.wait(), seconds=0.1)
    return False


def _answers(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _tell(notices: Iterable[str]) -> None:
    for notice in notices:
        console.print(notice, markup=False)


async def _free_port(settings: Settings) -> int:
    """The port to serve on; where 0 is asked for, one that the system picks."""
    deadline = time.monotonic() + PORT_SECONDS
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    while True:
        try:
            with socket.create_server((settings.host, settings.port), family=family) as server:
                return int(server.getsockname()[1])
        except OSError as error:
            if time.monotonic() > deadline:
                raise CannotRunError(f"{settings.host}:{settings.port}: {error.strerror}. WAYSTAGE_PORT sets another port.") from error
        await asyncio.sleep(0.2)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Hold the data folder's lock; the kernel lets go of it however this process ends."""
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRunError(f"another Waystage runs on this data folder (pid {lock.read().strip()})") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _lifeline() -> Iterator[int]:
    """A pipe's end to hand to children; its other end stays with this process and closes with it."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


async def _first(*awaitables: Awaitable[object], seconds: float | None = None) -> None:
    """Wait until one of them is done, so many seconds at most, and let go of the others."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    done, waiting = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    for task in done:
        task.result()


if __name__ == "__main__":
    main()
