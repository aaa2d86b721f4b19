"""What the tables and the metrics of a running service say, beside what its answers say."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import asyncpg
import httpx

from app.domain.arriving.keys import digest
from tests.service import KEYS, PATIENCE, Waystage, bearer


def rows(waystage: Waystage, query: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a statement; jsonb comes as text."""

    async def fetch() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(waystage.dsn)
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


@contextmanager
def by_link(waystage: Waystage) -> Iterator[httpx.Client]:
    """A browser with one of our own pages open, logged in by a link of the terminal."""
    token = secrets.token_urlsafe(24)
    rows(waystage, "insert into login_links (digest, expires_at) values ($1, now() + interval '1 minute')", digest(token))
    with httpx.Client(base_url=waystage.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE) as browser:
        assert browser.get("/login", params={"token": token}).headers["location"] == "/"
        yield browser


def stored(waystage: Waystage, message_id: str) -> list[dict[str, Any]]:
    """The event rows with a message id, their body as `exact` reads it."""
    found = rows(waystage, "select * from events where message_id = $1", message_id)
    return [row | {"body": exact(row["body"])} for row in found]


def exact(text: str | bytes) -> Any:
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def metrics(waystage: Waystage) -> dict[str, float]:
    """Every sample of /metrics by its name with labels."""
    response = waystage.client.get("/metrics", headers=bearer(KEYS.read))
    response.raise_for_status()
    lines = (line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def account(waystage: Waystage, source: str) -> dict[str, int]:
    """What a source sent so far: received, stored, duplicate, failed."""
    said = metrics(waystage)
    return {word: int(said[f'waystage_events_{word}_total{{source="{source}"}}']) for word in ("received", "stored", "duplicate", "failed")}
