"""Attribution beside a second reading of the rules, over made-up journeys."""

from collections import Counter, defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.questions.attribution import BY_PATH, DIVIDED, MODELS, SHAPLEY
from app.domain.questions.credits import RULES, WHOLE, minor_unit
from app.domain.questions.ledger import credited, ledger
from tests.domain.attributed import DAY, attributed, credits_of, everything
from tests.reading.attribution import Asked, Path, Step, paths, removal_effects, shapley, weights

CHANNELS = ["direct", "email", "call", "sms"]
steps = st.builds(
    Step,
    at=st.just(0),
    channel=st.sampled_from([*CHANNELS, *CHANNELS, None]),
    machine=st.sampled_from([False] * 7 + [True]),
    converts=st.sampled_from([False, False, True]),
    value=st.one_of(st.none(), st.integers(-10, 10**9).map(lambda value: value * 10_000), st.integers(0, 10**15)),
    currency=st.sampled_from(["EUR", "JPY", None]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    at, walked = 0, []
    for step, gap in draw(st.lists(st.tuples(steps, st.sampled_from([0, 1, DAY, 9 * DAY, 30 * DAY])), max_size=9)):
        at += gap
        currency = step.currency if step.value is not None else None
        walked.append(Step(at, step.channel, step.machine, step.converts, step.value, currency))
    return walked


spans = st.tuples(st.integers(0, 60), st.integers(1, 90)).map(lambda edge: (edge[0] * DAY, (edge[0] + edge[1]) * DAY))
windows = st.one_of(st.just((0, 3_000 * DAY)), spans)
people = st.lists(histories(), max_size=6)
looks = st.sampled_from([3_000 * DAY, 30 * DAY, DAY, 1])
questions = st.tuples(windows, looks, st.booleans()).map(lambda said: Asked(*said[0], *said[1:]))


def whole(path: Path) -> Path:
    """A conversion without a touch is credited to direct, as if that had been one."""
    return path if path.touches or path.conversion is None else Path([Step(path.conversion.at, "direct")], path.conversion)


@settings(deadline=None, max_examples=150)
@given(people, questions, st.integers(1, 3))
def test_as_told_by_the_second_reading(told: list[list[Step]], asked: Asked, order: int) -> None:
    found = attributed(*told, asked=asked, order=order)
    journeys = paths(told, asked)
    converted = [path for path in journeys if path.conversion]
    walked = [path for path in journeys if path.touches]
    assert (found.conversions.height, found.lost) == (len(converted), len(journeys) - len(converted))
    for model in RULES:
        expected: defaultdict[str, float] = defaultdict(float)
        for path in map(whole, converted):
            for name, weight in zip(path.names, weights(model, path), strict=True):
                expected[name] += float(weight)
        assert credits_of(found, model) == pytest.approx({name: weight for name, weight in expected.items() if weight}, abs=1e-11), model
    effects = removal_effects(walked, order)
    assert found.chain is not None
    told_effects = dict(zip(found.chain.names, found.chain.removal.effects.tolist(), strict=True))
    assert {name: told_effects[name] for name in effects} == pytest.approx(effects, abs=1e-9)
    by_path: defaultdict[str, float] = defaultdict(float)
    by_set: defaultdict[str, float] = defaultdict(float)
    for path in converted:
        if not path.touches:
            by_path["direct"] += 1
            by_set["direct"] += 1
            continue
        for name in path.names:
            by_path[name] += effects[name] / sum(effects[one] for one in path.names)
        for name, share in shapley(walked, path).items():
            by_set[name] += share
    named = credited(found, MODELS)
    assert {name: credit.conversions for name, credit in named[BY_PATH].items()} == pytest.approx(
        {name: by_path[name or ""] for name in named[BY_PATH]}, abs=1e-9
    )
    assert {name: credit.conversions for name, credit in named[SHAPLEY].items()} == pytest.approx(
        {name: by_set[name or ""] for name in named[SHAPLEY]}, abs=1e-9
    )
    for model in MODELS:
        assert sum(credit.conversions for credit in named[model].values()) == pytest.approx(len(converted), abs=1e-9), model


@settings(deadline=None, max_examples=100)
@given(people, questions)
def test_the_ledger_sums_exactly(told: list[list[Step]], asked: Asked) -> None:
    found = attributed(*told, asked=asked)
    kept = everything(found)
    totals = credited(found, DIVIDED)
    for model in DIVIDED:
        rows = ledger(found, model, kept)
        sums = rows.group_by("customer", "place").agg(pl.col("weight", "credit").sum(), pl.col("value").first())
        assert sums["weight"].to_list() == [WHOLE] * found.conversions.height
        assert sums.filter(pl.col("value").is_not_null() & (pl.col("credit") != pl.col("value"))).is_empty()
        by_name: Counter[str | None] = Counter()
        for name, weight in rows.select("name", "weight").iter_rows():
            by_name[name] += weight
        assert {name: credit.conversions for name, credit in totals[model].items()} == {one: by_name[one] / WHOLE for one in totals[model]}


@settings(deadline=None, max_examples=60)
@given(people)
def test_money_is_divided_in_minor_units(told: list[list[Step]]) -> None:
    rows = ledger(found := attributed(*told), "linear", everything(found)) if told else pl.DataFrame()
    if rows.is_empty():
        return
    last = rows.group_by("customer", "place").agg(pl.col("position").max())
    shares = rows.join(last, on=["customer", "place", "position"], how="anti", nulls_equal=True).filter(pl.col("credit").is_not_null())
    for credit, currency in shares.select("credit", "currency").iter_rows():
        assert credit % minor_unit(currency) == 0
