"""Request bodies: read up to a limit, gunzipped up to a limit, whatever their labels say."""

import asyncio
import gzip
import io
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from app.http.problems import ProblemError

BODY_SECONDS = 8.0
BODY_BYTES_MAX = 1024 * 1024
"""Of a request that is no batch: mail systems gather up to 768 KB."""

GZIP_MAGIC = b"\x1f\x8b"
_ENCODINGS = ("", "identity", "gzip")


class BoundedRoute(APIRoute):
    """A route whose body the framework reads, of its own accord without end: up to 1 MiB."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_bounded(request: Request) -> Response:
            body = await read_body(request, BODY_BYTES_MAX)

            async def receive() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await handle(Request(request.scope, receive))

        return handle_bounded


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body after decompression.

    413 over `limit` bytes before or after it, 400 where it is cut short, 408 where it takes longer than 8 s, 415 for other codings.
    """
    if request.headers.get("content-encoding", "").lower() not in _ENCODINGS:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is gzip or identity")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _read(request.stream(), limit)
    except TimeoutError as error:
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive within 8 s", headers={"Connection": "close"}) from error
    return gunzip(body, limit) if body.startswith(GZIP_MAGIC) else body


def gunzip(body: bytes, limit: int) -> bytes:
    try:
        plain = gzip.GzipFile(fileobj=io.BytesIO(body)).read(limit + 1)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not gzip, or cut short: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    return plain


async def _read(stream: AsyncIterator[bytes], limit: int) -> bytes:
    chunks = bytearray()
    async for chunk in stream:
        chunks += chunk
        if len(chunks) > limit:
            raise _too_large(limit, {"Connection": "close"})
    return bytes(chunks)


def _too_large(limit: int, headers: dict[str, str] | None = None) -> ProblemError:
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body exceeds {limit} bytes", headers=headers)
