"""The SDKs of the Segment spec work by changing their host: requests recorded from them, byte for byte, and the SDKs themselves."""

import base64
import gzip
import json
import os
import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from segment.analytics.client import Client

from tests.http.tables import rows
from tests.service import BROWSER, KEYS, ROOT, Waystage, basic, bearer

TYPES = ["alias", "group", "identify", "page", "screen", "track", "track"]


def recorded(folder: Path) -> list[dict[str, Any]]:
    lines = [line for file in sorted((folder / "clients").glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def replayed(waystage: Waystage, request: dict[str, Any]) -> httpx.Response:
    """Send a recorded request again: its bytes and headers as they were, but for the host and the key."""
    dropped = {"host", "content-length", "authorization"}
    headers = {name: value for name, value in request["headers"].items() if name.lower() not in dropped}
    body = base64.b64decode(request["raw_body_b64"])
    assert len(body) == request["body_bytes"]
    return httpx.request(request["method"], waystage.url + request["path"], content=body, headers={**headers, **basic(KEYS.server)})


def test_recorded_requests_are_understood(waystage: Waystage, oracles: Path) -> None:
    requests = recorded(oracles)
    assert len(requests) >= 3
    for request in requests:
        answer = replayed(waystage, request)
        assert (answer.status_code, answer.json()) == (200, {"success": True, "accepted": 7, "duplicates": 0, "rejected": []})
        assert replayed(waystage, request).json()["duplicates"] == 7
    for request in requests:
        ids = [event["messageId"] for event in request["body_json"]["batch"]]
        found = rows(
            waystage, "select type, name, timestamp, occurred_at, ip, body from events where message_id = any($1) order by position", ids
        )
        assert [row["type"] for row in found] == [event["type"] for event in request["body_json"]["batch"]]
        order = found[2]
        assert (order["name"], order["occurred_at"], order["ip"]) == (
            "Order Completed",
            datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            "203.0.113.0",
        )
        assert json.loads(order["body"])["properties"]["revenue"] == 12.5
    waystage.derived()
    for known in ("user_id:u-1", "email:A@B.co", "anonymous_id:anon-1", "anonymous_id:anon-2"):
        journey = waystage.journey(known)
        assert journey["customer"]["identifiers"] == [
            {"kind": "user_id", "value": "u-1"},
            {"kind": "anonymous_id", "value": "anon-1"},
            {"kind": "anonymous_id", "value": "anon-2"},
            {"kind": "email", "value": "a@b.co"},
            {"kind": "user_id", "value": "anon-2"},
        ]
        assert journey["customer"]["traits"] == {"email": "a@b.co"}
        assert len(journey["events"]) == 7 * len(requests)
    assert waystage.ask("/v1/customers")["total"] == 1


def assert_seen(waystage: Waystage, person: str) -> None:
    """What the seven events of `send` make of a person."""
    waystage.derived()
    journey = waystage.journey(f"anonymous_id:{person}-2")
    assert journey["customer"]["id"] == f"user_id:{person}"
    assert {identifier["value"] for identifier in journey["customer"]["identifiers"]} == {
        person,
        f"{person}@shop.example",
        f"{person}-1",
        f"{person}-2",
    }
    assert sorted(event["type"] for event in journey["events"]) == TYPES
    assert {entry["stage"] for entry in journey["entries"]} >= {"decision", "purchase"}
    assert journey["touches"][0]["channel"] == "paid_search"


CONTEXT = {
    "userAgent": BROWSER,
    "page": {"url": "https://shop.example/kettle?utm_source=google&utm_medium=cpc&utm_campaign=spring"},
}


def send(client: Any, person: str) -> None:
    """One event of each type, by the calls that the SDK has for them."""
    client.identify(person, anonymous_id=f"{person}-1", traits={"email": f"{person}@shop.example"})
    client.page(person, name="Pricing", properties={"path": "/pricing"}, context=CONTEXT)
    client.screen(person, name="Home", context=CONTEXT)
    client.track(anonymous_id=f"{person}-2", event="Product Added", context=CONTEXT)
    client.alias(f"{person}-2", person)
    client.group(person, "g-1", traits={"name": "Example Ltd"})
    client.track(person, "Order Completed", properties={"revenue": 12.5}, timestamp=datetime.now(UTC))


@pytest.mark.parametrize("key", [KEYS.write, KEYS.server], ids=["public", "trusted"])
@pytest.mark.parametrize("sync", [True, False], ids=["each at once", "queued"])
@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_the_python_sdk(shared_waystage: Waystage, key: str, *, sync: bool, packed: bool) -> None:
    person, lost = f"python-{uuid.uuid4().hex}", []
    client = Client(
        key, host=shared_waystage.url, gzip=packed, sync_mode=sync, max_retries=0, on_error=lambda error, items: lost.append((error, items))
    )
    send(client, person)
    if not sync:
        client.shutdown()
    assert not lost
    assert_seen(shared_waystage, person)


@pytest.fixture(scope="session")
def node_sdk() -> Callable[..., None]:
    """Runs tests/sdk/send.mjs; where its packages cannot be had, the tests that need them skip."""
    npm = [str(ROOT / ".ci" / "npm"), "--prefix", "tests/sdk"]
    if not (ROOT / "tests" / "sdk" / "node_modules").is_dir():
        made = subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=ROOT, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"the SDK for Node.js cannot be installed here: {made.stderr[-300:]}")

    def run(**said: str) -> None:
        sent = subprocess.run(
            [*npm, "run", "--silent", "send"], cwd=ROOT, env=os.environ | said, capture_output=True, text=True, check=False
        )
        assert sent.returncode == 0, sent.stderr

    return run


@pytest.mark.parametrize("key", [KEYS.write, KEYS.server], ids=["public", "trusted"])
def test_the_node_sdk(shared_waystage: Waystage, node_sdk: Callable[..., None], key: str) -> None:
    person = f"node-{uuid.uuid4().hex}"
    node_sdk(HOST=shared_waystage.url, WRITE_KEY=key, PERSON=person)
    assert_seen(shared_waystage, person)


@pytest.mark.parametrize("coding", [{}, {"Content-Encoding": "gzip"}], ids=["mislabelled", "labelled"])
def test_gzip_that_says_it_is_a_form(shared_waystage: Waystage, coding: dict[str, str]) -> None:
    event = {"type": "track", "event": "Formed", "userId": "formed", "messageId": uuid.uuid4().hex}
    form = {"Content-Type": "application/x-www-form-urlencoded", **coding, **bearer(KEYS.server)}
    answer = shared_waystage.client.post("/v1/batch", content=gzip.compress(json.dumps({"batch": [event]}).encode()), headers=form)
    assert answer.json()["accepted"] == 1
