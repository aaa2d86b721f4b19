"""How much of what browsers sent did not arrive."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from app.domain.windows import Window, parse_window
from app.http import shapes
from app.http.access import reader
from app.http.examples import LOSSES
from app.http.parameters import Parameters, Text
from app.http.service import service_of
from app.store.journeys import snapshot
from app.store.losses import Loss, read_losses

LOOKED_BACK = timedelta(days=7)
FIRST = datetime.min.replace(tzinfo=UTC)
router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class LossesQuestion(Parameters):
    """Which events count: those received in [from, to)."""

    from_: Text | None = Field(default=None, alias="from", description="instant or date; not given: seven days before `to`")
    to: Text | None = Field(default=None, description="instant or date; not given: as_of")
    timezone: Text | None = Field(default=None, description="name of the time zone database; not given: UTC")

    def window(self, as_of: datetime) -> Window:
        window = parse_window(self.from_, self.to, self.timezone, as_of)
        return replace(window, from_=window.from_ or window.to - min(LOOKED_BACK, window.to - FIRST))


@router.get("/v1/losses", responses=LOSSES)
async def losses(request: Request, question: Annotated[LossesQuestion, Query()]) -> dict[str, Any]:
    """For each source: events received with a browser's number, numbers that are missing between them, and the share of those."""
    async with service_of(request).pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        as_of = (await snapshot(connection)).as_of
        window = question.window(as_of)
        found = await read_losses(connection, window)
    return {**shapes.window(window, as_of), "sources": [_loss(loss) for loss in found]}


def _loss(loss: Loss) -> dict[str, Any]:
    received, gaps = loss.received, int(loss.gaps)
    share = gaps / (received + gaps) if received else None
    return {"source": loss.source, "received": received, "gaps": gaps, "dropped": int(loss.dropped), "loss": share}
