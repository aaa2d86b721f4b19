"""Import jobs as an operator handles them: listed, tried out, their rejects fetched and mended, late history, files without message ids."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.http.app import READ_CONNECTIONS
from tests.http.tables import rows
from tests.http.test_imports import LONG, derived, ended, started
from tests.service import KEYS, ROOT, Waystage, bearer, until


def event(user: str, name: str = "Imported", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": user, "timestamp": "2024-01-01T00:00:00Z", **fields}


def lines(*events: dict[str, Any] | bytes) -> bytes:
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in events)


def fetched(waystage: Waystage, path: str, **query: Any) -> Any:
    return waystage.client.get(path, params=query, headers=bearer(KEYS.server)).raise_for_status()


def command(waystage: Waystage, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "WAYSTAGE_SERVER_KEY": str(KEYS.server), "COLUMNS": "200"}
    line = [sys.executable, "-m", "app.cli", *arguments, "--url", waystage.url]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, input=given, check=False)


def test_rejected_rows_come_back_as_they_were_and_mended_ones_go_in(shared_waystage: Waystage) -> None:
    name = uuid.uuid4().hex
    bad = [b'{"type":"track","userId":"' + name.encode() + b'","messageId":"1"}', b"\xff;", b'"\x00,\n"'.replace(b"\n", b" ")]
    job = started(shared_waystage, lines(event(name, messageId="0"), b"", bad[0], bad[1], b"", bad[2]))
    assert ended(shared_waystage, job)["rejected"] == 3
    path = f"/v1/imports/{job}/rejects"
    told = [json.loads(line) for line in fetched(shared_waystage, path).text.splitlines()]
    assert [(one["line"], one["field"], one["code"]) for one in told] == [
        (3, "event", "missing_field"),
        (4, None, "not_json"),
        (6, None, "not_json"),
    ]
    assert [one["row"] for one in told] == [bad[0].decode(), "\\xff;", bad[2].decode()]
    table = list(csv.DictReader(io.StringIO(fetched(shared_waystage, path, format="csv").text)))
    assert table == [{key: "" if value is None else str(value) for key, value in one.items()} for one in told]
    failed = rows(shared_waystage, "select position, line from failed_events where import_id = $1 order by position", job)
    assert failed == [{"position": 1, "line": 3}, {"position": 2, "line": 4}, {"position": 3, "line": 6}]

    mended = json.loads(told[0]["row"]) | event(name)
    said = ended(shared_waystage, started(shared_waystage, lines(event(name, messageId="0"), mended)))
    assert (said["accepted"], said["duplicates"], said["rejected"]) == (1, 1, 0)


def test_no_rejected_row_is_a_formula_to_a_spreadsheet(shared_waystage: Waystage) -> None:
    formula = "=cmd|' /C calc'!A0"
    job = started(shared_waystage, lines(formula.encode()))
    assert ended(shared_waystage, job)["rejected"] == 1
    path = f"/v1/imports/{job}/rejects"
    assert [row["row"] for row in csv.DictReader(io.StringIO(fetched(shared_waystage, path, format="csv").text))] == [f"'{formula}"]
    assert json.loads(fetched(shared_waystage, path).text)["row"] == formula


def test_who_takes_rejected_rows_slowly_keeps_nobody_waiting(shared_waystage: Waystage) -> None:
    job = started(shared_waystage, b'{"type":"track","userId":"slow","pad":"%b"}\n' % (b"x" * 8_000) * 1_500)
    assert ended(shared_waystage, job)["rejected"] == 1_500
    small = httpx.HTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)])
    with ExitStack() as stack:
        slow = stack.enter_context(httpx.Client(base_url=shared_waystage.url, transport=small, headers=bearer(KEYS.server)))
        for _ in range(READ_CONNECTIONS):
            stack.enter_context(slow.stream("GET", f"/v1/imports/{job}/rejects"))
        assert shared_waystage.client.get("/v1/transitions", headers=bearer(KEYS.read), timeout=10).status_code == 200
    whole = fetched(shared_waystage, f"/v1/imports/{job}/rejects").text.splitlines()
    assert [json.loads(line)["line"] for line in whole] == list(range(1, 1_501))


def test_imports_are_listed_newest_first(shared_waystage: Waystage) -> None:
    jobs = [started(shared_waystage, b"", name=f"listed-{number}") for number in range(3)]
    for job in jobs:
        ended(shared_waystage, job)
    first = fetched(shared_waystage, "/v1/imports", limit=2).json()
    then = fetched(shared_waystage, "/v1/imports", limit=2, cursor=first["next"]).json()
    listed = [job["id"] for page in (first, then) for job in page["imports"]]
    assert listed[:3] == jobs[::-1]
    assert listed == sorted(listed, reverse=True)
    assert {job["state"] for job in first["imports"]} == {"finished"}
    assert b"listed-2" in command(shared_waystage, "imports").stdout


def test_late_history_changes_the_people_concerned_and_nobody_else(waystage: Waystage) -> None:
    now = datetime.now(UTC)
    context = {"page": {"url": "https://shop.example/"}}
    for number in range(6):
        view = {"anonymousId": f"device-{number}", "timestamp": now.isoformat(), "context": context, "messageId": f"live-{number}"}
        assert waystage.batch([{"type": "page", **view}])["accepted"] == 1
    waystage.derived()
    tables = ("entries", "touches", "sessions", "identifiers", "customers")
    before = {table: waystage_rows(waystage, table) for table in tables}

    advertised = {"page": {"url": "https://shop.example/?utm_source=google&utm_medium=cpc"}}
    earlier = {"timestamp": (now - timedelta(days=3)).isoformat(), "context": advertised, "messageId": "late-1"}
    bought = event("buyer", "Order Completed", anonymousId="device-1", messageId="late-2", timestamp=(now - timedelta(days=2)).isoformat())
    file = lines({"type": "page", "anonymousId": "device-0", **earlier}, bought)
    assert ended(waystage, started(waystage, file))["accepted"] == 2
    derived(waystage)

    first = waystage.journey("anonymous_id:device-0")
    assert [touch["channel"] for touch in first["touches"]] == ["paid_search", "direct"]
    assert (first["entries"][0]["stage"], first["entries"][0]["channel"]) == ("awareness", "paid_search")
    second = waystage.journey("anonymous_id:device-1")
    assert second["customer"]["id"] == "user_id:buyer"
    assert "purchase" in {entry["stage"] for entry in second["entries"]}
    changed = changed_customers(waystage)
    for table in tables:
        after = waystage_rows(waystage, table)
        assert {row for row in before[table] if row[0] not in changed} == {row for row in after if row[0] not in changed}
    everybody = {row["owner"] for row in rows(waystage, "select distinct owner from identifiers")}
    assert len(everybody - changed) == 4


def waystage_rows(waystage: Waystage, table: str) -> set[tuple[int, str]]:
    owner = "owner" if table == "identifiers" else "customer"
    return {(row["customer"], row["text"]) for row in rows(waystage, f"select {owner} as customer, t::text as text from {table} t")}


def changed_customers(waystage: Waystage) -> set[int]:
    """Those whom the people named by the import are, or were."""
    query = """select distinct c as customer from events e join event_subjects s on s.event = e.id join identifiers i on i.id = s.subject
        cross join lateral (values (i.owner), (i.id)) as v (c) where e.import_id is not null
        union select id from identifiers where value in ('device-0', 'device-1')"""
    return {row["customer"] for row in rows(waystage, query)}


def test_equal_rows_without_message_ids_are_counted_over_the_whole_file(shared_waystage: Waystage) -> None:
    name = uuid.uuid4().hex
    seven = lines(*[event(name)] * 7)
    others = lines(*(event(name, properties={"n": number}) for number in range(12_000)))
    twice = seven + others + seven
    said = ended(shared_waystage, started(shared_waystage, twice))
    assert (said["accepted"], said["duplicates"]) == (12_014, 0)
    again = ended(shared_waystage, started(shared_waystage, twice))
    assert (again["accepted"], again["duplicates"]) == (0, 12_014)
    more = ended(shared_waystage, started(shared_waystage, twice + seven))
    assert (more["accepted"], more["duplicates"]) == (7, 12_014)
    folder = Path(shared_waystage.collector.environment["WAYSTAGE_DATA_DIR"]) / "imports"
    until(lambda: list(folder.iterdir()) == [], "nothing is left beside the jobs' files", LONG)


def test_a_folder_is_imported_by_the_names_of_its_files(shared_waystage: Waystage, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    (tmp_path / "b.ndjson").write_bytes(lines(event(name, messageId=f"{name}-1"), b"{"))
    (tmp_path / "a.ndjson").write_bytes(lines(event(name, messageId=f"{name}-1"), event(name, messageId=f"{name}-2")))
    rejects = tmp_path / "elsewhere" / "rejects.ndjson"
    rejects.parent.mkdir()
    done = command(shared_waystage, "import", str(tmp_path), "--rejects", str(rejects))
    told = [line for line in done.stdout.decode().splitlines() if line.startswith("import ")]
    assert ["2 accepted, 0 duplicates, 0 rejected" in told[0], "0 accepted, 1 duplicates, 1 rejected" in told[1]] == [True, True], told
    assert [json.loads(line)["row"] for line in rejects.read_bytes().splitlines()] == ["{"]
    given = command(shared_waystage, "import", "-", given=lines(event(name, messageId=f"{name}-3")))
    assert b"1 accepted" in given.stdout, given.stderr


def test_a_dry_run_says_what_would_happen_and_changes_nothing(shared_waystage: Waystage, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    file = tmp_path / "dry.ndjson"
    file.write_bytes(lines(event(name, messageId=name), b"{"))
    before = rows(shared_waystage, "select count(*) from events") + rows(shared_waystage, "select count(*) from message_ids")
    said = command(shared_waystage, "import", str(file), "--dry-run").stdout.decode()
    assert "2 rows, 1 accepted, 0 duplicates, 1 rejected" in said, said
    assert "not_json" in said
    assert rows(shared_waystage, "select count(*) from events") + rows(shared_waystage, "select count(*) from message_ids") == before
    job = fetched(shared_waystage, "/v1/imports", limit=1).json()["imports"][0]
    assert (job["dry_run"], job["state"], job["rows"]) == (True, "finished", 0)


def test_an_interrupted_command_says_that_the_job_goes_on(shared_waystage: Waystage, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    file = tmp_path / "long.ndjson"
    file.write_bytes(lines(*(event(name, messageId=f"{name}-{number}") for number in range(60_000))))
    environment = {**os.environ, "WAYSTAGE_SERVER_KEY": str(KEYS.server)}
    line = [sys.executable, "-m", "app.cli", "import", str(file), "--url", shared_waystage.url]
    with subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        until(lambda: state_of(shared_waystage, file.name) == "running", "the import has begun", LONG)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=LONG)
    assert (running.returncode, b"goes on without this command" in error) == (130, True), error
    until(lambda: state_of(shared_waystage, file.name) == "finished", "the import goes on to its end", LONG)


def state_of(waystage: Waystage, name: str) -> str | None:
    jobs = fetched(waystage, "/v1/imports", limit=5).json()["imports"]
    return next((job["state"] for job in jobs if job["name"] == name), None)


@pytest.mark.parametrize(
    "query, field",
    [({"preset": "nobody"}, "preset"), ({"preset": "segment", "mapping": "fields: {userId: id}"}, "preset"), ({"dry_run": "x"}, "dry_run")],
)
def test_what_cannot_be_read_is_refused_by_its_name(shared_waystage: Waystage, query: dict[str, str], field: str) -> None:
    answer = shared_waystage.client.post("/v1/imports", params=query, content=b"", headers=bearer(KEYS.server))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_file_that_the_disk_cannot_hold_is_refused_before_it_is_sent(shared_waystage: Waystage) -> None:
    address = urlsplit(shared_waystage.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST /v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS.server}\r\nContent-Length: {2**60}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(1_000).startswith(b"HTTP/1.1 507")
