"""Answers that are read are sent packed."""

from fastapi.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

PACKED_MIN = 1_000
"""Bytes from which it pays."""

_LEVEL = 4
_STREAM = "/v1/live"


class Packing:
    """An ASGI application around another: long answers to GET are packed where the client takes it.

    Other answers begin when they begin, before there is anything to pack: a verification tells how far it is while it goes on.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain, self._packed = app, GZipMiddleware(app, minimum_size=PACKED_MIN, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] != _STREAM
        await (self._packed if read else self._plain)(scope, receive, send)
