"""`waystage links`: a file of recipients comes back with the addresses of each, and is otherwise as it was."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import typer

from app.client.links import Mailing, merge
from tests.http.tables import rows
from tests.service import KEYS, ROOT, Waystage, bearer, until

CELLS = [
    ["name", "E-Mail", "note"],
    ['Ada "the first"', " ada@merge.example ", "=HYPERLINK(1)"],
    ["\u0411\u043e\u0431", "bob@merge.example", "two\nlines; and, more"],
    ["", "", "'+1"],
    ["short", "short@merge.example"],
]


def links(waystage: Waystage, file: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    said = ["--target", "https://shop.example/a?b=1", "--message", "m-9", "--campaign", "Spring", "--url", waystage.url, *more]
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "links", str(file), *said],
        cwd=ROOT,
        env={**os.environ, "WAYSTAGE_SERVER_KEY": str(KEYS.server)},
        capture_output=True,
        timeout=100,
        check=False,
    )


def test_a_file_comes_back_with_addresses(shared_waystage: Waystage, tmp_path: Path) -> None:
    file, output = tmp_path / "people.csv", tmp_path / "merged.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        csv.writer(opened, delimiter=";").writerows(CELLS)
    done = links(shared_waystage, file, "--column", "E-Mail", "--output", str(output))
    assert (done.returncode, done.stdout) == (0, b"")
    with output.open(encoding="utf-8-sig", newline="") as opened:
        merged = list(csv.reader(opened, delimiter=";"))
    assert output.read_bytes().startswith("\ufeffname;E-Mail;note;click_url;open_url\r\n".encode())
    assert [row[:3] for row in merged] == [[*row, ""][:3] for row in CELLS]
    assert [len(row) for row in merged] == [5] * 5
    answers = [httpx.get(merged[2][3]), httpx.get(merged[2][4])]
    assert [answer.status_code for answer in answers] == [302, 200]
    assert urlsplit(answers[0].headers["location"]).query.startswith(
        "b=1&utm_source=newsletter&utm_medium=email&utm_campaign=Spring&ws_click="
    )
    query = "select name, body #>> '{properties,message_id}' as message from events where email = 'bob@merge.example' order by name"
    expected = [{"name": name, "message": "m-9"} for name in ("Email Link Clicked", "Email Opened")]
    until(lambda: rows(shared_waystage, query) == expected, "click and opening are stored")
    assert list(tmp_path.iterdir()) in ([file, output], [output, file])


@pytest.fixture
def client(shared_waystage: Waystage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared_waystage.url, headers=bearer(KEYS.server)) as opened:
        yield opened


MAILING = Mailing("https://shop.example/", "m-10", "Spring", "newsletter", "email")


def test_a_long_file_goes_to_standard_output_in_parts(client: httpx.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "many.csv"
    file.write_text("email\n" + "".join(f"{number}@many.example\n" for number in range(1_001)))
    merge(client, file, None, MAILING)
    merged = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["email"] for row in merged] == [f"{number}@many.example" for number in range(1_001)]
    assert len({row["click_url"] for row in merged}) == 1_001


@pytest.mark.parametrize(
    "content, words",
    [
        (b"name\nAda\n", "the file has no column email; it has name"),
        (b"email\n\xff\n", "is no CSV in UTF-8"),
        (b"email\na,b\n", "more than the 1 cells"),
        (b"", "the file has no column email"),
        (b"email\n" + b"x" * 4_000 + b"@x.com\n", "[0].link"),
    ],
)
def test_what_cannot_be_merged_is_said_and_leaves_no_file(
    client: httpx.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    with pytest.raises(typer.Exit):
        merge(client, file, tmp_path / "merged.csv", MAILING)
    assert words in " ".join(capsys.readouterr().err.split())
    assert [each.name for each in tmp_path.iterdir()] == ["people.csv"]
