"""Examples for the OpenAPI document: bodies that the routes take, and their answers."""

import json
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
_COUNTS = {"at_start": 0, "entries": 9, "exits": 4, "at_end": 5, "customers": 9}
_STEP = {
    "step": 1,
    "stage": "awareness",
    "event": None,
    "reached": 9,
    "converted": 4,
    "still_in_window": 3,
    "dropped": 2,
    "conversion": 0.444,
}
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
_SOUGHT = {"of": "stages", "order": "ordered", "within": "14d"}
FUNNEL = _READ | answer(
    "How far customers got", {**_MODEL, **_SOUGHT, **_WINDOW, "steps": [{**_STEP, "time_to_convert": {**_DWELL, "mean": 4000.0}}]}
)

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
_SEEN_AT = {"url": "https://shop.example/kettle", "referrer": None}
CUSTOMERS = _READ | answer(
    "A page of customers",
    {
        "customers": [{**_PERSON, "name": "Ada", "stage": "decision", "since": "2026-03-01T12:05:00Z"}],
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
        "touches": [{**_TOUCHED, **_BY, **_BY_WHAT, "machine_rule": None, "machine_why": None}],
        "sessions": [{**_VISITED, **_BY, **_BY_WHAT}],
        "events": [{**_SEEN, **_SEEN_AT, "anonymous_id": "a-1", "value": None, "currency": None}],
        **_AS_OF,
        "next": None,
    },
)
_HEARD = {"events": 12, "rate": 0.2, "events_before": 10, "rate_before": 0.167, "change": 1.2}
_SOURCE = {"name": "site", "kind": "public", "last_event_at": "2026-03-01T12:10:00Z", "events_24h": 12, "failed_24h": 0}
_SOURCE |= {"hour": _HEARD, "day": _HEARD, "silence": 40.0, "expected": 0.5, "state": "live", "why": "12 events in the last 24 hours"}
SOURCES = _READ | answer("Sources", {"sources": [_SOURCE]})
_LOSS = {"source": "site", "received": 990, "gaps": 10, "dropped": 4, "loss": 0.01}
LOSSES = _READ | answer("What did not arrive", {**_WINDOW, "sources": [_LOSS]})

