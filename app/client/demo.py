"""The demo: a year of a shop that does not exist, written and imported at once."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import typer

from app.client.answers import POLL_SECONDS, answer, console, progress_bars, say
from app.client.imports import follow, tell, undo_import
from app.demo.year import write_year

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SOURCE = "demo"
LEVEL = 1
GONE = ("undone", "undoing")


class Year(NamedTuple):
    """Which year: of how many people, until which instant (UTC), and the seed of its chance."""

    customers: int
    until: datetime
    seed: int

    @property
    def name(self) -> str:
        """What its import is called: the same year has the same name."""
        return f"demo-{self.seed}-{self.customers}-{self.until:%Y%m%dT%H%MZ}.ndjson.zst"


def write_demo(year: Year, file: Path) -> None:
    """Write the year as a file of NDJSON, packed where its name ends with .zst."""
    with file.open("wb") as opened, _progress("writing", year.customers) as advance:
        for chunk in _packed(year, advance) if file.suffix == ".zst" else _plain(year, advance):
            opened.write(chunk)
    console.print(f"{file}: {file.stat().st_size:,} bytes of {year.customers:,} customers", markup=False)


def import_demo(client: httpx.Client, year: Year, *, replace: bool) -> None:
    """Import the year through a source of its own.

    The same year again changes nothing. Another one takes the place of what was imported before only where that is asked for.
    """
    _ensure_source(client)
    before = [
        job for job in answer(client.get("/v1/imports", params={"source": SOURCE, "limit": 500}))["imports"] if job["state"] not in GONE
    ]
    same = next((job for job in before if job["name"] == year.name and job["state"] != "failed"), None)
    if before and not replace and same is None:
        raise typer.Exit(say(f"import {before[0]['id']} is another demo ({before[0]['name']}): --replace takes it back first"))
    if replace:
        for job in before:
            undo_import(client, job["id"])
    job = same if same and not replace else _send(client, year)
    with progress_bars() as progress:
        job = follow(client, job, progress)
    tell(job)
    _derived(client)
    console.print(f"\nLook at it:    {client.base_url}")
    console.print(f"Take it back:  waystage undo {job['id']}")


def _ensure_source(client: httpx.Client) -> None:
    """Make the source where there is none. Nobody needs its key."""
    response = client.post("/v1/sources", json={"name": SOURCE, "kind": "trusted"})
    if response.status_code != httpx.codes.CONFLICT:
        answer(client.delete(f"/v1/keys/{answer(response)['key']['id']}"))


def _send(client: httpx.Client, year: Year) -> dict[str, Any]:
    with _progress("sending", year.customers) as advance:
        return answer(client.post("/v1/imports", params={"source": SOURCE, "name": year.name}, content=_packed(year, advance)))


def _derived(client: httpx.Client) -> None:
    """Wait until the journeys of what was imported stand, however long; Ctrl-C leaves them to the service."""
    with console.status("deriving journeys") as status:
        while (waiting := _waiting(client)) > 0:
            status.update(f"deriving journeys, {waiting:,} marks to go")
            time.sleep(POLL_SECONDS)


def _waiting(client: httpx.Client) -> int:
    text = client.get("/metrics").raise_for_status().text
    return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith("waystage_touched_rows "))))


def _packed(year: Year, advance: Callable[[int], object]) -> Iterator[bytes]:
    packer = zstd.ZstdCompressor(level=LEVEL)
    for lines in _plain(year, advance):
        yield packer.compress(lines)
    yield packer.flush()


def _plain(year: Year, advance: Callable[[int], object]) -> Iterator[bytes]:
    for part in write_year(*year):
        yield part.lines
        advance(part.people)


@contextmanager
def _progress(what: str, customers: int) -> Iterator[Callable[[int], object]]:
    with progress_bars() as progress:
        task = progress.add_task(what, total=customers)
        yield lambda people: progress.update(task, completed=people)
