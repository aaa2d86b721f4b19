"""Folding rare stages into one, and names in order."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import ENTRIES
from app.domain.questions.transitions import fold_rare, stages_by_name

Row = tuple[int, str, str | None, datetime, datetime | None]


def after(seconds: int) -> datetime:
    return datetime(2025, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def linked(customer: int, visits: list[tuple[str, int]]) -> list[Row]:
    """A customer's entries from (stage, seconds after the start): customer, stage, from_stage, entered_at, left_at."""
    befores = [None, *(stage for stage, _ in visits)]
    lefts = [*(after(second) for _, second in visits[1:]), None]
    return [(customer, stage, before, after(second), left) for (stage, second), before, left in zip(visits, befores, lefts, strict=False)]


def frame(*journeys: list[str], stage: pl.DataType | None = None) -> pl.DataFrame:
    """One customer's entries a journey, a second apart."""
    rows = [
        {"position": position, **dict(zip(("customer", "stage", "from_stage", "entered_at", "left_at"), row, strict=True))}
        for customer, names in enumerate(journeys)
        for position, row in enumerate(linked(customer, [(name, second) for second, name in enumerate(names)]))
    ]
    entries = pl.DataFrame(rows, schema=ENTRIES).with_columns(pl.col("stage", "from_stage").cast(stage or pl.String()))
    return entries.sample(fraction=1, shuffle=True, seed=1)


def folded(entries: pl.DataFrame, limit: int) -> list[Row]:
    rare = fold_rare(entries, limit).sort("customer", "position")
    return rare.select("customer", "stage", "from_stage", "entered_at", "left_at").rows()


@pytest.mark.parametrize("limit", [3, 4])
def test_folding_nothing_changes_nothing(limit: int) -> None:
    entries = frame(["a", "b", "c"])
    assert fold_rare(entries, limit) is entries


@pytest.mark.parametrize("stage", [pl.String(), pl.Categorical(), pl.Enum(["é", "z", "Z", "d", "c"])])
def test_names_rank_by_entries_then_by_bytes(stage: pl.DataType) -> None:
    entries = frame(["z", "é", "d", "c", "é", "Z"], ["z", "d"], stage=stage)
    assert folded(entries, 2) == [
        *linked(0, [("z", 0), ("other", 1), ("d", 2), ("other", 3)]),
        *linked(1, [("z", 0), ("d", 1)]),
    ]


def test_an_event_named_other_is_of_the_rest() -> None:
    assert folded(frame(["other", "a", "other", "b", "other"]), 2) == linked(0, [("other", 0), ("a", 1), ("other", 2)])


def test_a_thousand_names_are_kept() -> None:
    names = [f"{number:04}" for number in range(1002)]
    assert stages_by_name(fold_rare(frame(names, names[:500]))) == [*names[:1000], "other"]


def test_names_come_by_bytes() -> None:
    assert stages_by_name(frame(["é", "z", "Z", "zz"], stage=pl.Enum(["é", "zz", "z", "Z"]))) == ["Z", "z", "zz", "é"]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=9), max_size=4), st.integers(1, 4))
def test_folding_leaves_whole_journeys(histories: list[list[str]], limit: int) -> None:
    journeys = [[name for name, _ in groupby(names)] for names in histories]
    ranked = sorted(Counter(name for names in journeys for name in names).items(), key=lambda ranked: (-ranked[1], ranked[0]))
    kept = {name for name, _ in ranked[:limit]}
    told = []
    for customer, names in enumerate(journeys):
        stages = [(name if name in kept else "other", second) for second, name in enumerate(names)]
        told += linked(customer, [next(run) for _, run in groupby(stages, key=lambda visit: visit[0])])
    assert folded(frame(*journeys), limit) == told
