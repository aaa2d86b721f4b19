"""How much of what browsers sent did not arrive."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from app.domain.windows import parse_window
from app.http import shapes
from app.http.access import reader
from app.http.examples import LOSSES
from app.http.parameters import Parameters, Text
from app.http.service import service_of
from app.store.journeys import snapshot
from app.store.losses import Loss, read_losses

router = APIRouter(tags=["questions"], dependencies=[Depends(reader)])


class LossesQuestion(Parameters):
    """Which events count: those received in [from, to)."""

    from_: Text | None = Field(default=None, alias="from", description="instant or date; not given: unbounded")
    to: Text | None = Field(default=None, description="instant or date; not given: as_of")
    timezone: Text | None = Field(default=None, description="name of the time zone database; not given: UTC")


@router.get("/v1/losses", responses=LOSSES)
async def losses(request: Request, question: Annotated[LossesQuestion, Query()]) -> dict[str, Any]:
    """For each source: events received with a browser's number, numbers that are missing between them, and the share of those."""
    async with service_of(request).pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        as_of = (await snapshot(connection)).as_of
        window = parse_window(question.from_, question.to, question.timezone, as_of)
        found = await read_losses(connection, window)
    return {**shapes.window(window, as_of), "sources": [_loss(loss) for loss in found]}


def _loss(loss: Loss) -> dict[str, Any]:
    received, gaps = loss.received, int(loss.gaps)
    share = gaps / (received + gaps) if received else None
    return {"source": loss.source, "received": received, "gaps": gaps, "dropped": int(loss.dropped), "loss": share}
