"""Paths over HTTP: counted by hand, and the people behind each number."""

import uuid
from typing import Any

import pytest

from tests.http.test_questions import events_of
from tests.service import KEYS, Waystage, bearer

JOURNEYS = {
    "ann": "V 10:00 A 11:00 O 13:00",
    "ben": "V 10:00 A 10:30 V 12:30",
    "cid": "V 09:00",
    "dot": "A 10:00 O 10:10",
    "eve": "V 10:00 A 12:00",
}
CONTACTS = {"ann": ["email", "social", "social"], "ben": ["email"], "cid": ["social", "email", "social"]}


@pytest.fixture(scope="module")
def campaign(shared_waystage: Waystage) -> str:
    """The campaign that brought the people of JOURNEYS and nobody else."""
    name = f"p-{uuid.uuid4().hex}"
    shared_waystage.batch([event for person, journey in JOURNEYS.items() for event in events_of(name, person, journey)])
    shared_waystage.derived()
    return name


def ask(waystage: Waystage, campaign: str, **query: Any) -> Any:
    return waystage.ask("/v1/paths", utm_campaign=campaign, **query)


def listed(answer: Any) -> dict[str, int]:
    return {" ".join(path["path"]): path["customers"] for path in answer["paths"]}


def asked(waystage: Waystage, query: dict[str, Any]) -> Any:
    response = waystage.client.get("/v1/paths/customers", params=query, headers=bearer(KEYS.read))
    response.raise_for_status()
    return response.json()


def people(waystage: Waystage, campaign: str, **query: Any) -> set[str]:
    answer = asked(waystage, {"utm_campaign": campaign, **query})
    assert answer["total"] == len(answer["customers"])
    return {person["id"].removeprefix(f"user_id:{campaign}-") for person in answer["customers"]}


def test_paths_of_stages_are_those_counted_by_hand(shared_waystage: Waystage, campaign: str) -> None:
    answer = ask(shared_waystage, campaign, depth=2)
    assert (answer["model"], answer["of"], answer["depth"], answer["customers"]) == ("journey-5", "stages", 2, 5)
    assert answer["paths"] == [
        {"path": ["consideration", "decision"], "customers": 3, "exits": 1, "more": 2, "share": 0.6, "median": 3600},
        {"path": ["consideration"], "customers": 1, "exits": 1, "more": 0, "share": 0.2, "median": None},
        {"path": ["decision", "purchase"], "customers": 1, "exits": 1, "more": 0, "share": 0.2, "median": 600},
    ]
    assert answer["other"] == {"paths": 0, "customers": 0, "exits": 0, "more": 0, "share": 0}
    assert answer["steps"][0] == {
        "step": 1,
        "customers": 5,
        "exits": 1,
        "more": 0,
        "nodes": [
            {"name": "consideration", "customers": 4, "exits": 1, "more": 0},
            {"name": "decision", "customers": 1, "exits": 0, "more": 0},
        ],
        "edges": [
            {"from": "consideration", "to": "decision", "customers": 3, "median": 3600},
            {"from": "decision", "to": "purchase", "customers": 1, "median": 600},
        ],
    }


def test_anchors_and_windows(shared_waystage: Waystage, campaign: str) -> None:
    assert listed(ask(shared_waystage, campaign, start="decision")) == {
        "decision purchase": 2,
        "decision": 1,
        "decision consideration": 1,
    }
    assert listed(ask(shared_waystage, campaign, end="purchase")) == {"consideration decision purchase": 1, "decision purchase": 1}
    day = {"from": "2003-03-01T10:20:00Z", "to": "2003-03-01T12:30:00Z"}
    assert listed(ask(shared_waystage, campaign, **day)) == {"decision": 3}


def test_the_people_behind_each_number(shared_waystage: Waystage, campaign: str) -> None:
    def who(**query: Any) -> set[str]:
        return people(shared_waystage, campaign, depth=2, **query)

    assert who() == {*JOURNEYS}
    assert who(path="consideration>decision") == {"ann", "ben", "eve"}
    assert who(path="consideration>decision", outcome="exits") == {"eve"}
    assert who(path="consideration>decision", outcome="more") == {"ann", "ben"}
    assert who(path="consideration>purchase") == who(path="nowhere") == set()
    assert who(other=True, top=1) == {"cid", "dot"}
    assert who(step=1, name="consideration") == {"ann", "ben", "cid", "eve"}
    assert who(step=1, name="consideration", outcome="exits") == {"cid"}
    assert who(step=1, next="decision") == {"ann", "ben", "eve"}
    assert who(step=1, name="other", top_nodes=1) == {"dot"}
    assert who(step=2, outcome="more") == {"ann", "ben"}


