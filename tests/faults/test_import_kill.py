"""Imports interrupted wherever it may be: the job goes on where it was, and ends as one that nobody interrupted."""

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
from tests.service import KEYS, Waystage, bearer, ready, until

ROWS = 40_000
INTERRUPTIONS = 3
LONG = 100.0


def lines(name: str) -> list[bytes]:
    """Rows with a message id, rows without (each of them twice in the file, far apart), repeated rows, and rows that are no events."""
    event = {"type": "track", "event": "Imported", "timestamp": "2024-01-01T00:00:00Z"}
    return [
        b"{"
        if number % 100 == 0
        else json.dumps(event | {"userId": f"{name}-{number % 900}", **_identity(name, number)}, separators=(",", ":")).encode()
        for number in range(ROWS)
    ]


def _identity(name: str, number: int) -> dict[str, Any]:
    if number % 3 == 0:
        return {"properties": {"n": number % (ROWS // 2)}}
    return {"messageId": f"{name}-{number % (ROWS - 1_000)}"}


def _distinct(name: str) -> int:
    """Events that the file has: those without an id are all of their own."""
    identities = [_identity(name, number) for number in range(ROWS) if number % 100]
    given = {identity["messageId"] for identity in identities if "messageId" in identity}
    return len(given) + sum("messageId" not in identity for identity in identities)


def kill_collector(service: Waystage) -> None:
    service.collector.kill()
    service.collector.start()
    until(lambda: ready(service.url), "the collector is ready again")


def kill_reader(service: Waystage) -> None:
    pid = service.collector.pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


def end_session(service: Waystage) -> None:
    own = "application_name = 'waystage import' and datname = current_database()"
    asyncio.run(fetch(service.dsn, f"select pg_terminate_backend(pid) from pg_stat_activity where {own}"))


@pytest.mark.parametrize("interrupt", [kill_collector, kill_reader, end_session])
def test_an_interrupted_import_ends_as_any_other(service: Waystage, interrupt: Callable[[Waystage], None]) -> None:
    name = uuid.uuid4().hex
    file = lines(name)
    job = service.client.post("/v1/imports", content=b"\n".join(file), headers=bearer(KEYS.server)).raise_for_status().json()["id"]
    done = 0
    for _ in range(INTERRUPTIONS):
        until(lambda done=done: _job(service, job)["rows"] > done, "more rows are stored", LONG)  # type: ignore[misc]
        interrupt(service)
        done = min(_job(service, job)["rows"], ROWS - 1)
    until(lambda: _job(service, job)["state"] == "finished", "the import ends", LONG)
    said = _job(service, job)
    stored, bad = _distinct(name), ROWS // 100
    assert (said["rows"], said["accepted"], said["rejected"]) == (ROWS, stored, bad)
    events = "select count(*), count(distinct id) as ids, count(distinct position) as positions from events where import_id = $1"
    assert [tuple(row) for row in asyncio.run(fetch(service.dsn, events, job))] == [(stored, stored, stored)]
    failed = asyncio.run(fetch(service.dsn, "select line from failed_events where import_id = $1 order by line", job))
    assert [row["line"] for row in failed] == [number + 1 for number in range(0, ROWS, 100)]
    folder = Path(service.collector.environment["WAYSTAGE_DATA_DIR"]) / "imports"
    until(lambda: list(folder.iterdir()) == [], "nothing is left of the job's files")


def _job(service: Waystage, job: int) -> dict[str, Any]:
    said: dict[str, Any] = service.client.get(f"/v1/imports/{job}", headers=bearer(KEYS.server)).raise_for_status().json()
    return said


def test_an_import_whose_readers_all_end_at_one_place_fails_and_lets_others_pass(service: Waystage) -> None:
    name = uuid.uuid4().hex
    job = service.client.post("/v1/imports", content=b"\n".join(lines(name)), headers=bearer(KEYS.server)).raise_for_status().json()["id"]

    def failed() -> bool:
        kill_reader(service)
        return bool(_job(service, job)["state"] == "failed")

    until(failed, "the import is given up", LONG)
    assert _job(service, job)["error"] == "the reader ended before its file did, 5 times at the same place"
    after = service.client.post("/v1/imports", content=lines(name)[1], headers=bearer(KEYS.server)).raise_for_status().json()["id"]
    until(lambda: _job(service, after)["state"] == "finished", "the next one ends")
