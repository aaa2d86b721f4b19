"""What happens is told while it happens: to all who listen, whichever process it happens in, and not at all while nobody does."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.domain.journeys.enrich import explain_machine
from app.http.listening import Heard, Hearer
from tests.http.tables import rows
from tests.service import BROWSER, KEYS, PATIENCE, ROOT, Process, Waystage, bearer, free_port, ready, until

SECONDS = 5.0
"""Within how many a busy machine must show what a quiet one shows within 2."""


class Listener:
    """Reads the stream in a thread of its own."""

    def __init__(self, url: str, query: dict[str, str], headers: dict[str, str]) -> None:
        self.told: Queue[dict[str, Any]] = Queue()
        self.last = ""
        self.ended = threading.Event()
        self._url = url
        self._socket: socket.socket | None = None
        threading.Thread(target=self._read, args=(query, headers), daemon=True).start()

    def _read(self, query: dict[str, str], headers: dict[str, str]) -> None:
        try:
            with httpx.stream(
                "GET", f"{self._url}/v1/live", params=query, headers=bearer(KEYS.read) | headers, timeout=PATIENCE
            ) as response:
                self._socket = response.extensions["network_stream"].get_extra_info("socket")
                assert response.headers["content-type"].startswith("text/event-stream")
                for line in response.iter_lines():
                    if line.startswith("id: "):
                        self.last = line[4:]
                    if line.startswith("data: "):
                        self.told.put(json.loads(line[6:]))
        except httpx.TransportError:
            pass
        finally:
            self.ended.set()

    def hear(self, kind: str, seconds: float = SECONDS, **members: Any) -> dict[str, Any]:
        """The next thing told of a kind and with some members; what is told before it is passed over."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                told = self.told.get(timeout=left)
            except Empty:
                break
            if told["kind"] == kind and all(told.get(name) == value for name, value in members.items()):
                return told
        raise AssertionError(f"not told within {seconds:g} s: {kind} {members}")

    def close(self) -> None:
        """Hang up, as a browser does whose page is left."""
        if self._socket and not self.ended.is_set():
            self._socket.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(SECONDS)


@contextmanager
def listening(url: str, *, after: str | None = None, **query: str) -> Iterator[Listener]:
    listener = Listener(url, query, {"Last-Event-ID": after} if after else {})
    listener.hear("listening", PATIENCE, complete=True)
    yield listener
    listener.close()


def test_an_event_is_told_when_it_arrives_and_when_it_is_derived(shared_waystage: Waystage) -> None:
    page = {"url": "https://shop.example/?utm_source=news&utm_medium=email"}
    event = {
        "type": "page",
        "messageId": "live-1",
        "userId": "live-ada",
        "anonymousId": "live-a",
        "context": {"page": page, "userAgent": BROWSER},
    }
    with listening(shared_waystage.url) as listener:
        began = time.monotonic()
        shared_waystage.batch([event, event, {"type": "track", "messageId": "live-2", "userId": "x"}])
        accepted = listener.hear("accepted", message_id="live-1")
        took = time.monotonic() - began
        listener.hear("duplicate", message_id="live-1")
        failed = listener.hear("failed", message_id="live-2")
        derived = listener.hear("derived", message_id="live-1")
    assert (accepted["source"], accepted["type"], accepted["event"]) == ("server", "page", "Page Viewed")
    assert accepted["identifiers"] == [{"kind": "user_id", "value": "live-ada"}, {"kind": "anonymous_id", "value": "live-a"}]
    assert (failed["code"], failed["field"]) == ("missing_field", "event")
    assert (derived["channel"], derived["touch"], derived["machine_rule"]) == ("email", "session", None)
    assert (derived["channel_rule"], derived["channel_why"]) == ("email", "the source or the medium is email")
    assert derived["customer"] == derived["subject"] == {"kind": "user_id", "value": "live-ada"}
    assert {"model": "journey-5", "stage": "awareness", "from": None} in derived["entries"]
    assert took < SECONDS


