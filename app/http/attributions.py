"""Which touches brought conversions about: attribution, its ledger, and the people behind a credit."""

import asyncio
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import Field

from app.domain.questions.attribution import DIVIDED, MARKOV, MODELS, Attribution, Terms, attribution
from app.domain.questions.conversions import of_event, of_stage
from app.domain.questions.credits import WHOLE
from app.domain.windows import parse_duration
from app.http import cursors, ledgers, shapes
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.examples_attribution import ATTRIBUTION, LEDGER
from app.http.examples_people import behind
from app.http.parameters import Text, Texts
from app.http.problems import malformed
from app.http.questions import Put, Question, check_stages
from app.http.service import service_of
from app.store.resident import Need

BY = ("channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "kind")
BY_MAX = 3
_STAGES: dict[str, tuple[Need, ...]] = {"stage": ("journeys",), "event": ()}
router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class Credited(Question):
    """Which conversions are divided, over which touches, and by what these are called.

    Filters of the touch select entries into a stage by their own touch, other conversions and journeys without one by their last touch
    within the look-back.
    """

    conversion: Text = Field(default="stage:purchase", description="stage:NAME or event:NAME", examples=["event:Order Completed"])
    from_stage: Text | None = Field(default=None, description="only entries into the stage from this one")
    by: Text = Field(default="channel", description=f"what is credited: of {', '.join(BY)}; several parted by /", examples=["channel"])
    lookback: Text = Field(default="30d", description="how old a touch may be: a whole number and s, m, h, d or w")
    reset: bool = Field(default=False, description="whether touches up to the customer's conversion before do not count")
    order: int = Field(default=1, ge=1, le=3, description="how many touches a state of the Markov chain remembers")

    async def divided(self, request: Request, models: tuple[str, ...]) -> tuple[Put, Attribution]:
        """What the question was put to, and the conversions divided under some models."""
        kind, _, name = self.conversion.partition(":")
        if kind not in _STAGES or not name:
            raise malformed("conversion", "is stage:NAME or event:NAME")
        if kind == "event" and self.from_stage is not None:
            raise malformed("from_stage", "is for conversions that are stages")
        terms = Terms(self._columns(), parse_duration("lookback", self.lookback), models, self.reset, self.order)
        put = await self.put(service_of(request), "touches", "named_events", *_STAGES[kind])
        if kind == "stage":
            check_stages(put.asked, conversion=name, from_stage=self.from_stage)
        return put, await asyncio.to_thread(self._attribution, put, kind, name, terms)

    def told(self, put: Put, models: tuple[str, ...]) -> dict[str, Any]:
        """How an answer begins."""
        said = {name: getattr(self, name) for name in ("conversion", "from_stage", "by", "lookback", "reset", "order")}
        return self.head(put, **said, models=models)

    def _attribution(self, put: Put, kind: str, name: str, terms: Terms) -> Attribution:
        asked = put.asked
        if kind == "event":
            conversions = of_event(asked.named_events, name)
        else:
            conversions = of_stage(asked.journeys, asked.named_events, name, self.from_stage)
        return attribution(conversions, asked.touches, put.window, put.filters, terms)

    def _columns(self) -> tuple[str, ...]:
        columns = tuple("utm_campaign" if column == "campaign" else column for column in self.by.split("/"))
        if len(columns) > BY_MAX or len({*columns}) < len(columns) or not {*columns} <= {*BY}:
            raise malformed("by", f"names one to {BY_MAX} of {', '.join(BY)}, parted by /")
        return columns


class AttributionQuestion(Credited):
    """Models side by side."""

    models: Texts = Field(default=",".join(MODELS), description="names of models, parted by commas; names are listed by the first")


class LedgerQuestion(Credited):
    """A row for each conversion, touch and model; `limit` counts conversions, and csv is the whole ledger, from the cursor on."""

    models: Texts = Field(default=MODELS[0], description=f"of {', '.join(DIVIDED)}, parted by commas")
    cursor: Text | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=1_000, description="conversions a page")
    format: Literal["json", "csv"] = Field(default="json", description="json is a page, csv the whole ledger")


