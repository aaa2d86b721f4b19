"""Examples for the OpenAPI document: versions of stage models, and what changes from one to another."""

from app.http.openapi import answer, body, problems

_READ = problems(401, 403, 422, 503)
_READ_ONE = _READ | problems(404)
_LABELS = {"en": "Own stages"}
_RULES = {"event": ["Product Viewed"]}
_STAGE = {"stage": "looking", "label": "Looking", "labels": {"en": "Looking", "ru": "Смотрит"}, "target": None, "rules": [_RULES]}
_DOCUMENT = {"model": "own", "backward": True, "stages": [{"stage": "looking", "enter": [_RULES]}]}
_TEXT = "model: own\nbackward: true\nstages:\n- stage: looking\n  enter:\n  - event:\n    - Product Viewed\n"
_STAGES = {"labels": _LABELS, "lapses_after": 7776000.0, "stages": [_STAGE]}
_VERSION = {
    "model": "own",
    "version": 2,
    "state": "deriving",
    "draft": True,
    "created_at": "2026-03-01T12:00:00Z",
    "customers_left": 1200,
}
_BOTH = {"before": 9, "after": 12}
STAGES = _READ | answer("Stage models", {"models": [{"model": "own", "version": 1, "state": "active", **_STAGES}]})
STAGE_MODEL_BODY = body(_DOCUMENT, "application/json", "application/yaml")
STAGE_MODEL_KEPT = problems(401, 403, 413, 422, 503) | answer("Kept", {"model": "own", "version": 1, "state": "waiting"}, 202)
STAGE_MODELS = _READ | answer(
    "Stage models with their versions",
    {"models": [{"model": "own", "labels": _LABELS, "built_in": False, "active": 1, "versions": [_VERSION]}]},
)
PRESET_DOCUMENTS = _READ | answer("Documents", {"presets": [{"model": "journey-5", "labels": _LABELS, "yaml": _TEXT}]})
VERSIONS = _READ_ONE | answer("Versions, the newest first", {"model": "own", "versions": [_VERSION]})
VERSION = _READ_ONE | answer("The version; with format=yaml its document", {**_VERSION, **_STAGES, "document": _DOCUMENT, "yaml": _TEXT})
VERSION[200]["content"]["application/yaml"] = {"schema": {"type": "string"}, "example": _TEXT}
VERSION_CHANGED = _READ_ONE | answer("The version", _VERSION)
DRAFT_DELETED = _READ_ONE | problems(409) | answer("What was forgotten", {"model": "own", "version": 2})
COMPARED = _READ | answer(
    "What changes",
    {
        "model": "own",
        "from": 1,
        "to": 2,
        "stages": [{"stage": "looking", "label": "Looking", "entries": _BOTH, "customers": _BOTH, "current": _BOTH}],
        "customers": 3,
        "moved": [{"from": "looking", "to": None, "customers": 2}],
        "examples": [{"id": "user_id:u-1", "from": "looking", "to": None}],
        "as_of": "2026-03-02T09:30:00Z",
    },
)
_RULE = {"stage": "purchase", "rule": "stages[3].enter[0]", "asks": "its name is Order Completed or Subscription Started"}
_FAILED = {"key": "occurrence", "expected": "its number among the customer's such events is at least 2", "found": "1"}
EXPLAIN_STAGE = _READ_ONE | answer(
    "The verdicts, the latest event first",
    {
        "customer": "user_id:u-1",
        "model": "journey-5",
        "version": 1,
        "events": [
            {
                "message_id": "m-1",
                "type": "track",
                "event": "Order Completed",
                "occurred_at": "2026-03-01T12:05:00Z",
                "verdict": "entered",
                "stage": "purchase",
                "why": "its name is Order Completed or Subscription Started",
                "from": "decision",
                "entered_at": "2026-03-01T12:05:00Z",
                "left_at": None,
                "lapsed_at": None,
                "channel": "direct",
                "channel_rule": "direct",
                "channel_why": "no campaign and no other site brought the visitor",
                "matched": [_RULE],
                "nearly": [{**_RULE, "stage": "loyalty", "failed": _FAILED}],
            }
        ],
        "next": "MTc",
        "as_of": "2026-03-02T09:30:00Z",
    },
)
