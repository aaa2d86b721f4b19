"""The people behind the numbers: lists, journeys, and the sources that they came through."""

import base64
import binascii
import unicodedata
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from app.domain.enrich import explain_machine
from app.domain.identifiers import IdentityRules, normalised, number
from app.domain.windows import Malformed
from app.http import shapes
from app.http.access import reader
from app.http.examples import CUSTOMERS, JOURNEY, SOURCES
from app.http.parameters import Parameters, Text
from app.http.problems import ProblemError, malformed
from app.http.questions import DEFAULT_MODEL
from app.http.service import service_of
from app.store.accounts import read_accounts
from app.store.connect import Connection
from app.store.journeys import snapshot, totals
from app.store.people import Journey, Person, count_people, find_people, read_journey
from app.store.resident import UnknownModelError
from app.store.stage_models import ACTIVE, KeptModel, read_models

LIMIT_MAX = 1_000
Customer = Annotated[str, Path(description="any identifier: kind:value, the value percent-encoded", examples=["user_id:u-1"])]
router = APIRouter(tags=["people"], dependencies=[Depends(reader)])


class PeopleQuestion(Parameters):
    """Whom a list names: `q` begins an identifier, in any case; `stage` is where they are now."""

    q: Text | None = Field(default=None, description="how an identifier begins")
    stage: Text | None = Field(default=None, description="the stage that they are in now")
    model: Text = Field(default=DEFAULT_MODEL, description="name of an active stage model")
    cursor: Text | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX, description="customers a page")


class JourneyQuestion(Parameters):
    """Which part of a journey: about `limit` events after the cursor."""

    model: Text = Field(default=DEFAULT_MODEL, description="name of an active stage model")
    cursor: Text | None = Field(default=None, description="`next` of the part before")
    limit: int = Field(default=500, ge=1, le=LIMIT_MAX, description="events a part, about")


@router.get("/v1/customers", responses=CUSTOMERS)
async def customers(request: Request, question: Annotated[PeopleQuestion, Query()]) -> dict[str, Any]:
    """Customers with their stage now; bots and machines are not among them."""
    after = _number(question.cursor)
    async with service_of(request).pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        taken = await snapshot(connection)
        kept = await _model(connection, question.model)
        asked = {"q": unicodedata.normalize("NFC", question.q or "").strip() or None, "stage": question.stage}
        people = await find_people(connection, kept.id, after=after, limit=question.limit + 1, **asked)
        total = await count_people(connection, kept.id, **asked)
        everybody = await totals(connection)
    page = people[: question.limit]
    return {
        "customers": [_person(person) for person in page],
        "next": _cursor(str(page[-1].customer)) if len(people) > len(page) else None,
        "total": total,
        "sessions": everybody.sessions,
        "as_of": shapes.instant(taken.as_of),
    }


@router.get("/v1/customers/{customer:path}/journey", responses=JOURNEY)
async def journey(customer: Customer, request: Request, question: Annotated[JourneyQuestion, Query()]) -> dict[str, Any]:
    """One customer's entries, touches, sessions and events, by any identifier of theirs: kind:value, the value percent-encoded."""
    service = service_of(request)
    identifier = _identifier(customer, service.options.rules)
    after = _instant(question.cursor)
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        taken = await snapshot(connection)
        kept = await _model(connection, question.model)
        found = await read_journey(connection, identifier, kept.id, after, question.limit)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"no customer is known as {customer}")
    return _journey(found, kept, taken.as_of)


@router.get("/v1/sources", responses=SOURCES)
async def sources(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Sources with their last event and the events stored within 24 hours, to the minute."""
    async with service_of(request).pool.acquire() as connection:
        accounts = await read_accounts(connection)
    return {
        "sources": [
            {
                "name": account.source,
                "kind": account.kind,
                "last_event_at": shapes.instant(account.last_event_at),
                "events_24h": account.events_24h,
            }
            for account in accounts
        ]
    }


async def _model(connection: Connection, name: str) -> KeptModel:
    found = [kept for kept in await read_models(connection, ACTIVE) if kept.model.name == name]
    if not found:
        raise UnknownModelError(name)
    return found[0]


def _identifier(customer: str, rules: IdentityRules) -> int:
    kind, colon, value = customer.partition(":")
    if not colon or kind not in rules.kinds:
        raise malformed("customer", f"is kind:value, with a kind of {', '.join(rules.kinds)}")
    return number(kind, normalised(kind, value, rules) or "")


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": shapes.customer_id(person.identifiers),
        "identifiers": shapes.identifiers(person.identifiers),
        "stage": person.stage,
        "since": shapes.instant(person.since),
        "first_seen": shapes.instant(person.first_seen),
        "last_seen": shapes.instant(person.last_seen),
    }


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
        "events": [{**row, "occurred_at": shapes.instant(row["occurred_at"])} for row in found.events],
        "as_of": shapes.instant(as_of),
        "next": _cursor(found.until.isoformat()) if found.until else None,
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


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _uncursor(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Malformed("cursor", "is the value of next in an answer before") from error


def _number(cursor: str | None) -> int:
    if not cursor:
        return -1
    text = _uncursor(cursor)
    if not (text.isascii() and text.isdecimal() and int(text) < 2**63):
        raise Malformed("cursor", "is the value of next in an answer before")
    return int(text)


def _instant(cursor: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(_uncursor(cursor)).astimezone(UTC) if cursor else None
    except (ValueError, OverflowError) as error:
        raise Malformed("cursor", "is the value of next in an answer before") from error
