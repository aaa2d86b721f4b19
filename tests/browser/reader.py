"""Somebody who reads the pages: logged in, looking at what stands there, and keeping pictures of it."""

import asyncio
import csv
import io
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, expect

from app.store.connect import connect
from app.store.logins import add_login_link
from tests.service import KEYS, Waystage

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / ".build" / "screens"
AXE = ROOT / "app" / "web" / "node_modules" / "axe-core" / "axe.min.js"
BAD = {"serious", "critical"}


async def link_of(waystage: Waystage, life: timedelta) -> str:
    """A link for one log-in, as a start prints it."""
    token = secrets.token_urlsafe(24)
    connection = await connect(waystage.dsn, application="waystage test")
    await add_login_link(connection, token, datetime.now(UTC) + life)
    await connection.close()
    return f"{waystage.url}/login?token={token}"


async def looking_at(browser: BrowserContext, waystage: Waystage, where: str = "map", key: str | None = KEYS.read) -> Page:
    """A tab with the page that `where` names, as in "funnel?steps=a,b"; the browser is logged in with the key."""
    await browser.request.post(f"{waystage.url}/login", form={"key": key or ""})
    page = await browser.new_page()
    await page.goto(f"{waystage.url}/#/{where}")
    await settled(page)
    return page


async def settled(page: Page) -> None:
    """Wait until nothing on the page is still being asked for, and every chart is drawn."""
    await expect(page.locator("main h1").first).to_be_visible()
    await expect(page.locator(".loading, .answered[aria-busy=true], .picture:not(:has(canvas))")).to_have_count(0)


async def pictured(page: Page, name: str) -> None:
    """Keep a picture of the whole page, for people to look at; nothing on it may stand out of the page's sides."""
    await settled(page)
    SCREENS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
    wide, screen = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen, f"{name} is {wide - screen} px wider than its screen"


async def accessible(page: Page) -> None:
    """Raises what axe finds serious or critical on the page."""
    await page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [{rule["id"]: [node["html"][:200] for node in rule["nodes"][:3]]} for rule in found["violations"] if rule["impact"] in BAD]
    assert bad == [], json.dumps(bad, indent=1, ensure_ascii=False)


async def saved(page: Page, card: Locator, words: str = "Save as PNG") -> bytes:
    """The file that a card's menu saves."""
    await card.locator(".popover summary").click()
    async with page.expect_download() as coming:
        await card.get_by_role("button", name=words).click()
    file = await (await coming.value).path()
    return await asyncio.to_thread(file.read_bytes)


async def saved_rows(page: Page, card: Locator) -> list[list[str]]:
    """The rows of a card's CSV, below its titles."""
    text = (await saved(page, card, "Save as CSV")).decode()
    return [*csv.reader(io.StringIO(text))][1:]
