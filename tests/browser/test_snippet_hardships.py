"""The snippet where pages are closed, servers away, tabs many and browsers hostile: each event arrives exactly once, nothing breaks."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.async_api import BrowserContext, Page, Request, Route

from tests.browser.site import Site, all_sent, arrived, kept
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
BATCH = "**/v1/batch"
AWAY = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", "Retry-After": "1"}


async def looking_at(browser: BrowserContext, address: str) -> tuple[Page, str]:
    """A page whose first event has arrived, and the anonymous id of the browser there."""
    page = await browser.new_page()
    await page.goto(address)
    await page.wait_for_function("() => waystage.track && localStorage['waystage.anonymous_id']")
    await all_sent(page)
    device = await kept(page, "anonymous_id")
    assert device
    return page, device


async def buy(page: Page, times: int = 1) -> None:
    for _ in range(times):
        await page.get_by_role("button", name="Buy").click()


async def names(waystage: Waystage, device: str, count: int) -> Counter[str]:
    rows = await arrived(waystage, count, "anonymous_id", device)
    assert len({row["message_id"] for row in rows}) == len(rows)
    return Counter(row["name"] for row in rows)


async def test_a_tab_closed_while_it_sends_loses_nothing(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await looking_at(browser, site.url)
    await browser.route(BATCH, lambda _: asyncio.get_running_loop().create_future())
    async with page.expect_request(BATCH):
        await buy(page)
    await buy(page)
    await page.close()
    await browser.unroute(BATCH)
    await looking_at(browser, site.url)
    assert await names(shared_waystage, device, 4) == {"Page Viewed": 2, "Product Added": 2}


async def test_a_server_that_is_away_is_asked_when_it_says_and_gets_everything(
    shared_waystage: Waystage, browser: BrowserContext, site: Site
) -> None:
    page, device = await looking_at(browser, site.url)
    asked: list[float] = []

    async def away(route: Route) -> None:
        asked.append(asyncio.get_running_loop().time())
        if len(asked) < 3:
            await route.fulfill(status=503, headers=AWAY)
        else:
            await route.continue_()

    await browser.route(BATCH, away)
    await buy(page, 3)
    await all_sent(page)
    assert await names(shared_waystage, device, 4) == {"Page Viewed": 1, "Product Added": 3}
    assert min(later - earlier for earlier, later in pairwise(asked)) >= 1


async def test_a_page_whose_requests_are_blocked_falls_silent(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await looking_at(browser, site.url)
    blocked: list[Request] = []

    async def block(route: Route) -> None:
        blocked.append(route.request)
        await route.abort("blockedbyclient")

    await browser.route(BATCH, block)
    await page.evaluate("() => { Math.random = () => 0 }")
    async with page.expect_event("requestfailed", lambda _: len(blocked) == 3):
        await buy(page)
    await buy(page)
    await page.evaluate("() => new Promise((done) => setTimeout(done, 1_000))")
    await page.close()
    assert len(blocked) == 3
    await browser.unroute(BATCH)
    await looking_at(browser, site.url)
    assert await names(shared_waystage, device, 4) == {"Page Viewed": 2, "Product Added": 2}


@pytest.mark.parametrize("host", ["127.0.0.1", "tabs.test"], ids=["Web Lock", "lock in localStorage"])
async def test_two_tabs_send_no_event_twice(shared_waystage: Waystage, browser: BrowserContext, site: Site, host: str) -> None:
    page, device = await looking_at(browser, site.at(host))
    assert await page.evaluate("() => Boolean(navigator.locks)") == (host == "127.0.0.1")
    await browser.set_offline(offline=True)
    await buy(page, 5)
    await page.close()
    await browser.set_offline(offline=False)
    sent: Counter[str] = Counter()
    browser.on("request", lambda request: sent.update(_ids(request)))
    tabs = await asyncio.gather(*(looking_at(browser, site.at(host)) for _ in range(3)))
    await asyncio.gather(*(buy(tab, 2) for tab, _ in tabs))
    await asyncio.gather(*(all_sent(tab) for tab, _ in tabs))
    assert await names(shared_waystage, device, 15) == {"Page Viewed": 4, "Product Added": 11}
    assert set(sent.values()) == {1}


def _ids(request: Request) -> Iterator[str]:
    if request.url.endswith("/v1/batch") and request.method == "POST":
        yield from (event["messageId"] for event in json.loads(request.post_data or "")["batch"])


async def test_a_hostile_page_breaks_nothing(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await looking_at(browser, f"{site.url}/hostile")
    await page.evaluate("() => { JSON.stringify = JSON.stringify.bind(JSON); Array.prototype.each = Array.prototype.forEach }")
    await buy(page)
    await page.evaluate("() => history.pushState({}, '', '/hostile/too')")
    await all_sent(page)
    assert await names(shared_waystage, device, 3) == {"Page Viewed": 2, "Product Added": 1}
    assert await page.evaluate("() => broken") == []


async def test_pages_that_scripts_change_are_page_views(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await looking_at(browser, f"{site.url}/app/teapots")
    for title in ("Kettles", "Pans"):
        await page.get_by_role("link", name=title).click()
        await page.wait_for_function("(title) => document.title === title", arg=title)
    await page.go_back()
    await page.evaluate("() => { location.hash = 'top' }")
    await all_sent(page)
    rows = await arrived(shared_waystage, 4, "anonymous_id", device)
    paths = ["/app/teapots", "/app/kettles", "/app/pans", "/app/kettles"]
    assert [row["url"] for row in rows] == [site.url + path for path in paths]
    assert [row["referrer"] for row in rows[1:]] == [site.url + path for path in paths[:3]]


@pytest.mark.parametrize("path", ["/nonce", "/pinned"], ids=["nonce", "integrity"])
async def test_a_strict_policy_lets_it_run(shared_waystage: Waystage, browser: BrowserContext, site: Site, path: str) -> None:
    page, device = await looking_at(browser, site.url + path)
    await page.evaluate("() => waystage('track', 'Under A Policy')")
    await all_sent(page)
    assert await names(shared_waystage, device, 2) == {"Page Viewed": 1, "Under A Policy": 1}


async def test_a_script_that_was_changed_does_not_run(browser: BrowserContext, site: Site) -> None:
    async def change(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=f"{await answer.text()};")

    await browser.route("**/waystage-*.js", change)
    page = await browser.new_page()
    async with page.expect_event("console", lambda message: "integrity" in message.text):
        await page.goto(f"{site.url}/pinned")
    assert await page.evaluate("() => typeof waystage.track") == "undefined"


async def test_without_consent_nothing_is_stored_or_sent(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page = await browser.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.extend(_ids(request)))
    await page.goto(f"{site.url}/asking")
    await buy(page)
    await page.wait_for_function("() => waystage.track")
    assert (await page.evaluate("() => [localStorage.length, document.cookie]"), sent) == ([0, ""], [])
    await page.evaluate("() => waystage.consent('granted')")
    await all_sent(page)
    device = await kept(page, "anonymous_id")
    assert device
    assert await names(shared_waystage, device, 2) == {"Page Viewed": 1, "Product Added": 1}
    await page.evaluate("() => { waystage.consent('denied'); waystage.track('Denied') }")
    assert await page.evaluate("() => [localStorage.length, document.cookie]") == [0, ""]
    await page.close()
    assert len(sent) == 2


async def test_a_browser_that_asks_not_to_be_tracked_is_let_alone(browser: BrowserContext, site: Site) -> None:
    await browser.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })")
    page = await browser.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.extend(_ids(request)))
    await page.goto(site.url)
    await page.wait_for_function("() => waystage.track")
    await buy(page)
    assert await page.evaluate("() => [localStorage.length, document.cookie]") == [0, ""]
    await page.close()
    assert sent == []


async def test_subdomains_know_one_visitor(browser: BrowserContext, site: Site) -> None:
    _, device = await looking_at(browser, site.at("www.shop.test"))
    _, same = await looking_at(browser, site.at("blog.shop.test"))
    assert same == device
    assert [(cookie.get("name"), cookie.get("domain")) for cookie in await browser.cookies()] == [("waystage.anonymous_id", ".shop.test")]


async def test_a_link_takes_the_visitor_to_another_domain(shared_waystage: Waystage, browser: BrowserContext, site: Site) -> None:
    page, device = await looking_at(browser, f"{site.at('shop.test')}/linked")
    await page.get_by_role("link", name="Blog").click()
    await page.wait_for_url("**/blog?a=b%20c#top")
    await all_sent(page)
    assert await kept(page, "anonymous_id") == device
    rows = await arrived(shared_waystage, 2, "anonymous_id", device)
    assert [row["url"] for row in rows] == [f"{site.at('shop.test')}/linked", f"{site.at('teapots.test')}/blog?a=b%20c"]
