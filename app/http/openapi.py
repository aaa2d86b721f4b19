"""The OpenAPI document: how bodies, answers, problems and keys are written down in it."""

from http import HTTPStatus
from typing import Any, TypeAlias

from fastapi import FastAPI

Responses: TypeAlias = dict[int | str, dict[str, Any]]

WRITE_SECURITY: dict[str, Any] = {"security": [{"writeKey": []}, {"writeKeyInHeader": []}, {"writeKeyInQuery": []}, {}]}
"""A write key stands in a header, in the query, or in the body."""

_WRITE_KEYS = {
    "writeKey": {"type": "http", "scheme": "basic", "description": "A source's key as user name, without password; Bearer will do as well"},
    "writeKeyInHeader": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Write-Key",
        "description": "A source's key; what follows a colon is not read",
    },
    "writeKeyInQuery": {"type": "apiKey", "in": "query", "name": "writeKey", "description": "A public source's key"},
}
_WHY = {
    400: "The body is not JSON, or its gzip is broken",
    401: "No key, or an unknown one",
    403: "A key of another scope",
    404: "There is nobody, or nothing, of this name",
    409: "What is asked for is in a state that does not allow it",
    413: "Too large",
    415: "A coding other than gzip",
    422: "A parameter or a document cannot be used: `errors` name fields and reasons",
    507: "The disk of the service has no room for the file",
    503: "Overloaded, or Postgres is away: come again after Retry-After seconds",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}, "line": {"type": "integer"}},
            },
        },
    },
}
_FREE = frozenset({"labels", "target", "rules", "traits", "evidence", "document", "credits", "values", "folded"})
"""Members whose own members differ from answer to answer."""


def body(example: Any, *media: str) -> dict[str, Any]:
    """A request's body: any object, of which one is shown."""
    content = {kind: {"schema": {"type": "object"}, "example": example} for kind in media}
    return {"requestBody": {"required": True, "content": content}}


def answer(description: str, example: Any, status: int = 200) -> Responses:
    """An answer by its example; any single value may be null."""
    return {status: {"description": description, "content": {"application/json": {"schema": schema_of(example), "example": example}}}}


def problems(*statuses: int) -> Responses:
    return {status: {"description": _WHY[status], "content": {"application/problem+json": _problem(status)}} for status in statuses}


def schema_of(example: Any) -> dict[str, Any]:
    match example:
        case dict():
            properties = {key: {} if key in _FREE else schema_of(value) for key, value in example.items()}
            return {"type": "object", "required": [*properties], "properties": properties}
        case list():
            return {"type": "array", "items": schema_of(example[0]) if example else {}}
    kind = {bool: "boolean", int: "integer", float: "number", str: "string"}.get(type(example))
    return {"type": [kind, "null"]} if kind else {}


def describe(app: FastAPI) -> None:
    """Say what FastAPI cannot know: the write keys, which no route depends on, and that a pixel is never refused."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        document["components"]["securitySchemes"] |= _WRITE_KEYS
        document["paths"]["/v1/pixel/{kind}"]["get"]["responses"].pop("422", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(unused, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _problem(status: int) -> dict[str, Any]:
    known = HTTPStatus(status)
    example = {"type": "about:blank", "title": known.phrase, "status": status, "detail": _WHY[status]}
    example |= {"code": known.name.lower(), "message": _WHY[status]}
    return {"schema": _PROBLEM, "example": example}
