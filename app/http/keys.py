"""Keys and sources: who may do what, made and taken back by who may change settings."""

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from app.domain.arriving.keys import Scope
from app.domain.arriving.sources import source_name
from app.flow.keys import MadeKey, make_key, make_source, revoke_key
from app.http import shapes
from app.http.access import admin
from app.http.body import BoundedRoute
from app.http.examples_keys import KEY_BODY, KEY_MADE, KEY_REVOKED, KEYS, SOURCE_BODY, SOURCE_MADE
from app.http.parameters import Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.service import Service, address_of, service_of
from app.http.snippet import fill_snippet
from app.store.access import KeptKey, Source, list_keys, source_of
from app.store.connect import AWAY, Connection

NOTE = "The key is told this once, and with it a snippet that has it: what is kept of a key cannot be turned back into it."
KeyNumber = Annotated[int, Path(ge=1, lt=2**31, description="number of the key, as the list of keys has it")]
router = APIRouter(tags=["keys"], route_class=BoundedRoute, dependencies=[Depends(admin)])


class SourceDocument(Parameters):
    """A new source."""

    name: Text = Field(description="1 to 100 characters, none of them a control character; no other source is called so")
    kind: Literal["public", "trusted"] = Field(description="public: its key stands in pages for anyone to read; trusted: a server has it")


class KeyDocument(Parameters):
    """A new key."""

    scope: Scope = Field(description="what it may do: write, read, or admin, which may do everything")
    source: Text | None = Field(default=None, description="name of the source that a write key is of; other keys are of none")


@router.post("/v1/sources", status_code=HTTPStatus.CREATED, openapi_extra=SOURCE_BODY, responses=SOURCE_MADE)
async def post_source(document: SourceDocument, request: Request) -> dict[str, Any]:
    """Make a source with its first key, which is told this once; for a public source the snippet that has it."""
    name, trusted = source_name(document.name), document.kind == "trusted"
    service = service_of(request)
    async with service.pool.acquire() as connection:
        made = await make_source(connection, name, trusted=trusted)
    await _told(service)
    return {"name": name, "kind": document.kind, "key": _made(request, made, public=not trusted)}


@router.get("/v1/keys", responses=KEYS)
async def get_keys(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """All keys, the newest first, also those that were revoked; of each only how it begins."""
    async with service_of(request).pool.acquire() as connection:
        return {"keys": [_shown(key) for key in await list_keys(connection)]}


@router.post("/v1/keys", status_code=HTTPStatus.CREATED, openapi_extra=KEY_BODY, responses=KEY_MADE)
async def post_key(document: KeyDocument, request: Request) -> dict[str, Any]:
    """Make a key, which is told this once. It is in force here at once, and within 10 s everywhere."""
    service = service_of(request)
    async with service.pool.acquire() as connection:
        source = await _source(connection, document)
        made = await make_key(connection, document.scope, source)
    await _told(service)
    return _made(request, made, public=source is not None and not source.trusted)


@router.delete("/v1/keys/{number}", responses=KEY_REVOKED)
async def delete_key(number: KeyNumber, request: Request) -> dict[str, Any]:
    """Revoke a key for good, within 10 s everywhere; logins that came of it end at once. The last admin key stays."""
    service = service_of(request)
    async with service.pool.acquire() as connection:
        revoked = await revoke_key(connection, number)
    if revoked is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no key {number}")
    await _told(service)
    return _shown(revoked)


async def _source(connection: Connection, document: KeyDocument) -> Source | None:
    if (document.scope is Scope.WRITE) != (document.source is not None):
        raise malformed("source", "is given for keys that write, and for no others")
    found = await source_of(connection, document.source) if document.source is not None else None
    if document.source is not None and found is None:
        raise malformed("source", "is the name of a source")
    return found


async def _told(service: Service) -> None:
    """What was written is written: where it cannot be read again at once, it will be within 10 s."""
    with suppress(*AWAY):
        await service.keys.refresh()


def _made(request: Request, made: MadeKey, *, public: bool) -> dict[str, Any]:
    script = address_of(request) + service_of(request).options.script_path
    snippet = fill_snippet(script, made.text) if public else None
    return {**_shown(made.kept), "key": made.text, "snippet": snippet, "note": NOTE}


def _shown(key: KeptKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "scope": key.scope.value,
        "source": key.source,
        "hint": key.hint,
        "created_at": shapes.instant(key.created_at),
        "revoked_at": shapes.instant(key.revoked_at),
    }
