"""Ranked transitions answer as counted ones do, however many customers were replaced since."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from app.domain.questions.filters import EVERYTHING, Filters
from app.domain.questions.ranked import can_look_up, can_rank, rank, transitions_ranked
from app.domain.questions.transitions import Mode, Transitions, prepare, transitions
from app.domain.windows import Window
from tests.domain.test_transitions import STAGES, as_json, frame, histories, journey, modes, window, windows

OTHERS = [journey(customer, ("view", 1), ("cart", customer)) for customer in range(10, 40)]


def looked_up(entries: pl.DataFrame, within: Window, filters: Filters = EVERYTHING, mode: Mode = "every") -> Transitions:
    return transitions_ranked(rank(entries, STAGES, mode), STAGES, within, filters)


@settings(deadline=None, max_examples=150)
@given(histories, windows, modes)
def test_answers_as_counting_does(history: Any, within: Window, mode: Mode) -> None:
    entries = frame(*history)
    assert as_json(looked_up(entries, within, mode=mode)) == as_json(transitions(prepare(entries, mode), STAGES, within))


@settings(deadline=None, max_examples=100)
@given(histories, histories, windows, modes)
def test_customers_may_be_replaced(history: Any, later: Any, within: Window, mode: Mode) -> None:
    changed = list(range(len(later)))
    between, new = (rank(frame(*some), STAGES, mode) for some in (history[: len(later)], later))
    twice = rank(frame(*history, *OTHERS), STAGES, mode).replaced(changed, between).replaced(changed, new)
    whole = prepare(frame(*later, *history[len(later) :], *OTHERS), mode)
    assert as_json(transitions_ranked(twice, STAGES, within, EVERYTHING)) == as_json(transitions(whole, STAGES, within))


def test_all_is_sorted_anew_when_many_changed() -> None:
    ranked = rank(frame(*OTHERS), STAGES)
    few = ranked.replaced([10], rank(frame(OTHERS[0]), STAGES))
    many = few.replaced([other[0]["customer"] for other in OTHERS], rank(frame(*OTHERS), STAGES))
    assert [few.late.moved.height, many.late.moved.height] == [2, 0]
    assert many.most.moved.height == ranked.most.moved.height


def test_whole_customers_may_be_asked_for() -> None:
    entries = frame(journey(1, ("view", 0), ("cart", 10)), journey(2, ("view", 5), ("buy", 7), ("view", 9)))
    filters = Filters(customers=pl.Series([2], dtype=pl.Int64))
    assert can_look_up(filters)
    assert looked_up(entries, window(1, 100), filters) == transitions(prepare(entries), STAGES, window(1, 100), filters)


@pytest.mark.parametrize("filters", [Filters(channel="email"), Filters(source=1), Filters(utm_term="x")])
def test_a_filter_of_touches_cannot_be_looked_up(filters: Filters) -> None:
    assert not can_look_up(filters)


def test_models_with_very_many_stages_are_not_ranked() -> None:
    assert can_rank(STAGES)
    assert not can_rank([str(stage) for stage in range(50)])
