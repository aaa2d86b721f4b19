"""Entries: from events and touches to stages entered and left, compared with a plain reading of the rules."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.frames import ENTRIES, EVENTS, TOUCHES, VERDICTS
from app.domain.journeys.entries import CREDITED, attach_touches, entries
from app.domain.journeys.stage_rules import type_column, value_column
from app.domain.journeys.stages import EACH_EVENT_NAME, StageModel, parse_model, preset

REPOSITORY = Path(__file__).parents[2]
CLICKSTREAM = REPOSITORY.joinpath(os.environ.get("WAYSTAGE_ORACLES", "../shared/oracles"), "clickstream")
START = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SCHEMA = EVENTS | VERDICTS | {"customer": pl.Int64, "place": pl.Int32}

Row = dict[str, Any]

ABC = parse_model({"model": "m", "stages": [{"stage": stage, "enter": [{"event": stage}]} for stage in "abc"]})
FORWARD = parse_model(ABC.document | {"backward": False})
AWARE = parse_model({"model": "m", "stages": [{"stage": "aware", "enter": [{"touch": True, "occurrence": {"max": 1}}]}]})


def event(name: str | None, at: timedelta = timedelta(), /, customer: int = 1, **values: Any) -> Row:
    usual = {"type": "track", "channel": "direct", "source": 1, "utm_source": "own", "device": "tablet", "country": "DE"}
    return usual | {"customer": customer, "name": name, "occurred_at": START + at} | values


def events_of(*rows: Row) -> list[Row]:
    return [{"event": f"{index:032x}", "place": index} | row for index, row in enumerate(rows)]


def touch_of(row: Row, **values: Any) -> Row:
    return {"customer": row["customer"], "event": row["event"], "touched_at": row["occurred_at"], "machine": False} | values


def derived(rows: list[Row], model: StageModel, touches: list[Row] | None = None) -> pl.DataFrame:
    return entries(attach_touches(pl.DataFrame(rows, schema=SCHEMA), pl.DataFrame(touches or [], schema=TOUCHES)), model)


def stages(rows: list[Row], model: StageModel, touches: list[Row] | None = None) -> list[str]:
    entered: list[str] = derived(rows, model, touches)["stage"].to_list()
    return entered


def test_entries_have_the_shape_that_is_kept() -> None:
    assert derived(events_of(event("a")), ABC).schema == pl.Schema(ENTRIES)
    assert derived([], ABC).schema == pl.Schema(ENTRIES)
    assert derived([], EACH_EVENT_NAME).schema == pl.Schema(ENTRIES)
    assert derived(events_of(event("x"), event(None)), FORWARD).is_empty()


def test_an_entry_is_left_at_the_next() -> None:
    rows = events_of(event("a"), event("x", DAY), event("c", 2 * DAY), event("b", 3 * DAY), event("a", 4 * DAY, customer=2))
    moves = derived(rows, ABC).select("customer", "position", "from_stage", "stage", "entered_at", "left_at", "event").rows()
    assert moves == [
        (1, 0, None, "a", START, START + 2 * DAY, rows[0]["event"]),
        (1, 1, "a", "c", START + 2 * DAY, START + 3 * DAY, rows[2]["event"]),
        (1, 2, "c", "b", START + 3 * DAY, None, rows[3]["event"]),
        (2, 0, None, "a", START + 4 * DAY, None, rows[4]["event"]),
    ]


def test_consecutive_events_in_one_stage_are_one_entry_of_the_first() -> None:
    rows = events_of(event("a"), event("a"), event("x"), event("a"), event("b"), event("a"))
    assert derived(rows, ABC)["event"].to_list() == [rows[0]["event"], rows[4]["event"], rows[5]["event"]]


def test_a_stage_does_not_run_on_into_the_next_customer() -> None:
    assert stages(events_of(event("a"), event("a", customer=2)), ABC) == ["a", "a"]


@pytest.mark.parametrize("names, entered", [("abcab", "abc"), ("caabc", "c"), ("ba", "b"), ("abab", "ab"), ("acbc", "ac")])
def test_without_backward_moves_what_lies_before_the_furthest_is_ignored(names: str, entered: str) -> None:
    assert stages(events_of(*map(event, names)), FORWARD) == list(entered)


def test_the_furthest_is_each_customers_own() -> None:
    assert stages(events_of(event("c"), event("a", customer=2)), FORWARD) == ["c", "a"]


def test_bots_and_machines_form_no_entries_and_split_none() -> None:
    rows = events_of(event("a"), event("b", machine_rule="crawler"), event("a"))
    assert stages(rows, ABC) == ["a"]
    assert stages(rows, EACH_EVENT_NAME) == ["a"]


def test_each_event_name_is_a_stage() -> None:
    rows = events_of(event("Signed Up"), event(None), event("Signed Up"), event("Cart Viewed"))
    assert stages(rows, EACH_EVENT_NAME) == ["Signed Up", "Cart Viewed"]


def test_the_first_touch_is_a_persons() -> None:
    rows = events_of(event("x"), event("x", machine_rule="scanner"), event("x"), event("x"), event("x"))
    touches = [touch_of(rows[4]), touch_of(rows[3]), touch_of(rows[2], machine=True), touch_of(rows[1])]
    assert derived(rows, AWARE, touches)["event"].to_list() == [rows[3]["event"]]


OF_TOUCH = dict(zip(CREDITED, ("email", "news", "mail", "may", "shoes", None, None, "FR", 7), strict=True))
OWN = dict(zip(CREDITED, ("direct", "own", None, None, None, None, "tablet", "DE", 1), strict=True))


def credit(rows: list[Row], *touches: Row) -> Row:
    [*_, last] = derived(rows, ABC, list(touches)).select(CREDITED).to_dicts()
    return last


def test_an_entry_has_the_values_of_its_latest_touch() -> None:
    rows = events_of(event("x"), event("x"), event("a"))
    assert credit(rows, touch_of(rows[0], channel="post"), touch_of(rows[1], **OF_TOUCH)) == OF_TOUCH


def test_an_event_that_is_a_touch_is_its_own_latest() -> None:
    rows = events_of(event("x"), event("a"))
    assert credit(rows, touch_of(rows[0], channel="post"), touch_of(rows[1], **OF_TOUCH)) == OF_TOUCH


def test_latest_goes_by_position_and_not_by_time() -> None:
    rows = events_of(event("x"), event("a"), event("x"))
    assert credit(rows, touch_of(rows[0], **OF_TOUCH), touch_of(rows[2], channel="post")) == OF_TOUCH


@pytest.mark.parametrize("late, expected", [(timedelta(), OF_TOUCH), (timedelta(microseconds=1), OWN)])
def test_a_touch_counts_for_thirty_days_inclusive(late: timedelta, expected: Row) -> None:
    rows = events_of(event("x"), event("a", 30 * DAY + late))
    assert credit(rows, touch_of(rows[0], **OF_TOUCH)) == expected


def test_an_entry_without_a_touch_has_its_events_own_values() -> None:
    rows = events_of(event("x"), event("a", customer=2))
    assert credit(rows, touch_of(rows[0], **OF_TOUCH)) == OWN


def test_an_entry_without_any_channel_is_direct() -> None:
    assert credit(events_of(event("a", channel=None)))["channel"] == "direct"


def test_touches_of_machines_give_nothing() -> None:
    rows = events_of(event("x"), event("x", machine_rule="scanner"), event("a"))
    assert credit(rows, touch_of(rows[0], machine=True), touch_of(rows[1])) == OWN


def test_journey_5_from_first_touch_to_second_order() -> None:
    names = ["Page Viewed", "Product Viewed", "Product Added", "Order Completed", "Product Viewed", "Order Completed", "Order Completed"]
    rows = events_of(*(event(name, index * DAY) for index, name in enumerate(names)))
    paths = [pl.lit(None, pl.String).alias(column("properties.path")) for column in (value_column, type_column)]
    attached = attach_touches(pl.DataFrame(rows, schema=SCHEMA).with_columns(paths), pl.DataFrame([touch_of(rows[0])], schema=TOUCHES))
    entered = entries(attached, preset("journey-5"))["stage"].to_list()
    assert entered == ["awareness", "consideration", "decision", "purchase", "consideration", "loyalty"]


def test_each_event_name_agrees_with_process_mining() -> None:
    if not CLICKSTREAM.exists():
        pytest.skip(f"no {CLICKSTREAM}; WAYSTAGE_ORACLES names the folder")
    shop = pl.read_csv(CLICKSTREAM / "ecom.csv.gz").with_row_index("row").sort("user_id", "timestamp", "row")
    events = shop.select(
        customer=pl.col("user_id").rank("dense").cast(pl.Int64),
        event=pl.col("row").cast(pl.String),
        name="event",
        occurred_at=pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", time_zone="UTC"),
    )
    frame = pl.concat([pl.DataFrame(schema=SCHEMA), events.cast({"occurred_at": SCHEMA["occurred_at"]})], how="diagonal")
    moved = entries(attach_touches(frame, pl.DataFrame(schema=TOUCHES)), EACH_EVENT_NAME).drop_nulls("from_stage")
    counted = json.loads((CLICKSTREAM / "ecom_by_user.directly_follows.json").read_text())["counts"]
    assert moved.height > 0
    assert set(moved.group_by("from_stage", "stage").len().rows()) == {(one, other, count) for one, other, count in counted if one != other}


NAMES = ("a", "b", "ab", None)
CHANNELS = ("email", "post", None)

rules = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["a", "b", "a*", "?"]),
        "touch": st.booleans(),
        "channel": st.sampled_from(["email", "post"]),
        "occurrence": st.sampled_from([{"min": 2}, {"max": 1}, {"min": 2, "max": 3}]),
    },
)
GLOBS = {"a": {"a"}, "b": {"b"}, "a*": {"a", "ab"}, "?": {"a", "b"}}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Events of up to three customers in their order, and the touches among them in any order."""
    machine_rules = st.sampled_from([None, None, None, None, "bot"])
    steps = st.tuples(st.integers(1, 3), st.sampled_from(NAMES), st.sampled_from([0, 1, 20, 30]), st.sampled_from(CHANNELS), machine_rules)
    drawn = sorted(draw(st.lists(steps, max_size=25)), key=lambda step: step[0])
    at, rows = timedelta(), []
    for customer, name, days, channel, machine_rule in drawn:
        at += days * DAY
        rows.append(event(name, at, customer, channel=channel, machine_rule=machine_rule))
    rows = events_of(*rows)
    kinds = draw(st.lists(st.sampled_from(["none", "person", "machine"]), min_size=len(rows), max_size=len(rows)))
    touches = [
        touch_of(row, channel=f"touch {index}", source=9, machine=kind == "machine")
        for index, (row, kind) in enumerate(zip(rows, kinds, strict=True))
        if kind != "none"
    ]
    return rows, draw(st.permutations(touches))


