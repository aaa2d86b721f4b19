"""Which touches stand before an instant of a customer: spans of rows of a frame, found by halving."""

from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.domain.frames import INSTANT
from app.domain.windows import Window

Numbers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

ABSENT = -1
_MICROSECOND = timedelta(microseconds=1)


class Spans(NamedTuple):
    """Rows [first, end) of a frame of touches, one span each journey; a span may be empty."""

    first: Numbers
    end: Numbers

    @property
    def lengths(self) -> Numbers:
        return self.end - self.first

    def where(self, kept: Flags) -> "Spans":
        return Spans(self.first[kept], self.end[kept])

    def at(self, numbers: Numbers) -> "Spans":
        """The spans with these numbers; an empty one for ABSENT."""
        return Spans(*(np.where(numbers == ABSENT, 0, np.append(edges, 0)[numbers]) for edges in self))


class Customers:
    """Whose rows of a frame of touches are whose: columns customer, position and touched_at; each customer's rows together, by position."""

    def __init__(self, touches: pl.DataFrame) -> None:
        self.positions, self.times = numbers(touches["position"]), numbers(touches["touched_at"])
        changes = touches.select(pl.col("customer").ne_missing(pl.col("customer").shift())).to_series()
        self.spans = _runs(changes.to_numpy())
        self.customers = touches["customer"].gather(self.spans.first)
        self._order = np.argsort(self.customers.to_numpy(), kind="stable")
        self._ordered = self.customers.to_numpy()[self._order]

    @property
    def height(self) -> int:
        return len(self.positions)

    def find(self, customers: pl.Series) -> Numbers:
        """The number of each customer's span, ABSENT where there is none."""
        sought, known = customers.to_numpy(), np.append(self._ordered, ABSENT)
        place = np.searchsorted(self._ordered, sought)
        return np.where(known[place] == sought, np.append(self._order, ABSENT)[place], ABSENT)


def before(conversions: pl.DataFrame, touched: Customers, look_back: timedelta, *, reset: bool) -> Spans:
    """The rows of the touches that stand before each conversion, or are it, and are at most `look_back` old, that age included.

    `conversions` has the columns customer, place, previous_place (null: none) and converted_at. With `reset` touches up to the customer's
    conversion before this one are left out.
    """
    spans = touched.spans.at(touched.find(conversions["customer"]))
    spans = Spans(spans.first, first_from(touched.positions, spans, numbers(conversions["place"]) + 1))
    first = first_from(touched.times, spans, numbers(conversions["converted_at"]) - look_back // _MICROSECOND)
    if reset:
        first = np.maximum(first, first_from(touched.positions, spans, numbers(conversions["previous_place"].fill_null(-1)) + 1))
    return Spans(first, spans.end)


def left_over(touched: Customers, conversions: pl.DataFrame, window: Window) -> Spans:
    """Each customer's touches in the window that come after the last of their conversions, or all of them; none is no journey."""
    spans, last = touched.spans, np.full(len(touched.spans.first), -1)
    found = touched.find(conversions["customer"])
    np.maximum.at(last, found[found != ABSENT], numbers(conversions["place"])[found != ABSENT])
    gone = touched.positions <= np.repeat(last, spans.lengths)
    if window.from_ is not None:
        gone |= touched.times < _microseconds(window.from_)
    ends = _counted(touched.times < _microseconds(window.to), spans)
    left = Spans(spans.first + np.minimum(_counted(gone, spans), ends), spans.first + ends)
    return left.where(left.lengths > 0)


def first_from(values: Numbers, spans: Spans, limits: Numbers) -> Numbers:
    """The first row of each span whose value is at least the span's limit, else its end; the values rise over a span."""
    low, high = spans.first.copy(), spans.end.copy()
    while (searching := low < high).any():
        middle = (low + high) >> 1
        below = searching & (values[np.minimum(middle, len(values) - 1)] < limits)
        low = np.where(below, middle + 1, low)
        high = np.where(searching & ~below, middle, high)
    return low


def pairs(spans: Spans) -> tuple[Numbers, Numbers]:
    """The spans' rows one after the other: the number of the span, and the row."""
    lengths = spans.lengths
    starts = np.cumsum(lengths) - lengths
    return np.repeat(np.arange(len(lengths)), lengths), np.arange(lengths.sum()) + np.repeat(spans.first - starts, lengths)


def covered(height: int, *several: Spans) -> Flags:
    """Which of so many rows lie in any of the spans."""
    steps = np.zeros(height + 1, dtype=np.int64)
    for spans in several:
        filled = spans.where(spans.lengths > 0)
        np.add.at(steps, filled.first, 1)
        np.add.at(steps, filled.end, -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def numbers(values: pl.Series) -> Numbers:
    """Whole numbers, or instants as microseconds since 1970."""
    return values.cast(pl.Int64).to_numpy()


def _counted(flags: Flags, spans: Spans) -> Numbers:
    """How many rows of each span have the flag."""
    before = np.append(0, np.cumsum(flags))
    return np.asarray(before[spans.end] - before[spans.first])


def _runs(changes: Flags) -> Spans:
    first = np.flatnonzero(changes)
    return Spans(first, np.append(first[1:], len(changes))[: len(first)])


def _microseconds(instant: datetime) -> int:
    return int(numbers(pl.Series([instant], dtype=INSTANT))[0])
