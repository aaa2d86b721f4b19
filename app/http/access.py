"""Who may do what: keys on requests, and cookies of browsers."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from app.domain.arriving.keys import Scope
from app.http.problems import ProblemError
from app.http.service import Service, service_of
from app.store.access import Key, Source, is_logged_in

COOKIE = "waystage"
READ_KEY = HTTPBearer(scheme_name="readKey", description="A read key, or the admin key", auto_error=False)
ADMIN_KEY = HTTPBearer(scheme_name="adminKey", description="The admin key", auto_error=False)
SERVER_KEY = HTTPBearer(scheme_name="serverKey", description="A trusted source's key", auto_error=False)
IMPORT_KEY = HTTPBearer(scheme_name="importKey", description="A trusted source's key, or the admin key", auto_error=False)


def key_on(request: Request) -> str | None:
    """The key that a request's header bears: Bearer, or Basic user name."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials).decode().partition(":")[0] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def writer(service: Service, key: str | None) -> Source:
    """The source that a key writes as; 401 without one, 403 for keys of another scope."""
    found = service.keys.find(key) if key else None
    if found is None:
        raise _unauthorized("a write key is needed: Basic user name, writeKey in the body, or ?writeKey=")
    if found.source is None:
        raise ProblemError(HTTPStatus.FORBIDDEN, "this key cannot write")
    return found.source


async def reader(request: Request, _: Annotated[object, Security(READ_KEY)]) -> None:
    """Let pass who may read: a read or admin key, or a browser that is logged in."""
    service = service_of(request)
    if request.headers.get("authorization"):
        _bearer(request, service, Scope.READ, Scope.ADMIN)
    elif not await logged_in(request):
        raise _unauthorized("a read key is needed, as a Bearer token")


async def admin(request: Request, _: Annotated[object, Security(ADMIN_KEY)]) -> None:
    """Let pass who may change settings: an admin key."""
    _bearer(request, service_of(request), Scope.ADMIN)


async def logged_in(request: Request) -> bool:
    token = request.cookies.get(COOKIE)
    if not token:
        return False
    async with service_of(request).pool.acquire() as connection:
        return await is_logged_in(connection, token)


async def importer(request: Request, _: Annotated[object, Security(IMPORT_KEY)]) -> Key:
    """The key of who imports: a trusted source's, or admin."""
    found = _bearer(request, service_of(request), Scope.WRITE, Scope.ADMIN)
    if found.source and not found.source.trusted:
        raise ProblemError(HTTPStatus.FORBIDDEN, "an import needs a trusted source's key or the admin key")
    return found


async def linker(request: Request, _: Annotated[object, Security(SERVER_KEY)]) -> Source:
    """The trusted source that makes links."""
    source = writer(service_of(request), key_on(request))
    if not source.trusted:
        raise ProblemError(HTTPStatus.FORBIDDEN, "a trusted source's key is needed to make links")
    return source


def _bearer(request: Request, service: Service, *scopes: Scope) -> Key:
    key = key_on(request)
    found = service.keys.find(key) if key else None
    if found is None:
        raise _unauthorized("a key is needed, as a Bearer token")
    if found.scope not in scopes:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"this key may {found.scope.value}; {' or '.join(scopes)} is needed")
    return found


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Bearer realm="waystage"'})
