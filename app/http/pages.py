"""Pages: the demo, and the first page."""

import html
import mimetypes
import re
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.http.access import login_of
from app.http.problems import ProblemError
from app.http.service import service_of
from app.store.connect import AWAY

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "app" / "web" / "dist"
POLICY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
PACKED = {"br": ".br", "gzip": ".gz"}
"""Encodings that a build leaves beside each file, the smallest first."""

_NAMED_BY_CONTENT = re.compile(r"-[A-Z0-9]{8}\.js")
router = APIRouter(include_in_schema=False)


@router.get("/")
async def first_page(request: Request) -> Response:
    """The page holds no data: while Postgres is away, a cookie that cannot be checked opens it, and the page says what is wrong."""
    try:
        known = await login_of(request) is not None
    except AWAY:
        known = True
    return page_file(WEB / "index.html", POLICY) if known else RedirectResponse("/login", HTTPStatus.SEE_OTHER)


@router.get("/demo")
async def demo(request: Request) -> Response:
    """A small shop that uses the snippet."""
    service = service_of(request)
    page = (WEB / "demo.html").read_text("utf-8")
    write_key = html.escape(service.options.write_key or "WRITE_KEY")
    filled = page.replace("__SCRIPT__", html.escape(service.options.script_path)).replace("__WRITE_KEY__", write_key)
    return HTMLResponse(filled, headers=POLICY)


@router.get("/assets/{name}")
async def asset(name: str, request: Request) -> Response:
    """A file of the pages, packed as the browser likes it. Those that are named by what they hold are kept for ever."""
    kept = {file.name for file in WEB.iterdir() if file.suffix not in {".html", *PACKED.values()}} if WEB.is_dir() else set()
    if name not in kept:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such file")
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    packed = next((how for how, suffix in PACKED.items() if how in accepted and (WEB / (name + suffix)).is_file()), None)
    headers = POLICY | {"Vary": "Accept-Encoding"} | (FOR_EVER if _NAMED_BY_CONTENT.search(name) else {})
    if packed is None:
        return page_file(WEB / name, headers)
    return _file(WEB / (name + PACKED[packed]), name, headers | {"Content-Encoding": packed})


def page_file(path: Path, headers: dict[str, str]) -> Response:
    if not path.is_file():
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{path.name} is not built; `make run` builds it")
    return _file(path, path.name, headers)


def _file(path: Path, name: str, headers: dict[str, str]) -> Response:
    return Response(path.read_bytes(), media_type=mimetypes.guess_type(name)[0] or "application/octet-stream", headers=headers)
