"""The cookie of a login: how it is called, read and set, and whether a request that bears one comes from our own pages."""

import secrets
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.problems import ProblemError
from app.http.service import service_of


class Cookie(NamedTuple):
    """What a browser shows: the name that its login keeps for life, and the token in force. Both are secret."""

    name: str
    token: str


def new_cookie() -> Cookie:
    return Cookie(secrets.token_urlsafe(16), new_token())


def new_token() -> str:
    return secrets.token_urlsafe(24)


def shown_cookie(request: Request) -> Cookie | None:
    name, dot, token = request.cookies.get(_called(request), "").partition(".")
    return Cookie(name, token) if dot else None


def set_cookie(response: Response, request: Request, cookie: Cookie, expires_at: datetime, now: datetime) -> None:
    """No script reads it, and over https no other host can set it. Another site's requests bear it only where somebody follows a link."""
    life = int((expires_at - now).total_seconds())
    response.set_cookie(_called(request), ".".join(cookie), life, httponly=True, samesite="lax", secure=_is_https(request))


def drop_cookie(response: Response, request: Request) -> None:
    response.delete_cookie(_called(request), httponly=True, samesite="lax", secure=_is_https(request))


def renew_cookie(request: Request, cookie: Cookie, expires_at: datetime, now: datetime) -> None:
    """Have whatever answers this request set the cookie."""
    made = Response()
    set_cookie(made, request, cookie, expires_at, now)
    request.state.cookie = made.headers["set-cookie"].encode("latin-1")


class Renewing:
    """An ASGI application around another: answers set the cookies that were renewed meanwhile."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_renewed(message: Message) -> None:
            if message["type"] == "http.response.start" and (cookie := scope.get("state", {}).get("cookie")):
                message["headers"] = [*message["headers"], (b"set-cookie", cookie)]
            await send(message)

        await self._app(scope, receive, send_renewed)


def check_origin(request: Request) -> None:
    """Raises a problem unless the browser says that one of our own pages sent the request."""
    site = request.headers.get("sec-fetch-site")
    if not (site == "same-origin" if site else request.headers.get("origin") in _origins(request)):
        raise ProblemError(HTTPStatus.FORBIDDEN, "with a login, only the pages of this service change anything; others need a key")


def _origins(request: Request) -> set[str]:
    public = urlsplit(service_of(request).options.public_url or "")
    own = f"{request.url.scheme}://{request.headers.get('host')}"
    return {own, f"{public.scheme}://{public.netloc}"} if public.netloc else {own}


def _called(request: Request) -> str:
    return "__Host-waystage" if _is_https(request) else "waystage"


def _is_https(request: Request) -> bool:
    """Also behind a proxy that nobody called trusted, where its host is that of the public address."""
    public = urlsplit(service_of(request).options.public_url or "")
    return request.url.scheme == "https" or (public.scheme == "https" and public.netloc == request.headers.get("host"))
