"""Pages: the demo, logging in, and the first page."""

import html
import mimetypes
import secrets
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.domain.arriving.keys import Scope
from app.http.access import COOKIE, logged_in
from app.http.body import BoundedRoute
from app.http.problems import ProblemError
from app.http.service import service_of
from app.store.access import add_login, remove_login, take_link
from app.store.connect import AWAY, Connection

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "app" / "web" / "dist"
SESSION_LIFE = timedelta(days=14)
POLICY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
router = APIRouter(include_in_schema=False, route_class=BoundedRoute)


@router.get("/")
async def first_page(request: Request) -> Response:
    """The page holds no data: while Postgres is away, a cookie that cannot be checked opens it, and the page says what is wrong."""
    try:
        known = await logged_in(request)
    except AWAY:
        known = True
    return _file(WEB / "index.html", POLICY) if known else _to_login()


@router.get("/login")
async def login_page(request: Request, token: str | None = None) -> Response:
    """The form, or with the token of a one-time link straight in."""
    if token is None:
        return _file(WEB / "login.html", POLICY)
    try:
        async with service_of(request).pool.acquire() as connection, connection.transaction():
            return await _log_in(request, connection) if await take_link(connection, token) else _to_login("link")
    except AWAY:
        return _to_login("away")


@router.post("/login")
async def log_in(request: Request, key: Annotated[str, Form(max_length=200)]) -> Response:
    service = service_of(request)
    found = service.keys.find(key.strip())
    if found is None or found.scope not in (Scope.READ, Scope.ADMIN):
        return _to_login("key")
    try:
        async with service.pool.acquire() as connection:
            return await _log_in(request, connection)
    except AWAY:
        return _to_login("away")


@router.post("/logout")
async def log_out(request: Request) -> Response:
    async with service_of(request).pool.acquire() as connection:
        await remove_login(connection, request.cookies.get(COOKIE, ""))
    response = _to_login()
    response.delete_cookie(COOKIE)
    return response


@router.get("/demo")
async def demo(request: Request) -> Response:
    """A small shop that uses the snippet."""
    service = service_of(request)
    page = (WEB / "demo.html").read_text("utf-8")
    write_key = html.escape(service.options.write_key or "WRITE_KEY")
    filled = page.replace("__SCRIPT__", html.escape(service.options.script_path)).replace("__WRITE_KEY__", write_key)
    return HTMLResponse(filled, headers=POLICY)


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    kept = {file.name: file for file in WEB.iterdir() if file.suffix != ".html"} if WEB.is_dir() else {}
    if name not in kept:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such file")
    return _file(kept[name], POLICY)


def _to_login(error: str | None = None) -> Response:
    return RedirectResponse(f"/login?error={error}" if error else "/login", HTTPStatus.SEE_OTHER)


async def _log_in(request: Request, connection: Connection) -> Response:
    token = secrets.token_urlsafe(32)
    await add_login(connection, token, "cookie", datetime.now(UTC) + SESSION_LIFE)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, int(SESSION_LIFE.total_seconds()), httponly=True, samesite="lax", secure=secure)
    return response


def _file(path: Path, headers: dict[str, str]) -> Response:
    if not path.is_file():
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{path.name} is not built; `make run` builds it")
    return Response(path.read_bytes(), media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream", headers=headers)
