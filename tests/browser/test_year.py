"""The generated year on every page: in both languages, light and dark, at a desk and on a phone; what is counted is what the API says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from app.store.cluster import Cluster
from tests.browser.conftest import DESK, PHONE, watched
from tests.browser.reader import accessible, looking_at, pictured
from tests.conftest import cloned
from tests.service import KEYS, ROOT, Waystage, bearer, running

pytestmark = pytest.mark.asyncio(loop_scope="session")
CUSTOMERS = 3_000
READERS: dict[str, dict[str, Any]] = {
    "en-light": {},
    "ru-dark": {"locale": "ru-RU", "scheme": "dark"},
    "phone": {"screen": PHONE},
    "ru-phone-dark": {"locale": "ru-RU", "scheme": "dark", "screen": PHONE},
}
PLACES = {
    "map": "map",
    "map-seven": "map?model=own-journey-7&window=90&against=period",
    "transitions": "transitions?breakdown=channel",
    "funnel": "funnel?breakdown=device",
    "paths": "paths?steps=touches",
    "touchpoints": "touchpoints?by=utm_campaign",
    "customers": "customers",
    "customer": "customers/{customer}",
    "contradictions": "customers?show=contradictions",
    "live": "live",
    "failed": "live/failed",
    "setup": "setup",
    "models": "setup/models",
}


@pytest.fixture(scope="module")
def year(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A Waystage with a small generated year, brought in by the command line."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("year")) as service:
        for preset in service.ask("/v1/stage-models/presets")["presets"]:
            document = preset["yaml"].replace(f"model: {preset['model']}", f"model: own-{preset['model']}")
            url = f"/v1/stage-models/own-{preset['model']}"
            service.client.put(url, content=document.encode(), headers=bearer(KEYS.admin)).raise_for_status()
        order = [sys.executable, "-m", "app.cli", "demo", "--customers", str(CUSTOMERS), "--url", service.url]
        environment = {**os.environ, "WAYSTAGE_ADMIN_KEY": KEYS.admin or ""}
        subprocess.run(order, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        service.derived()
        yield service


def buyer(year: Waystage) -> str:
    """Somebody with a journey worth looking at."""
    found: str = year.ask("/v1/transitions/customers", stage="loyalty", what="entries", limit=1)["customers"][0]["id"]
    return found


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("place", PLACES)
async def test_each_page_can_be_read_by_everybody(year: Waystage, chromium: Browser, place: str, reader: str) -> None:
    async with watched(chromium, **{"screen": DESK, **READERS[reader]}) as browser:
        page = await looking_at(browser, year, PLACES[place].format(customer=buyer(year)), KEYS.admin)
        await expect(page.get_by_role("alert")).to_have_count(0)
        await pictured(page, f"year-{place}-{reader}")
        await accessible(page)


async def numbers(page: Page, row: str) -> list[int]:
    cells = await page.get_by_role("row", name=re.compile(f"^{row}")).first.get_by_role("cell").all_inner_texts()
    return [int(re.sub(r"\D", "", cell.partition("\n")[0])) for cell in cells]


async def test_the_map_counts_what_the_api_counts(year: Waystage, chromium: Browser) -> None:
    for model in ("journey-5", "own-journey-7", "own-retail-4"):
        stages = year.ask("/v1/journey-map", model=model)["stages"]
        async with watched(chromium) as browser:
            page = await looking_at(browser, year, f"map?model={model}")
            assert await numbers(page, "Entries") == [stage["entries"] for stage in stages]
            assert await numbers(page, "Here now") == [stage["at_end"] for stage in stages]


async def test_a_customer_is_reached_from_a_number(year: Waystage, chromium: Browser) -> None:
    """From the map over the drawer to one journey, as a marketer would."""
    loyal = year.ask("/v1/journey-map")["stages"][-1]
    async with watched(chromium) as browser:
        page = await looking_at(browser, year, "map")
        await page.get_by_role("row", name=re.compile("^Customers")).first.get_by_role("cell").last.get_by_role("link").click()
        drawer = page.get_by_role("dialog")
        await expect(drawer.get_by_text(f"{loyal['customers']:,} customers")).to_be_visible()
        first = drawer.locator(".people a").first
        name = await first.inner_text()
        await first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(name)
        told = json.loads(await page.evaluate("JSON.stringify([...document.querySelectorAll('.stage')].map((one) => one.textContent))"))
        assert "Loyalty" in told
