"""The people behind the numbers: lists, and journeys."""

import asyncio
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
import polars as pl
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from app.domain.identity.identifiers import IdentityRules, normalised, number
from app.domain.journeys.enrich import explain_machine
from app.domain.journeys.named_events import MILLION
from app.domain.questions.filters import equals
from app.domain.questions.moves import is_current
from app.http import cursors, shapes
from app.http.access import reader
from app.http.behind import LIMIT_MAX, Behind, people_behind
from app.http.examples import JOURNEY
from app.http.examples_people import EVERYBODY
from app.http.parameters import Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.questions import DEFAULT_MODEL, Traits, Version, check_stages, having, trait_pairs
from app.http.service import Service, service_of
from app.http.stalls import stalled_now
from app.store.journeys import snapshot
from app.store.people import Journey, read_journey, read_named
from app.store.resident import Asked, Need
from app.store.stage_models import KeptModel, read_answering

Customer = Annotated[str, Path(description="any identifier: kind:value, the value percent-encoded", examples=["user_id:u-1"])]
router = APIRouter(tags=["people"], dependencies=[Depends(reader)])


class PeopleQuestion(Behind):
    """Whom a list names: `q` begins an identifier, in any case; `stage` is where they are now; `trait` is as in questions."""

    q: Text | None = Field(default=None, description="how an identifier begins")
    stage: Text | None = Field(default=None, description="the stage that they are in now")
    stalled: bool = Field(default=False, description="1: those alone who stay in their stage too long, as /v1/stalls tells")
    trait: Traits = Field(default=[])
    order: Literal["number", "last_seen"] = Field(default="number", description="number stays for ever, last_seen lists the latest first")
    model: Text = Field(default=DEFAULT_MODEL, description="name of a stage model")
    version: Version = None


class JourneyQuestion(Parameters):
    """Which part of a journey: about `limit` events after the cursor."""

    model: Text = Field(default=DEFAULT_MODEL, description="name of a stage model")
    version: Version = None
    cursor: Text | None = Field(default=None, description="`next` of the part before")
    limit: int = Field(default=500, ge=1, le=LIMIT_MAX, description="events a part, about")


@router.get("/v1/customers", responses=EVERYBODY)
async def customers(request: Request, question: Annotated[PeopleQuestion, Query()]) -> Response:
    """Customers with their stage now; bots and machines are not among them. `sessions` are those of all customers."""
    service = service_of(request)
    wanted = trait_pairs(question.trait)
    needs: tuple[Need, ...] = ("persons", "journeys") if question.stage or question.stalled else ("persons",)
    asked = await service.resident.ask(question.model, "every", needs, version=question.version, traits=[key for key, _ in wanted])
    check_stages(asked, stage=question.stage)
    named = await _named(service, question.q)
    stalled = await asyncio.to_thread(stalled_now, asked) if question.stalled else None
    found = await asyncio.to_thread(_found, asked, question.stage, [named, having(asked, wanted), stalled])
    ranks = -found["last_seen"].dt.epoch("us") if question.order == "last_seen" else None
    sessions = int(asked.persons["sessions"].sum())
    return await people_behind(service, asked, question, found["customer"], ranks=ranks, sessions=sessions)


@router.get("/v1/customers/{customer:path}/journey", responses=JOURNEY)
async def journey(customer: Customer, request: Request, question: Annotated[JourneyQuestion, Query()]) -> dict[str, Any]:
    """One customer's entries, touches, sessions and events, by any identifier of theirs: kind:value, the value percent-encoded."""
    service = service_of(request)
    identifier = identifier_of(customer, service.options.rules)
    after = _instant(question.cursor)
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        taken = await snapshot(connection, identifier)
        kept = await read_answering(connection, question.model, question.version)
        found = await read_journey(connection, identifier, kept, taken.as_of, after=after, limit=question.limit)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"no customer is known as {customer}")
    return _journey(found, kept, taken.as_of)


