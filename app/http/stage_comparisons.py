"""Versions of a stage model compared: what changes for whom, and who that is."""

import asyncio
from typing import Annotated, Any, NamedTuple

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from app.domain.journeys.comparisons import Comparison, compare
from app.http import shapes
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.examples_people import BEHIND
from app.http.examples_stage_models import COMPARED
from app.http.parameters import Parameters, Text
from app.http.problems import malformed
from app.http.service import Service, service_of
from app.http.stage_models import ModelName
from app.store.people import read_roots
from app.store.resident import Asked
from app.store.stage_models import UnansweringVersionError

EXAMPLES_MAX = 100
NOWHERE = "none"
router = APIRouter(tags=["stage models"], dependencies=[Depends(reader)])


class Versions(Parameters):
    """The versions to compare."""

    from_: int = Field(alias="from", ge=1, lt=2**31, description="the one version")
    to: int = Field(ge=1, lt=2**31, description="the other version")


class CompareQuestion(Versions):
    """The versions to compare, and how many examples to give."""

    examples: int = Field(default=20, ge=0, le=EXAMPLES_MAX, description="customers to name, those first whose stage now differs")


class ComparedPeopleQuestion(Versions, Behind):
    """Who differs; `before` and `after` ask for those who are now in a stage by the one version and in another by the other."""

    before: Text | None = Field(default=None, description=f"the stage now by the one version; {NOWHERE} is no stage")
    after: Text | None = Field(default=None, description=f"the stage now by the other version; {NOWHERE} is no stage")


class _Compared(NamedTuple):
    asked: Asked
    found: Comparison


@router.get("/v1/stage-models/{name}/compare", responses=COMPARED)
async def compare_versions(name: ModelName, request: Request, question: Annotated[CompareQuestion, Query()]) -> dict[str, Any]:
    """Entries and customers of each stage by two versions, and how many customers are now in another stage, from which to which."""
    service = service_of(request)
    asked, found = await _compared(service, name, question)
    labels = {stage.name: stage.labels for stage in asked.kept.model.stages}
    return {
        "model": name,
        "from": question.from_,
        "to": question.to,
        "stages": [{**stage, "label": shapes.label(labels.get(stage["stage"], {}), stage["stage"])} for stage in found.stages],
        "customers": found.differing.height,
        "moved": found.moved,
        "examples": await _examples(service, found.differing, question.examples),
        "as_of": shapes.instant(asked.snapshot.as_of),
    }


@router.get("/v1/stage-models/{name}/compare/customers", responses=BEHIND)
async def compared_people(name: ModelName, request: Request, question: Annotated[ComparedPeopleQuestion, Query()]) -> Response:
    """The customers whose entries differ between two versions, with the stage that they are in by the other."""
    service = service_of(request)
    asked, found = await _compared(service, name, question)
    chosen = found.differing
    for column, stage in (("before", question.before), ("after", question.after)):
        if stage is not None:
            chosen = chosen.filter(pl.col(column).fill_null(NOWHERE) == stage)
    return await people_behind(service, asked, question, chosen["customer"])


async def _compared(service: Service, name: str, question: Versions) -> _Compared:
    try:
        one, other = await service.resident.ask_versions(name, question.from_, question.to)
    except UnansweringVersionError as error:
        raise malformed("from" if error.version == question.from_ else "to", str(error)) from error
    stages = [*dict.fromkeys([*other.stages, *one.stages])]
    return _Compared(other, await asyncio.to_thread(compare, one.journeys, other.journeys, stages))


async def _examples(service: Service, differing: pl.DataFrame, limit: int) -> list[dict[str, Any]]:
    elsewhere = pl.col("before").ne_missing(pl.col("after"))
    shown = differing.sort(elsewhere, descending=True, maintain_order=True).head(limit)
    async with service.pool.acquire() as connection:
        roots = await read_roots(connection, shown["customer"].to_list())
    return [
        {"id": ":".join(roots[customer]), "from": before, "to": after}
        for customer, before, after in shown.select("customer", "before", "after").iter_rows()
        if customer in roots
    ]
