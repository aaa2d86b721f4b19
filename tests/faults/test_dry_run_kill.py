"""Dry runs interrupted: the job is tried again until there is its report, and what was started for it ends with who started it."""

import asyncio
import json
import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.load import fetch
from tests.faults.test_import_kill import kill_collector
from tests.service import KEYS, Waystage, bearer, until

ROWS = 12_000
LONG = 100.0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process is there and is not merely still to be reaped."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill_child(service: Waystage) -> None:
    for child in children(service.collector.pid):
        os.kill(child, signal.SIGKILL)


def kill_reader(service: Waystage) -> None:
    for child in children(service.collector.pid):
        for reader in children(child):
            os.kill(reader, signal.SIGKILL)


def end_session(service: Waystage) -> None:
    asyncio.run(fetch(service.dsn, f"select pg_terminate_backend(pid) {_SESSIONS}"))


_SESSIONS = "from pg_stat_activity where application_name = 'waystage dry run' and datname = current_database()"


def told(service: Waystage, job: int) -> dict[str, Any]:
    said: dict[str, Any] = service.client.get(f"/v1/imports/{job}", headers=bearer(KEYS.server)).raise_for_status().json()
    return said


def at_work(service: Waystage) -> bool:
    """Whether a dry run stands in its transaction, and its reader reads."""
    stands = asyncio.run(fetch(service.dsn, f"select {_SESSIONS} and xact_start is not null"))
    return bool(stands) and any(children(child) for child in children(service.collector.pid))


@pytest.mark.parametrize("interrupt", [kill_child, kill_reader, end_session, kill_collector])
def test_an_interrupted_dry_run_is_tried_again(service: Waystage, interrupt: Callable[[Waystage], None]) -> None:
    name = uuid.uuid4().hex
    event = {"type": "track", "event": "Product Viewed", "timestamp": "2024-01-01T00:00:00Z"}
    file = b"\n".join(json.dumps(event | {"userId": f"{name}-{number % 100}"}).encode() for number in range(ROWS))
    path = "/v1/imports?dry_run=true"
    job = service.client.post(path, content=file, headers=bearer(KEYS.server)).raise_for_status().json()["id"]
    until(lambda: at_work(service), "the dry run is at work", LONG)
    started = children(service.collector.pid)
    started += [reader for child in started for reader in children(child)]
    interrupt(service)
    until(lambda: not any(map(alive, started)), "what was started is gone")

    until(lambda: told(service, job)["state"] == "finished", "the job ends", LONG)
    report = told(service, job)["report"]
    assert (report["rows"], report["accepted"], report["looked_at"], report["customers"]["new"]) == (ROWS, ROWS, ROWS, 100)
    assert asyncio.run(fetch(service.dsn, "select from events where import_id = $1", job)) == []
    folder = Path(service.collector.environment["WAYSTAGE_DATA_DIR"]) / "imports"
    until(lambda: list(folder.iterdir()) == [], "nothing is left of the job's files")