async def _named(service: Service, q: str | None) -> pl.Series | None:
    begins = unicodedata.normalize("NFC", q or "").strip()
    if not begins:
        return None
    async with service.pool.acquire() as connection:
        return await read_named(connection, begins)


def _found(asked: Asked, stage: str | None, chosen: Iterable[pl.Series | None]) -> pl.DataFrame:
    """Of all persons those that are in the stage now, and among all of the chosen."""
    some = [each for each in chosen if each is not None]
    if stage:
        inside = [equals(asked.journeys, "stage", stage), is_current(asked.snapshot.as_of)]
        some.append(asked.journeys.filter(*inside)["customer"])
    tests = [pl.col("customer").is_in(each.implode()) for each in some]
    return asked.persons.filter(*tests)


def identifier_of(customer: str, rules: IdentityRules) -> int:
    kind, colon, value = customer.partition(":")
    if not colon or kind not in rules.kinds:
        raise malformed("customer", f"is kind:value, with a kind of {', '.join(rules.kinds)}")
    return number(kind, normalised(kind, value, rules) or "")


def _journey(found: Journey, kept: KeptModel, as_of: datetime) -> dict[str, Any]:
    return {
        "customer": {
            "id": shapes.customer_id(found.identifiers),
            "identifiers": shapes.identifiers(found.identifiers),
            "traits": msgspec.json.decode(found.traits),
            "first_seen": shapes.instant(found.first_seen),
            "last_seen": shapes.instant(found.last_seen),
        },
        "model": kept.model.name,
        "version": kept.version,
        "entries": [_entry(row) for row in found.entries],
        "touches": [_touch(row) for row in found.touches],
        "sessions": [_session(row) for row in found.sessions],
        "events": [_event(row) for row in found.events],
        "as_of": shapes.instant(as_of),
        "next": cursors.cursor(found.until.isoformat()) if found.until else None,
    }


def _event(row: Any) -> dict[str, Any]:
    return {
        "message_id": row["message_id"],
        "type": row["type"],
        "event": row["event"],
        "occurred_at": shapes.instant(row["occurred_at"]),
        "anonymous_id": row["anonymous_id"],
        "url": row["url"],
        "referrer": row["referrer"],
        "source": row["source"],
        "value": None if row["value"] is None else row["value"] / MILLION,
        "currency": row["currency"],
    }


def _entry(row: Any) -> dict[str, Any]:
    return {
        "stage": row["stage"],
        "entered_at": shapes.instant(row["entered_at"]),
        "left_at": shapes.instant(row["left_at"]),
        "dwell": shapes.seconds(row["entered_at"], row["left_at"]),
        "from": row["from_stage"],
        "channel": row["channel"],
        "campaign": row["utm_campaign"],
        "event": row["event_name"],
        "message_id": row["message_id"],
    }


def _touch(row: Any) -> dict[str, Any]:
    return {
        "touched_at": shapes.instant(row["touched_at"]),
        "kind": row["kind"],
        "channel": row["channel"],
        "source": row["utm_source"],
        "medium": row["utm_medium"],
        "campaign": row["utm_campaign"],
        "referrer": row["referrer_host"],
        "device": row["device"],
        "machine": row["machine"],
        "machine_rule": row["machine_rule"],
        "machine_why": explain_machine(row["machine_rule"]),
        "event": row["event_name"],
        "message_id": row["message_id"],
    }


def _session(row: Any) -> dict[str, Any]:
    return {
        "started_at": shapes.instant(row["started_at"]),
        "ended_at": shapes.instant(row["ended_at"]),
        "events": row["events"],
        "channel": row["channel"],
        "campaign": row["utm_campaign"],
        "device": row["device"],
        "machine": row["machine"],
        "event": row["event_name"],
        "message_id": row["message_id"],
    }


def _instant(cursor: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(cursors.uncursor(cursor)).astimezone(UTC) if cursor else None
    except (ValueError, OverflowError) as error:
        raise cursors.malformed_cursor() from error
