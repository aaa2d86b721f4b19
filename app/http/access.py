"""Who may do what: keys on requests, and logins of browsers."""

import base64
import binascii
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, NamedTuple

import structlog
from fastapi import Query, Request, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from app.domain.arriving.keys import Scope, digest
from app.domain.arriving.logins import Login, Verdict, verdict
from app.http.cookies import Cookie, check_origin, new_token, renew_cookie, shown_cookie
from app.http.parameters import Text
from app.http.problems import ProblemError, malformed
from app.http.service import Service, service_of
from app.store.access import Key, Source, source_of
from app.store.connect import Connection
from app.store.logins import confirm_login, read_login, remove_login, renew_login

SAFE = ("GET", "HEAD")
"""Methods that change nothing."""

READ_KEY = HTTPBearer(scheme_name="readKey", description="A read key, or the admin key", auto_error=False)
ADMIN_KEY = HTTPBearer(scheme_name="adminKey", description="The admin key", auto_error=False)
SERVER_KEY = HTTPBearer(scheme_name="serverKey", description="A trusted source's key, or the admin key", auto_error=False)
log = structlog.get_logger("http")


class Caller(NamedTuple):
    """Who asks: what they may do, for write keys the source that they write as, the number of the key, and the login, if it is one."""

    scope: Scope
    source: Source | None
    key: int | None
    login: Login | None = None


class SourceQuestion(BaseModel):
    """Which source an admin key or a login speaks for."""

    source: Text | None = Field(default=None, description="name of the trusted source; a source's own key says it already")


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


async def reader(request: Request, _: Annotated[object, Security(READ_KEY)]) -> Caller:
    """Let pass who may read."""
    return _allowed(await _caller(request), Scope.READ, Scope.ADMIN)


async def admin(request: Request, _: Annotated[object, Security(ADMIN_KEY)]) -> Caller:
    """Let pass who may change settings."""
    return _allowed(await _caller(request), Scope.ADMIN)


async def importer(request: Request, _: Annotated[object, Security(SERVER_KEY)]) -> Caller:
    """Let pass who imports: a trusted source, or who may change settings."""
    return _trusted(await _caller(request), "an import")


async def linker(request: Request, question: Annotated[SourceQuestion, Query()], _: Annotated[object, Security(SERVER_KEY)]) -> Source:
    """The trusted source that makes links: the key's own, else the one that who may change settings names."""
    caller = _trusted(await _caller(request), "making links")
    if caller.source:
        return caller.source
    async with service_of(request).pool.acquire() as connection:
        return await named_source(connection, question.source)


async def named_source(connection: Connection, name: str | None) -> Source:
    """The trusted source of this name; raises a problem."""
    found = await source_of(connection, name) if name else None
    if found is None or not found.trusted:
        raise malformed("source", "is the name of a trusted source, which only a source's own key says already")
    return found


async def still_allowed(request: Request, caller: Caller) -> bool:
    """Whether who may read may still do so, however old the token is that the request bore."""
    if caller.login is None:
        found = _key_of(request)
        return found is not None and found.scope is caller.scope
    async with service_of(request).pool.acquire() as connection:
        return await read_login(connection, caller.login.digest) is not None


async def login_of(request: Request) -> Login | None:
    """The login in force that the request's cookie is of. Its token is renewed where it is due; one that is used too late ends it."""
    cookie = shown_cookie(request)
    if cookie is None:
        return None
    async with service_of(request).pool.acquire() as connection:
        login = await read_login(connection, digest(cookie.name))
        return login if login and await _passes(connection, request, login, cookie) else None


async def _passes(connection: Connection, request: Request, login: Login, cookie: Cookie) -> bool:
    now, shown = datetime.now(UTC), digest(cookie.token)
    found = verdict(login, shown, now)
    if found is Verdict.END:
        log.warning("a login is ended: a token of it was used that others had replaced", expires_at=login.expires_at.isoformat())
        await remove_login(connection, login.digest)
    elif found is Verdict.CONFIRM:
        await confirm_login(connection, login, now)
    elif found is Verdict.RENEW:
        fresh = cookie._replace(token=new_token())
        if await renew_login(connection, login, shown, digest(fresh.token), now):
            renew_cookie(request, fresh, login.expires_at, now)
    return found is not Verdict.END


async def _caller(request: Request) -> Caller:
    """Who asks: whose key the header bears, else whose login the cookie is of, which changes things from our own pages only."""
    if request.headers.get("authorization"):
        found = _key_of(request)
        if found is None:
            raise _unauthorized("the key is unknown, or none: it comes as a Bearer token")
        return Caller(found.scope, found.source, found.id)
    login = await login_of(request)
    if login is None:
        raise _unauthorized("a key is needed, as a Bearer token, or a login")
    if request.method not in SAFE:
        check_origin(request)
    return Caller(login.scope, None, login.key, login)


def _key_of(request: Request) -> Key | None:
    key = key_on(request)
    return service_of(request).keys.find(key) if key else None


def _allowed(caller: Caller, *scopes: Scope) -> Caller:
    if caller.scope not in scopes:
        held = "login" if caller.login else "key"
        raise ProblemError(HTTPStatus.FORBIDDEN, f"this {held} may {caller.scope.value}; {' or '.join(scopes)} is needed")
    return caller


def _trusted(caller: Caller, what: str) -> Caller:
    _allowed(caller, Scope.WRITE, Scope.ADMIN)
    if caller.source and not caller.source.trusted:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"{what} needs a trusted source's key or the admin key")
    return caller


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Bearer realm="waystage"'})
