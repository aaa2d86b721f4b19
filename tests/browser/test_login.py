"""Who may see the page: links for one log-in, the read key, logging out."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.conftest import watched
from tests.browser.reader import link_of, looking_at
from tests.service import KEYS, Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_link_opens_the_page_once(shared_waystage: Waystage, chromium: Browser, browser: BrowserContext) -> None:
    link = await link_of(shared_waystage, timedelta(minutes=30))
    page = await browser.new_page()
    await page.goto(link)
    await expect(page.get_by_role("navigation")).to_be_visible()
    async with watched(chromium) as other:
        late = await other.new_page()
        await late.goto(link)
        await expect(late.get_by_role("alert")).to_contain_text("was used before")
        assert await other.cookies() == []


async def test_an_old_link_opens_nothing(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await browser.new_page()
    await page.goto(await link_of(shared_waystage, timedelta(seconds=-1)))
    await expect(page.get_by_role("alert")).to_contain_text("too old")


@pytest.mark.parametrize("key", [KEYS.read, KEYS.admin], ids=["read", "admin"])
async def test_a_key_that_reads_opens_the_page(shared_waystage: Waystage, browser: BrowserContext, key: str) -> None:
    page = await browser.new_page()
    await page.goto(shared_waystage.url)
    await page.get_by_label("Read key or admin key").fill(f" {key} ")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("navigation")).to_be_visible()
    (cookie,) = await browser.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("waystage", True, "Lax")
    assert timedelta(days=13) < datetime.fromtimestamp(cookie["expires"], UTC) - datetime.now(UTC) <= timedelta(days=14)


@pytest.mark.parametrize("key", [KEYS.write, KEYS.server, "rk_nobody_knows_this_one"], ids=["write", "server", "unknown"])
async def test_another_key_is_refused_in_words(shared_waystage: Waystage, browser: BrowserContext, key: str) -> None:
    page = await browser.new_page()
    await page.goto(f"{shared_waystage.url}/login")
    await page.get_by_label("Read key or admin key").fill(key)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("This key is not known, or it may not read.")
    assert await browser.cookies() == []


async def test_logging_out_ends_the_login_everywhere(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage)
    cookies = await browser.cookies()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_label("Read key or admin key")).to_be_visible()
    assert await browser.cookies() == []
    headers = {"Cookie": f"{cookies[0]['name']}={cookies[0]['value']}"}
    assert shared_waystage.client.get("/v1/customers", headers=headers).status_code == 401
    assert shared_waystage.client.get("/", headers=headers).headers["Location"] == "/login"


async def test_who_is_not_logged_in_is_led_to_the_login_and_on(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await browser.new_page()
    await page.goto(f"{shared_waystage.url}/#/customers/user_id:nobody")
    await page.get_by_label("Read key or admin key").fill(KEYS.read or "")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("No customer is known as user_id:nobody")


async def test_a_login_that_ends_leads_back_to_the_door(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage)
    await browser.clear_cookies()
    await expect(page.get_by_label("Read key or admin key")).to_be_visible()
