"""The rules of attribution read a second time: one journey after the other, fractions, and every order in which names can join.

Nothing of the product is imported here. A customer is a list of steps in the customer's order; instants are whole seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from math import fsum
from typing import NamedTuple

WEEK = 7 * 86_400
ROUNDS_MAX = 100_000
NEAR = 1e-15
START, CONVERSION, LOST = ("start",), ("conversion",), ("lost",)


@dataclass(frozen=True)
class Step:
    """One event: a touch where it has a channel, a conversion where it says so, with money in millionths."""

    at: int
    channel: str | None = None
    machine: bool = False
    converts: bool = False
    value: int | None = None
    currency: str | None = None


class Path(NamedTuple):
    """The touches that lead to a conversion, or to none."""

    touches: list[Step]
    conversion: Step | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(touch.channel or "" for touch in self.touches)


class Asked(NamedTuple):
    """Which journeys are asked about: conversions from one second up to another, touches so many seconds old."""

    from_: int
    to: int
    look_back: int
    reset: bool = False


def paths(histories: Sequence[Sequence[Step]], asked: Asked) -> list[Path]:
    """All journeys of all customers: those that converted first, customer by customer, then those that did not."""
    converted = [path for steps in histories for path in _converted(steps, asked)]
    return converted + [path for steps in histories if (path := _lost(steps, asked)).touches]


def _converted(steps: Sequence[Step], asked: Asked) -> list[Path]:
    found, previous = [], -1
    for place, step in enumerate(steps):
        if not step.converts:
            continue
        earlier = [touch for number, touch in enumerate(steps[: place + 1]) if number > previous or not asked.reset]
        if asked.from_ <= step.at < asked.to:
            found.append(Path([touch for touch in earlier if _counts(touch) and step.at - touch.at <= asked.look_back], step))
        previous = place
    return found


def _lost(steps: Sequence[Step], asked: Asked) -> Path:
    last = max((place for place, step in enumerate(steps) if step.converts and asked.from_ <= step.at < asked.to), default=-1)
    return Path([step for step in steps[last + 1 :] if _counts(step) and asked.from_ <= step.at < asked.to], None)


def _counts(step: Step) -> bool:
    return step.channel is not None and not step.machine


def weights(model: str, path: Path) -> list[Fraction | float]:
    """What each touch of a path is worth under a rule that looks at this path alone."""
    count = len(path.touches)
    only = {"first": 0, "last": count - 1, "last_non_direct": _last_non_direct(path)}
    if model in only:
        return [Fraction(number == only[model]) for number in range(count)]
    if model == "linear":
        return [Fraction(1, count)] * count
    if model == "position_based":
        return _position_based(count)
    assert path.conversion is not None
    decayed = [2.0 ** (-(path.conversion.at - touch.at) / WEEK) for touch in path.touches]
    return [one / fsum(decayed) for one in decayed]


def _last_non_direct(path: Path) -> int:
    others = [number for number, name in enumerate(path.names) if name != "direct"]
    return others[-1] if others else len(path.touches) - 1


def _position_based(count: int) -> list[Fraction | float]:
    if count == 1:
        return [Fraction(1)]
    if count == 2:
        return [Fraction(1, 2)] * 2
    return [Fraction(2, 5), *[Fraction(1, 5) / (count - 2)] * (count - 2), Fraction(2, 5)]


def removal_effects(journeys: Sequence[Path], order: int) -> dict[str, float]:
    """How much less often the chain converts when whoever comes to a name is lost, by letting it run until hardly anybody is on the way."""
    chain: defaultdict[tuple[str, ...], Counter[tuple[str, ...]]] = defaultdict(Counter)
    for journey in journeys:
        if journey.touches:
            states = [START, *(journey.names[max(0, end - order) : end] for end in range(1, len(journey.touches) + 1))]
            ends = [*states[1:], CONVERSION if journey.conversion else LOST]
            for state, following in zip(states, ends, strict=True):
                chain[state][following] += 1
    names = {name for journey in journeys for name in journey.names}
    whole = _conversion(chain, None)
    return {name: 1 - _conversion(chain, name) / whole if whole else 0 for name in names}


def _conversion(chain: defaultdict[tuple[str, ...], Counter[tuple[str, ...]]], removed: str | None) -> float:
    there: dict[tuple[str, ...], float] = {START: 1.0}
    converted = 0.0
    for _ in range(ROUNDS_MAX):
        onward: defaultdict[tuple[str, ...], float] = defaultdict(float)
        for state, share in there.items():
            for following, times in chain[state].items():
                moved = share * times / chain[state].total()
                if following == CONVERSION:
                    converted += moved
                elif following != LOST and following[-1] != removed:
                    onward[following] += moved
        there = onward
        if fsum(there.values()) < NEAR:
            break
    return converted


def shapley(journeys: Sequence[Path], path: Path) -> dict[str, float]:
    """The share of each name in one path's conversion: what it adds, on average over every order in which the path's names can join."""
    converted: Counter[frozenset[str]] = Counter()
    seen: Counter[frozenset[str]] = Counter()
    for journey in journeys:
        seen[frozenset(journey.names)] += 1
        converted[frozenset(journey.names)] += journey.conversion is not None
    worth = {names: converted[names] / seen[names] for names in seen if names}
    members = sorted({*path.names})
    orders = [*permutations(members)]
    added: Counter[str] = Counter()
    for joined in orders:
        for number, name in enumerate(joined):
            added[name] += worth.get(frozenset(joined[: number + 1]), 0) - worth.get(frozenset(joined[:number]), 0)  # type: ignore[assignment]
    return {name: added[name] / len(orders) / worth[frozenset(members)] for name in members}
