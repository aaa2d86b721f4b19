"""Which key opens which door: every route of the service, with every kind of key."""

import asyncio
import json
import math
import secrets
import statistics
import time
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app.domain.arriving.keys import Scope, digest, new_key
from app.domain.identity.identifiers import IdentityRules
from app.http.app import create_app
from app.http.keyring import KeyRing
from app.http.service import Options
from app.store.access import add_key
from app.store.connect import close_pool, open_pool
from tests.http.tables import rows
from tests.service import KEYS, Waystage, basic, bearer, browsing, until

CHECKED = new_key("ak_")
WRONG_CHECKSUM = CHECKED[:-1] + ("0" if CHECKED[-1] != "0" else "1")
DOORS = {
    "none": None,
    "write": KEYS.write,
    "server": KEYS.server,
    "read": KEYS.read,
    "admin": KEYS.admin,
    "unknown": "nobody-made-this-key-at-all",
    "wrong checksum": WRONG_CHECKSUM,
}


class Rule(NamedTuple):
    """What each door answers, in the order of DOORS, and what to send; a body is JSON where it is a dict."""

    statuses: tuple[int, int, int, int, int, int, int]
    path: str | None = None
    body: dict[str, object] | bytes = b""


OPEN = (200,) * 7
WRITE = (401, 200, 200, 403, 403, 401, 401)
READ = (401, 403, 403, 200, 200, 401, 401)
EVENT: dict[str, object] = {"event": "Keyed", "userId": "matrix", "groupId": "matrix", "previousId": "matrix-before"}
RULES = {
    **{f"POST /v1/{kind}": Rule(WRITE, body=EVENT) for kind in ("track", "page", "screen", "identify", "group", "alias")},
    "POST /v1/batch": Rule(WRITE, body={"batch": []}),
    "POST /v1/import": Rule(WRITE, body={"batch": []}),
    "GET /v1/pixel/{kind}": Rule(OPEN, "/v1/pixel/track"),
    "GET /v1/stages": Rule(READ),
    "GET /v1/transitions": Rule(READ),
    "GET /v1/attribution": Rule(READ),
    "GET /v1/attribution/ledger": Rule(READ),
    "GET /v1/attribution/customers": Rule(READ),
    "GET /v1/paths": Rule(READ),
    "GET /v1/paths/customers": Rule(READ),
    "GET /v1/journey-map": Rule(READ),
    "GET /v1/journey-map/customers": Rule(READ, "/v1/journey-map/customers?stage=awareness"),
    "GET /v1/stalls": Rule(READ),
    "GET /v1/stalls/customers": Rule(READ),
    "GET /v1/last-touches": Rule(READ),
    "GET /v1/last-touches/customers": Rule(READ),
    "GET /v1/touchpoints": Rule(READ),
    "GET /v1/touchpoints/customers": Rule(READ),
    "GET /v1/channels": Rule(READ),
    "GET /v1/values": Rule(READ, "/v1/values?of=channel"),
    "GET /v1/transitions/customers": Rule(READ, "/v1/transitions/customers?stage=awareness"),
    "GET /v1/funnel": Rule(READ, "/v1/funnel?steps=awareness"),
    "GET /v1/funnel/customers": Rule(READ, "/v1/funnel/customers?steps=awareness"),
    "GET /v1/customers": Rule(READ),
    "GET /v1/customers/{customer:path}/journey": Rule((401, 403, 403, 404, 404, 401, 401), "/v1/customers/user_id:nobody/journey"),
    "GET /v1/customers/{customer:path}/traits": Rule((401, 403, 403, 404, 404, 401, 401), "/v1/customers/user_id:nobody/traits"),
    "GET /v1/customers/{customer:path}/identity": Rule((401, 403, 403, 404, 404, 401, 401), "/v1/customers/user_id:nobody/identity"),
    "GET /v1/identity/contradictions": Rule(READ),
    "GET /v1/identity/links": Rule(READ),
    "DELETE /v1/identity/links": Rule((401, 403, 403, 403, 422, 401, 401)),
    "POST /v1/identity/links": Rule((401, 403, 403, 403, 422, 401, 401)),
    "POST /v1/identity/preview": Rule((401, 403, 403, 403, 422, 401, 401)),
    "GET /v1/identity/blocked-values": Rule(READ),
    "PUT /v1/identity/blocked-values": Rule((401, 403, 403, 403, 422, 401, 401)),
    "DELETE /v1/identity/blocked-values": Rule((401, 403, 403, 403, 422, 401, 401)),
    "GET /v1/sources": Rule(READ),
    "POST /v1/sources": Rule((401, 403, 403, 403, 422, 401, 401), body={"name": "", "kind": "public"}),
    "GET /v1/keys": Rule((401, 403, 403, 403, 200, 401, 401)),
    "POST /v1/keys": Rule((401, 403, 403, 403, 422, 401, 401), body={"scope": "write"}),
    "DELETE /v1/keys/{number}": Rule((401, 403, 403, 403, 404, 401, 401), "/v1/keys/1000000"),
    "GET /v1/session": Rule(READ),
    "GET /v1/snippet": Rule(READ),
    "GET /v1/losses": Rule(READ),
    "GET /v1/explain/channel": Rule(READ),
    "GET /v1/webhooks": Rule((401, 403, 403, 403, 200, 401, 401)),
    "PUT /v1/webhooks/{name}": Rule((401, 403, 403, 403, 422, 401, 401), "/v1/webhooks/matrix"),
    "DELETE /v1/webhooks/{name}": Rule((401, 403, 403, 403, 404, 401, 401), "/v1/webhooks/matrix"),
    "POST /v1/webhooks/{name}": Rule((401,) * 7, "/v1/webhooks/matrix"),
    "GET /metrics": Rule(READ),
    "GET /v1/explain/stage": Rule((401, 403, 403, 404, 404, 401, 401), "/v1/explain/stage?customer=user_id:nobody"),
    "GET /v1/stage-models": Rule(READ),
    "GET /v1/stage-models/presets": Rule(READ),
    "PUT /v1/stage-models/{name}": Rule((401, 403, 403, 403, 422, 401, 401), "/v1/stage-models/matrix"),
    "GET /v1/stage-models/{name}/versions": Rule(READ, "/v1/stage-models/journey-5/versions"),
    "GET /v1/stage-models/{name}/versions/{version}": Rule(READ, "/v1/stage-models/journey-5/versions/1"),
    "DELETE /v1/stage-models/{name}/versions/{version}": Rule((401, 403, 403, 403, 404, 401, 401), "/v1/stage-models/matrix/versions/1"),
    "POST /v1/stage-models/{name}/versions/{version}/activate": Rule(
        (401, 403, 403, 403, 404, 401, 401), "/v1/stage-models/matrix/versions/1/activate"
    ),
    "GET /v1/stage-models/{name}/compare": Rule(READ, "/v1/stage-models/journey-5/compare?from=1&to=1"),
    "GET /v1/stage-models/{name}/compare/customers": Rule(READ, "/v1/stage-models/journey-5/compare/customers?from=1&to=1"),
    "POST /v1/imports": Rule((401, 403, 202, 403, 202, 401, 401), "/v1/imports?source=server"),
    "GET /v1/imports": Rule((401, 403, 200, 403, 200, 401, 401)),
    "GET /v1/imports/{job}": Rule((401, 403, 404, 403, 404, 401, 401), "/v1/imports/1000000"),
    "DELETE /v1/imports/{job}": Rule((401, 403, 404, 403, 404, 401, 401), "/v1/imports/1000000"),
    "GET /v1/imports/{job}/rejects": Rule((401, 403, 404, 403, 404, 401, 401), "/v1/imports/1000000/rejects"),
    "POST /v1/links": Rule(
        (401, 403, 200, 403, 200, 401, 401), "/v1/links?source=server", {"kind": "email", "target": "https://shop.example/"}
    ),
    "GET /c/{token}": Rule((404,) * 7, "/c/nothing"),
    "GET /o/{token}.gif": Rule(OPEN, "/o/nothing.gif"),
    "POST /v1/rebuilds": Rule((401, 403, 403, 403, 202, 401, 401)),
    "GET /v1/rebuilds/{rebuild}": Rule((401, 403, 403, 403, 404, 401, 401), "/v1/rebuilds/1000000"),
    "POST /v1/verify": Rule((401, 403, 403, 403, 422, 401, 401), "/v1/verify?customers=0"),
    "GET /v1/failed-events": Rule(READ),
    "GET /v1/failed-events/reasons": Rule(READ),
    "GET /v1/failed-events/{number}": Rule((401, 403, 403, 404, 404, 401, 401), "/v1/failed-events/1000000"),
    "PUT /v1/failed-events/{number}": Rule((401, 403, 403, 403, 404, 401, 401), "/v1/failed-events/1000000", EVENT),
    "POST /v1/failed-events/replay": Rule((401, 403, 403, 403, 200, 401, 401), "/v1/failed-events/replay?code=none"),
    "POST /v1/failed-events/{number}/replay": Rule((401, 403, 403, 403, 404, 401, 401), "/v1/failed-events/1000000/replay"),
    "GET /v1/live": Rule(READ),
    "GET /healthz": Rule(OPEN),
    "GET /readyz": Rule(OPEN),
    "GET /openapi.json": Rule(OPEN),
    "GET /": Rule((303,) * 7),
    "GET /login": Rule(OPEN),
    "POST /login": Rule((303,) * 7),
    "POST /logout": Rule((303,) * 7),
    "GET /demo": Rule(OPEN),
    "GET /assets/{name}": Rule((404,) * 7, "/assets/nothing.js"),
    "GET /waystage.js": Rule(OPEN),
    "GET /waystage-{build}.js": Rule(OPEN, "/waystage-extra.js"),
}
WITH_WRITE_KEYS = {route for route, rule in RULES.items() if rule.statuses in (WRITE, (401,) * 7)}
TYPES = ("track", "page", "screen", "identify", "group", "alias")
OF_SDKS = {
    **{f"POST /v1/{kind[0]}": Rule(WRITE, body=EVENT) for kind in TYPES},
    **{f"POST /api/s/{kind}": Rule(WRITE, body=EVENT) for kind in TYPES},
    **{f"POST /api/s/s2s/{kind}": Rule(WRITE, body=EVENT) for kind in TYPES},
    "POST /v1/b": Rule(WRITE, body={"batch": []}),
}
"""Other names of the write routes, which certain SDKs use; the OpenAPI document leaves them out."""
PREFLIGHTS = {f"OPTIONS /v1/{route}" for route in (*TYPES, "batch", "import", "pixel/{kind}")} | {
    route.replace("POST", "OPTIONS") for route in OF_SDKS
}


