"""Somebody who reads the page: logged in, and looking at what stands there."""

import secrets
from datetime import UTC, datetime, timedelta

from playwright.async_api import BrowserContext, Locator, Page

from app.store.access import add_login
from app.store.connect import connect
from tests.service import KEYS, Waystage


async def link_of(waystage: Waystage, life: timedelta) -> str:
    """A link for one log-in, as a start prints it."""
    token = secrets.token_urlsafe(24)
    connection = await connect(waystage.dsn, application="waystage test")
    await add_login(connection, token, "link", datetime.now(UTC) + life)
    await connection.close()
    return f"{waystage.url}/login?token={token}"


async def looking_at(browser: BrowserContext, waystage: Waystage, where: str = "") -> Page:
    """A tab with a part of the page, which the address's hash names; the browser is logged in with the read key."""
    await browser.request.post(f"{waystage.url}/login", form={"key": KEYS.read or ""})
    page = await browser.new_page()
    await page.goto(f"{waystage.url}/#{where}")
    return page


def move(page: Page, before: str, after: str) -> Locator:
    """The row of the table of moves from one stage to another."""
    cells = page.locator("#pairs tbody tr").filter(has=page.locator(f'td:nth-child(1) .stage:text-is("{before}")'))
    return cells.filter(has=page.locator(f'td:nth-child(2) .stage:text-is("{after}")'))


def moments(page: Page) -> Locator:
    """What happened in a journey, as the page lists it."""
    return page.locator("#journey li strong")
