"""Funnels over HTTP: published cases of others, steps over events, exclusions, groups, times, and the people behind each number."""

import csv
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from tests.service import KEYS, ORACLES, Waystage, bearer

WHEN = datetime(2004, 5, 1, tzinfo=UTC)
ORDERS = {"ordered": "ordered", "strict": "strict", "unordered": "any"}
OUTCOMES = ("reached", "converted", "still_in_window", "dropped")


@cache
def cases() -> list[dict[str, Any]]:
    file = ORACLES / "funnels" / "cases.json"
    found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    return found


def events_of(case: dict[str, Any], world: str) -> Iterator[dict[str, Any]]:
    ((kind, people),) = case["events"].items()
    for person, did in people.items():
        for number, one in enumerate(did):
            name, at = (one, WHEN + timedelta(seconds=number)) if kind == "sequence" else (one[0], instant(one[1]))
            said = {"type": "track", "event": f"{world} {name}", "timestamp": at.isoformat(), "messageId": f"{world}-{person}-{number:03}"}
            yield said | {"userId": f"{world}-{person}"}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def people(waystage: Waystage, **query: Any) -> list[str]:
    """Everybody behind a number, page by page; each page says the same total."""
    found: list[str] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = waystage.ask("/v1/funnel/customers", limit=2, **query, **cursor)
        found += [person["id"] for person in page["customers"]]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert page["total"] == len(found) == len(set(found))
    return found


def windows(case: dict[str, Any]) -> dict[str, str]:
    if "date_from" not in case:
        return {}
    last = instant(case["date_to"])
    return {"from": instant(case["date_from"]).isoformat(), "to": (last + timedelta(days=1 if last.hour == 0 else 0)).isoformat()}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_published_cases(shared_waystage: Waystage, case: dict[str, Any]) -> None:
    world = uuid.uuid4().hex
    shared_waystage.batch([*events_of(case, world)])
    shared_waystage.derived()
    steps = ",".join(f"{world} {step}" for step in case["steps"])
    asked = {"steps": steps, "of": "events", "order": ORDERS[case["mode"]], "within": f"{case['window_seconds']}s", **windows(case)}
    answered = shared_waystage.ask("/v1/funnel", **asked)["steps"]
    expected = case["expect"]
    assert [step["reached"] for step in answered] == expected["counts"]
    for name, ours in (("average_conversion_time", "mean"), ("median_conversion_time", "median")):
        for step, seconds in zip(answered, expected.get(name, [None] * len(answered)), strict=True):
            assert seconds is None or step["time_to_convert"][ours] == pytest.approx(seconds)
    numbers = {"step2_people": (2, "reached"), "step3_people": (3, "reached")} | {
        f"dropoff_after_{step}": (step, "dropped") for step in (1, 2)
    }
    for name, (step, outcome) in numbers.items():
        if name in expected:
            assert sorted(people(shared_waystage, **asked, step=step, outcome=outcome)) == sorted(
                f"user_id:{world}-{person}" for person in expected[name]
            )


STORY = {
    "ann": "Seen 0 ads, Basket 10 mail, Paid 20 mail",
    "ben": "Seen 0 ads, Refund 5 ads, Basket 10 ads",
    "cid": "Seen 0 mail, Basket 500 mail",
    "dot": "Seen 0 ads, Basket 0 ads, Refund 30 ads, Seen 40 ads, Paid 41 ads",
    "eve": "Paid 3 post",
}


@pytest.fixture(scope="module")
def world(shared_waystage: Waystage) -> str:
    """Five people of STORY; each event is a touch of the channel that stands after its seconds. Ann and Cid pay for pro."""
    name = uuid.uuid4().hex
    events: list[dict[str, Any]] = []
    for person, story in STORY.items():
        for number, did in enumerate(story.split(", ")):
            event, seconds, channel = did.split()
            at = WHEN + timedelta(seconds=int(seconds))
            said = {"userId": f"{name}-{person}", "timestamp": at.isoformat(), "messageId": f"{name}-{person}-{number}"}
            events.append({**said, "type": "track", "event": f"{name} {event}", "properties": {"touchpoint_channel": channel}})
        plan = "pro" if person in ("ann", "cid") else "free"
        events.append({"type": "identify", "userId": f"{name}-{person}", "timestamp": WHEN.isoformat(), "traits": {"plan": plan}})
    shared_waystage.batch(events)
    shared_waystage.derived()
    return name


def asked(world: str, *steps: str, **more: Any) -> dict[str, Any]:
    """A funnel over the world's events; `|` parts alternatives."""
    named = ["|".join(f"{world} {name}" for name in step.split("|")) for step in steps]
    return {"steps": ",".join(named), "of": "events", "within": "100s", **more}


def reached(waystage: Waystage, query: dict[str, Any]) -> list[int]:
    return [step["reached"] for step in waystage.ask("/v1/funnel", **query)["steps"]]