def test_a_machine_and_an_event_of_nobody_are_told_as_such(shared_waystage: Waystage) -> None:
    robot = {"type": "page", "messageId": "live-bot", "userId": "live-bot", "context": {"userAgent": "Googlebot/2.1"}}
    nobody = {"type": "page", "messageId": "live-nobody", "anonymousId": "null"}
    with listening(shared_waystage.url, kind="derived") as listener:
        shared_waystage.batch([robot, nobody])
        bot = listener.hear("derived", message_id="live-bot")
        assert bot["machine_why"] == explain_machine(bot["machine_rule"]) is not None
        assert listener.hear("derived", message_id="live-nobody")["customer"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "accepted,failed", "event": "* {it}"},
        {"event": "*nted ?{it}"},
        {"customer": "user_id:wanted-{it}"},
        {"source": "server", "type": "track", "event": "Wanted {it}"},
    ],
)
def test_who_asks_for_some_is_told_of_those_alone(shared_waystage: Waystage, query: dict[str, str]) -> None:
    it = uuid4().hex
    asked = {name: value.format(it=it[1:] if "?" in value else it) for name, value in query.items()}
    wanted = {"type": "track", "event": f"Wanted {it}", "userId": f"wanted-{it}", "messageId": f"wanted-{it}"}
    others = [
        {**wanted, "type": "page", "userId": it, "messageId": f"page-{it}"},
        {**wanted, "event": "Other", "userId": it, "messageId": it},
    ]
    with listening(shared_waystage.url, **asked) as listener:
        shared_waystage.batch([*others, wanted])
        shared_waystage.batch([others[0] | {"messageId": f"site-{it}"}], KEYS.write)
        assert listener.told.get(timeout=SECONDS)["message_id"] == wanted["messageId"]
        if "kind" not in query:
            assert listener.hear("derived")["message_id"] == wanted["messageId"]


@pytest.mark.parametrize("query", [{"kind": "other"}, {"customer": "ada"}, {"unknown": "1"}])
def test_what_cannot_be_asked_for_is_refused(shared_waystage: Waystage, query: dict[str, str]) -> None:
    assert shared_waystage.client.get("/v1/live", params=query, headers=bearer(KEYS.read)).status_code == 422


def test_nothing_is_kept_while_nobody_listens(shared_waystage: Waystage) -> None:
    until(lambda: not rows(shared_waystage, "select 1 from listeners"), "who listened is gone")

    def told() -> bool:
        name = f"live-unheard-{time.monotonic_ns()}"
        shared_waystage.batch([{"type": "page", "userId": "live-unheard", "messageId": name}])
        return bool(rows(shared_waystage, "select 1 from live_events where document ->> 'message_id' = $1", name))

    until(lambda: not told(), "the collector notices")
    shared_waystage.derived()
    assert not told()


def test_who_comes_back_hears_what_was_told_meanwhile(shared_waystage: Waystage) -> None:
    with listening(shared_waystage.url, kind="accepted"), listening(shared_waystage.url, kind="accepted") as gone:
        shared_waystage.batch([{"type": "page", "userId": "live-gone", "messageId": "live-gone-1"}])
        gone.hear("accepted", message_id="live-gone-1")
        gone.close()
        shared_waystage.batch([{"type": "page", "userId": "live-gone", "messageId": f"live-gone-{n}"} for n in (2, 3)])
        back = Listener(shared_waystage.url, {"kind": "accepted"}, {"Last-Event-ID": gone.last})
        assert [back.hear("accepted")["message_id"] for _ in range(2)] == ["live-gone-2", "live-gone-3"]
        shared_waystage.batch([{"type": "page", "userId": "live-gone", "messageId": "live-gone-4"}])
        assert back.hear("accepted")["message_id"] == "live-gone-4"
        back.close()


