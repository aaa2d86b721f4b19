"""What channels and kinds of touches are called, and which values occur: what a page offers to choose from."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from app.domain.journeys.channels import channels
from app.domain.journeys.touches import kinds
from app.domain.questions.values import most_frequent, of_events, of_touches, of_trait, of_trait_keys
from app.http.access import reader
from app.http.examples_touchpoints import CHANNELS, VALUES
from app.http.parameters import Parameters, Text
from app.http.problems import malformed
from app.http.questions import Put, Question
from app.http.service import service_of
from app.store.resident import Need

LIMIT_MAX = 1_000
OF_TOUCHES = ("channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "device", "country", "kind")
_EVENT, _KEYS, _TRAIT = "event", "trait", "trait:"
_LANGUAGES = ("en", "ru")
router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class ValuesQuestion(Question):
    """Which values: of persons' touches, names of events, or traits, which know no window and no filter but `trait`."""

    of: Text = Field(description=f"{', '.join(OF_TOUCHES)}, event, trait (its keys) or trait:KEY", examples=["utm_campaign"])
    q: Text = Field(default="", description="a part of the value, in any case")
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX, description="values that are listed")

    @property
    def trait_keys(self) -> tuple[str, ...]:
        """The trait whose values are asked for; raises a problem where `of` is nothing that has values."""
        key = self.of.removeprefix(_TRAIT)
        if self.of in (*OF_TOUCHES, _EVENT, _KEYS):
            return ()
        if key == self.of or not key:
            raise malformed("of", f"is one of {', '.join(OF_TOUCHES)}, event, trait or trait:KEY")
        return (key,)

    @property
    def needs(self) -> tuple[Need, ...]:
        """The frame to look in."""
        if self.of == _EVENT:
            return ("named_events",)
        return ("trait_keys",) if self.of == _KEYS else () if self.trait_keys else ("touches",)

    def occurring(self, put: Put) -> pl.DataFrame:
        asked, window, filters = put
        if self.of == _EVENT:
            return of_events(asked.named_events, asked.stamps, window, filters)
        if self.of == _KEYS:
            return of_trait_keys(asked.trait_keys, filters.customers)
        if self.trait_keys:
            return of_trait(asked.traits[self.trait_keys[0]], filters.customers)
        return of_touches(asked.touches, self.of, window, filters)


@router.get("/v1/channels", responses=CHANNELS)
async def ask_channels(_: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Every channel that the rules can name and every kind of touch, in order, with labels in English and Russian."""
    return {"channels": _called((one.name, one.labels) for one in channels()), "kinds": _called(kinds().items())}


@router.get("/v1/values", responses=VALUES)
async def ask_values(request: Request, question: Annotated[ValuesQuestion, Query()]) -> JSONResponse:
    """The values that occur, the most frequent first, with how often and with how many customers they do."""
    put = await question.put(service_of(request), *question.needs, traits=question.trait_keys)
    told = await asyncio.to_thread(lambda: most_frequent(question.occurring(put), question.q, question.limit))
    return JSONResponse({**question.head(put, of=question.of, q=question.q), **told})


def _called(named: Iterable[tuple[str, Mapping[str, str]]]) -> list[dict[str, Any]]:
    return [{"name": name, "labels": {language: labels[language] for language in _LANGUAGES}} for name, labels in named]
