"""Which answers a page on another site may read: those of the write routes, without credentials; no others."""

import httpx
import pytest

from app.domain.arriving.events import TYPES
from tests.service import KEYS, Waystage, basic, bearer

WRITES = [f"/v1/{route}" for route in (*TYPES, "batch", "import", "pixel/track", "b", *(kind[0] for kind in TYPES))]
WRITES += [f"/api/s/{way}{kind}" for way in ("", "s2s/") for kind in TYPES]
OTHERS = [
    "/v1/stages",
    "/v1/transitions",
    "/v1/customers",
    "/v1/imports",
    "/v1/stage-models/x",
    "/v1/rebuilds",
    "/metrics",
    "/",
    "/healthz",
]
ORIGINS = ["https://shop.example", "null", "https://shop.example.evil.example", "http://127.0.0.1"]
ALLOWED = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
HEADERS = "Authorization, Content-Type, Content-Encoding, X-Write-Key, X-Retry-Count, X-IP-Policy, X-Enable-Debug"
PREFLIGHT = ALLOWED | {
    "access-control-allow-methods": "POST, GET, OPTIONS",
    "access-control-allow-headers": HEADERS,
    "access-control-max-age": "86400",
}


def cors(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-") or name == "vary"}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", WRITES)
def test_every_page_may_write(shared_waystage: Waystage, path: str, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = shared_waystage.client.options(path, headers=asked)
    assert (preflight.status_code, preflight.content, cors(preflight)) == (204, b"", PREFLIGHT)
    method = "GET" if "pixel" in path else "POST"
    event = {"type": "track", "event": "x", "userId": "cors", "groupId": "g", "previousId": "p"}
    body = {"batch": [event]} if path in ("/v1/batch", "/v1/import", "/v1/b") else event
    answered = shared_waystage.client.request(method, path, json=body, headers={"Origin": origin, **basic(KEYS.write)})
    assert (answered.status_code, cors(answered)) == (200, ALLOWED)


@pytest.mark.parametrize(
    "body, headers, status",
    [
        (b"{", basic(KEYS.write), 400),
        (b"{}", {}, 401),
        (b"{}", bearer(KEYS.read), 403),
        (b"{" * 600_000, basic(KEYS.write), 413),
        (b"{}", basic(KEYS.write) | {"Content-Encoding": "br"}, 415),
    ],
)
def test_a_page_may_read_why_it_was_refused(shared_waystage: Waystage, body: bytes, headers: dict[str, str], status: int) -> None:
    response = shared_waystage.client.post("/v1/track", content=body, headers={"Origin": "https://shop.example", **headers})
    assert (response.status_code, cors(response)) == (status, ALLOWED)


@pytest.mark.parametrize("method, status", [("GET", 405), ("PUT", 405), ("DELETE", 405)])
def test_a_write_route_has_no_other_methods(shared_waystage: Waystage, method: str, status: int) -> None:
    response = shared_waystage.client.request(method, "/v1/track", headers={"Origin": "https://shop.example"})
    assert (response.status_code, response.headers["allow"]) == (status, "POST")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", OTHERS)
def test_no_other_page_may_read_answers(shared_waystage: Waystage, path: str, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    preflight = shared_waystage.client.options(path, headers=asked)
    assert (preflight.status_code, preflight.headers["content-type"], cors(preflight)) == (405, "application/problem+json", {})
    answered = shared_waystage.client.get(path, headers={"Origin": origin, "Cookie": "waystage=x", **bearer(KEYS.read)})
    assert cors(answered).items() <= {("vary", "Accept-Encoding")}


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
@pytest.mark.parametrize("path", ["/v1/unknown", "/v1/track/more", "/v2/track", "/unknown", "/v1/pixel", "/v1/"])
def test_what_is_nowhere_is_not_found(shared_waystage: Waystage, path: str, method: str) -> None:
    response = shared_waystage.client.request(method, path)
    assert (response.status_code, response.headers["content-type"], response.json()["status"]) == (404, "application/problem+json", 404)
    assert cors(response) == {}
