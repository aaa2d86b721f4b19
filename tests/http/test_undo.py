"""Undoing an import: through the command line and the route, after it ended and while it runs."""

import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.http.tables import rows
from tests.http.test_imports import job_of, started
from tests.service import KEYS, ROOT, Waystage, bearer, until

MANY = 60_000


def lines(events: list[dict[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, events)).encode()


def undone(waystage: Waystage, job: int) -> dict[str, Any]:
    until(lambda: job_of(waystage, job)["state"] == "undone", "the import is undone", 100)
    return job_of(waystage, job)


def test_a_journey_is_what_it_was_before(shared_waystage: Waystage, tmp_path: Path) -> None:
    person = f"undone-{uuid.uuid4().hex}"
    email = f"{person}@example.com"
    shared_waystage.batch([{"type": "track", "event": "Order Completed", "userId": person, "anonymousId": f"{person}-phone"}])
    shared_waystage.derived()
    before = shared_waystage.journey(f"user_id:{person}")
    past = (datetime.now(UTC) - timedelta(days=20)).isoformat()
    history = [
        {"type": "page", "anonymousId": f"{person}-laptop", "timestamp": past, "context": {"page": {"url": "https://x.example/pricing"}}},
        {"type": "identify", "userId": person, "anonymousId": f"{person}-laptop", "traits": {"email": email}, "timestamp": past},
    ]
    file = tmp_path / "history.ndjson"
    file.write_bytes(lines(history))
    assert command(shared_waystage, "import", str(file)).returncode == 0
    shared_waystage.derived()
    assert len(shared_waystage.journey(f"email:{email}")["events"]) == 3
    job = rows(shared_waystage, "select max(import_id) as job from events where user_id = $1", person)[0]["job"]

    said = command(shared_waystage, "undo", str(job))
    assert f"import {job} undone: 2 events and their message ids are gone" in said.stdout, said.stderr

    until(lambda: without_as_of(shared_waystage.journey(f"user_id:{person}")) == without_as_of(before), "the journey is as it was")
    assert shared_waystage.client.get(f"/v1/customers/email:{email}/journey", headers=bearer(KEYS.read)).status_code == 404
    again = shared_waystage.batch(history)
    assert again["accepted"] == 2


def test_an_import_that_runs_is_stopped(shared_waystage: Waystage) -> None:
    run = uuid.uuid4().hex
    now = datetime.now(UTC).isoformat()
    file = lines(
        [
            {"type": "track", "event": "Seen", "userId": f"{run}-{number // 9}", "messageId": f"{run}-{number}", "timestamp": now}
            for number in range(MANY)
        ]
    )
    job = started(shared_waystage, file)
    until(lambda: job_of(shared_waystage, job)["rows"] > 0, "the first part is stored")
    said = shared_waystage.client.delete(f"/v1/imports/{job}", headers=bearer(KEYS.server))
    assert (said.status_code, said.json()["state"]) == (202, "undoing")
    done = undone(shared_waystage, job)
    assert done["undone"] == done["accepted"] > 0
    assert rows(shared_waystage, "select count(*) from events where import_id = $1", job) == [{"count": 0}]
    until(lambda: nobody(shared_waystage, run), "its people are gone")
    assert shared_waystage.client.delete(f"/v1/imports/{job}", headers=bearer(KEYS.server)).json()["state"] == "undone"


def nobody(waystage: Waystage, run: str) -> bool:
    query = "select from customers c join identifiers i on i.owner = c.customer where i.value like $1 limit 1"
    return rows(waystage, query, f"{run}%") == []


def without_as_of(journey: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in journey.items() if key != "as_of"}


def command(waystage: Waystage, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WAYSTAGE_SERVER_KEY": str(KEYS.server), "COLUMNS": "200"}
    line = [sys.executable, "-m", "app.cli", *arguments, "--url", waystage.url]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
