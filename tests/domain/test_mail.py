"""Machines told from people in mail: rule by rule, at their edges, and against the reading."""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import EVENTS
from app.domain.journeys.channels import snake_case
from app.domain.journeys.enrich import enrich, explain_machine
from app.domain.journeys.entries import attach_touches, entries
from app.domain.journeys.mail import lists, mail_act, told_by_history
from app.domain.journeys.sessions import sessions
from app.domain.journeys.stages import EACH_EVENT_NAME
from app.domain.journeys.touches import touches
from tests.compared import at, id_of, ordered
from tests.reading import Sent, mail
from tests.reading.histories import CHROME

NOBODY: dict[str, Any] = {"user_id": "u", "contact": "email", "channel": "email", "trusted": True, "source": "server"}


def told(name: str, agent: str | None = CHROME, **facts: str | None) -> str | None:
    """The rule by which one track is a machine's."""
    event = {"type": "track", "trusted": True, "name": name, "user_agent": agent, "mail": json.dumps(facts)}
    rule: str | None = enrich(pl.DataFrame([event], schema=EVENTS))["machine_rule"].item()
    return rule


@pytest.mark.parametrize(
    "name, agent, facts, rule",
    [
        ("Email Link Clicked", CHROME, {"method": "HEAD"}, "mail:head_request"),
        ("Email Opened", CHROME, {"method": "HEAD"}, "mail:head_request"),
        ("Email Opened", CHROME, {"method": "GET"}, None),
        ("Email Delivered", CHROME, {"method": "HEAD"}, None),
        ("Product Viewed", CHROME, {"method": "HEAD"}, None),
        ("email_link_clicked", CHROME, {"ip": "40.92.0.0"}, "mail:known_network:microsoft"),
        ("Email Link Clicked", CHROME, {"ip": "40.93.255.0"}, "mail:known_network:microsoft"),
        ("Email Link Clicked", CHROME, {"ip": "40.94.0.0"}, None),
        ("Email Link Clicked", CHROME, {"ip": "40.91.255.0"}, None),
        ("Email Link Clicked", CHROME, {"ip": "2a01:111:f400::"}, "mail:known_network:microsoft"),
        ("Email Link Clicked", CHROME, {"ip": "2a01:111:f401::"}, None),
        ("Email Opened", CHROME, {"ip": "209.222.87.0"}, "mail:known_network:barracuda"),
        ("Email Opened", CHROME, {"ip": "170.10.132.0"}, "mail:known_network:mimecast"),
        ("Email Opened", CHROME, {"ip": "148.163.159.0"}, "mail:known_network:proofpoint"),
        ("Email Delivered", CHROME, {"ip": "148.163.159.0"}, None),
        ("Email Opened", "Mozilla/5.0", {}, "mail:privacy_proxy"),
        ("Email Link Clicked", "Mozilla/5.0", {}, None),
        ("Email Opened", "mozilla/5.0", {}, None),
        ("Email Opened", None, {}, None),
        ("Email Opened", CHROME, {"flag": "true"}, "mail:privacy_proxy"),
        ("Email Link Clicked", CHROME, {"flag": "bot"}, "mail:privacy_proxy"),
        ("Email Opened", "Mozilla/5.0", {"method": "HEAD", "ip": "40.92.0.0"}, "mail:head_request"),
        ("Email Opened", "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", {"method": "HEAD"}, "mail_scanner:google_image_proxy"),
    ],
)
def test_rules_of_one_event(name: str, agent: str | None, facts: dict[str, str | None], rule: str | None) -> None:
    assert told(name, agent, **facts) == rule


IPS = st.sampled_from(
    ["40.92.0.0", "104.47.127.0", "104.47.128.0", "67.231.149.0", "170.10.130.0", "2a01:111:f403::"]
) | st.ip_addresses().map(str)


@settings(deadline=None)
@given(
    name=st.sampled_from((*mail.DELIVERED, *mail.OPENED, *mail.CLICKED, "Email Bounced")),
    method=st.sampled_from([None, "GET", "HEAD"]),
    ip=st.none() | IPS,
    agent=st.sampled_from([None, CHROME, "Mozilla/5.0"]),
    flag=st.sampled_from([None, None, "true"]),
)
def test_rules_of_one_event_are_those_of_the_reading(**event: Any) -> None:
    name, agent, facts = event["name"], event["agent"], {key: event[key] for key in ("method", "ip", "flag")}
    assert told(name, agent, **facts) == mail.alone(**event)


def delivered(second: float, **fields: Any) -> Sent:
    return at(second, **NOBODY | {"name": "Email Delivered", "properties": {"message_id": "m"}} | fields)


def opened(second: float, **fields: Any) -> Sent:
    return delivered(second, **{"name": "Email Opened"} | fields)


def clicked(second: float, link: str = "a", message: str = "m", **fields: Any) -> Sent:
    return delivered(second, **{"name": "Email Link Clicked", "properties": {"message_id": message, "link_url": link}} | fields)


def machines(*events: Sent) -> dict[Sent, str]:
    """The events that their history tells for a machine's, with the rule."""
    found = told_by_history(ordered(events))
    rules = dict(found.filter(pl.col("machine_rule").is_not_null()).select("event", "machine_rule").iter_rows())
    return {event: rules[id_of(event)] for event in events if id_of(event) in rules}


SOON = "mail:seconds_after_delivery"


