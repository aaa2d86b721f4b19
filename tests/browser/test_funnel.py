"""The page Funnel: steps are put together, and its numbers are those of published cases and of the API."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.reader import accessible, looking_at, pictured, saved, saved_rows, settled
from tests.http.test_funnels import ORDERS, cases, events_of, windows
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime.now(UTC)
STEPS = ("Product Viewed", "Product Added", "Order Completed")
JOURNEYS = {"ads": ((40, 3), (30, 2), (20, 1), (2, 2), (1, 1)), "mail": ((40, 3), (25, 3), (3, 2))}
"""By channel: how many days ago somebody began, and how many of STEPS they did, a minute after each other."""


@pytest.fixture(scope="module")
def world(shared_waystage: Waystage) -> str:
    """The people of JOURNEYS; their trait `world` tells them from all others."""
    name = uuid.uuid4().hex
    shared_waystage.batch([*journeys(name)])
    shared_waystage.derived()
    return name


def journeys(world: str) -> Iterator[dict[str, Any]]:
    for channel, walks in JOURNEYS.items():
        for person, (days, steps) in enumerate(walks):
            who = f"{world}-{channel}-{person}"
            yield {
                "type": "identify",
                "userId": who,
                "traits": {"world": world},
                "timestamp": (NOW - timedelta(days=days, minutes=9)).isoformat(),
            }
            for number, event in enumerate(("Email Opened", *STEPS[:steps])):
                at = (NOW - timedelta(days=days) + timedelta(minutes=number)).isoformat()
                said = {"type": "track", "event": event, "userId": who, "messageId": f"{who}-{number}", "timestamp": at}
                yield said | {"properties": {"touchpoint_channel": {"ads": "paid_search", "mail": "email"}[channel]}}


def reached(page: Page) -> Locator:
    return page.locator(".fn-head strong")


def outcomes(page: Page, step: int) -> Locator:
    """How many went on, still have time, stopped."""
    return page.locator(".fn-bars > li").nth(step - 1).locator(".fn-outcomes li")


def asked(page: Page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(urlsplit(page.url).fragment).query).items()}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
async def test_the_published_cases(shared_waystage: Waystage, browser: BrowserContext, case: dict[str, Any]) -> None:
    world = uuid.uuid4().hex
    shared_waystage.batch([*events_of(case, world)])
    shared_waystage.derived()
    steps = ",".join(f"{world} {step}" for step in case["steps"])
    window = "".join(f"&{name}={day[:10]}" for name, day in whole_days(windows(case)).items())
    where = f"funnel?steps_of=events&steps={steps}&order={ORDERS[case['mode']]}&within={case['window_seconds']}s&zone=UTC{window}"
    page = await looking_at(browser, shared_waystage, where)
    await expect(reached(page)).to_have_text([str(count) for count in case["expect"]["counts"]])


def whole_days(window: dict[str, str]) -> dict[str, str]:
    """The first and the last day of a half-open window."""
    if not window:
        return {}
    last = datetime.fromisoformat(window["to"]) - timedelta(microseconds=1)
    return {"window": "dates", "from": window["from"], "to": last.date().isoformat()}


async def test_the_stages_of_the_model_are_the_usual_steps(shared_waystage: Waystage, browser: BrowserContext, world: str) -> None:
    page = await looking_at(browser, shared_waystage, f"funnel?trait=world:{world}")
    await expect(page.locator(".fn-steps .fn-name")).to_have_text(["Awareness", "Consideration", "Decision", "Purchase", "Loyalty"])
    steps = "awareness,consideration,decision,purchase,loyalty"
    told = shared_waystage.ask("/v1/funnel", steps=steps, trait=f"world:{world}")["steps"]
    await expect(reached(page)).to_have_text([str(step["reached"]) for step in told])


async def test_who_still_has_time_is_not_lost(shared_waystage: Waystage, browser: BrowserContext, world: str) -> None:
    page = await looking_at(browser, shared_waystage, f"funnel?steps_of=events&steps={','.join(STEPS)}&trait=world:{world}")
    await expect(reached(page)).to_have_text(["8", "6", "3"])
    await expect(outcomes(page, 1)).to_have_text([re.compile("^6 went on"), re.compile("^1 still have time"), re.compile("^1 stopped")])
    await expect(outcomes(page, 2)).to_have_text([re.compile("^3 went on"), re.compile("^2 still have time"), re.compile("^1 stopped")])
    story = page.locator(".fn-story")
    await expect(story).to_contain_text("Of 8 customers with “Product Viewed”, 3 (37.5%) went on to “Order Completed” within 14 days.")
    await expect(story).to_contain_text("3 still have time; of those whose time is over, 60.0% made it.")
    await outcomes(page, 2).nth(1).get_by_role("link").click()
    await expect(page.get_by_role("dialog")).to_contain_text("2 customers")
    await expect(page.get_by_role("dialog").get_by_role("link", name=f"{world}-ads-3")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_label("Within, from the first step").fill("1")
    await expect(page).to_have_url(re.compile("within=1d"))
    await expect(outcomes(page, 2)).to_have_text([re.compile("^3 went on"), re.compile("^0 still have time"), re.compile("^3 stopped")])


async def test_steps_are_put_together(shared_waystage: Waystage, browser: BrowserContext, world: str) -> None:
    page = await looking_at(browser, shared_waystage, f"funnel?steps_of=events&trait=world:{world}")
    await expect(page.get_by_text("Add the steps of your funnel.")).to_be_visible()
    add = page.get_by_label("Add a step")
    for name in ("Order Completed", "Product V*"):
        await add.fill(name)
        await add.press("Enter")
    await expect(page.locator(".fn-steps .fn-name")).to_have_text(["Order Completed", "Product V*pattern"])
    await page.get_by_role("button", name="Move Product V* up").click()
    await expect(page.locator(".fn-steps .fn-name")).to_have_text(["Product V*pattern", "Order Completed"])
    await expect(page.get_by_role("button", name="Move Product V* down")).to_be_focused()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.locator(".fn-steps .fn-name")).to_have_text(["Order Completed", "Product V*pattern"])
    await page.keyboard.press("Alt+ArrowUp")
    await page.locator(".fn-steps li").nth(1).get_by_role("button", name="+ or").click()
    await page.keyboard.type("Product Added")
    await page.keyboard.press("Enter")
    await expect(page.locator(".fn-steps .fn-name")).to_have_text(["Product V*pattern", "Order Completed", "Product Added"])
    assert asked(page)["steps"] == "Product V*,Order Completed|Product Added"
    await settled(page)
    told = shared_waystage.ask("/v1/funnel", of="events", steps=asked(page)["steps"], trait=f"world:{world}")["steps"]
    await expect(reached(page)).to_have_text([str(step["reached"]) for step in told])
    await page.get_by_role("button", name="Take away Product Added").click()
    await page.get_by_label("Order", exact=True).select_option("any")
    await page.get_by_label("Unit").select_option("h")
    await page.get_by_role("button", name="+ Add what rules out").click()
    await page.keyboard.type("Product Added")
    await page.keyboard.press("Enter")
    await expect(page.locator(".fn-exclude .fn-name")).to_have_text("Product Added")
    await settled(page)
    said = asked(page)
    query = {name: said[name] for name in ("steps", "order", "within", "exclude", "trait")}
    told = shared_waystage.ask("/v1/funnel", of="events", **query)["steps"]
    await expect(reached(page)).to_have_text([str(step["reached"]) for step in told])
    assert (said["steps"], said["order"], said["within"], said["exclude"]) == ("Product V*,Order Completed", "any", "14h", "Product Added")
    await page.reload()
    await settled(page)
    await expect(page.locator(".fn-exclude .fn-name")).to_have_text("Product Added")
    await page.get_by_role("button", name="Remove the step Order Completed").click()
    await expect(page.locator(".fn-steps .fn-name")).to_have_text(["Product V*pattern"])


async def test_a_name_with_signs_is_one_name(shared_waystage: Waystage, browser: BrowserContext) -> None:
    name = f"a,b|c\\*? <img src=x onerror=alert(1)> {uuid.uuid4().hex}"
    shared_waystage.batch([{"type": "track", "event": name, "userId": name}])
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, "funnel?steps_of=events")
    add = page.get_by_label("Add a step")
    await add.fill(name)
    await expect(page.locator(f"datalist option[value$='{name[-32:]}']")).to_have_count(1)
    await add.press("Enter")
    await expect(page.locator(".fn-steps .fn-name")).to_have_text([name])
    await expect(reached(page)).to_have_text(["1"])
    assert unquote(asked(page)["steps"]).count("\\") == 6


async def test_groups_times_and_the_table(shared_waystage: Waystage, browser: BrowserContext, world: str) -> None:
    page = await looking_at(
        browser, shared_waystage, f"funnel?steps_of=events&steps={','.join(STEPS)}&trait=world:{world}&breakdown=channel"
    )
    rows = await saved_rows(page, page.locator(".figure-groups"))
    assert sorted([row[0], *row[2:]] for row in rows) == [["Email", "3", "3", "2"], ["Paid search", "5", "3", "1"]]
    await page.locator(".figure-groups").get_by_role("link", name="3: Customers: Paid search: Product Added").click()
    await expect(page.get_by_role("dialog")).to_contain_text("3 customers")
    await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    times = await saved_rows(page, page.locator(".figure-time"))
    assert times[-1] == [
        str(14 * 86_400),
        *(str(1 - step["time_to_convert"]["survival"][-1]["share"]) for step in survival(shared_waystage, world)),
    ]
    await page.get_by_role("radio", name="Distribution").check()
    assert [row[1] for row in await saved_rows(page, page.locator(".figure-time"))] == ["6"]
    await page.locator(".figure-steps").get_by_role("radio", name="Table").check()
    await expect(page.locator(".figure-steps tbody tr")).to_have_count(3)
    await expect(page.locator(".figure-steps tbody tr").nth(1)).to_contain_text("1 min")


def survival(waystage: Waystage, world: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = waystage.ask("/v1/funnel", of="events", steps=",".join(STEPS), trait=f"world:{world}", survival=1)[
        "steps"
    ]
    return steps[1:]


async def test_its_picture_is_saved(shared_waystage: Waystage, browser: BrowserContext, world: str) -> None:
    page = await looking_at(browser, shared_waystage, f"funnel?steps_of=events&steps={','.join(STEPS)}&trait=world:{world}")
    assert (await saved(page, page.locator(".figure-steps"))).startswith(b"\x89PNG")


async def test_it_is_accessible(shop: Waystage, browser: BrowserContext, russian: BrowserContext, phone: BrowserContext) -> None:
    where = "funnel?steps_of=events&steps=product_view,add_to_cart|wishlist_add,pay*,purchase&breakdown=device"
    for reader, name in ((browser, "en-light"), (russian, "ru-dark"), (phone, "phone")):
        page = await looking_at(reader, shop, where)
        await expect(page.locator(".figure-groups canvas, .figure-time canvas")).to_have_count(2)
        await pictured(page, f"funnel-{name}")
        await accessible(page)


async def test_the_clickstream_s_funnel_is_the_api_s(shop: Waystage, browser: BrowserContext) -> None:
    steps = "product_view,add_to_cart,purchase"
    page = await looking_at(browser, shop, f"funnel?steps_of=events&steps={steps}&within=7d&order=strict")
    told = shop.ask("/v1/funnel", of="events", steps=steps, within="7d", order="strict")["steps"]
    await expect(reached(page)).to_have_text([f"{step['reached']:,}" for step in told])
    assert told[0]["reached"] > 500