@st.composite
def stage_models(draw: st.DrawFn) -> StageModel:
    enter = draw(st.lists(st.lists(rules, min_size=1, max_size=2), min_size=1, max_size=4))
    stages = [{"stage": f"s{index}", "enter": one} for index, one in enumerate(enter)]
    return parse_model({"model": "m", "stages": stages, "backward": draw(st.booleans())})


class Reading:
    """The rules read aloud for one customer, event by event."""

    def __init__(self, model: StageModel, touches: dict[str, Row]) -> None:
        self.stages = model.document["stages"]
        self.backward = model.backward
        self.touches = touches
        self.counts: dict[tuple[int, int], int] = {}
        self.latest: Row | None = None
        self.entered: list[Row] = []
        self.furthest = -1

    def see(self, row: Row) -> None:
        if row["machine_rule"] is not None:
            return
        self.latest = self.touches.get(row["event"], self.latest)
        stage = max((number for number, stage in enumerate(self.stages) if self.enters(number, stage["enter"], row)), default=-1)
        if stage < 0 or (not self.backward and stage < self.furthest):
            return
        self.furthest = max(stage, self.furthest)
        if self.entered and self.entered[-1]["stage"] == f"s{stage}":
            return
        self.enter(f"s{stage}", row)

    def enters(self, number: int, rules: list[Row], row: Row) -> bool:
        return max([self.matches((number, index), rule, row) for index, rule in enumerate(rules)])

    def matches(self, key: tuple[int, int], rule: Row, row: Row) -> bool:
        if "event" in rule and row["name"] not in GLOBS[rule["event"][0]]:
            return False
        if "channel" in rule and row["channel"] not in rule["channel"]:
            return False
        if "touch" in rule and rule["touch"] != (row["event"] in self.touches):
            return False
        self.counts[key] = count = self.counts.get(key, 0) + 1
        bounds = rule.get("occurrence", {})
        return bool(bounds.get("min", 1) <= count <= bounds.get("max", count))

    def enter(self, stage: str, row: Row) -> None:
        touch = self.latest if self.latest and row["occurred_at"] - self.latest["touched_at"] <= 30 * DAY else None
        before = self.entered[-1] if self.entered else None
        if before:
            before["left_at"] = row["occurred_at"]
        taken = {name: touch.get(name) if touch else row.get(name) for name in CREDITED}
        self.entered.append(
            {"customer": row["customer"], "event": row["event"], "position": len(self.entered), "place": row["place"], "stage": stage}
            | {"from_stage": before and before["stage"], "entered_at": row["occurred_at"], "left_at": None}
            | taken
            | {"channel": taken["channel"] or "direct"}
        )