_TIMES = {"created_at": "2026-03-01T12:00:00Z", "started_at": "2026-03-01T12:00:01Z", "finished_at": "2026-03-01T12:00:02Z"}
_ROWS = {"rows": 5000, "accepted": 4999, "duplicates": 0, "rejected": 1, "undone": 0, "rows_per_second": 25000, "seconds_left": None}
_BYTES = {"bytes_total": 90000, "bytes_read": 90000}
_JOB = {"id": 1, "name": "orders.csv", "state": "finished", "dry_run": False, **_ROWS, **_BYTES, "error": None, **_TIMES}
_REASON = {"code": "missing_identifier", "field": "userId", "rows": 1}
_FILE = {"schema": {"type": "string", "format": "binary"}}
IMPORT_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _FILE}}}
_REJECT = {"line": 17, "field": "userId", "code": "missing_identifier", "reason": "an event needs userId", "row": '{"type":"identify"}'}
_STREAMED = {"application/x-ndjson": {"schema": {"type": "string"}, "example": json.dumps(_REJECT) + "\n"}}
IMPORT_STARTED = _READ | problems(400, 507) | answer("The job", _JOB, 202)
IMPORT_UNDONE = _READ_ONE | answer("The job", {**_JOB, "state": "undoing"}, 202)
IMPORTS = _READ | answer("A page of jobs, the newest first", {"imports": [_JOB], "next": None})
IMPORT = _READ_ONE | answer("The job", {**_JOB, "reasons": [_REASON], "report": None})
IMPORT_REJECTS = _READ_ONE | {200: {"description": "Rejected rows, as NDJSON or CSV", "content": _STREAMED}}
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
_LINK = {
    "kind": "email",
    "target": "https://shop.example/spring",
    "recipient": {"userId": "u-1", "email": "ada@example.com"},
    "campaign": {"source": "newsletter", "medium": "email", "name": "spring"},
    "message": "spring-1",
}
LINK_BODY = body(_LINK, "application/json")
LINKS = problems(400, 401, 403, 413, 415, 422, 503) | answer(
    "The addresses; a list of them where a list of links was sent",
    {"click": "https://events.shop.example/c/kX2...", "open": "https://events.shop.example/o/9qZ....gif"},
)
_WEBHOOK = {"name": "mail", "source": "server", "mapping": "preset: sendgrid", "scheme": "sendgrid", "tolerance": 300, "header": None}
_SIGNED = {"prefix": "", "encoding": "hex", "timestamp_header": None, "signed": "{body}", "created_at": _TIMES["created_at"]}
WEBHOOK_BODY = body([{"event": "open", "email": "ada@example.com", "sg_event_id": "e-1"}], "application/json") | {"security": [{}]}
WEBHOOK_BODY["requestBody"]["content"]["application/json"]["schema"] = {}
WEBHOOK_ANSWERS = {**{key: value for key, value in WRITE_ANSWERS.items() if key != 403}, **problems(422)}
WEBHOOKS = _READ | answer("Webhooks", {"webhooks": [_WEBHOOK | _SIGNED]})
WEBHOOK_KEPT = _READ | problems(400, 413, 415) | answer("The webhook, without its secret", _WEBHOOK | _SIGNED)
WEBHOOK_FORGOTTEN = _READ_ONE | answer("What was forgotten", {"name": "mail"})
_FAILED_EVENT = {
    "id": 7,
    "received_at": "2026-03-01T12:00:00Z",
    "source": "site",
    "import": None,
    "position": 1,
    "line": None,
    "message_id": "m-2",
    "code": "missing_field",
    "field": "event",
    "message": "track needs event",
    "body": '{"type":"track","userId":"u-1","messageId":"m-2"}',
    "edited_at": None,
}
_NUMBERS = {"id": 7, "import": 3, "position": 1, "line": 4}
_ARRIVAL = {"type": "track", "sent_at": None, "agent": "Mozilla/5.0", "ip": "192.0.2.0", "country": None, "webhook": None}
_TRIED = {"stored": 1, "duplicates": 0, "failed": 0}
_MENDED = {"type": "track", "event": "Product Viewed", "userId": "u-1", "messageId": "m-2"}
FAILED_EVENTS = _READ | answer("A page of failed events", {"failed_events": [_FAILED_EVENT | _NUMBERS], "next": 6})
_REASON_SHOWN = {"source": "site", "code": "missing_field", "field": "event", "events": 12}
FAILED_REASONS = _READ | answer(
    "Reasons, the most frequent first",
    {"reasons": [{**_REASON_SHOWN, "first": "2026-03-01T12:00:00Z", "last": "2026-03-01T12:30:00Z"}]},
)
FAILED_EVENT = _READ_ONE | answer("The failed event", _FAILED_EVENT | _NUMBERS | {"arrival": _ARRIVAL})
MENDED_BODY = body(_MENDED, "application/json")
MENDED_EVENT = problems(400, 401, 403, 404, 413, 415, 422, 503) | answer(
    "The failed event with its new body", _FAILED_EVENT | _NUMBERS | {"arrival": _ARRIVAL}
)
EVENTS_REPLAYED = _READ | answer("What became of them", _TRIED | {"next": 206})
EVENT_REPLAYED = _READ_ONE | answer(
    "What became of it", _TRIED | {"code": "missing_field", "field": "event", "message": "track needs event"}
)
_ON_EVENT = {"message_id": "m-1", "type": "track", "event": "Product Viewed", "occurred_at": "2026-03-01T12:01:00Z", "url": None}
_TOLD = {"id": 41, "at": "2026-03-01T12:01:00.250000Z", "kind": "derived", "source": "site", **_ON_EVENT}
_DERIVED = {
    "identifiers": [{"kind": "anonymous_id", "value": "a-1"}],
    "channel": "email",
    "channel_rule": "email",
    "channel_why": "the source or the medium is email",
    "machine_rule": None,
    "machine_why": None,
    "subject": {"kind": "anonymous_id", "value": "a-1"},
    "customer": {"kind": "user_id", "value": "u-1"},
    "touch": "session",
    "entries": [{"model": "journey-5", "stage": "consideration", "from": "awareness"}],
}
LIVE = _READ | {
    200: {
        "description": "What happens, as server-sent events, until the client goes",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": f"id: 41\nevent: derived\ndata: {json.dumps(_TOLD | _DERIVED)}\n\n",
            }
        },
    }
}
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
