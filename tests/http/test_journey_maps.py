"""The journey map over HTTP, counted by hand on a model of the test's own."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.mapped import DAY, MODEL, START, identified, mapped, who, window
from tests.service import KEYS, Waystage, bearer


@pytest.fixture(scope="module")
def name(shared_waystage: Waystage) -> str:
    return mapped(shared_waystage)


def drawn(waystage: Waystage, name: str, **query: Any) -> dict[str, dict[str, Any]]:
    answer = waystage.ask("/v1/journey-map", model=MODEL, trait=f"map:{name}", **query)
    return {stage["stage"]: stage for stage in answer["stages"]}


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
