"""Values that identify nobody: those that an operator blocks, and whom a value joins."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.identity.identifiers import bare, blocked
from app.http import shapes
from app.http.access import admin, reader
from app.http.examples_identity import BLOCKED_VALUE_ASKED, BLOCKED_VALUES
from app.http.identity import BY
from app.http.parameters import Parameters, Text
from app.http.problems import malformed
from app.http.service import service_of
from app.store import blocked as store
from app.store.blocked import BlockedValue, Joined

READER, ADMIN = [Depends(reader)], [Depends(admin)]
router = APIRouter(tags=["identity"])


class ValueQuestion(Parameters):
    """A value, in any spelling."""

    value: Text = Field(description="the value of an identifier of any kind, in any spelling", examples=["N/A-1"])


class ValuesQuestion(Parameters):
    """Which values: all that the operator blocked, or one that may be blocked or not."""

    value: Text | None = Field(default=None, description="only this value, whether it is blocked or not", examples=["N/A-1"])


@router.get("/v1/identity/blocked-values", dependencies=READER, responses=BLOCKED_VALUES)
async def blocked_values(request: Request, question: Annotated[ValuesQuestion, Query()]) -> dict[str, Any]:
    """Blocked values with how far each is, and how many customers and identifiers each joins now."""
    service = service_of(request)
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        found = {one.value: one for one in await store.read_blocked(connection)}
        asked = [*found] if question.value is None else [bare(question.value)]
        joined = await store.joined_by(connection, asked)
    always = service.options.rules.also_blocked
    return {"blocked_values": [_shown(value, found.get(value), joined[value], by_rule=blocked(value, always)) for value in asked]}


@router.put("/v1/identity/blocked-values", dependencies=ADMIN, status_code=HTTPStatus.ACCEPTED, responses=BLOCKED_VALUE_ASKED)
async def block(request: Request, question: Annotated[ValueQuestion, Query()]) -> JSONResponse:
    """Block a value: in no spelling and of no kind does it identify anybody, and everybody whom it joined comes apart."""
    value = bare(question.value)
    if blocked(value, service_of(request).options.rules.also_blocked):
        raise malformed("value", "identifies nobody already, by the rules or the operator's file")
    async with service_of(request).pool.acquire() as connection:
        state = await store.ask_to_block(connection, value, BY)
    return JSONResponse({"value": value, "state": state}, HTTPStatus.ACCEPTED)


@router.delete("/v1/identity/blocked-values", dependencies=ADMIN, status_code=HTTPStatus.ACCEPTED, responses=BLOCKED_VALUE_ASKED)
async def unblock(request: Request, question: Annotated[ValueQuestion, Query()]) -> JSONResponse:
    """Unblock a value: it identifies again whom it identified, and whoever bore it meanwhile."""
    value = bare(question.value)
    async with service_of(request).pool.acquire() as connection:
        state = await store.ask_to_unblock(connection, value)
    return JSONResponse({"value": value, "state": state}, HTTPStatus.ACCEPTED)


def _shown(value: str, known: BlockedValue | None, joined: Joined, *, by_rule: bool) -> dict[str, Any]:
    return {
        "value": value,
        "state": known.state if known else "always_blocked" if by_rule else store.UNBLOCKED,
        "blocked_at": shapes.instant(known.blocked_at) if known else None,
        "blocked_by": known.blocked_by if known else None,
        "customers": joined.customers,
        "identifiers": joined.identifiers,
    }
