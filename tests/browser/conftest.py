"""Fixtures: one Chromium for the run, and for each test a browser of its own that nothing may go wrong in."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, ViewportSize, async_playwright

from app.store.cluster import Cluster
from tests.browser.site import Site, serving
from tests.conftest import cloned
from tests.service import BROWSER, KEYS, ROOT, Waystage, running

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"]
SITES = "--host-resolver-rules=MAP *.test 127.0.0.1"
CLICKSTREAM_EVENTS = 31_106
POLICY = "Content Security Policy"
DESK: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
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


@pytest_asyncio.fixture(loop_scope="session")
async def russian(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser whose reader reads Russian, in the dark."""
    async with watched(chromium, locale="ru-RU", scheme="dark") as context:
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    async with watched(chromium, screen=PHONE) as context:
        yield context


@asynccontextmanager
async def watched(
    chromium: Browser, locale: str = "en-GB", scheme: Literal["light", "dark"] = "light", screen: ViewportSize = DESK
) -> AsyncIterator[BrowserContext]:
    """A browser context that is closed at the end, and must have been without faults until then. It says that it is no headless one, which
    would be counted as a machine."""
    faults: list[str] = []
    context = await chromium.new_context(
        user_agent=BROWSER, viewport=screen, locale=locale, color_scheme=scheme, timezone_id="Europe/Berlin", accept_downloads=True
    )

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


@pytest.fixture(scope="session")
def clickstream(oracles: Path) -> Path:
    """The folder of a real shop's clickstream: 31,106 events of 600 people, and what other tools counted in them."""
    return oracles / "clickstream"


@pytest.fixture(scope="session")
def shop(clickstream: Path, cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A Waystage that the clickstream was brought into by the command line; nothing else is."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("shop")) as service:
        file, mapping = clickstream / "ecom.csv.gz", ROOT / "docs" / "examples" / "clickstream.yml"
        order: list[str | Path] = [sys.executable, "-m", "app.cli", "import", file, "--map", mapping, "--url", service.url]
        environment = {**os.environ, "WAYSTAGE_SERVER_KEY": KEYS.server or ""}
        said = subprocess.run(order, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        assert f"{CLICKSTREAM_EVENTS:,} accepted" in said
        service.derived()
        yield service
