"""The worked example of docs/attribution.md, asked over HTTP."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.questions.attribution import MODELS
from tests.http.journeys import contact, order, stamp, tell
from tests.service import ROOT, Waystage

END = datetime(1995, 6, 20, tzinfo=UTC)
GUIDE = (ROOT / "docs/attribution.md").read_text()


def tables() -> dict[str, list[dict[str, str]]]:
    """The guide's tables by the name of their first column."""
    found: dict[str, list[dict[str, str]]] = {}
    head: list[str] = []
    for line in GUIDE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and not head:
            head = cells
            found.setdefault(head[0], [])
        elif cells and not cells[0].startswith("---") and len(cells) == len(head):
            found[head[0]].append(dict(zip(head, cells, strict=True)))
        elif not cells:
            head = []
    return found


TABLES = tables()
CREDITS = [row for row in TABLES["model"] if "email" in row]


def events(people: list[dict[str, str]], sold: str) -> Iterator[dict[str, Any]]:
    for row in people:
        person = f"{row['person']}-{uuid.uuid4().hex}"
        for touch in row["touches"].split(", "):
            channel, days = touch.split()
            yield contact(person, channel, END - timedelta(days=int(days)))
        if row["converts"] != "no":
            revenue, currency = row["converts"].split()
            yield order(person, sold, END, revenue=revenue, currency=currency)


@pytest.fixture(scope="module")
def answer(shared_waystage: Waystage) -> Any:
    sold = f"Sold {uuid.uuid4().hex}"
    tell(shared_waystage, [*events(TABLES["person"], sold)])
    window = {"from": stamp(END - timedelta(days=20)), "to": stamp(END + timedelta(days=1))}
    return shared_waystage.ask("/v1/attribution", conversion=f"event:{sold}", **window)


def test_every_model_is_explained_and_computed() -> None:
    assert [row["model"] for row in CREDITS] == [*MODELS]
    assert [row["model"].strip("`") for row in TABLES["model"] if "email" not in row] == [*MODELS]


@pytest.mark.parametrize("row", CREDITS, ids=lambda row: row["model"])
def test_the_example_is_what_the_service_answers(answer: Any, row: dict[str, str]) -> None:
    credits_of = {one["name"]: one["credits"][row["model"]] for one in answer["names"]}
    assert credits_of == pytest.approx({name: float(row[name]) for name in ("email", "call", "direct")}, abs=1e-6)


def test_the_example_s_chain(answer: Any) -> None:
    effects = {one["name"]: one["removal_effect"] for one in answer["names"]}
    assert effects == pytest.approx({"email": 5 / 6, "call": 1 / 2, "direct": 1 / 2})
    assert (answer["conversion_probability"], answer["not_converted"]) == (pytest.approx(0.5), 2)
