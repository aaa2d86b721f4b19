"""The snippet: its scripts, as they are now and pinned to a build, and the tags to paste."""

import base64
import hashlib
import html
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from app.http.access import reader
from app.http.parameters import Parameters, Texts
from app.http.problems import ProblemError
from app.http.service import Options, address_of, service_of

SDK = Path(__file__).resolve().parents[2] / "sdk-js" / "dist"
HEADERS = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=3600"}
PINNED_HEADERS = HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}
EXTRA = "extra"
router = APIRouter(include_in_schema=False)


class SnippetQuestion(Parameters):
    """`domains` are the operator's other domains: links between them say who the visitor is."""

    domains: Texts | None = Field(default=None, description="domains, parted by commas")


def script_routes(path: str) -> APIRouter:
    """The script at the path that the operator chose, and others beside it.

    For /waystage.js that is /waystage-extra.js, and for ever /waystage-<version>-<8 hex digits>.js of each build that was given out.
    """
    served = APIRouter(include_in_schema=False)

    @served.get(path)
    async def script() -> Response:
        return _script(_built(), HEADERS)

    @served.get(_path(path, "{build}"))
    async def build(build: str, request: Request) -> Response:
        if build == EXTRA:
            return _script(_built(EXTRA), HEADERS)
        kept = _kept(service_of(request).options)
        if build not in kept:
            raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such script")
        return _script(kept[build].read_bytes(), PINNED_HEADERS)

    return served


@router.get("/v1/snippet", dependencies=[Depends(reader)])
async def snippet(request: Request, question: Annotated[SnippetQuestion, Query()]) -> dict[str, str | None]:
    """What to paste into a site's pages: `snippet` follows updates of this service, `pinned` is one build, which browsers check.

    Both have the key that the start knows, which is of `source`; of other keys nothing is kept that could be told.
    """
    options, base, (write_key, source) = service_of(request).options, address_of(request), _known(request)
    marks = (EXTRA,) if question.domains else ()
    pinned, integrity = _pin(options, request.app.version, *marks)
    said = {"data-domains": question.domains} if question.domains else {}
    checked = {"integrity": integrity, "crossorigin": "anonymous"}
    return {
        "source": source,
        "snippet": fill_snippet(base + _path(options.script_path, *marks), write_key, said),
        "pinned": fill_snippet(base + _path(options.script_path, *marks, pinned), write_key, said | checked),
    }


def fill_snippet(script_url: str, write_key: str | None, said: dict[str, str] | None = None) -> str:
    """The tags to paste, with the script's address, the write key of a public source, and further attributes."""
    template = (SDK / "snippet.html").read_text("utf-8").strip()
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in (said or {}).items())
    tags = template.replace('data-write-key="WRITE_KEY"', f'data-write-key="WRITE_KEY"{attributes}')
    return tags.replace("SCRIPT_URL", html.escape(script_url)).replace("WRITE_KEY", html.escape(write_key or "WRITE_KEY"))


def _known(request: Request) -> tuple[str | None, str | None]:
    """The write key that the start knows, while it is in force, and the name of its source."""
    service = service_of(request)
    known = service.options.write_key
    found = service.keys.find(known) if known else None
    return (known, found.source.name) if found and found.source else (None, None)


def _path(path: str, *marks: str) -> str:
    return "-".join((path.removesuffix(".js"), *marks)) + ".js" if marks else path


def _built(*marks: str) -> bytes:
    path = SDK / _path("waystage.js", *marks)
    if not path.is_file():
        raise ProblemError(HTTPStatus.NOT_FOUND, f"{path.name} is not built; `make run` builds it")
    return path.read_bytes()


def _pin(options: Options, version: str, *marks: str) -> tuple[str, str]:
    """Keep the build of now, so that tags which ask for it work after updates too; its version with its digest, and its integrity."""
    script = _built(*marks)
    digest = hashlib.sha384(script)
    pinned = f"{version}-{digest.hexdigest()[:8]}"
    file = options.data_dir / "scripts" / _path("waystage.js", *marks, pinned)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(script)
    return pinned, f"sha384-{base64.b64encode(digest.digest()).decode()}"


def _kept(options: Options) -> dict[str, Path]:
    """The builds that were given out, by what their names say after the stem."""
    return {file.stem.removeprefix("waystage-"): file for file in (options.data_dir / "scripts").glob("waystage-*.js")}


def _script(text: bytes, headers: dict[str, str]) -> Response:
    return Response(text, media_type="text/javascript", headers=headers)
