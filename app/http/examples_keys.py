"""Examples for the OpenAPI document: keys, sources, and who asks."""

from app.http.openapi import answer, body, problems

_KEY = {
    "id": 5,
    "scope": "write",
    "source": "shop",
    "hint": "wk_1a…",
    "created_at": "2026-03-01T12:00:00Z",
    "revoked_at": None,
}
_TOLD = {"key": "wk_1aB2c3", "snippet": "<script async src=...></script>", "note": "The key is told this once"}
_ADMIN = problems(401, 403, 422, 503)
SESSION = _ADMIN | answer("Who asks", {"scope": "admin", "key": 4, "login": True, "expires_at": "2026-03-15T09:30:00Z"})
SOURCE_BODY = body({"name": "shop", "kind": "public"}, "application/json")
SOURCE_MADE = (
    _ADMIN | problems(400, 409, 413, 415) | answer("The source and its key", {"name": "shop", "kind": "public", "key": _KEY | _TOLD}, 201)
)
KEYS = _ADMIN | answer("Keys", {"keys": [_KEY]})
KEY_BODY = body({"scope": "write", "source": "shop"}, "application/json")
KEY_MADE = _ADMIN | problems(400, 413, 415) | answer("The key", _KEY | _TOLD, 201)
KEY_REVOKED = _ADMIN | problems(404, 409) | answer("The key as it is now", _KEY | {"revoked_at": "2026-03-02T09:00:00Z"})
