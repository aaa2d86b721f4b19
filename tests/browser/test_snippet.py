"""The snippet on a page of another origin: each event arrives exactly once, whatever happens on the way."""

import json

import pytest
from playwright.async_api import BrowserContext, Page, Route

from tests.browser.site import Site, all_sent, arrived, kept
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
LANDING = "/teapots?utm_source=newsletter&utm_medium=email&utm_campaign=welcome#secret"
REFERRER = "https://blog.example/teapots"
BATCH = "**/v1/batch"


async def opened(browser: BrowserContext, site: Site) -> tuple[Page, str]:
    """The site's shop in a tab, and the anonymous id of the browser."""
    page = await browser.new_page()
    await page.goto(site.url + LANDING, referer=REFERRER)
    await all_sent(page)
    device = await kept(page, "anonymous_id")
    assert device
    return page, device


async def test_every_call_arrives_once(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await opened(browser, site)
    await page.get_by_role("button", name="Buy").click()
    user = f"once-{device}"
    await page.evaluate("(user) => { waystage.identify(user, {plan: 'gold'}); waystage('alias', user + '-new'); waystage.reset() }", user)
    await page.get_by_role("button", name="Buy").click()
    await all_sent(page)
    known = await arrived(shared_waystage, 4, "anonymous_id", device)
    assert [(row["type"], row["name"], row["user_id"], row["previous_id"]) for row in known] == [
        ("page", "Page Viewed", None, None),
        ("track", "Product Added", None, None),
        ("identify", None, user, None),
        ("alias", None, f"{user}-new", user),
    ]
    assert (known[0]["url"], known[0]["referrer"]) == (site.url + LANDING.removesuffix("#secret"), REFERRER)
    assert json.loads(known[2]["body"])["traits"] == {"plan": "gold"}
    after = await kept(page, "anonymous_id")
    assert after
    assert after != device
    assert [(row["name"], row["user_id"]) for row in await arrived(shared_waystage, 1, "anonymous_id", after)] == [("Product Added", None)]
    shared_waystage.derived()
    (session, *_) = shared_waystage.journey(f"anonymous_id:{device}")["sessions"]
    assert (session["channel"], session["campaign"]) == ("email", "welcome")


@pytest.mark.parametrize("stored", [False, True], ids=["request lost", "answer lost"])
async def test_what_failed_is_sent_again_and_arrives_once(
    shared_waystage: Waystage, browser: BrowserContext, site: Site, stored: bool
) -> None:
    page, device = await opened(browser, site)
    sent: list[str] = []

    async def lose_the_first(route: Route) -> None:
        sent.extend(event["messageId"] for event in json.loads(route.request.post_data or "")["batch"])
        if len(sent) > 1:
            await route.continue_()
            return
        if stored:
            await route.fetch()
        await route.abort()

    await browser.route(BATCH, lose_the_first)
    await page.get_by_role("button", name="Buy").click()
    await all_sent(page)
    rows = await arrived(shared_waystage, 2, "anonymous_id", device)
    assert [row["name"] for row in rows] == ["Page Viewed", "Product Added"]
    assert sent == [rows[1]["message_id"]] * 2


async def test_a_click_survives_the_end_of_its_tab(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await opened(browser, site)
    async with browser.expect_page() as opening:
        await page.evaluate("() => { window.tab = window.open('/teapots') }")
    tab = await opening.value
    await all_sent(tab)
    async with tab.expect_event("close"):
        await page.evaluate("() => tab.document.querySelector('#leave').click()")
    by_beacon = await arrived(shared_waystage, 3, "anonymous_id", device)
    await page.reload()
    await all_sent(page)
    rows = await arrived(shared_waystage, 4, "anonymous_id", device)
    assert [row["name"] for row in by_beacon] == ["Page Viewed", "Page Viewed", "Product Shared"]
    assert [row["name"] for row in rows] == ["Page Viewed", "Page Viewed", "Product Shared", "Page Viewed"]


async def test_without_a_network_events_wait(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await opened(browser, site)
    await browser.set_offline(offline=True)
    async with page.expect_event("requestfailed"):
        await page.get_by_role("button", name="Buy").click()
    await browser.set_offline(offline=False)
    await all_sent(page)
    rows = await arrived(shared_waystage, 2, "anonymous_id", device)
    assert [row["name"] for row in rows] == ["Page Viewed", "Product Added"]


async def test_where_nothing_may_be_stored_events_arrive_all_the_same(
    shared_waystage: Waystage, browser: BrowserContext, site: Site
) -> None:
    page = await browser.new_page()
    await page.goto(f"{site.url}/frame")
    shop = page.frames[1]
    assert await shop.evaluate("() => { try { return typeof localStorage } catch (error) { return error.name } }") == "SecurityError"
    await shop.get_by_role("button", name="Buy").click()
    rows = await arrived(shared_waystage, 2, "url", f"{site.url}/teapots")
    assert [row["name"] for row in rows] == ["Page Viewed", "Product Added"]
    assert len({row["anonymous_id"] for row in rows}) == 1