def test_every_route_of_the_service_is_here() -> None:
    app = create_app(Options("postgresql://nowhere", Path("nowhere"), None, IdentityRules()))
    routes = {f"{method} {route.path}" for route in iter_route_contexts(app.routes) for method in route.methods or () if method != "HEAD"}
    assert routes == RULES.keys() | OF_SDKS.keys() | PREFLIGHTS


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("route", RULES | OF_SDKS)
def test_a_door_opens_for_its_keys_alone(shared_waystage: Waystage, route: str, door: str) -> None:
    method, template = route.split()
    rule, key = (RULES | OF_SDKS)[route], DOORS[door]
    expected = rule.statuses[list(DOORS).index(door)]
    body = content(rule)
    for headers in ({},) if key is None else (bearer(key), basic(key)):
        with shared_waystage.client.stream(method, rule.path or template, content=body, headers=headers) as answer:
            if route != "GET /v1/live" or answer.is_client_error:
                answer.read()
        assert answer.status_code == expected
        if answer.is_client_error:
            assert_problem(answer)


def content(rule: Rule) -> str | bytes:
    return json.dumps(rule.body) if isinstance(rule.body, dict) else rule.body


def assert_problem(answer: httpx.Response) -> None:
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert said.keys() - {"errors"} == {"type", "title", "status", "detail", "code", "message"}
    assert (said["code"], said["message"]) == (HTTPStatus(answer.status_code).name.lower(), said["detail"])
    assert said["status"] == answer.status_code
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


