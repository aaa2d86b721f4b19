"""Every example of docs/questions.md, run as it stands there against the shop that it speaks of."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.store.cluster import Cluster
from tests.conftest import cloned
from tests.service import KEYS, ROOT, Waystage, bearer, running

GUIDE = (ROOT / "docs" / "questions.md").read_text("utf-8")
EXAMPLES = re.findall(r'^curl -s -H "Authorization: Bearer \$KEY" "\$WAYSTAGE(.+)"$', GUIDE, re.MULTILINE)
STORIES = {
    "ada": ("email", "pro", ["Product Viewed", "Product Added", "Order Completed"]),
    "bob": ("email", "free", ["Product Viewed", "Wishlist Changed", "Product Added"]),
    "cyd": ("ads", "free", ["Product Viewed", "Order Refunded"]),
}


@pytest.fixture(scope="module")
def shop(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("shop")) as service:
        service.batch([event for person, story in STORIES.items() for event in told(person, *story)])
        service.derived()
        yield service


def told(person: str, campaign: str, plan: str, names: list[str]) -> Iterator[dict[str, Any]]:
    page = {"url": f"https://shop.example/?utm_source=s&utm_medium=email&utm_campaign={campaign}"}
    for hour, name in enumerate(names, start=9):
        said = {"userId": person, "timestamp": datetime.fromisoformat(f"2026-03-01T{hour:02}:00:00Z").isoformat()}
        yield {**said, "type": "track", "event": name, "context": {"page": page}}
    yield {"type": "identify", "userId": person, "timestamp": "2026-03-01T08:00:00Z", "traits": {"plan": plan}}


def asked(shop: Waystage, example: str) -> httpx.Response:
    answer = httpx.get(f"{shop.url}{example}", headers=bearer(KEYS.read))
    assert answer.status_code == 200, answer.text
    return answer


def of(path: str) -> list[str]:
    return [example for example in EXAMPLES if example.partition("?")[0] == path]


def test_every_example_is_found() -> None:
    assert len(EXAMPLES) == GUIDE.count("\ncurl ")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(shop: Waystage, example: str) -> None:
    assert asked(shop, example).text


def test_funnels_answer_what_the_guide_says(shop: Waystage) -> None:
    stages, alternatives, excluded, grouped = (asked(shop, example).json() for example in of("/v1/funnel"))
    assert [step["reached"] for step in stages["steps"]] == [3, 2, 1]
    assert [step["reached"] for step in alternatives["steps"]] == [3, 2, 1]
    assert [step["reached"] for step in excluded["steps"]] == [2, 1]
    assert [(group["group"], group["steps"][0]["reached"]) for group in grouped["groups"]] == [("email", 3)]
    assert [point["share"] for point in grouped["steps"][1]["time_to_convert"]["survival"]] == [1, pytest.approx(2 / 3)]


def test_people_are_those_that_the_guide_says(shop: Waystage) -> None:
    moved, inside = (asked(shop, example).json() for example in of("/v1/transitions/customers"))
    assert sorted(person["id"] for person in moved["customers"]) == ["user_id:ada", "user_id:bob"]
    assert (inside["total"], inside["next"]) == (1, None)
    (dropped,) = of("/v1/funnel/customers")
    assert asked(shop, dropped).text.splitlines()[1:] == [asked(shop, dropped).text.splitlines()[-1]]
    assert "user_id:bob" in asked(shop, dropped).text
    (people,) = of("/v1/customers")
    assert [person["id"] for person in asked(shop, people).json()["customers"]] == ["user_id:bob"]
    (traits,) = of("/v1/customers/user_id:ada/traits")
    assert asked(shop, traits).json()["traits"]["plan"][0]["value"] == "pro"


def test_touchpoints_and_values_are_those_that_the_guide_says(shop: Waystage) -> None:
    (campaigns,) = of("/v1/touchpoints")
    told = asked(shop, campaigns).json()
    assert {one["value"]: (one["customers"], one["first"]) for one in told["listed"]} == {"email": (2, 2), "ads": (1, 1)}
    (bought,) = of("/v1/touchpoints/customers")
    assert [person["id"] for person in asked(shop, bought).json()["customers"]] == ["user_id:ada"]
    products, plans = (asked(shop, example).json() for example in of("/v1/values"))
    assert [(one["value"], one["customers"]) for one in products["values"]] == [("Product Viewed", 3), ("Product Added", 2)]
    assert [(one["value"], one["count"]) for one in plans["values"]] == [("free", 2), ("pro", 1)]