@pytest.mark.parametrize(
    "events, rules",
    [
        ([delivered(0), clicked(5)], {1: SOON}),
        ([delivered(0), clicked(5.000001)], {}),
        ([delivered(0), opened(0)], {1: SOON}),
        ([delivered(0), opened(-1)], {}),
        ([delivered(0, name="Email Sent"), clicked(3)], {1: SOON}),
        ([delivered(0, name="Email Bounced"), clicked(3)], {}),
        ([delivered(0), clicked(3, message="another")], {}),
        ([delivered(0, user_id="another"), clicked(3)], {}),
        ([delivered(0, properties={}), clicked(3, properties={"link_url": "a"})], {}),
        ([delivered(0), delivered(3, message_id="again"), clicked(8), clicked(9)], {2: SOON}),
        ([delivered(0), clicked(600)], {}),
        ([delivered(0), delivered(3, name="Email Replied")], {}),
        (
            [
                delivered(0, campaign=(None, None, "july", None, None), properties={}),
                opened(1, campaign=(None, None, "july", None, None), properties={}),
            ],
            {1: SOON},
        ),
    ],
)
def test_seconds_after_delivery(events: list[Sent], rules: dict[int, str]) -> None:
    assert machines(*events) == {events[index]: rule for index, rule in rules.items()}


@pytest.mark.parametrize(
    "clicks, hot",
    [
        ([(0, "a"), (1, "b"), (10, "c")], {0, 1, 2}),
        ([(0, "a"), (1, "b"), (10.000001, "c")], set()),
        ([(0, "a"), (1, "b"), (2, "a"), (3, "b")], set()),
        ([(0, "a"), (0, "b"), (0, "c"), (11, "a")], {0, 1, 2}),
        ([(0, "a"), (1, "b"), (2, "c"), (3, "a"), (600, "a")], {0, 1, 2, 3}),
        ([(0, "a"), (8, "b"), (10, "c"), (19, "d"), (21, "e")], {0, 1, 2}),
        ([(0, "a"), (8, "b"), (10, "c"), (18, "d"), (21, "e")], {0, 1, 2, 3}),
        ([(0, "a"), (9, "a"), (12, "b"), (19, "c"), (23, "a")], {1, 2, 3}),
    ],
)
def test_a_burst_is_clicks_on_three_links_within_ten_seconds(clicks: list[tuple[float, str]], hot: set[int]) -> None:
    events = [clicked(second, link, message_id=f"{index}") for index, (second, link) in enumerate(clicks)]
    assert machines(*events) == {events[index]: "mail:burst" for index in hot}


def test_a_burst_is_of_one_message_and_one_customer() -> None:
    apart = [clicked(0, "a"), clicked(1, "b"), clicked(2, "c", message="other"), clicked(2, "c", user_id="v"), opened(2)]
    assert machines(*apart) == {}
    assert machines(*apart, clicked(3, "d")) == dict.fromkeys([apart[0], apart[1], clicked(3, "d")], "mail:burst")


def test_a_scanner_is_no_person_and_the_person_who_clicks_later_is() -> None:
    scanner = [delivered(0), opened(1), *(clicked(60 + second, link) for second, link in enumerate("abcd"))]
    person = clicked(3600, "b", anonymous_id="browser", has_agent=True)
    found = told_by_history(ordered([*scanner, person]))
    visits = sessions(found)
    contacts = touches(found, visits)
    assert contacts["machine"].to_list() == [False, True, True, True, True, True, False]
    assert contacts["machine_rule"].to_list() == [None, SOON, *["mail:burst"] * 4, None]
    assert visits.select("machine", "events").rows() == [(False, 1)]
    entered = entries(attach_touches(found, contacts), EACH_EVENT_NAME)
    assert entered["event"].to_list() == [id_of(scanner[0]), id_of(person)]


def test_a_machine_by_its_agent_keeps_its_rule() -> None:
    assert machines(delivered(0), clicked(1, machine=True)) == {clicked(1, machine=True): "program"}


NAMES = (*(("Email Delivered", None), ("Email Opened", None)), *(("Email Link Clicked", link) for link in "abcd"))
SECONDS = (0, 1, 5, 6, 10, 11, 15, 16, 20)
mailings = st.lists(
    st.tuples(st.sampled_from(SECONDS), st.sampled_from(NAMES), st.sampled_from("mmmn"), st.sampled_from("uuuv")), min_size=4, max_size=16
)


@settings(deadline=None)
@given(mailings)
def test_machines_are_those_of_the_reading(mailed: list[tuple[int, tuple[str, str | None], str, str]]) -> None:
    events = [
        delivered(second, name=name, message_id=f"{index}", user_id=user, properties={"message_id": message, "link_url": link})
        for index, (second, (name, link), message, user) in enumerate(mailed)
    ]
    read = [event for user in "uv" for event in mail.judged([event for event in events if event.user_id == user])]
    assert {event.message_id for event in machines(*events)} == {event.message_id for event in read if event.machine}


def test_every_rule_says_why() -> None:
    assert explain_machine("mail:burst") == "at least 3 different links of the message were clicked within 10 seconds"
    assert explain_machine("mail:known_network:mimecast") == "the request came from a network of a service that scans mail: mimecast"
    assert explain_machine("crawler:googlebot") == "the user agent is that of a crawler or another bot: googlebot"
    assert explain_machine(None) is None
    assert f"within {lists()['seconds_after_delivery']} seconds" in lists()["rules"]["seconds_after_delivery"]
    assert f"{lists()['burst']['links']} different links" in lists()["rules"]["burst"]


def test_every_name_of_an_act_is_looked_into() -> None:
    for names in lists()["acts"].values():
        assert all(mail_act(snake_case(name)) for name in names)
    assert timedelta(seconds=lists()["seconds_after_delivery"]) == mail.AFTER_DELIVERY
