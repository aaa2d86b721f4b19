"""Examples for the OpenAPI document: bodies that the routes take, and their answers."""

from typing import Any

from app.http.openapi import WRITE_SECURITY, answer, body, problems

_CONTEXT = {"page": {"url": "https://shop.example/kettle?utm_source=newsletter&utm_medium=email", "referrer": ""}}
_EVENTS: dict[str, dict[str, Any]] = {
    "track": {"anonymousId": "a-1", "event": "Product Viewed", "properties": {"product_id": "kettle"}, "context": _CONTEXT},
    "page": {"anonymousId": "a-1", "name": "Kettle", "properties": {"path": "/kettle"}, "context": _CONTEXT},
    "screen": {"userId": "u-1", "name": "Basket"},
    "identify": {"anonymousId": "a-1", "userId": "u-1", "traits": {"email": "ada@example.com"}},
    "group": {"userId": "u-1", "groupId": "g-1", "traits": {"name": "Example Ltd"}},
    "alias": {"userId": "u-1", "previousId": "a-1"},
}

_JSON = ("application/json", "text/plain")
_SENT = {"messageId": "m-1", "timestamp": "2026-03-01T12:00:00Z"}
_BATCH = {"batch": [{"type": kind, **event} for kind, event in _EVENTS.items()], "sentAt": "2026-03-01T12:00:01Z"}
_REFUSED = {"index": 1, "messageId": "m-2", "code": "missing_field", "field": "event", "message": "track needs event"}
_READ = problems(401, 403, 422, 503)
_READ_ONE = _READ | problems(404)

EVENT_BODIES = {kind: body(_SENT | event, *_JSON) | WRITE_SECURITY for kind, event in _EVENTS.items()}
BATCH_BODY = body(_BATCH, *_JSON) | WRITE_SECURITY
WRITE_ANSWERS = {
    **answer("Committed", {"success": True, "accepted": 1, "duplicates": 0, "rejected": [_REFUSED]}),
    **problems(400, 401, 403, 413, 415, 503),
}
PIXEL_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Always", "content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}}}
}

_DWELL = {"median": 3600.0, "p90": 86400.0}
_MODEL = {"model": "journey-5", "version": 1}
_AS_OF = {"as_of": "2026-03-02T09:30:00Z"}
_WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "timezone": "UTC", **_AS_OF}
_STAGE = {
    "stage": "awareness",
    "label": "Awareness",
    "labels": {"en": "Awareness", "ru": "Осознание"},
    "target": None,
    "rules": [{"touch": True, "occurrence": {"max": 1}}],
}
_COUNTS = {"at_start": 0, "entries": 9, "exits": 4, "at_end": 5, "customers": 9}
_STEP = {"stage": "awareness", "reached": 9, "converted": 4, "still_in_window": 3, "dropped": 2, "conversion": 0.444}
STAGES = _READ | answer("Stage models", {"models": [{**_MODEL, "state": "active", "labels": {"en": "Five stages"}, "stages": [_STAGE]}]})
TRANSITIONS = _READ | answer(
    "Stages and transitions in the window",
    {
        **_MODEL,
        "mode": "every",
        **_WINDOW,
        "stages": [{"stage": "awareness", "label": "Awareness", **_COUNTS, "dwell": _DWELL}],
        "transitions": [{"from": "awareness", "to": "consideration", "count": 4, "customers": 4, "share": 0.8, "dwell": _DWELL}],
    },
)
FUNNEL = _READ | answer("How far customers got", {**_MODEL, "within": "14d", **_WINDOW, "steps": [{**_STEP, "time_to_convert": _DWELL}]})
STAGE_MODEL_BODY = body(
    {"model": "own", "stages": [{"stage": "looking", "enter": [{"event": ["Product Viewed"]}]}]}, "application/json", "application/yaml"
)
STAGE_MODEL_KEPT = problems(401, 403, 413, 422, 503) | answer("Kept", {"model": "own", "version": 1, "state": "waiting"}, 202)

