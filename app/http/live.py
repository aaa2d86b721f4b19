"""What happens, while it happens: server-sent events for whoever may read."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.types import Receive, Scope, Send

from app.http.access import Caller, reader, still_allowed
from app.http.examples import LIVE
from app.http.listening import Hearer
from app.http.parameters import Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.server import HANG_UP
from app.http.service import Service, service_of
from app.store.connect import AWAY
from app.store.live import ACCEPTED, DERIVED, DUPLICATE, FAILED, LEFT_OUT

HEARERS_MAX = 50
KEEPALIVE_SECONDS = 15.0
ACCESS_SECONDS = 5.0
"""How often it is looked at whether who listens may still do so."""

FAREWELL_SECONDS = 0.5
RETRY_MILLISECONDS = 2_000
KINDS = (ACCEPTED, DUPLICATE, FAILED, DERIVED)
Wants: TypeAlias = Callable[[dict[str, Any]], bool]
MayRead: TypeAlias = Callable[[], Awaitable[bool]]
router = APIRouter(tags=["live"])
_encode = msgspec.json.Encoder().encode


class LiveQuestion(Parameters):
    """What to tell of: everything that is given must match. How many events were left out is told in any case."""

    kind: Text | None = Field(default=None, description=f"some of {', '.join(KINDS)}, with commas between them")
    source: Text | None = Field(default=None, description="name of the source")
    type: Text | None = Field(default=None, description="type of the event")
    event: Text | None = Field(default=None, description="name of the event, in which * is any characters and ? is one")
    customer: Text | None = Field(
        default=None, description="kind:value of an identifier on the event, of its subject, or of its customer's root"
    )

    def wants(self) -> Wants:
        """Whether something told is asked for."""
        tests = [_of_kinds(set((self.kind or ",".join(KINDS)).split(",")))]
        if self.type is not None:
            tests.append(lambda told: told.get("type") == self.type)
        if self.event is not None:
            tests.append(_of_name(self.event))
        if self.customer is not None:
            tests.append(_of_customer(self.customer))
        return lambda told: self.source in (None, told["source"]) and (told["kind"] == LEFT_OUT or all(test(told) for test in tests))


def _of_kinds(kinds: set[str]) -> Wants:
    if unknown := kinds - set(KINDS):
        raise malformed("kind", f"is one of {', '.join(KINDS)}, not {min(unknown)}")
    return lambda told: told["kind"] in kinds


def _of_name(pattern: str) -> Wants:
    """Case-sensitive, the whole name. What a star stands for is never reconsidered, so that no pattern takes long."""
    first, *rest = [re.escape(part).replace(r"\?", ".") for part in pattern.split("*")]
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    named = re.compile(first + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL)
    return lambda told: named.fullmatch(told.get("event") or "") is not None


def _of_customer(customer: str) -> Wants:
    kind, colon, value = customer.partition(":")
    if not colon:
        raise malformed("customer", "is kind:value, as in user_id:u-1")
    person = {"kind": kind, "value": value}
    return lambda told: person in (*told.get("identifiers", ()), told.get("subject"), told.get("customer"))


@router.get("/v1/live", response_class=StreamingResponse, responses=LIVE)
async def listen(
    request: Request,
    caller: Annotated[Caller, Depends(reader)],
    question: Annotated[LiveQuestion, Query()],
    last_event_id: Annotated[str | None, Header(max_length=20, description="the id after which to go on")] = None,
) -> StreamingResponse:
    """What arrives (accepted, duplicate, failed) and what is derived of it, as it happens.

    After the event `listening` with `complete: true` everything that is acknowledged is told within 2 s, or how many events were left
    out. Who comes back with Last-Event-ID within 10 minutes hears what was told meanwhile; it may be told twice.
    """
    service = service_of(request)
    if len(service.listening) >= HEARERS_MAX:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, f"{HEARERS_MAX} listen already", headers={"Retry-After": "5"})
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdecimal() else None
    return _Stream(partial(_may_read, request, caller), Hearer(question.wants(), after), service)


class _Stream(StreamingResponse):
    """Ends when the client goes, when it may not listen any more, and when the process stops, even if the client takes nothing."""

    def __init__(self, may_read: MayRead, hearer: Hearer, service: Service) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_lines(may_read, hearer, service), headers=headers, media_type="text/event-stream")
        self._hearer = hearer
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streaming = asyncio.create_task(self.stream_response(send))
        ends = {streaming, asyncio.create_task(self.listen_for_disconnect(receive)), asyncio.create_task(self._farewell(scope))}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._service.listening.leave(self._hearer)
            for end in ends:
                end.cancel()
        with suppress(asyncio.CancelledError):
            await streaming

    async def _farewell(self, scope: Scope) -> None:
        """Hang up on who does not even take the end of the stream."""
        await self._service.leaving.wait()
        await asyncio.sleep(FAREWELL_SECONDS)
        scope["extensions"][HANG_UP]["now"]()
        await asyncio.sleep(0)


async def _lines(may_read: MayRead, hearer: Hearer, service: Service) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    await service.listening.join(hearer)
    complete, said_at, looked_at = False, time.monotonic(), time.monotonic()
    while not service.leaving.is_set():
        lines = _said(hearer)
        if hearer.complete is not complete:
            complete = hearer.complete
            lines += _line("listening", {"kind": "listening", "complete": complete})
        now = time.monotonic()
        if lines or now - said_at >= KEEPALIVE_SECONDS:
            yield lines or b": still here\n\n"
            said_at = now
        if now - looked_at >= ACCESS_SECONDS:
            looked_at = now
            if not await may_read():
                return
        await _until_told(hearer, service)


def _said(hearer: Hearer) -> bytes:
    lost, told = hearer.take()
    lines = b"".join(b"id: %d\nevent: %b\ndata: %b\n\n" % (one.resume, one.members["kind"].encode(), one.data) for one in told)
    return (_line(LEFT_OUT, {"kind": LEFT_OUT, "what": "slow", "events": lost}) if lost else b"") + lines


def _line(event: str, members: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event.encode(), _encode(members))


async def _until_told(hearer: Hearer, service: Service) -> None:
    waits = {asyncio.create_task(event.wait()) for event in (hearer.wake, service.leaving)}
    try:
        await asyncio.wait(waits, timeout=ACCESS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _may_read(request: Request, caller: Caller) -> bool:
    """A key may have been revoked meanwhile, a login ended; while Postgres is away nobody knows, and nothing is told."""
    try:
        return await still_allowed(request, caller)
    except AWAY:
        return True
