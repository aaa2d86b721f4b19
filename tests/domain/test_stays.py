"""Stays, stalls and last touches, compared with telling them customer by customer."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import ENTRIES, NAMED_EVENTS, TOUCHES
from app.domain.journeys.stages import parse_model
from app.domain.journeys.whereabouts import staged_events, staged_touches
from app.domain.questions.filters import EVERYTHING, Filters
from app.domain.questions.last_touches import ends, last_touches, occurring, quiet
from app.domain.questions.stalls import EXITS_MIN, Limit, Patience, limits, stalls, waiting
from app.domain.questions.stamps import STAMPS, passing_by, stamped
from app.domain.questions.stays import actions, ratings, touches
from app.domain.windows import Window
from tests.reading import stays as reading
from tests.reading.stays import Act, Life, Stay

START = datetime(2025, 3, 1, tzinfo=UTC)
STAGES = ["view", "cart", "buy"]
MODEL = parse_model({"model": "m", "stages": [{"stage": name, "enter": [{"event": name}], "target": {"days": 1}} for name in STAGES]})


def after(seconds: float | None) -> datetime | None:
    return None if seconds is None else START + timedelta(seconds=seconds)


def window(since: float | None, to: float) -> Window:
    return Window(after(since), START + timedelta(seconds=to))


def journeys(lives: list[Life]) -> pl.DataFrame:
    rows = [
        {
            "customer": number,
            "position": position,
            "place": stay.place,
            "stage": stay.stage,
            "from_stage": life.stays[position - 1].stage if position else None,
            "entered_at": after(stay.at),
            "left_at": after(left),
            "channel": stay.channel,
        }
        for number, life in enumerate(lives)
        for position, (stay, left) in enumerate(reading.left_at(life.stays))
    ]
    return pl.DataFrame(rows, schema=ENTRIES)


def events(lives: list[Life]) -> pl.DataFrame:
    rows = [
        {"customer": number, "place": act.place, "name": act.name, "occurred_at": after(act.at), "rating": act.rating}
        for number, life in enumerate(lives)
        for act in life.acts
    ]
    return pl.DataFrame(rows, schema=NAMED_EVENTS)


def contacts(lives: list[Life]) -> pl.DataFrame:
    rows = [
        {
            "customer": number,
            "position": touch.place,
            "kind": touch.name,
            "channel": touch.channel,
            "touched_at": after(touch.at),
            "machine": touch.machine,
        }
        for number, life in enumerate(lives)
        for touch in life.touches
    ]
    return pl.DataFrame(rows, schema=TOUCHES)


@st.composite
def drawn(draw: st.DrawFn) -> Life:
    """A life of up to twelve events, some of which enter a stage or are touches; silence at its end may have made an entry ahead."""
    stays: list[Stay] = []
    acts: list[Act] = []
    contacts: list[Act] = []
    at = 0.0
    for place in range(draw(st.integers(0, 12))):
        at += draw(st.sampled_from([0, 1, 2, 5]))
        channel = draw(st.sampled_from(["email", "social"]))
        stage: str | None = draw(st.sampled_from([None, *STAGES]))
        if stage is not None and (not stays or stays[-1].stage != stage):
            stays.append(Stay(stage, place, at, channel))
        if draw(st.booleans()):
            acts.append(Act(draw(st.sampled_from("ab")), place, at, draw(st.sampled_from([None, None, 5, 7.5]))))
        if draw(st.booleans()):
            contacts.append(Act("call", place, at, None, draw(st.booleans()), draw(st.sampled_from(["email", "social", None]))))
    if draw(st.booleans()) and stays:
        stays.append(Stay("lapsed", place, at + 3, "email"))
    return Life(stays, acts, contacts)


lives = st.lists(drawn(), max_size=5)
windows = st.tuples(st.sampled_from([None, 0, 2, 5]), st.sampled_from([6, 11, 40]))


@settings(deadline=None, max_examples=150)
@given(lives=lives, asked=windows, channel=st.sampled_from([None, "email", "radio"]))
def test_what_was_done_in_a_stage(lives: list[Life], asked: tuple[float | None, float], channel: str | None) -> None:
    entered, stamps = stamped(journeys(lives), STAMPS)
    placed = passing_by(staged_events(events(lives), entered), stamps, Filters(channel=channel)).collect()
    told = {
        (stage, row["name"]): (row["count"], row["customers"])
        for stage, ranked in actions(placed, window(*asked)).items()
        for row in ranked["listed"]
    }
    assert told == reading.acted(lives, asked, channel)
    met = touches(staged_touches(contacts(lives), entered), window(*asked), "kind")
    assert {(stage, row["name"]): row["count"] for stage, ranked in met.items() for row in ranked["listed"]} == reading.touched(
        lives, asked
    )
    whole = ratings(staged_events(events(lives), entered), window(*asked))
    for stage in (*STAGES, "lapsed"):
        rated = reading.rated(lives, asked, stage)
        assert (whole[stage]["mean"] if stage in whole else None) == (pytest.approx(sum(rated) / len(rated)) if rated else None)
        assert {value["rating"]: value["count"] for value in whole[stage]["values"]} == Counter(rated) if stage in whole else not rated


def test_the_rarest_names_are_told_together() -> None:
    acts = [Act(f"n{number:02}", number, float(number)) for number in range(12)] + [Act("n11", 12, 12)]
    lives = [Life([Stay("view", 0, 0, "email")], acts, [])]
    placed = staged_events(events(lives), stamped(journeys(lives), STAMPS)[0])
    told = actions(placed, window(None, 100))["view"]
    assert [row["name"] for row in told["listed"]] == ["n11", *(f"n{number:02}" for number in range(9))]
    assert told["other"] == {"names": 2, "count": 2}


@settings(deadline=None, max_examples=150)
@given(lives=lives, asked=windows, over=st.sampled_from([0.5, 3, 20]))
def test_who_waits_too_long(lives: list[Life], asked: tuple[float | None, float], over: float) -> None:
    stages = MODEL.stages[:2]
    limit = limits(journeys(lives), stages, window(*asked), Patience(timedelta(seconds=over)))
    assert limit == {stage.name: Limit(over, "over") for stage in stages}
    there = waiting(journeys(lives), window(*asked), limit)
    for stall in stalls(there, stages, limit):
        waited = reading.waiting(lives, stall["stage"], asked)
        stalled = sorted(span for span in waited.values() if span > over)
        assert (stall["there"], stall["stalled"]) == (len(waited), len(stalled))
        assert stall["oldest"] == (stalled[-1] if stalled else None)
        named = there.filter("stalled", pl.col("stage") == stall["stage"])["customer"].to_list()
        assert sorted(named) == [number for number, span in waited.items() if span > over]


def percentile(values: list[float], share: float) -> float:
    rank = (len(values) - 1) * share
    low, *rest = sorted(values)[int(rank) : int(rank) + 2]
    return low + (rank - int(rank)) * (rest[0] - low if rest else 0)


@settings(deadline=None, max_examples=60)
@given(spans=st.lists(st.integers(0, 50), min_size=15, max_size=30), history=st.sampled_from([10, 30, 100]))
def test_the_90th_percentile_of_exits(spans: list[float], history: float) -> None:
    lives = [Life([Stay("view", 0, 0, "email"), Stay("buy", 1, span, "email")], [], []) for span in spans]
    found = limits(journeys(lives), MODEL.stages[:2], window(None, 60), Patience("p90", timedelta(seconds=history)))
    dwells = reading.dwells(lives, "view", 60 - history, 60)
    expected = {"view": Limit(pytest.approx(percentile(dwells, 0.9)), "p90", len(dwells))} if len(dwells) >= EXITS_MIN else {}  # type: ignore[arg-type]
    assert found == expected


def test_targets_as_limits() -> None:
    assert limits(journeys([]), MODEL.stages[:1], window(None, 1), Patience("target")) == {"view": Limit(86_400, "target")}


@settings(deadline=None, max_examples=150)
@given(lives=lives, asked=windows, span=st.sampled_from([0, 3, 30]), chosen=st.sets(st.integers(0, 4)))
def test_after_which_touch_journeys_stop(lives: list[Life], asked: tuple[float | None, float], span: float, chosen: set[int]) -> None:
    gone = pl.concat([pl.Series(sorted(chosen), dtype=pl.Int64), quiet(events(lives), window(*asked), timedelta(seconds=span))])
    ended = ends(contacts(lives), journeys(lives), gone, window(*asked), EVERYTHING)
    expected = reading.stopped(lives, chosen, asked, span)
    assert dict(ended.select("customer", "stage").iter_rows()) == {number: stage for number, (_, stage) in expected.items()}
    answer = last_touches(ended, occurring(contacts(lives), window(*asked), EVERYTHING), "channel", 50)
    told: dict[Any, Any] = {
        row["touch"]: {
            "ends": row["ends"],
            "touches": row["touches"],
            "stages": Counter({stage["stage"]: stage["ends"] for stage in row["stages"]}),
        }
        for row in answer["listed"]
    }
    assert told == reading.stops(expected, lives, asked)
    assert answer["ends"] == len(expected)
    for row in answer["listed"]:
        share = row["ends"] / answer["ends"] if answer["ends"] else 0
        assert row["lift"] == pytest.approx(share / (row["touches"] / answer["touches"]))