def test_people_as_csv(shared_waystage: Waystage, campaign: str) -> None:
    query = {"utm_campaign": campaign, "path": "consideration", "format": "csv"}
    answer = shared_waystage.client.get("/v1/paths/customers", params=query, headers=bearer(KEYS.read))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [line.split(",")[0] for line in answer.text.splitlines()] == ["id", f"user_id:{campaign}-cid"]


def test_paths_of_events_repeat_what_stages_collapse(shared_waystage: Waystage) -> None:
    name = f"pe-{uuid.uuid4().hex}"
    start = f"Begin > {name}"
    said = {"type": "track", "userId": name, "messageId": name}
    shared_waystage.batch(
        [said | {"event": event, "messageId": f"{name}{number}", "timestamp": f"2003-05-01T10:00:0{number}Z"}
         for number, event in enumerate([start, "Product Viewed", "Product Viewed", "Product Added"])]
    )  # fmt: skip
    shared_waystage.derived()
    question = {"of": "events", "start": start}
    (path,) = shared_waystage.ask("/v1/paths", **question)["paths"]
    assert (path["path"], path["median"]) == ([start, "Product Viewed", "Product Viewed", "Product Added"], 3)
    assert shared_waystage.ask("/v1/paths", **question, collapse=True)["paths"][0]["path"] == [start, "Product Viewed", "Product Added"]
    text = f"Begin \\> {name}>Product Viewed>Product Viewed>Product Added"
    assert asked(shared_waystage, {**question, "path": text})["total"] == 1


def test_paths_of_touches_leave_machines_out_and_collapse(shared_waystage: Waystage) -> None:
    name = f"pt-{uuid.uuid4().hex}"
    contact = {"type": "track", "event": "Call Answered", "context": {"campaign": {"name": name}}}
    shared_waystage.batch(
        [
            contact
            | {"userId": f"{name}-{person}", "timestamp": f"2003-05-01T10:00:0{number}Z", "properties": {"touchpoint_channel": channel}}
            for person, channels in CONTACTS.items()
            for number, channel in enumerate(channels)
        ]
    )
    shared_waystage.derived()
    assert listed(ask(shared_waystage, name, of="touches")) == {"email": 1, "email social": 1, "social email social": 1}
    assert listed(ask(shared_waystage, name, of="touches", collapse=False))["email social social"] == 1
    assert listed(ask(shared_waystage, name, of="touches", by="utm_campaign")) == {name: 3}
    assert people(shared_waystage, name, of="touches", path="email>social") == {"ann"}


def test_filters_select_events_by_the_touch_before_them(shared_waystage: Waystage, campaign: str) -> None:
    answer = ask(shared_waystage, campaign, of="events")
    assert listed(answer)["Product Viewed Product Added"] == 1
    assert answer["customers"] == 5
    assert ask(shared_waystage, campaign, of="events", channel="social")["customers"] == 0


REFUSED = [
    ("/v1/paths?depth=21", "depth"),
    ("/v1/paths?top=0", "top"),
    ("/v1/paths?of=people", "of"),
    ("/v1/paths?start=", "start"),
    ("/v1/paths?start=none", "start"),
    ("/v1/paths/customers?end=none", "end"),
    ("/v1/paths/customers?step=4&depth=3", "step"),
    ("/v1/paths/customers?path=a%5Cb", "path"),
    ("/v1/paths/customers?path=a&step=1", "path"),
    ("/v1/paths/customers?name=a", "step"),
    ("/v1/paths/customers?cursor=x", "cursor"),
]


@pytest.mark.parametrize("path, field", REFUSED)
def test_what_cannot_be_read_is_refused(shared_waystage: Waystage, path: str, field: str) -> None:
    answer = shared_waystage.client.get(path, headers=bearer(KEYS.read))
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
