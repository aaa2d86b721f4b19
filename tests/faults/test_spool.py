"""Links and pixels while Postgres is away: answered at once, and every hit stored once when it is back."""

import asyncio
import base64
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from app.domain.arriving.events import Arrival
from app.flow.collect import Collector
from app.flow.spool import SPOOL_BYTES_MAX, Spool, Spooled
from tests.faults.conftest import Measured
from tests.faults.load import fetch
from tests.faults.outages import Postgres, locked
from tests.http.tables import metrics, rows
from tests.service import KEYS, Waystage, ready, running, until

HITS = 50
LEFT = "select count(*) from events where message_id = 'left-1'"
LINK = {"kind": "email", "target": "https://shop.example/", "recipient": {"email": "away@example.com"}}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    with running(postgres.cluster.dsn, tmp_path_factory.mktemp("service"), work=False) as started:
        yield started


def spool_of(service: Waystage) -> Path:
    return Path(service.collector.environment["WAYSTAGE_DATA_DIR"]) / "spool"


def pixel(number: int) -> dict[str, str]:
    """The query of a pixel whose event has no message id of its own."""
    event = {"event": "Banner Shown", "userId": f"pixel-{number}"}
    return {"data": base64.urlsafe_b64encode(json.dumps(event).encode()).decode(), "writeKey": str(KEYS.write)}


def hit(service: Waystage, addresses: dict[str, str], numbers: range) -> list[float]:
    """Click, open, and load a pixel so many times; the seconds that each redirect took."""
    took = []
    with httpx.Client(base_url=service.url) as client:
        for number in numbers:
            began = time.perf_counter()
            clicked = client.get(addresses["click"])
            took.append(time.perf_counter() - began)
            images = [client.get(addresses["open"]), client.get("/v1/pixel/track", params=pixel(number))]
            assert clicked.status_code == 302
            assert [(image.status_code, image.headers["content-type"]) for image in images] == [(200, "image/gif")] * 2
    return took


def _lives(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False


def test_hits_are_answered_without_postgres_and_stored_once_when_it_is_back(
    postgres: Postgres, service: Waystage, at_most: Measured, exactly: Measured
) -> None:
    addresses = service.post("/v1/links", LINK).json()
    hit(service, addresses, range(1))
    postgres.crash()
    took = hit(service, addresses, range(1, HITS))
    service.collector.kill()
    service.collector.start()
    until(lambda: _lives(service.url), "the collector lives")
    with httpx.Client() as client:
        again = [client.get(addresses["click"]).status_code for _ in range(HITS)]
    postgres.start()
    until(lambda: ready(service.url), "the collector is ready")
    at_most("seconds until the slowest redirect", max(took), 0.05)
    exactly("redirects after a kill", again.count(302), HITS)
    names = {"Email Link Clicked": 2 * HITS, "Email Opened": HITS, "Banner Shown": HITS}
    until(lambda: _stored(service) == names, "everything is stored")
    until(lambda: not list(spool_of(service).iterdir()), "nothing is left in the spool")
    exactly("message ids", rows(service, "select count(distinct message_id) from events")[0]["count"], 4 * HITS)
    exactly("pixels' visitors", len(rows(service, "select distinct user_id from events where name = 'Banner Shown'")), HITS)
    span = rows(service, "select max(occurred_at) - min(occurred_at) as span from events where name = 'Email Opened'")[0]["span"]
    assert span.total_seconds() >= sum(took[1:]) / 2, "each hit keeps its own time"


def _stored(service: Waystage) -> Counter[str]:
    return Counter(row["name"] for row in rows(service, "select name from events"))


async def test_a_full_spool_says_what_it_loses(service: Waystage, exactly: Measured) -> None:
    addresses = service.post("/v1/links", LINK).json()
    left = spool_of(service) / "0-left.new"
    left.parent.mkdir(mode=0o700, exist_ok=True)
    left.write_bytes(_line("left-1") + b"{torn")
    os.truncate(left, SPOOL_BYTES_MAX)
    async with locked(service.dsn, "message_ids"):
        left = left.rename(left.with_suffix(".hits"))
        await asyncio.to_thread(httpx.get, addresses["click"])
        await asyncio.to_thread(until, lambda: metrics(service)["waystage_spool_bytes"] > SPOOL_BYTES_MAX, "the service adopts it")
        await asyncio.to_thread(hit, service, addresses, range(5))
    await asyncio.to_thread(until, lambda: metrics(service)["waystage_spool_bytes"] == 0, "what was left is stored")
    exactly("hits stored of what was left", (await fetch(service.dsn, LEFT))[0]["count"], 1)
    await asyncio.to_thread(hit, service, addresses, range(1))
    exactly("hits lost", metrics(service)['waystage_lost_hits_total{reason="spool_full"}'], 15)
    assert not left.exists()


def _line(message_id: str) -> bytes:
    """A hit as a spool keeps it."""
    return json.dumps([[2, True, datetime.now(UTC).isoformat()], base64.b64encode(_raw(message_id)).decode()]).encode() + b"\n"


def _raw(message_id: str) -> bytes:
    return json.dumps({"type": "track", "event": "Left", "userId": "left", "messageId": message_id}).encode()


async def test_a_file_is_its_process_own_until_that_ends(service: Waystage, exactly: Measured) -> None:
    lost: list[str] = []
    addresses = service.post("/v1/links", LINK).json()
    other = Spool(spool_of(service), Collector("postgresql://nowhere"), b"", lost.append)
    for number in range(3):
        other.keep(Spooled(Arrival(2, trusted=True, received_at=datetime.now(UTC)), _raw(f"other-{number}")))
    query = "select count(*) from events where message_id like 'other-%'"
    await asyncio.to_thread(hit, service, addresses, range(3))
    await asyncio.to_thread(until, lambda: metrics(service)["waystage_spool_bytes"] == 0, "the service sends its own")
    exactly("sent for another process", (await fetch(service.dsn, query))[0]["count"], 0)
    (file,) = other._files
    os.write(file.number, b"no hit\n" + _line("other-3")[:-9])
    os.close(file.number)
    await asyncio.to_thread(hit, service, addresses, range(1))
    await asyncio.to_thread(until, lambda: not file.path.exists(), "the service adopts what was left")
    exactly("sent for a process that ended", (await fetch(service.dsn, query))[0]["count"], 3)
    assert metrics(service)['waystage_lost_hits_total{reason="spool_unreadable"}'] == 1
    assert not lost


async def test_a_spool_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    lost: list[str] = []
    (tmp_path / "spool").write_text("no folder")
    spool = Spool(tmp_path / "spool", Collector("postgresql://nowhere"), b"", lost.append)
    spool.keep(Spooled(Arrival(2, trusted=True, received_at=datetime.now(UTC)), b"{}"))
    assert lost == ["spool_unwritable"]
