"""Problems on the wire: one table from error to status, one shape (application/problem+json) for all of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.domain.arriving.mapping import InvalidMapping
from app.domain.journeys.stages import InvalidModel
from app.domain.windows import Malformed
from app.flow.collect import OverloadedError, UnavailableError
from app.flow.keys import LastAdminKeyError, TakenError
from app.flow.stage_explanations import NoRulesError, TooManyEventsError
from app.flow.stage_models import BuiltInError, NoDraftError, UnknownVersionError
from app.http.cors import CORS, is_write_path
from app.store.connect import AWAY
from app.store.stage_models import UnansweringVersionError, UnknownModelError

RETRY_SECONDS = "1"
ERRORS_MAX = 20
PARTING_SECONDS = 0.5
log = structlog.get_logger("http")


class FieldError(NamedTuple):
    """What is wrong with one field of a request; `line` counts from 1 in a document of many lines."""

    field: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.reason}" if self.line else f"{self.field}: {self.reason}"


class ProblemError(Exception):
    """An answer that is not a success; `errors` name fields and reasons."""

    def __init__(self, status: HTTPStatus, detail: str, *errors: FieldError, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


class PartingResponse(JSONResponse):
    """An answer to a body that is cut off. What still comes is thrown away for a moment, as a reset connection would lose the answer."""

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body"})


def problem(status: HTTPStatus, detail: str, *errors: FieldError, headers: dict[str, str] | None = None) -> Response:
    """A problem as RFC 9457 has it, and again as `code` and `message`, which SDKs of the Segment family look for."""
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    body |= {"code": status.name.lower(), "message": detail}
    if errors:
        body["errors"] = [{key: value for key, value in error._asdict().items() if value is not None} for error in errors]
    kind = PartingResponse if headers and "Connection" in headers else JSONResponse
    return kind(body, status.value, headers, "application/problem+json")


def malformed(field: str, reason: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {reason}", FieldError(field, reason))


def install(app: FastAPI) -> None:
    """Answer every error that a route may raise."""
    for kind in _ANSWERS:
        app.add_exception_handler(kind, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    return answer_to(request, error)


def answer_to(request: Request, error: Exception) -> Response:
    """The answer that an error deserves, counted as refused."""
    kind = next(kind for kind in type(error).__mro__ if issubclass(kind, Exception) and kind in _ANSWERS)
    if kind is Exception:
        log.error("a request failed", path=_path(request), exc_info=error)
    response = _ANSWERS[kind](error)
    if is_write_path(request.url.path):
        response.headers.update(CORS)
    request.app.state.service.metrics.refuse(_path(request), response.status_code)
    return response


def _path(request: Request) -> str:
    """The path as the route states it, so that what clients make up is not counted apart."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "other"))


def _busy(error: Exception) -> Response:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": RETRY_SECONDS})


def _away(error: Exception) -> Response:
    if isinstance(error, asyncpg.QueryCanceledError):
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the question took too long; ask for less", headers={"Retry-After": RETRY_SECONDS})
    log.warning("postgres is away", error=str(error) or type(error).__name__)
    return _busy(UnavailableError("Postgres is away"))


def _own(error: ProblemError) -> Response:
    return problem(error.status, error.detail, *error.errors, headers=error.headers)


def _plain(error: HTTPException) -> Response:
    return problem(HTTPStatus(error.status_code), error.detail, headers=dict(error.headers or {}))


def _unprocessable(*errors: FieldError) -> Response:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(map(str, errors)), *errors)


def _invalid_request(error: RequestValidationError) -> Response:
    told = error.errors()[:ERRORS_MAX]
    return _unprocessable(*(FieldError(".".join(str(part) for part in one["loc"][1:]) or "body", one["msg"]) for one in told))


def _invalid_model(error: InvalidModel) -> Response:
    return _unprocessable(*(FieldError(one.path or "document", one.reason, one.line) for one in error.problems))


_ANSWERS: dict[type[Exception], Callable[[Any], Response]] = {
    **dict.fromkeys(AWAY, _away),
    ProblemError: _own,
    HTTPException: _plain,
    RequestValidationError: _invalid_request,
    OverloadedError: _busy,
    UnavailableError: _busy,
    Malformed: lambda error: _unprocessable(FieldError(error.field, error.reason)),
    InvalidMapping: lambda error: _unprocessable(FieldError(error.field, error.reason)),
    InvalidModel: _invalid_model,
    BuiltInError: lambda error: _unprocessable(FieldError("model", f"{error} is built in; choose another name")),
    ClientDisconnect: lambda _: problem(HTTPStatus.BAD_REQUEST, "the sender went away before its body ended"),
    asyncpg.DataError: lambda _: problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a value of the request is none that a table can hold"),
    Exception: lambda _: problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the service; its log says more"),
    UnknownModelError: lambda error: _unprocessable(FieldError("model", f"no stage model that is derived is called {error}")),
    UnansweringVersionError: lambda error: _unprocessable(FieldError("version", str(error))),
    UnknownVersionError: lambda error: problem(HTTPStatus.NOT_FOUND, f"no version {error} of this stage model is kept"),
    NoRulesError: lambda error: _unprocessable(FieldError("model", str(error))),
    TooManyEventsError: lambda error: _unprocessable(FieldError("customer", str(error))),
    NoDraftError: lambda error: problem(HTTPStatus.CONFLICT, str(error)),
    TakenError: lambda error: problem(HTTPStatus.CONFLICT, str(error)),
    LastAdminKeyError: lambda error: problem(HTTPStatus.CONFLICT, str(error)),
}
