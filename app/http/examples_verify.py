"""Examples of verification for the OpenAPI document."""

import json
from typing import Any

from app.http.openapi import problems

_ROW = {"customer": 17, "identifier": 18, "owner": 17}
TOLD: list[dict[str, Any]] = [
    {"kind": "progress", "of": "customers", "done": 200, "total": 1000},
    {"kind": "difference", "table": "identifiers", "customer": "user_id:u-1", "stored": {**_ROW, "owner": 18}, "derived": _ROW},
    {"kind": "finished", "customers": 998, "events": 10250, "waiting": 2, "differences": 1, "seed": 0},
]
_LINES = {"application/x-ndjson": {"schema": {"type": "string"}, "example": "".join(json.dumps(told) + "\n" for told in TOLD)}}
VERIFIED: dict[int | str, dict[str, Any]] = problems(401, 403, 422, 503) | {
    200: {"description": "What is found, a JSON object a line", "content": _LINES}
}
