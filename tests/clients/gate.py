"""A gate before the service: it refuses some requests as an overloaded service does, passes the others on, and remembers them all."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import httpx
from fastapi import Response

from app.http.body import GZIP_MAGIC
from app.http.cors import CORS
from app.http.problems import problem

OF_THE_CONNECTION = {"host", "connection", "content-length", "date", "server"}


class Fault(Enum):
    """What may befall a request: refused with a status, or stored and its answer lost."""

    BUSY = HTTPStatus.SERVICE_UNAVAILABLE
    TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS
    LOST = None


class Asked(NamedTuple):
    """A request that came to the gate, its events decoded, and the status that was answered; None where the answer was lost."""

    method: str
    path: str
    headers: dict[str, str]
    events: list[dict[str, Any]]
    status: int | None


@dataclass
class Gate:
    """Where clients send to. Each fault befalls one request that writes, in turn; afterwards all pass."""

    url: str
    service: httpx.Client
    faults: list[Fault]
    asked: list[Asked] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        fault = self.faults.pop(0) if method == "POST" and self.faults else None
        answer = refusal(fault.value) if fault and fault.value else self._passed(method, path, headers, body)
        given = None if fault is Fault.LOST else answer
        self.asked.append(Asked(method, path, headers, events_in(body), given.status_code if given else None))
        return given

    @property
    def written(self) -> list[Asked]:
        """The requests that write, in their order."""
        return [asked for asked in self.asked if asked.method == "POST"]

    def _passed(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        answer = self.service.request(method, path, content=body, headers=without(headers))
        return Response(answer.content, answer.status_code, without(dict(answer.headers.items())))


def refusal(status: HTTPStatus) -> Response:
    return problem(status, "come again", headers=CORS | {"Retry-After": "1"})


def without(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in OF_THE_CONNECTION}


def events_in(body: bytes) -> list[dict[str, Any]]:
    document = json.loads(gzip.decompress(body) if body.startswith(GZIP_MAGIC) else body or b"{}")
    batch: list[dict[str, Any]] = document.get("batch", [document] if document else [])
    return batch


@contextmanager
def before(url: str, *faults: Fault) -> Iterator[Gate]:
    """A gate before the service at `url`, with these faults to come."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = gate.answer(self.command, self.path, dict(self.headers.items()), body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_OPTIONS = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with httpx.Client(base_url=url, timeout=30) as service:
            gate = Gate(f"http://127.0.0.1:{server.server_port}", service, list(faults))
            yield gate
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
