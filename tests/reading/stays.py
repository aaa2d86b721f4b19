"""What customers did while in a stage, who stalls there, and after which touch journeys stop: told customer by customer."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple


class Stay(NamedTuple):
    """An entry: the stage, the place of its event, its instant in seconds, and the channel of its touch."""

    stage: str
    place: int
    at: float
    channel: str


class Act(NamedTuple):
    """A named event, or a touch with its kind as the name."""

    name: str
    place: int
    at: float
    rating: float | None = None
    machine: bool = False
    channel: str | None = None


class Life(NamedTuple):
    """A customer's stays, named events and touches, each in order."""

    stays: list[Stay]
    acts: list[Act]
    touches: list[Act]


Window = tuple[float | None, float]


def inside(at: float, window: Window) -> bool:
    return (window[0] is None or at >= window[0]) and at < window[1]


def stay_of(stays: Sequence[Stay], act: Act) -> Stay | None:
    """The stay that an event lies in: the last one begun by then, in the customer's order and in time."""
    begun = [stay for stay in stays if stay.place <= act.place and stay.at <= act.at]
    return begun[-1] if begun else None


def acted(lives: Sequence[Life], window: Window, channel: str | None) -> dict[tuple[str, str], tuple[int, int]]:
    """By stage and name, how many events and of how many customers, within stays whose touch has the channel."""
    found = [
        (stay.stage, act.name, number)
        for number, life in enumerate(lives)
        for act in life.acts
        if inside(act.at, window) and (stay := stay_of(life.stays, act)) and channel in (None, stay.channel)
    ]
    counts, people = Counter((stage, name) for stage, name, _ in found), Counter((stage, name) for stage, name, _ in {*found})
    return {pair: (count, people[pair]) for pair, count in counts.items()}


def touched(lives: Sequence[Life], window: Window) -> dict[tuple[str, str], int]:
    """By stage and kind, how many touches of persons."""
    pairs = ((stay_of(life.stays, touch), touch) for life in lives for touch in life.touches if not touch.machine)
    return dict(Counter((stay.stage, touch.name) for stay, touch in pairs if stay and inside(touch.at, window)))


def rated(lives: Sequence[Life], window: Window, stage: str) -> list[float]:
    rows = ((stay_of(life.stays, act), act) for life in lives for act in life.acts if inside(act.at, window))
    return sorted(act.rating for stay, act in rows if stay and stay.stage == stage and act.rating is not None)


def left_at(stays: Sequence[Stay]) -> list[tuple[Stay, float | None]]:
    return [*((stay, after.at) for stay, after in pairwise(stays)), *((stay, None) for stay in stays[-1:])]


def dwells(lives: Sequence[Life], stage: str, since: float, until: float) -> list[float]:
    """The spans of the exits from a stage in [since, until)."""
    spans = [(left, left - stay.at) for life in lives for stay, left in left_at(life.stays) if stay.stage == stage and left is not None]
    return [span for left, span in spans if since <= left < until]


def waiting(lives: Sequence[Life], stage: str, window: Window) -> dict[int, float]:
    """Who is in a stage at the window's end, entered within it, and for how long."""
    return {
        number: window[1] - stay.at
        for number, life in enumerate(lives)
        for stay, left in left_at(life.stays)
        if stay.stage == stage and inside(stay.at, window) and (left is None or left >= window[1])
    }


def stopped(lives: Sequence[Life], stalled: set[int], window: Window, quiet: float) -> dict[int, tuple[Act, str | None]]:
    """The last touch of each who is stalled or quiet, and the stage that they are in at the window's end."""
    ended: dict[int, tuple[Act, str | None]] = {}
    for number, life in enumerate(lives):
        last = max((act.at for act in life.acts if act.at < window[1]), default=None)
        before = [touch for touch in life.touches if touch.at < window[1] and not touch.machine]
        there = [stay.stage for stay, left in left_at(life.stays) if stay.at < window[1] and (left is None or left >= window[1])]
        gone = number in stalled or (last is not None and last < window[1] - quiet)
        if gone and before and inside(before[-1].at, window):
            ended[number] = before[-1], there[0] if there else None
    return ended


def stops(ended: dict[int, tuple[Act, str | None]], lives: Sequence[Life], window: Window) -> dict[str | None, dict[str, Any]]:
    """By channel, how many journeys stopped and how many touches there were, and where the journeys stopped."""
    occurring = Counter(touch.channel for life in lives for touch in life.touches if not touch.machine and inside(touch.at, window))
    return {
        channel: {
            "ends": sum(touch.channel == channel for touch, _ in ended.values()),
            "touches": touches,
            "stages": Counter(stage for touch, stage in ended.values() if touch.channel == channel),
        }
        for channel, touches in occurring.items()
    }
