"""Which ways customers travel: sequences of stages, touches or events."""

import asyncio
from typing import Annotated, Literal

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from app.domain.questions.filters import selected
from app.domain.questions.paths import at_step, on_other_paths, on_path, parse_path, paths, steps
from app.domain.questions.sequences import Reading, Sequences, sequences
from app.domain.questions.stamps import passing_by
from app.http.access import reader
from app.http.behind import Behind, people_behind
from app.http.examples_paths import PATHS
from app.http.examples_people import BEHIND
from app.http.parameters import Text, Texts
from app.http.problems import malformed
from app.http.questions import Put, Question, check_stages
from app.http.service import Service, service_of
from app.store.resident import Need

_NEEDS: dict[str, Need] = {"stages": "journeys", "touches": "touches", "events": "named_events"}
router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class PathsQuestion(Question):
    """Sequences of what, from where to where, and how much of them is told.

    Filters of the touch select entries and touches, and events by the customer's latest touch before them. With `end` alone sequences are
    read backwards from there.
    """

    of: Literal["stages", "touches", "events"] = Field(default="stages", description="what the steps are")
    by: Literal["channel", "utm_campaign", "kind"] | None = Field(
        default=None, description="what touches are called by; not given: channel"
    )
    start: Text | None = Field(default=None, min_length=1, description="begin at a customer's first step of this name in the window")
    end: Text | None = Field(default=None, min_length=1, description="end at a customer's last step of this name in the window")
    depth: int = Field(default=5, ge=1, le=20, description="steps that are read of a sequence")
    top: int = Field(default=50, ge=1, le=1_000, description="paths that are listed; the rest are told together")
    top_nodes: int = Field(default=20, ge=1, le=100, description="names that are listed of a step; the rest are `other`")
    collapse: bool | None = Field(default=None, description="whether a name that comes again at once is one step; not given: of touches")

    async def travelled(self, service: Service) -> tuple[Put, Sequences]:
        """What the question is put to, and the sequences that it is about."""
        put = await self.put(service, _NEEDS[self.of])
        if self.of == "stages":
            check_stages(put.asked, start=self.start, end=self.end)
        return put, await asyncio.to_thread(self._sequences, put)

    def _sequences(self, put: Put) -> Sequences:
        collapse = self.of == "touches" if self.collapse is None else self.collapse
        return sequences(self._steps(put), put.window, Reading(self.depth, self.start, self.end, collapse))

    def _steps(self, put: Put) -> pl.LazyFrame:
        """The steps that the filters select, each customer's in order, as `customer`, `name` and `at`."""
        asked, _, filters = put
        match self.of:
            case "stages":
                return selected(asked.journeys, filters).select("customer", name="stage", at="entered_at")
            case "touches":
                persons = selected(asked.touches, filters).filter(~pl.col("machine"))
                return persons.select("customer", name=self.by or "channel", at="touched_at")
            case "events":
                return passing_by(asked.named_events, asked.stamps, filters).select("customer", "name", at="occurred_at")


class PathPeopleQuestion(PathsQuestion, Behind):
    """Which of the customers: those of one path, of the paths that are not listed, or at a step; of all sequences where none is named."""

    path: Texts | None = Field(default=None, description=r"names parted by >; `\>` is one in a name", examples=["awareness>consideration"])
    other: bool = Field(default=False, description="the paths that are not listed")
    step: int | None = Field(default=None, ge=1, le=20, description="number of a step, from 1 at the anchor")
    name: Text | None = Field(default=None, description="name at the step; empty: none")
    next: Text | None = Field(default=None, description="name at the next step; empty: none")
    outcome: Literal["any", "exits", "more"] = Field(default="any", description="whose sequence ends there, or goes on beyond the depth")

    def behind(self, travelled: Sequences) -> pl.Series:
        runs, last = self._runs(travelled), pl.col("kept") if self.step is None else self.step
        ends = {"any": pl.lit(value=True), "exits": pl.col("length") == last, "more": (pl.col("length") > last) & (last == self.depth)}
        return runs.filter(ends[self.outcome])["customer"]

    def _runs(self, travelled: Sequences) -> pl.DataFrame:
        if sum((self.path is not None, self.other, self.step is not None)) > 1:
            raise malformed("path", "comes without other and step")
        if self.step is not None and self.step > self.depth:
            raise malformed("step", f"is 1 to {self.depth}, the depth")
        if self.step is None and (self.name is not None or self.next is not None):
            raise malformed("step", "is missing: a name stands at a step")
        if self.path is not None:
            return on_path(travelled, parse_path("path", self.path))
        if self.step is not None:
            return at_step(travelled, self.step, self.name, self.next, self.top_nodes)
        return on_other_paths(travelled, self.top) if self.other else travelled.runs


@router.get("/v1/paths", responses=PATHS)
async def ask_paths(request: Request, question: Annotated[PathsQuestion, Query()]) -> JSONResponse:
    """The sequences of stages, touches or events that most customers travel, and where they go on from each step; times are in seconds."""
    put, travelled = await question.travelled(service_of(request))
    listed, stepped = await asyncio.gather(
        asyncio.to_thread(paths, travelled, question.top), asyncio.to_thread(steps, travelled, question.top_nodes)
    )
    said = {"of": question.of, "start": question.start, "end": question.end, "depth": question.depth}
    return JSONResponse({**question.head(put, **said), **listed, "steps": stepped})


@router.get("/v1/paths/customers", responses=BEHIND)
async def ask_path_people(request: Request, question: Annotated[PathPeopleQuestion, Query()]) -> Response:
    """The people behind a number of /v1/paths, asked with the same parameters."""
    put, travelled = await question.travelled(service_of(request))
    return await people_behind(service_of(request), put.asked, question, await asyncio.to_thread(question.behind, travelled))
