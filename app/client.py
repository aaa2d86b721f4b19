"""What the command line asks of a running collector, with its progress on the terminal."""

import time
from pathlib import Path
from typing import Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

POLL_SECONDS = 0.3
CHUNK_BYTES = 256 * 1024
console = Console(highlight=False, soft_wrap=True)


def import_file(client: httpx.Client, file: Path, mapping: Path | None) -> None:
    """Send a file, follow its import, say what became of its rows."""
    said = {"name": file.name, "mapping": mapping.read_text("utf-8") if mapping else None}
    with _progress() as progress:
        sending = progress.add_task("sending", total=file.stat().st_size)
        query = {key: value for key, value in said.items() if value is not None}
        job = answer(client.post("/v1/imports", params=query, content=_chunks(file, progress, sending)))
        storing = progress.add_task("storing", total=job["bytes_total"])
        while job["state"] in ("waiting", "running"):
            time.sleep(POLL_SECONDS)
            job = answer(client.get(f"/v1/imports/{job['id']}"))
            progress.update(storing, completed=job["bytes_read"], description=f"storing, {job['rows']:,} rows")
    console.print(
        f"import {job['id']} {job['state']}: {job['rows']:,} rows, {job['accepted']:,} accepted, {job['duplicates']:,} duplicates, "
        f"{job['rejected']:,} rejected, {job['rows_per_second'] or 0:,} rows/s"
    )
    for reason in job["reasons"]:
        console.print(f"  {reason['rows']:,} rows: {' '.join(filter(None, (reason['code'], reason['field'])))}", markup=False)
    if job["error"]:
        raise typer.Exit(_say(job["error"]))


def rebuild(client: httpx.Client) -> None:
    """Ask for a rebuild and follow it."""
    job = answer(client.post("/v1/rebuilds"))
    with _progress() as progress:
        deriving = progress.add_task("identities", total=None)
        while job["state"] != "finished":
            time.sleep(POLL_SECONDS)
            job = answer(client.get(f"/v1/rebuilds/{job['id']}"))
            progress.update(deriving, description=job["state"], total=job["total"] or None, completed=job["done"])
    console.print(
        f"rebuild {job['id']} finished: {job['total']:,} customers derived again, {job['changed']:,} differences found and mended"
    )


def answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer; an error is said in its own words and ends the command."""
    if response.is_error:
        raise typer.Exit(_say(_detail(response)))
    body: dict[str, Any] = response.json()
    return body


def _detail(response: httpx.Response) -> str:
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        return str(response.json()["detail"])
    return f"{response.request.url} answered {response.status_code}"


def _say(reason: str) -> int:
    Console(stderr=True, highlight=False).print(reason, style="red", markup=False)
    return 1


def _chunks(file: Path, progress: Progress, sending: TaskID) -> Any:
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk
            progress.advance(sending, len(chunk))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=console
    )
