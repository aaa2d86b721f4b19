"""The pages while things happen: a Postgres that goes away and comes back, a collector that does, and numbers that stay meanwhile."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from playwright.async_api import BrowserContext, expect

from app.store.cluster import Cluster
from tests.browser.reader import looking_at
from tests.conftest import cloned, on
from tests.service import KEYS, Waystage, running, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
AWAY = "Postgres is away."


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
    page, late = await looking_at(browser, own, "customers"), await browser.new_page()
    ada, grace = (page.get_by_role("link", name=name, exact=True) for name in ("ada", "grace"))
    await expect(ada).to_be_visible()
    async with away(cluster, own):
        await expect(page.get_by_role("alert")).to_contain_text(AWAY)
        await expect(ada).to_be_visible()
        await late.goto(own.url)
        await expect(late.get_by_role("alert")).to_contain_text(AWAY)
        await late.goto(f"{own.url}/login")
        await late.get_by_label("Read key or admin key").fill(KEYS.read or "")
        await late.get_by_role("button", name="Log in").click()
        await expect(late.get_by_role("alert")).to_contain_text(AWAY.rstrip("."))
    await expect(page.get_by_role("alert")).to_have_count(0)
    viewed = {"event": "Product Viewed", "userId": "grace"}
    until(lambda: own.post("/v1/track", viewed).is_success, "events are stored again")
    await expect(grace).to_be_visible()
    await expect(ada).to_be_visible()


async def test_the_page_says_that_the_collector_is_gone_and_goes_on_when_it_is_back(own: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, own)
    await expect(page.get_by_role("heading", name="Journey map")).to_be_visible()
    own.collector.stop()
    await expect(page.get_by_role("alert").first).to_contain_text("The server does not answer. It is asked again every few seconds.")
    await expect(page.get_by_role("heading", name="Journey map")).to_be_visible()
    own.collector.start()
    await expect(page.get_by_role("alert")).to_have_count(0, timeout=20_000)
