"""Touchpoints: compared with telling them customer by customer, and the sentences of their rule one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from app.domain.frames import ENTRIES, TOUCHES
from app.domain.journeys.stages import StageModel, parse_model
from app.domain.questions.filters import EVERYTHING, Filters
from app.domain.questions.touchpoints import Frames, Met, Touchpoints, met, touchpoints
from app.domain.windows import Window
from tests.reading.touchpoints import LOOK_BACK, Step, tally

START = datetime(2025, 3, 1, tzinfo=UTC)
STAGES = ["ask", "buy"]
COLUMNS = {"campaign": "utm_campaign", "kind": "kind"}
DAY = 86_400
EVER = (0, 10**9)
MODEL = parse_model({"model": "shop", "stages": [{"stage": name, "enter": [{"event": name}]} for name in STAGES]})
LAPSING = parse_model({**MODEL.document, "lapsed": {"stage": "gone", "after": "60d"}})
SOME = ["a", "b", "\u00e9", None]


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def frames(*customers: list[Step], kind: pl.DataType | None = None) -> Frames:
    """Touches and entries; the customers' numbers do not rise."""
    rows = [(-number % 7 * 100 + number, place, step) for number, steps in enumerate(customers) for place, step in enumerate(steps)]
    touches = [
        {"customer": who, "position": place, "touched_at": after(step.at), "machine": step.machine, "kind": step.kind,
         "channel": "email", "utm_campaign": step.campaign}
        for who, place, step in rows if step.kind is not None
    ]  # fmt: skip
    entries = [
        {"customer": who, "place": place, "entered_at": after(step.at), "stage": step.stage, "channel": "email",
         "utm_campaign": step.campaign}
        for who, place, step in rows if step.stage is not None
    ]  # fmt: skip
    texts = ["kind", "channel", "utm_campaign"]
    told = pl.DataFrame(touches, schema=TOUCHES).cast({name: kind or pl.Categorical() for name in texts})
    entered = pl.DataFrame(entries, schema=ENTRIES).cast({name: kind or pl.Categorical() for name in [*texts[1:], "stage"]})
    return Frames(told, entered)


def met_by(
    by: str, *customers: list[Step], window: tuple[int, int] = EVER, filters: Filters = EVERYTHING, model: StageModel = MODEL
) -> Met:
    return met(frames(*customers), COLUMNS[by], model, Window(after(window[0]), after(window[1])), filters)


def told_by(by: str, *customers: list[Step], top: int = 50, **asked: Any) -> Touchpoints:
    return touchpoints(met_by(by, *customers, **asked), STAGES, top)


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 80).map(lambda days: days * DAY),
        st.sampled_from(["session", "email", None, None]),
        st.booleans(),
        st.sampled_from([*STAGES, None]),
        st.sampled_from(SOME),
    ),
    max_size=8,
).map(lambda told: sorted(told, key=lambda step: step.at))


@given(st.lists(steps, max_size=6), st.sampled_from([*COLUMNS]), st.tuples(st.integers(0, 40), st.integers(41, 90)), st.integers(1, 3))
def test_told_as_customer_by_customer(customers: list[list[Step]], by: str, days: tuple[int, int], top: int) -> None:
    window = (days[0] * DAY, days[1] * DAY)
    counted = met_by(by, *customers, window=window)
    found = touchpoints(counted, STAGES, top)
    values = [one["value"] for one in found["listed"]]
    assert found["total"] == tally(customers, by, window, None)
    for one in found["listed"]:
        assert one == {"value": one["value"], **tally(customers, by, window, [one["value"]])}
    rest = [value for value in (*SOME, "session", "email") if value not in values]
    other = tally(customers, by, window, rest)
    assert found["other"] == {"values": found["other"]["values"], **other}
    assert (found["other"]["values"] > 0) == any(other.values())
    for one in found["listed"]:
        some = counted.of([one["value"]])
        assert (len(some.behind("touches", None)), some.behind("touches", None).n_unique()) == (one["touches"], one["customers"])
        assert (len(some.behind("machines", None)), len(some.behind("first", None))) == (one["machines"], one["first"])
        for stage in one["stages"]:
            behind = some.behind("entries", stage["stage"])
            assert (len(behind), behind.n_unique()) == (stage["entries"], stage["customers"])


def test_listed_by_touches_then_entries_then_name() -> None:
    ann = [Step(0, "email", campaign="b"), Step(1, "email", campaign="b"), Step(2, "email"), Step(3, stage="ask", campaign="z")]
    bob = [Step(0, "email", campaign="\u00e9"), Step(1, "email", campaign="a"), Step(2, stage="buy", campaign="\u00e9")]
    found = told_by("campaign", ann, bob, top=3)
    assert [one["value"] for one in found["listed"]] == ["b", "\u00e9", "a"]
    assert found["other"] == {
        "values": 2,
        "touches": 1,
        "customers": 1,
        "machines": 0,
        "first": 0,
        "stages": [{"stage": "ask", "entries": 1, "customers": 1}],
    }


def test_a_value_that_only_machines_touched_is_one() -> None:
    found = told_by("kind", [Step(0, "email", machine=True), Step(1, "session")])
    assert [(one["value"], one["touches"], one["machines"], one["first"]) for one in found["listed"]] == [
        ("session", 1, 0, 1),
        ("email", 0, 1, 0),
    ]


def test_a_journey_begins_once_whatever_the_window() -> None:
    ann = [Step(0, "email"), Step(DAY, "session"), Step(2 * DAY, "email")]
    assert told_by("kind", ann, window=(DAY, 9 * DAY))["total"]["first"] == 0
    assert told_by("kind", ann, window=(0, DAY))["total"]["first"] == 1


def test_filters_select_touches_and_entries_alike() -> None:
    ann = [Step(0, "email", campaign="a"), Step(1, "session", campaign="b"), Step(2, stage="buy", campaign="b")]
    found = told_by("kind", ann, filters=Filters(utm_campaign="b"))
    assert [(one["value"], one["touches"], one["first"], len(one["stages"])) for one in found["listed"]] == [("session", 1, 0, 1)]
    assert told_by("kind", ann, filters=Filters(customers=pl.Series([5], dtype=pl.Int64)))["listed"] == []


def test_a_lapse_has_the_kind_of_its_event() -> None:
    """It is dated long after the event, but it is the event that its touch came before."""
    ann = [Step(0, "email"), Step(LOOK_BACK)]
    rows = frames(ann, [Step(60 * DAY + LOOK_BACK, stage="gone")])
    lapse = rows.journeys.with_columns(customer=pl.lit(0, pl.Int64), place=pl.lit(1, pl.Int32))
    window = Window(None, after(EVER[1]))
    for model, kind in ((LAPSING, "email"), (MODEL, None)):
        assert met(Frames(rows.touches, lapse), "kind", model, window, EVERYTHING).entries["value"].to_list() == [kind]


def test_nothing_at_all() -> None:
    nothing: Any = {"touches": 0, "customers": 0, "machines": 0, "first": 0, "stages": []}
    assert told_by("campaign") == {"total": nothing, "listed": [], "other": {"values": 0, **nothing}}
