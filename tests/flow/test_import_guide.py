"""Every example of the guide to importing says what comes of it, and that is what comes of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.domain.arriving.mapping import parse_mapping
from app.flow.files import read_parts
from tests.service import ROOT

GUIDE = (ROOT / "docs" / "import.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n\n```(?:csv|tsv|json)\n(.*?)```\n\n```json\n(.*?)```", GUIDE, re.DOTALL)


def documents(text: str) -> list[Any]:
    """JSON documents, one after the other."""
    found = []
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_every_mapping_of_the_guide_is_an_example() -> None:
    assert len(EXAMPLES) == GUIDE.count("```yaml")


@pytest.mark.parametrize("mapping, rows, events", EXAMPLES)
def test_an_example_becomes_its_events(mapping: str, rows: str, events: str, tmp_path: Path) -> None:
    file = tmp_path / "rows"
    file.write_text(rows, "utf-8")
    read = [row for part in read_parts(file, parse_mapping(mapping)) for row in part.rows]
    assert [row.refused for row in read] == [None] * len(read)
    assert [json.loads(row.raw) for row in read] == documents(events)
