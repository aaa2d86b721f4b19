"""Requests recorded from SDKs are understood, byte for byte; the SDKs themselves run in tests/clients and tests/browser."""

import base64
import gzip
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http.tables import rows
from tests.service import KEYS, Waystage, basic, bearer


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


@pytest.mark.parametrize("coding", [{}, {"Content-Encoding": "gzip"}], ids=["mislabelled", "labelled"])
def test_gzip_that_says_it_is_a_form(shared_waystage: Waystage, coding: dict[str, str]) -> None:
    event = {"type": "track", "event": "Formed", "userId": "formed", "messageId": uuid.uuid4().hex}
    form = {"Content-Type": "application/x-www-form-urlencoded", **coding, **bearer(KEYS.server)}
    answer = shared_waystage.client.post("/v1/batch", content=gzip.compress(json.dumps({"batch": [event]}).encode()), headers=form)
    assert answer.json()["accepted"] == 1
