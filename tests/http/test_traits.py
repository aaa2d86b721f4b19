"""Traits over time: which values a key had, since when, and which event said so."""

import uuid
from typing import Any

from tests.service import Waystage


def identify(person: str, hour: int, traits: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"type": "identify", "userId": person, "timestamp": f"2004-01-01T{hour:02}:00:00Z", "messageId": f"{person}-{hour}"}
    return {**said, "traits": traits, **more}


def values(answer: dict[str, Any], key: str) -> list[tuple[Any, ...]]:
    return [(told["value"], told["since"][11:13], (told["until"] or "")[11:13], told["message_id"][-1]) for told in answer["traits"][key]]


def test_each_value_is_told_with_its_event(shared_waystage: Waystage) -> None:
    person = uuid.uuid4().hex
    shared_waystage.batch(
        [
            identify(person, 3, {"plan": "pro", "seats": 1}),
            identify(person, 1, {"plan": "free"}),
            identify(person, 2, {"plan": "free", "seats": True}),
            identify(person, 4, {}) | {"traits": None, "context": {"traits": {"seats": {"b": 1, "a": 2}}}},
            identify(person, 5, {"seats": {"a": 2, "b": 1}}),
            {"type": "track", "event": "x", "userId": person, "timestamp": "2004-01-01T09:00:00Z", "traits": {"plan": "ignored"}},
        ]
    )
    shared_waystage.derived()
    answer = shared_waystage.ask(f"/v1/customers/user_id:{person}/traits")
    assert (answer["id"], answer["complete"], [*answer["traits"]]) == (f"user_id:{person}", True, ["plan", "seats"])
    assert values(answer, "plan") == [("free", "01", "03", "1"), ("pro", "03", "", "3")]
    assert values(answer, "seats") == [(True, "02", "03", "2"), (1, "03", "04", "3"), ({"a": 2, "b": 1}, "04", "", "4")]
    journey = shared_waystage.journey(f"user_id:{person}")
    assert journey["customer"]["traits"] == {key: told[-1]["value"] for key, told in answer["traits"].items()}


def test_traits_of_one_instant_follow_each_other_as_they_were_sent(shared_waystage: Waystage) -> None:
    person = uuid.uuid4().hex
    shared_waystage.batch([identify(person, 1, {"plan": plan}, messageId=f"{person}-{plan}") for plan in ("z", "a", "m")])
    shared_waystage.derived()
    answer = shared_waystage.ask(f"/v1/customers/user_id:{person}/traits")
    assert [told["value"] for told in answer["traits"]["plan"]] == ["z", "a", "m"]
    assert shared_waystage.journey(f"user_id:{person}")["customer"]["traits"] == {"plan": "m"}


def test_traits_of_both_sides_of_a_login_are_one_history(shared_waystage: Waystage) -> None:
    person = uuid.uuid4().hex
    device = {"type": "identify", "anonymousId": f"{person}-d", "timestamp": "2004-01-01T01:00:00Z", "traits": {"plan": "trial"}}
    shared_waystage.batch([device, identify(person, 2, {"plan": "pro"}, anonymousId=f"{person}-d")])
    shared_waystage.derived()
    told = shared_waystage.ask(f"/v1/customers/anonymous_id:{person}-d/traits")
    assert (told["id"], [one["value"] for one in told["traits"]["plan"]]) == (f"user_id:{person}", ["trial", "pro"])
