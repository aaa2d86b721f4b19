"""docs/journeys.md: every example is run as it stands there by people as it tells of them, and answers what stands below it."""

import json
import re
import subprocess
from typing import Any

import pytest

from tests.service import KEYS, ROOT, Waystage

GUIDE = (ROOT / "docs" / "journeys.md").read_text("utf-8")
EXAMPLES = re.findall(r"```\n(curl .*?)\n```.*?```json\n(.*?)```", GUIDE, re.DOTALL)
EVENTS = {"V": "Product Viewed", "A": "Product Added", "O": "Order Completed", "R": "Page Rated"}
PEOPLE = {
    "ann": "V 10:00 A 11:00 O 13:00",
    "ben": "V 10:00 A 10:30 V 12:30",
    "cid": "V 09:00",
    "dot": "A 10:00 O 10:10",
    "eve": "V 10:00 A 12:00 R 12:05",
}


def sent(person: str) -> list[dict[str, Any]]:
    words = PEOPLE[person].split()
    context = {"campaign": {"medium": "email", "source": "letter"}, "page": {"url": "https://shop.example/"}}
    said = {"type": "track", "userId": person}
    return [
        {
            **said,
            "event": EVENTS[letter],
            "timestamp": f"2026-03-01T{time}:00Z",
            "properties": {"rating": 9} if letter == "R" else {},
            "context": {} if number else context,
        }
        for number, (letter, time) in enumerate(zip(words[::2], words[1::2], strict=True))
    ]


@pytest.fixture
def shop(waystage: Waystage) -> Waystage:
    waystage.batch([event for person in PEOPLE for event in sent(person)])
    waystage.derived()
    return waystage


def like(told: Any, found: Any) -> bool:
    """Whether an answer has all that the page tells of it."""
    if isinstance(told, dict):
        return all(key in found and like(each, found[key]) for key, each in told.items())
    if isinstance(told, list):
        return len(told) == len(found) and all(map(like, told, found))
    return bool(told == found)


def test_every_example_answers_what_the_page_says(shop: Waystage) -> None:
    assert len(EXAMPLES) == GUIDE.count("```\ncurl") == GUIDE.count("```json")
    for command, told in EXAMPLES:
        environment = {"KEY": str(KEYS.read), "WAYSTAGE": shop.url, "PATH": "/usr/bin:/bin"}
        answer = subprocess.run(["bash", "-c", f"{command} --silent --fail-with-body"], env=environment, capture_output=True, check=False)
        assert answer.returncode == 0, (command, answer.stdout)
        found = json.loads(answer.stdout)
        assert like(json.loads(told), found), f"{command}: {json.dumps(found)}"
