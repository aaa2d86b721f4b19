"""Groups of transitions, how long moves took, whose entries a number counts, and which touch an event is credited to."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import INSTANT, TOUCHES
from app.domain.questions.breakdowns import OTHER, Breakdown, credited
from app.domain.questions.filters import EVERYTHING, Filters
from app.domain.questions.moves import Counted, Grouped, What, distributions, is_current
from app.domain.questions.spans import BOUNDS, POINTS_MAX, survival
from app.domain.questions.transitions import prepare, transitions
from app.domain.windows import Window
from tests.domain.test_transitions import STAGES, TYPES, after, frame, histories, windows

WHATS: tuple[What, ...] = ("entries", "exits", "at_start", "at_end")


@settings(deadline=None, max_examples=80)
@given(histories, windows, st.integers(1, 3), st.sampled_from(TYPES))
def test_a_group_is_what_its_own_entries_say(history: Any, within: Window, top: int, stage: pl.DataType) -> None:
    entries = frame(*history, stage=stage)
    groups = Grouped(prepare(entries), within, EVERYTHING, Breakdown("channel", top=top)).flows(STAGES)
    inside = Counter(entry["channel"] for entry in Counted().among(entries, within).to_dicts())
    named = [group["group"] for group in groups if group["group"] != OTHER]
    ranked = sorted(inside, key=lambda channel: (-inside[channel], channel is None, channel or ""))
    assert named == ranked[:top]
    group_of = {channel: channel if channel in named else OTHER for channel in entries["channel"].unique()}
    for group in groups:
        channels = [channel for channel, name in group_of.items() if name == group["group"]]
        own = prepare(entries).filter(pl.col("channel").is_in(channels, nulls_equal=True))
        whole = transitions(own, STAGES, within)
        assert (group["stages"], group["transitions"]) == (whole["stages"], whole["transitions"])
        counted = Counted().among(own, within)
        assert (group["entries"], group["customers"]) == (counted.height, counted["customer"].n_unique())


@settings(deadline=None, max_examples=80)
@given(histories, windows, st.sampled_from(TYPES))
def test_a_number_counts_the_entries_that_are_listed(history: Any, within: Window, stage: pl.DataType) -> None:
    prepared = prepare(frame(*history, stage=stage))
    answer = transitions(prepared, STAGES, within)
    for flow in answer["stages"]:
        for what in WHATS:
            listed = Counted(what, flow["stage"]).among(prepared, within)
            assert listed.height == flow[what]
        assert Counted("entries", flow["stage"]).among(prepared, within)["customer"].n_unique() == flow["customers"]
    spans = distributions(prepared, within, Filters())
    for move in answer["transitions"]:
        before = move["from"]
        listed = Counted("entries", move["to"], before, beginnings=before is None).among(prepared, within)
        assert (listed.height, listed["customer"].n_unique()) == (move["count"], move["customers"])
        told = Counter(sum(bound <= seconds for bound in BOUNDS) for seconds in listed["dwell_before"])
        assert before is None or [told[bar] for bar in range(len(BOUNDS) + 1)] == spans[before, move["to"]]


@pytest.mark.parametrize("at, stages", [(0, ["view"]), (4, ["view"]), (5, ["cart"]), (9, ["cart"]), (10, ["buy"])])
def test_who_is_where_does_not_look_ahead(at: float, stages: list[str]) -> None:
    rows = [("view", 0, 5), ("cart", 5, 10), ("buy", 10, None)]
    entries = pl.DataFrame(
        [(stage, after(entered), None if left is None else after(left)) for stage, entered, left in rows],
        schema={"stage": pl.String, "entered_at": INSTANT, "left_at": INSTANT},
        orient="row",
    )
    assert entries.filter(is_current(after(at)))["stage"].to_list() == stages


STEP: Any = {"customer": pl.Int64, "place": pl.Int32, "at": INSTANT, "channel": pl.String, "machine": pl.Boolean}
DAYS = st.integers(0, 4).map(lambda weeks: weeks * 10)
STEPS = st.lists(st.tuples(st.integers(1, 3), DAYS, st.sampled_from(["ads", "mail"]), st.booleans()), max_size=5)


def placed(*customers: list[tuple[int, int, str, bool]]) -> list[dict[str, Any]]:
    """Steps of customers, each some places and days after the one before."""
    rows = []
    for customer, steps in enumerate(customers):
        place, day = 0, 0
        for number, (places, days, channel, machine) in enumerate(steps):
            place, day = place + places, day + days if number else 0
            rows.append({"customer": customer, "place": place, "at": after(day * 86_400), "channel": channel, "machine": machine})
    return rows


def touch_of(event: dict[str, Any], touches: list[dict[str, Any]]) -> str:
    own = [touch for touch in touches if touch["customer"] == event["customer"] and not touch["machine"]]
    before = [touch for touch in own if touch["place"] <= event["place"] and event["at"] - touch["at"] <= timedelta(days=30)]
    return max(before, key=lambda touch: int(touch["place"]))["channel"] if before else "direct"


@settings(deadline=None, max_examples=100)
@given(st.lists(STEPS, min_size=1, max_size=3))
def test_an_event_is_credited_to_the_latest_touch_before_it(customers: list[list[tuple[int, int, str, bool]]]) -> None:
    steps = placed(*customers)
    touches = pl.DataFrame(steps[::2], schema=STEP)
    kept = touches.rename({"place": "position", "at": "touched_at"}).with_columns(
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in TOUCHES.items()
        if name not in ("customer", "position", "touched_at", "channel", "machine")
    )
    events = pl.DataFrame(steps, schema=STEP)
    found = credited(events.drop("channel"), kept)
    assert found["channel"].to_list() == [touch_of(event, steps[::2]) for event in steps]


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    spans = pl.DataFrame({"seconds": [float(second) for second in range(1, 2001)], "converted": [True] * 2000})
    points = survival(spans)
    assert len(points) <= POINTS_MAX + 2
    assert [points[0]["share"], points[-1]["seconds"], points[-1]["share"]] == [1, 2000, pytest.approx(0)]
    assert all(point["share"] == pytest.approx(1 - point["seconds"] / 2000) for point in points)
    assert max(one["share"] - next_["share"] for one, next_ in pairwise(points)) < 0.011
