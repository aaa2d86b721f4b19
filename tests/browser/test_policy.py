"""What the pages may do: nothing inline, nothing from elsewhere; and what arrived in events is text, whatever it looks like."""

from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.reader import looking_at, moments
from tests.service import BROWSER, Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg/onload=alert(3)>',
    "<iframe srcdoc='<script>parent.alert(4)</script>'></iframe>",
    "javascript:alert(5)",
    "'-alert(6)-'",
    "{{constructor.constructor('alert(7)')()}}",
    "${alert(8)}",
    "<a href=javascript:alert(9)>9</a>",
    "{a|alert(10)} {b} \\u003cimg src=x onerror=alert(10)\\u003e",
    "&lt;img src=x onerror=alert(11)&gt;",
    "</textarea></title><style>*{display:none}</style><b onmouseover=alert(12)>",
    "\u202egnp.exe <object data=javascript:alert(13)>",
    "__proto__",
]
MARKUP = "main :is(script, img, iframe, svg, object, style, b, [onerror], [onload], [onmouseover])"


def deeds(hostile: str) -> list[dict[str, Any]]:
    """What somebody did whose every word is hostile."""
    page = {"url": f"https://shop.example/?utm_source={quote(hostile)}&q={hostile}", "referrer": f"https://{hostile}/", "title": hostile}
    campaign = {"source": hostile, "medium": hostile, "name": hostile}
    context = {"page": page, "campaign": campaign, "userAgent": BROWSER, "device": {"type": hostile}}
    who = {"userId": hostile, "anonymousId": f"device {hostile}", "context": context}
    return [
        {**who, "type": "identify", "traits": {"name": hostile, hostile: hostile, "list": [hostile]}},
        {**who, "type": "track", "event": hostile, "properties": {hostile: hostile, "touchpoint_channel": hostile}},
        {**who, "type": "track", "event": f"Then {hostile}"},
    ]


@pytest.fixture(scope="module")
def hostile(shared_waystage: Waystage) -> None:
    answer = shared_waystage.batch([deed for words in HOSTILE for deed in deeds(words)])
    assert answer["rejected"] == []
    shared_waystage.derived()


async def test_pages_say_what_they_may_do(shared_waystage: Waystage, browser: BrowserContext) -> None:
    await looking_at(browser, shared_waystage)
    for path in ("/", "/login", "/demo", "/assets/page.js", "/assets/icon.svg"):
        headers = (await browser.request.get(shared_waystage.url + path)).headers
        rules = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
        assert (rules["default-src"], rules["script-src"], rules["frame-ancestors"]) == ("'none'", "'self'", "'none'"), path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
    script = await browser.request.get(f"{shared_waystage.url}/waystage.js")
    assert (script.headers["access-control-allow-origin"], script.headers["x-content-type-options"]) == ("*", "nosniff")


async def test_pages_ask_nobody_else(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    asked: set[str] = set()
    browser.on("request", lambda request: asked.add(request.url))
    page = await looking_at(browser, shared_waystage)
    await expect(page.locator("#picture canvas")).to_be_visible()
    for path in ("/login", "/demo"):
        await page.goto(shared_waystage.url + path)
    await page.get_by_role("button", name="Iron pan").click()
    assert len(asked) > 10
    assert {url for url in asked if not url.startswith((f"{shared_waystage.url}/", "data:"))} == set()


async def test_hostile_words_stand_in_the_overview_as_text(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    page = await looking_at(browser, shared_waystage, "model=each_event_name")
    await page.locator("#pairs").get_by_role("button", name="Show all").click()
    for words in HOSTILE:
        await expect(page.locator("#pairs .stage").get_by_text(f"Then {words}", exact=True)).to_be_visible()
    picture = page.locator("#picture canvas")
    for share in (0.2, 0.5, 0.8):
        box = await picture.bounding_box()
        assert box
        await picture.hover(position={"x": box["width"] / 2, "y": box["height"] * share})
    await page.get_by_role("searchbox").fill(HOSTILE[1][:8])
    await expect(page.locator("#people-list").get_by_role("link", name=HOSTILE[1], exact=True)).to_be_visible()
    assert await page.locator(MARKUP).count() == 0


async def test_hostile_words_stand_in_a_journey_as_text(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    page = await looking_at(browser, shared_waystage)
    for words in HOSTILE:
        await page.goto(f"{shared_waystage.url}/#customer=user_id:{quote(words)}&q={quote(words)}&channel={quote(words)}")
        await expect(page.locator("#person-name")).to_have_text(words)
        await expect(moments(page)).to_have_text([f"Then {words}", words, "Identify"])
        await expect(page.locator("#person-identifiers .value")).to_have_text([words, f"device {words}"])
        assert await page.locator(MARKUP).count() == 0


async def test_a_hostile_address_is_text(shared_waystage: Waystage, browser: BrowserContext, hostile: None) -> None:
    page = await looking_at(browser, shared_waystage)
    for words in HOSTILE:
        await page.goto(f"{shared_waystage.url}/#model={quote(words)}&source={quote(words)}&within={quote(words)}&q={words}")
        await expect(page.get_by_role("alert")).to_have_text(f"Source: no source is called {words}.")
        await page.goto(f"{shared_waystage.url}/login?error={quote(words)}&token=")
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
        await page.goto(shared_waystage.url)
