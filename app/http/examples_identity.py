"""Examples for the OpenAPI document: identity, and corrections of it."""

from typing import Any

from app.http.openapi import answer, problems

_AS_OF = {"as_of": "2026-03-02T09:30:00Z"}
_EVIDENCE = {"trusted": False, "linked_at": "2026-03-01T12:05:00Z", "message_id": "m-2", "source": "site"}
_LINK = {"target": "user_id:u-1", "by": "event", "verdict": "chosen", **_EVIDENCE}
_ROOT: dict[str, Any] = {"kind": "user_id", "value": "u-1", "rule": "root", "parent": None, "via": None, "named_at": "2026-03-01T12:05:00Z"}
_DEVICE: dict[str, Any] = {
    "kind": "anonymous_id",
    "value": "a-1",
    "rule": "best_link",
    "parent": "user_id:u-1",
    "via": None,
    "named_at": None,
}
_ALIAS = {"user_id": "u-1", "previous_id": "u-0", "applied": False, "why": "it is public, and both user ids are named by other events"}
_STRUCK = {
    "weaker": "anonymous_id:a-9",
    "target": "user_id:u-1",
    "state": "struck",
    "struck_at": "2026-03-02T09:00:00Z",
    "struck_by": "admin",
}
_PEOPLE = [
    {"id": "user_id:u-1", "identifiers": [{"kind": "user_id", "value": "u-1"}]},
    {"id": "anonymous_id:a-1", "identifiers": [{"kind": "anonymous_id", "value": "a-1"}]},
]
_ONE = {"id": "user_id:u-1", "identifiers": [{"kind": "user_id", "value": "u-1"}, {"kind": "anonymous_id", "value": "a-1"}]}
_STAGE = {"model": "journey-5", "stage": "purchase", "before": 1, "after": 1, "appear": 0, "disappear": 0}
_ENTRY = {
    "model": "journey-5",
    "stage": "awareness",
    "entered_at": "2026-03-01T12:05:00Z",
    "event": "00000000-0000-0000-0000-000000000001",
    "change": "appears",
}

TREE = problems(401, 403, 404, 422, 503) | answer(
    "The customer's identifiers, root first, each with the evidence upwards",
    {
        "id": "user_id:u-1",
        "identifiers": [{**_ROOT, "links": []}, {**_DEVICE, "links": [_LINK]}],
        "aliases": [{**_ALIAS, **_EVIDENCE}],
        "struck": [_STRUCK],
        "complete": True,
        **_AS_OF,
    },
)
CONTRADICTIONS = problems(401, 403, 422, 503) | answer(
    "A page of contradictions",
    {
        "contradictions": [
            {"contradiction": "several_targets", "identifier": "email:e@x.com", "of_kind": "user_id", "count": 2, "values": ["u-1", "u-2"]}
        ],
        "next": "c2V2ZXJhbF90YXJnZXRzOjE6dXNlcl9pZA",
    },
)
STRUCK_PAIRS = problems(401, 403, 422, 503) | answer("Struck pairs", {"links": [_STRUCK], "next": "MSwy"})
_ASKED = answer("The worker does it next", {"weaker": "anonymous_id:a-1", "target": "user_id:u-1", "state": "striking"}, 202)
PAIR_ASKED = (
    problems(401, 403, 422, 503)
    | _ASKED
    | answer(
        "With preview: what would change",
        {
            "customers_before": 1,
            "customers_after": 2,
            "before": [_ONE],
            "after": _PEOPLE,
            "stages": [_STAGE],
            "entries": [_ENTRY],
            "complete": True,
        },
    )
)
MERGING_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": "weaker,target\nanonymous_id:a-1,user_id:u-1\n"},
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"weaker": "email:ada@example.com", "target": "user_id:u-1", "trusted": true}\n',
            },
        },
    }
}
MERGING = problems(400, 401, 403, 413, 415, 422, 503) | answer(
    "What would merge",
    {
        "links": 1,
        "known_identifiers": 2,
        "merged_customers": 2,
        "moved": 1,
        "merges": [{"into": "user_id:u-1", "customers": ["user_id:u-1", "anonymous_id:a-1"]}],
        "moves": [{"identifier": "email:ada@example.com", "from": "user_id:u-2", "to": "user_id:u-1"}],
        "contradictions": [{"identifier": "email:e@x.com", "of_kind": "user_id", "values": ["u-1", "u-2"]}],
    },
)
BLOCKED_VALUES = problems(401, 403, 422, 503) | answer(
    "Blocked values",
    {
        "blocked_values": [
            {
                "value": "n/a-1",
                "state": "blocked",
                "blocked_at": "2026-03-02T09:00:00Z",
                "blocked_by": "admin",
                "customers": 0,
                "identifiers": 0,
            }
        ]
    },
)
BLOCKED_VALUE_ASKED = problems(401, 403, 422, 503) | answer("The worker does it next", {"value": "n/a-1", "state": "blocking"}, 202)
