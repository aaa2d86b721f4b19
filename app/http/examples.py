"""Examples for the OpenAPI document: bodies that the write routes take, and answers."""

from typing import Any

_CONTEXT = {"page": {"url": "https://shop.example/kettle?utm_source=newsletter&utm_medium=email", "referrer": ""}}
_EVENTS: dict[str, dict[str, Any]] = {
    "track": {"anonymousId": "a-1", "event": "Product Viewed", "properties": {"product_id": "kettle"}, "context": _CONTEXT},
    "page": {"anonymousId": "a-1", "name": "Kettle", "properties": {"path": "/kettle"}, "context": _CONTEXT},
    "screen": {"userId": "u-1", "name": "Basket"},
    "identify": {"anonymousId": "a-1", "userId": "u-1", "traits": {"email": "ada@example.com"}},
    "group": {"userId": "u-1", "groupId": "g-1", "traits": {"name": "Example Ltd"}},
    "alias": {"userId": "u-1", "previousId": "a-1"},
}


def _body(example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": True}
    content = {kind: {"schema": schema, "example": example} for kind in ("application/json", "text/plain")}
    return {"requestBody": {"required": True, "content": content}}


def _answer(description: str, example: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": description, "content": {"application/json": {"example": example}}}}


_PROBLEM = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": "Postgres is away"}
_PROBLEMS = {
    400: "The body is not JSON",
    401: "No key, or an unknown one",
    403: "A key of another scope",
    413: "Too large",
    415: "Unknown coding",
}


def _problem(status: int, description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"example": _PROBLEM | {"status": status}}}}


EVENT_BODIES = {kind: _body({"messageId": "m-1", "timestamp": "2026-03-01T12:00:00Z"} | event) for kind, event in _EVENTS.items()}
BATCH_BODY = _body({"batch": [{"type": kind} | event for kind, event in _EVENTS.items()], "sentAt": "2026-03-01T12:00:01Z"})
IMPORT_BODY = {
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
WRITE_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_answer("Committed", {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}),
    **{status: _problem(status, description) for status, description in _PROBLEMS.items()},
    503: _problem(503, "Overloaded, or Postgres is away: come again after Retry-After seconds"),
}
_DWELL = {"median": 3600.0, "p90": 86400.0}
_HEAD = {"model": "journey-5", "version": 1, "from": None, "to": "2026-03-02T00:00:00Z", "timezone": "UTC", "as_of": "2026-03-02T09:30:00Z"}
STAGES = _answer(
    "The active stage models",
    {
        "models": [
            {"model": "journey-5", "version": 1, "state": "active", "labels": {"en": "Five stages"}, "stages": [{"stage": "awareness"}]}
        ]
    },
)
TRANSITIONS = _answer(
    "Stages and transitions in the window",
    {
        **_HEAD,
        "mode": "every",
        "stages": [
            {
                "stage": "awareness",
                "label": "Awareness",
                "at_start": 0,
                "entries": 9,
                "exits": 4,
                "at_end": 5,
                "customers": 9,
                "dwell": _DWELL,
            }
        ],
        "transitions": [{"from": "awareness", "to": "consideration", "count": 4, "customers": 4, "share": 1.0, "dwell": _DWELL}],
    },
)
FUNNEL = _answer(
    "How far customers got",
    {
        **_HEAD,
        "within": "14d",
        "steps": [
            {
                "stage": "awareness",
                "reached": 9,
                "converted": 4,
                "still_in_window": 3,
                "dropped": 2,
                "conversion": 0.444,
                "time_to_convert": _DWELL,
            }
        ],
    },
)
_PERSON = {
    "id": "user_id:u-1",
    "identifiers": [{"kind": "user_id", "value": "u-1"}, {"kind": "anonymous_id", "value": "a-1"}],
    "first_seen": "2026-03-01T12:00:00Z",
    "last_seen": "2026-03-01T12:10:00Z",
}
CUSTOMERS = _answer(
    "A page of customers",
    {"customers": [_PERSON | {"stage": "decision", "since": "2026-03-01T12:05:00Z"}], "next": None, "total": 1, "sessions": 1},
)
JOURNEY = _answer(
    "A customer's journey",
    {
        "customer": _PERSON | {"traits": {"email": "ada@example.com"}},
        "entries": [
            {
                "stage": "consideration",
                "entered_at": "2026-03-01T12:01:00Z",
                "left_at": None,
                "dwell": None,
                "from": "awareness",
                "channel": "email",
                "campaign": "welcome",
                "event": "Product Viewed",
                "message_id": "m-1",
            }
        ],
        "touches": [],
        "sessions": [],
        "events": [],
        "as_of": "2026-03-02T09:30:00Z",
        "next": None,
    },
)
SOURCES = _answer("Sources", {"sources": [{"name": "site", "kind": "public", "last_event_at": "2026-03-01T12:10:00Z", "events_24h": 12}]})
IMPORT = _answer(
    "The job", {"id": 1, "state": "running", "rows": 5000, "accepted": 5000, "duplicates": 0, "rejected": 0, "rows_per_second": 25000}, 202
)
EXPLAIN_CHANNEL = _answer("The verdict", {"channel": "paid_search", "rule": "paid_search", "why": "...", "evidence": {}, "labels": {}})