@pytest.mark.parametrize("place", ["query", "body", "header", "header with a secret"])
@pytest.mark.parametrize("door", DOORS)
def test_a_write_key_elsewhere_opens_no_other_door(shared_waystage: Waystage, door: str, place: str) -> None:
    key = DOORS[door]
    query = {"writeKey": key} if place == "query" and key else {}
    body = {"writeKey": key} if place == "body" else {}
    headers = {"X-Write-Key": key + ":secret" * ("secret" in place)} if "header" in place and key else {}
    answer = shared_waystage.client.post("/v1/track", json=EVENT | body, params=query, headers=headers)
    assert answer.status_code == RULES["POST /v1/track"].statuses[list(DOORS).index(door)]
    assert shared_waystage.client.request("GET", "/v1/sources", params=query, json=body, headers=headers).status_code == 401


@pytest.mark.parametrize("door", ["read", "admin"])
def test_a_browser_that_is_logged_in_may_what_its_key_may(shared_waystage: Waystage, door: str) -> None:
    with browsing(shared_waystage, DOORS[door]) as browser:
        for route, rule in RULES.items():
            method, template = route.split()
            if rule.statuses[0] == 401 and route not in WITH_WRITE_KEYS:
                with browser.stream(method, rule.path or template, content=content(rule)) as answer:
                    if answer.is_client_error:
                        answer.read()
                assert answer.status_code == rule.statuses[list(DOORS).index(door)], route
        assert browser.post("/v1/track", json=EVENT).status_code == 401
        assert browser.get("/v1/sources", headers=bearer(KEYS.write)).status_code == 403


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Basic /w==", "Basic Og==", "Bearer", "Digest x", "\u00e9"])
def test_what_is_no_key_is_refused(shared_waystage: Waystage, header: str) -> None:
    for method, path in (("POST", "/v1/track"), ("GET", "/v1/sources"), ("PUT", "/v1/stage-models/x"), ("POST", "/v1/imports")):
        answer = shared_waystage.client.request(method, path, content=b"{}", headers={b"Authorization": header.encode()})
        assert answer.status_code == 401
        assert_problem(answer)


