"""Shapley values: what each name adds to the sets of names that journeys are made of."""

from math import factorial
from typing import NamedTuple

import numpy as np
import polars as pl

from app.domain.questions.look_back import Flags, Numbers
from app.domain.questions.markov import Sequences, Shares

NAMES_MAX = 62
"""A set of names is kept in the bits of one number."""
SETS_MAX = 4_096
NAMES_OF_ANY_SETS_MAX = 12
"""So many names make no more sets than SETS_MAX."""


class SetShares(NamedTuple):
    """Of each set of names that converted, as bits, each name's share in a conversion: a set's sum to 1, and may be negative."""

    sets: Numbers
    shares: Shares


def sets_of(journeys: Sequences) -> Numbers:
    """The set of names of each journey: bit n is set where the name with code n is in it."""
    starts = np.flatnonzero(np.diff(journeys.journey, prepend=-1) > 0)
    return np.bitwise_or.reduceat(np.left_shift(1, journeys.name), starts) if len(starts) else starts


def set_shares(sets_of_journeys: Numbers, converted: Flags, names: int) -> SetShares:
    """The Shapley value of each name within each set of names that converted, over the worth of that set.

    `sets_of_journeys` are those of `sets_of`. The worth of a set is the share of the journeys with exactly these names that converted, 0
    where there is no such journey.
    """
    worth = (
        pl.DataFrame({"set": sets_of_journeys, "converted": converted})
        .group_by("set")
        .agg(worth=pl.col("converted").mean())
        .filter(pl.col("worth") > 0)
        .sort("set")
    )
    sets, worths = worth["set"].to_numpy(), worth["worth"].to_numpy()
    members = (sets[:, None] >> np.arange(names) & 1).astype(np.float64)
    sizes = members.sum(axis=1).astype(np.int64)
    shares = np.array([_values(number, sets, worths, members, sizes) for number in range(len(sets))])
    return SetShares(sets, shares.reshape(len(sets), names) / worths[:, None])


def _values(number: int, sets: Numbers, worths: Shares, members: Shares, sizes: Numbers) -> Shares:
    """The Shapley values of one set's members, over its subsets that have a worth."""
    within = np.flatnonzero(sets & ~sets[number] == 0)
    gained, missed = _weights(int(sizes[number]))
    has = members[within]
    with_it = (worths[within] * gained[sizes[within]]) @ has
    without_it = (worths[within] * missed[sizes[within]]) @ (1 - has)
    return np.asarray((with_it - without_it) * members[number])


def _weights(size: int) -> tuple[Shares, Shares]:
    """By the size of a subset, how much its worth counts for a member that is in it, and against one that is not."""
    joining = [factorial(others) * factorial(size - others - 1) / factorial(size) for others in range(size)]
    return np.array([0.0, *joining]), np.array([*joining, 0.0])
