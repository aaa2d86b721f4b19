"""The hostile corpus as files and mappings of imports: a file is read or unreadable, and no import keeps the next one waiting."""

import json
import uuid
from pathlib import Path

import pytest

from app.domain.arriving.mapping import parse_mapping
from app.flow.files import Place, UnreadableError, read_parts
from tests.http.corpus import BODIES, PACKED
from tests.http.tables import rows
from tests.http.test_limits import memory
from tests.service import KEYS, ROOT, Waystage, bearer, until

PRESETS = [json.dumps({"preset": file.stem}) for file in sorted((ROOT / "app" / "domain" / "mappings").glob("*.yml"))]
CSV = "{format: csv, fields: {event: b}}"
MAPPINGS = [
    None,
    *PRESETS,
    CSV,
    '{format: csv, delimiter: "\\t", fields: {event: b}}',
    "{format: json, rows: a.b, fields: {event: c}}",
    "{format: parquet, fields: {event: c}}",
]
SOON = 60


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_every_file_is_read_or_unreadable(tmp_path: Path, mapping: str | None) -> None:
    file, unreadable = tmp_path / "file", set()
    packed = {what: body for what, (_, body) in PACKED.items() if "MiB" not in what}
    for what, body in {**BODIES, **packed}.items():
        file.write_bytes(body)
        try:
            for part in read_parts(file, parse_mapping(mapping), Place(), 1_000):
                assert all(row.raw or row.refused for row in part.rows)
        except UnreadableError as error:
            unreadable.add((what, str(error)))
    assert all(reason for _, reason in unreadable)


def test_no_file_keeps_the_next_one_waiting(shared_waystage: Waystage) -> None:
    name, before = f"hostile-{uuid.uuid4().hex}", memory(shared_waystage)
    bombs: list[tuple[dict[str, str], bytes]] = [({}, PACKED[f"{packing} of 400 MiB"][1]) for packing in ("gzip", "zstd")]
    tables = [({"mapping": CSV}, b"x" * 200_000), ({"mapping": CSV}, PACKED["gzip cut short"][1])]
    files = [*bombs, *tables, ({}, b"")]
    for mapping, body in files:
        params = {"name": name, **mapping}
        taken = shared_waystage.client.post("/v1/imports", params=params, content=body, headers=bearer(KEYS.server))
        assert taken.status_code == 202, taken.text
    unfinished = "select from imports where file = $1 and finished_at is null"
    until(lambda: not rows(shared_waystage, unfinished, name), "every import ends", SOON)
    ended = rows(shared_waystage, "select state, error from imports where file = $1 order by id", name)
    assert len(ended) == len(files)
    assert all((row["state"] == "failed") == bool(row["error"]) for row in ended)
    assert ended[-1]["state"] == "finished"
    assert memory(shared_waystage) - before < 50


def test_no_mapping_is_a_fault_of_the_service(shared_waystage: Waystage) -> None:
    for what, body in BODIES.items():
        params = {"mapping": body[:8000].decode("latin-1")}
        answer = shared_waystage.client.post("/v1/imports", params=params, headers=bearer(KEYS.server))
        assert answer.status_code == (422 if body else 202), (what, answer.text)
