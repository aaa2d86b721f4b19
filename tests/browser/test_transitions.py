"""The page Transitions: the numbers of others, of the API and of the page are one, as flow, matrix and table."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.reader import accessible, looking_at, pictured, saved, saved_rows, settled
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVERY_NAME = "model=each_event_name"
PAINTED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, at) => at % 4 === 3 && value > 0).length / (data.length / 4);
}"""


async def painted(canvas: Locator) -> float:
    """The part of a canvas that is not empty."""
    part: float = await canvas.evaluate(PAINTED)
    return part


def cell(page: Page, before: str, after: str) -> Locator:
    """A cell of the matrix, by the stages of its row and column."""
    return page.locator(".tr-matrix").get_by_role("link", name=re.compile(rf": Customers: {re.escape(before)} → {re.escape(after)}$"))


async def test_the_pairs_are_those_that_another_tool_counted(shop: Waystage, browser: BrowserContext, clickstream: Path) -> None:
    counted = json.loads((clickstream / "ecom_by_user.directly_follows.json").read_text())["counts"]
    page = await looking_at(browser, shop, f"transitions?{EVERY_NAME}&shown=table")
    rows = await saved_rows(page, page.locator(".tr-moves"))
    assert {(before, after, int(count)) for before, after, count, *_ in rows if before != "Start"} == {
        (before, after, count) for before, after, count in counted if before != after
    }
    await expect(page.locator(".tr-moves tbody tr")).to_have_count(25)
    await page.locator(".tr-moves").get_by_role("button", name="Show all").click()
    await expect(page.locator(".tr-moves tbody tr")).to_have_count(len(rows))
    await page.get_by_role("button", name="Median time").first.click()
    await expect(page).to_have_url(re.compile(r"moves\.sort=-median"))


async def test_the_flow_is_drawn_and_what_is_small_is_summed(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"transitions?{EVERY_NAME}")
    moves = shop.ask("/v1/transitions", model="each_event_name")["transitions"]
    canvas = page.locator(".tr-moves canvas")
    await expect(canvas).to_be_visible()
    assert await painted(canvas) > 0.1
    small = sorted(move["count"] for move in moves)[:-60]
    await expect(page.locator(".tr-moves")).to_contain_text(f"{len(small)} smaller pairs with {sum(small):,} transitions")
    picture = await saved(page, page.locator(".tr-moves"))
    assert picture.startswith(b"\x89PNG")


async def test_cells_of_the_matrix_open_their_people_by_keyboard(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"transitions?{EVERY_NAME}&shown=matrix")
    moves = shop.ask("/v1/transitions", model="each_event_name")["transitions"]
    for move in sorted(moves, key=lambda move: -move["count"])[:8]:
        await expect(cell(page, move["from"] or "Start", move["to"])).to_have_text(f"{move['count']:,}")
    total = sum(move["count"] for move in moves)
    sums = await page.locator(".tr-matrix tfoot .total").all_text_contents()
    assert sum(int(said.replace(",", "")) for said in sums) == total
    await page.get_by_role("radio", name="Shares").check()
    before, after = next((move["from"], move["to"]) for move in moves if move["from"] == "payment_details" and move["to"] == "purchase")
    move = next(move for move in moves if (move["from"], move["to"]) == (before, after))
    link = cell(page, before, after)
    await expect(link).to_have_text(f"{move['share']:.1%}")
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text(f"{move['customers']} customers")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert (await saved(page, page.locator(".tr-moves"))).startswith(b"\x89PNG")


