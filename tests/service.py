"""A running Waystage for tests: real processes over a real Postgres, and a client that speaks to them as users do."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.domain.arriving.keys import Keys

ROOT = Path(__file__).resolve().parents[1]
ORACLES = Path(os.environ.get("WAYSTAGE_ORACLES", ROOT.parent / "shared" / "oracles"))
KEYS = Keys("wk_test_000000000000000000", "sk_test_000000000000000000", "rk_test_000000000000000000", "ak_test_000000000000000000")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
PATIENCE = 30.0
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes 20 ms of each question to a service that starts."""


def bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(key: str | None) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


@dataclass
class Process:
    """A collector or a worker; `environment` is what it was started with, so that it can be started again."""

    command: str
    environment: Mapping[str, str]
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [sys.executable, "-m", "app.cli", self.command]
        self.running = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    def send(self, number: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        assert self.running is not None
        return self.running.wait(PATIENCE)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        self.send(number)
        return self.wait()


@dataclass
class Waystage:
    """Collector and worker of one database, and clients for each door."""

    url: str
    dsn: str
    collector: Process
    worker: Process
    client: httpx.Client

    def post(self, path: str, body: Any, key: str | None = KEYS.server, **said: Any) -> httpx.Response:
        headers = {"User-Agent": BROWSER, **basic(key), **said.pop("headers", {})}
        return self.client.post(path, json=body, headers=headers, **said)

    def batch(self, events: list[dict[str, Any]], key: str | None = KEYS.server, **envelope: Any) -> dict[str, Any]:
        """Post events and give the answer to them."""
        response = self.post("/v1/batch", {"batch": events, **envelope}, key)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def ask(self, path: str, **query: Any) -> Any:
        """The answer to a question, asked with the read key."""
        response = self.client.get(path, params=query, headers=bearer(KEYS.read))
        response.raise_for_status()
        return response.json()

    def journey(self, customer: str, **query: Any) -> Any:
        return self.ask(f"/v1/customers/{customer}/journey", **query)

    def derived(self) -> None:
        """Wait until everything acknowledged so far is in the answers."""
        until(lambda: self._touched() == 0, "the worker derives what was acknowledged")

    def _touched(self) -> int:
        text = self.client.get("/metrics", headers=bearer(KEYS.read)).text
        return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith("waystage_touched_rows "))))


def until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Ask again until something holds; fail with its words when it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


@contextmanager
def browsing(waystage: Waystage, key: str | None) -> Iterator[httpx.Client]:
    """A browser with one of our own pages open, logged in with the key."""
    with httpx.Client(base_url=waystage.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE) as browser:
        assert browser.post("/login", data={"key": key}).headers["location"] == "/"
        yield browser


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2, verify=NO_CERTIFICATES).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(dsn: str, data_dir: Path, *, work: bool = True, **settings: str) -> Iterator[Waystage]:
    """Start a collector and, unless told otherwise, a worker; both are ended at the end."""
    port = free_port()
    given = {f"WAYSTAGE_{door.upper()}_KEY": key for door, key in KEYS._asdict().items()}
    environment = {"DATABASE_URL": dsn, "WAYSTAGE_PORT": str(port), "WAYSTAGE_DATA_DIR": str(data_dir), **given, **settings}
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        collector, worker = Process("collect", environment), Process("work", environment)
        for process in (collector, worker) if work else (collector,):
            process.start()
            stack.callback(_ended, process)
        client = stack.enter_context(httpx.Client(base_url=url, timeout=PATIENCE))
        until(lambda: ready(url), "the collector is ready")
        yield Waystage(url, dsn, collector, worker, client)


def _ended(process: Process) -> None:
    if process.running is not None and process.running.poll() is None:
        process.stop()
