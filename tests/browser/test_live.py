"""The page while things happen: new events, long journeys, a Postgres that goes away and comes back."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from playwright.async_api import BrowserContext, expect

from app.store.cluster import Cluster
from tests.browser.reader import looking_at, moments
from tests.conftest import cloned, on
from tests.service import KEYS, Waystage, running, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
MANY = 1_200


@pytest.fixture(scope="module")
def own(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A Waystage that knows Ada, and whose parts may be taken away."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("live")) as service:
        service.batch([{"type": "track", "event": "Product Viewed", "userId": "ada"}])
        service.derived()
        yield service


@asynccontextmanager
async def away(cluster: Cluster, waystage: Waystage) -> AsyncIterator[None]:
    """Postgres throws everybody out of the service's database, and lets nobody in."""
    database = waystage.dsn.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(on(cluster, "postgres"))
    try:
        await connection.execute(f"alter database {database} with allow_connections false")
        await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", database)
        yield
    finally:
        await connection.execute(f"alter database {database} with allow_connections true")
        await connection.close()


async def test_the_page_says_that_postgres_is_away_and_goes_on_when_it_is_back(
    cluster: Cluster, own: Waystage, browser: BrowserContext
) -> None:
    page, late = await looking_at(browser, own), await browser.new_page()
    people = page.locator("#people-list").get_by_role("link")
    await expect(people).to_have_text(["ada"])
    async with away(cluster, own):
        await expect(page.get_by_role("alert")).to_have_text("Postgres is away. Trying again every few seconds.")
        await expect(people).to_have_text(["ada"])
        await late.goto(own.url)
        await expect(late.get_by_role("alert")).to_have_text("Postgres is away. Trying again every few seconds.")
        await late.goto(f"{own.url}/login")
        await late.get_by_label("Read key").fill(KEYS.read or "")
        await late.get_by_role("button", name="Log in").click()
        await expect(late.get_by_role("alert")).to_contain_text("Postgres is away")
    await expect(page.get_by_role("alert")).to_be_hidden()
    viewed = {"event": "Product Viewed", "userId": "grace"}
    until(lambda: own.post("/v1/track", viewed).is_success, "events are stored again")
    await expect(people).to_have_count(2)


async def test_the_page_says_that_the_collector_is_gone_and_goes_on_when_it_is_back(own: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, own)
    await expect(page.get_by_role("heading", name="Sources")).to_be_visible()
    own.collector.stop()
    await expect(page.get_by_role("alert")).to_have_text("The server does not answer. Trying again every few seconds.")
    own.collector.start()
    await expect(page.get_by_role("alert")).to_be_hidden(timeout=20_000)


async def test_of_a_long_journey_the_newest_events_stand_first(shared_waystage: Waystage, browser: BrowserContext) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    names = ["The first", *["Product Viewed"] * (MANY - 2), "The last"]
    times = [(begun + timedelta(minutes=at)).isoformat() for at in range(MANY)]
    track = {"type": "track", "userId": "long"}
    shared_waystage.batch([{**track, "event": name, "timestamp": at} for name, at in zip(names, times, strict=True)])
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, "customer=user_id:long")
    await expect(moments(page).first).to_have_text("The last")
    await expect(moments(page)).to_have_count(200)
    shared_waystage.batch([{**track, "event": "One more"}])
    await expect(moments(page).first).to_have_text("One more")
    await page.get_by_role("button", name=f"Show more of {MANY + 1:,} moments").click()
    await expect(moments(page)).to_have_count(400)
    await page.get_by_role("button", name="Oldest first").click()
    await expect(moments(page).first).to_have_text("The first")
