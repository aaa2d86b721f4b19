"""Pages in Chromium over a history: from the address to the last chart, and from another filter to the numbers it selects."""

import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, sync_playwright

from bench.table import Row, percentile
from tests.service import BROWSER, KEYS, Waystage

TURNS = 7
FUNNEL = "funnel?steps=awareness,consideration,decision,purchase,loyalty"
PAGES = ("map", "transitions", FUNNEL, "paths", "touchpoints", "customers")
FILTERS = ("channel=email", "channel=paid_search", "window=90", "channel=direct", "window=365", "channel=organic_search", "window=30")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
SETTLED = """() => new Promise((done) => {
  const open = () => document.querySelector("main h1") && !document.querySelector(".loading, .answered[aria-busy=true]");
  const drawn = () => [...document.querySelectorAll(".picture")].every((picture) => picture.querySelector("canvas"));
  const look = () => open() && drawn() ? done(performance.now()) : requestAnimationFrame(look);
  requestAnimationFrame(() => requestAnimationFrame(look));
})"""
GONE_TO = "(hash) => { const began = performance.now(); location.hash = hash; return began; }"


def pages(waystage: Waystage, events: int) -> Iterator[Row]:
    """What each page takes once its frames are loaded, with a fresh browser each time; against the login page, which asks nothing."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for place in PAGES:
            _opened(browser, waystage, place)
        least = percentile([_opened(browser, waystage, None) for _ in range(TURNS)], 0.5)
        for place in PAGES:
            name = place.partition("?")[0].capitalize()
            opened = [_opened(browser, waystage, place) for _ in range(TURNS)]
            changed = _changed(browser, waystage, place)
            median = percentile(opened, 0.5)
            yield Row(f"{name} opens, {events:,} events", _shown(opened), f"login page {least:.0f} ms", median / least, "1 s")
            yield Row(f"{name}, another filter", _shown(changed), _shown(opened), percentile(changed, 0.5) / median, "300 ms")
        browser.close()


def _opened(browser: Browser, waystage: Waystage, place: str | None) -> float:
    """Milliseconds since the navigation began."""
    context = browser.new_context(user_agent=BROWSER, viewport={"width": 1360, "height": 900})
    page = _logged_in(context.new_page(), waystage)
    page.goto(f"{waystage.url}/login" if place is None else f"{waystage.url}/#/{place}", wait_until="commit" if place else "load")
    took: float = page.evaluate("performance.now()") if place is None else page.evaluate(SETTLED)
    context.close()
    return took


def _changed(browser: Browser, waystage: Waystage, place: str) -> list[float]:
    context = browser.new_context(user_agent=BROWSER, viewport={"width": 1360, "height": 900})
    page = _logged_in(context.new_page(), waystage)
    page.goto(f"{waystage.url}/#/{place}")
    page.evaluate(SETTLED)
    times = []
    for chosen in FILTERS:
        began: float = page.evaluate(GONE_TO, f"#/{place}{'&' if '?' in place else '?'}{chosen}")
        times.append(page.evaluate(SETTLED) - began)
    context.close()
    return times


def _logged_in(page: Page, waystage: Waystage) -> Page:
    page.request.post(f"{waystage.url}/login", form={"key": KEYS.read or ""})
    return page


def _shown(times: list[float]) -> str:
    return f"p50 {percentile(times, 0.5):.0f} ms, worst {max(times):.0f} ms"
