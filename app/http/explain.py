"""Every verdict can be asked for its reason."""

from typing import Any

from fastapi import APIRouter, Depends

from app.domain.enrich import explain_channel
from app.http.access import reader
from app.http.examples import EXPLAIN_CHANNEL

router = APIRouter(tags=["explain"], dependencies=[Depends(reader)])


@router.get("/v1/explain/channel", responses=EXPLAIN_CHANNEL)
async def explain(
    url: str | None = None, referrer: str | None = None, event: str | None = None, touchpoint_channel: str | None = None
) -> dict[str, Any]:
    """The channel of an event with this url and referrer, and the rule that named it."""
    return explain_channel(url, referrer, name=event, touchpoint_channel=touchpoint_channel)._asdict()
