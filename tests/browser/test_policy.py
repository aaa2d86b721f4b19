"""What the pages may do: nothing inline, nothing from elsewhere; and what arrived in events is text, whatever it looks like."""

from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.hostile import ACTIVE, HOSTILE, PEOPLE, deeds, failures
from tests.browser.reader import looking_at, settled
from tests.service import KEYS, Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
OF_EVENTS = "model=each_event_name"
PLACES = [
    f"map?{OF_EVENTS}",
    f"transitions?{OF_EVENTS}",
    f"transitions?{OF_EVENTS}&flow.as=table&breakdown=utm_campaign",
    "transitions?breakdown=channel",
    f"funnel?of=events&steps={quote(HOSTILE[1])},{quote('Then ' + HOSTILE[1])}&breakdown=utm_campaign",
    "paths?of=events",
    "paths?of=touches&by=utm_campaign",
    "touchpoints?by=channel",
    "touchpoints?by=utm_campaign",
    "customers",
    "live",
    "setup",
]
"""Pages on which names of events, campaigns, channels, people and failures stand."""


@pytest.fixture(scope="module")
def hostile(shared_waystage: Waystage) -> None:
    answer = shared_waystage.batch([deed for words in HOSTILE for deed in deeds(words)])
    assert answer["rejected"] == []
    shared_waystage.batch([failure for words in HOSTILE[:20] for failure in failures(words)])
    shared_waystage.derived()


async def unharmed(page: Page) -> None:
    """Everything on the page under the pointer once, and nothing in it that runs."""
    await settled(page)
    for picture in await page.locator(".picture canvas").all():
        for share in (0.25, 0.5, 0.75):
            box = await picture.bounding_box()
            if box and box["height"]:
                await picture.hover(position={"x": box["width"] * share, "y": box["height"] * share}, force=True)
    assert await page.locator(ACTIVE).count() == 0


async def test_pages_say_what_they_may_do(shared_waystage: Waystage, browser: BrowserContext) -> None:
    await looking_at(browser, shared_waystage)
    for path in ("/", "/login", "/login?error=key", "/demo", "/assets/main.js", "/assets/icon.svg", "/assets/licences.txt"):
        headers = (await browser.request.get(shared_waystage.url + path)).headers
        rules = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
        assert (rules["default-src"], rules["script-src"], rules["frame-ancestors"]) == ("'none'", "'self'", "'none'"), path
        assert (rules["style-src"], rules["base-uri"], rules["form-action"]) == ("'self'", "'none'", "'self'"), path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert "uvicorn" not in headers.get("server", ""), path
    script = await browser.request.get(f"{shared_waystage.url}/waystage.js")
    assert (script.headers["access-control-allow-origin"], script.headers["x-content-type-options"]) == ("*", "nosniff")


async def test_pages_ask_nobody_else(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    asked: set[str] = set()
    browser.on("request", lambda request: asked.add(request.url))
    page = await looking_at(browser, shared_waystage)
    for place in PLACES:
        await page.goto(f"{shared_waystage.url}/#/{place}")
        await settled(page)
    for path in ("/login", "/demo"):
        await page.goto(shared_waystage.url + path)
    await page.get_by_role("button", name="Iron pan").click()
    assert len(asked) > 30
    assert {url for url in asked if not url.startswith((f"{shared_waystage.url}/", "data:", "blob:"))} == set()


@pytest.mark.parametrize("place", PLACES)
async def test_hostile_words_stand_in_every_page_as_text(
    shared_waystage: Waystage, browser: BrowserContext, hostile: None, place: str
) -> None:
    page = await looking_at(browser, shared_waystage, place, KEYS.admin)
    while await (more := page.get_by_role("button", name="Show all").first).count():
        await more.click()
    await unharmed(page)


async def test_hostile_people_are_called_as_they_are(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    page = await looking_at(browser, shared_waystage, "customers")
    for words in PEOPLE:
        await page.goto(f"{shared_waystage.url}/#/customers/user_id:{quote(words, safe='')}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(words, use_inner_text=True)
        await unharmed(page)


async def test_a_hostile_address_is_text(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    page = await looking_at(browser, shared_waystage)
    for words in HOSTILE:
        said = quote(words, safe="")
        await page.goto(f"{shared_waystage.url}/#/funnel?steps={said}&within={said}&source={said}&channel={said}&behind={said}&of={said}")
        await unharmed(page)
        await page.goto(f"{shared_waystage.url}/#/{said}/{said}?model={said}&zone={said}&window={said}")
        await expect(page.locator("main")).to_have_text("There is no such page.")
        await page.goto(f"{shared_waystage.url}/login?error={said}&token=")
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
