"""Transitions broken down, how long each took, and the people behind every number."""

import uuid
from typing import Any

import pytest

from tests.service import Waystage

DAY = "2003-04-01T"
EVENTS = {"V": "Product Viewed", "A": "Product Added", "O": "Order Completed"}
JOURNEYS = {
    "ann": ("mail", "pro", "V 10:00 A 11:00 O 13:00"),
    "ben": ("mail", "free", "V 10:00 A 10:30 V 12:30"),
    "cid": ("ads", "pro", "V 09:00"),
    "dot": ("ads", None, "A 10:00 O 10:10"),
    "eve": ("post", None, "V 12:00 A 12:44"),
}
WINDOW = {"from": f"{DAY}09:30:00Z", "to": f"{DAY}12:45:00Z"}


@pytest.fixture(scope="module")
def world(shared_waystage: Waystage) -> str:
    """A content of campaigns that brought the people of JOURNEYS, each by a campaign and with a plan, and nobody else."""
    name = uuid.uuid4().hex
    events: list[dict[str, Any]] = []
    for person, (campaign, plan, journey) in JOURNEYS.items():
        page = {"url": f"https://shop.example/?utm_source=s&utm_medium=email&utm_campaign={campaign}&utm_content={name}"}
        words = journey.split()
        for letter, time in zip(words[::2], words[1::2], strict=True):
            said = {"userId": f"{name}-{person}", "timestamp": f"{DAY}{time}:00Z", "context": {"page": page}}
            events.append({**said, "type": "track", "event": EVENTS[letter]})
        if plan:
            events.append({"type": "identify", "userId": f"{name}-{person}", "timestamp": f"{DAY}08:00:00Z", "traits": {"plan": plan}})
    shared_waystage.batch(events)
    shared_waystage.derived()
    return name


QUESTIONS: list[dict[str, str]] = [{}, WINDOW, {**WINDOW, "mode": "first"}, {"to": WINDOW["to"]}, {"from": WINDOW["from"]}]
BREAKDOWNS: list[dict[str, Any]] = [
    {"breakdown": "utm_campaign"},
    {"breakdown": "campaign", "top": 1},
    {"breakdown": "trait:plan"},
    {"breakdown": "source"},
]


def behind(waystage: Waystage, **query: Any) -> dict[str, Any]:
    """The people behind a number, all pages together."""
    page: dict[str, Any] = waystage.ask("/v1/transitions/customers", limit=2, **query)
    people, cursor = page["customers"], page["next"]
    while cursor:
        more = waystage.ask("/v1/transitions/customers", limit=2, cursor=cursor, **query)
        people, cursor = people + more["customers"], more["next"]
        assert (more["total"], more["entries"]) == (page["total"], page["entries"])
    assert len({person["id"] for person in people}) == len(people) == page["total"]
    return page


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("breakdown", BREAKDOWNS)
def test_groups_sum_up_to_the_whole(shared_waystage: Waystage, world: str, question: dict[str, str], breakdown: dict[str, Any]) -> None:
    answer = shared_waystage.ask("/v1/transitions", utm_content=world, **question, **breakdown)
    groups = answer["groups"]
    for place, stage in enumerate(answer["stages"]):
        for count in ("at_start", "entries", "exits", "at_end"):
            assert sum(group["stages"][place][count] for group in groups) == stage[count]
    moves = {(move["from"], move["to"]): 0 for move in answer["transitions"]}
    for group in groups:
        assert group["entries"] == sum(stage["entries"] for stage in group["stages"])
        for move in group["transitions"]:
            moves[move["from"], move["to"]] += move["count"]
    assert moves == {(move["from"], move["to"]): move["count"] for move in answer["transitions"]}


