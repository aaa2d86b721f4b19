"""Fixtures: one Chromium for the run, and for each test a browser of its own that nothing may go wrong in."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, ViewportSize, async_playwright

from tests.browser.site import Site, serving
from tests.service import BROWSER, Waystage

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"]
SITES = "--host-resolver-rules=MAP *.test 127.0.0.1"
POLICY = "Content Security Policy"
TELLS_VIOLATIONS = f'addEventListener("securitypolicyviolation", (event) => console.error("{POLICY}", event.violatedDirective))'


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The Chromium on the PATH, else Playwright's own; without one the tests skip."""
    async with async_playwright() as playwright:
        found = next(filter(None, map(shutil.which, (*NAMES, playwright.chromium.executable_path))), None)
        if found is None:
            pytest.skip(f"no Chromium: neither {', '.join(NAMES)} on the PATH nor Playwright's own")
        started = await playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, SITES])
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser without a past. A broken policy, a dialog or an error in any of its pages fails the test."""
    async with watched(chromium) as context:
        yield context


@asynccontextmanager
async def watched(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser context that is closed at the end, and must have been without faults until then. It says that it is no headless one, which
    would be counted as a machine."""
    faults: list[str] = []
    screen: ViewportSize = {"width": 1240, "height": 900}
    context = await chromium.new_context(user_agent=BROWSER, viewport=screen, locale="en-GB", timezone_id="Europe/Berlin")

    def listen(message: ConsoleMessage) -> None:
        if POLICY in message.text:
            faults.append(message.text)

    async def dismiss(dialog: Dialog) -> None:
        faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    context.on("console", listen)
    context.on("dialog", dismiss)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.set_default_timeout(20_000)
    await context.add_init_script(TELLS_VIOLATIONS)
    yield context
    await context.close()
    assert faults == []


@pytest.fixture
def site(shared_waystage: Waystage) -> Iterator[Site]:
    """A site of somebody else, on another origin, that has pasted the snippet."""
    with serving(shared_waystage) as served:
        yield served
