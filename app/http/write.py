"""The write routes: what the Segment spec sends, answered after the commit."""

import asyncio
import base64
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from app.domain.arriving.batches import part_batch
from app.domain.arriving.events import TYPES, Arrival, Refused, parse_event, truncated_ip
from app.domain.arriving.keys import without_keys
from app.flow.arrived import submissions
from app.flow.spool import Spooled
from app.flow.submissions import Outcome
from app.http.access import key_on, writer
from app.http.body import read_body
from app.http.cors import BATCH_PATHS, CORS, EVENT_PATHS, PREFLIGHT
from app.http.examples import BATCH_BODY, EVENT_BODIES, PIXEL_ANSWERS, WRITE_ANSWERS
from app.http.openapi import WRITE_SECURITY
from app.http.problems import ProblemError
from app.http.service import Service, service_of
from app.store.access import Source

BATCH_BYTES_MAX = 500 * 1024
BATCH_EVENTS_MAX = 2_500
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
JSON = "application/json"
_AS_BASE64 = str.maketrans("-_ ", "+/+")


class Envelope(msgspec.Struct):
    """What a body says beside its event."""

    writeKey: str | None = None  # noqa: N815
    sentAt: Any = None  # noqa: N815


class Batch(Envelope, kw_only=True):
    """A batch: its events stay raw, so that each is read and refused on its own."""

    batch: list[msgspec.Raw]


class Said(NamedTuple):
    """What a request says: its key, raw events, when it was sent, and the type that its route names."""

    key: str | None
    raws: list[bytes]
    sent_at: object = None
    kind: str | None = None


class Answer(msgspec.Struct):
    """What became of a request's events."""

    success: bool
    accepted: int
    duplicates: int
    rejected: list[dict[str, Any]]


class PlainRoute(APIRoute):
    """A route whose function takes the request and gives the response: the framework resolves nothing in between."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


router = APIRouter(tags=["collect"])
_batch = msgspec.json.Decoder(Batch)
_envelope = msgspec.json.Decoder(Envelope)


def _event_route(path: str, kind: str) -> None:
    async def write_event(request: Request) -> Response:
        body = await read_body(request, BATCH_BYTES_MAX)
        return await _written(request, Said(_key(request, _read(_envelope, body)), [body], kind=kind))

    router.add_api_route(
        path,
        write_event,
        methods=["POST"],
        openapi_extra=EVENT_BODIES[kind],
        responses=WRITE_ANSWERS,
        name=kind,
        include_in_schema=path == f"/v1/{kind}",
        route_class_override=PlainRoute,
    )


for _path, _kind in EVENT_PATHS.items():
    _event_route(_path, _kind)


@router.post("/v1/batch", openapi_extra=BATCH_BODY, responses=WRITE_ANSWERS)
@router.post("/v1/import", openapi_extra=BATCH_BODY, responses=WRITE_ANSWERS, summary="The same as /v1/batch")
@router.post("/v1/b", include_in_schema=False)
async def batch(request: Request) -> Response:
    body = _read_batch(await read_body(request, BATCH_BYTES_MAX))
    if len(body.batch) > BATCH_EVENTS_MAX:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the batch has {len(body.batch)} events; {BATCH_EVENTS_MAX} are allowed")
    return await _written(request, Said(_key(request, body), [bytes(raw) for raw in body.batch], body.sentAt))


@router.get(
    "/v1/pixel/{kind}",
    summary="An event as an image: data is the event, JSON in base64",
    response_class=Response,
    openapi_extra=WRITE_SECURITY,
    responses=PIXEL_ANSWERS,
)
async def pixel(kind: str, request: Request, data: str = "") -> Response:
    """Always a gif: what cannot be stored is counted as lost."""
    try:
        raw = base64.b64decode(data.translate(_AS_BASE64) + "=" * (-len(data) % 4))
        _keep(request, raw, _key(request, _read(_envelope, raw)), kind if kind in TYPES else None)
    except (ValueError, ProblemError) as error:
        service_of(request).metrics.lose(type(error).__name__)
    return Response(GIF, media_type="image/gif", headers=CORS | {"Cache-Control": "no-store"})


async def preflight() -> Response:
    """A page on another site asks before it writes."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)


