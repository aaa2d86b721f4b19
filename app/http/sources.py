"""The sources that people came through, and whether each is heard of as usual."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.domain.arriving.hearing import Span, verdict
from app.http import shapes
from app.http.access import reader
from app.http.examples import SOURCES
from app.http.parameters import Parameters
from app.http.service import service_of
from app.store.sources import SourceHeard, read_heard

MINUTES = {"hour": 60, "day": 1440}
router = APIRouter(tags=["people"], dependencies=[Depends(reader)])


@router.get("/v1/sources", responses=SOURCES)
async def sources(request: Request, _: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Sources with their last event, what was stored in the last hour and day beside a week before, and whether that is as usual.

    A rate is events a minute, `silence` is seconds since the last event, `expected` how many events are usual in such a time.
    """
    async with service_of(request).pool.acquire() as connection:
        return {"sources": [_source(source) for source in await read_heard(connection)]}


def _source(source: SourceHeard) -> dict[str, Any]:
    heard = source.heard
    return {
        "name": source.source,
        "kind": source.kind,
        "last_event_at": shapes.instant(heard.last_event_at),
        "events_24h": heard.day.events,
        "failed_24h": source.failed,
        "hour": _span(heard.hour, MINUTES["hour"]),
        "day": _span(heard.day, MINUTES["day"]),
        "silence": shapes.seconds_of(heard.silence),
        "expected": heard.expected,
        **verdict(heard)._asdict(),
    }


def _span(span: Span, minutes: int) -> dict[str, Any]:
    return {
        "events": span.events,
        "rate": span.events / minutes,
        "events_before": span.before,
        "rate_before": span.before / minutes,
        "change": span.events / span.before if span.before else None,
    }
