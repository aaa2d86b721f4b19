"""Links of mails and ads: made for a trusted source, and answered at once to whoever opens or clicks, whether or not Postgres is there."""

import asyncio
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from app.domain.arriving import hits
from app.domain.arriving.events import Arrival, truncated_ip
from app.domain.arriving.hits import Act, Link, Sealed
from app.domain.arriving.seals import BrokenSealError
from app.domain.identity.landings import Click, landing_url
from app.domain.windows import Malformed
from app.flow.spool import Spooled
from app.http.access import linker
from app.http.body import read_body
from app.http.examples import LINK_BODY, LINKS
from app.http.problems import ProblemError, malformed
from app.http.service import address_of, service_of
from app.http.write import GIF, PlainRoute
from app.store.access import Source

LINKS_MAX = 1_000
LINKS_BYTES_MAX = 4 * 1024 * 1024
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
router = APIRouter(tags=["links"])
_decode = msgspec.json.Decoder(Link | Annotated[list[Link], msgspec.Meta(min_length=1, max_length=LINKS_MAX)]).decode


@router.post("/v1/links", openapi_extra=LINK_BODY, responses=LINKS)
async def make_links(request: Request, source: Annotated[Source, Depends(linker)]) -> JSONResponse:
    """Addresses for a link of a mail or an ad, or for each of a list of up to 1,000: one to click, one to load as an image."""
    body = await read_body(request, LINKS_BYTES_MAX)
    secret = service_of(request).options.secret
    return JSONResponse(await asyncio.to_thread(_made, body, secret, source.id, address_of(request)))


async def click(request: Request) -> Response:
    """The redirect to the sealed target. What is no token of ours leads nowhere."""
    service = service_of(request)
    try:
        sealed = hits.read_token(service.options.secret, Act.CLICK, request.path_params["token"])
    except BrokenSealError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such link") from error
    hit = _kept(request, sealed, Act.CLICK)
    clicked = Click(hit.message_id, hit.at, sealed.link.recipient)
    location = landing_url(service.options.secret, sealed.link.target, clicked)
    return Response(status_code=HTTPStatus.FOUND, headers={"Location": location, **PRIVATE})


async def opening(request: Request) -> Response:
    """Always the gif; an opening with what is no token of ours is counted as lost."""
    service = service_of(request)
    try:
        sealed = hits.read_token(service.options.secret, Act.OPEN, request.path_params["token"])
    except BrokenSealError as error:
        service.metrics.lose(type(error).__name__)
    else:
        _kept(request, sealed, Act.OPEN)
    return Response(GIF, media_type="image/gif", headers=PRIVATE)


for _path, _endpoint in (("/c/{token}", click), ("/o/{token}.gif", opening)):
    router.add_api_route(_path, _endpoint, methods=["GET", "HEAD"], include_in_schema=False, route_class_override=PlainRoute)


def _kept(request: Request, sealed: Sealed, act: Act) -> hits.Hit:
    """The hit that this request is, put in the spool."""
    service = service_of(request)
    country_header = service.options.country_header
    hit = hits.Hit(
        message_id=f"{act.value}-{uuid.uuid4().hex}",
        at=datetime.now(UTC),
        method=request.method,
        agent=request.headers.get("user-agent"),
        ip=truncated_ip(request.client.host) if request.client else None,
        country=request.headers.get(country_header) if country_header else None,
    )
    service.spool.keep(Spooled(Arrival(sealed.source_id, trusted=True, received_at=hit.at), hits.hit_event(sealed, act, hit)))
    return hit


def _made(body: bytes, secret: bytes, source_id: int, base: str) -> Any:
    said = _read(body)
    if isinstance(said, Link):
        return _addresses(said, secret, source_id, base)
    return [_addresses(link, secret, source_id, base, place=f"[{index}].") for index, link in enumerate(said)]


def _addresses(link: Link, secret: bytes, source_id: int, base: str, place: str = "") -> dict[str, str]:
    try:
        tokens = hits.tokens(secret, source_id, hits.checked(link))
    except Malformed as error:
        raise malformed(place + error.field, error.reason) from error
    return {"click": f"{base}/c/{tokens.click}", "open": f"{base}/o/{tokens.open}.gif"}


def _read(body: bytes) -> Link | list[Link]:
    try:
        said: Link | list[Link] = _decode(body)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise malformed(place.strip(".`") or "body", reason) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error
    return said