for _path in (*EVENT_PATHS, *BATCH_PATHS, "/v1/pixel/{kind}"):
    router.add_api_route(_path, preflight, methods=["OPTIONS"], include_in_schema=False)


async def _written(request: Request, said: Said) -> Response:
    return answered(await _submit(request, said))


def answered(outcome: Outcome) -> Response:
    """The answer to who sent events: what became of each."""
    rejected = [_shown(index, refused) for index, refused in sorted(outcome.rejected.items())]
    answer = Answer(success=True, accepted=outcome.accepted, duplicates=outcome.duplicates, rejected=rejected)
    return Response(msgspec.json.encode(answer), media_type=JSON, headers=CORS)


async def _submit(request: Request, said: Said) -> Outcome:
    service = service_of(request)
    source = writer(service, said.key)
    service.collector.admit(len(said.raws))
    if not said.raws:
        return Outcome(0, 0, {})
    arrival = _arrival(request, service, source, said.sent_at)
    own, *identities = submissions(arrival, said.raws, said.kind, secret=service.options.secret, key=said.key)
    if not identities:
        return await service.collector.submit(own)
    outcomes = await asyncio.gather(*map(service.collector.submit, (own, *identities)))
    return outcomes[0]


def _keep(request: Request, raw: bytes, key: str | None, kind: str | None) -> None:
    """Put the event of a pixel in the spool; one that is refused is lost, and kept as a failed event."""
    service = service_of(request)
    arrival = _arrival(request, service, writer(service, key))
    verdict = parse_event(raw, 0, arrival, {}, kind)
    if isinstance(verdict, Refused):
        service.metrics.lose(verdict.code.value)
        service.spool.keep(Spooled(arrival, without_keys(raw, key), kind))
    else:
        service.spool.keep(Spooled(arrival, _numbered(raw, verdict.message_id), kind))


def _numbered(raw: bytes, message_id: str) -> bytes:
    """An event with the message id that it got now, for it to be the same one however often it is sent; without its key."""
    document = msgspec.json.decode(raw)
    document.pop("writeKey", None)
    return msgspec.json.encode({**document, "messageId": message_id})


def _arrival(request: Request, service: Service, source: Source, sent_at: object = None) -> Arrival:
    country_header = service.options.country_header
    return Arrival(
        source_id=source.id,
        trusted=source.trusted,
        received_at=datetime.now(UTC),
        sent_at=sent_at,
        request_agent=request.headers.get("user-agent"),
        request_ip=truncated_ip(request.client.host) if request.client else None,
        country=request.headers.get(country_header) if country_header else None,
    )


def _shown(index: int, refused: Refused) -> dict[str, Any]:
    return {
        "index": index,
        "messageId": refused.message_id,
        "code": refused.code.value,
        "field": refused.field,
        "message": refused.message,
    }


def _key(request: Request, envelope: Envelope) -> str | None:
    """The key that a request bears: in a header (of X-Write-Key what stands before a colon), its query, or its body."""
    named = request.headers.get("x-write-key", "").partition(":")[0]
    return key_on(request) or named or request.query_params.get("writeKey") or envelope.writeKey


def _read_batch(body: bytes) -> Batch:
    """A batch. Where its JSON is wrong within events only, these are told apart by their brackets, for each to be refused on its own."""
    try:
        batch: Batch = _batch.decode(body)
    except msgspec.ValidationError as error:
        raise _unreadable(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        parted = part_batch(body)
        if parted is None:
            raise _unreadable(error) from error
        envelope = _read(_envelope, parted.rest)
        return Batch(envelope.writeKey, envelope.sentAt, batch=[msgspec.Raw(event) for event in parted.events])
    return batch


def _read(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON of the expected form: {error}")
