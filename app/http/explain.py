"""Every verdict can be asked for its reason."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.domain.journeys.enrich import explain_channel
from app.http.access import reader
from app.http.examples import EXPLAIN_CHANNEL
from app.http.parameters import Parameters, Text

URL_LENGTH_MAX = 4_000
router = APIRouter(tags=["explain"], dependencies=[Depends(reader)])


class ChannelQuestion(Parameters):
    """What an event would say: as in `context.page`, a track's name, and `properties.touchpoint_channel`."""

    url: str | None = Field(default=None, max_length=URL_LENGTH_MAX, description="address of the page, with its query")
    referrer: str | None = Field(default=None, max_length=URL_LENGTH_MAX, description="address that led there")
    event: Text | None = Field(default=None, description="name of a track, as in Email Opened")
    touchpoint_channel: Text | None = Field(default=None, description="channel that the event itself names")


@router.get("/v1/explain/channel", responses=EXPLAIN_CHANNEL)
async def explain(question: Annotated[ChannelQuestion, Query()]) -> dict[str, Any]:
    """The channel of an event with this url and referrer, and the rule that named it."""
    return explain_channel(question.url, question.referrer, name=question.event, touchpoint_channel=question.touchpoint_channel)._asdict()
