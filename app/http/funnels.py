"""How far customers get along steps, in groups, and the people behind each number."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.questions.attempts import Course, Order, attempts, relevant
from app.domain.questions.breakdowns import Breakdown, Groups
from app.domain.questions.filters import selected
from app.domain.questions.funnel import Credit, Funnel, FunnelStep, Outcome, values_by_step
from app.domain.questions.spans import BOUNDS
from app.domain.questions.stamps import passing_by, told_by
from app.domain.questions.steps import Step, parse_steps
from app.domain.windows import parse_duration
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.breakdowns import BrokenDown
from app.http.examples import FUNNEL
from app.http.examples_people import BEHIND
from app.http.parameters import Text, Texts
from app.http.problems import malformed
from app.http.questions import Put
from app.http.service import Service, service_of
from app.store.resident import Asked, Need

router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class FunnelQuestion(BrokenDown):
    """`steps` in order, parted by commas; `within` is the span from the first step, as in 14d."""

    steps: Texts = Field(
        description=r"stages, or names of events (with * and ?), parted by commas; a|b is either; \ goes before , | \ * ? in a name",
        examples=["consideration,decision,purchase"],
    )
    of: Literal["stages", "events"] = Field(default="stages", description="what the steps are: stages of the model, or events by name")
    within: Text = Field(default="14d", description="span from the first step: a whole number and s, m, h, d or w")
    order: Order = Field(default="ordered", description="ordered; strict: nothing else between the steps; any: the steps in any order")
    exclude: Texts | None = Field(default=None, description="stages or events that take an attempt back, parted by commas")
    credit: Credit = Field(default="first", description="whose touch names the group: that of the first step, of the last, of each step")

    async def sought(self, service: Service) -> "Sought":
        """The question put, and answered as far as all of its answers are alike."""
        course = self._course(parse_duration("within", self.within))
        need: Need = "named_events" if self.of == "events" else "journeys"
        put = await self.put(service, need, traits=self.trait_keys)
        breakdown = await self.broken_down(service, put)
        if self.of == "stages":
            _check(course, put.asked)
        return await asyncio.to_thread(_sought, put, course, breakdown, self)

    def _course(self, within: timedelta) -> Course:
        steps = parse_steps("steps", self.steps, patterns=self.of == "events")
        excluded = parse_steps("exclude", self.exclude, patterns=self.of == "events") if self.exclude is not None else []
        names = {name for step in steps for name in step.names}
        for name in (name for step in excluded for name in step.names if name in names):
            raise malformed("exclude", f"{name!r} is a step")
        return Course(steps, within, self.order, Step.either(excluded) if excluded else None)


class FunnelAsked(FunnelQuestion):
    """What the answer tells beside counts, median, p90 and mean."""

    distribution: bool = Field(default=False, description="1: each step's `histogram`, and the `bounds` of its bars in seconds")
    survival: bool = Field(default=False, description="1: each step's `survival`, the share that has not converted after so long")


class FunnelBehind(FunnelQuestion, Behind):
    """Which number's people: of a step and, where `group` is given, of one group."""

    step: int = Field(default=1, ge=1, le=20, description="number of the step, from 1")
    outcome: Outcome = Field(default="reached", description="which number of the step")
    group: Text | None = Field(default=None, description="a group of the breakdown; empty: null")


class Sought(NamedTuple):
    """A funnel, and where it was broken down its groups and each attempt's group at each step."""

    put: Put
    funnel: Funnel
    groups: Groups | None
    values: Sequence[pl.Series]


@router.get("/v1/funnel", responses=FUNNEL)
async def ask_funnel(request: Request, question: Annotated[FunnelAsked, Query()]) -> JSONResponse:
    """How far customers get through steps within a span from the first: converted, still in window, dropped."""
    sought = await question.sought(service_of(request))
    answer = await asyncio.to_thread(_answer, sought, question)
    said: dict[str, str | None] = {"of": question.of, "order": question.order, "within": question.within}
    said |= {"exclude": question.exclude} if question.exclude is not None else {}
    said |= {"breakdown": question.breakdown, "credit": question.credit} if sought.groups else {}
    return JSONResponse({**question.head(sought.put, **said), **answer})


@router.get("/v1/funnel/customers", responses=BEHIND)
async def funnel_customers(request: Request, question: Annotated[FunnelBehind, Query()]) -> Response:
    """The customers whom a number of /v1/funnel counts, asked with the same parameters."""
    service = service_of(request)
    sought = await question.sought(service)
    if question.step > len(sought.funnel.course.steps):
        raise malformed("step", f"is 1 to {len(sought.funnel.course.steps)}")
    if question.group is not None and sought.groups is None:
        raise malformed("group", "needs a breakdown")
    tests = [sought.funnel.behind(question.step, question.outcome)]
    if question.group is not None:
        tests.append(pl.lit(sought.values[question.step - 1]).eq_missing(pl.lit(question.group or None, dtype=pl.String)))
    behind = await asyncio.to_thread(lambda: sought.funnel.attempts.filter(*tests)["customer"])
    return await people_behind(service, sought.put.asked, question, behind)


def _check(course: Course, asked: Asked) -> None:
    for field, steps in (("steps", course.steps), ("exclude", [course.exclude] if course.exclude else [])):
        unknown = [name for step in steps for name in step.names if name not in asked.stages]
        if unknown:
            raise malformed(field, f"{unknown[0]!r} is no stage of {asked.kept.model.name}")


def _rows(put: Put, course: Course, question: FunnelQuestion) -> pl.DataFrame:
    """What may belong to an attempt, with what filters and breakdown need of the touch."""
    asked, columns = put.asked, question.touch_columns
    if question.of == "stages":
        rows = relevant(asked.journeys.select("customer", *columns, name="stage", at="entered_at"), course, put.window)
        return selected(rows, put.filters).collect()
    rows = relevant(asked.named_events.select("customer", "stamp", "name", at="occurred_at"), course, put.window)
    return told_by(passing_by(rows, asked.stamps, put.filters).collect(), asked.stamps, columns)


def _sought(put: Put, course: Course, breakdown: Breakdown | None, question: FunnelQuestion) -> Sought:
    rows = _rows(put, course, question)
    tried = attempts(rows, course, put.window)
    found = Funnel(tried, course, put.asked.snapshot.as_of)
    if breakdown is None:
        return Sought(put, found, None, [])
    values = values_by_step(rows, tried, course, breakdown, question.credit)
    groups = breakdown.groups([each.filter(tried[f"row_{step}"].is_not_null()) for step, each in enumerate(values, start=1)])
    return Sought(put, found, groups, [groups.fold(each) for each in values])


def _answer(sought: Sought, question: FunnelAsked) -> dict[str, Any]:
    steps = partial(sought.funnel.steps, bars=question.distribution, curve=question.survival)
    answer: dict[str, Any] = {"steps": _named(steps(), sought, question)}
    if question.distribution:
        answer["bounds"] = BOUNDS
    if sought.groups:
        names = sought.groups.names
        answer["groups"] = [{"group": name, "steps": _named(steps(sought.values, name), sought, question)} for name in names]
    return answer


def _named(steps: Sequence[FunnelStep], sought: Sought, question: FunnelQuestion) -> list[dict[str, Any]]:
    """In any order step n is any n of the steps: it has no name."""
    names = [None if question.order == "any" else step.name for step in sought.funnel.course.steps]
    own, other = ("stage", "event") if question.of == "stages" else ("event", "stage")
    return [{"step": step["step"], own: name, other: None, **step} for step, name in zip(steps, names, strict=True)]
