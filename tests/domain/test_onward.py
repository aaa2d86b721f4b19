"""Who went onward, looked up: the same as the funnel of the same two steps."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.frames import INSTANT
from app.domain.journeys.stages import preset
from app.domain.questions import attempts
from app.domain.questions.attempts import Course
from app.domain.questions.filters import Filters
from app.domain.questions.further import Further
from app.domain.questions.onward import NEVER, of_customers, onward
from app.domain.questions.steps import Step
from app.domain.windows import Window

START = datetime(2025, 1, 1, tzinfo=UTC)
MODEL = preset("journey-5")
NAMES = [stage.name for stage in MODEL.steps]
Entry = tuple[int, str, int]
MOVES = st.lists(st.tuples(st.integers(1, 4), st.sampled_from([*NAMES, "lapsed"]), st.integers(0, 12)), max_size=40)
WINDOWS = st.builds(
    lambda first, hours: Window(None if first is None else _at(first), _at((first or 0) + hours)),
    st.none() | st.integers(0, 40),
    st.integers(1, 40),
)


def _at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def _journeys(moves: list[Entry]) -> pl.DataFrame:
    """Each customer's entries, so many hours after the one before."""
    rows = pl.DataFrame(moves, schema={"customer": pl.Int64, "stage": pl.String, "hours": pl.Int64}, orient="row")
    at = pl.lit(START, INSTANT) + pl.duration(hours=pl.col("hours").cum_sum().over("customer"))
    return rows.with_columns(pl.col("stage").cast(pl.Categorical), entered_at=at).sort("customer", maintain_order=True)


def _further(journeys: pl.DataFrame, window: Window, within: int, as_of: int) -> Further:
    return Further(journeys, onward(journeys, NAMES), MODEL.steps, window, timedelta(hours=within), _at(as_of))


@given(MOVES, WINDOWS, st.integers(1, 30), st.integers(20, 80))
def test_counts_what_the_funnel_counts(moves: list[Entry], window: Window, within: int, as_of: int) -> None:
    further = _further(_journeys(moves), window, within, as_of)
    assert [*further.conversions] == NAMES[:-1]
    for stage in MODEL.steps[:-1]:
        funnel = further.funnel(stage)
        assert funnel is not None
        first, second = funnel.steps(bars=False, curve=False)
        told = further.conversions[stage.name]
        for name in ("reached", "converted", "still_in_window", "dropped", "conversion"):
            assert told[name] == first[name], (stage.name, name)
        assert told["time_to_convert"] == pytest.approx(second["time_to_convert"])


def test_knows_how_long_until_a_stage_beyond() -> None:
    moves = [(1, "awareness", 0), (1, "awareness", 1), (1, "purchase", 2), (1, "decision", 3), (2, "decision", 0), (2, "lapsed", 9)]
    took = [part["took"].to_list() for part in onward(_journeys(moves), NAMES)]
    hour = 3_600_000_000
    assert took == [[3 * hour, 2 * hour], [], [NEVER, NEVER], [NEVER]]


def test_is_filtered_by_whole_customers() -> None:
    journeys = _journeys([(1, "awareness", 0), (2, "awareness", 0), (2, "purchase", 1)])
    (awareness, *_) = of_customers(onward(journeys, NAMES), Filters(customers=pl.Series([2])))
    assert awareness["customer"].to_list() == [2]


@given(MOVES, WINDOWS, st.sampled_from(["ordered", "strict", "any"]))
def test_parts_of_customers_make_the_whole(moves: list[Entry], window: Window, order: attempts.Order) -> None:
    rows = _journeys(moves).select("customer", name="stage", at="entered_at")
    course = Course([Step(name, (name,)) for name in NAMES[:3]], timedelta(hours=20), order)
    whole = attempts.attempts(rows, course, window)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts, "ROWS_AT_ONCE", 3)
        assert attempts.attempts(rows, course, window).equals(whole)
