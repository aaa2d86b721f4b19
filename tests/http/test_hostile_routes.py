"""The hostile corpus against every route, its body, path and query: no answer is a fault of the service, and none costs much."""

import functools
import hashlib
import hmac
import itertools
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app.domain.identity.identifiers import IdentityRules
from app.http.app import create_app
from app.http.service import Options
from app.store.cluster import Cluster
from tests.conftest import cloned
from tests.http.corpus import BODIES, PACKED, PLAIN, VALUES
from tests.http.tables import rows
from tests.http.test_limits import cpu, memory, peak
from tests.service import BROWSER, KEYS, Waystage, basic, bearer, running

TAKE_BODIES = {"POST", "PUT", "PATCH"}
MEDIA = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
DOORS: tuple[dict[str, str], ...] = (basic(KEYS.write), bearer(KEYS.server), bearer(KEYS.admin), {})
CLOSED = {401, 403}
FILLED = {"name": "hostile"}
SECRET = "whsec-hostile-and-long"
WEBHOOK = {"source": "server", "scheme": "hmac-sha256", "header": "X-Signature", "secret": SECRET, "mapping": "{format: json}"}
TAKES_ANY_SIZE = {"/v1/imports"}
FLOOD_BYTES = 200 * 2**20


class Route(NamedTuple):
    """A route of the service, and the function behind it, which may have several routes."""

    method: str
    path: str
    function: str

    def filled(self, value: str | None = None) -> str:
        """The path with its parameters filled in, with one value if given."""
        return re.sub(r"{(\w+)[^}]*}", lambda found: value or FILLED.get(found[1], "1"), self.path)


class Answered(NamedTuple):
    """What became of a request; the time is in seconds."""

    what: str
    status: int
    media: str
    seconds: float

    @property
    def is_fault(self) -> bool:
        """Whether it is the service's own fault, or a problem that is not told as one."""
        return self.status >= 500 or (self.status >= 400 and self.media != "application/problem+json")


def routes() -> list[Route]:
    app = create_app(Options("postgresql://nowhere", Path("nowhere"), None, IdentityRules()))
    named = ((route, method) for route in iter_route_contexts(app.routes) for method in sorted(route.methods or ()))
    return [Route(method, str(route.path), str(route.name)) for route, method in named if method not in ("HEAD", "OPTIONS")]


ROUTES = routes()
TAKING = [route for route in ROUTES if route.method in ("POST", "PUT", "PATCH")]
FUNCTIONS = sorted({route.function: route for route in TAKING}.values(), key=lambda route: "failed-events" not in route.path)
"""A route for each function. Failed events are tried again while there are few."""


