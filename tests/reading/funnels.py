"""Funnels, read a second time: every start tried, every way on from it, one row after the other."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Row = tuple[str, float]
"""What a customer did, and when, in seconds."""


class Course(NamedTuple):
    """Each step is the names that fill it; `exclude` are names that take an attempt back."""

    steps: Sequence[set[str]]
    within: float
    order: str = "ordered"
    exclude: frozenset[str] = frozenset()


def attempt(rows: Sequence[Row], course: Course, window: tuple[float, float]) -> list[int] | None:
    """The places of the rows by which a customer's one attempt got on: the furthest, the earliest among equals."""
    first = set().union(*course.steps) if course.order == "any" else course.steps[0]
    starts = [place for place, (name, second) in enumerate(rows) if name in first and window[0] <= second < window[1]]
    tried = [way for start in starts if (way := onward(rows, start, course)) and not taken_back(rows, way, course)]
    return min(tried, key=lambda way: (-len(way), way[0]), default=None)


def onward(rows: Sequence[Row], start: int, course: Course) -> list[int]:
    last = rows[start][1] + course.within
    if course.order == "any":
        return in_any_order(rows, start, course, last)
    return min(ways(rows, start, course.steps, last, strict=course.order == "strict"), key=lambda way: (-len(way), way))


def ways(rows: Sequence[Row], place: int, steps: Sequence[set[str]], last: float, *, strict: bool) -> Iterator[list[int]]:
    """Every way from a row that fills the first of the steps through the others."""
    yield [place]
    for following in range(place + 1, min(place + 2, len(rows)) if strict else len(rows)):
        name, second = rows[following]
        if steps[1:] and name in steps[1] and second <= last:
            yield from ([place, *way] for way in ways(rows, following, steps[1:], last, strict=strict))


def in_any_order(rows: Sequence[Row], start: int, course: Course, last: float) -> list[int]:
    reached: list[int] = []
    for place in range(start, len(rows)):
        if rows[place][1] <= last and most_filled([name for name, _ in rows[start : place + 1]], course.steps) > len(reached):
            reached.append(place)
    return reached


def most_filled(names: Sequence[str], steps: Sequence[set[str]]) -> int:
    """The most steps that can be filled, each by a name of its own."""
    if not names or not steps:
        return 0
    without = most_filled(names[1:], steps)
    if without == len(steps):
        return without
    filled = [most_filled(names[1:], [*steps[:at], *steps[at + 1 :]]) for at, step in enumerate(steps) if names[0] in step]
    return max([without, *(1 + others for others in filled)])


def taken_back(rows: Sequence[Row], way: list[int], course: Course) -> bool:
    last = rows[way[0]][1] + course.within
    end = way[-1] if len(way) == len(course.steps) else len(rows)
    between = (rows[place] for place in range(way[0] + 1, end))
    return any(name in course.exclude and not any(name in step for step in course.steps) and second <= last for name, second in between)


def told(journeys: Sequence[Sequence[Row]], course: Course, window: tuple[float, float], as_of: float) -> list[dict[str, Any]]:
    """The counts of each step, the seconds that it took those who converted, and the share that had not after each of them."""
    taken = [[rows[place][1] for place in way] for rows in journeys if (way := attempt(rows, course, window))]
    answer = []
    for number in range(len(course.steps)):
        arrived = [way for way in taken if len(way) > number]
        stopped = [way for way in arrived if len(way) == number + 1 < len(course.steps)]
        still = sum(way[0] + course.within >= as_of for way in stopped)
        answer.append(
            {
                "step": number + 1,
                "reached": len(arrived),
                "converted": len(arrived) - len(stopped),
                "still_in_window": still,
                "dropped": len(stopped) - still,
                "times": sorted(way[number] - way[number - 1] for way in arrived) if number else [],
                "survival": curve(taken, number, course.within, as_of) if number else [],
            }
        )
    return answer


def curve(taken: Sequence[Sequence[float]], number: int, within: float, as_of: float) -> list[tuple[float, float, int]]:
    """Kaplan and Meier's estimate, of those that reached the step before."""
    observed = []
    for way in taken:
        if len(way) > number:
            observed.append((way[number] - way[number - 1], True))
        elif len(way) == number:
            observed.append((max(0.0, min(way[0] + within, as_of) - way[number - 1]), False))
    share, points = 1.0, [(0.0, 1.0, len(observed))] if observed else []
    for second in sorted({second for second, converted in observed if converted}):
        at_risk = sum(other >= second for other, _ in observed)
        share *= 1 - sum(other == second and converted for other, converted in observed) / at_risk
        points.append((second, share, at_risk))
    return points
