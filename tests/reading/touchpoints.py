"""Touchpoints told customer by customer: whom touches of each value reached, and which entries they brought about."""

from collections.abc import Sequence
from typing import Any, NamedTuple

LOOK_BACK = 30 * 86_400


class Step(NamedTuple):
    """One event of a customer, `at` a second: a touch where it has a kind, and an entry where it has a stage; `campaign` is of both."""

    at: int
    kind: str | None = None
    machine: bool = False
    stage: str | None = None
    campaign: str | None = None


def tally(customers: Sequence[Sequence[Step]], by: str, window: tuple[int, int], values: Sequence[str | None] | None) -> dict[str, Any]:
    """What is told of some values together; None stands for all of them."""
    told: dict[str, Any] = {"touches": 0, "customers": set(), "machines": 0, "first": 0, "stages": {}}
    for number, steps in enumerate(customers):
        touches = [step for step in steps if step.kind is not None]
        persons = [touch for touch in touches if not touch.machine]
        for touch in touches:
            if holds(window, touch) and is_one(getattr(touch, by), values):
                told["machines" if touch.machine else "touches"] += 1
                told["first"] += touch is next(iter(persons), None)
                told["customers"] |= set() if touch.machine else {number}
        for place, step in enumerate(steps):
            if step.stage is not None and holds(window, step) and is_one(credited(steps[: place + 1], by), values):
                told["stages"].setdefault(step.stage, []).append(number)
    stages = [{"stage": stage, "entries": len(who), "customers": len({*who})} for stage, who in sorted(told["stages"].items())]
    return {**told, "customers": len(told["customers"]), "stages": stages}


def holds(window: tuple[int, int], step: Step) -> bool:
    return window[0] <= step.at < window[1]


def is_one(value: str | None, values: Sequence[str | None] | None) -> bool:
    return values is None or value in values


def credited(steps: Sequence[Step], by: str) -> str | None:
    """What an entry says of its touch: its campaign itself, and the kind of the latest touch before it, or with it, of 30 days."""
    if by == "campaign":
        return steps[-1].campaign
    before = [step for step in steps if step.kind is not None and not step.machine]
    return before[-1].kind if before and steps[-1].at - before[-1].at <= LOOK_BACK else None
