"""docs/keys.md: every example is run as it stands there, one after the other, and answers what stands below it."""

import json
import re
import subprocess

from tests.http.test_identity_guide import ENVIRONMENT, like
from tests.service import ROOT, Waystage

GUIDE = (ROOT / "docs" / "keys.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n\n```json\n(.*?)```", GUIDE, re.DOTALL)


def test_every_example_answers_what_the_page_says(waystage: Waystage) -> None:
    assert len(EXAMPLES) == GUIDE.count("```sh") == 4
    for command, told in EXAMPLES:
        script = command.replace("https://events.shop.example", waystage.url)
        answer = subprocess.run(["bash", "-c", script], env=ENVIRONMENT | {"PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
        found = json.loads(answer.stdout)
        assert like(json.loads(told), found), (command, found)
