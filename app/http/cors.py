"""Which routes a browser on another site may call: those that write, without credentials."""

from app.domain.events import TYPES

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}
_WRITE_PATHS = frozenset(f"/v1/{route}" for route in (*TYPES, "batch", "import"))


def is_write_path(path: str) -> bool:
    return path in _WRITE_PATHS or path.startswith("/v1/pixel/")
