"""Imports: files sent, and their rows followed until they are stored."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import httpx
import typer
from rich.box import SIMPLE
from rich.progress import Progress
from rich.table import Table

from app.client.answers import POLL_SECONDS, answer, console, plain, progress_bars, say
from app.client.dry_runs import show_report

CHUNK_BYTES = 256 * 1024
INTERRUPTED = 130
STANDARD_INPUT = Path("-")
_REJECTS = ".rejects.ndjson"
_STEPS = {step: step for step in ("id", "name", "state", "rows", "accepted", "duplicates", "rejected")} | {"rows_per_second": "rows/s"}


class How(NamedTuple):
    """How files are imported: by a mapping's text or the name of one, in earnest or dry, and where rejected rows go."""

    mapping: str | None
    preset: str | None
    dry_run: bool
    rejects: Path | None


def import_files(client: httpx.Client, named: Sequence[Path], how: How) -> None:
    """Import files one after the other, those of a folder by their names; - is the standard input. Ends with 1 where one failed."""
    files = [file for one in named for file in _files(one)]
    if how.rejects:
        how.rejects.unlink(missing_ok=True)
    failed = [file for file in files if not _import_file(client, file, how)]
    if failed:
        raise typer.Exit(1)


def list_imports(client: httpx.Client) -> None:
    """Print the newest imports and how far they are."""
    table = Table(*_STEPS.values(), box=SIMPLE)
    for job in answer(client.get("/v1/imports"))["imports"]:
        table.add_row(*(plain("" if job[step] is None else job[step]) for step in _STEPS))
    console.print(table)


def undo_import(client: httpx.Client, number: int) -> None:
    """Take an import back and follow it until its events are gone."""
    job = answer(client.delete(f"/v1/imports/{number}"))
    with progress_bars() as progress:
        undoing = progress.add_task("undoing", total=max(job["accepted"], 1))
        while job["state"] == "undoing":
            time.sleep(POLL_SECONDS)
            job = answer(client.get(f"/v1/imports/{number}"))
            progress.update(undoing, completed=job["undone"])
        progress.update(undoing, completed=max(job["accepted"], 1))
    console.print(f"import {number} {job['state']}: {job['undone']:,} events and their message ids are gone")


def _files(named: Path) -> list[Path]:
    if named != STANDARD_INPUT and not named.exists():
        raise typer.Exit(say(f"there is no file or folder {plain(named)}"))
    if not named.is_dir():
        return [named]
    return sorted(file for file in named.iterdir() if file.is_file() and not file.name.startswith(".") and not file.name.endswith(_REJECTS))


def _import_file(client: httpx.Client, file: Path, how: How) -> bool:
    """Send a file, follow its import, say what became of its rows; whether it went to its end."""
    job: dict[str, Any] | None = None
    try:
        with progress_bars() as progress:
            job = _sent(client, file, how, progress)
            job = follow(client, job, progress)
    except KeyboardInterrupt:
        raise typer.Exit(_interrupted(file, job)) from None
    tell(job)
    if job["rejected"]:
        _write_rejects(client, job, how.rejects or _beside(file))
    return job["error"] is None


def _sent(client: httpx.Client, file: Path, how: How, progress: Progress) -> dict[str, Any]:
    said = {"name": file.name, "mapping": how.mapping, "preset": how.preset, "dry_run": "true" if how.dry_run else None}
    query = {key: value for key, value in said.items() if value is not None}
    sending = progress.add_task(f"sending {plain(file.name)}", total=None if file == STANDARD_INPUT else file.stat().st_size)
    with sys.stdin.buffer if file == STANDARD_INPUT else file.open("rb") as opened:
        job = answer(client.post("/v1/imports", params=query, content=_chunks(opened, lambda size: progress.advance(sending, size))))
    progress.update(sending, total=job["bytes_total"], completed=job["bytes_total"])
    return job


def _chunks(opened: BinaryIO, tell: Callable[[int], object]) -> Iterator[bytes]:
    while chunk := opened.read(CHUNK_BYTES):
        yield chunk
        tell(len(chunk))


def follow(client: httpx.Client, job: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Show how far an import is until it has ended; what became of it."""
    storing = progress.add_task("looking" if job["dry_run"] else "storing", total=job["bytes_total"])
    while (job := answer(client.get(f"/v1/imports/{job['id']}")))["state"] in ("waiting", "running"):
        said = f"storing, {job['rows']:,} rows, {job['rows_per_second'] or 0:,} rows/s"
        progress.update(storing, completed=job["bytes_read"], description="looking" if job["dry_run"] else said)
        time.sleep(POLL_SECONDS)
    progress.update(storing, completed=job["bytes_total"])
    return job


def _interrupted(file: Path, job: dict[str, Any] | None) -> int:
    if job is None:
        say(f"{plain(file)} was not sent to its end: nothing of it is imported")
    else:
        say(f"import {job['id']} goes on without this command: `waystage imports` says how far it is")
    return INTERRUPTED


def tell(job: dict[str, Any]) -> None:
    """Say what became of an import's rows, or what a dry run found."""
    if job["report"]:
        show_report(job["report"])
    else:
        console.print(
            f"import {job['id']} {job['state']}: {job['rows']:,} rows, {job['accepted']:,} accepted, {job['duplicates']:,} duplicates, "
            f"{job['rejected']:,} rejected, {job['rows_per_second'] or 0:,} rows/s"
        )
    for reason in job["reasons"]:
        console.print(f"  {reason['rows']:,} rows: {' '.join(filter(None, (reason['code'], reason['field'])))}", markup=False)
    if job["error"]:
        say(plain(job["error"]))


def _write_rejects(client: httpx.Client, job: dict[str, Any], to: Path) -> None:
    with client.stream("GET", f"/v1/imports/{job['id']}/rejects") as response, to.open("ab") as opened:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            opened.write(chunk)
    console.print(f"  rejected rows: {plain(to)}", markup=False)


def _beside(file: Path) -> Path:
    """Where the rejects of a file go when nothing else is said; those of an import before are replaced."""
    beside = Path(f"stdin{_REJECTS}") if file == STANDARD_INPUT else file.with_name(file.name + _REJECTS)
    beside.unlink(missing_ok=True)
    return beside
