"""The traits of one customer over time."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.domain.journeys.traits import TraitValue, trait_history
from app.http import shapes
from app.http.access import reader
from app.http.examples_people import TRAITS
from app.http.parameters import Parameters
from app.http.people import Customer, identifier_of
from app.http.problems import ProblemError
from app.http.service import service_of
from app.store.journeys import snapshot
from app.store.people import read_identifiers
from app.store.traits import read_identified

router = APIRouter(tags=["people"], dependencies=[Depends(reader)])


@router.get("/v1/customers/{customer:path}/traits", responses=TRAITS)
async def traits(customer: Customer, request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Each trait's values over time: since when, and by which event; of the latest 5,000 identify events (`complete`: these are all)."""
    service = service_of(request)
    identifier = identifier_of(customer, service.options.rules)
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        taken = await snapshot(connection)
        found = await read_identified(connection, identifier)
        if found is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, f"no customer is known as {customer}")
        identifiers = (await read_identifiers(connection, [found.customer]))[found.customer]
    history = await asyncio.to_thread(trait_history, found.events)
    return {
        "id": shapes.customer_id(identifiers),
        "traits": {key: [_value(value) for value in values] for key, values in history.items()},
        "complete": found.complete,
        "as_of": shapes.instant(taken.as_of),
    }


def _value(told: TraitValue) -> dict[str, Any]:
    return {
        "value": told.value,
        "since": shapes.instant(told.by.at),
        "until": shapes.instant(told.until),
        "message_id": told.by.message_id,
        "source": told.by.source,
    }
