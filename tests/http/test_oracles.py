"""Verdicts of others on channels and machines, as the service gives them to events that arrive: nothing here knows the rules."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.service import KEYS, Waystage

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
