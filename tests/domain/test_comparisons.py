"""Versions compared: counts by stage, who moved where, and who differs at all, against a plain count."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import ENTRIES
from app.domain.journeys.comparisons import compare

START = datetime(2025, 1, 1, tzinfo=UTC)
STAGES = ["a", "b", "c"]
Journeys = dict[int, list[tuple[str, int]]]

journeys = st.dictionaries(
    st.integers(1, 4), st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 2)), min_size=1, max_size=3), max_size=4
)


def frame(told: Journeys, kind: pl.DataType) -> pl.DataFrame:
    rows = []
    for customer, visits in told.items():
        for position, (stage, hour) in enumerate(visits):
            left_at = START if position + 1 < len(visits) else None
            at = START + timedelta(hours=hour)
            rows.append({"customer": customer, "position": position, "stage": stage, "entered_at": at, "left_at": left_at})
    return pl.DataFrame(rows, schema=ENTRIES).with_columns(pl.col("stage").cast(kind))


@settings(deadline=None)
@given(journeys, journeys)
def test_a_comparison_counts_what_differs(before: Journeys, after: Journeys) -> None:
    found = compare(frame(before, pl.Categorical()), frame(after, pl.Categorical()), STAGES)
    now = {person: (before.get(person, [(None, 0)])[-1][0], after.get(person, [(None, 0)])[-1][0]) for person in {*before, *after}}
    differing = sorted(person for person in now if before.get(person) != after.get(person))
    assert found.differing.rows() == [(person, *now[person]) for person in differing]
    moved = Counter(pair for pair in now.values() if pair[0] != pair[1])
    assert {(one["from"], one["to"]): one["customers"] for one in found.moved} == moved
    assert [one["customers"] for one in found.moved] == sorted(moved.values(), reverse=True)
    for one in found.stages:
        told = [[[stage for stage, _ in visits] for visits in side.values()] for side in (before, after)]
        assert [*one["entries"].values()] == [sum(visits.count(one["stage"]) for visits in side) for side in told]
        assert [*one["customers"].values()] == [sum(one["stage"] in visits for visits in side) for side in told]
        assert [*one["current"].values()] == [sum(visits[-1] == one["stage"] for visits in side) for side in told]
    assert [one["stage"] for one in found.stages] == STAGES
