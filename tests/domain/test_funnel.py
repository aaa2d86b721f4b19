"""Funnels: the sentences of their rule one by one, and compared with trying every way through a journey."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import INSTANT
from app.domain.funnel import Step, funnel
from app.domain.windows import Window

STAGES = ["view", "cart", "buy"]
START = datetime(2025, 3, 1, tzinfo=UTC)
EVER = Window(None, START + timedelta(days=365))
LATER = START + timedelta(days=400)
TYPES = [pl.String(), pl.Categorical(), pl.Enum(STAGES)]

Journey = list[tuple[str, float]]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def frame(*journeys: Journey, stage: pl.DataType | None = None) -> pl.DataFrame:
    """Entries of one customer a journey, from (stage, seconds after the start)."""
    rows = [
        (customer, position, name, after(seconds))
        for customer, visits in enumerate(journeys)
        for position, (name, seconds) in enumerate(visits)
    ]
    schema: dict[str, Any] = {"customer": pl.Int64, "position": pl.Int32, "stage": pl.String, "entered_at": INSTANT}
    entries = pl.DataFrame(rows, schema=schema, orient="row").cast({"stage": stage or pl.String()})
    return entries.sample(fraction=1, shuffle=True, seed=1)


def asked(entries: pl.DataFrame, *steps: str, within: float = 100, window: Window = EVER, as_of: datetime = LATER) -> list[Step]:
    return funnel(entries, steps, timedelta(seconds=within), window, as_of)


def reached(steps: list[Step]) -> list[int]:
    return [step["reached"] for step in steps]


@pytest.mark.parametrize("stage", TYPES)
def test_an_answer_in_full(stage: pl.DataType) -> None:
    entries = frame(
        [("view", 0), ("cart", 10), ("buy", 40)],
        [("view", 0), ("cart", 30)],
        [("view", 60), ("cart", 70)],
        [("view", 60)],
        [("cart", 0), ("buy", 5)],
        stage=stage,
    )
    nothing = {"median": None, "p90": None}
    assert asked(entries, "view", "cart", "buy", as_of=after(130)) == [
        {"stage": "view", "reached": 4, "converted": 3, "still_in_window": 1, "dropped": 0, "conversion": 0.75, "time_to_convert": nothing},
        {
            "stage": "cart",
            "reached": 3,
            "converted": 1,
            "still_in_window": 1,
            "dropped": 1,
            "conversion": 1 / 3,
            "time_to_convert": {"median": 10, "p90": 26},
        },
        {
            "stage": "buy",
            "reached": 1,
            "converted": 1,
            "still_in_window": 0,
            "dropped": 0,
            "conversion": 1.0,
            "time_to_convert": {"median": 30, "p90": 30},
        },
    ]


@pytest.mark.parametrize("as_of, still", [(99, 1), (100, 1), (100.000001, 0)])
def test_still_in_window_to_its_last_instant(as_of: float, still: int) -> None:
    (first, _) = asked(frame([("view", 0)]), "view", "cart", as_of=after(as_of))
    assert (first["still_in_window"], first["dropped"]) == (still, 1 - still)


@pytest.mark.parametrize("seconds, got", [(100, 1), (100.000001, 0)])
def test_a_window_includes_its_last_instant(seconds: float, got: int) -> None:
    assert reached(asked(frame([("view", 0), ("cart", seconds)]), "view", "cart")) == [1, got]


def test_the_window_is_measured_from_the_first_step() -> None:
    assert reached(asked(frame([("view", 0), ("cart", 60), ("buy", 120)]), "view", "cart", "buy")) == [1, 1, 0]


def test_starts_lie_in_the_window_asked_and_later_steps_may_lie_after_it() -> None:
    entries = frame([("view", 0), ("cart", 10)], [("view", 5), ("cart", 50)], [("view", 9), ("cart", 109)], [("view", 10), ("cart", 11)])
    assert reached(asked(entries, "view", "cart", window=Window(after(5), after(10)))) == [2, 2]


def test_each_entry_fills_one_step() -> None:
    entries = frame(
        [("view", 0)], [("view", 0), ("cart", 1), ("view", 2)], [("view", 0), ("cart", 0), ("view", 0), ("cart", 0), ("view", 0)]
    )
    assert reached(asked(entries, "view", "view", "view")) == [3, 2, 1]


def test_entries_of_one_instant_follow_each_other_by_position() -> None:
    assert reached(asked(frame([("view", 0), ("cart", 0)], [("cart", 0), ("view", 0)]), "view", "cart")) == [2, 1]


def test_other_stages_may_lie_between() -> None:
    assert reached(asked(frame([("view", 0), ("cart", 1), ("buy", 2)]), "view", "buy")) == [1, 1]


def test_a_customer_counts_by_the_start_that_gets_furthest() -> None:
    entries = frame([("view", 0), ("cart", 90), ("view", 95), ("cart", 130), ("buy", 190)])
    steps = asked(entries, "view", "cart", "buy")
    assert reached(steps) == [1, 1, 1]
    assert [step["time_to_convert"]["median"] for step in steps] == [None, 35, 60]


def test_the_earliest_start_counts_among_equals() -> None:
    steps = asked(frame([("view", 0), ("cart", 5), ("view", 20), ("cart", 21)]), "view", "cart", as_of=after(110))
    assert steps[1]["time_to_convert"]["median"] == 5
    (_, cart, _) = asked(frame([("view", 0), ("cart", 5), ("view", 20), ("cart", 21)]), "view", "cart", "buy", as_of=after(110))
    assert (cart["still_in_window"], cart["dropped"]) == (0, 1)


def test_no_step_follows_into_another_customer() -> None:
    assert reached(asked(frame([("view", 0)], [("cart", 1)]), "view", "cart")) == [1, 0]


@pytest.mark.parametrize("stage", TYPES)
def test_a_step_that_nobody_takes(stage: pl.DataType) -> None:
    first, second = asked(frame([("view", 0)], stage=stage), "view", "unheard of")
    assert (first["reached"], first["conversion"]) == (1, 0)
    assert (second["reached"], second["conversion"]) == (0, None)
    assert reached(asked(frame([("view", 0)], stage=stage), "unheard of", "view")) == [0, 0]


def test_one_step_converts_all_that_reach_it() -> None:
    assert asked(frame([("view", 0), ("cart", 1), ("view", 2)]), "view") == [
        {
            "stage": "view",
            "reached": 1,
            "converted": 1,
            "still_in_window": 0,
            "dropped": 0,
            "conversion": 1.0,
            "time_to_convert": {"median": None, "p90": None},
        }
    ]


def test_a_window_at_the_end_of_time_is_one() -> None:
    endless = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert reached(asked(frame([("view", 0), ("cart", 1)]), "view", "cart", window=endless)) == [1, 1]


def ways(visits: Journey, at: int, steps: list[str], deadline: float) -> list[list[float]]:
    """Every way from an entry that fills the first of the steps through the others, as the instants of its steps."""
    here = visits[at][1]
    onward = [
        [here, *way]
        for following in range(at + 1, len(visits))
        if steps[1:] and visits[following][0] == steps[1] and visits[following][1] <= deadline
        for way in ways(visits, following, steps[1:], deadline)
    ]
    return [[here], *onward]


def chosen(visits: Journey, steps: list[str], within: float, window: tuple[float, float]) -> list[float] | None:
    """The instants of the customer's one way: the furthest, then by the earliest start, then the earliest at each step."""
    starts = [at for at, (stage, second) in enumerate(visits) if stage == steps[0] and window[0] <= second < window[1]]
    tried = [(-len(way), start, way) for start in starts for way in ways(visits, start, steps, visits[start][1] + within)]
    return min(tried)[2] if tried else None


