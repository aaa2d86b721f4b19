"""Questions that can be broken down: by what the touch says, by source, or by a trait."""

import polars as pl
from pydantic import Field

from app.domain.questions.breakdowns import Breakdown
from app.domain.questions.filters import TOUCH_FILTERS
from app.http.parameters import Text
from app.http.problems import malformed
from app.http.questions import Put, Question
from app.http.service import Service
from app.store.access import source_names

TOP_MAX = 200
_TRAIT = "trait:"
_COLUMNS = {**{column: column for column in TOUCH_FILTERS}, "campaign": "utm_campaign"}


class BrokenDown(Question):
    """`breakdown` tells groups apart; `top` of them keep their names, all others are the group `other`, so that counts sum up."""

    breakdown: Text | None = Field(default=None, description=f"{', '.join(_COLUMNS)} or trait:KEY", examples=["channel"])
    top: int = Field(default=25, ge=1, le=TOP_MAX, description="groups that keep their names; the others are `other`")

    @property
    def trait_keys(self) -> tuple[str, ...]:
        """The traits whose values the breakdown needs; raises a problem where the breakdown is none."""
        key = (self.breakdown or "").removeprefix(_TRAIT)
        if self.breakdown is None or self.breakdown in _COLUMNS:
            return ()
        if key == self.breakdown or not key:
            raise malformed("breakdown", f"is one of {', '.join(_COLUMNS)} or trait:KEY")
        return (key,)

    @property
    def touch_columns(self) -> list[str]:
        """What filters and breakdown need of the touch."""
        return [column for column in TOUCH_FILTERS if getattr(self, column) is not None or column == _COLUMNS.get(self.breakdown or "")]

    async def broken_down(self, service: Service, put: Put) -> Breakdown | None:
        """What tells the groups apart; None where nothing was asked for."""
        if self.breakdown is None:
            return None
        if self.trait_keys:
            return Breakdown("customer", put.asked.traits[self.trait_keys[0]], self.top)
        column = _COLUMNS[self.breakdown]
        return Breakdown(column, await _names(service) if column == "source" else None, self.top)


async def _names(service: Service) -> pl.DataFrame:
    async with service.pool.acquire() as connection:
        names = await source_names(connection)
    return pl.DataFrame([*names.items()], schema={"source": pl.Int16, "value": pl.String}, orient="row")
