"""The reading against published cases, against sentences of the specification, and against itself in another order."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import Identifier, Sent
from .histories import NOW, PUBLIC, batches, histories, placed, wire
from .identity import BLOCKED, blocked, customer_of, customers, identifiers, owners
from .journeys import entries, matches, order, sessions, touches
from .oracles import ABSENT, FOLDER, Case, blocked_values, identity_cases

needs_oracles = pytest.mark.skipif(not FOLDER.is_dir(), reason=ABSENT)
CASES = [pytest.param(case, id=case.id) for case in identity_cases()] if FOLDER.is_dir() else [pytest.param(None, marks=needs_oracles)]
NEWS = ("news", "email", "july", None, None)
MODEL: dict[str, Any] = {
    "model": "shop",
    "stages": [
        {"stage": "awareness", "enter": [{"touch": True, "occurrence": {"max": 1}}]},
        {"stage": "consideration", "enter": [{"type": "page", "where": {"properties.path": {"glob": "/pricing*"}}}, {"event": "Demo*"}]},
        {"stage": "purchase", "enter": [{"event": "Order Completed"}]},
        {"stage": "loyalty", "enter": [{"event": "Order Completed", "occurrence": {"min": 2}}]},
    ],
}


def at(second: float, name: str | None = None, **fields: Any) -> Sent:
    """An event so many seconds after NOW; its message id is new for each instant, name and sender."""
    message_id = f"{second} {name} {sorted(fields.items())}"
    return Sent(**{"message_id": message_id, "occurred_at": NOW + timedelta(seconds=second), "name": name, "properties": {}, **fields})


def page(second: float, **fields: Any) -> Sent:
    return at(second, "Page Viewed", **{"type": "page", "has_page": True, "anonymous_id": "a", **fields})


def bought(second: float) -> Sent:
    return at(second, "Order Completed", user_id="u")


def alias(second: float, previous: str, user: str, **fields: Any) -> Sent:
    return at(second, type="alias", previous_id=previous, user_id=user, **fields)


def user(value: str) -> Identifier:
    return ("user_id", value)


def owner_of_value(owned: dict[Identifier, Identifier], value: str) -> set[Identifier]:
    return {root for (_, each), root in owned.items() if each == value}


@pytest.mark.parametrize("case", CASES)
def test_published_cases(case: Case) -> None:
    owned = owners(case.events)
    for cluster in case.expected:
        assert len(set().union(*(owner_of_value(owned, value) for value in cluster))) == 1
    for apart in case.separate:
        assert len(set().union(*(owner_of_value(owned, value) for value in apart))) == len(apart)
    assert all(owner_of_value(owned, value) == set() for value in case.nobody)


@needs_oracles
def test_the_blocked_values_are_the_published_ones() -> None:
    assert blocked_values() == BLOCKED


@pytest.mark.parametrize("value", ["", "0-0", "\uff2e\uff35\uff2c\uff2c", ' "None" ', "xx", "77777777", "a\x00b", "y" + "z" * 200])
def test_blocked(value: str) -> None:
    assert blocked(value)


@pytest.mark.parametrize("value", ["7", "11", "7777777", "x", "nullable", "y" + "z" * 199])
def test_not_blocked(value: str) -> None:
    assert not blocked(value)


def test_identifiers_are_normalised_and_the_strongest_comes_first() -> None:
    event = at(0, anonymous_id=" a ", phone="+49 151 23456789", email=" Stra\u00dfe@X.com", user_id="jose\u0301 ")
    assert identifiers(event) == [user("jos\u00e9"), ("email", "strasse@x.com"), ("phone", "+4915123456789"), ("anonymous_id", "a")]
    assert identifiers(at(0, phone="0151 23456789", anonymous_id="null")) == []


@pytest.mark.parametrize(
    "events, root",
    [
        ([at(2, anonymous_id="a", user_id="u2"), at(1, anonymous_id="a", user_id="u1")], user("u1")),
        ([at(1, anonymous_id="a", user_id="u1"), at(2, anonymous_id="a", user_id="u2", trusted=True)], user("u2")),
        ([at(1, anonymous_id="a", user_id="u2"), at(1, anonymous_id="a", user_id="u1")], user("u1")),
        ([at(1, anonymous_id="a", email="e@x.com", trusted=True), at(2, anonymous_id="a", user_id="u1")], user("u1")),
        ([at(1, anonymous_id="a", user_id="u1", machine=True), at(2, anonymous_id="a")], ("anonymous_id", "a")),
    ],
)
def test_the_best_evidence_owns_a_device(events: list[Sent], root: Identifier) -> None:
    assert owners(events)["anonymous_id", "a"] == root


def test_an_email_of_a_newsletter_form_follows_its_device() -> None:
    events = [at(1, anonymous_id="a", email="e@x.com"), at(2, anonymous_id="a", user_id="u")]
    assert owners(events)["email", "e@x.com"] == user("u")
    assert owners(events, follow=False)["email", "e@x.com"] == ("email", "e@x.com")


def test_an_email_does_not_follow_a_device_whose_best_email_is_another() -> None:
    events = [at(0, anonymous_id="a", email="f@x.com"), at(1, anonymous_id="a", email="e@x.com"), at(2, anonymous_id="a", user_id="u")]
    assert owners(events)["email", "e@x.com"] == ("email", "e@x.com")


def test_two_users_of_one_email_stay_two() -> None:
    owned = owners([at(1, email="e@x.com", user_id="u1"), at(2, email="e@x.com", user_id="u2")])
    assert owned[user("u2")] == user("u2")


def test_a_machine_joins_nobody() -> None:
    owned = owners([alias(1, "p", "u", trusted=True, machine=True), at(2, user_id="p", anonymous_id="p")])
    assert owned == {user("p"): user("p"), user("u"): user("u"), ("anonymous_id", "p"): user("p")}


@pytest.mark.parametrize("trusted, root", [(True, user("p")), (False, user("u"))])
def test_a_public_alias_of_two_named_users_is_not_applied(trusted: bool, root: Identifier) -> None:
    events = [at(1, user_id="p"), alias(2, "p", "u", trusted=trusted), at(3, user_id="u"), at(4, anonymous_id="p"), at(4, anonymous_id="u")]
    owned = owners(events)
    assert owned[user("u")] == root
    assert (owned["anonymous_id", "p"] == root) == trusted


def test_a_public_alias_of_one_named_user_is_applied_with_its_links() -> None:
    owned = owners([at(1, anonymous_id="p"), alias(2, " p", "u"), at(0, anonymous_id="u"), at(1, user_id="u")])
    assert set(owned.values()) == {user("u")}
    assert ("anonymous_id", "p") in owned


def test_a_group_of_users_is_named_by_its_earliest_member_and_can_be_undone() -> None:
    events = [alias(5, "b", "c", trusted=True), alias(6, "c", "a", trusted=True), at(1, user_id="c"), at(1, user_id="b")]
    assert set(owners(events).values()) == {user("b")}
    struck = {frozenset({user("b"), user("c")})}
    assert owners(events, struck)[user("a")] == user("c")


def test_an_event_of_blocked_values_has_no_customer() -> None:
    events = [at(1, user_id="null", anonymous_id="0"), at(2, user_id="u")]
    assert [customer_of(event, owners(events)) for event in events] == [None, user("u")]


def test_events_of_one_instant_stand_by_sequence_then_position_then_message_id() -> None:
    ties: list[dict[str, Any]] = [{"message_id": "z", "sequence": 0}, {"message_id": "y", "sequence": 1}, {"message_id": "x"}]
    ties += [{"message_id": "Z", "position": 1}, {"message_id": "a", "position": 1}, {"message_id": "\u00e4", "position": 1}]
    events = [at(0, **tie) for tie in ties]
    assert order(events[::-1] + events) == events


@pytest.mark.parametrize(
    "events, lengths",
    [
        ([page(0), page(1800)], [2]),
        ([page(0), page(1801)], [1, 1]),
        ([page(0), at(1000, user_id="u"), page(2000)], [1, 1]),
        ([page(0), page(1, anonymous_id="b", user_id="u"), page(2)], [2, 1]),
        ([page(0, campaign=NEWS), page(1), page(2, campaign=NEWS)], [3]),
        ([page(0), page(1, campaign=NEWS), page(2, campaign=NEWS, click_id="c")], [1, 1, 1]),
        ([page(0), page(1, machine=True), page(2)], [2, 1]),
        ([at(0, "Product Viewed", user_id="u", has_device=True), at(9, type="identify", user_id="u", anonymous_id="a")], [1]),
    ],
)
def test_sessions(events: list[Sent], lengths: list[int]) -> None:
    assert [len(session.events) for session in sessions(events)] == lengths


def test_an_event_is_one_touch_at_most() -> None:
    opened = at(0, "Email Opened", anonymous_id="a", contact="email_opened", channel="email")
    call = at(2, "Call", user_id="u", contact="call")
    found = [(touch.position, touch.kind, touch.machine) for touch in touches([opened, page(1), call, page(9, machine=True), bought(9001)])]
    assert found == [(0, "email_opened", False), (2, "call", False), (3, "session", True)]


@pytest.mark.parametrize(
    "backward, stages",
    [
        (True, ["awareness", "consideration", "purchase", "consideration", "loyalty"]),
        (False, ["awareness", "consideration", "purchase", "loyalty"]),
    ],
)
def test_entries(backward: bool, stages: list[str]) -> None:
    looked = [page(seconds, properties={"path": "/pricing/teams"}) for seconds in (60, 70, 100)]
    found = entries(
        {**MODEL, "backward": backward}, [page(0), *looked, bought(80), bought(110), bought(120), replace(bought(90), machine=True)]
    )
    assert [entry.stage for entry in found] == stages
    assert [entry.from_stage for entry in found] == [None, *stages[:-1]]
    assert [entry.left_at for entry in found] == [*(entry.entered_at for entry in found[1:]), None]


@pytest.mark.parametrize("days, channel, campaign", [(30, "email", NEWS), (30.001, "direct", (None,) * 5)])
def test_an_entry_has_the_channel_of_the_latest_touch_of_30_days(days: float, channel: str, campaign: tuple[str | None, ...]) -> None:
    order_completed = bought(days * 86_400)
    after = page(days * 86_400, channel="social", position=1)
    events = [page(0, channel="email", campaign=NEWS), page(9, machine=True, channel="referral"), order_completed, after]
    last = entries(MODEL, events)[-1]
    assert (last.channel, last.campaign) == (channel, campaign)


@pytest.mark.parametrize(
    "rule, matched",
    [
        ({"where": {"properties.n": 1}}, True),
        ({"where": {"properties.n": True}}, False),
        ({"where": {"properties.n": "1"}}, False),
        ({"where": {"properties.n": {"gt": 0, "lte": 1}}}, True),
        ({"where": {"properties.n": {"lt": "2"}}}, False),
        ({"where": {"properties.void": {"exists": True}}}, True),
        ({"where": {"properties.missing": {"exists": False}}}, True),
        ({"where": {"properties.missing": {"ne": 1}}}, False),
        ({"where": {r"properties.a\.b.c": {"in": ["x", "y"]}}}, True),
        ({"where": {"properties.a.b.c": "y"}}, False),
        ({"where": {"properties.path": {"glob": "/[a]/?/*"}}}, True),
        ({"where": {"properties.path": {"glob": "/[A]*"}}}, False),
        ({"event": ["Other", "Thing D?ne"], "type": "track", "channel": ["email"]}, True),
        ({"event": "Thing", "channel": ["email"]}, False),
        ({"event": "Thing Done", "touch": True}, False),
    ],
)
def test_rules(rule: dict[str, Any], matched: bool) -> None:
    properties = {"n": 1, "void": None, "a.b": {"c": "y"}, "path": "/[a]/b/\n"}
    assert matches(rule, at(0, "Thing Done", channel="email", properties=properties), is_touch=False) == matched


@settings(deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_arrival_in_any_order_gives_the_same_owners(history: list[Sent], random: Any) -> None:
    shuffled = random.sample(history, len(history))
    assert owners(shuffled) == owners(history)


@settings(deadline=None)
@given(histories(distinct=True), st.randoms(use_true_random=False))
def test_positions_decide_nothing_where_instants_or_sequences_differ(history: list[Sent], random: Any) -> None:
    shuffled = [replace(event, position=0) for event in random.sample(history, len(history))]
    assert [event.message_id for event in order(shuffled)] == [event.message_id for event in order(history)]
    assert customers(shuffled).keys() == customers(history).keys()


@settings(deadline=None)
@given(histories())
def test_every_owner_owns_itself_and_is_of_no_weaker_kind(history: list[Sent]) -> None:
    owned = owners(history)
    assert all(owned[root] == root for root in owned.values())
    assert all(kind == "user_id" for each, (kind, _) in owned.items() if each[0] == "user_id")


@settings(deadline=None)
@given(histories(), st.integers(0, 999_999))
def test_a_history_means_the_same_in_another_world(history: list[Sent], world: int) -> None:
    now = NOW + timedelta(days=100)
    elsewhere = placed(history, world, now)
    shapes = [sorted(sorted(event.position for event in events) for events in customers(each).values()) for each in (history, elsewhere)]
    assert shapes[0] == shapes[1]
    bodies = json.loads(json.dumps(batches(elsewhere, now)))
    assert sum(len(body["batch"]) for body in bodies.values()) == len(history)
    assert all(bodies[event.source]["batch"][event.position]["messageId"] == event.message_id for event in elsewhere)
    assert all(now - timedelta(days=6) <= event.occurred_at <= now for event in elsewhere if event.source == PUBLIC)


def test_an_event_on_the_wire() -> None:
    event = page(0, message_id="m", user_id="u", email="e@x.com", campaign=NEWS, click_id="c", sequence=0, properties={"path": "/"})
    assert wire(event) == {
        "type": "page",
        "messageId": "m",
        "timestamp": "2026-01-31T12:00:00.000000Z",
        "userId": "u",
        "anonymousId": "a",
        "properties": {"path": "/"},
        "context": {
            "campaign": {"source": "news", "medium": "email", "name": "july"},
            "page": {"url": "https://shop.example/?gclid=c"},
            "sequence": 0,
            "traits": {"email": "e@x.com"},
        },
    }
    assert wire(at(0, type="identify", message_id="i", phone="1"))["traits"] == {"phone": "1"}