class CreditPeopleQuestion(Credited, Behind):
    """Customers with a conversion that is credited, in part or in whole, to the name."""

    models: Texts = Field(default=MODELS[0], description=f"one of {', '.join(DIVIDED)}")
    name: Text | None = Field(default=None, description="name that is credited; empty: touches without any; not given: all")


@router.get("/v1/attribution", responses=ATTRIBUTION)
async def ask_attribution(request: Request, question: Annotated[AttributionQuestion, Query()]) -> JSONResponse:
    """Which channels or campaigns are credited with the conversions of the window, and with their money, model beside model."""
    models = _models(question.models, MODELS)
    put, found = await question.divided(request, models)
    answer = await asyncio.to_thread(ledgers.side_by_side, found, models)
    window = shapes.window(put.window, put.asked.snapshot.as_of)
    computed_for = {"models": [model for model in models if model in ledgers.OF_A_WINDOW], "from": window["from"], "to": window["to"]}
    return JSONResponse({**question.told(put, models), "computed_for": computed_for, **answer})


@router.get("/v1/attribution/ledger", responses=LEDGER)
async def ask_ledger(request: Request, question: Annotated[LedgerQuestion, Query()]) -> Response:
    """Conversions and their touches, with the weight of each and the money that goes with it: weights sum to 1, credits to the value."""
    models = _models(question.models, DIVIDED)
    put, found = await question.divided(request, models)
    listed = await asyncio.to_thread(_listed, found)
    rest = _after(listed, question.cursor)
    service = service_of(request)
    if question.format == "csv":
        headers = {"Content-Disposition": 'attachment; filename="attribution.csv"'}
        return StreamingResponse(ledgers.table(service, found, models, rest["conversion"]), media_type="text/csv", headers=headers)
    page = rest.head(question.limit)
    rows = await ledgers.rows(service, found, models, page["conversion"])
    last = ",".join(map(str, page.select("customer", "place").row(-1))) if rest.height > page.height else None
    told = {"rows": rows.to_dicts(), "total": listed.height, "next": last and cursors.cursor(last)}
    return JSONResponse({**question.told(put, models), **told})


@router.get("/v1/attribution/customers", responses=behind(conversions=8.5))
async def ask_credit_people(request: Request, question: Annotated[CreditPeopleQuestion, Query()]) -> Response:
    """The customers whose conversions are credited to a name under a model; `conversions` is the credit itself."""
    (model, *more) = _models(question.models, DIVIDED)
    if more:
        raise malformed("models", "is one model here")
    put, found = await question.divided(request, (model,))
    customers, credit = await asyncio.to_thread(_credited_to, found, model, question.name)
    return await people_behind(service_of(request), put.asked, question, customers, conversions=credit)


def _credited_to(found: Attribution, model: str, name: str | None) -> tuple[pl.Series, float]:
    """The customers of the conversions that a name has a weight in, and the sum of the weights."""
    weights = found.weights[model]
    if name is not None:
        named = [code for code, known in enumerate(found.names) if known == (name or None)]
        weights = np.where(np.isin(found.paths.name, named), weights, 0)
    customers = found.conversions["customer"].gather(np.unique(found.paths.conversion[weights != 0]))
    return customers, int(weights.sum()) / WHOLE


def _models(text: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if MARKOV in names and MARKOV not in allowed:
        raise malformed("models", f"{MARKOV} divides all conversions as a whole; markov_by_path divides each over its touches")
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise malformed("models", f"{unknown[0]!r} is none of {', '.join(allowed)}")
    return names


def _listed(found: Attribution) -> pl.DataFrame:
    return found.conversions.select("customer", "place").with_row_index("conversion").sort("customer", "place")


def _after(listed: pl.DataFrame, cursor: str | None) -> pl.DataFrame:
    if not cursor:
        return listed
    customer, place = cursors.numbers(cursor, 2)
    return listed.filter((pl.col("customer") > customer) | ((pl.col("customer") == customer) & (pl.col("place") > place)))
