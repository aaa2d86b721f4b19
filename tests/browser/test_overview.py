"""The overview and a timeline with a real shop's clickstream: 31,106 events of 600 people, brought in by the command line."""

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from app.store.cluster import Cluster
from tests.browser.reader import looking_at, moments, move
from tests.conftest import cloned
from tests.service import KEYS, ROOT, Waystage, running

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVENTS = 31_106
SOMEBODY = "user_0042"
PAINTED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, at) => at % 4 === 3 && value > 0).length / (data.length / 4);
}"""


@pytest.fixture(scope="module")
def clickstream(oracles: Path) -> Path:
    return oracles / "clickstream"


@pytest.fixture(scope="module")
def shop(clickstream: Path, cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A Waystage of its own that the clickstream was brought into."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("shop")) as service:
        file, mapping = clickstream / "ecom.csv.gz", ROOT / "docs" / "examples" / "clickstream.yml"
        order: list[str | Path] = [sys.executable, "-m", "app.cli", "import", file, "--map", mapping, "--url", service.url]
        environment = {**os.environ, "WAYSTAGE_SERVER_KEY": KEYS.server or ""}
        said = subprocess.run(order, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        assert f"{EVENTS:,} accepted" in said
        service.derived()
        yield service


@pytest.fixture(scope="module")
def events(clickstream: Path) -> list[str]:
    """The names of somebody's events, in order."""
    with gzip.open(clickstream / "ecom.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["user_id"] == SOMEBODY]
    return [row["event"] for row in sorted(rows, key=lambda row: row["timestamp"])]


async def painted(picture: Locator) -> float:
    """The part of a canvas that is not empty."""
    part: float = await picture.evaluate(PAINTED)
    return part


async def test_the_overview_shows_everybody(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop)
    await expect(page.get_by_role("heading", name="600 customers · 3,605 sessions")).to_be_visible()
    await expect(page.locator("#steps .stage")).to_have_text(["Awareness", "Consideration", "Decision", "Purchase", "Loyalty"])
    await expect(page.locator("#steps .big").first).to_have_text("600")
    await expect(move(page, "Start", "Awareness").locator("td").nth(2)).to_have_text("600")
    await page.locator("#picture canvas").click(position={"x": 195, "y": 40})
    await expect(page.locator("#filter")).to_contain_text("Only moves from Start.")


async def test_moves_are_drawn_and_listed(shop: Waystage, browser: BrowserContext, clickstream: Path) -> None:
    page = await looking_at(browser, shop, "model=each_event_name")
    counts = json.loads((clickstream / "ecom_by_user.directly_follows.json").read_text())["counts"]
    largest = sorted((pair for pair in counts if pair[0] != pair[1]), key=lambda pair: -pair[2])[:10]
    for before, after, count in largest:
        await expect(move(page, before, after).locator("td").nth(2)).to_have_text(f"{count:,}")
    assert await page.locator("#pairs tbody tr").count() == 25
    assert await painted(page.locator("#picture canvas")) > 0.1
    await page.locator("#pairs").get_by_role("button", name="Show all").click()
    assert await page.locator("#pairs tbody tr").count() > len({pair[0] for pair in counts})
    await page.locator("#pairs").get_by_role("button", name="Median time").click()
    await expect(page.locator("#pairs th").filter(has_text="Median time")).to_have_attribute("aria-sort", "descending")


async def test_a_search_leads_to_a_timeline(shop: Waystage, browser: BrowserContext, events: list[str]) -> None:
    page = await looking_at(browser, shop)
    await page.get_by_role("searchbox").fill(SOMEBODY.upper())
    await expect(page.locator("#people-count")).to_have_text("1 customer")
    await page.get_by_role("link", name=SOMEBODY, exact=True).click()
    await expect(page.get_by_role("heading", name=SOMEBODY)).to_be_visible()
    await expect(moments(page)).to_have_text(events[::-1])
    await page.get_by_role("button", name="Oldest first").click()
    await expect(moments(page)).to_have_text(events)
    await page.get_by_role("link", name="All customers").click()
    await expect(page.get_by_role("searchbox")).to_have_value(SOMEBODY.upper())


async def test_a_search_for_nobody_says_so(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "q=nobody-is-called-that")
    await expect(page.locator("#nobody")).to_be_visible()
    await expect(page.get_by_role("heading", name="600 customers")).to_be_visible()
