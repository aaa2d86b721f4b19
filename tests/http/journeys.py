"""Journeys for questions of attribution: contacts by channel, then a conversion or none, as a server would send them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.service import Waystage

HOUR = timedelta(hours=1)


def contact(person: str, channel: str, at: datetime, **context: Any) -> dict[str, Any]:
    properties = {"touchpoint_channel": channel}
    return {"type": "track", "event": "Met", "userId": person, "timestamp": stamp(at), "properties": properties, "context": context}


def order(person: str, name: str, at: datetime, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": person, "timestamp": stamp(at), "properties": properties}


def travelled(person: str, path: Sequence[str], start: datetime, conversion: str | None, **properties: Any) -> Iterator[dict[str, Any]]:
    """Contacts an hour apart, and an hour after the last of them the conversion, where there is one."""
    for hours, channel in enumerate(path):
        yield contact(person, channel, start + hours * HOUR)
    if conversion is not None:
        yield order(person, conversion, start + len(path) * HOUR, **properties)


def tell(waystage: Waystage, events: list[dict[str, Any]]) -> None:
    answer = waystage.batch(events)
    assert answer["accepted"] == len(events), answer["rejected"]
    waystage.derived()


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