def reading(rows: list[Row], touches: list[Row], model: StageModel) -> list[Row]:
    persons = {touch["event"]: touch for touch in touches if not touch["machine"]}
    customers: dict[int, Reading] = {}
    for row in rows:
        customers.setdefault(row["customer"], Reading(model, persons)).see(row)
    return [entry for customer in sorted(customers) for entry in customers[customer].entered]


@given(histories(), stage_models())
def test_entries_are_what_the_rules_say(history: tuple[list[Row], list[Row]], model: StageModel) -> None:
    rows, touches = history
    assert derived(rows, model, touches).to_dicts() == reading(rows, touches, model)


@given(histories(), stage_models())
def test_a_journey_has_no_gap_and_no_repeated_stage(history: tuple[list[Row], list[Row]], model: StageModel) -> None:
    for _, journey in derived(history[0], model, history[1]).group_by("customer", maintain_order=True):
        assert journey["position"].to_list() == list(range(journey.height))
        assert journey["left_at"].to_list() == [*journey["entered_at"][1:], None]
        assert journey["from_stage"].to_list() == [None, *journey["stage"][:-1]]
        assert not (journey["from_stage"] == journey["stage"]).any()


@given(histories(), stage_models(), st.permutations([1, 2, 3]))
def test_the_order_of_the_customers_changes_nothing(history: tuple[list[Row], list[Row]], model: StageModel, order: list[int]) -> None:
    rows, touches = history
    shuffled = sorted(rows, key=lambda row: order.index(row["customer"]))
    assert derived(shuffled, model, touches).equals(derived(rows, model, touches))
