"""Transitions: what happened in a window, compared with the same answer told entry by entry."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import ENTRIES
from app.domain.questions.filters import TOUCH_FILTERS, Filters
from app.domain.questions.transitions import Mode, Transitions, first_entries, prepare, transitions
from app.domain.windows import Window

STAGES = ["view", "cart", "buy", "again"]
START = datetime(2025, 3, 1, tzinfo=UTC)
TYPES = [pl.String(), pl.Categorical(), pl.Enum(STAGES), pl.Enum(sorted(STAGES))]

Entry = dict[str, Any]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def window(from_: float | None, to: float) -> Window:
    return Window(None if from_ is None else after(from_), after(to))


def linked(entries: Iterable[Entry]) -> list[Entry]:
    """One customer's entries, each with the stage before and the instant of the next."""
    kept = list(entries)
    befores, afters = [None, *(entry["stage"] for entry in kept)], [*(entry["entered_at"] for entry in kept[1:]), None]
    return [entry | {"from_stage": before, "left_at": left} for entry, before, left in zip(kept, befores, afters, strict=False)]


def journey(customer: int, *steps: Any) -> list[Entry]:
    """A customer's entries from (stage, seconds after the start, values of the touch)."""
    entries = [
        {"customer": customer, "position": position, "stage": stage, "entered_at": after(seconds), **dict(*touch)}
        for position, (stage, seconds, *touch) in enumerate(steps)
    ]
    return linked(entries)


def frame(*journeys: list[Entry], stage: pl.DataType | None = None) -> pl.DataFrame:
    rows = pl.DataFrame([entry for entries in journeys for entry in entries], schema=ENTRIES)
    return rows.with_columns(pl.col("stage", "from_stage").cast(stage or pl.String())).sample(fraction=1, shuffle=True, seed=1)


def asked(entries: pl.DataFrame, within: Window, filters: Filters | None = None, mode: Mode = "every") -> Transitions:
    return transitions(prepare(entries, mode), STAGES, within, filters or Filters())


def counted(answer: Transitions) -> dict[str, tuple[int, int, int, int, int]]:
    return {
        flow["stage"]: (flow["at_start"], flow["entries"], flow["exits"], flow["at_end"], flow["customers"]) for flow in answer["stages"]
    }


def moves(answer: Transitions) -> list[tuple[str | None, str, int]]:
    return [(move["from"], move["to"], move["count"]) for move in answer["transitions"]]


TWO = [journey(1, ("view", 0), ("cart", 10), ("buy", 40)), journey(2, ("view", 5), ("cart", 25), ("view", 30), ("cart", 60))]


@pytest.mark.parametrize("stage", TYPES)
def test_an_answer_in_full(stage: pl.DataType) -> None:
    nothing = {"median": None, "p90": None}
    assert asked(frame(*TWO, stage=stage), window(None, 100)) == {
        "stages": [
            {"stage": "view", "at_start": 0, "entries": 3, "exits": 3, "at_end": 0, "customers": 2, "dwell": {"median": 20, "p90": 28}},
            {"stage": "cart", "at_start": 0, "entries": 3, "exits": 2, "at_end": 1, "customers": 2, "dwell": {"median": 17.5, "p90": 27.5}},
            {"stage": "buy", "at_start": 0, "entries": 1, "exits": 0, "at_end": 1, "customers": 1, "dwell": nothing},
            {"stage": "again", "at_start": 0, "entries": 0, "exits": 0, "at_end": 0, "customers": 0, "dwell": nothing},
        ],
        "transitions": [
            {"from": None, "to": "view", "count": 2, "customers": 2, "share": 1.0, "dwell": nothing},
            {"from": "view", "to": "cart", "count": 3, "customers": 2, "share": 1.0, "dwell": {"median": 20, "p90": 28}},
            {"from": "cart", "to": "view", "count": 1, "customers": 1, "share": 0.5, "dwell": {"median": 5, "p90": 5}},
            {"from": "cart", "to": "buy", "count": 1, "customers": 1, "share": 0.5, "dwell": {"median": 30, "p90": 30}},
        ],
    }


