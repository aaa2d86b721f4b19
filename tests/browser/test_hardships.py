"""Pages in the hands of somebody who does what nobody expects, and over a network that breaks."""

import re
from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext, Route, expect

from tests.browser.reader import accessible, looking_at, settled
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")


REFUSED = {
    "window=dates&from=2026-10-01&to=2026-01-01": ("The first day comes after the last one", "Первый день позже последнего"),
    "window=dates&from=2090-01-01": ("lies in the future", "ещё не наступил"),
    "zone=Mars/Olympus": ("There is no such time zone", "Такого часового пояса нет"),
    "model=nobody-s": ("There is no such stage model", "Такой модели этапов нет"),
    "version=99": ("There is no such version", "Такой версии"),
    "trait=plan": ("A trait is its name and its value", "Признак — это имя и значение"),
    "source=nowhere": ("There is no such source", "Такого источника данных нет"),
}


@pytest.mark.parametrize("asked", REFUSED)
async def test_what_an_address_cannot_ask_for_is_told_with_a_way_out(
    shared_waystage: Waystage, browser: BrowserContext, russian: BrowserContext, asked: str
) -> None:
    outs = ("Back to the usual view", "Вернуться к обычному виду")
    for reader, said, out in zip((browser, russian), REFUSED[asked], outs, strict=True):
        page = await looking_at(reader, shared_waystage, f"transitions?{asked}")
        await expect(page.locator("main [role=alert]").first).to_contain_text(said)
        await accessible(page)
        await page.get_by_role("link", name=out).first.click()
        await expect(page).to_have_url(re.compile(r"#/transitions$"))
        await expect(page.locator("main [role=alert]")).to_have_count(0)


@pytest.mark.parametrize("body", ['{"model": "journey-5", "sta', "<!doctype html><title>A proxy's page</title>"])
async def test_an_answer_that_is_none_is_told_and_asked_again(shared_waystage: Waystage, browser: BrowserContext, body: str) -> None:
    page = await looking_at(browser, shared_waystage, "setup")

    async def spoil(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body=body)

    await page.route("**/v1/transitions?*", spoil)
    await page.evaluate("location.hash = '#/transitions'")
    await expect(page.locator("main [role=alert]").first).to_contain_text("The server does not answer")
    await page.unroute("**/v1/transitions?*")
    await settled(page)
    await expect(page.locator("main [role=alert]")).to_have_count(0)


async def test_a_model_without_stages_waits_for_a_conversion(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "touchpoints?model=each_event_name")
    await expect(page.get_by_text("Choose the event that counts as a conversion")).to_be_visible()
    await page.get_by_label("Conversion", exact=True).select_option("event:purchase")
    await expect(page.locator(".tp-facts dd").first).to_have_text(re.compile(r"^[1-9]"))


@pytest.mark.parametrize(
    "behind", ["/v1/keys", "//elsewhere.example/v1/customers?", "/v1/../logout?customers?", "/v1/customers?format=csv"]
)
async def test_no_address_has_the_drawer_ask_for_what_is_no_list_of_people(
    shared_waystage: Waystage, browser: BrowserContext, behind: str
) -> None:
    asked: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    page = await looking_at(browser, shared_waystage, f"setup?behind={quote(behind, safe='')}&of=x")
    await expect(page.locator("dialog")).to_have_count(0)
    assert [url for url in asked if url.endswith(behind)] == []


async def test_a_long_title_stays_in_the_drawer(shared_waystage: Waystage, phone: BrowserContext) -> None:
    people = quote("/v1/touchpoints/customers?by=channel", safe="")
    page = await looking_at(phone, shared_waystage, f"touchpoints?behind={people}&of={'w' * 300}")
    await expect(page.get_by_role("heading", name="www")).to_be_visible()
    assert await page.locator("dialog").evaluate("drawer => drawer.scrollWidth <= drawer.clientWidth")
