"""docs/identity.md: every example is run as it stands there, and answers what stands below it."""

import json
import re
import subprocess
from typing import Any

from tests.service import KEYS, ROOT, Waystage, until

GUIDE = (ROOT / "docs" / "identity.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n\n```json\n(.*?)```", GUIDE, re.DOTALL)
ENVIRONMENT = {f"WAYSTAGE_{door.upper()}_KEY": str(key) for door, key in KEYS._asdict().items()}


def like(told: Any, found: Any) -> bool:
    """Whether an answer is the one that the page tells, where "..." stands for anything."""
    if isinstance(told, dict):
        return isinstance(found, dict) and told.keys() == found.keys() and all(like(each, found[key]) for key, each in told.items())
    if isinstance(told, list):
        return isinstance(found, list) and len(told) == len(found) and all(map(like, told, found))
    return bool(told in ("...", found))


def test_every_example_answers_what_the_page_says(waystage: Waystage) -> None:
    assert len(EXAMPLES) == GUIDE.count("```sh")
    for command, told in EXAMPLES:
        script = command.replace("https://events.shop.example", waystage.url)
        answer = subprocess.run(["bash", "-c", script], env=ENVIRONMENT | {"PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
        found = json.loads(answer.stdout)
        assert like(json.loads(told), found), (command, found)
        waystage.derived()
        until(lambda: not {one["state"] for one in waystage.ask("/v1/identity/links")["links"]} - {"struck"}, "the pair is struck out")
