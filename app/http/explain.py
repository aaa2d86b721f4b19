"""Every verdict can be asked for its reason."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.domain.enrich import explain_channel
from app.http.access import reader
from app.http.examples import EXPLAIN_CHANNEL
from app.http.parameters import Parameters, Text

URL_LENGTH_MAX = 8_000
router = APIRouter(tags=["explain"], dependencies=[Depends(reader)])


class ChannelQuestion(Parameters):
    """What an event would say: as in `context.page`, a track's name, and `properties.touchpoint_channel`."""

    url: str | None = Field(default=None, max_length=URL_LENGTH_MAX)
    referrer: str | None = Field(default=None, max_length=URL_LENGTH_MAX)
    event: Text | None = None
    touchpoint_channel: Text | None = None


@router.get("/v1/explain/channel", responses=EXPLAIN_CHANNEL)
async def explain(question: Annotated[ChannelQuestion, Query()]) -> dict[str, Any]:
    """The channel of an event with this url and referrer, and the rule that named it."""
    return explain_channel(question.url, question.referrer, name=question.event, touchpoint_channel=question.touchpoint_channel)._asdict()