def test_a_transition_belongs_to_the_window_that_holds_its_entry() -> None:
    answer = asked(frame(*TWO), window(10, 30))
    assert moves(answer) == [("view", "cart", 2)]
    assert counted(answer) == {"view": (2, 0, 2, 0, 0), "cart": (0, 2, 0, 2, 2), "buy": (0, 0, 0, 0, 0), "again": (0, 0, 0, 0, 0)}


def test_a_stage_left_at_the_window_s_first_instant_was_there_at_its_start() -> None:
    assert counted(asked(frame(*TWO), window(40, 41)))["cart"] == (1, 0, 1, 0, 0)
    assert counted(asked(frame(*TWO), window(41, 42)))["cart"] == (0, 0, 0, 0, 0)


def test_a_stage_entered_and_left_in_one_instant_is_an_entry_and_an_exit() -> None:
    answer = asked(frame(journey(1, ("view", 0), ("cart", 0), ("buy", 7))), window(0, 1))
    assert counted(answer)["view"] == (0, 1, 1, 0, 1)
    assert counted(answer)["cart"] == (0, 1, 0, 1, 1)


def test_listed_by_stage_before_then_count_then_stage() -> None:
    orders = [["cart", "view", "buy"], ["again", "view", "buy"], ["view", "again"], ["again", "view", "cart"]]
    entries = frame(*(journey(customer, *zip(names, range(9), strict=False)) for customer, names in enumerate(orders)))
    assert moves(asked(entries, window(None, 100))) == [
        (None, "again", 2), (None, "view", 1), (None, "cart", 1),
        ("view", "buy", 2), ("view", "cart", 1), ("view", "again", 1),
        ("cart", "view", 1),
        ("again", "view", 2),
    ]  # fmt: skip


def test_nothing_at_all() -> None:
    answer = asked(frame(), window(None, 100))
    assert answer["transitions"] == []
    assert counted(answer) == dict.fromkeys(STAGES, (0, 0, 0, 0, 0))


def test_first_keeps_first_entries_and_rebuilds_them() -> None:
    entries = frame(journey(1, ("view", 0), ("cart", 10), ("view", 20), ("buy", 50), ("cart", 60)))
    first = first_entries(entries).sort("position").select("stage", "from_stage", "entered_at", "left_at")
    assert first.rows() == [
        ("view", None, after(0), after(10)),
        ("cart", "view", after(10), after(50)),
        ("buy", "cart", after(50), None),
    ]
    answer = asked(entries, window(None, 100), mode="first")
    assert [move["dwell"]["median"] for move in answer["transitions"]] == [None, 10, 40]


def test_first_is_first_over_the_whole_history() -> None:
    assert moves(asked(frame(journey(1, ("view", 0), ("cart", 10), ("view", 20))), window(15, 100), mode="first")) == []


MAILED = frame(journey(1, ("view", 0, {"channel": "direct"}), ("cart", 10, {"channel": "email"}), ("view", 30, {"channel": "direct"})))


def test_a_filtered_entry_keeps_its_stage_before_and_the_time_in_it() -> None:
    answer = asked(MAILED, window(None, 100), Filters(channel="email"))
    assert moves(answer) == [("view", "cart", 1)]
    assert answer["transitions"][0]["dwell"] == {"median": 10, "p90": 10}
    assert counted(answer)["cart"] == (0, 1, 1, 0, 1)
    assert counted(answer)["view"] == (0, 0, 0, 0, 0)
    assert answer["stages"][1]["dwell"] == {"median": 20, "p90": 20}


def test_mode_comes_before_filters() -> None:
    direct, email = {"channel": "direct"}, {"channel": "email"}
    entries = frame(journey(1, ("view", 0, direct), ("cart", 10, email), ("view", 20, email), ("cart", 30, direct)))
    assert moves(asked(entries, window(None, 100), Filters(channel="direct"), "first")) == [(None, "view", 1)]
    assert moves(asked(entries, window(None, 100), Filters(channel="direct"))) == [(None, "view", 1), ("view", "cart", 1)]


