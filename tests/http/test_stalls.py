"""Stalls and last touches over HTTP, counted by hand on a model of the test's own."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.http.mapped import DAY, MODEL, START, identified, mapped, who, window
from tests.service import Waystage


@pytest.fixture(scope="module")
def name(shared_waystage: Waystage) -> str:
    return mapped(shared_waystage)


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
