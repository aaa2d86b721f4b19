"""Lists of people: in pages, by stage, by how an identifier begins; and the sources that people came through."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.service import Waystage

NOW = datetime.now(UTC).replace(microsecond=0)


def at(seconds: float) -> str:
    """An instant some seconds after an hour ago, as the answers write it."""
    return (NOW - timedelta(hours=1) + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + "Z"


def people(waystage: Waystage, prefix: str, count: int) -> list[str]:
    names = [f"{prefix}{number:03}" for number in range(count)]
    stages = ["Product Viewed", "Product Added", "Order Completed"]
    events = [{"type": "track", "event": stages[number % 3], "userId": name, "timestamp": at(number)} for number, name in enumerate(names)]
    waystage.batch(events)
    waystage.derived()
    return names


def listed(waystage: Waystage, **query: Any) -> list[dict[str, Any]]:
    """All pages of a list; none is longer than its limit, and each says the same total."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] | None = {}
    totals = set()
    while cursor is not None:
        page = waystage.ask("/v1/customers", limit=50, **query, **cursor)
        assert 0 < len(page["customers"]) <= 50
        found += page["customers"]
        totals.add(page["total"])
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert totals == {len(found)}
    return found


def test_a_list_has_everybody_once_while_people_arrive(shared_waystage: Waystage) -> None:
    prefix = f"list-{uuid.uuid4().hex}-"
    names = people(shared_waystage, prefix, 120)
    assert sorted(person["id"] for person in listed(shared_waystage, q=prefix.upper())) == [f"user_id:{name}" for name in names]
    first = shared_waystage.ask("/v1/customers", q=prefix, limit=50)
    people(shared_waystage, f"{prefix}later-", 30)
    found, cursor = first["customers"], first["next"]
    while cursor:
        page = shared_waystage.ask("/v1/customers", q=prefix, limit=50, cursor=cursor)
        found, cursor = found + page["customers"], page["next"]
    seen = [person["id"] for person in found]
    assert len(seen) == len(set(seen))
    assert {f"user_id:{name}" for name in names} <= set(seen)


def test_a_list_may_begin_with_who_was_seen_last(shared_waystage: Waystage) -> None:
    prefix = f"latest-{uuid.uuid4().hex}-"
    names = people(shared_waystage, prefix, 7)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = shared_waystage.ask("/v1/customers", q=prefix, order="last_seen", limit=3, cursor=cursor)
        found, cursor = found + [person["id"] for person in page["customers"]], page["next"]
    assert found == [f"user_id:{name}" for name in reversed(names)]


def test_a_list_names_who_is_in_a_stage_now(shared_waystage: Waystage) -> None:
    prefix = f"stage-{uuid.uuid4().hex}-"
    names = people(shared_waystage, prefix, 6)
    inside = listed(shared_waystage, q=prefix, stage="decision")
    assert sorted(person["id"] for person in inside) == [f"user_id:{name}" for name in names[1::3]]
    by_id = {person["id"]: person for person in inside}
    assert by_id[f"user_id:{names[1]}"] == {
        "id": f"user_id:{names[1]}",
        "name": None,
        "identifiers": [{"kind": "user_id", "value": names[1]}],
        "stage": "decision",
        "since": at(1),
        "first_seen": at(1),
        "last_seen": at(1),
    }
    empty = shared_waystage.ask("/v1/customers", q=prefix, stage="loyalty")
    assert (empty["customers"], empty["total"], empty["next"]) == ([], 0, None)
    named = shared_waystage.ask("/v1/customers", q=prefix, stage="Product Added", model="each_event_name")
    assert named["total"] == 2


def test_a_list_is_searched_in_any_case_of_any_alphabet(shared_waystage: Waystage) -> None:
    tail = uuid.uuid4().hex
    shared_waystage.batch([{"type": "track", "event": "x", "userId": f"\u0418\u0432\u0430\u043d {tail}"}])
    shared_waystage.derived()
    for q in (f"\u0418\u0432\u0430\u043d {tail}", f"\u0438\u0412\u0410\u041d {tail.upper()}"):
        assert shared_waystage.ask("/v1/customers", q=q)["total"] == 1
    for q in (f"\u0432\u0430\u043d {tail}", f"%{tail}", f"\u0418\u0432\u0430\u043d {tail}_"):
        assert shared_waystage.ask("/v1/customers", q=q)["total"] == 0


def test_machines_are_not_in_lists_and_keep_their_journey(shared_waystage: Waystage) -> None:
    robot = f"robot-{uuid.uuid4().hex}"
    agent = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    shared_waystage.batch([{"type": "page", "anonymousId": robot, "context": agent}])
    shared_waystage.derived()
    assert shared_waystage.ask("/v1/customers", q=robot)["total"] == 0
    journey = shared_waystage.journey(f"anonymous_id:{robot}")
    assert (journey["entries"], journey["sessions"][0]["machine"]) == ([], True)


def test_sources_say_when_they_were_last_heard(shared_waystage: Waystage) -> None:
    before = {source["name"]: source for source in shared_waystage.ask("/v1/sources")["sources"]}
    sent = datetime.now(UTC)
    shared_waystage.batch([{"type": "track", "event": "x", "userId": "sources"}] * 3)
    after = {source["name"]: source for source in shared_waystage.ask("/v1/sources")["sources"]}
    assert list(after)[:2] == ["site", "server"]
    assert after["site"] | {"silence": None, "why": ""} == before["site"] | {"silence": None, "why": ""}
    assert after["server"].keys() >= {"name", "kind", "last_event_at", "events_24h"}
    assert (after["site"]["kind"], after["server"]["kind"]) == ("public", "trusted")
    assert after["server"]["events_24h"] == before["server"]["events_24h"] + 3
    assert sent <= datetime.fromisoformat(after["server"]["last_event_at"]) <= datetime.now(UTC)
