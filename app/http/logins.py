"""Logging in and out: a key, or a link for one log-in, is exchanged for a cookie."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.arriving.keys import Scope, digest
from app.domain.arriving.logins import LIFE, Login
from app.http import shapes
from app.http.access import Caller, reader
from app.http.body import BoundedRoute
from app.http.cookies import check_origin, drop_cookie, new_cookie, set_cookie, shown_cookie
from app.http.examples_keys import SESSION
from app.http.pages import POLICY, WEB, page_file
from app.http.parameters import Parameters
from app.http.service import service_of
from app.store.connect import AWAY, Connection
from app.store.logins import add_login, remove_login, take_login_link

router = APIRouter(route_class=BoundedRoute)


@router.get("/v1/session", responses=SESSION, tags=["keys"])
async def session(caller: Annotated[Caller, Depends(reader)], _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Who asks: what they may do, the number of the key that they came with, and until when. A key ends when it is revoked."""
    expires_at = caller.login.expires_at if caller.login else None
    return {"scope": caller.scope.value, "key": caller.key, "login": caller.login is not None, "expires_at": shapes.instant(expires_at)}


@router.get("/login", include_in_schema=False)
async def login_page(request: Request, token: str | None = None) -> Response:
    """The form, or with the token of a link straight in: who sees the service's terminal may do what the admin key may."""
    if token is None:
        return page_file(WEB / "login.html", POLICY)
    try:
        async with service_of(request).pool.acquire() as connection, connection.transaction():
            return await _log_in(request, connection, Scope.ADMIN, None) if await take_login_link(connection, token) else _to_login("link")
    except AWAY:
        return _to_login("away")


@router.post("/login", include_in_schema=False)
async def log_in(request: Request, key: Annotated[str, Form()] = "") -> Response:
    """What a browser sends comes from our own page: another site would have somebody go on unawares under a key of its own."""
    if not {"origin", "sec-fetch-site"}.isdisjoint(request.headers):
        check_origin(request)
    service = service_of(request)
    found = service.keys.find(key.strip())
    if found is None or found.scope is Scope.WRITE:
        return _to_login("key")
    try:
        async with service.pool.acquire() as connection, connection.transaction():
            return await _log_in(request, connection, found.scope, found.id)
    except AWAY:
        return _to_login("away")


@router.post("/logout", include_in_schema=False)
async def log_out(request: Request) -> Response:
    if cookie := shown_cookie(request):
        check_origin(request)
        async with service_of(request).pool.acquire() as connection:
            await remove_login(connection, digest(cookie.name))
    response = _to_login()
    drop_cookie(response, request)
    return response


def _to_login(error: str | None = None) -> Response:
    return RedirectResponse(f"/login?error={error}" if error else "/login", HTTPStatus.SEE_OTHER)


async def _log_in(request: Request, connection: Connection, scope: Scope, key: int | None) -> Response:
    """A new login, in the place of the one that the browser had."""
    if old := shown_cookie(request):
        await remove_login(connection, digest(old.name))
    cookie, now = new_cookie(), datetime.now(UTC)
    login = Login(digest(cookie.name), scope, key, now + LIFE, digest(cookie.token), None, now, None)
    await add_login(connection, login)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    set_cookie(response, request, cookie, login.expires_at, now)
    return response
