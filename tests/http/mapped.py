"""People on a model of their own, whose map, stalls and last touches can be counted by hand."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.service import KEYS, Waystage, bearer, until

DAY = timedelta(days=1)
START = datetime(2004, 3, 1, tzinfo=UTC)
MODEL = f"map-{uuid.uuid4().hex[:12]}"
DOCUMENT = {
    "model": MODEL,
    "labels": {"en": "Map"},
    "stages": [
        {"stage": "look", "labels": {"en": "Looking"}, "target": {"conversion": 0.5, "days": 2, "rating": 8}, "enter": [{"event": "Look"}]},
        {"stage": "try", "target": {"conversion": 0.9}, "enter": [{"event": "Try"}]},
        {"stage": "buy", "enter": [{"event": "Buy"}]},
    ],
}
PEOPLE = {
    "ann": "Look 0, Read 0.5, Rate:9 0.6, Try 1, Read 2, Buy 4",
    "ben": "Look 0, Read 0.1, Read 0.2, Rate:6 0.3, Try 6, Look 7",
    "cid": "Look 0, Buy 1, Read 1.5, Look 3, Try 3.5",
    "dot": "Read 0, Look 5",
    "eve": "Try 0, Rate:3 1",
}
CHANNELS = {"ann": "email", "ben": "email", "cid": "social", "dot": "social", "eve": "chat_bot"}


def events_of(name: str, person: str) -> Iterator[dict[str, Any]]:
    for step in PEOPLE[person].split(", "):
        said, days = step.split()
        event, _, rating = said.partition(":")
        yield {
            "type": "track",
            "event": event,
            "userId": f"{name}-{person}",
            "timestamp": (START + float(days) * DAY).isoformat(),
            "properties": {"rating": float(rating)} if rating else {"touchpoint_channel": CHANNELS[person]} if days == "0" else {},
            "context": {"campaign": {"name": name}} if days == "0" else {},
        }


def identified(name: str, person: object) -> dict[str, Any]:
    return {"type": "identify", "userId": f"{name}-{person}", "traits": {"map": name}, "timestamp": START.isoformat()}


def mapped(waystage: Waystage) -> str:
    """The campaign and trait of the people of PEOPLE, and of nobody else, in the model MODEL."""
    name = f"m{uuid.uuid4().hex}"
    if MODEL not in active(waystage):
        answer = waystage.client.put(f"/v1/stage-models/{MODEL}", content=json.dumps(DOCUMENT), headers=bearer(KEYS.admin))
        assert answer.status_code == 202, answer.text
    traits = [identified(name, person) for person in PEOPLE]
    waystage.batch([*traits, *(event for person in PEOPLE for event in events_of(name, person))])
    waystage.derived()
    until(lambda: MODEL in active(waystage), "the model is active")
    return name


def active(waystage: Waystage) -> list[str]:
    return [model["model"] for model in waystage.ask("/v1/stages")["models"] if model["state"] == "active"]


def window(since: float, to: float) -> dict[str, str]:
    return {"from": (START + since * DAY).isoformat(), "to": (START + to * DAY).isoformat()}


def who(waystage: Waystage, path: str, name: str, **query: Any) -> list[str]:
    answer = waystage.ask(f"{path}/customers", model=MODEL, trait=f"map:{name}", **query)
    assert answer["total"] == len(answer["customers"])
    return [person["id"].removeprefix(f"user_id:{name}-") for person in answer["customers"]]
