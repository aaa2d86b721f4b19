"""Every stage can be asked for its reason: the rule that matched, what nearly matched, and why an event entered nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.test_identity import block
from tests.http.test_stage_versions import change, put, until_derived
from tests.service import BROWSER, KEYS, Waystage, bearer

ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
MODEL = """backward: false
stages:
  - stage: looking
    enter: [{event: [Product Viewed, Products Searched]}]
  - stage: buying
    enter:
      - {event: Coupon Applied}
      - {event: "Order *", traits: {plan: pro}, where: {properties.revenue: {gt: 10}}}
  - stage: loyal
    enter:
      - {event: "Order *", since: {stage: buying, within: 14d}, occurrence: {min: 2}}
lapsed: {after: 90d, stage: gone}
"""
LONG_AGO = datetime.now(UTC) - timedelta(days=300)


def sent(person: str, day: float, event: str | None, **said: Any) -> dict[str, Any]:
    kind = {"type": "track", "event": event} if event else {"type": "identify"}
    agent = said.pop("agent", BROWSER)
    at = (LONG_AGO + timedelta(days=day)).isoformat()
    return {**kind, "userId": person, "messageId": f"{person}-{day}", "timestamp": at, "context": {"userAgent": agent}, **said}


@pytest.fixture(scope="module")
def explained(shared_waystage: Waystage) -> Waystage:
    assert put(shared_waystage, "explained", MODEL, "?draft=1") == 1
    until_derived(shared_waystage, "explained", v1="draft")
    shared_waystage.batch(
        [
            sent("why", 0, "Product Viewed"),
            sent("why", 1, "Products Searched"),
            sent("why", 2, "Order Completed", properties={"revenue": 50}),
            sent("why", 3, None, traits={"plan": "pro"}),
            sent("why", 4, "Order Completed", properties={"revenue": "50"}),
            sent("why", 5, "Order Completed", properties={"revenue": 50}),
            sent("why", 6, "Product Viewed"),
            sent("why", 7, "Product Viewed", agent=ROBOT),
            sent("why", 8, "Order Shipped"),
            sent("why", 9, "Signed Up"),
        ]
    )
    shared_waystage.derived()
    return shared_waystage


def ask(waystage: Waystage, **query: Any) -> Any:
    return waystage.ask("/v1/explain/stage", **{"customer": "user_id:why", "model": "explained", "version": 1, **query})


def test_every_event_has_a_verdict(explained: Waystage) -> None:
    answer = ask(explained, events="all")
    assert [(event["message_id"], event["verdict"], event["stage"]) for event in answer["events"]] == [
        ("why-9", "no_rule", None),
        ("why-8", "no_rule", None),
        ("why-7", "machine", None),
        ("why-6", "behind", "looking"),
        ("why-5", "entered", "buying"),
        ("why-4", "no_rule", None),
        ("why-3", "no_rule", None),
        ("why-2", "no_rule", None),
        ("why-1", "same_stage", "looking"),
        ("why-0", "entered", "looking"),
    ]
    assert (answer["customer"], answer["version"], answer["next"]) == ("user_id:why", 1, None)
    whys = {event["message_id"]: event["why"] for event in answer["events"]}
    assert "googlebot" in whys["why-7"]
    assert whys["why-1"] == "the customer was in looking already"


def test_the_rule_that_matched_is_named_with_its_place(explained: Waystage) -> None:
    events = {event["message_id"]: event for event in ask(explained)["events"]}
    assert events.keys() == {"why-0", "why-5", "why-9"}
    asks = 'its name is Order * and properties.revenue is above 10 and trait plan is "pro"'
    assert events["why-5"]["matched"] == [{"stage": "buying", "rule": "stages[1].enter[1]", "asks": asks}]
    assert events["why-5"]["why"] == asks
    assert (events["why-5"]["from"], events["why-5"]["entered_at"]) == ("looking", events["why-5"]["occurred_at"])
    lapsed_at = events["why-9"]["lapsed_at"]
    assert events["why-5"]["left_at"] == lapsed_at
    assert datetime.fromisoformat(lapsed_at) == LONG_AGO + timedelta(days=99)
    assert (events["why-9"]["entered_at"], events["why-5"]["lapsed_at"]) == (None, None)


@pytest.mark.parametrize(
    "message, rule, failed",
    [
        ("why-2", "stages[1].enter[1]", ("traits.plan", 'trait plan is "pro"', None)),
        ("why-4", "stages[1].enter[1]", ("where.properties.revenue", "properties.revenue is above 10", '"50"')),
        ("why-4", "stages[2].enter[0]", ("since.buying", "the latest earlier event of buying lies at most 14d back", None)),
        ("why-5", "stages[2].enter[0]", ("since.buying", "the latest earlier event of buying lies at most 14d back", None)),
        ("why-8", "stages[2].enter[0]", ("occurrence", "its number among the customer's such events is at least 2", "1")),
        ("why-0", "stages[1].enter[0]", ("event", "its name is Coupon Applied", "Product Viewed")),
    ],
)
def test_a_rule_that_failed_in_one_thing_is_told(explained: Waystage, message: str, rule: str, failed: tuple[str, str, str | None]) -> None:
    events = {event["message_id"]: event for event in ask(explained, events="all")["events"]}
    nearly = {one["rule"]: one["failed"] for one in events[message]["nearly"]}
    assert tuple(nearly[rule][key] for key in ("key", "expected", "found")) == failed


def test_explanations_come_in_pages_and_up_to_an_instant(explained: Waystage) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(explained, events="all", limit=3, **cursor)
        seen += [event["message_id"] for event in page["events"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [f"why-{day}" for day in range(9, -1, -1)]
    at = (LONG_AGO + timedelta(days=5)).isoformat()
    assert [event["message_id"] for event in ask(explained, at=at)["events"]] == ["why-5", "why-0"]


@pytest.mark.parametrize(
    "query, status, field",
    [
        ({"customer": "user_id:nobody-at-all"}, 404, None),
        ({"customer": "nobody"}, 422, "customer"),
        ({"model": "each_event_name", "version": None}, 422, "model"),
        ({"model": "nothing"}, 422, "model"),
        ({"at": "yesterday"}, 422, "at"),
        ({"cursor": "x"}, 422, "cursor"),
    ],
)
def test_what_cannot_be_explained(explained: Waystage, query: dict[str, Any], status: int, field: str | None) -> None:
    asked: dict[str, Any] = {"customer": "user_id:why", "model": "explained", "version": 1, **query}
    answer = explained.client.get(
        "/v1/explain/stage", params={key: value for key, value in asked.items() if value is not None}, headers=bearer(KEYS.read)
    )
    assert answer.status_code == status
    assert field is None or answer.json()["errors"][0]["field"] == field


def test_a_deleted_version_explains_nothing(shared_waystage: Waystage) -> None:
    put(shared_waystage, "dropped", MODEL, "?draft=1")
    change(shared_waystage, "DELETE", "dropped/versions/1")
    query: dict[str, Any] = {"customer": "user_id:why", "model": "dropped", "version": 1}
    assert shared_waystage.client.get("/v1/explain/stage", params=query, headers=bearer(KEYS.read)).status_code == 422


def test_values_that_are_blocked_meanwhile_explain_as_they_derive(shared_waystage: Waystage) -> None:
    """Whoever a blocked device's events come from, they make one session, so that there is one touch."""
    put(shared_waystage, "visits", "stages:\n  - stage: back\n    enter: [{touch: true, occurrence: {min: 2}}]\n", "?draft=1")
    until_derived(shared_waystage, "visits", v1="draft")
    query: dict[str, Any] = {"model": "visits", "version": 1}
    shared_waystage.batch([sent("kiosk", day, "Seen", **device) for day, device in ((0, {"anonymousId": "kiosk-1"}), (0.01, {}))])
    shared_waystage.derived()

    def told() -> tuple[int, int]:
        """The entries that are kept, and those that are explained."""
        explained = shared_waystage.ask("/v1/explain/stage", customer="user_id:kiosk", **query)["events"]
        return len(shared_waystage.journey("user_id:kiosk", **query)["entries"]), len(explained)

    assert told() == (1, 1)
    block(shared_waystage, "PUT", "kiosk-1", "blocked")
    assert told() == (0, 0)