async def test_one_transition_tells_its_times_and_stays_in_the_address(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"transitions?{EVERY_NAME}")
    await page.get_by_label("Transition", exact=True).select_option(label="product_view → add_to_cart")
    await expect(page).to_have_url(re.compile(r"from_stage=product_view&to_stage=add_to_cart"))
    await page.locator(".figure-pair").get_by_role("radio", name="Table").check()
    link = page.url
    rows = await saved_rows(page, page.locator(".figure-pair"))
    asked = shop.ask("/v1/transitions", model="each_event_name", distribution=1)
    move = next(move for move in asked["transitions"] if (move["from"], move["to"]) == ("product_view", "add_to_cart"))
    assert sum(int(count) for _, count, _ in rows) == sum(move["histogram"]) == move["count"]
    again = await browser.new_page()
    await again.goto(link)
    await settled(again)
    await expect(again.locator(".figure-pair .tr-facts dd").first).to_have_text(f"{move['count']:,}")
    await expect(again.get_by_label("Transition", exact=True).locator("option:checked")).to_have_text("product_view → add_to_cart")
    await expect(again.locator(".figure-pair tbody tr").first).to_be_visible()


async def test_groups_sum_up_and_open(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"transitions?{EVERY_NAME}&from_stage=product_view&to_stage=search")
    await page.get_by_label("Break down by").select_option("device")
    groups = page.locator(".figure-groups")
    marked = groups.locator("tr.marked td")
    await expect(marked.first).to_have_text("product_view → search")
    _, whole, *parts = [said.replace(",", "") for said in await marked.all_text_contents()]
    assert len(parts) >= 2
    assert int(whole) == sum(map(int, parts))
    asked = shop.ask("/v1/transitions", model="each_event_name", breakdown="device")
    first = asked["groups"][0]
    move = next(move for move in first["transitions"] if (move["from"], move["to"]) == ("product_view", "search"))
    assert int(parts[0]) == move["count"]
    await marked.nth(2).get_by_role("link").click()
    await expect(page.get_by_role("dialog")).to_contain_text(f"{move['customers']} customers")


async def test_first_entries_and_the_balance_of_each_stage(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"transitions?{EVERY_NAME}&window=dates&from=2024-01-15&to=2024-02-15&zone=UTC")
    await page.get_by_role("radio", name="First entries only").check()
    await expect(page).to_have_url(re.compile("mode=first"))
    await settled(page)
    rows = await saved_rows(page, page.locator(".figure-stages"))
    assert rows
    assert all(int(at_start) + int(entries) == int(exits) + int(at_end) for _, at_start, entries, exits, at_end, *_ in rows)
    window = {"from": "2024-01-15", "to": "2024-02-16"}
    asked = shop.ask("/v1/transitions", model="each_event_name", mode="first", **window)["stages"]
    assert {(row[0], int(row[2])) for row in rows} == {(stage["stage"], stage["entries"]) for stage in asked}


async def test_names_that_would_run_are_text(waystage: Waystage, browser: BrowserContext) -> None:
    world = uuid.uuid4().hex
    names = [f'{world} "><img src=x onerror=alert(1)>', f"{world} {{a|b}},*"]
    traits = {"type": "identify", "userId": world, "traits": {"world": world}}
    waystage.batch([traits, *(told(world, number, name) for number, name in enumerate(names))])
    waystage.derived()
    page = await looking_at(browser, waystage, f"transitions?{EVERY_NAME}&trait=world:{world}&shown=matrix")
    await expect(page.locator(".tr-matrix tbody th")).to_have_text(["Start", *names])
    await cell(page, *names).click()
    await expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text(" → ".join(names))


def told(world: str, number: int, name: str) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(minutes=number)
    return {"type": "track", "event": name, "userId": world, "timestamp": at.isoformat()}


@pytest.mark.parametrize("shown", ["flow", "matrix", "table"])
async def test_it_is_accessible(
    shop: Waystage, browser: BrowserContext, russian: BrowserContext, phone: BrowserContext, shown: str
) -> None:
    where = f"transitions?{EVERY_NAME}&breakdown=device&shown={shown}"
    for reader, name in ((browser, "en-light"), (russian, "ru-dark"), (phone, "phone")):
        page = await looking_at(reader, shop, where)
        await expect(page.locator(".figure-groups canvas")).to_be_visible()
        await pictured(page, f"transitions-{shown}-{name}")
        await accessible(page)