@pytest.mark.parametrize("column, value", [*((name, "x") for name in TOUCH_FILTERS if name != "source"), ("source", 7)])
def test_filters_compare_one_value_of_the_touch(column: str, value: Any) -> None:
    entries = frame(journey(1, ("view", 0, {column: value}), ("cart", 1)), journey(2, ("buy", 0)))
    assert moves(asked(entries, window(None, 100), Filters(**{column: value}))) == [(None, "view", 1)]


@pytest.mark.parametrize("dtype", [pl.String(), pl.Categorical(), pl.Enum(["direct", "email"])])
def test_a_channel_that_nobody_has_selects_nothing(dtype: pl.DataType) -> None:
    answer = asked(MAILED.with_columns(pl.col("channel").cast(dtype)), window(None, 100), Filters(channel="radio"))
    assert answer["transitions"] == []


def test_a_source_beyond_all_numbers_selects_nothing() -> None:
    assert asked(MAILED, window(None, 100), Filters(source=1 << 40))["transitions"] == []


def test_customers_may_be_replaced_in_a_prepared_frame() -> None:
    old = prepare(frame(*TWO, journey(3, ("view", 0), ("buy", 9))))
    new = journey(2, ("cart", 1), ("view", 2), ("cart", 3), ("view", 4))
    patched = pl.concat([old.filter(pl.col("customer") != 2), prepare(frame(new))])
    whole = prepare(frame(TWO[0], new, journey(3, ("view", 0), ("buy", 9))))
    assert transitions(patched, STAGES, window(None, 100)) == transitions(whole, STAGES, window(None, 100))


def percentile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    rank = (len(values) - 1) * share
    low, *rest = sorted(values)[int(rank) : int(rank) + 2]
    return low + (rank - int(rank)) * (rest[0] - low if rest else 0)


def spread(values: list[float]) -> dict[str, float | None]:
    return {"median": percentile(values, 0.5), "p90": percentile(values, 0.9)}


def told(journeys: list[list[Entry]], within: Window, filters: dict[str, Any], mode: Mode) -> dict[str, Any]:
    """The same answer in plain words, entry by entry."""
    if mode == "first":
        firsts = [{entry["stage"]: entry for entry in reversed(entries)}.values() for entries in journeys]
        journeys = [linked(sorted(kept, key=lambda entry: entry["position"])) for kept in firsts]
    for entries in journeys:
        for before, entry in pairwise(entries):
            entry["dwell_before"] = (entry["entered_at"] - before["entered_at"]).total_seconds()
    chosen = [entry for entries in journeys for entry in entries if all(entry.get(key) == value for key, value in filters.items())]
    inside = [entry for entry in chosen if happened(entry["entered_at"], within)]
    return {"stages": [told_stage(stage, chosen, inside, within) for stage in STAGES], "transitions": told_transitions(inside)}


def happened(instant: datetime | None, within: Window) -> bool:
    return instant is not None and (within.from_ is None or instant >= within.from_) and instant < within.to


def present(stage: str, chosen: list[Entry], instant: datetime | None) -> int:
    before = [entry for entry in chosen if entry["stage"] == stage and instant and entry["entered_at"] < instant]
    return sum(entry["left_at"] is None or entry["left_at"] >= instant for entry in before)


def told_stage(stage: str, chosen: list[Entry], inside: list[Entry], within: Window) -> dict[str, Any]:
    entered = [entry for entry in inside if entry["stage"] == stage]
    left = [entry for entry in chosen if entry["stage"] == stage and happened(entry["left_at"], within)]
    return {
        "stage": stage,
        "at_start": present(stage, chosen, within.from_),
        "entries": len(entered),
        "exits": len(left),
        "at_end": present(stage, chosen, within.to),
        "customers": len({entry["customer"] for entry in entered}),
        "dwell": spread([(entry["left_at"] - entry["entered_at"]).total_seconds() for entry in left]),
    }


