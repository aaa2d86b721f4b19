"""Published cases of identity resolution, told in our words.

In them a distinct id that is ever identified is a user_id, any other an anonymous_id; an alias is an alias.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from . import Sent

FOLDER = Path(os.environ.get("WAYSTAGE_ORACLES", Path(__file__).parents[2] / "../shared/oracles"))
ABSENT = f"no oracles in {FOLDER}; WAYSTAGE_ORACLES names their folder"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """Events a second apart, and the customers expected of them in raw values of identifiers.

    Each set of `expected` is one customer; no two values of a set of `separate` share one; those of `nobody` have none.
    """

    id: str
    events: list[Sent]
    expected: list[set[str]]
    separate: list[set[str]]
    nobody: set[str]


def identity_cases(start: datetime = START, *, trusted: bool = False) -> list[Case]:
    """The cases of identity/cases.json; OSError where the folder is absent."""
    cases = json.loads((FOLDER / "identity/cases.json").read_text(encoding="utf-8"))
    return [translated(case, start, trusted=trusted) for case in cases]


def blocked_values() -> set[str]:
    """The values of identity/blocked_values.txt; OSError where the folder is absent."""
    lines = (FOLDER / "identity/blocked_values.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("# ")}


def translated(case: dict[str, Any], start: datetime, *, trusted: bool) -> Case:
    told = [fields for step in case["given"] + case["calls"] for fields in step_events(step, identified(case))]
    events = [
        Sent(message_id=f"{case['id']}-{second}", occurred_at=start + timedelta(seconds=second), trusted=trusted, **fields)
        for second, fields in enumerate(told)
    ]
    expected = clusters(case)
    apart = {min(cluster) for cluster in expected}
    nobody = set() if expected else {call["user_id"] for call in case["calls"]}
    return Case(case["id"], events, expected, [apart] if len(apart) > 1 else [], nobody)


def identified(case: dict[str, Any]) -> set[str]:
    calls = {call["distinct_id"] for call in case["calls"] if call.get("event") == "$identify"}
    return calls.union(*(person["ids"] for person in case["given"] if person.get("is_identified")))


def step_events(step: dict[str, Any], users: set[str]) -> list[dict[str, Any]]:
    """The fields of the events that one step of a case stands for."""
    if step.get("event") == "$identify":
        return [{"type": "identify", "user_id": step["distinct_id"], "anonymous_id": step["anon"]}]
    if step.get("event") == "$create_alias":
        return [{"type": "alias", "user_id": step["distinct_id"], "previous_id": step["alias"]}]
    seen = {"type": "track", "name": "Seen"}
    if "user_id" in step:
        return [{**seen, "user_id": step["user_id"], "anonymous_id": step.get("device_id")}]
    email = step.get("props", {}).get("email")
    ids = step.get("ids") or step["create_person"]
    return [{**seen, "user_id" if each in users else "anonymous_id": each, "email": email} for each in ids]


def clusters(case: dict[str, Any]) -> list[set[str]]:
    expect = case["expect"]
    if "persons" in expect:
        return [set(person["ids"]) for person in expect["persons"]]
    people: dict[str, set[str]] = {}
    for call, person in zip(case["calls"], expect.get("event_person", ()), strict=False):
        people.setdefault(person, set()).update({call["device_id"], person.removeprefix("$device:")})
    return list(people.values()) or [set(cluster) for cluster in expect.get("clusters", ())]
