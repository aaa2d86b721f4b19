"""Examples for the OpenAPI document: the people behind numbers."""

from typing import Any

from app.http.examples import CUSTOMERS
from app.http.openapi import Responses, answer, problems

_CSV = "id,stage,since,first_seen,last_seen,user_id\r\nuser_id:u-1,decision,2026-03-01T12:05:00Z,2026-03-01T12:00:00Z,,u-1\r\n"
_LISTED = CUSTOMERS[200]["content"]["application/json"]["example"]
_PAGE: dict[str, Any] = {key: value for key, value in _LISTED.items() if key != "sessions"}


def behind(**counted: float) -> Responses:
    """A page of customers, or all of them as CSV; `counted` are the numbers beside the total."""
    told = answer("A page of customers; with format=csv all of them", {**_PAGE, **counted})
    told[200]["content"]["text/csv"] = {"schema": {"type": "string"}, "example": _CSV}
    return problems(401, 403, 422, 503) | told


_FREE = {"value": "free", "since": "2026-03-01T12:01:00Z", "until": "2026-03-02T09:00:00Z", "message_id": "m-1", "source": "site"}
_PRO = {"value": "pro", "since": "2026-03-02T09:00:00Z", "until": None, "message_id": "m-7", "source": "server"}
TRAITS = problems(401, 403, 404, 422, 503) | answer(
    "Each trait's values, the first one first",
    {"id": "user_id:u-1", "traits": {"plan": [_FREE, _PRO]}, "complete": True, "as_of": "2026-03-02T09:30:00Z"},
)
BEHIND = behind()
BEHIND_ENTRIES = behind(entries=130)
EVERYBODY = behind(sessions=400)
