"""How much a request may bring: what exceeds it is cut off early, and costs the collector little."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.http.write import BATCH_BYTES_MAX, BATCH_EVENTS_MAX
from tests.service import KEYS, Waystage, basic

HEADERS = {**basic(KEYS.server), "Content-Type": "application/json"}


def batch_of(size: int) -> bytes:
    """A batch of one event with exactly so many bytes, most of them beside the event."""
    empty = {"padding": "", "batch": [{"type": "track", "event": "Limit", "userId": "limit"}]}
    return json.dumps(empty | {"padding": "x" * (size - len(json.dumps(empty)))}).encode()


def send(waystage: Waystage, body: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    return waystage.client.post("/v1/batch", content=body, headers=HEADERS | headers)


def assert_problem(response: httpx.Response, status: int, *words: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.headers["access-control-allow-origin"] == "*"
    said = response.json()
    assert (said["status"], said["type"]) == (status, "about:blank")
    assert all(word in said["detail"] for word in words), said


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_batch_has_500_kib_at_most(shared_waystage: Waystage, pack: Callable[[bytes], bytes]) -> None:
    assert send(shared_waystage, pack(batch_of(500 * 1024))).json()["accepted"] == 1
    assert_problem(send(shared_waystage, pack(batch_of(500 * 1024 + 1))), 413, str(BATCH_BYTES_MAX))


def test_a_batch_has_2500_events_at_most(shared_waystage: Waystage) -> None:
    event = {"type": "track", "event": "Limit", "userId": "limit"}
    assert shared_waystage.batch([event] * 2500)["accepted"] == 2500
    assert_problem(shared_waystage.post("/v1/batch", {"batch": [event] * 2501}), 413, "2501", str(BATCH_EVENTS_MAX))


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "x"])
@pytest.mark.parametrize("route", ["track", "batch"])
def test_other_codings_are_refused(shared_waystage: Waystage, route: str, coding: str) -> None:
    response = shared_waystage.client.post(f"/v1/{route}", content=batch_of(1000), headers=HEADERS | {"Content-Encoding": coding})
    assert_problem(response, 415, "gzip")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(batch_of(5000))[:-20], id="cut short"),
        pytest.param(gzip.compress(batch_of(5000))[:9], id="cut in its head"),
        pytest.param(gzip.compress(gzip.compress(batch_of(5000))), id="nested"),
        pytest.param(b"\x1f\x8b" + b"\0" * 100, id="no gzip"),
        pytest.param(gzip.compress(batch_of(5000))[:-8] + b"\0" * 8, id="wrong sum"),
        pytest.param(gzip.compress(batch_of(5000)) + gzip.compress(b"{"), id="two members that are no JSON together"),
    ],
)
def test_bad_gzip_is_refused(shared_waystage: Waystage, body: bytes) -> None:
    assert_problem(send(shared_waystage, body, **{"Content-Encoding": "gzip"}), 400)


def test_gzip_may_have_several_members(shared_waystage: Waystage) -> None:
    whole = batch_of(5000)
    assert send(shared_waystage, gzip.compress(whole[:100]) + gzip.compress(whole[100:])).json()["accepted"] == 1
    assert_problem(send(shared_waystage, gzip.compress(batch_of(400 * 1024)) * 2), 413)


def test_a_gzip_bomb_costs_little(shared_waystage: Waystage) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(400)) + packer.flush()
    assert len(bomb) < BATCH_BYTES_MAX
    send(shared_waystage, bomb)
    before, worked = peak(shared_waystage), cpu(shared_waystage)
    for _ in range(5):
        assert_problem(send(shared_waystage, bomb), 413)
    assert cpu(shared_waystage) - worked < 5 * 0.1
    assert peak(shared_waystage) - before < 16


def test_a_body_without_end_is_cut_at_the_limit(shared_waystage: Waystage) -> None:
    before = peak(shared_waystage)
    for framing in (b"Content-Length: 209715200", b"Transfer-Encoding: chunked"):
        answer, sent, took = flooded(shared_waystage, framing, 200 * 2**20)
        assert answer.startswith(b"HTTP/1.1 413 "), answer
        assert sent < 20 * 2**20
        assert took < 1.0
    assert peak(shared_waystage) - before < 8


def flooded(waystage: Waystage, framing: bytes, size: int) -> tuple[bytes, int, float]:
    """Send a body until the collector answers: its answer, the bytes sent until then, the seconds that it took."""
    head = b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: " + HEADERS["Authorization"].encode() + b"\r\n" + framing + b"\r\n\r\n"
    chunk = b"x" * 65536
    part = b"10000\r\n" + chunk + b"\r\n" if b"chunked" in framing else chunk
    started, sent = time.monotonic(), 0
    with socket.create_connection((urlsplit(waystage.url).hostname, urlsplit(waystage.url).port), timeout=10) as connection:
        connection.sendall(head)
        connection.setblocking(False)
        while sent < size:
            with suppress(BlockingIOError):
                if answer := connection.recv(4096):
                    return answer, sent, time.monotonic() - started
            with suppress(BlockingIOError):
                sent += connection.send(part)
    raise AssertionError("the whole body was taken")


def test_a_body_shorter_than_it_says_is_no_fault(shared_waystage: Waystage) -> None:
    address = urlsplit(shared_waystage.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096)[:12] in (b"", b"HTTP/1.1 400")
    assert shared_waystage.client.get("/healthz").is_success


def memory(waystage: Waystage) -> int:
    """MiB of the collector that are resident now."""
    return int(_status(waystage).partition("VmRSS:")[2].split()[0]) // 1024


def peak(waystage: Waystage) -> int:
    """The most MiB that the collector has had resident so far."""
    return int(_status(waystage).partition("VmHWM:")[2].split()[0]) // 1024


def cpu(waystage: Waystage) -> float:
    """Seconds of processor time that the collector has used."""
    fields = Path(f"/proc/{waystage.collector.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _status(waystage: Waystage) -> str:
    return Path(f"/proc/{waystage.collector.pid}/status").read_text()
