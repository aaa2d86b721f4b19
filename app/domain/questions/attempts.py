"""Attempts at a funnel: from each start how far a customer gets, and which of the attempts counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, combinations, compress, pairwise
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.domain.questions.steps import Step
from app.domain.windows import Malformed, Window

Order = Literal["ordered", "strict", "any"]
Places: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
OVERLAPS_MAX = 5
"""In any order, so many different steps may be filled by the same events: each subset of them is looked at."""

ROWS_AT_ONCE = 1_000_000
"""More rows than these are divided over threads."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Course:
    """What an attempt is: its steps, how long it may take from its first step (the last instant included), and what takes it back.

    `ordered`: one step after the other, anything may lie between. `strict`: nothing else may lie between. `any`: the steps in any order.
    """

    steps: Sequence[Step]
    within: timedelta
    order: Order = "ordered"
    exclude: Step | None = None


def relevant(rows: pl.DataFrame, course: Course, window: Window) -> pl.DataFrame:
    """The rows that may belong to an attempt whose start the window holds; `rows` has `name` and `at`, and keeps its order."""
    tests = [pl.col("at") <= pl.lit(window.to) + course.within]
    if window.from_ is not None:
        tests.append(pl.col("at") >= window.from_)
    if course.order != "strict":
        steps = [*course.steps, *([course.exclude] if course.exclude else [])]
        tests.append(pl.any_horizontal(_fills(rows["name"], steps)))
    return rows.lazy().filter(*tests).collect()


def attempts(rows: pl.DataFrame, course: Course, window: Window) -> pl.DataFrame:
    """Each customer's one attempt: the one that gets furthest, the earliest among equals.

    Args:
        rows: `customer`, `name` and `at` of everything that may fill a step; each customer's rows are together, in the customer's order.
        course: steps, order and exclusion. A row fills one step only. In `any` order n steps are reached by the first row at which n of
            the steps can be filled by different rows. An attempt is taken back, as if it had not been begun, where a row that
            `exclude` names and no step does lies after its start, within its time and before its last step (reached or not).
        window: holds the starts; rows after it count as well.

    Returns:
        `customer`, and for each step n from 1 `row_n` (the place in `rows`) and `at_n` (microseconds since 1970 UTC) of its arrival, null
        where the step was not reached.
    """
    parts = _parts(rows["customer"].to_numpy())
    with ThreadPoolExecutor(len(parts)) as threads:
        return pl.concat(threads.map(lambda part: _tried(rows, part, course, window), parts), rechunk=True)


def _parts(customers: Places) -> list[slice]:
    """The rows in parts of whole customers, as many as are worth a thread of their own."""
    cuts = np.arange(ROWS_AT_ONCE, len(customers), ROWS_AT_ONCE)
    begins = np.append(np.flatnonzero(changed(customers)), len(customers))
    edges = dict.fromkeys([0, *begins[np.searchsorted(begins, cuts)].tolist(), len(customers)])
    return [slice(*edge) for edge in pairwise(edges)] or [slice(0, 0)]


def _tried(rows: pl.DataFrame, part: slice, course: Course, window: Window) -> pl.DataFrame:
    told = _attempts(rows[part], course, window)
    return told.with_columns(pl.col("^row_.*$") + part.start)


def _attempts(rows: pl.DataFrame, course: Course, window: Window) -> pl.DataFrame:
    filled = _filled(rows, course.steps)
    begins = np.logical_or.reduce(filled) if course.order == "any" else filled[0]
    starts = np.flatnonzero(begins & rows.select(window.holds("at")).to_series().to_numpy())
    ways = _Ways(rows, starts, course.within)
    reached = _ARRIVALS[course.order](ways, filled)
    if course.exclude:
        (excluded,) = _filled(rows, [course.exclude])
        first = ways.first(excluded & ~np.logical_or.reduce(filled), starts)
        reached = reached[:, first >= reached[-1]]
    return _told(reached[:, ways.furthest(reached)], ways)


class _Ways:
    """From places in the rows to places further on, of attempts by their starts; `nowhere` comes after all places."""

    def __init__(self, rows: pl.DataFrame, starts: Places, within: timedelta) -> None:
        self.nowhere = rows.height
        self.starts = starts
        self._customer = rows["customer"].to_numpy()
        self._at = rows["at"].to_physical().to_numpy()
        begins = changed(self._customer)
        self._end = np.append(np.flatnonzero(begins), self.nowhere)[np.cumsum(begins, dtype=np.int32)[starts]]
        self._last = self._at[starts] + within // _MICROSECOND

    def first(self, fills: Flags, after: Places) -> Places:
        """The first row after each place that fills."""
        places, before = self._places(fills)
        found = np.full(len(after), self.nowhere)
        going = np.flatnonzero(after < self.nowhere)
        found[going] = self._in_time(places.take(before.take(after[going] + 1, mode="clip"), mode="clip"), going)
        return found

    def nth(self, fills: Flags, number: int) -> Places:
        """The row that fills as the so manieth, from 1, each start itself included."""
        places, before = self._places(fills)
        return self._in_time(places[np.minimum(before[self.starts] + (number - 1), len(places) - 1)])

    def next(self, fills: Flags, after: Places) -> Places:
        """The very next row, where it fills."""
        following = np.minimum(after + 1, self.nowhere - 1)
        return self._in_time(np.where(fills[following] & (following > after), following, self.nowhere))

    def whose(self, places: Places) -> Places:
        """The customers of places that are in the rows."""
        return self._customer[places]

    def instants(self, places: Places) -> Places:
        """Microseconds since 1970; of `nowhere` any."""
        return self._at.take(places, mode="clip")

    def furthest(self, reached: Places) -> Places:
        """Of each customer's attempts (one a column, in the order of their starts) the first of the furthest."""
        whose = self.whose(reached[0])
        runs = np.flatnonzero(changed(whose))
        numbers = np.arange(len(whose))
        score = (reached < self.nowhere).sum(axis=0) * (len(whose) + 1) - numbers
        best = np.maximum.reduceat(score, runs) if len(runs) else score
        return -best % (len(whose) + 1)

    def _places(self, fills: Flags) -> tuple[Places, NDArray[np.int32]]:
        """The rows that fill and `nowhere`; and before each row, `nowhere` and what comes after it, how many there are."""
        places = np.append(np.flatnonzero(fills), self.nowhere)
        before = np.zeros(self.nowhere + 2, dtype=np.int32)
        np.cumsum(fills, out=before[1:-1])
        before[-1] = len(places) - 1
        return places, before

    def _in_time(self, places: Places, attempts: Places | slice = slice(None)) -> Places:
        """Those of the attempts' places that are their customer's, and in time."""
        holds = places < self._end[attempts]
        holds &= self.instants(places) <= self._last[attempts]
        return np.where(holds, places, self.nowhere)


