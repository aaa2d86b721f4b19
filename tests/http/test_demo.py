"""`waystage demo`: a year imported through a source of its own, looked at, imported again, replaced and taken back."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from tests.http.tables import rows
from tests.service import KEYS, ROOT, Waystage, bearer

UNTIL = "2026-03-01T09:00Z"
GUIDE = (ROOT / "docs" / "demo.md").read_text("utf-8")
BROKEN = 22
EVENTS = "select count(*) from events"


def command(waystage: Waystage, *arguments: str) -> Result:
    keys = {"WAYSTAGE_ADMIN_KEY": KEYS.admin, "WAYSTAGE_SERVER_KEY": KEYS.server, "COLUMNS": "200"}
    return CliRunner().invoke(app, [*arguments, "--url", waystage.url], env=keys)


def demo(waystage: Waystage, *arguments: str) -> Result:
    return command(waystage, "demo", "--customers", "500", "--until", UNTIL, *arguments)


def imports_of(waystage: Waystage, source: str) -> httpx.Response:
    return waystage.client.get("/v1/imports", params={"source": source}, headers=bearer(KEYS.admin))


def reasons(waystage: Waystage) -> dict[tuple[str, str | None], int]:
    found: list[dict[str, Any]] = waystage.ask("/v1/failed-events/reasons")["reasons"]
    return {(one["code"], one["field"]): one["events"] for one in found if one["source"] == "demo"}


def test_a_small_demo(waystage: Waystage) -> None:
    said = demo(waystage)
    assert said.exit_code == 0, said.stderr
    assert re.search(r"import 1 finished: ([\d,]+) rows, [\d,]+ accepted, 0 duplicates, 22 rejected", said.stdout), said.stdout
    assert said.stdout.rstrip().splitlines()[-2:] == [f"Look at it:    {waystage.url}", "Take it back:  waystage undo 1"]

    stages = waystage.ask("/v1/journey-map")["stages"]
    customers = {one["stage"]: one["customers"] for one in stages}
    assert customers["awareness"] > customers["consideration"] > customers["decision"] > customers["purchase"] >= customers["loyalty"] > 0
    assert 0.02 < customers["purchase"] / waystage.ask("/v1/customers", limit=1)["total"] < 0.06
    assert any(one["rating"]["count"] for one in stages)
    assert {one["to"] for one in waystage.ask("/v1/transitions")["transitions"] if one["from"] == "decision"} >= {
        "consideration",
        "purchase",
    }
    machines = {
        row["machine"]: row["touches"] for row in rows(waystage, "select machine, count(*) as touches from touches group by machine")
    }
    assert machines[False] > 10 * machines[True] > 0
    assert (sum(reasons(waystage).values()), reasons(waystage)["missing_identifier", "userId"]) == (BROKEN, 4)
    money = waystage.ask("/v1/attribution")
    assert msgspec.json.encode(money).count(b"EUR") > 0

    before = rows(waystage, EVENTS)
    again = demo(waystage)
    assert (again.exit_code, "import 1 finished" in again.stdout) == (0, True), again.stderr
    other = demo(waystage, "--seed", "2")
    assert (other.exit_code, other.stderr.strip()) == (
        1,
        "import 1 is another demo (demo-1-500-20260301T0900Z.ndjson.zst): --replace takes it back first",
    )
    assert rows(waystage, EVENTS) == before
    keys = waystage.client.get("/v1/keys", headers=bearer(KEYS.admin)).json()["keys"]
    assert [key["revoked_at"] is not None for key in keys if key["source"] == "demo"] == [True]

    replaced = demo(waystage, "--seed", "2", "--replace")
    assert ("import 1 undone" in replaced.stdout, "import 2 finished" in replaced.stdout) == (True, True), replaced.stderr
    taken_back = command(waystage, "undo", "2")
    assert "import 2 undone" in taken_back.stdout, taken_back.stderr
    assert rows(waystage, EVENTS) == [{"count": 0}]


def test_a_file_of_it_is_the_same_events(waystage: Waystage, tmp_path: Path) -> None:
    for name in ("year.ndjson", "year.ndjson.zst"):
        written = demo(waystage, "--file", str(tmp_path / name))
        assert re.search(rf"{name}: [\d,]+ bytes of 500 customers", written.stdout), written.stderr
    imported = [
        command(waystage, "import", str(tmp_path / name), "--rejects", str(tmp_path / "rejects"))
        for name in ("year.ndjson.zst", "year.ndjson")
    ]
    assert [" 0 accepted" in one.stdout for one in imported] == [False, True]
    demo(waystage)
    found = {source: imports_of(waystage, source) for source in ("server", "demo", "site")}
    assert [(found[source].status_code, len(found[source].json()["imports"])) for source in ("server", "demo")] == [(200, 2), (200, 1)]
    assert found["site"].status_code == 422


def test_the_file_of_the_guide_has_the_line_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = re.findall(r"^waystage (demo .*--file \S+)", GUIDE, re.MULTILINE)
    (line,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert CliRunner().invoke(app, shown.split()).exit_code == 0
    assert json.loads(line) in map(json.loads, (tmp_path / "year.ndjson").read_bytes().splitlines()[:-BROKEN])
