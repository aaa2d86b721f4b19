"""The OpenAPI document says what the service does: made-up requests get the answers that it names, in the shapes that it shows."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as conformance

from tests.http.test_keys import RULES
from tests.service import KEYS, Waystage, basic, bearer

CHECKS = (
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
)
EXAMPLES = 20
URL_BYTES_MAX = 65_536
SIGNED = "POST /v1/webhooks/{name}"
"""Its signature is its only key: there is none of another scope. Whatever is not signed gets one answer, so nothing else is wrong."""
ENDLESS = "GET /v1/live"
"""Its answer never ends."""
LOCKING = "DELETE /v1/keys/{number}"
"""It revokes the keys that the tests ask with."""
APART = "POST /v1/verify"
"""Each answer is that of a process of its own, which takes a second to start."""
OPERATIONS = [
    route for route in RULES if ("/v1/" in route and "snippet" not in route) or route in ("GET /metrics", "GET /healthz", "GET /readyz")
]


@pytest.fixture(scope="module")
def document(shared_waystage: Waystage) -> dict[str, Any]:
    response = shared_waystage.client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    made: dict[str, Any] = response.json()
    return made


def path_in_document(route: str) -> tuple[str, str]:
    method, path = route.split()
    return method.lower(), path.replace(":path}", "}")


def test_every_route_is_in_it(document: dict[str, Any]) -> None:
    said = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert said == {path_in_document(route) for route in OPERATIONS}


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_operation_says_what_it_takes_and_answers(document: dict[str, Any], route: str) -> None:
    method, path = path_in_document(route)
    operation = document["paths"][path][method]
    assert operation["summary"]
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description") or "pixel" in path, parameter["name"]
    is_open = path in ("/healthz", "/readyz")
    assert ("security" in operation) != is_open
    for named in operation.get("security", ()):
        assert named.keys() <= document["components"]["securitySchemes"].keys()
    for status, answer in operation["responses"].items():
        for media, content in answer["content"].items():
            assert media == "application/problem+json" if status >= "400" else content["schema"]
            assert path in ("/healthz", "/v1/pixel/{kind}") or content["example"]
    if not is_open and "pixel" not in path:
        assert {"401", "403"} - ({"403"} if route == SIGNED else set()) <= operation["responses"].keys()


def headers(path: str) -> dict[str, str]:
    if path.startswith(("/v1/imports", "/v1/links")):
        return bearer(KEYS.server)
    writes = path in {route.split()[1] for route, rule in RULES.items() if rule.statuses[1] == 200}
    return basic(KEYS.write) if writes else bearer(KEYS.admin)


TAKES_NOTHING = (
    SIGNED,
    "GET /v1/session",
    "GET /v1/keys",
    "GET /v1/stages",
    "GET /v1/channels",
    "GET /v1/sources",
    "GET /metrics",
    "GET /healthz",
    "GET /readyz",
    "POST /v1/rebuilds",
)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as it should be", "as it should not be"])
@pytest.mark.parametrize("route", [route for route in OPERATIONS if route not in (ENDLESS, APART, LOCKING)])
def test_made_up_requests_are_answered_as_it_says(
    shared_waystage: Waystage, document: dict[str, Any], route: str, mode: GenerationMode
) -> None:
    method, path = path_in_document(route)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=shared_waystage.url)
    wrong = mode is GenerationMode.NEGATIVE and route not in TAKES_NOTHING
    exercise(schema[path][method.upper()], mode if wrong else GenerationMode.POSITIVE, headers(path))


def exercise(operation: Any, mode: GenerationMode, keys: dict[str, str]) -> None:
    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        answered = case.call(headers=keys)
        assume(len(answered.request.url) < URL_BYTES_MAX)
        case.validate_response(answered, checks=list(CHECKS))

    run()
