"""Traits over time: which values a customer's traits had, since when, and by which event."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Identified:
    """What an identify event says: an object as JSON text. The instant is in UTC."""

    at: datetime
    message_id: str
    source: str
    traits: str


@dataclass
class TraitValue:
    """A value from the event that first gave it, up to the one that gave another; `until` None is up to now."""

    value: Any
    by: Identified
    until: datetime | None = None


def trait_history(identified: Iterable[Identified]) -> dict[str, list[TraitValue]]:
    """The values of each key, the first one first, of a customer's identify events in the customer's order.

    A value that is given again goes on. Keys are in the order in which they were first given.
    """
    history: dict[str, list[TraitValue]] = {}
    for event in identified:
        for key, value in json.loads(event.traits).items():
            values = history.setdefault(key, [])
            if values and _same(values[-1].value, value):
                continue
            if values:
                values[-1].until = event.at
            values.append(TraitValue(value, event))
    return history


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 and true are two values, the order of an object's keys is none."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
