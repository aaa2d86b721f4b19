"""Credits: how one conversion, and its money, are divided over the touches before it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np

from app.domain.questions.look_back import Flags, Numbers
from app.domain.questions.markov import Shares

WHOLE = 10**12
"""A conversion in parts: weights are whole numbers of parts, so that they sum exactly."""
HALF_LIFE = timedelta(days=7)
NO_TOUCH = -1

_MINOR_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
_DIGITS = {currency: digits for digits, currencies in _MINOR_DIGITS.items() for currency in currencies.split()}


@dataclass(frozen=True)
class Paths:
    """The touches before each conversion, one conversion after the other: at least one row each, in the customer's order.

    `conversion` counts from 0 and rises; `touch` is the row of the touch, NO_TOUCH for a conversion without any; `name` is the code of what
    the touch is credited as; `age` is in microseconds; `direct` says whether the touch's channel is direct.
    """

    conversion: Numbers
    touch: Numbers
    name: Numbers
    age: Numbers
    direct: Flags

    @cached_property
    def starts(self) -> Numbers:
        """The first row of each conversion."""
        return np.flatnonzero(np.diff(self.conversion, prepend=-1))

    @cached_property
    def ends(self) -> Numbers:
        """The last row of each conversion."""
        return np.asarray(self.starts + self.counts - 1)

    @cached_property
    def counts(self) -> Numbers:
        """The rows of each conversion."""
        return np.diff(self.starts, append=len(self.conversion))

    @cached_property
    def length(self) -> Numbers:
        """The rows of each row's conversion."""
        return np.repeat(self.counts, self.counts)

    @cached_property
    def rank(self) -> Numbers:
        """Each row's place in its conversion, from 0."""
        return np.arange(len(self.conversion)) - np.repeat(self.starts, self.counts)

    @cached_property
    def last(self) -> Flags:
        """Whether a row is its conversion's last."""
        return np.asarray(self.rank == self.length - 1)

    def normal(self, weights: Shares) -> Shares:
        """Weights that sum to 1 over each conversion; those that sum to nothing count alike."""
        if not len(weights):
            return weights
        sums = np.repeat(np.add.reduceat(weights, self.starts), self.counts)
        return np.where(sums > 0, weights / np.where(sums > 0, sums, 1), 1 / self.length)


def _last_non_direct(paths: Paths) -> Shares:
    if not len(paths.rank):
        return np.zeros(0)
    latest = np.maximum.reduceat(np.where(paths.direct, -1, paths.rank), paths.starts)
    chosen = np.where(latest < 0, paths.counts - 1, latest)
    return np.asarray(paths.rank == np.repeat(chosen, paths.counts), dtype=np.float64)


def _position_based(paths: Paths) -> Shares:
    ends = (paths.rank == 0) | paths.last
    between = 0.2 / np.maximum(paths.length - 2, 1)
    return np.where(paths.length < 3, 1 / paths.length, np.where(ends, 0.4, between))


def _time_decay(paths: Paths) -> Shares:
    half_lives = paths.age / (HALF_LIFE / timedelta(microseconds=1))
    return paths.normal(np.exp2(np.repeat(half_lives[paths.last], paths.counts) - half_lives))


RULES: dict[str, Callable[[Paths], Shares]] = {
    "last_non_direct": _last_non_direct,
    "first": lambda paths: np.asarray(paths.rank == 0, dtype=np.float64),
    "last": lambda paths: np.asarray(paths.last, dtype=np.float64),
    "linear": lambda paths: 1 / paths.length,
    "position_based": _position_based,
    "time_decay": _time_decay,
}
"""Weights of the touches of each conversion that depend on that conversion alone, and sum to 1 over it."""


def parts(paths: Paths, weights: Shares) -> Numbers:
    """Weights as parts of WHOLE, rounded; what is left or too much, less than a part a touch, is the last touch's."""
    rounded = np.rint(weights * WHOLE).astype(np.int64)
    if len(rounded):
        rounded[paths.ends] += WHOLE - np.add.reduceat(rounded, paths.starts)
    return rounded


def money(paths: Paths, weights: Numbers, value: Numbers, minor: Numbers) -> Numbers:
    """The money of each conversion divided by parts, both in millionths: all shares but the last are whole minor units, and none is lost.

    The running sum over a conversion's touches is rounded to minor units, a half up, so each share is off by less than one; the last touch
    completes the value. `value` and `minor` (one minor unit) have a number for each conversion; the parts of each sum to WHOLE.
    """
    if not len(weights):
        return weights
    running = np.cumsum(weights) - paths.conversion * WHOLE
    unit = minor[paths.conversion]
    reached = np.floor((value / minor)[paths.conversion] * (running / WHOLE) + 0.5).astype(np.int64) * unit
    reached[paths.ends] = value
    shares = np.diff(reached, prepend=0)
    shares[paths.starts] = reached[paths.starts]
    return shares


def minor_unit(currency: str | None) -> int:
    """The smallest amount that is paid in a currency, in millionths: a hundredth where it is not known."""
    return int(10 ** (6 - _DIGITS.get(currency or "", 2)))
