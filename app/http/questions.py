"""What every question about stages may say, and what it is put to: frames, a window and filters of one snapshot."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import polars as pl
from pydantic import Field

from app.domain.questions.filters import Filters
from app.domain.questions.transitions import Mode
from app.domain.windows import Window, parse_window
from app.http import shapes
from app.http.parameters import Parameters, Text
from app.http.problems import malformed
from app.http.service import Service
from app.store.access import source_of
from app.store.resident import Asked, Need

DEFAULT_MODEL = "journey-5"
TRAITS_MAX = 10


Version = Annotated[int | None, Field(ge=1, lt=2**31, description="version of the model; not given: the active one")]
Traits = Annotated[list[Text], Field(max_length=TRAITS_MAX, description="customers with this trait, key:value, as in plan:pro")]


class Put(NamedTuple):
    """A question put to the resident frames: what it runs on, its window, and the filters that it names."""

    asked: Asked
    window: Window
    filters: Filters


class Question(Parameters):
    """What every question about stages may say: model, window [from, to) in a named time zone, and filters.

    Filters of the touch select entries; `trait`, which may come again, selects whole customers: values of one key are alternatives, and
    each key that is named must have one.
    """

    model: Text = Field(default=DEFAULT_MODEL, description="name of a stage model")
    version: Version = None
    from_: Text | None = Field(default=None, alias="from", description="instant or date; not given: unbounded")
    to: Text | None = Field(default=None, description="instant or date; not given: as_of")
    timezone: Text | None = Field(default=None, description="name of the time zone database; not given: UTC")
    channel: Text | None = Field(default=None, description="channel of the touch, as in paid_search")
    utm_source: Text | None = Field(default=None, description="source of the touch's campaign")
    utm_medium: Text | None = Field(default=None, description="medium of the touch's campaign")
    utm_campaign: Text | None = Field(default=None, description="name of the touch's campaign")
    utm_term: Text | None = Field(default=None, description="term of the touch's campaign")
    utm_content: Text | None = Field(default=None, description="content of the touch's campaign")
    device: Text | None = Field(default=None, description="device of the touch: desktop, mobile, tablet ...")
    country: Text | None = Field(default=None, description="country of the touch")
    source: Text | None = Field(default=None, description="name of a source")
    trait: Traits = Field(default=[])

    async def put(self, service: Service, *needs: Need, mode: Mode = "every", traits: tuple[str, ...] = ()) -> Put:
        """Put the question to the frames that it needs; `traits` are keys whose values it needs beside those of its filters."""
        wanted = trait_pairs(self.trait)
        source = await self._source(service)
        keys = tuple(dict.fromkeys([*(key for key, _ in wanted), *traits]))
        asked = await service.resident.ask(self.model, mode, needs, version=self.version, traits=keys)
        window = parse_window(self.from_, self.to, self.timezone, asked.snapshot.as_of)
        return Put(asked, window, self._filters(source, having(asked, wanted)))

    def head(self, put: Put, **said: Any) -> dict[str, Any]:
        """How every answer begins: model, version, what else the question said, window and as_of."""
        known = {"model": self.model, "version": put.asked.kept.version}
        return {**known, **said, **shapes.window(put.window, put.asked.snapshot.as_of)}

    def _filters(self, source: int | None, customers: pl.Series | None) -> Filters:
        campaign = (self.utm_source, self.utm_medium, self.utm_campaign, self.utm_term, self.utm_content)
        return Filters(self.channel, *campaign, self.device, self.country, source, customers)

    async def _source(self, service: Service) -> int | None:
        if self.source is None:
            return None
        async with service.pool.acquire() as connection:
            found = await source_of(connection, self.source)
        if found is None:
            raise malformed("source", f"no source is called {self.source}")
        return found.id


def check_stages(asked: Asked, **named: str | None) -> None:
    """Raises a problem for the first of the parameters that names no stage of the model; None and an empty text name nothing."""
    for field, stage in named.items():
        if stage and stage not in asked.stages:
            raise malformed(field, f"{stage!r} is no stage of {asked.kept.model.name}")


def trait_pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Keys and values of `trait` parameters; raises a problem where one is none."""
    return [_pair(text) for text in texts]


def _pair(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise malformed("trait", "is key:value, as in plan:pro")
    return key, value


def having(asked: Asked, wanted: list[tuple[str, str]]) -> pl.Series | None:
    """The customers that have, for each key, one of its values; None where no trait is asked for."""
    if not wanted:
        return None
    found: pl.Series | None = None
    for key in dict.fromkeys(key for key, _ in wanted):
        values = [value for other, value in wanted if other == key]
        having = asked.traits[key].filter(pl.col("value").is_in(values))["customer"]
        found = having if found is None else found.filter(found.is_in(having.implode()))
    return found
