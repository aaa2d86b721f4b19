"""Markov chains of journeys: how many conversions a name (a channel, a campaign) takes away when it is removed."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.domain.questions.look_back import Flags, Numbers

Shares: TypeAlias = NDArray[np.float64]

STATES_MAX = 2_000
_START, _CONVERSION, _LOST = -3, -2, -1
_OUTSIDE = 3
"""States are numbered from 1; these are the ends of a journey."""


class Sequences(NamedTuple):
    """Journeys one after the other: the number of the journey and the code of the name of each touch, and which journeys converted.

    Every journey has a touch; the numbers of the journeys count from 0, the codes of the names too.
    """

    journey: Numbers
    name: Numbers
    converted: Flags


class _Chain(NamedTuple):
    """Probabilities over the states: to begin there, to go from one to another, to convert from there; the last name of each state."""

    begin: Shares
    onward: Shares
    convert: Shares
    name: Numbers


def names_max(order: int) -> int:
    """How many names a chain of that order can have within STATES_MAX states."""
    return max(names for names in range(1, STATES_MAX + 1) if sum(names**length for length in range(1, order + 1)) <= STATES_MAX)


class Removal(NamedTuple):
    """The probability that the chain converts, and for each name the share of it that is lost when every journey ends in front of the name.

    Without conversions all of them are 0.
    """

    conversion: float
    effects: Shares


def removal(journeys: Sequences, names: int, order: int) -> Removal:
    """The removal effects of names in the chain that the journeys make.

    A state is a journey's last touches, `order` of them, or all there are so far; that a state follows itself does not count.
    The chain goes from state to state as often as the journeys did, and ends with the conversion or without.
    """
    chain = _chain(*_steps(journeys, names, order), names)
    visits = np.linalg.inv(np.eye(len(chain.begin)) - chain.onward).astype(np.float64, copy=False)
    reached: Shares = chain.begin @ visits
    converting: Shares = visits @ chain.convert
    total = float(chain.begin @ converting)
    lost = np.array([_through(np.flatnonzero(chain.name == name), reached, visits, converting) for name in range(names)])
    return Removal(total, lost / (total or 1))


def _through(states: Numbers, reached: Shares, visits: Shares, converting: Shares) -> float:
    """The probability to convert after having been in one of the states."""
    return float(reached[states] @ np.linalg.solve(visits[np.ix_(states, states)], converting[states]))


def _steps(journeys: Sequences, names: int, order: int) -> tuple[Numbers, Numbers, Numbers]:
    """How often one state followed another: the states, those that follow, and the times."""
    first = np.diff(journeys.journey, prepend=-1) > 0
    states = _states(journeys.name, first, names, order)
    ends = np.where(journeys.converted[journeys.journey], _CONVERSION, _LOST)
    following = np.where(np.roll(first, -1), ends, np.roll(states, -1))
    before, after = np.append(states, np.full(first.sum(), _START)), np.append(following, states[first])
    numbers = (names + 1) ** order + _OUTSIDE
    times = np.bincount((before + _OUTSIDE) * numbers + after + _OUTSIDE, minlength=1)
    moves = np.flatnonzero(times)
    before, after = moves // numbers - _OUTSIDE, moves % numbers - _OUTSIDE
    moved = before != after
    return before[moved], after[moved], times[moves[moved]]


def _states(name: Numbers, first: Flags, names: int, order: int) -> Numbers:
    """The number of each touch's state: its last names as digits, the last of them lowest, 0 where the journey had not begun."""
    digit, state = name + 1, name + 1
    for place in range(1, order):
        digit = np.where(first, 0, np.roll(digit, 1))
        state = state + digit * (names + 1) ** place
    return state


def _chain(state: Numbers, following: Numbers, times: Numbers, names: int) -> _Chain:
    shares = times / np.bincount(state + _OUTSIDE, weights=times)[state + _OUTSIDE]
    states = np.unique(state[state > 0])
    row, column = np.searchsorted(states, state), np.searchsorted(states, following)
    begins, converts, goes = state == _START, following == _CONVERSION, (state > 0) & (following > 0)
    begin, convert, onward = np.zeros(len(states)), np.zeros(len(states)), np.zeros((len(states), len(states)))
    begin[column[begins]] = shares[begins]
    convert[row[converts]] = shares[converts]
    onward[row[goes], column[goes]] = shares[goes]
    return _Chain(begin, onward, convert, states % (names + 1) - 1)
