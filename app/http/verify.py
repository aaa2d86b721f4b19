"""Verification: what is kept, held against the events, and told while it goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from app.flow.verifier import Asked, Order, verifying
from app.http.access import admin
from app.http.examples_verify import VERIFIED
from app.http.parameters import Parameters, Text
from app.http.people import identifier_of
from app.http.problems import malformed
from app.http.service import Service, service_of
from app.store.identity import owners_of

CUSTOMERS_MAX = 1_000_000
TOLD_MAX = 10_000
router = APIRouter(tags=["operation"], dependencies=[Depends(admin)])


class VerifyQuestion(Parameters):
    """What to verify: so many customers and as many events, drawn by a seed; or one customer; or everything."""

    customers: int = Field(default=1_000, ge=1, le=CUSTOMERS_MAX, description="how many customers, and how many events, are drawn")
    seed: int = Field(default=0, ge=0, lt=2**63, description="the same seed draws the same ones again")
    customer: Text | None = Field(default=None, description="any identifier of the one customer to verify: kind:value")
    everything: bool = Field(default=False, description="verify everybody, and whose every event is")
    differences: int = Field(default=100, ge=0, le=TOLD_MAX, description="how many differences are told; all are counted")


@router.post("/v1/verify", response_class=StreamingResponse, responses=VERIFIED)
async def start_verification(request: Request, question: Annotated[VerifyQuestion, Query()]) -> StreamingResponse:
    """Derive customers afresh from their events and tell each row that differs from what is kept; nothing is written.

    The answer is told while it goes on, a JSON object a line: `progress`, `difference`, and in the end `finished`, without which it came
    to no end. It ends when its reader goes.
    """
    service = service_of(request)
    asked = Asked(
        customer=None if question.customer is None else await _customer(service, question.customer),
        customers=None if question.everything else question.customers,
        seed=question.seed,
        differences=question.differences,
    )
    order = Order(service.options.dsn, asked, service.options.rules)
    return StreamingResponse(_lines(order, service.leaving), headers={"Cache-Control": "no-store"}, media_type="application/x-ndjson")


async def _customer(service: Service, text: str) -> int:
    identifier = identifier_of(text, service.options.rules)
    async with service.pool.acquire() as connection:
        owned = await owners_of(connection, [identifier])
    if owned.is_empty():
        raise malformed("customer", f"nobody is known as {text}")
    found: int = owned["owner"][0]
    return found


async def _lines(order: Order, leaving: asyncio.Event) -> AsyncIterator[bytes]:
    async with verifying(order, leaving) as told:
        async for line in told:
            yield line
