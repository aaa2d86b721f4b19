"""What a fast clock dates ahead of an answer's instant is in no question before its time, and then in all of them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.service import Waystage, until

SOON = timedelta(seconds=4)


def test_events_touches_and_entries_come_together(shared_waystage: Waystage) -> None:
    who = f"ahead-{uuid.uuid4().hex}"
    now = datetime.now(UTC)
    due = now + SOON
    said = {"type": "track", "userId": who}
    shared_waystage.batch(
        [
            {**said, "type": "identify", "traits": {"ahead": who}, "timestamp": (now - timedelta(hours=2)).isoformat()},
            {**said, "event": "Product Viewed", "timestamp": (now - timedelta(hours=1)).isoformat()},
            {**said, "event": "Order Completed", "timestamp": due.isoformat(), "properties": {"touchpoint_channel": "call"}},
        ]
    )
    shared_waystage.derived()
    asked = {"trait": f"ahead:{who}", "to": (now + timedelta(days=1)).isoformat()}

    def counted(path: str, **query: Any) -> tuple[bool, Any]:
        """Whether the order has come, as of an answer; and the answer."""
        answer = shared_waystage.ask(path, **asked, **query)
        return datetime.fromisoformat(answer["as_of"]) >= due, answer

    def has_come() -> bool:
        """Whether it has, in every question; each agrees with its own instant."""
        of_stages = counted("/v1/funnel", steps="consideration,purchase")
        of_events = counted("/v1/funnel", of="events", steps="Product Viewed,Order Completed")
        assert all(answer["steps"][1]["reached"] == come for come, answer in (of_stages, of_events))
        paths = [counted("/v1/paths", of=of) for of in ("stages", "events")]
        assert all(len(answer["paths"][0]["path"]) == 1 + come for come, answer in paths)
        touches = counted("/v1/paths", of="touches")
        assert touches[1]["customers"] == touches[0]
        sales = counted("/v1/attribution", conversion="event:Order Completed", models="last")
        assert sales[1]["conversions"] == sales[0]
        mapped = counted("/v1/journey-map")
        stages = {stage["stage"]: stage for stage in mapped[1]["stages"]}
        assert [len(stages["purchase"][what]["listed"]) for what in ("actions", "touch_kinds")] == [mapped[0]] * 2
        return all(come for come, _ in (of_stages, of_events, *paths, touches, sales, mapped))

    assert not has_come()
    until(has_come, "the order's time has come")


def test_nobody_has_waited_for_what_has_not_come(shared_waystage: Waystage) -> None:
    who = f"waits-{uuid.uuid4().hex}"
    now = datetime.now(UTC)
    said = {"userId": who, "timestamp": (now - timedelta(hours=1)).isoformat()}
    touch = {"type": "track", "event": "Product Viewed", "properties": {"touchpoint_channel": "call"}}
    shared_waystage.batch([{**said, "type": "identify", "traits": {"waits": who}}, {**said, **touch}])
    shared_waystage.derived()
    asked = {"trait": f"waits:{who}", "to": (now + timedelta(days=90)).isoformat(), "over": "14d"}
    stalls = shared_waystage.ask("/v1/stalls", **asked)
    assert stalls["to"] == stalls["as_of"]
    assert [(stage["there"], stage["stalled"]) for stage in stalls["stages"] if stage["there"]] == [(1, 0)]
    assert shared_waystage.ask("/v1/last-touches", **asked)["ends"] == 0
    for question in ("stalls", "last-touches"):
        assert shared_waystage.ask(f"/v1/{question}/customers", **asked)["total"] == 0