_PERSON = {
    "id": "user_id:u-1",
    "identifiers": [{"kind": "user_id", "value": "u-1"}, {"kind": "anonymous_id", "value": "a-1"}],
    "first_seen": "2026-03-01T12:00:00Z",
    "last_seen": "2026-03-01T12:10:00Z",
}
_BY = {"channel": "email", "campaign": "welcome", "event": "Product Viewed", "message_id": "m-1"}
_ENTERED = {"stage": "consideration", "entered_at": "2026-03-01T12:01:00Z", "left_at": "2026-03-01T12:05:00Z", "dwell": 240.0}
_TOUCHED = {"touched_at": "2026-03-01T12:01:00Z", "kind": "session", "source": "newsletter", "medium": "email", "referrer": None}
_VISITED = {"started_at": "2026-03-01T12:01:00Z", "ended_at": "2026-03-01T12:09:00Z", "events": 3}
_BY_WHAT = {"device": "desktop", "machine": False}
_SEEN = {"message_id": "m-1", "type": "track", "event": "Product Viewed", "occurred_at": "2026-03-01T12:01:00Z", "source": "site"}
CUSTOMERS = _READ | answer(
    "A page of customers",
    {
        "customers": [{**_PERSON, "stage": "decision", "since": "2026-03-01T12:05:00Z"}],
        "next": "NDcxMQ",
        "total": 120,
        "sessions": 400,
        **_AS_OF,
    },
)
JOURNEY = _READ_ONE | answer(
    "A customer's journey",
    {
        "customer": {**_PERSON, "traits": {"email": "ada@example.com"}},
        **_MODEL,
        "entries": [{**_ENTERED, "from": "awareness", **_BY}],
        "touches": [{**_TOUCHED, **_BY, **_BY_WHAT}],
        "sessions": [{**_VISITED, **_BY, **_BY_WHAT}],
        "events": [{**_SEEN, "url": "https://shop.example/kettle"}],
        **_AS_OF,
        "next": None,
    },
)
_SOURCE = {"name": "site", "kind": "public", "last_event_at": "2026-03-01T12:10:00Z", "events_24h": 12}
SOURCES = _READ | answer("Sources", {"sources": [_SOURCE]})

_TIMES = {"created_at": "2026-03-01T12:00:00Z", "started_at": "2026-03-01T12:00:01Z", "finished_at": "2026-03-01T12:00:02Z"}
_ROWS = {"rows": 5000, "accepted": 4999, "duplicates": 0, "rejected": 1, "rows_per_second": 25000}
_JOB = {"id": 1, "name": "orders.csv", "state": "finished", **_ROWS, "bytes_total": 90000, "bytes_read": 90000, "error": None, **_TIMES}
_REASON = {"code": "missing_identifier", "field": "userId", "rows": 1}
_FILE = {"schema": {"type": "string", "format": "binary"}}
IMPORT_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _FILE}}}
IMPORT_STARTED = _READ | answer("The job", _JOB, 202)
IMPORT = _READ_ONE | answer("The job", {**_JOB, "reasons": [_REASON]})
_REBUILD = {
    "id": 1,
    "state": "customers",
    "done": 500,
    "total": 9000,
    "changed": 0,
    "created_at": _TIMES["created_at"],
    "finished_at": None,
}
REBUILD_STARTED = problems(401, 403, 503) | answer("The rebuild", _REBUILD, 202)
REBUILD = _READ_ONE | answer("The rebuild", _REBUILD)
READY = problems(503) | answer("Events can be stored", {"status": "ready"})
METRICS = problems(401, 403, 503) | {
    200: {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}, "example": "waystage_touched_rows 0.0\n"}}}
}
EXPLAIN_CHANNEL = _READ | answer(
    "The verdict",
    {
        "channel": "paid_search",
        "rule": "paid_search",
        "why": "a search engine as source and a paid medium: source google, medium cpc",
        "evidence": {"source": "google", "medium": "cpc"},
        "labels": {"en": "Paid search", "ru": "Платный поиск"},
    },
)
