"""Funnels: the sentences of their rule one by one, and compared with a plain reading that tries every way through a journey."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import INSTANT
from app.domain.questions.attempts import Course, Order, attempts, relevant
from app.domain.questions.breakdowns import Breakdown
from app.domain.questions.funnel import Credit, Funnel, FunnelStep, values_by_step
from app.domain.questions.spans import BOUNDS
from app.domain.questions.steps import parse_steps
from app.domain.windows import Malformed, Window
from tests.reading import funnels

NAMES = ["view", "cart", "buy", "leave"]
START = datetime(2025, 3, 1, tzinfo=UTC)
EVER = Window(None, START + timedelta(days=365))
LATER = START + timedelta(days=400)
TYPES = [pl.String(), pl.Categorical(), pl.Enum(NAMES)]

Journey = list[tuple[str, float]]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def frame(*journeys: Journey, kind: pl.DataType | None = None) -> pl.DataFrame:
    """One customer a journey, from (name, seconds after the start)."""
    rows = [(customer, name, after(seconds)) for customer, visits in enumerate(journeys) for name, seconds in visits]
    made = pl.DataFrame(rows, schema={"customer": pl.Int64, "name": pl.String, "at": INSTANT}, orient="row")
    return made.cast({"name": kind or pl.String()})


def course(steps: str, within: float = 100, order: Order = "ordered", exclude: str | None = None) -> Course:
    excluded = parse_steps("exclude", exclude, patterns=True)[0] if exclude else None
    return Course(parse_steps("steps", steps, patterns=True), timedelta(seconds=within), order, excluded)


def sought(rows: pl.DataFrame, asked: Course, window: Window = EVER, as_of: datetime = LATER) -> Funnel:
    return Funnel(attempts(relevant(rows, asked, window), asked, window), asked, as_of)


def told(rows: pl.DataFrame, asked: Course, window: Window = EVER, as_of: datetime = LATER) -> list[FunnelStep]:
    return sought(rows, asked, window, as_of).steps(bars=False, curve=False)


def reached(rows: pl.DataFrame, steps: str, **said: Any) -> list[int]:
    return [step["reached"] for step in told(rows, course(steps, **said))]


@pytest.mark.parametrize("kind", TYPES)
def test_an_answer_in_full(kind: pl.DataType) -> None:
    rows = frame(
        [("view", 0), ("cart", 10), ("buy", 40)],
        [("view", 0), ("cart", 30)],
        [("view", 60), ("cart", 70)],
        [("view", 60)],
        [("cart", 0), ("buy", 5)],
        kind=kind,
    )
    counts = ("reached", "converted", "still_in_window", "dropped", "conversion")
    expected = [
        (1, (4, 3, 1, 0, 0.75), {"median": None, "p90": None, "mean": None}),
        (2, (3, 1, 1, 1, 1 / 3), {"median": 10, "p90": 26, "mean": 50 / 3}),
        (3, (1, 1, 0, 0, 1.0), {"median": 30, "p90": 30, "mean": 30}),
    ]
    assert told(rows, course("view,cart,buy"), as_of=after(130)) == [
        {"step": step, **dict(zip(counts, numbers, strict=True)), "time_to_convert": times} for step, numbers, times in expected
    ]


@pytest.mark.parametrize("as_of, still", [(99, 1), (100, 1), (100.000001, 0)])
def test_still_in_window_to_its_last_instant(as_of: float, still: int) -> None:
    (first, _) = told(frame([("view", 0)]), course("view,cart"), as_of=after(as_of))
    assert (first["still_in_window"], first["dropped"]) == (still, 1 - still)


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
@pytest.mark.parametrize("seconds, got", [(100, 1), (100.000001, 0)])
def test_a_window_includes_its_last_instant(seconds: float, got: int, order: Order) -> None:
    assert reached(frame([("view", 0), ("cart", seconds)]), "view,cart", order=order) == [1, got]


def test_the_window_is_measured_from_the_first_step() -> None:
    assert reached(frame([("view", 0), ("cart", 60), ("buy", 120)]), "view,cart,buy") == [1, 1, 0]


def test_starts_lie_in_the_window_asked_and_later_steps_may_lie_after_it() -> None:
    rows = frame([("view", 0), ("cart", 10)], [("view", 5), ("cart", 50)], [("view", 9), ("cart", 109)], [("view", 10), ("cart", 11)])
    assert [step["reached"] for step in told(rows, course("view,cart"), Window(after(5), after(10)))] == [2, 2]


def test_each_row_fills_one_step() -> None:
    rows = frame([("view", 0)], [("view", 0), ("cart", 1), ("view", 2)], [("view", 0), ("cart", 0), ("view", 0), ("cart", 0), ("view", 0)])
    assert reached(rows, "view,view,view") == [3, 2, 1]
    assert reached(rows, "view,view,view", order="any") == [3, 2, 1]
    assert reached(rows, "view,view", order="strict") == [3, 0]


def test_rows_of_one_instant_follow_each_other_as_they_stand() -> None:
    assert reached(frame([("view", 0), ("cart", 0)], [("cart", 0), ("view", 0)]), "view,cart") == [2, 1]


def test_others_may_lie_between_unless_it_is_strict() -> None:
    rows = frame([("view", 0), ("cart", 1), ("buy", 2)])
    assert reached(rows, "view,buy") == [1, 1]
    assert reached(rows, "view,buy", order="strict") == [1, 0]
    assert reached(rows, "view,cart,buy", order="strict") == [1, 1, 1]


def test_a_later_start_may_be_the_strict_one() -> None:
    assert reached(frame([("view", 0), ("leave", 1), ("view", 2), ("cart", 3)]), "view,cart", order="strict") == [1, 1]


def test_in_any_order_a_step_is_reached_by_whatever_fills_so_many() -> None:
    rows = frame([("buy", 0), ("view", 5), ("cart", 6)], [("cart", 0), ("cart", 1)], [("leave", 0)])
    assert reached(rows, "view,cart,buy", order="any") == [2, 1, 1]
    assert told(rows, course("view,cart,buy", order="any"))[1]["time_to_convert"]["median"] == 5


def test_in_any_order_no_row_stands_in_the_way_of_another() -> None:
    assert reached(frame([("view", 0), ("cart", 1)]), "view|cart,view", order="any") == [1, 1]


def test_too_many_overlapping_steps_in_any_order_are_refused() -> None:
    names = [f"{'x' * number}" for number in range(1, 8)]
    steps = ",".join("|".join(names[number:]) for number in range(6))
    with pytest.raises(Malformed, match="in any order"):
        reached(frame([(name, 0) for name in names]), steps, order="any")


def test_a_step_may_have_alternatives_and_patterns() -> None:
    rows = frame([("view", 0), ("cart", 1)], [("view", 0), ("buy", 1)], [("view", 0), ("leave", 1)])
    assert reached(rows, "view,cart|buy") == [3, 2]
    assert reached(rows, "view,?u*|cart") == [3, 2]


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_what_is_excluded_takes_an_attempt_back(order: Order) -> None:
    before, behind = [("leave", 0.0), ("view", 1.0), ("cart", 2.0)], [("view", 0.0), ("cart", 1.0), ("leave", 2.0)]
    between, never = [("view", 0.0), ("leave", 1.0), ("cart", 2.0)], [("view", 0.0), ("leave", 1.0)]
    too_late, again = [("view", 0.0), ("leave", 101.0)], [("view", 0.0), ("leave", 1.0), ("view", 2.0), ("cart", 3.0)]
    for journey, counts in ((before, [1, 1]), (behind, [1, 1]), (never, [0, 0]), (too_late, [1, 0]), (again, [1, 1])):
        assert reached(frame(journey), "view,cart", order=order, exclude="leave") == counts, journey
    assert reached(frame(between), "view,cart", order=order, exclude="leave") == ([1, 0] if order == "any" else [0, 0])


def test_what_fills_a_step_is_not_excluded() -> None:
    assert reached(frame([("view", 0), ("cart", 1), ("buy", 2)]), "view,cart,buy", exclude="*") == [1, 1, 1]


def test_a_customer_counts_by_the_start_that_gets_furthest() -> None:
    steps = told(frame([("view", 0), ("cart", 90), ("view", 95), ("cart", 130), ("buy", 190)]), course("view,cart,buy"))
    assert [step["reached"] for step in steps] == [1, 1, 1]
    assert [step["time_to_convert"]["median"] for step in steps] == [None, 35, 60]


def test_the_earliest_start_counts_among_equals() -> None:
    rows = frame([("view", 0), ("cart", 5), ("view", 20), ("cart", 21)])
    assert told(rows, course("view,cart"), as_of=after(110))[1]["time_to_convert"]["median"] == 5
    (_, cart, _) = told(rows, course("view,cart,buy"), as_of=after(110))
    assert (cart["still_in_window"], cart["dropped"]) == (0, 1)


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_no_step_follows_into_another_customer(order: Order) -> None:
    assert reached(frame([("view", 0)], [("cart", 1)]), "view,cart", order=order) == [2 if order == "any" else 1, 0]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_a_step_that_nobody_takes(kind: pl.DataType, order: Order) -> None:
    first, second = told(frame([("view", 0)], kind=kind), course("view,unheard of", order=order))
    assert (first["reached"], first["conversion"]) == (1, 0)
    assert (second["reached"], second["conversion"]) == (0, None)
    assert reached(frame(kind=kind), "view,cart", order=order, exclude="leave") == [0, 0]


def test_a_window_at_the_end_of_time_is_one() -> None:
    endless = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert [step["reached"] for step in told(frame([("view", 0), ("cart", 1)]), course("view,cart"), endless)] == [1, 1]


def test_a_histogram_counts_the_times() -> None:
    rows = frame(*([("view", 0.0), ("cart", seconds)] for seconds in (0, 0.5, 1, 1.5, 2, 99)))
    first, second = sought(rows, course("view,cart")).steps(bars=True, curve=False)
    assert sum(first["time_to_convert"]["histogram"]) == 0
    bars = second["time_to_convert"]["histogram"]
    assert (len(bars), bars[:3], bars[7]) == (len(BOUNDS) + 1, [2, 2, 1], 1)


GROUPED: list[list[tuple[str, float, str | None]]] = [
    [("view", 0.0, "ads"), ("cart", 1.0, "mail")],
    [("view", 0.0, "ads"), ("cart", 1.0, "ads")],
    [("view", 0.0, "mail"), ("cart", 1.0, None)],
    [("view", 0.0, "mail")],
]


@pytest.mark.parametrize(
    "credit, top, expected",
    [
        ("first", 25, {"ads": [2, 2], "mail": [2, 1]}),
        ("last", 25, {"ads": [1, 1], "mail": [2, 1], None: [1, 1]}),
        ("step", 25, {"ads": [2, 1], "mail": [2, 1], None: [0, 1]}),
        ("step", 1, {"ads": [2, 1], "other": [2, 2]}),
    ],
)
def test_groups_are_those_of_the_touch_that_is_credited(credit: Credit, top: int, expected: dict[str | None, list[int]]) -> None:
    rows = frame(*([(name, seconds) for name, seconds, _ in journey] for journey in GROUPED))
    rows = rows.with_columns(channel=pl.Series([row[2] for journey in GROUPED for row in journey], dtype=pl.Categorical))
    asked = course("view,cart")
    tried, breakdown = attempts(rows, asked, EVER), Breakdown("channel", top=top)
    values = values_by_step(rows, tried, asked, breakdown, credit)
    groups = breakdown.groups([each.filter(tried[f"row_{step}"].is_not_null()) for step, each in enumerate(values, start=1)])
    folded = [groups.fold(each) for each in values]
    found = {name: Funnel(tried, asked, LATER).steps(folded, name, bars=False, curve=True) for name in groups.names}
    assert {name: [step["reached"] for step in steps] for name, steps in found.items()} == expected


def percentile(values: Sequence[float], share: float) -> Any:
    if not values:
        return None
    rank = (len(values) - 1) * share
    low, *rest = values[int(rank) : int(rank) + 2]
    return pytest.approx(low + (rank - int(rank)) * (rest[0] - low if rest else 0))


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    seconds, visits = 0.0, []
    for name, gap in draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 0.5, 1, 3])), max_size=8)):
        seconds += gap
        visits.append((name, seconds))
    return visits


edges = st.integers(0, 24).map(lambda half: half / 2)
windows = st.tuples(edges, edges).filter(lambda edge: edge[0] < edge[1])
steps = st.lists(st.sets(st.sampled_from(NAMES), min_size=1, max_size=2), min_size=1, max_size=4)
courses = st.builds(
    funnels.Course,
    steps=steps,
    within=st.sampled_from([0.5, 1, 2, 4, 8]),
    order=st.sampled_from(["ordered", "strict", "any"]),
    exclude=st.sampled_from([frozenset[str](), frozenset({"leave"}), frozenset({"leave", "cart"})]),
)


@settings(deadline=None, max_examples=300)
@given(
    histories=st.lists(journeys(), max_size=5),
    course_read=courses,
    window=windows,
    as_of=edges,
    kind=st.sampled_from(TYPES),
)
def test_as_told_by_trying_every_way(
    *, histories: list[Journey], course_read: funnels.Course, window: tuple[float, float], as_of: float, kind: pl.DataType
) -> None:
    said = ",".join("|".join(sorted(step)) for step in course_read.steps)
    asked = course(said, course_read.within, course_read.order, "|".join(sorted(course_read.exclude)) or None)  # type: ignore[arg-type]
    found = sought(frame(*histories, kind=kind), asked, Window(after(window[0]), after(window[1])), after(as_of))
    for step, read in zip(found.steps(bars=False, curve=True), funnels.told(histories, course_read, window, as_of), strict=True):
        times, curve = read.pop("times"), read.pop("survival")
        assert {name: step[name] for name in read} == read  # type: ignore[literal-required]
        taken = step["time_to_convert"]
        assert (taken["median"], taken["p90"]) == (percentile(times, 0.5), percentile(times, 0.9))
        assert taken["mean"] == (pytest.approx(sum(times) / len(times)) if times else None)
        points = [(point["seconds"], point["share"], point["at_risk"]) for point in taken.get("survival", [])]
        assert points == [pytest.approx(point) for point in curve]
        for outcome in ("reached", "converted", "still_in_window", "dropped"):
            assert found.attempts.filter(found.behind(step["step"], outcome)).height == step[outcome]
