"""Rebuilds: asked for, and followed to their end."""

import time

import httpx

from app.client.answers import POLL_SECONDS, answer, console, progress_bars


def rebuild(client: httpx.Client) -> None:
    """Ask for a rebuild and follow it."""
    job = answer(client.post("/v1/rebuilds"))
    with progress_bars() as progress:
        deriving = progress.add_task("identities", total=None)
        while job["state"] != "finished":
            time.sleep(POLL_SECONDS)
            job = answer(client.get(f"/v1/rebuilds/{job['id']}"))
            progress.update(deriving, description=job["state"], total=job["total"] or None, completed=job["done"])
    console.print(
        f"rebuild {job['id']} finished: {job['total']:,} customers derived again, {job['changed']:,} differences found and mended"
    )