def test_more_than_can_be_told_is_counted(shared_waystage: Waystage) -> None:
    events = [{"type": "page", "userId": "live-many", "messageId": f"live-many-{n}"} for n in range(2_500)]
    with listening(shared_waystage.url) as listener:
        shared_waystage.batch(events)
        shown, left_out = {"accepted": 0, "derived": 0}, {"arrived": 0, "derived": 0, "slow": 0}
        deadline = time.monotonic() + PATIENCE
        while shown["accepted"] + left_out["arrived"] < 2_500 or shown["derived"] + left_out["derived"] < 2_500:
            told = listener.told.get(timeout=deadline - time.monotonic())
            if told["kind"] == "left_out":
                left_out[told["what"]] += told["events"]
            elif told["message_id"].startswith("live-many"):
                shown[told["kind"]] += 1
    assert (shown["accepted"], left_out["slow"]) == (1_000, 0)
    assert shown["derived"] <= 500


def test_who_listens_slowly_loses_the_oldest_and_is_told_how_many() -> None:
    hearer = Hearer(lambda members: members["kind"] == "accepted", after=10)
    for number in range(2_000):
        hearer.hear(Heard(number, number, {"kind": "accepted" if number % 2 else "derived"}, b"{}"))
    assert (hearer.take()[0], hearer.take()) == (0, (0, []))
    for number in range(2_000, 3_500):
        hearer.hear(Heard(number, number, {"kind": "accepted"}, b"{}"))
    lost, told = hearer.take()
    assert (lost, [one.id for one in told]) == (500, list(range(2_500, 3_500)))


def test_it_is_told_whichever_collector_it_came_to_and_a_stop_ends_the_streams(shared_waystage: Waystage) -> None:
    port = free_port()
    second = Process("collect", {**shared_waystage.collector.environment, "WAYSTAGE_PORT": str(port)})
    second.start()
    try:
        until(lambda: ready(f"http://127.0.0.1:{port}"), "the second collector is ready", 2 * PATIENCE)
        listener = Listener(f"http://127.0.0.1:{port}", {"kind": "accepted"}, {})
        listener.hear("listening", PATIENCE, complete=True)
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(f"GET /v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS.read}\r\n\r\n".encode())
            for part in range(20):
                page = {"type": "page", "userId": "elsewhere", "context": {"page": {"url": "https://x.example/" + "x" * 20_000}}}
                shared_waystage.batch([{**page, "messageId": f"elsewhere-{part}-{number}"} for number in range(20)])
                listener.hear("accepted", message_id=f"elsewhere-{part}-19")
            began = time.monotonic()
            second.stop()
            took = time.monotonic() - began
    finally:
        second.kill()
    assert took < SECONDS
    assert listener.ended.wait(SECONDS)
    until(lambda: not rows(shared_waystage, "select 1 from listeners"), "it listens no more")


def test_the_command_line_prints_a_line_an_event_until_it_is_interrupted(shared_waystage: Waystage) -> None:
    arguments = [
        sys.executable,
        "-m",
        "app.cli",
        "tail",
        "--url",
        shared_waystage.url,
        "--customer",
        "user_id:tailed",
        "--kind",
        "accepted",
    ]
    environment = {**os.environ, **shared_waystage.collector.environment}
    with subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as ran:
        output = ran.stdout
        assert output is not None

        def printed() -> bool:
            name = f"tailed-{uuid4().hex}"
            shared_waystage.batch([{"type": "track", "event": "Tailed\x1b[31m", "userId": "tailed", "messageId": name}])
            return bool(select.select([output.fileno()], [], [], 0.5)[0])

        until(printed, "something is printed", 2 * PATIENCE)
        line = output.readline()
        ran.send_signal(signal.SIGINT)
        assert ran.wait(PATIENCE) == 0
    assert "accepted  server track Tailed\\x1b[31m user_id:tailed" in line
    assert "\x1b" not in line