@pytest.fixture(scope="module")
def service(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A service of these tests' own, with a webhook."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("hostile")) as started:
        made = started.client.put("/v1/webhooks/hostile", json=WEBHOOK, headers=bearer(KEYS.admin))
        assert made.is_success, made.text
        yield started


@pytest.fixture
def target(service: Waystage) -> Waystage:
    """That service with one failed event: to try many of them again is work indeed."""
    rows(service, "truncate failed_events restart identity")
    assert service.batch([{"type": "track"}])["rejected"]
    return service


@functools.cache
def door(url: str, route: Route) -> dict[str, str]:
    """The headers with which a route opens."""
    for headers in DOORS:
        answer = httpx.request(route.method, url + route.filled(), content=b"{}", headers=signed(b"{}") | headers)
        if answer.status_code not in CLOSED:
            return headers
    raise AssertionError(f"no key opens {route}")


def signed(body: bytes) -> dict[str, str]:
    """The headers of a webhook's request, which others do not look at."""
    return {"User-Agent": BROWSER, "X-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def send(waystage: Waystage, route: Route, what: str, body: bytes, **headers: str) -> Answered:
    sent = signed(body) | door(waystage.url, route) | headers
    started = time.perf_counter()
    answer = waystage.client.request(route.method, route.filled(), params={"source": "server"}, content=body, headers=sent)
    took = time.perf_counter() - started
    return Answered(f"{route.method} {route.path}: {what}", answer.status_code, answer.headers.get("content-type", ""), took)


def bodies_for(route: Route) -> Iterator[tuple[str, bytes, str]]:
    """What a route is sent: every body under every media type that the framework reads, and in a batch, where one is taken."""
    media = MEDIA if "{" in route.path or not route.path.startswith("/v1/") else MEDIA[:1]
    for (what, body), kind in itertools.product(BODIES.items(), media):
        yield what, body, kind
        if route.function == "batch":
            yield f"{what}, in a batch", b'{"batch":[' + body + b"," + PLAIN + b"]}", kind


def test_no_body_is_a_fault_of_the_service_or_costs_much(target: Waystage) -> None:
    for path in ("/v1/transitions", "/v1/journey-map", "/v1/attribution"):
        target.ask(path)
    before = memory(target)
    answers = [
        send(target, route, f"{what} as {media}", body, **{"Content-Type": media})
        for route in FUNCTIONS
        for what, body, media in bodies_for(route)
    ]
    assert [one for one in answers if one.is_fault] == []
    took = sorted(one.seconds for one in answers)
    assert took[len(took) * 99 // 100] < 0.2
    assert memory(target) - before < 50


def test_nothing_packed_costs_much(target: Waystage) -> None:
    for route in FUNCTIONS:
        before, worked = peak(target), cpu(target)
        answers = [send(target, route, what, body, **{"Content-Encoding": coding}) for what, (coding, body) in PACKED.items()]
        assert [one for one in answers if one.is_fault] == []
        assert peak(target) - before < 16, route
        assert cpu(target) - worked < 0.1 * len(answers), route


@pytest.mark.parametrize("framing", [f"Content-Length: {FLOOD_BYTES}", "Transfer-Encoding: chunked"])
def test_no_route_takes_a_body_without_end(target: Waystage, framing: str) -> None:
    for route in FUNCTIONS:
        if route.path in TAKES_ANY_SIZE:
            continue
        before, head = peak(target), {**door(target.url, route), "Content-Type": MEDIA[route.path == "/login"]}
        answer, sent, took = flooded(target, route, framing, head)
        assert answer[9:12] < "500", (route, answer)
        assert (took < 1.0, sent < 20 * 2**20, peak(target) - before < 8) == (True, True, True), (route, took, sent, peak(target) - before)


def flooded(waystage: Waystage, route: Route, framing: str, headers: dict[str, str]) -> tuple[str, int, float]:
    """Send a body until the collector answers or hangs up: its answer, the bytes sent until then, the seconds that it took."""
    lines = [f"{route.method} {route.filled()} HTTP/1.1", "Host: x", framing, *(f"{name}: {value}" for name, value in headers.items())]
    part = b"x" * 65536 if "Length" in framing else b"10000\r\n" + b"x" * 65536 + b"\r\n"
    address, started, sent = urlsplit(waystage.url), time.monotonic(), 0
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.setblocking(False)
        answer = b""
        with suppress(ConnectionResetError):
            while sent < FLOOD_BYTES and not answer:
                with suppress(BlockingIOError):
                    answer = connection.recv(4096)
                with suppress(BlockingIOError):
                    sent += connection.send(part)
    return answer.decode(), sent, time.monotonic() - started


def test_no_path_or_query_is_a_fault_of_the_service(target: Waystage) -> None:
    named = target.client.get("/openapi.json").json()["paths"]
    asked = [f"{route.method} {route.filled(value)}" for route in ROUTES if "{" in route.path for value in VALUES]
    for path, method in ((path, method) for path, methods in named.items() for method in methods):
        route = Route(method.upper(), path, "")
        queries = [one["name"] for one in named[path][method].get("parameters", ()) if one["in"] == "query"]
        asked += [f"{route.method} {route.filled()}?{name}={value}" for name in queries for value in VALUES]
    assert {one: status for one in asked if (status := status_of(target, *one.split(" ", 1))) >= 500} == {}


def status_of(waystage: Waystage, method: str, path: str) -> int:
    """What is answered to the admin key; the answer itself, which may have no end, is not awaited."""
    with waystage.client.stream(method, path, headers=bearer(KEYS.admin)) as answer:
        return answer.status_code
