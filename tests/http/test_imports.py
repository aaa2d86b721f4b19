"""Imports: a shop's real history through the command line, rows that are no events, files that end early, and a collector that dies."""

import gzip
import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.store.cluster import Cluster
from tests.conftest import cloned
from tests.http.tables import rows
from tests.service import KEYS, ROOT, Waystage, bearer, running, until

LONG = 100.0


@pytest.fixture(scope="module")
def own_waystage(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A service that these tests alone fill, and kill."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("imports")) as service:
        yield service


def command(waystage: Waystage, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WAYSTAGE_SERVER_KEY": str(KEYS.server), "COLUMNS": "200"}
    line = [sys.executable, "-m", "app.cli", "import", *arguments, "--url", waystage.url]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def started(waystage: Waystage, content: bytes | Iterator[bytes], **query: str) -> int:
    response = waystage.client.post("/v1/imports", params=query, content=content, headers=bearer(KEYS.server))
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"/v1/imports/{response.json()['id']}"
    job: int = response.json()["id"]
    return job


def job_of(waystage: Waystage, job: int) -> dict[str, Any]:
    response = waystage.client.get(f"/v1/imports/{job}", headers=bearer(KEYS.server))
    response.raise_for_status()
    said: dict[str, Any] = response.json()
    return said


def ended(waystage: Waystage, job: int) -> dict[str, Any]:
    until(lambda: job_of(waystage, job)["state"] in ("finished", "failed"), "the import ends", LONG)
    return job_of(waystage, job)


def derived(waystage: Waystage) -> None:
    until(lambda: rows(waystage, "select from touched limit 1") == [], "the worker derives what was imported", LONG)


def test_a_shops_history(own_waystage: Waystage, oracles: Path) -> None:
    file, mapping = str(oracles / "clickstream" / "ecom.csv.gz"), str(ROOT / "docs" / "examples" / "clickstream.yml")
    said = command(own_waystage, file, "--map", mapping)
    assert "31,106 rows, 31,106 accepted, 0 duplicates, 0 rejected" in said.stdout, said.stderr
    derived(own_waystage)
    people = own_waystage.ask("/v1/customers", limit=1)
    assert (people["total"], people["sessions"]) == (600, 3605)
    answer = own_waystage.ask("/v1/transitions", model="each_event_name")
    counted = {(one["from"], one["to"]): one["count"] for one in answer["transitions"] if one["from"] is not None}
    follows = json.loads((oracles / "clickstream" / "ecom_by_user.directly_follows.json").read_text("utf-8"))["counts"]
    assert counted == {(before, after): count for before, after, count in follows if before != after}

    again = command(own_waystage, file, "--map", mapping)
    assert "31,106 rows, 0 accepted, 31,106 duplicates, 0 rejected" in again.stdout, again.stderr
    derived(own_waystage)
    assert own_waystage.ask("/v1/transitions", model="each_event_name")["transitions"] == answer["transitions"]
    assert rows(own_waystage, "select count(*) from events") == [{"count": 31_106}]


def imports_folder(waystage: Waystage) -> Path:
    return Path(waystage.collector.environment["WAYSTAGE_DATA_DIR"]) / "imports"


def line(**fields: Any) -> bytes:
    event = {"type": "track", "event": "Imported", "userId": "imported", "messageId": uuid.uuid4().hex, "timestamp": "2024-01-01"}
    return json.dumps(event | fields).encode()


def test_rows_that_are_no_events_are_rejected_with_their_reasons(shared_waystage: Waystage) -> None:
    file = [
        line(),
        b"{",
        line(userId=None),
        line(timestamp="1989-12-31T23:59:59Z"),
        line(timestamp=datetime(2100, 1, 1, tzinfo=UTC).isoformat()),
        line(timestamp="tomorrow"),
        b"[" * 5000,
        line(event="\0"),
        line(event="x" * 40_000),
        line(event="Caf\u00e9").replace(rb"\u00e9", b"\xe9"),
        b"x" * 3_000_000,
        b"",
        line(timestamp=None),
    ]
    job = started(shared_waystage, b"\r\n".join(file))
    said = ended(shared_waystage, job)
    assert (said["state"], said["rows"], said["accepted"], said["rejected"]) == ("finished", 12, 2, 10)
    assert {(reason["code"], reason["field"]): reason["rows"] for reason in said["reasons"]} == {
        ("not_json", None): 2,
        ("too_deep", None): 1,
        ("too_large", None): 2,
        ("missing_identifier", "userId"): 1,
        ("time_outside", "timestamp"): 2,
        ("time_unreadable", "timestamp"): 1,
        ("unstorable_text", None): 1,
    }
    failed = rows(shared_waystage, "select position, code, body from failed_events where import_id = $1 order by position", job)
    assert [row["position"] for row in failed] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert failed[0]["body"].strip() == b"{"
    assert failed[8]["body"].strip() == file[9]


SEEN = (
    "select user_id, name, occurred_at, timestamp, body ->> 'properties' as properties from events where import_id = $1 order by position"
)


def test_tables_are_read_by_their_mapping(shared_waystage: Waystage) -> None:
    mapping = """
format: tsv
type: track
fields: {userId: id, event: what, timestamp: when, properties.price.net: price, context.page.url: link}
constants: {properties.currency: EUR, properties.import: true}
time: {format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
"""
    header, first = "\ufeffid\twhat\twhen\tprice\tlink", '7\t"a ""b""\nc"\t31.12.2023 00:30\t9.90\thttps://x.example/?utm_source=a'
    table = f"{header}\r\n{first}\r\n8\tb\t01.07.2024 12:00\t\t\r\n9\tc\tnever\t1\t\r\n10\td"
    said = ended(shared_waystage, started(shared_waystage, gzip.compress(table.encode()), mapping=mapping))
    assert (said["rows"], said["accepted"], said["rejected"]) == (4, 3, 1)
    found = rows(shared_waystage, SEEN, said["id"])
    assert [(row["user_id"], row["name"], row["occurred_at"].isoformat()) for row in found[:2]] == [
        ("7", 'a "b"\nc', "2023-12-30T23:30:00+00:00"),
        ("8", "b", "2024-07-01T10:00:00+00:00"),
    ]
    assert json.loads(found[0]["properties"]) == {"currency": "EUR", "import": True, "price": {"net": "9.90"}}
    assert json.loads(found[1]["properties"]) == {"currency": "EUR", "import": True}


MAPPING = "type: track\nfields: {userId: id, event: what}"


def test_one_row_of_another_encoding_is_rejected_alone(shared_waystage: Waystage) -> None:
    said = ended(shared_waystage, started(shared_waystage, b"id,what\n1,caf\xe9\n2,tea\n", mapping=MAPPING))
    assert (said["accepted"], said["reasons"]) == (1, [{"code": "unstorable_text", "field": None, "rows": 1}])
    assert rows(shared_waystage, "select body from failed_events where import_id = $1", said["id"]) == [{"body": b"1,caf\xe9"}]


@pytest.mark.parametrize(
    "content, mapping, accepted, words",
    [
        pytest.param(gzip.compress(b"id,what\n" + b"1,tea\n" * 6000)[:-12], MAPPING, 5000, "cannot be read after", id="gzip cut short"),
        pytest.param(gzip.compress(bytes(range(256)) * 9)[:200] + b"\xff" * 99, None, 0, "cannot be read after", id="gzip broken"),
        pytest.param(b"\x1f\x8bnothing of the kind", None, 0, "cannot be read after 0 rows", id="no gzip"),
        pytest.param(b"id;what\n1;tea\n", MAPPING, 0, "no column id; it has id;what", id="another delimiter"),
        pytest.param(b"id,wh\0t\n1,tea\n", MAPPING, 0, "no column what", id="a NUL in the head"),
        pytest.param(b"", MAPPING, 0, "no column id", id="an empty table"),
    ],
)
def test_a_file_that_cannot_be_read_on_says_so(
    shared_waystage: Waystage, content: bytes, mapping: str | None, accepted: int, words: str
) -> None:
    said = ended(shared_waystage, started(shared_waystage, content, **({"mapping": mapping} if mapping else {})))
    assert said["state"] == "failed"
    assert words in said["error"]
    assert accepted <= said["accepted"] == said["rows"] - said["rejected"]
    assert ended(shared_waystage, started(shared_waystage, line()))["accepted"] == 1


def test_an_empty_file_is_soon_done(shared_waystage: Waystage) -> None:
    said = ended(shared_waystage, started(shared_waystage, b""))
    assert (said["state"], said["rows"], said["reasons"]) == ("finished", 0, [])


@pytest.mark.parametrize(
    "mapping, field",
    [
        ("- a", "mapping"),
        ("fields: [", "mapping"),
        ("fields: &a {userId: id}\nconstants: *a", "mapping"),
        ("field: {userId: id}", "field"),
        ("fields: {userId: id}\nfields: {userId: no}", "fields"),
        ("type: track", "fields"),
        ("format: xls\nfields: {userId: id}", "format"),
        ("type: visit\nfields: {userId: id}", "type"),
        ("fields: {user_id: id}", "fields.user_id"),
        ("fields: {context..x: id}", "fields.context..x"),
        ("fields: {userId: 5}", "fields.userId"),
        ("fields: {properties.a: x, properties.a.b: y}", "fields.properties.a.b"),
        ("fields: {userId: id}\ntime: {format: 5}", "time.format"),
        ("fields: {userId: id}\ntime: {zone: Mars}", "time.zone"),
        ("fields: {userId: id}\ntime: {zone: [UTC]}", "time.zone"),
        ("fields: {userId: id}\ntime: {offset: 3}", "time.offset"),
        ("fields: x", "fields"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(shared_waystage: Waystage, mapping: str, field: str) -> None:
    before = rows(shared_waystage, "select count(*) from imports")
    answer = shared_waystage.client.post("/v1/imports", params={"mapping": mapping}, content=b"id\n1\n", headers=bearer(KEYS.server))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == field
    assert rows(shared_waystage, "select count(*) from imports") == before


@pytest.mark.parametrize(
    "query, field", [({}, "source"), ({"source": "site"}, "source"), ({"source": "x\0"}, "source"), ({"map": "x"}, "map")]
)
def test_who_imports_for_no_trusted_source_is_told(shared_waystage: Waystage, query: dict[str, str], field: str) -> None:
    answer = shared_waystage.client.post("/v1/imports", params=query, content=b"", headers=bearer(KEYS.admin))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    done = shared_waystage.client.post("/v1/imports", params={"source": "server"}, content=line(), headers=bearer(KEYS.admin))
    assert ended(shared_waystage, done.json()["id"])["accepted"] == 1


@pytest.mark.parametrize("job", ["0", "-1", "x", "1.5", str(2**63)])
def test_what_is_no_number_of_a_job_is_refused(shared_waystage: Waystage, job: str) -> None:
    assert shared_waystage.client.get(f"/v1/imports/{job}", headers=bearer(KEYS.server)).status_code == 422
    assert shared_waystage.client.get(f"/v1/rebuilds/{job}", headers=bearer(KEYS.admin)).status_code == 422


def test_an_upload_that_breaks_off_leaves_nothing(shared_waystage: Waystage) -> None:
    before = rows(shared_waystage, "select count(*) from imports")
    address = urlsplit(shared_waystage.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST /v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS.server}\r\nContent-Length: 100000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 50_000)
        until(lambda: any(imports_folder(shared_waystage).glob("incoming-*")), "the upload has begun")
    until(lambda: not any(imports_folder(shared_waystage).iterdir()), "what was sent is gone")
    assert rows(shared_waystage, "select count(*) from imports") == before


def test_a_file_of_any_size_is_taken_as_it_comes(shared_waystage: Waystage) -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(3):
            yield line() + b"\n"

    assert ended(shared_waystage, started(shared_waystage, slowly()))["accepted"] == 3


def test_the_command_says_what_was_wrong(shared_waystage: Waystage, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"id,what\n1,tea\n,tea\n")
    (tmp_path / "map.yml").write_text(MAPPING)
    said = command(shared_waystage, str(tmp_path / "rows.csv"), "--map", str(tmp_path / "map.yml"))
    assert (said.returncode, "1 rejected" in said.stdout, "1 rows: missing_identifier userId" in said.stdout) == (0, True, True)
    reject = json.loads((tmp_path / "rows.csv.rejects.ndjson").read_bytes())
    assert (reject["line"], reject["field"], reject["code"], json.loads(reject["row"])) == (
        3,
        "userId",
        "missing_identifier",
        {"type": "track", "event": "tea"},
    )
    (tmp_path / "map.yml").write_text("type: visit\nfields: {userId: id}")
    refused = command(shared_waystage, str(tmp_path / "rows.csv"), "--map", str(tmp_path / "map.yml"))
    assert (refused.returncode, refused.stderr.startswith("type: is one of track")) == (1, True)


def test_a_public_key_may_not_import(shared_waystage: Waystage) -> None:
    answer = httpx.post(f"{shared_waystage.url}/v1/imports", content=line(), headers=bearer(KEYS.write))
    assert (answer.status_code, answer.json()["detail"]) == (403, "an import needs a trusted source's key or the admin key")
