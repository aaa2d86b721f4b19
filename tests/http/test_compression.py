"""Answers are compressed where they are long and the client takes it; streams go on as they come."""

import uuid

import httpx
import pytest

from tests.service import KEYS, Waystage, bearer

PATH = "/v1/transitions/customers?model=each_event_name&to_stage=Compressed&limit=1000"


@pytest.fixture(scope="module")
def name(shared_waystage: Waystage) -> str:
    name = uuid.uuid4().hex
    shared_waystage.batch([{"type": "track", "event": "Compressed", "userId": f"{name}-{number}"} for number in range(20)])
    shared_waystage.derived()
    return name


def asked(waystage: Waystage, path: str, coding: str) -> httpx.Response:
    answer = waystage.client.get(path, headers={**bearer(KEYS.read), "Accept-Encoding": coding})
    return answer.raise_for_status()


def test_a_long_answer_is_compressed_and_says_the_same(shared_waystage: Waystage, name: str) -> None:
    plain, packed = (asked(shared_waystage, PATH, coding) for coding in ("identity", "gzip"))
    assert "Content-Encoding" not in plain.headers
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert plain.json()["customers"] == packed.json()["customers"]
    assert name in packed.text
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 3


def test_a_short_answer_is_not(shared_waystage: Waystage) -> None:
    assert "Content-Encoding" not in asked(shared_waystage, "/readyz", "gzip").headers


def test_a_table_is_compressed_part_by_part(shared_waystage: Waystage, name: str) -> None:
    plain, packed = (asked(shared_waystage, f"{PATH}&format=csv", coding) for coding in ("identity", "gzip"))
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.text == packed.text
    assert name in packed.text


def test_what_happens_now_is_told_as_it_comes(shared_waystage: Waystage) -> None:
    with shared_waystage.client.stream("GET", "/v1/live", headers={**bearer(KEYS.read), "Accept-Encoding": "gzip"}) as live:
        assert live.status_code == 200
        assert "Content-Encoding" not in live.headers
        assert next(live.iter_raw())


def test_a_verification_tells_how_far_it_is(shared_waystage: Waystage, name: str) -> None:
    headers = {**bearer(KEYS.admin), "Accept-Encoding": "gzip"}
    with shared_waystage.client.stream("POST", "/v1/verify?customers=1", headers=headers) as told:
        assert told.status_code == 200
        assert "Content-Encoding" not in told.headers
