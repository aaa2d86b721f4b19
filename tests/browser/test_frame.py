"""The frame around the pages: where the reader is, in which words, in which light, and what stands in the address."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.conftest import watched
from tests.browser.reader import looking_at, settled
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
DIST = Path(__file__).resolve().parents[2] / "app" / "web" / "dist"
PAGES = {
    "map": ("Map", "Карта"),
    "transitions": ("Transitions", "Переходы"),
    "funnel": ("Funnel", "Воронка"),
    "paths": ("Paths", "Пути"),
    "touchpoints": ("Touchpoints", "Касания"),
    "customers": ("Customers", "Клиенты"),
    "live": ("Live", "Сейчас"),
    "setup": ("Set up", "Настройка"),
}
FIRST_LOAD_BYTES = 400_000


async def colour(page: Page) -> str:
    said: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    return said


def weighed(response: Response) -> dict[str, int]:
    """A file of the pages and its bytes on the wire."""
    name = response.url.rpartition("/")[2]
    if "/assets/" not in response.url:
        return {}
    packed = ".br" if response.headers.get("content-encoding") == "br" else ""
    return {name: (DIST / f"{name}{packed}").stat().st_size}


def brightness(said: str) -> float:
    """Of a colour such as rgb(18, 21, 25), from 0 to 255."""
    return sum(map(int, re.findall(r"\d+", said)[:3])) / 3


async def test_every_page_is_reached_by_keyboard(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage)
    for name, (words, _) in PAGES.items():
        link = page.get_by_role("navigation").get_by_role("link", name=words, exact=True)
        await link.focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"#/{name}"))
        await expect(link).to_have_attribute("aria-current", "page")
        await settled(page)


async def test_the_browser_chooses_the_language_and_the_reader_another(
    shared_waystage: Waystage, russian: BrowserContext, browser: BrowserContext
) -> None:
    page = await looking_at(russian, shared_waystage)
    links = page.get_by_role("navigation").get_by_role("link")
    await expect(links).to_have_text([words for _, words in PAGES.values()])
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    await page.get_by_label("Язык").select_option("en")
    await expect(links).to_have_text([words for words, _ in PAGES.values()])
    await page.reload()
    await expect(links).to_have_text([words for words, _ in PAGES.values()])
    await expect((await looking_at(browser, shared_waystage)).locator("html")).to_have_attribute("lang", "en")


async def test_the_system_chooses_the_light_and_the_reader_another(shared_waystage: Waystage, russian: BrowserContext) -> None:
    page = await looking_at(russian, shared_waystage)
    dark = await colour(page)
    await page.get_by_label("Тема").select_option("light")
    light = await colour(page)
    assert brightness(dark) < 50
    assert brightness(light) > 235
    await page.reload()
    await settled(page)
    assert await colour(page) == light


async def test_filters_stand_in_the_address_and_go_along(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage, "transitions")
    await page.get_by_label("Time", exact=True).select_option("30")
    await page.locator(".filters summary").click()
    await page.get_by_label("Channel", exact=True).select_option("paid_search")
    await page.get_by_label("Campaign", exact=True).fill("spring & fall")
    await expect(page).to_have_url(re.compile(r"#/transitions\?window=30&channel=paid_search&utm_campaign=spring%20%26%20fall$"))
    await page.get_by_role("navigation").get_by_role("link", name="Funnel").click()
    await expect(page).to_have_url(re.compile(r"#/funnel\?window=30&utm_campaign=|#/funnel\?window=30&channel=paid_search&utm_campaign="))
    await page.get_by_role("button", name="Remove the filter Channel: Paid search").click()
    await expect(page).to_have_url(re.compile(r"#/funnel\?window=30&utm_campaign=spring%20%26%20fall$"))
    await page.go_back()
    await expect(page.get_by_role("button", name="Remove the filter Channel: Paid search")).to_be_visible()


async def test_first_load_is_small_and_packed(shared_waystage: Waystage, chromium: Browser) -> None:
    """What the first page loads, as it comes over the wire."""
    sizes: dict[str, int] = {}
    async with watched(chromium) as fresh:
        fresh.on("response", lambda response: sizes.update(weighed(response)))
        await looking_at(fresh, shared_waystage, "map")
    assert {"main.js", "page.css", "first.js"} <= set(sizes)
    assert sum(sizes.values()) < FIRST_LOAD_BYTES
    everything = sum(len(gzip.compress(file.read_bytes())) for file in DIST.glob("*.js"))
    assert everything < FIRST_LOAD_BYTES, "even all the pages together"


async def test_files_that_are_named_by_content_are_kept(shared_waystage: Waystage) -> None:
    chunk = next(DIST.glob("chunk-*.js")).name
    for name, kept in ((chunk, "immutable"), ("main.js", "no-cache")):
        answer = shared_waystage.client.get(f"/assets/{name}", headers={"Accept-Encoding": "gzip"})
        assert kept in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.content == (DIST / name).read_bytes()
    assert shared_waystage.client.get("/assets/main.js.br").status_code == 404


async def test_an_address_that_leads_nowhere_says_so(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage)
    await page.goto(f"{shared_waystage.url}/#/nowhere?model=none")
    await expect(page.locator("main")).to_have_text("There is no such page.")