def test_groups_are_ranked_by_their_entries(shared_waystage: Waystage, world: str) -> None:
    def groups(**query: Any) -> list[tuple[str | None, int, int]]:
        answer = shared_waystage.ask("/v1/transitions", utm_content=world, **query)
        return [(group["group"], group["entries"], group["customers"]) for group in answer["groups"]]

    assert groups(breakdown="campaign") == [("mail", 6, 2), ("ads", 3, 2), ("post", 2, 1)]
    assert groups(breakdown="campaign", top=1) == [("mail", 6, 2), ("other", 5, 3)]
    assert groups(breakdown="trait:plan") == [("pro", 4, 2), (None, 4, 2), ("free", 3, 1)]
    assert groups(breakdown="source") == [("server", 11, 5)]
    assert groups(breakdown="channel", trait=["plan:pro", "plan:free"]) == [("email", 7, 3)]
    assert groups(breakdown="device", trait="plan:none") == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_number_has_its_people(shared_waystage: Waystage, world: str, question: dict[str, str]) -> None:
    query = {"utm_content": world, **question}
    answer = shared_waystage.ask("/v1/transitions", **query)
    for stage in answer["stages"]:
        for what in ("at_start", "entries", "exits", "at_end"):
            told = behind(shared_waystage, stage=stage["stage"], what=what, **query)
            assert told["entries"] == stage[what]
            assert told["total"] == stage["customers"] or what != "entries"
    for move in answer["transitions"]:
        told = behind(shared_waystage, from_stage=move["from"] or "", to_stage=move["to"], **query)
        assert (told["entries"], told["total"]) == (move["count"], move["customers"])


@pytest.mark.parametrize("breakdown", BREAKDOWNS)
def test_every_number_of_a_group_has_its_people(shared_waystage: Waystage, world: str, breakdown: dict[str, Any]) -> None:
    query = {"utm_content": world, **WINDOW, **breakdown}
    for group in shared_waystage.ask("/v1/transitions", **query)["groups"]:
        for move in group["transitions"]:
            told = behind(shared_waystage, from_stage=move["from"] or "", to_stage=move["to"], group=group["group"] or "", **query)
            assert (told["entries"], told["total"]) == (move["count"], move["customers"])


def test_an_empty_trait_is_none(shared_waystage: Waystage) -> None:
    """What is asked for by an empty group is one group."""
    own = uuid.uuid4().hex
    plans: list[dict[str, str | None]] = [{"plan": ""}, {"plan": None}, {}]
    for number, plan in enumerate(plans):
        who = {"userId": f"{own}-{number}", "timestamp": WINDOW["from"]}
        said: list[dict[str, Any]] = [
            {**who, "type": "identify", "traits": {"empty": own, **plan}},
            {**who, "type": "track", "event": "Product Viewed"},
        ]
        shared_waystage.batch(said)
    shared_waystage.derived()
    query = {"trait": f"empty:{own}", "breakdown": "trait:plan"}
    groups = shared_waystage.ask("/v1/transitions", **query)["groups"]
    assert [(group["group"], group["entries"]) for group in groups] == [(None, 3)]
    assert behind(shared_waystage, stage="consideration", group="", **query)["total"] == 3


def test_people_are_told_as_lists_tell_them(shared_waystage: Waystage, world: str) -> None:
    page = shared_waystage.ask("/v1/transitions/customers", utm_content=world, to_stage="purchase", from_stage="decision")
    ann, dot = sorted(page["customers"], key=lambda person: str(person["id"]))
    assert [person["id"] for person in (ann, dot)] == [f"user_id:{world}-ann", f"user_id:{world}-dot"]
    (listed,) = shared_waystage.ask("/v1/customers", q=f"{world}-ann")["customers"]
    assert ann == listed
    assert (ann["stage"], ann["since"]) == ("purchase", f"{DAY}13:00:00Z")


def test_lists_of_people_take_traits(shared_waystage: Waystage, world: str) -> None:
    def ids(**query: Any) -> set[str]:
        page = shared_waystage.ask("/v1/customers", q=world, **query)
        assert page["total"] == len(page["customers"])
        return {person["id"].removeprefix(f"user_id:{world}-") for person in page["customers"]}

    assert ids() == {"ann", "ben", "cid", "dot", "eve"}
    assert ids(trait="plan:pro") == {"ann", "cid"}
    assert ids(trait=["plan:pro", "plan:free"]) == {"ann", "ben", "cid"}
    assert ids(trait="plan:pro", stage="consideration") == {"cid"}


def test_a_distribution_has_every_move(shared_waystage: Waystage, world: str) -> None:
    answer = shared_waystage.ask("/v1/transitions", utm_content=world, distribution="1")
    bounds = answer["bounds"]
    assert bounds == [2**power for power in range(27)]
    moves = {(move["from"], move["to"]): move for move in answer["transitions"]}
    for (before, _), move in moves.items():
        assert sum(move["histogram"]) == (move["count"] if before else 0)
    shown = {bounds[bar - 1]: count for bar, count in enumerate(moves["consideration", "decision"]["histogram"]) if count}
    assert shown == {1024: 1, 2048: 2}
