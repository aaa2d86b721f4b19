"""Imports: a file sent, and its rows followed until they are stored."""

import time
from pathlib import Path
from typing import Any

import httpx
import typer
from rich.progress import Progress, TaskID

from app.client.answers import POLL_SECONDS, answer, console, progress_bars, say

CHUNK_BYTES = 256 * 1024


def import_file(client: httpx.Client, file: Path, mapping: Path | None) -> None:
    """Send a file, follow its import, say what became of its rows."""
    said = {"name": file.name, "mapping": mapping.read_text("utf-8") if mapping else None}
    with progress_bars() as progress:
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
        raise typer.Exit(say(job["error"]))


def _chunks(file: Path, progress: Progress, sending: TaskID) -> Any:
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk
            progress.advance(sending, len(chunk))