def changed(values: Places) -> Flags:
    """Which values differ from the one before."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _ordered(ways: _Ways, filled: Sequence[Flags]) -> Places:
    reached = [ways.starts]
    for fills in filled[1:]:
        reached.append(ways.first(fills, reached[-1]))
    return np.stack(reached)


def _strict(ways: _Ways, filled: Sequence[Flags]) -> Places:
    reached = [ways.starts]
    for fills in filled[1:]:
        reached.append(ways.next(fills, reached[-1]))
    return np.stack(reached)


def _any(ways: _Ways, filled: Sequence[Flags]) -> Places:
    """Steps that no row can fill both are counted apart: the n-th arrival of all is the n-th of theirs together."""
    return np.sort(np.stack([places for alike in _overlapping(filled) for places in _matched(ways, alike)]), axis=0)


_ARRIVALS = {"ordered": _ordered, "strict": _strict, "any": _any}


def _matched(ways: _Ways, filled: Sequence[Flags]) -> Iterator[Places]:
    """The rows at which 1, 2 ... of some steps can be filled by different rows.

    By Hall's theorem n of the steps can be filled where every part of the steps, so large that at most n - 1 lie outside it, is filled by
    as many rows as n lacks outside.
    """
    counted = _counted(filled)
    parts = chain.from_iterable(combinations(counted, size) for size in range(1, len(counted) + 1))
    sizes = [(np.logical_or.reduce([fills for fills, _ in part]), sum(times for _, times in part)) for part in parts]
    for number in range(1, len(filled) + 1):
        lacking = [(fills, number - len(filled) + size) for fills, size in sizes]
        yield np.maximum.reduce([ways.nth(fills, lacks) for fills, lacks in lacking if lacks > 0])


def _counted(filled: Sequence[Flags]) -> list[tuple[Flags, int]]:
    """Steps that are filled by the same rows, once, and how many they are."""
    alike = Counter(fills.tobytes() for fills in filled)
    return [(np.frombuffer(fills, dtype=np.bool_), times) for fills, times in alike.items()]


def _overlapping(filled: Sequence[Flags]) -> list[list[Flags]]:
    """The steps in parts, so that no row fills steps of two parts."""
    parts: list[list[Flags]] = []
    for fills in filled:
        apart = [not any((fills & other).any() for other in part) for part in parts]
        joined = chain.from_iterable(part for part, alone in zip(parts, apart, strict=True) if not alone)
        parts = [*compress(parts, apart), [*joined, fills]]
    if any(len(_counted(part)) > OVERLAPS_MAX for part in parts):
        raise Malformed("steps", f"in any order at most {OVERLAPS_MAX} different steps may be filled by the same events")
    return parts


def _filled(rows: pl.DataFrame, steps: Sequence[Step]) -> list[Flags]:
    """For each step, which of the rows fill it."""
    filled = rows.select(fills.alias(str(number)) for number, fills in enumerate(_fills(rows["name"], steps)))
    return [column.to_numpy() for column in filled.get_columns()]


def _fills(names: pl.Series, steps: Sequence[Step]) -> list[pl.Expr]:
    """For each step, whether a row's name fills it."""
    known = names.unique().cast(pl.String) if any(step.patterns for step in steps) else pl.Series(dtype=pl.String)
    filling = [step.among(known).cast(names.dtype, strict=False).drop_nulls() for step in steps]
    return [pl.col("name").is_in(some.implode()).fill_null(value=False) for some in filling]


def _told(reached: Places, ways: _Ways) -> pl.DataFrame:
    told = {"customer": ways.whose(reached[0])}
    for number, (places, instants) in enumerate(zip(reached, ways.instants(reached), strict=True), start=1):
        told |= {f"row_{number}": places, f"at_{number}": instants}
    steps = range(1, len(reached) + 1)
    return pl.DataFrame(told).with_columns(
        pl.when(pl.col(f"row_{number}") < ways.nowhere).then(pl.col(f"row_{number}", f"at_{number}")) for number in steps
    )