def percentile(values: list[float], share: float) -> Any:
    if not values:
        return None
    rank = (len(values) - 1) * share
    low, *rest = sorted(values)[int(rank) : int(rank) + 2]
    return pytest.approx(low + (rank - int(rank)) * (rest[0] - low if rest else 0))


def told(journeys: list[Journey], steps: list[str], within: float, window: tuple[float, float], as_of: float) -> list[dict[str, Any]]:
    taken = [way for visits in journeys if (way := chosen(visits, steps, within, window))]
    answer = []
    for number, stage in enumerate(steps):
        arrived = [way for way in taken if len(way) > number]
        stopped = [way for way in arrived if len(way) == number + 1 < len(steps)]
        still = sum(way[0] + within >= as_of for way in stopped)
        times = [way[number] - way[number - 1] for way in arrived if number]
        converted = len(arrived) - len(stopped)
        answer.append(
            {
                "stage": stage,
                "reached": len(arrived),
                "converted": converted,
                "still_in_window": still,
                "dropped": len(stopped) - still,
                "conversion": converted / len(arrived) if arrived else None,
                "time_to_convert": {"median": percentile(times, 0.5), "p90": percentile(times, 0.9)},
            }
        )
    return answer


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    seconds, visits = 0.0, []
    for stage, gap in draw(st.lists(st.tuples(st.sampled_from(STAGES), st.sampled_from([0, 0.5, 1, 3])), max_size=9)):
        seconds += gap
        visits.append((stage, seconds))
    return visits


edges = st.integers(0, 24).map(lambda half: half / 2)
windows = st.tuples(edges, edges).filter(lambda edge: edge[0] < edge[1])


@settings(deadline=None, max_examples=200)
@given(
    histories=st.lists(journeys(), max_size=5),
    steps=st.lists(st.sampled_from(STAGES), min_size=1, max_size=4),
    within=st.sampled_from([0.5, 1, 2, 4, 8]),
    window=windows,
    as_of=edges,
    stage=st.sampled_from(TYPES),
)
def test_as_told_by_trying_every_way(
    *, histories: list[Journey], steps: list[str], within: float, window: tuple[float, float], as_of: float, stage: pl.DataType
) -> None:
    asked_window = Window(after(window[0]), after(window[1]))
    answer = asked(frame(*histories, stage=stage), *steps, within=within, window=asked_window, as_of=after(as_of))
    assert answer == told(histories, steps, within, window, as_of)
    for step in answer:
        assert step["reached"] == step["converted"] + step["still_in_window"] + step["dropped"]
