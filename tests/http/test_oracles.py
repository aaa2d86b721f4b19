"""Verdicts of others on channels, machines and people, as the service gives them to events that arrive: nothing here knows the rules."""

import json
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.postgres.test_identity import in_its_own_words
from tests.reading.histories import wire
from tests.reading.oracles import Case, identity_cases
from tests.service import KEYS, Waystage, bearer

BATCH = 400


def posted(waystage: Waystage, events: list[dict[str, Any]], key: str | None) -> None:
    for start in range(0, len(events), BATCH):
        assert waystage.batch(events[start : start + BATCH], key)["rejected"] == []
    waystage.derived()


def agents(oracles: Path, name: str) -> list[str]:
    groups = yaml.safe_load((oracles / "bots" / name).read_text("utf-8"))
    return [agent for agents in groups.values() for agent in agents]


def seen_as_people(waystage: Waystage, prefix: str) -> int:
    total: int = waystage.ask("/v1/customers", q=prefix, limit=1)["total"]
    return total


@pytest.mark.parametrize("name, people", [("crawlers.yml", False), ("browsers.yml", True)])
def test_published_user_agents_are_machines_or_people(shared_waystage: Waystage, oracles: Path, name: str, people: bool) -> None:
    published = agents(oracles, name)
    prefix = f"oracle-{name}-"
    events = [
        {"type": "page", "anonymousId": f"{prefix}{number}", "context": {"userAgent": agent}} for number, agent in enumerate(published)
    ]
    posted(shared_waystage, events, KEYS.write)
    assert seen_as_people(shared_waystage, prefix) == (len(published) if people else 0)


def test_published_campaigns_have_their_channel(shared_waystage: Waystage, oracles: Path) -> None:
    cases = [json.loads(line) for line in (oracles / "channels" / "cases.jsonl").read_text("utf-8").splitlines()]
    queries = [urlencode({f"utm_{part}": case[part] for part in ("source", "medium", "campaign")}) for case in cases]
    urls = [f"https://shop.example/?{query}" for query in queries]
    events = [{"type": "page", "anonymousId": case["id"], "context": {"page": {"url": url}}} for case, url in zip(cases, urls, strict=True)]
    posted(shared_waystage, events, KEYS.write)
    touched = [shared_waystage.journey(f"anonymous_id:{case['id']}")["touches"][0]["channel"] for case in cases]
    explained = [shared_waystage.ask("/v1/explain/channel", url=url) for url in urls]
    assert touched == [verdict["channel"] for verdict in explained]
    assert [verdict["labels"]["ga4"] for verdict in explained] == [case["expected"] for case in cases]


def customer_of(waystage: Waystage, value: str) -> str | None:
    """Whom a value names, as a user id or as a device."""
    for kind in ("user_id", "anonymous_id"):
        found = waystage.client.get(f"/v1/customers/{kind}:{value}/identity", headers=bearer(KEYS.read))
        if found.status_code == HTTPStatus.OK:
            return str(found.json()["id"])
        assert found.status_code == HTTPStatus.NOT_FOUND
    return None


def as_published(waystage: Waystage, case: Case) -> bool:
    one = all(len({customer_of(waystage, value) for value in cluster}) == 1 for cluster in case.expected)
    apart = all(len({customer_of(waystage, value) for value in values}) == len(values) for values in case.separate)
    return one and apart and {customer_of(waystage, value) for value in case.nobody} <= {None}


def test_published_identities(shared_waystage: Waystage, oracles: Path, now: datetime) -> None:
    cases = [in_its_own_words(case) for case in identity_cases(now - timedelta(days=1))]
    posted(shared_waystage, [wire(event) for case in cases for event in case.events], KEYS.server)
    assert len(cases) > 15
    assert [case.id for case in cases if not as_published(shared_waystage, case)] == []