def told_transitions(inside: list[Entry]) -> list[dict[str, Any]]:
    places = {stage: place for place, stage in enumerate([None, *STAGES])}
    pairs = Counter((entry["from_stage"], entry["stage"]) for entry in inside)
    totals = Counter(entry["from_stage"] for entry in inside)
    listed = []
    for before, stage in sorted(pairs, key=lambda pair: (places[pair[0]], -pairs[pair], places[pair[1]])):
        moved = [entry for entry in inside if (entry["from_stage"], entry["stage"]) == (before, stage)]
        customers = len({entry["customer"] for entry in moved})
        dwell = spread([entry["dwell_before"] for entry in moved if before is not None])
        share = len(moved) / totals[before]
        listed.append({"from": before, "to": stage, "count": len(moved), "customers": customers, "share": share, "dwell": dwell})
    return listed


def as_json(answer: Any) -> Any:
    return json.loads(json.dumps(answer), parse_float=lambda text: round(float(text), 6), parse_int=float)


@st.composite
def journeys_of(draw: st.DrawFn, customer: int) -> list[Entry]:
    gaps, channels, sources = st.sampled_from([0, 0.5, 1, 3]), st.sampled_from(["email", "direct"]), st.sampled_from([1, 2])
    visits = st.tuples(st.sampled_from(STAGES), gaps, channels, sources)
    steps: list[tuple[str, float, dict[str, Any]]] = []
    seconds = 0.0
    for stage, gap, channel, source in draw(st.lists(visits, max_size=9)):
        seconds += gap
        if not steps or steps[-1][0] != stage:
            steps.append((stage, seconds, {"channel": channel, "source": source}))
    return journey(customer, *steps)


histories = st.integers(0, 5).flatmap(lambda customers: st.tuples(*(journeys_of(customer) for customer in range(customers))))
edges = st.integers(0, 24).map(lambda half: half / 2)
windows = st.builds(window, st.none() | edges, edges).filter(lambda within: within.from_ is None or within.from_ < within.to)
filters_asked = st.fixed_dictionaries({}, optional={"channel": st.just("email"), "source": st.just(2)})
modes: st.SearchStrategy[Mode] = st.sampled_from(["every", "first"])


@settings(deadline=None, max_examples=150)
@given(histories, windows, filters_asked, modes, st.sampled_from(TYPES))
def test_as_told_in_plain_words(history: Any, within: Window, filters: dict[str, Any], mode: Mode, stage: pl.DataType) -> None:
    answer = asked(frame(*history, stage=stage), within, Filters(**filters), mode)
    assert as_json(answer) == as_json(told(list(history), within, filters, mode))


@settings(deadline=None, max_examples=100)
@given(histories, windows, filters_asked, modes)
def test_sums_reconcile(history: Any, within: Window, filters: dict[str, Any], mode: Mode) -> None:
    answer = asked(frame(*history), within, Filters(**filters), mode)
    into, shares = Counter[str](), Counter[str | None]()
    for move in answer["transitions"]:
        into[move["to"]] += move["count"]
        shares[move["from"]] += move["share"]  # type: ignore[assignment]
    assert all(share == pytest.approx(1) for share in shares.values())
    for flow in answer["stages"]:
        assert flow["at_start"] + flow["entries"] == flow["exits"] + flow["at_end"]
        assert flow["entries"] == into[flow["stage"]]
        assert flow["customers"] <= flow["entries"]


@settings(deadline=None, max_examples=50)
@given(histories, edges, modes)
def test_two_windows_that_meet_count_as_one(history: Any, edge: float, mode: Mode) -> None:
    entries = frame(*history)
    early, late, both = (counted(asked(entries, within, mode=mode)) for within in (window(None, edge), window(edge, 99), window(None, 99)))
    for stage in STAGES:
        assert early[stage][3] == late[stage][0]
        assert [early[stage][n] + late[stage][n] for n in (1, 2)] == [both[stage][n] for n in (1, 2)]
