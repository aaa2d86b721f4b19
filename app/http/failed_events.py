"""Failed events: listed by their reasons, shown, mended, and replayed."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from app.domain.arriving.arrivals import as_text, read_kept
from app.domain.arriving.keys import without_keys
from app.domain.documents import EVENT_BYTES_MAX
from app.domain.windows import parse_window
from app.flow.replay import Replayed, replay_one, replay_parts
from app.http import shapes
from app.http.access import admin, reader
from app.http.body import read_body
from app.http.examples import (
    EVENT_REPLAYED,
    EVENTS_REPLAYED,
    FAILED_EVENT,
    FAILED_EVENTS,
    FAILED_REASONS,
    MENDED_BODY,
    MENDED_EVENT,
)
from app.http.parameters import Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.service import service_of
from app.store.failed_events import Filters, KeptEvent, Refusals, edit_failed, list_failed, read_failed, read_refusals

LIMIT_MAX = 1_000
SHOWN_BYTES = 500
PARTS_AT_ONCE = 5
Number = Annotated[int, Path(ge=1, lt=2**63, description="number of the failed event")]
router = APIRouter(tags=["failed events"])


class Which(Parameters):
    """Which failed events: by code, source, import and field, received from `since` (included) until `until` (excluded)."""

    code: Text | None = Field(default=None, description="why they were refused")
    source: Text | None = Field(default=None, description="name of the source that they came from")
    import_: int | None = Field(default=None, alias="import", ge=1, lt=2**63, description="number of the import that they came with")
    field: Text | None = Field(default=None, description="the field that was refused")
    since: Text | None = Field(default=None, description="the instant or day (UTC) from which on they were received")
    until: Text | None = Field(default=None, description="the instant or day (UTC) before which they were received")

    def filters(self) -> Filters:
        since = parse_window(self.since, None, None, datetime.max.replace(tzinfo=UTC)).from_
        until = parse_window(None, self.until, None, datetime.max.replace(tzinfo=UTC)).to if self.until else None
        return Filters(self.code, self.source, self.import_, self.field, since, until)


class Page(Which):
    """A page of them, newest first."""

    cursor: int | None = Field(default=None, ge=1, lt=2**63, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX, description="failed events a page")


class Part(Which):
    """A part of them, oldest first."""

    cursor: int = Field(default=0, ge=0, lt=2**63, description="`next` of the part before")


@router.get("/v1/failed-events", dependencies=[Depends(reader)], responses=FAILED_EVENTS)
async def list_them(request: Request, question: Annotated[Page, Query()]) -> dict[str, Any]:
    """Events that could not be stored, with their reasons; of their bodies the beginning, as text."""
    async with service_of(request).pool.acquire() as connection:
        found = await list_failed(connection, question.filters(), question.cursor, question.limit + 1, SHOWN_BYTES)
    page = found[: question.limit]
    return {"failed_events": [_shown(kept) for kept in page], "next": page[-1].id if len(found) > len(page) else None}


@router.get("/v1/failed-events/reasons", dependencies=[Depends(reader)], responses=FAILED_REASONS)
async def reasons(request: Request, question: Annotated[Which, Query()]) -> dict[str, Any]:
    """Why events could not be stored, and how many for each reason."""
    async with service_of(request).pool.acquire() as connection:
        return {"reasons": [_reason(refusals) for refusals in await read_refusals(connection, question.filters())]}


@router.get("/v1/failed-events/{number}", dependencies=[Depends(reader)], responses=FAILED_EVENT)
async def show(number: Number, request: Request) -> dict[str, Any]:
    """One failed event with its whole body, as text, and what else is known of its arrival."""
    async with service_of(request).pool.acquire() as connection:
        return _whole(await read_failed(connection, number), number)


@router.put("/v1/failed-events/{number}", dependencies=[Depends(admin)], openapi_extra=MENDED_BODY, responses=MENDED_EVENT)
async def mend(number: Number, request: Request) -> dict[str, Any]:
    """Put a mended event in the place of what was refused; a replay stores it."""
    body = await read_body(request, EVENT_BYTES_MAX)
    event = _read(body)
    async with service_of(request).pool.acquire() as connection:
        return _whole(await edit_failed(connection, number, without_keys(body), typed="type" in event), number)


@router.post("/v1/failed-events/replay", dependencies=[Depends(admin)], responses=EVENTS_REPLAYED)
async def replay(request: Request, question: Annotated[Part, Query()]) -> dict[str, Any]:
    """Try up to 1,000 failed events again; where `next` is not null there are more to try, after that cursor."""
    async with service_of(request).pool.acquire() as connection:
        done = await replay_parts(connection, question.filters(), question.cursor, PARTS_AT_ONCE)
    return {**_became(done), "next": done.after}


@router.post("/v1/failed-events/{number}/replay", dependencies=[Depends(admin)], responses=EVENT_REPLAYED)
async def replay_it(number: Number, request: Request) -> dict[str, Any]:
    """Try one failed event again; where it is refused again it stays, with the newest reason."""
    async with service_of(request).pool.acquire() as connection:
        done = await replay_one(connection, number)
        again = await read_failed(connection, number) if done and done.failed else None
    if done is None:
        raise _unknown(number)
    return _became(done) | {"code": again and again.code, "field": again and again.field, "message": again and again.message}


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error
    if not isinstance(event, dict):
        raise malformed("body", "is an event, a JSON object")
    return event


def _became(done: Replayed) -> dict[str, int]:
    return {"stored": done.stored, "duplicates": done.duplicates, "failed": done.failed}


def _unknown(number: int) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, f"there is no failed event {number}")


def _whole(kept: KeptEvent | None, number: int) -> dict[str, Any]:
    if kept is None:
        raise _unknown(number)
    arrived = read_kept(kept.arrival)
    arrival = {"type": arrived.type, "sent_at": arrived.sent_at, "agent": arrived.agent, "ip": arrived.ip, "country": arrived.country}
    return {**_shown(kept), "arrival": {**arrival, "webhook": arrived.webhook}}


def _shown(kept: KeptEvent) -> dict[str, Any]:
    return {
        "id": kept.id,
        "received_at": shapes.instant(kept.received_at),
        "source": kept.source,
        "import": kept.import_id,
        "position": kept.position,
        "line": kept.line,
        "message_id": kept.message_id,
        "code": kept.code,
        "field": kept.field,
        "message": kept.message,
        "body": as_text(kept.body),
        "edited_at": shapes.instant(kept.edited_at),
    }


def _reason(refusals: Refusals) -> dict[str, Any]:
    return {
        "source": refusals.source,
        "code": refusals.code,
        "field": refusals.field,
        "events": refusals.events,
        "first": shapes.instant(refusals.first),
        "last": shapes.instant(refusals.last),
    }