async def added(dsn: str, key: str) -> None:
    connection = await asyncpg.connect(dsn)
    await add_key(connection, key, Scope.READ)
    await connection.close()


def test_a_revoked_key_is_refused_within_ten_seconds(shared_waystage: Waystage) -> None:
    key = new_key("rk_")

    def status() -> int:
        return shared_waystage.client.get("/v1/sources", headers=bearer(key)).status_code

    assert status() == 401
    asyncio.run(added(shared_waystage.dsn, key))
    until(lambda: status() == 200, "a new key opens its door", 10)
    rows(shared_waystage, "update keys set revoked_at = now() where digest = $1", digest(key))
    until(lambda: status() == 401, "a revoked key opens no door", 10)


def test_no_key_stands_in_clear_in_any_table(shared_waystage: Waystage) -> None:
    body = {"event": "x", "userId": "leak", "writeKey": KEYS.server}
    assert shared_waystage.client.post("/v1/track", json=body).json()["accepted"] == 1
    for refused in (body | {"event": ""}, body | {"properties": {"key": "\0"}}):
        assert shared_waystage.client.post("/v1/track", json=refused).json()["rejected"]
    assert shared_waystage.client.post("/login", data={"key": KEYS.read}).status_code == 303
    cookie = shared_waystage.client.cookies["waystage"]
    shared_waystage.client.cookies.clear()
    made = shared_waystage.client.post("/v1/keys", json={"scope": "read"}, headers=bearer(KEYS.admin)).json()["key"]
    tables = rows(
        shared_waystage,
        """select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname in ('public', 'event_months') order by name""",
    )
    assert {"public.keys", "public.failed_events", "public.logins", "public.login_links"} <= {table["name"] for table in tables}
    for table in tables:
        dump = "\n".join(row["text"] for row in rows(shared_waystage, f"select t::text as text from {table['name']} t"))
        for key in (*KEYS, *cookie.split("."), made):
            assert str(key) not in dump, table["name"]
            assert str(key).encode().hex() not in dump, table["name"]


async def test_a_wrong_key_takes_as_long_wherever_it_differs(database: str) -> None:
    right = new_key("rk_")
    await added(database, right)
    pool = await open_pool(database, size=1, application="waystage test", statement_seconds=30)
    ring = KeyRing(pool)
    await ring.refresh()
    await close_pool(pool)
    wrong = {"first": "x" + right[1:], "last": right[:-1] + chr(ord(right[-1]) ^ 1)}
    took: dict[str, list[int]] = {where: [] for where in wrong}
    for _ in range(10_000):
        for where in secrets.SystemRandom().sample(list(wrong), 2):
            started = time.perf_counter_ns()
            assert ring.find(wrong[where]) is None
            took[where].append(time.perf_counter_ns() - started)
    assert ring.find(right)
    first, last = (sorted(nanoseconds)[: len(nanoseconds) * 9 // 10] for nanoseconds in took.values())
    error = math.sqrt(statistics.variance(first) / len(first) + statistics.variance(last) / len(last))
    assert abs(statistics.mean(first) - statistics.mean(last)) < max(4.5 * error, 50)
