"""Questions about stages over HTTP: transitions and funnels of journeys that are counted by hand, windows, filters, and what is refused."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.service import KEYS, Waystage, bearer

DAY = "2003-03-01T"
EVENTS = {"V": "Product Viewed", "A": "Product Added", "O": "Order Completed"}
JOURNEYS = {
    "ann": "V 10:00 A 11:00 O 13:00",
    "ben": "V 10:00 A 10:30 V 12:30",
    "cid": "V 09:00",
    "dot": "A 10:00 O 10:10",
}
WINDOW = {"from": f"{DAY}09:30:00Z", "to": f"{DAY}12:45:00Z"}
NOTHING = {"median": None, "p90": None}


def events_of(campaign: str, person: str, journey: str) -> Iterator[dict[str, Any]]:
    page = {"url": f"https://shop.example/?utm_source=paper&utm_medium=email&utm_campaign={campaign}"}
    context = {"page": page, "device": {"type": "tablet"}, "location": {"country": "FR"}}
    words = journey.split()
    for letter, time in zip(words[::2], words[1::2], strict=True):
        yield {
            "type": "track",
            "event": EVENTS[letter],
            "userId": f"{campaign}-{person}",
            "timestamp": f"{DAY}{time}:00Z",
            "context": context,
        }


@pytest.fixture(scope="module")
def campaign(shared_waystage: Waystage) -> str:
    """The campaign that brought the people of JOURNEYS and nobody else."""
    name = f"c-{uuid.uuid4().hex}"
    shared_waystage.batch([event for person, journey in JOURNEYS.items() for event in events_of(name, person, journey)])
    shared_waystage.derived()
    return name


FLOW = ("at_start", "entries", "exits", "at_end", "customers")
STEP = ("reached", "converted", "still_in_window", "dropped")


def flow(stage: str, counts: tuple[int, ...], dwell: tuple[float, float] | None = None) -> dict[str, Any]:
    return {"stage": stage, "label": stage.capitalize(), **dict(zip(FLOW, counts, strict=True)), "dwell": quantiles(dwell)}


def moved(from_: str | None, to: str, count: int, share: float, dwell: tuple[float, float] | None) -> dict[str, Any]:
    return {"from": from_, "to": to, "count": count, "customers": count, "share": pytest.approx(share), "dwell": quantiles(dwell)}


def quantiles(dwell: tuple[float, float] | None) -> dict[str, Any]:
    return {"median": pytest.approx(dwell[0]), "p90": pytest.approx(dwell[1])} if dwell else NOTHING


def test_transitions_are_those_counted_by_hand(shared_waystage: Waystage, campaign: str) -> None:
    before = datetime.now(UTC)
    answer = shared_waystage.ask("/v1/transitions", utm_campaign=campaign, **WINDOW)
    assert before <= datetime.fromisoformat(answer.pop("as_of")) <= datetime.now(UTC)
    assert answer == {
        "model": "journey-5",
        "version": 1,
        "mode": "every",
        "from": WINDOW["from"],
        "to": WINDOW["to"],
        "timezone": "UTC",
        "stages": [
            flow("awareness", (0, 0, 0, 0, 0), None),
            flow("consideration", (1, 3, 2, 2, 2), (2700, 3420)),
            flow("decision", (0, 3, 2, 1, 3), (3900, 6540)),
            flow("purchase", (0, 1, 0, 1, 1), None),
            flow("loyalty", (0, 0, 0, 0, 0), None),
        ],
        "transitions": [
            moved(None, "consideration", 2, 2 / 3, None),
            moved(None, "decision", 1, 1 / 3, None),
            moved("consideration", "decision", 2, 1, (2700, 3420)),
            moved("decision", "consideration", 1, 1 / 2, (7200, 7200)),
            moved("decision", "purchase", 1, 1 / 2, (600, 600)),
        ],
    }


def test_first_entries_alone(shared_waystage: Waystage, campaign: str) -> None:
    answer = shared_waystage.ask("/v1/transitions", utm_campaign=campaign, mode="first", **WINDOW)
    assert answer["mode"] == "first"
    assert answer["stages"][1:4] == [
        flow("consideration", (1, 2, 2, 1, 2), (2700, 3420)),
        flow("decision", (0, 3, 1, 2, 3), (600, 600)),
        flow("purchase", (0, 1, 0, 1, 1), None),
    ]
    assert moved("decision", "purchase", 1, 1, (600, 600)) in answer["transitions"]


def test_without_a_window_everything_up_to_now_counts(shared_waystage: Waystage, campaign: str) -> None:
    answer = shared_waystage.ask("/v1/transitions", utm_campaign=campaign)
    assert (answer["from"], answer["to"], answer["timezone"]) == (None, answer["as_of"], "UTC")
    assert sum(stage["entries"] for stage in answer["stages"]) == sum(one["count"] for one in answer["transitions"]) == 9
    assert [stage["at_start"] for stage in answer["stages"]] == [0] * 5


@pytest.mark.parametrize(
    "zone, said, instants",
    [
        ("Europe/Berlin", ("2003-03-01", "2003-03-02"), ("2003-02-28T23:00:00Z", "2003-03-01T23:00:00Z")),
        ("Asia/Kolkata", ("2003-03-01T00:00", "2003-03-01T12:00:00.5"), ("2003-02-28T18:30:00Z", "2003-03-01T06:30:00.500000Z")),
        ("America/New_York", ("2003-03-01T09:30:00Z", "2003-03-01T12:45:00+01:00"), ("2003-03-01T09:30:00Z", "2003-03-01T11:45:00Z")),
    ],
)
def test_a_window_is_read_in_its_time_zone(
    shared_waystage: Waystage, campaign: str, zone: str, said: tuple[str, str], instants: tuple[str, str]
) -> None:
    for path, more in (("/v1/transitions", {}), ("/v1/funnel", {"steps": "consideration"})):
        answer = shared_waystage.ask(path, utm_campaign=campaign, timezone=zone, **dict(zip(("from", "to"), said, strict=True)), **more)
        assert (answer["timezone"], answer["from"], answer["to"]) == (zone, *instants)


def entries(waystage: Waystage, **query: str) -> int:
    return sum(stage["entries"] for stage in waystage.ask("/v1/transitions", **query)["stages"])


def test_filters_select_entries_by_their_touch(shared_waystage: Waystage, campaign: str) -> None:
    alike = {
        "utm_source": "paper",
        "utm_medium": "email",
        "channel": "email",
        "device": "tablet",
        "country": "FR",
        "source": "server",
        "utm_campaign": campaign,
    }
    assert entries(shared_waystage, **alike) == 9
    for parameter in alike:
        other = "site" if parameter == "source" else "elsewhere"
        assert entries(shared_waystage, **alike | {parameter: other}) == 0


def step(number: int, stage: str, counts: tuple[int, ...], took: tuple[float, float, float] | None = None) -> dict[str, Any]:
    said = dict(zip(STEP, counts, strict=True))
    conversion = said["converted"] / said["reached"] if said["reached"] else None
    times = {**quantiles(took[:2] if took else None), "mean": pytest.approx(took[2]) if took else None}
    return {"step": number, "stage": stage, "event": None, **said, "conversion": conversion, "time_to_convert": times}


def test_a_funnel_is_that_counted_by_hand(shared_waystage: Waystage, campaign: str) -> None:
    asked = {"steps": "consideration,decision,purchase", "utm_campaign": campaign, **WINDOW}
    answer = shared_waystage.ask("/v1/funnel", within="2h", **asked)
    assert answer.pop("as_of")
    assert answer == {
        "model": "journey-5",
        "version": 1,
        "of": "stages",
        "order": "ordered",
        "within": "2h",
        "from": WINDOW["from"],
        "to": WINDOW["to"],
        "timezone": "UTC",
        "steps": [
            step(1, "consideration", (2, 2, 0, 0), None),
            step(2, "decision", (2, 0, 0, 2), (2700, 3420, 2700)),
            step(3, "purchase", (0, 0, 0, 0), None),
        ],
    }
    longer = shared_waystage.ask("/v1/funnel", within="3h", **asked)["steps"]
    assert longer[1:] == [
        step(2, "decision", (2, 1, 0, 1), (2700, 3420, 2700)),
        step(3, "purchase", (1, 1, 0, 0), (7200, 7200, 7200)),
    ]
    assert shared_waystage.ask("/v1/funnel", within=f"{3 * 3600 - 1}s", **asked)["steps"][2]["reached"] == 0


def test_who_still_has_time_is_not_lost(shared_waystage: Waystage) -> None:
    name = f"still-{uuid.uuid4().hex}"
    page = {"page": {"url": f"https://shop.example/?utm_campaign={name}&utm_medium=email"}}
    said = {"type": "track", "event": "Product Viewed", "context": page}
    now = datetime.now(UTC)
    shared_waystage.batch(
        [{**said, "userId": f"{name}-{minutes}", "timestamp": (now - timedelta(minutes=minutes)).isoformat()} for minutes in (10, 90)]
    )
    shared_waystage.derived()
    answer = shared_waystage.ask("/v1/funnel", steps="consideration,purchase", within="1h", utm_campaign=name)
    assert answer["steps"][0] == step(1, "consideration", (2, 0, 1, 1), None)


def test_a_question_asked_before_the_worker_was_there_is_not_answered_as_of_later(shared_waystage: Waystage) -> None:
    name = f"as-of-{uuid.uuid4().hex}"
    page = {"page": {"url": f"https://shop.example/?utm_campaign={name}&utm_medium=email"}}
    for number in range(20):
        event = {"type": "track", "event": "Product Viewed", "userId": f"{name}-{number}", "context": page}
        shared_waystage.batch([event])
        acknowledged = datetime.now(UTC)
        answer = shared_waystage.ask("/v1/transitions", utm_campaign=name)
        counted = sum(stage["entries"] for stage in answer["stages"])
        assert counted == number + 1 or datetime.fromisoformat(answer["as_of"]) <= acknowledged
    shared_waystage.derived()
    assert entries(shared_waystage, utm_campaign=name) == 20


def test_stages_say_their_labels_and_rules(shared_waystage: Waystage) -> None:
    models = {model["model"]: model for model in shared_waystage.ask("/v1/stages")["models"]}
    assert models.keys() >= {"journey-5", "each_event_name"}
    journey = models["journey-5"]
    assert (journey["version"], journey["state"]) == (1, "active")
    assert [(stage["stage"], stage["labels"]["ru"]) for stage in journey["stages"]] == [
        ("awareness", "\u041e\u0441\u043e\u0437\u043d\u0430\u043d\u0438\u0435"),
        ("consideration", "\u0418\u0437\u0443\u0447\u0435\u043d\u0438\u0435"),
        ("decision", "\u0420\u0435\u0448\u0435\u043d\u0438\u0435"),
        ("purchase", "\u041f\u043e\u043a\u0443\u043f\u043a\u0430"),
        ("loyalty", "\u041b\u043e\u044f\u043b\u044c\u043d\u043e\u0441\u0442\u044c"),
    ]
    assert {"touch": True, "occurrence": {"max": 1}} in journey["stages"][0]["rules"]


FUNNEL = "/v1/funnel?steps=awareness"
BEHIND = "/v1/funnel/customers?steps=awareness"
REFUSED = [
    ("/v1/transitions?mode=last", "mode"),
    ("/v1/transitions?model=journey-9", "model"),
    ("/v1/transitions?from=yesterday", "from"),
    ("/v1/transitions?from=2024-02-30", "from"),
    ("/v1/transitions?from=2024-01-02&to=2024-01-02", "from"),
    ("/v1/transitions?from=2024-01-02&to=2024-01-01", "from"),
    ("/v1/transitions?to=0001-01-01T00:00:00%2B14:00", "to"),
    ("/v1/transitions?to=1700000000", "to"),
    ("/v1/transitions?timezone=Mars", "timezone"),
    ("/v1/transitions?timezone=../../etc/passwd", "timezone"),
    ("/v1/transitions?timezone=Europe", "timezone"),
    ("/v1/transitions?source=nowhere", "source"),
    ("/v1/transitions?source=%00", "source"),
    ("/v1/transitions?channel=%00", "channel"),
    ("/v1/transitions?form=2024-01-01", "form"),
    ("/v1/transitions?From=2024-01-01", "From"),
    ("/v1/transitions?steps=awareness", "steps"),
    ("/v1/transitions?writeKey=x", "writeKey"),
    ("/v1/funnel", "steps"),
    ("/v1/funnel?steps=", "steps"),
    ("/v1/funnel?steps=awareness,", "steps"),
    ("/v1/funnel?steps=awareness,none", "steps"),
    ("/v1/funnel?steps=" + ",".join(["awareness"] * 21), "steps"),
    (f"{FUNNEL}&within=0d", "within"),
    (f"{FUNNEL}&within=14", "within"),
    (f"{FUNNEL}&within=-1d", "within"),
    (f"{FUNNEL}&within=1.5h", "within"),
    (f"{FUNNEL}&within=3651d", "within"),
    (f"{FUNNEL}&within=%D9%A1d", "within"),
    (f"{FUNNEL}&mode=first", "mode"),
    (f"{FUNNEL}&of=touches", "of"),
    (f"{FUNNEL}&order=backwards", "order"),
    (f"{FUNNEL}&credit=none", "credit"),
    (f"{FUNNEL}&exclude=none", "exclude"),
    (f"{FUNNEL}&exclude=awareness", "exclude"),
    (f"{FUNNEL}&exclude=", "exclude"),
    (f"{FUNNEL}|", "steps"),
    (f"{FUNNEL}%5C", "steps"),
    (f"{FUNNEL}&breakdown=colour", "breakdown"),
    (f"{FUNNEL}&breakdown=trait:", "breakdown"),
    (f"{FUNNEL}&top=0", "top"),
    (f"{FUNNEL}&step=1", "step"),
    (f"{BEHIND}&step=0", "step"),
    (f"{BEHIND}&step=2", "step"),
    (f"{BEHIND}&outcome=lost", "outcome"),
    (f"{BEHIND}&group=email", "group"),
    (f"{BEHIND}&format=xml", "format"),
    (f"{BEHIND}&limit=0", "limit"),
    (f"{BEHIND}&cursor=MQ", "cursor"),
    ("/v1/transitions/customers", "stage"),
    ("/v1/transitions/customers?stage=awareness&to_stage=decision", "stage"),
    ("/v1/transitions/customers?stage=none", "stage"),
    ("/v1/transitions/customers?to_stage=none", "to_stage"),
    ("/v1/transitions/customers?from_stage=none", "from_stage"),
    ("/v1/transitions/customers?to_stage=decision&what=exits", "what"),
    ("/v1/transitions/customers?stage=awareness&what=leavers", "what"),
    ("/v1/transitions/customers?stage=awareness&group=email", "group"),
    ("/v1/stages?model=x", "model"),
    ("/v1/explain/channel?link=x", "link"),
]


@pytest.mark.parametrize("path, field", REFUSED)
def test_what_cannot_be_read_is_said_by_field_and_reason(shared_waystage: Waystage, path: str, field: str) -> None:
    answer = shared_waystage.client.get(path, headers=bearer(KEYS.read))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert len(error["reason"]) > 5
    assert answer.json()["detail"] == f"{field}: {error['reason']}"