@pytest.mark.parametrize(
    "steps, more, counts",
    [
        (["Seen", "Basket"], {}, [4, 3]),
        (["Seen", "Basket", "Paid"], {}, [4, 3, 2]),
        (["Seen", "Basket", "Paid"], {"order": "strict"}, [4, 2, 1]),
        (["Paid", "Seen"], {"order": "any"}, [5, 2]),
        (["Seen", "Basket|Refund", "Basket|Refund"], {}, [4, 3, 2]),
        (["Seen", "Paid"], {"exclude": "Refund"}, [3, 2]),
        (["Seen", "Basket"], {"within": "500s"}, [4, 4]),
        (["Seen", "Basket"], {"within": "499s"}, [4, 3]),
        (["Seen", "*"], {}, [4, 3]),
        (["Seen", "Pa?d"], {}, [4, 2]),
        (["Seen", "\\*"], {}, [4, 0]),
        (["Seen", "Basket"], {"trait": "plan:pro"}, [2, 1]),
        (["Seen", "Basket"], {"channel": "mail"}, [1, 0]),
    ],
)
def test_funnels_over_events(shared_waystage: Waystage, world: str, steps: list[str], more: dict[str, Any], counts: list[int]) -> None:
    more = more | {"exclude": f"{world} {more['exclude']}"} if "exclude" in more else more
    assert reached(shared_waystage, asked(world, *steps, **more)) == counts


def test_a_name_with_signs_of_the_question_is_written_with_backslashes(shared_waystage: Waystage) -> None:
    name = f"a,b|c\\d*?{uuid.uuid4().hex}"
    shared_waystage.batch([{"type": "track", "event": name, "userId": name}])
    shared_waystage.derived()
    written = "".join(f"\\{sign}" if sign in ",|\\*?" else sign for sign in name)
    (step,) = shared_waystage.ask("/v1/funnel", steps=written, of="events")["steps"]
    assert (step["event"], step["stage"], step["reached"]) == (name, None, 1)
    (stage,) = shared_waystage.ask("/v1/funnel", steps=written.replace("\\*\\?", "*?"), model="each_event_name")["steps"]
    assert (stage["stage"], stage["event"], stage["reached"]) == (name, None, 1)


def test_groups_sum_up_and_their_people_are_listed(shared_waystage: Waystage, world: str) -> None:
    for breakdown, credit, top in (("channel", "first", 25), ("channel", "last", 1), ("channel", "step", 25), ("trait:plan", "first", 25)):
        query = asked(world, "Seen", "Basket", "Paid", breakdown=breakdown, credit=credit, top=top)
        answer = shared_waystage.ask("/v1/funnel", **query)
        for number, step in enumerate(answer["steps"]):
            for outcome in OUTCOMES:
                assert sum(group["steps"][number][outcome] for group in answer["groups"]) == step[outcome]
                assert len(people(shared_waystage, **query, step=number + 1, outcome=outcome)) == step[outcome]
                for group in answer["groups"]:
                    behind = people(shared_waystage, **query, step=number + 1, outcome=outcome, group=group["group"] or "")
                    assert len(behind) == group["steps"][number][outcome], (breakdown, credit, group["group"])


@pytest.mark.parametrize(
    "more, expected",
    [
        ({"breakdown": "channel", "credit": "first"}, {"ads": [3, 3], "mail": [1, 1]}),
        ({"breakdown": "channel", "credit": "last"}, {"ads": [2, 2], "mail": [2, 2]}),
        ({"breakdown": "channel", "credit": "step"}, {"ads": [3, 2], "mail": [1, 2]}),
        ({"breakdown": "campaign"}, {None: [4, 4]}),
        ({"breakdown": "source"}, {"server": [4, 4]}),
        ({"breakdown": "trait:plan"}, {"free": [2, 2], "pro": [2, 2]}),
        ({"breakdown": "trait:nothing"}, {None: [4, 4]}),
        ({"breakdown": "channel", "top": 1}, {"ads": [3, 3], "other": [1, 1]}),
    ],
)
def test_groups_are_those_of_touches_and_traits(
    shared_waystage: Waystage, world: str, more: dict[str, Any], expected: dict[str | None, list[int]]
) -> None:
    answer = shared_waystage.ask("/v1/funnel", **asked(world, "Seen", "Basket|Paid", within="500s", **more))
    assert {group["group"]: [step["reached"] for step in group["steps"]] for group in answer["groups"]} == expected


def test_times_are_told_as_histogram_and_survival(shared_waystage: Waystage, world: str) -> None:
    answer = shared_waystage.ask("/v1/funnel", **asked(world, "Seen", "Basket", distribution="1", survival="1"))
    took = answer["steps"][1]["time_to_convert"]
    assert {answer["bounds"][bar - 1] if bar else 0: count for bar, count in enumerate(took["histogram"]) if count} == {0: 1, 8: 2}
    assert took["survival"] == [
        {"seconds": 0, "share": 1, "at_risk": 4},
        {"seconds": 0, "share": 0.75, "at_risk": 4},
        {"seconds": 10, "share": 0.25, "at_risk": 3},
    ]
    assert answer["steps"][0]["time_to_convert"]["survival"] == []


def test_the_people_are_listed_as_csv_without_formulas(shared_waystage: Waystage) -> None:
    world = uuid.uuid4().hex
    names = [f"{sign}{world}" for sign in ("=1+", "+49", "-x", "@a", "plain", 'q"u,o')]
    shared_waystage.batch([{"type": "track", "event": world, "userId": name, "anonymousId": f"{name}-d"} for name in names])
    shared_waystage.derived()
    query = {"steps": world, "of": "events", "format": "csv"}
    answer = shared_waystage.client.get("/v1/funnel/customers", params=query, headers=bearer(KEYS.read))
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="customers.csv"'
    head, *rows = csv.reader(answer.text.splitlines())
    assert head == ["id", "stage", "since", "first_seen", "last_seen", "user_id", "email", "phone", "anonymous_id"]
    assert {row[5] for row in rows} == {f"'{name}" if name[0] in "=+-@" else name for name in names}
    assert {row[0] for row in rows} == {f"user_id:{name}" for name in names}
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
