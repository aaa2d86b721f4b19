"""Request bodies: read up to a limit, gunzipped up to a limit, whatever their labels say."""

import zlib
from collections.abc import AsyncIterator
from http import HTTPStatus

from fastapi import Request

from app.http.problems import ProblemError

GZIP_MAGIC = b"\x1f\x8b"
_ENCODINGS = ("", "identity", "gzip")


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body after decompression; 413 over `limit` bytes before or after it, 400 where it is cut short, 415 for other codings."""
    if request.headers.get("content-encoding", "").lower() not in _ENCODINGS:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is gzip or identity")
    body = await _read(request.stream(), limit)
    return gunzip(body, limit) if body.startswith(GZIP_MAGIC) else body


def gunzip(body: bytes, limit: int) -> bytes:
    decoder = zlib.decompressobj(wbits=31)
    try:
        plain = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not gzip: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not decoder.eof:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the gzip body is cut short")
    return plain


async def _read(stream: AsyncIterator[bytes], limit: int) -> bytes:
    chunks = bytearray()
    async for chunk in stream:
        chunks += chunk
        if len(chunks) > limit:
            raise _too_large(limit)
    return bytes(chunks)


def _too_large(limit: int) -> ProblemError:
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body exceeds {limit} bytes", headers={"Connection": "close"})
