"""What rules remember and what silence does: traits as of an event, the time since a stage, lapses; compared with a plain reading."""

from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.identity.identifiers import number
from app.domain.journeys.stages import parse_model
from tests.compared import journeys_found, journeys_read
from tests.reading import Sent
from tests.reading.histories import NOW, histories
from tests.reading.journeys import entries

DAY = 86_400


def sent(second: float, name: str | None, **fields: Any) -> Sent:
    return Sent(
        message_id=f"{second} {name} {sorted(fields)}", occurred_at=NOW + timedelta(seconds=second), name=name, user_id="u", **fields
    )


def identified(second: float, **traits: Any) -> Sent:
    return sent(second, None, type="identify", traits=traits)


def model_of(*stages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    named = zip("abcdef", stages, strict=False)
    return {"model": "m", "stages": [{"stage": name, "enter": enter} for name, enter in named], **more}


def told(model: dict[str, Any], *events: Sent) -> list[tuple[str, float]]:
    """The stages that the customer enters, and when, in days after NOW; the reading says the same."""
    found = journeys_found(events, parse_model(model))[number("user_id", "u")].entries
    assert found == journeys_read(model, events)[number("user_id", "u")].entries
    return [(stage, (entered_at - NOW) / timedelta(days=1)) for _, stage, _, entered_at, *_ in found]


PLAN = model_of([{"event": "A"}], [{"event": "A", "traits": {"plan": "pro"}}])


@pytest.mark.parametrize(
    "said, entered",
    [
        ([], [("a", 9)]),
        ([identified(1, plan="pro")], [("b", 9)]),
        ([identified(1, plan="pro"), identified(2, name="Ada")], [("b", 9)]),
        ([identified(1, plan="pro"), identified(2, plan="free")], [("a", 9)]),
        ([identified(1, plan="pro"), identified(2, plan=None)], [("a", 9)]),
        ([identified(10 * DAY, plan="pro")], [("a", 9)]),
        ([identified(9 * DAY, plan="pro")], [("b", 9)]),
        ([sent(1, "B", traits={"plan": "pro"})], [("a", 9)]),
        ([identified(1, plan={"name": "pro"})], [("a", 9)]),
    ],
)
def test_a_trait_is_what_was_said_last_at_or_before_the_event(said: list[Sent], entered: list[tuple[str, float]]) -> None:
    assert told(PLAN, *said, sent(9 * DAY, "A", position=1)) == entered


def test_an_identify_event_matches_by_its_own_traits() -> None:
    assert told(model_of([{"type": "identify", "traits": {"plan": "pro"}}]), identified(DAY, plan="pro")) == [("a", 1)]


@pytest.mark.parametrize(
    "test, traits, matched",
    [
        ({"address.country": "DE"}, [{"address": {"country": "DE"}}], True),
        ({"address.country": "DE"}, [{"address": {"country": "DE"}}, {"address": {"city": "Bonn"}}], False),
        ({"address.country": {"exists": False}}, [{"address": {"country": "DE"}}, {"address": "Bonn"}], True),
        ({r"a\.b": "é\n"}, [{"a.b": "é\n"}], True),
        ({"seats": {"gte": 10}}, [{"seats": 10.0}], True),
        ({"seats": {"gte": 10}}, [{"seats": "10"}], False),
        ({"seats": None}, [{"seats": None}], True),
        ({"seats": {"exists": False}}, [{"seats": None}], False),
        ({"active": True, "plan": {"in": ["pro", "team"]}}, [{"active": True}, {"plan": "team"}], True),
        ({"tags": {"exists": True}}, [{"tags": ["x"]}], True),
    ],
)
def test_traits_are_compared_as_properties_are(test: dict[str, Any], traits: list[dict[str, Any]], matched: bool) -> None:
    said = [identified(second, **one) for second, one in enumerate(traits)]
    assert told(model_of([{"event": "A", "traits": test}]), *said, sent(DAY, "A")) == [("a", 1)] * matched


SINCE = model_of([{"event": "A*"}], [{"event": "B", "since": {"stage": "a", "at_least": "2d", "within": "14d"}}])


@pytest.mark.parametrize("days, entered", [(1.99, False), (2, True), (14, True), (14.01, False)])
def test_the_time_since_a_stage_has_its_bounds_included(days: float, entered: bool) -> None:
    assert told(SINCE, sent(0, "A"), sent(days * DAY, "B")) == [("a", 0)] + [("b", days)] * entered


def test_the_latest_earlier_event_of_a_stage_counts_whatever_it_entered() -> None:
    rules: list[list[dict[str, Any]]] = [[{"event": "A*"}], [{"event": "AB"}], [{"event": "C", "since": {"stage": "a", "within": "1d"}}]]
    assert told(model_of(*rules), sent(0, "A"), sent(5 * DAY, "AB"), sent(6 * DAY, "C")) == [("a", 0), ("b", 5), ("c", 6)]
    assert told(model_of(*rules), sent(0, "A"), sent(2 * DAY, "C")) == [("a", 0)]
    assert told(model_of(*rules), sent(0, "C"), sent(DAY, "A")) == [("a", 1)]


def test_an_event_is_not_earlier_than_itself() -> None:
    rules: list[list[dict[str, Any]]] = [[{"event": "A"}], [{"event": "A", "since": {"stage": "a"}}]]
    assert told(model_of(*rules), sent(0, "A"), sent(DAY, "A")) == [("a", 0), ("b", 1)]


def test_the_time_since_a_stage_may_be_measured_in_chains_and_counted() -> None:
    rules: list[list[dict[str, Any]]] = [[{"event": "A"}]]
    rules += [[{"event": name, "since": [{"stage": before, "within": "1d"}]}] for before, name in (("a", "B"), ("b", "C"))]
    rules += [[{"event": "B", "since": {"stage": "a"}, "occurrence": {"min": 2}}]]
    events = [sent(0, "B"), sent(1, "A"), sent(2, "B"), sent(3, "C"), sent(4, "B")]
    assert [stage for stage, _ in told(model_of(*rules), *events)] == ["a", "b", "c", "d"]


def test_a_long_chain_of_stages_is_read_once() -> None:
    rules: list[list[dict[str, Any]]] = [[{"event": "A"}]]
    names = [f"s{place}" for place in range(40)]
    stages = [{"stage": names[0], "enter": rules[0]}]
    stages += [{"stage": name, "enter": [{"event": "B", "since": {"stage": before}}] * 2} for before, name in pairwise(names)]
    events = [sent(0, "A"), *(sent(second, "B") for second in range(1, 41))]
    found = journeys_found(events, parse_model({"model": "m", "stages": stages}))[number("user_id", "u")].entries
    assert [stage for _, stage, *_ in found] == names


LAPSED = {"after": "90d", "stage": "gone"}
ABC = model_of([{"event": "A"}], [{"event": "B"}], lapsed=LAPSED)


@pytest.mark.parametrize(
    "events, entered",
    [
        ([sent(0, "A")], [("a", 0), ("gone", 90)]),
        ([sent(0, "A"), sent(90 * DAY, "A")], [("a", 0), ("gone", 180)]),
        ([sent(0, "A"), sent(90 * DAY + 1e-6, "A")], [("a", 0), ("gone", 90), ("a", 90 + 1e-6 / DAY), ("gone", 180 + 1e-6 / DAY)]),
        ([sent(0, "A"), sent(60 * DAY, "x"), sent(120 * DAY, "B")], [("a", 0), ("b", 120), ("gone", 210)]),
        ([sent(0, "A"), sent(100 * DAY, "x"), sent(120 * DAY, "B")], [("a", 0), ("gone", 90), ("b", 120), ("gone", 210)]),
        ([sent(0, "A"), sent(100 * DAY, "x")], [("a", 0), ("gone", 90)]),
        ([sent(0, "x"), sent(100 * DAY, "A")], [("a", 100), ("gone", 190)]),
        ([sent(0, "x")], []),
        ([sent(0, "A"), sent(60 * DAY, "A", machine=True)], [("a", 0), ("gone", 90)]),
    ],
)
def test_silence_ends_in_a_lapse(events: list[Sent], entered: list[tuple[str, float]]) -> None:
    assert [(stage, round(day, 9)) for stage, day in told(ABC, *events)] == [(stage, round(day, 9)) for stage, day in entered]


def test_who_comes_back_begins_anew_where_there_are_no_backward_moves() -> None:
    events = [sent(0, "B"), sent(1, "A"), sent(100 * DAY, "A"), sent(101 * DAY, "B"), sent(102 * DAY, "A")]
    assert [stage for stage, _ in told({**ABC, "backward": False}, *events)] == ["b", "gone", "a", "b", "gone"]


def test_a_lapse_is_credited_to_the_touch_of_its_event() -> None:
    called = sent(0, "Called", contact="call", channel="call")
    found = entries(ABC, [called, sent(DAY, "A")])
    assert [entry.channel for entry in found] == ["call", "call"]
    assert told(ABC, called, sent(DAY, "A")) == [("a", 1), ("gone", 91)]


TRAITS = st.sampled_from([{"plan": "pro"}, {"plan": "free", "seats": 3}, {"seats": 12}, {"plan": {"name": "pro"}}, {"plan": None}])
SPANS = st.sampled_from(["1d", "2d", "7d", "12w"])


@st.composite
def stories(draw: st.DrawFn) -> list[Sent]:
    """Up to twelve events of one person, hours to months apart."""
    steps, numbers = st.sampled_from([0, 1, 3_600, DAY, 2 * DAY, 30 * DAY, 90 * DAY, 90 * DAY + 1]), count()
    second, events = 0, []
    for name in draw(st.lists(st.sampled_from(["A", "B", "C", "AB", None]), min_size=1, max_size=12)):
        second += draw(steps)
        said: dict[str, Any] = {"type": "identify", "traits": draw(TRAITS)} if name is None else {}
        machine = draw(st.sampled_from([False] * 6 + [True]))
        events.append(sent(second, name, machine=machine, sequence=next(numbers), **said))
    return events


@st.composite
def remembering_models(draw: st.DrawFn) -> dict[str, Any]:
    """Models of three stages whose rules ask for traits, occurrences and the time since earlier stages; with and without lapses."""
    stages = []
    for stage in "abc":
        asked: dict[str, st.SearchStrategy[Any]] = {
            "event": st.sampled_from(["A", "B", "C", "A*", "?"]),
            "traits": st.sampled_from([{"plan": "pro"}, {"seats": {"gt": 5}}, {"plan.name": "pro"}, {"plan": {"exists": False}}]),
            "occurrence": st.sampled_from([{"min": 2}, {"max": 1}]),
        }
        if stage != "a":
            bound = st.fixed_dictionaries({"stage": st.sampled_from("ab"[: "abc".index(stage)])}, optional={"within": SPANS})
            asked["since"] = bound | st.fixed_dictionaries({"stage": st.just("a")}, optional={"at_least": SPANS})
        enter = draw(st.lists(st.fixed_dictionaries({}, optional=asked), min_size=1, max_size=2))
        stages.append({"stage": stage, "enter": enter})
    lapsed = draw(st.sampled_from([{}, {"lapsed": LAPSED}, {"lapsed": {"after": "2d", "stage": "gone"}}]))
    return {"model": "m", "stages": stages, "backward": draw(st.booleans()), **lapsed}


@settings(deadline=None)
@given(stories(), remembering_models())
def test_stages_are_those_of_the_reading(events: list[Sent], model: dict[str, Any]) -> None:
    assert journeys_found(events, parse_model(model)) == journeys_read(model, events)


@settings(deadline=None, max_examples=50)
@given(histories(), remembering_models())
def test_stages_of_many_people_are_those_of_the_reading(events: list[Sent], model: dict[str, Any]) -> None:
    assert journeys_found(events, parse_model(model)) == journeys_read(model, events)
