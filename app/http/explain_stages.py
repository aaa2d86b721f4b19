"""Why a customer is in a stage: the rules that matched an event, and those that nearly did."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from app.domain.journeys import channels
from app.domain.journeys.enrich import explain_machine
from app.domain.windows import parse_instant
from app.flow.blocking import rules_in_force
from app.flow.stage_explanations import Chosen, Told, explain_stages
from app.http import cursors, shapes
from app.http.access import reader
from app.http.examples_stage_models import EXPLAIN_STAGE
from app.http.parameters import Parameters, Text
from app.http.people import identifier_of
from app.http.problems import ProblemError
from app.http.questions import DEFAULT_MODEL, Version
from app.http.service import service_of
from app.store.identity import owners_of
from app.store.journeys import snapshot
from app.store.people import read_roots
from app.store.stage_models import read_answering

EVENTS_SHOWN_MAX = 100
router = APIRouter(tags=["explain"], dependencies=[Depends(reader)])


class StageQuestion(Parameters):
    """Whose events are explained by which model, and which of them: the latest first."""

    customer: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$", description="any identifier of the customer's: kind:value")
    model: Text = Field(default=DEFAULT_MODEL, description="name of a stage model")
    version: Version = None
    at: Text | None = Field(default=None, description="explain the events up to this instant")
    events: Literal["entries", "all"] = Field(default="entries", description="entries are those alone that began an entry")
    cursor: Text | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=20, ge=1, le=EVENTS_SHOWN_MAX, description="events a page")

    def chosen(self) -> Chosen:
        before = cursors.numbers(self.cursor, 1)[0] if self.cursor else None
        until = parse_instant("at", self.at) if self.at else None
        return Chosen(self.limit, self.events == "entries", before, until)


@router.get("/v1/explain/stage", responses=EXPLAIN_STAGE)
async def explain_stage(request: Request, question: Annotated[StageQuestion, Query()]) -> dict[str, Any]:
    """Why events of a customer entered a stage or did not: which rules matched, and which would have but for one thing."""
    service = service_of(request)
    identifier = identifier_of(question.customer, service.options.rules)
    chosen = question.chosen()
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        taken = await snapshot(connection, identifier)
        kept = await read_answering(connection, question.model, question.version)
        owned = await owners_of(connection, [identifier])
        if owned.is_empty():
            raise ProblemError(HTTPStatus.NOT_FOUND, f"no customer is known as {question.customer}")
        customer = owned["owner"].item()
        rules = await rules_in_force(connection, service.options.rules)
        told = await explain_stages(connection, customer, kept, rules, chosen)
        roots = await read_roots(connection, [customer])
    shown = told[: question.limit]
    return {
        "customer": ":".join(roots[customer]),
        "model": question.model,
        "version": kept.version,
        "events": [_event(one, kept.model.lapsed, taken.as_of) for one in shown],
        "next": cursors.cursor(str(shown[-1].explained["place"])) if len(told) > len(shown) else None,
        "as_of": shapes.instant(taken.as_of),
    }


def _event(told: Told, lapsed: str | None, as_of: datetime) -> dict[str, Any]:
    come = {entry["stage"] == lapsed: entry for entry in told.entries if entry["entered_at"] <= as_of}
    entry, lapse = come.get(False, {}), come.get(True, {})
    left_at = entry.get("left_at")
    return {
        "message_id": told.event["message_id"],
        "type": told.event["type"],
        "event": told.event["name"],
        "occurred_at": shapes.instant(told.event["occurred_at"]),
        "verdict": told.explained["verdict"],
        "stage": told.explained["stage"],
        "why": _why(told),
        "from": entry.get("from_stage"),
        "entered_at": shapes.instant(entry.get("entered_at")),
        "left_at": shapes.instant(left_at) if left_at and left_at <= as_of else None,
        "lapsed_at": shapes.instant(lapse.get("entered_at")),
        "channel": told.event["channel"],
        "channel_rule": told.event["channel_rule"],
        "channel_why": channels.rules()[told.event["channel_rule"]].why,
        "matched": told.explained["matched"],
        "nearly": told.explained["nearly"],
    }


def _why(told: Told) -> str | None:
    explained = told.explained
    match explained["verdict"]:
        case "entered":
            return explained["matched"][0]["asks"]
        case "same_stage":
            return f"the customer was in {explained['stage']} already"
        case "behind":
            return f"{explained['stage']} lies before the furthest stage that was reached, and the model has no backward moves"
        case "no_rule":
            return "no rule matches"
        case "machine":
            return explain_machine(told.event["machine_rule"])
