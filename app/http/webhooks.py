"""Webhooks: where mail systems and others post their own JSON, signed, for a mapping to make events of it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from app.domain.arriving.events import Arrival
from app.domain.arriving.mapping import parse_mapping
from app.domain.arriving.seals import seal
from app.domain.arriving.signatures import Arrived, ForgedError, Scheme, check_scheme
from app.flow.submissions import Outcome
from app.flow.webhooks import EVENTS_MAX, submission
from app.http import shapes
from app.http.access import admin
from app.http.body import BODY_BYTES_MAX, BoundedRoute, read_body
from app.http.examples import WEBHOOK_ANSWERS, WEBHOOK_BODY, WEBHOOK_FORGOTTEN, WEBHOOK_KEPT, WEBHOOKS
from app.http.parameters import Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.service import service_of
from app.http.webhook_ring import purpose
from app.http.write import answered
from app.store.access import Source, source_of
from app.store.connect import Connection
from app.store.replays import ask_replay
from app.store.webhooks import Webhook, delete_webhook, put_webhook, read_webhooks

MAPPING_LENGTH_MAX = 64 * 1024
TOLERANCE_MAX = 86_400
WebhookName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="name of the webhook, as in its address")]
router = APIRouter(tags=["webhooks"], route_class=BoundedRoute)


class WebhookDocument(Parameters):
    """Who sends, how rows become events, how requests are signed. From `header` on: of hmac-sha256 alone."""

    source: Text = Field(description="name of the trusted source that the events are of")
    mapping: str | None = Field(default=None, max_length=MAPPING_LENGTH_MAX, description="how rows become events: YAML, format json")
    preset: Literal["sendgrid", "mailgun"] | None = Field(default=None, description="a mapping that comes with Waystage")
    scheme: Literal["sendgrid", "mailgun", "standard", "hmac-sha256"] = Field(description="how requests are signed")
    secret: str = Field(min_length=1, max_length=1_000, description="what signatures are checked with; it is never shown again")
    tolerance: int = Field(default=300, ge=1, le=TOLERANCE_MAX, description="seconds that a signature may be old, or early")
    header: Text | None = Field(default=None, description="the header that bears the signature")
    prefix: Text = Field(default="", description="what stands before the signature there, as in sha256=")
    encoding: Literal["hex", "base64"] = Field(default="hex", description="how the signature is written")
    timestamp_header: Text | None = Field(default=None, description="the header that bears the time of signing in Unix seconds")
    signed: Text = Field(default="{body}", description="what is signed, as in {timestamp}.{body}")

    def how(self) -> Scheme:
        return Scheme(self.scheme, self.tolerance, self.header, self.prefix, self.encoding, self.timestamp_header, self.signed)

    def rows(self) -> str:
        """The text of the mapping, which is one that can be used."""
        if (self.mapping is None) == (self.preset is None):
            raise malformed("mapping", "is given, or preset, and not both")
        text = self.mapping or f"preset: {self.preset}"
        if parse_mapping(text).format not in ("json", "ndjson"):
            raise malformed("mapping.format", "is json: a webhook brings JSON")
        return text


@router.get("/v1/webhooks", dependencies=[Depends(admin)], responses=WEBHOOKS)
async def webhooks(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """All webhooks, without their secrets."""
    async with service_of(request).pool.acquire() as connection:
        return {"webhooks": [_shown(webhook) for webhook in await read_webhooks(connection)]}


@router.put("/v1/webhooks/{name}", dependencies=[Depends(admin)], responses=WEBHOOK_KEPT)
async def put(name: WebhookName, document: WebhookDocument, request: Request) -> dict[str, Any]:
    """Keep a webhook, or another one of its name in its place; it takes effect within 10 s everywhere, and at once where it was put."""
    service = service_of(request)
    scheme, mapping = document.how(), document.rows()
    check_scheme(scheme, document.secret)
    sealed = seal(service.options.secret, purpose(name), document.secret.encode())
    async with service.pool.acquire() as connection:
        source = await _trusted(connection, document.source)
        async with connection.transaction():
            await put_webhook(connection, name, source.id, mapping=mapping, scheme=msgspec.json.encode(scheme), secret=sealed)
            await ask_replay(connection, name)
        kept = next(webhook for webhook in await read_webhooks(connection) if webhook.name == name)
    await service.webhooks.refresh()
    return _shown(kept)


@router.delete("/v1/webhooks/{name}", dependencies=[Depends(admin)], responses=WEBHOOK_FORGOTTEN)
async def delete(name: WebhookName, request: Request) -> dict[str, Any]:
    """Forget a webhook; what it brought stays."""
    service = service_of(request)
    async with service.pool.acquire() as connection:
        if not await delete_webhook(connection, name):
            raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no webhook {name}")
    await service.webhooks.refresh()
    return {"name": name}


@router.post("/v1/webhooks/{name}", openapi_extra=WEBHOOK_BODY, responses=WEBHOOK_ANSWERS)
async def receive(name: Annotated[str, Path(description="name of the webhook")], request: Request) -> Response:
    """Take what a sender posts. The signature is the only key; who has none is told the same whatever the name."""
    service = service_of(request)
    body = await read_body(request, BODY_BYTES_MAX)
    now = datetime.now(UTC)
    try:
        inlet = service.webhooks.open(name, Arrived(request.headers, body), now)
    except ForgedError as error:
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "the request is not signed for this webhook", headers=_CHALLENGE) from error
    brought = submission(name, inlet.mapping, Arrival(inlet.source.id, inlet.source.trusted, now), body)
    if len(brought.parsed) > EVENTS_MAX:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the request has more than {EVENTS_MAX} events")
    return answered(await service.collector.submit(brought) if brought.parsed else Outcome(0, 0, {}))


_CHALLENGE = {"WWW-Authenticate": 'Signature realm="waystage"'}


async def _trusted(connection: Connection, name: str) -> Source:
    source = await source_of(connection, name)
    if source is None or not source.trusted:
        raise malformed("source", "is the name of a trusted source")
    return source


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "source": webhook.source.name,
        "mapping": webhook.mapping,
        **{"scheme" if key == "name" else key: value for key, value in msgspec.json.decode(webhook.scheme).items()},
        "created_at": shapes.instant(webhook.created_at),
    }
