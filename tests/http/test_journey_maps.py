"""The journey map, stalls and last touches over HTTP, counted by hand on a model of the test's own."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.service import KEYS, Waystage, bearer, until

DAY = timedelta(days=1)
START = datetime(2004, 3, 1, tzinfo=UTC)
MODEL = f"map-{uuid.uuid4().hex[:12]}"
DOCUMENT = {
    "model": MODEL,
    "labels": {"en": "Map"},
    "stages": [
        {"stage": "look", "labels": {"en": "Looking"}, "target": {"conversion": 0.5, "days": 2, "rating": 8}, "enter": [{"event": "Look"}]},
        {"stage": "try", "target": {"conversion": 0.9}, "enter": [{"event": "Try"}]},
        {"stage": "buy", "enter": [{"event": "Buy"}]},
    ],
}
PEOPLE = {
    "ann": "Look 0, Read 0.5, Rate:9 0.6, Try 1, Read 2, Buy 4",
    "ben": "Look 0, Read 0.1, Read 0.2, Rate:6 0.3, Try 6, Look 7",
    "cid": "Look 0, Buy 1, Read 1.5, Look 3, Try 3.5",
    "dot": "Read 0, Look 5",
    "eve": "Try 0, Rate:3 1",
}
CHANNELS = {"ann": "email", "ben": "email", "cid": "social", "dot": "social", "eve": "chat_bot"}
NOTHING = {"median": None, "p90": None, "mean": None}


def events_of(name: str, person: str) -> Iterator[dict[str, Any]]:
    for step in PEOPLE[person].split(", "):
        said, days = step.split()
        event, _, rating = said.partition(":")
        yield {
            "type": "track",
            "event": event,
            "userId": f"{name}-{person}",
            "timestamp": (START + float(days) * DAY).isoformat(),
            "properties": {"rating": float(rating)} if rating else {"touchpoint_channel": CHANNELS[person]} if days == "0" else {},
            "context": {"campaign": {"name": name}} if days == "0" else {},
        }


def identified(name: str, person: object) -> dict[str, Any]:
    return {"type": "identify", "userId": f"{name}-{person}", "traits": {"map": name}, "timestamp": START.isoformat()}


@pytest.fixture(scope="module")
def name(shared_waystage: Waystage) -> str:
    """The campaign and trait of the people of PEOPLE, and of nobody else, in a model of their own."""
    name = f"m{uuid.uuid4().hex}"
    answer = shared_waystage.client.put(f"/v1/stage-models/{MODEL}", content=json.dumps(DOCUMENT), headers=bearer(KEYS.admin))
    assert answer.status_code == 202, answer.text
    traits = [identified(name, person) for person in PEOPLE]
    shared_waystage.batch([*traits, *(event for person in PEOPLE for event in events_of(name, person))])
    shared_waystage.derived()
    until(lambda: MODEL in active(shared_waystage), "the model is active")
    return name


def active(waystage: Waystage) -> list[str]:
    return [model["model"] for model in waystage.ask("/v1/stages")["models"] if model["state"] == "active"]


def window(since: float, to: float) -> dict[str, str]:
    return {"from": (START + since * DAY).isoformat(), "to": (START + to * DAY).isoformat()}


def drawn(waystage: Waystage, name: str, **query: Any) -> dict[str, dict[str, Any]]:
    answer = waystage.ask("/v1/journey-map", model=MODEL, trait=f"map:{name}", **query)
    return {stage["stage"]: stage for stage in answer["stages"]}


def who(waystage: Waystage, path: str, name: str, **query: Any) -> list[str]:
    answer = waystage.ask(f"{path}/customers", model=MODEL, trait=f"map:{name}", **query)
    assert answer["total"] == len(answer["customers"])
    return [person["id"].removeprefix(f"user_id:{name}-") for person in answer["customers"]]


def test_a_stage_is_that_counted_by_hand(shared_waystage: Waystage, name: str) -> None:
    look = drawn(shared_waystage, name, **window(0, 8))["look"]
    assert [look[key] for key in ("label", "at_start", "entries", "exits", "at_end", "customers")] == ["Looking", 0, 6, 4, 2, 4]
    assert look["dwell"] == {"median": 1 * 86400, "p90": pytest.approx(4.5 * 86400)}
    assert {key: value for key, value in look["further"].items() if key != "time_to_convert"} == {
        "to": ["try", "buy"],
        "within": 2 * 86400,
        "reached": 4,
        "converted": 2,
        "still_in_window": 0,
        "dropped": 2,
        "conversion": 0.5,
    }
    assert look["channels"] == {
        "listed": [{"name": "email", "count": 3}, {"name": "social", "count": 3}],
        "other": {"names": 0, "count": 0},
    }
    assert look["actions"]["listed"] == [
        {"name": "Look", "count": 6, "customers": 4},
        {"name": "Read", "count": 3, "customers": 2},
        {"name": "Rate", "count": 2, "customers": 2},
    ]
    assert look["rating"] == {"count": 2, "mean": 7.5, "values": [{"rating": 6, "count": 1}, {"rating": 9, "count": 1}], "other": 0}
    assert [(move["from"], move["count"]) for move in look["came_from"]] == [(None, 4), ("try", 1), ("buy", 1)]
    assert look["backward"] == []


def test_targets_have_verdicts(shared_waystage: Waystage, name: str) -> None:
    stages = drawn(shared_waystage, name, **window(0, 8))
    assert stages["look"]["target"] == {
        "conversion": {"target": 0.5, "measured": 0.5, "verdict": "met"},
        "days": {"target": 2, "measured": 1, "verdict": "met"},
        "rating": {"target": 8, "measured": 7.5, "verdict": "missed"},
    }
    assert stages["try"]["target"]["conversion"]["verdict"] == "missed"
    assert stages["buy"]["target"] is None
    empty = drawn(shared_waystage, name, **window(-9, -1))["look"]
    assert {verdict["verdict"] for verdict in empty["target"].values()} == {"no data"}


def test_backward_moves_and_the_furthest_stage(shared_waystage: Waystage, name: str) -> None:
    stages = drawn(shared_waystage, name, **window(0, 8))
    assert [(move["to"], move["count"]) for move in stages["try"]["backward"]] == [("look", 1)]
    assert [(move["to"], move["count"]) for move in stages["buy"]["backward"]] == [("look", 1)]
    assert stages["buy"]["further"] is None
    assert [stages["buy"]["actions"]["listed"], stages["buy"]["rating"]["mean"]] == [
        [{"name": "Buy", "count": 2, "customers": 2}, {"name": "Read", "count": 1, "customers": 1}],
        None,
    ]


def test_filters_select_the_stays_that_actions_and_touches_lie_in(shared_waystage: Waystage, name: str) -> None:
    look = drawn(shared_waystage, name, channel="email", **window(0, 8))["look"]
    assert (look["entries"], look["touch_channels"]["listed"]) == (3, [{"name": "email", "count": 2}])
    assert [action["count"] for action in look["actions"]["listed"]] == [3, 3, 2]
    assert {action["name"]: action["customers"] for action in look["actions"]["listed"]} == {"Look": 2, "Read": 2, "Rate": 2}


def test_people_still_inside_the_window_are_not_lost(shared_waystage: Waystage) -> None:
    """Who has time left has neither converted nor dropped, and no target is missed on their account."""
    name = f"m{uuid.uuid4().hex}"
    now = datetime.now(UTC)
    said = {"type": "track", "event": "Look"}
    looked = [said | {"userId": f"{name}-{hours}", "timestamp": (now - timedelta(hours=hours)).isoformat()} for hours in (1, 47, 49)]
    shared_waystage.batch([*(identified(name, hours) for hours in (1, 47, 49)), *looked])
    shared_waystage.derived()
    look = drawn(shared_waystage, name)["look"]
    assert [look["further"][key] for key in ("reached", "converted", "still_in_window", "dropped")] == [3, 0, 2, 1]
    assert look["target"]["conversion"]["verdict"] == "open"
    assert sorted(who(shared_waystage, "/v1/journey-map", name, stage="look", what="still_in_window")) == ["1", "47"]
    assert who(shared_waystage, "/v1/journey-map", name, stage="look", what="dropped") == ["49"]


def test_two_windows_are_compared(shared_waystage: Waystage, name: str) -> None:
    other = {"compare_from": START.isoformat(), "compare_to": (START + 2 * DAY).isoformat()}
    asked = {"model": MODEL, "trait": f"map:{name}"}
    answer = shared_waystage.ask("/v1/journey-map", **asked, **window(2, 8), **other)
    assert answer["compared_with"] == {"from": "2004-03-01T00:00:00Z", "to": "2004-03-03T00:00:00Z"}
    then = shared_waystage.ask("/v1/journey-map", **asked, **window(0, 2))["stages"]
    for stage, before in zip(answer["stages"], then, strict=True):
        assert stage["compared"] == {key: value for key, value in before.items() if key != "label"}
        for count in ("entries", "exits", "customers", "at_start", "at_end"):
            assert stage["difference"][count] == stage[count] - before[count]
    look = answer["stages"][0]["difference"]
    assert (look["further"]["converted"], look["rating"]["mean"]) == (-1, None)


def test_the_people_of_the_map(shared_waystage: Waystage, name: str) -> None:
    def behind(stage: str, what: str, **query: str) -> set[str]:
        return {*who(shared_waystage, "/v1/journey-map", name, stage=stage, what=what, **query, **window(0, 8))}

    assert behind("look", "entries") == {"ann", "ben", "cid", "dot"}
    assert behind("look", "at_end") == {"ben", "dot"}
    assert behind("look", "exits") == {"ann", "ben", "cid"}
    assert behind("look", "converted") == {"ann", "cid"}
    assert behind("look", "dropped") == {"ben", "dot"}
    assert behind("look", "acted", action="Read") == {"ann", "ben"}
    assert behind("look", "acted", action="Buy") == set()


def test_stalls_by_target_and_by_span(shared_waystage: Waystage, name: str) -> None:
    answer = shared_waystage.ask("/v1/stalls", model=MODEL, trait=f"map:{name}", over="target", **window(0, 8))
    assert answer["stages"] == [
        {
            "stage": "look",
            "label": "Looking",
            "limit": 2 * 86400,
            "limit_from": "target",
            "exits": None,
            "there": 2,
            "stalled": 1,
            "oldest": 3 * 86400,
            "median": 3 * 86400,
        },
        {
            "stage": "try",
            "label": "try",
            "limit": None,
            "limit_from": None,
            "exits": None,
            "there": 2,
            "stalled": 0,
            "oldest": None,
            "median": None,
        },
    ]
    given = shared_waystage.ask("/v1/stalls", model=MODEL, trait=f"map:{name}", over="3d", **window(0, 8))["stages"]
    assert [(stage["limit"], stage["limit_from"], stage["stalled"]) for stage in given] == [(259200, "over", 0), (259200, "over", 2)]
    assert who(shared_waystage, "/v1/stalls", name, over="3d", **window(0, 8)) == ["eve", "cid"]
    assert who(shared_waystage, "/v1/stalls", name, over="3d", stage="look", **window(0, 8)) == []


def test_a_percentile_needs_twenty_exits(shared_waystage: Waystage) -> None:
    name = f"m{uuid.uuid4().hex}"

    def look(person: int, *events: tuple[str, float]) -> list[dict[str, Any]]:
        said = {"userId": f"{name}-{person}", "type": "track"}
        return [identified(name, person), *(said | {"event": event, "timestamp": (START + at * DAY).isoformat()} for event, at in events)]

    people = [look(person, ("Look", 0), ("Buy", person)) for person in range(1, 20)]
    shared_waystage.batch([event for events in people for event in events] + look(100, ("Look", 0)))
    shared_waystage.derived()
    asked = {"model": MODEL, "trait": f"map:{name}", **window(0, 30)}
    assert [shared_waystage.ask("/v1/stalls", **asked)["stages"][0][key] for key in ("limit", "there", "stalled")] == [None, 1, 0]
    shared_waystage.batch(look(20, ("Look", 0), ("Buy", 20)))
    shared_waystage.derived()
    stage = shared_waystage.ask("/v1/stalls", **asked)["stages"][0]
    assert [stage[key] for key in ("limit_from", "exits", "there", "stalled")] == ["p90", 20, 1, 1]
    assert stage["limit"] == pytest.approx(18.1 * 86400)
    assert shared_waystage.ask("/v1/stalls", **asked, history="1d")["stages"][0]["limit"] is None


def test_the_list_of_customers_names_those_who_are_stalled_now(shared_waystage: Waystage) -> None:
    name, now = f"m{uuid.uuid4().hex}", datetime.now(UTC)

    def did(person: int, event: str, days: float) -> dict[str, Any]:
        return {"type": "track", "userId": f"{name}-{person}", "event": event, "timestamp": (now - days * DAY).isoformat()}

    left = [did(person, event, days) for person in range(40) for event, days in (("Look", 10), ("Buy", 9.9))]
    shared_waystage.batch([*left, did(100, "Look", 5), did(101, "Look", 0.01), did(102, "Try", 5)])
    shared_waystage.derived()
    asked = {"model": MODEL, "stage": "look", "limit": 1000}
    stalled = {person["id"] for person in shared_waystage.ask("/v1/stalls/customers", **asked)["customers"]}
    assert f"user_id:{name}-100" in stalled
    assert not {f"user_id:{name}-{person}" for person in (0, 101, 102)} & stalled
    assert {person["id"] for person in shared_waystage.ask("/v1/customers", stalled=1, **asked)["customers"]} == stalled


def test_last_touches_of_journeys_that_stopped(shared_waystage: Waystage, name: str) -> None:
    asked = {"quiet": "3d", "over": "2d", **window(0, 8)}
    answer = shared_waystage.ask("/v1/last-touches", model=MODEL, trait=f"map:{name}", **asked)
    assert (answer["ends"], answer["touches"], answer["other"]) == (4, 5, {"names": 0, "ends": 0, "touches": 0})

    def stopped(touch: str, counts: tuple[int, int], lift: float, **stages: int) -> dict[str, Any]:
        said = {"touch": touch, "ends": counts[0], "share": counts[0] / 4, "touches": counts[1], "touches_share": counts[1] / 5}
        return said | {"lift": pytest.approx(lift), "stages": [{"stage": stage, "ends": ends} for stage, ends in stages.items()]}

    assert answer["listed"] == [
        stopped("social", (2, 2), 1.25, look=1, **{"try": 1}),
        stopped("chat_bot", (1, 1), 1.25, **{"try": 1}),
        stopped("email", (1, 2), 0.625, buy=1),
    ]

    def behind(**query: str) -> set[str]:
        return {*who(shared_waystage, "/v1/last-touches", name, **asked, **query)}

    assert behind() == {"ann", "cid", "dot", "eve"}
    assert behind(touch="social") == {"cid", "dot"}
    assert behind(touch="social", stage="look") == {"dot"}
    assert behind(stage="buy") == {"ann"}
    assert behind(touch="") == behind(stage="") == behind(touch="radio") == set()
    assert shared_waystage.ask("/v1/last-touches", model=MODEL, trait=f"map:{name}", **asked, top=1)["other"] == {
        "names": 2,
        "ends": 2,
        "touches": 3,
    }


REFUSED = [
    ("/v1/journey-map?model=each_event_name", "model"),
    ("/v1/journey-map?within=0d", "within"),
    ("/v1/journey-map?compare_from=yesterday", "compare_from"),
    ("/v1/journey-map/customers?stage=none", "stage"),
    ("/v1/journey-map/customers", "stage"),
    ("/v1/journey-map/customers?stage=loyalty&what=dropped", "what"),
    ("/v1/journey-map/customers?stage=loyalty&what=acted", "action"),
    ("/v1/stalls?over=soon", "over"),
    ("/v1/stalls?history=1", "history"),
    ("/v1/stalls/customers?stage=none", "stage"),
    ("/v1/last-touches/customers?stage=none", "stage"),
    ("/v1/stalls?model=each_event_name", "model"),
    ("/v1/last-touches?by=device", "by"),
    ("/v1/last-touches?quiet=0d", "quiet"),
]


@pytest.mark.parametrize("path, field", REFUSED)
def test_what_cannot_be_read_is_refused(shared_waystage: Waystage, path: str, field: str) -> None:
    answer = shared_waystage.client.get(path, headers=bearer(KEYS.read))
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
