"""Which routes a browser on another site may call: those that write, without credentials."""

from app.domain.arriving.events import TYPES

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
_HEADERS = ("Authorization", "Content-Type", "Content-Encoding", "X-Write-Key", "X-Retry-Count", "X-IP-Policy", "X-Enable-Debug")
PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(_HEADERS),
    "Access-Control-Max-Age": "86400",
}
EVENT_PATHS = {path: kind for kind in TYPES for path in (f"/v1/{kind}", f"/v1/{kind[0]}", f"/api/s/{kind}", f"/api/s/s2s/{kind}")}
"""The type that each path for one event names: the Segment spec's path, its browser SDK's initial, and Jitsu's two."""
BATCH_PATHS = ("/v1/batch", "/v1/import", "/v1/b")
_WRITE_PATHS = frozenset((*EVENT_PATHS, *BATCH_PATHS))


def is_write_path(path: str) -> bool:
    return path in _WRITE_PATHS or path.startswith("/v1/pixel/")
