"""The page Paths: the flow and the list say what the service says, and everything in them opens to its people."""

import csv
import io
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.hostile import ACTIVE, HOSTILE, deeds
from tests.browser.reader import accessible, looking_at, pictured, settled
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVENTS = {"of": "events", "depth": 4, "top": 100, "top_nodes": 5, "collapse": 0}
WHERE = "paths?steps=events&depth=4&top_nodes=5"


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


async def boxes(page: Page) -> list[dict[str, Any]]:
    """The boxes of the flow: where they stand, their name and number, column by column from the left."""
    told = """(boxes) => boxes.map((box) => ({x: box.offsetLeft, y: box.offsetTop, tall: box.offsetHeight,
        name: box.querySelector("button").textContent, customers: box.querySelector("a").textContent}))"""
    found: list[dict[str, Any]] = await page.locator(".paths-box").evaluate_all(told)
    return sorted(({**box, "customers": number(box["customers"])} for box in found), key=lambda box: (box["x"], box["y"]))


def columns(found: list[dict[str, Any]]) -> list[list[tuple[str, int]]]:
    places = sorted({box["x"] for box in found})
    return [[(box["name"], box["customers"]) for box in found if box["x"] == place] for place in places]


def nodes(step: dict[str, Any]) -> list[tuple[str, int]]:
    """The names of a step as the page orders them: the rest last."""
    listed = [(node["name"], node["customers"]) for node in step["nodes"]]
    return sorted(listed, key=lambda node: node[0] == "other")


async def lines(table: Locator, part: str) -> list[list[str]]:
    return [[text.strip() for text in await row.locator("td").all_inner_texts()] for row in await table.locator(f"{part} tr").all()]


async def total(page: Page) -> int:
    """How many people the open drawer has; it is closed then."""
    drawer = page.get_by_role("dialog")
    words = await drawer.locator("strong").first.inner_text()
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)
    return number(words)


async def test_the_flow_is_whole_and_says_what_the_service_says(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, WHERE)
    steps = shop.ask("/v1/paths", **EVENTS)["steps"]
    found = columns(await boxes(page))
    assert found == [nodes(step) for step in steps]
    assert [sum(customers for _, customers in column) for column in found] == [step["customers"] for step in steps]
    heads = await page.locator(".paths-head strong").all_inner_texts()
    assert [number(text) for text in heads] == [step["customers"] for step in steps]
    assert await page.locator("path.ribbon").count() == sum(len(step["edges"]) for step in steps)
    listed = [node for step in steps for node in step["nodes"]]
    assert await page.locator("path.stub").count() == sum((node["exits"] > 0) + (node["more"] > 0) for node in listed)
    await pictured(page, "paths-light-en")
    await accessible(page)


async def test_the_list_adds_up_to_everybody(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, WHERE)
    answer = shop.ask("/v1/paths", **EVENTS)
    table = page.locator(".paths-listed table")
    await page.locator(".paths-listed").get_by_role("button", name="Show all 100 rows").click()
    shown = await lines(table, "tbody")
    for row, path in zip(shown, answer["paths"], strict=True):
        assert re.sub(r"[^\w]+", " ", row[0]).split() == path["path"]
        assert [number(row[1]), number(row[3]), number(row[4])] == [path["customers"], path["exits"], path["more"]]
    rest, everybody = await lines(table, "tfoot")
    assert rest[0] == f"{answer['other']['paths']:,} other paths"
    assert number(rest[1]) == answer["other"]["customers"]
    assert number(everybody[1]) == answer["customers"] == sum(number(row[1]) for row in [*shown, rest])


async def test_everything_opens_to_its_people(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"{WHERE}&end=add_to_cart&collapse=1")
    answer = shop.ask("/v1/paths", **EVENTS | {"end": "add_to_cart", "collapse": 1})
    second = answer["steps"][1]
    node = second["nodes"][0]
    await page.get_by_role("link", name=f"{node['customers']}: Customers: {node['name']}, 1 step before").click()
    assert await total(page) == node["customers"]
    exits = next(step for step in answer["steps"] if step["exits"])
    await page.locator(".paths-head").get_by_role("link", name=f"{exits['exits']} begin here").last.click()
    assert await total(page) == exits["exits"]
    for place, expected in ((0, answer["other"]["customers"]), (1, answer["customers"])):
        await page.locator(".paths-listed tfoot tr").nth(place).get_by_role("link").first.click()
        assert await total(page) == expected
    await page.locator(".paths-listed tbody tr").first.get_by_role("link").first.click()
    assert await total(page) == answer["paths"][0]["customers"]


async def test_a_ribbon_is_told_and_opens(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"{WHERE}&start=home")
    ribbon = page.locator("path.ribbon").first
    await ribbon.hover()
    await expect(page.locator(".paths-line")).to_contain_text(re.compile(r"^home → .+: \d+ customers .+ · typically after "))
    await expect(page.locator(".glow").first).to_be_attached()
    told = await page.locator(".paths-line").inner_text()
    await ribbon.click()
    await expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text(told.split(":")[0])
    assert await total(page) == number(told.split(":")[1].split("customers")[0])


async def test_a_path_lights_up_in_the_flow(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, WHERE)
    await page.locator(".paths-listed tbody tr").first.hover()
    await expect(page.locator(".glow")).to_have_count(3)
    await expect(page.locator(".paths-box.near")).to_have_count(4)
    await page.locator("h1").hover()
    await expect(page.locator(".glow")).to_have_count(0)
    await page.locator(".paths-box button").first.focus()
    await expect(page.locator(".paths-listed tr.marked").first).to_be_attached()


async def test_paths_begin_and_end_where_the_reader_says(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, WHERE)
    await page.locator(".paths-box button", has_text="search").first.focus()
    await page.keyboard.press("Enter")
    menu = page.get_by_role("dialog")
    await expect(menu.get_by_role("link").first).to_be_focused()
    await accessible(page)
    await menu.get_by_role("button", name="Begin here").click()
    await expect(page.get_by_role("heading", name="What comes after search")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"start=search"))
    await settled(page)
    assert columns(await boxes(page)) == [nodes(step) for step in shop.ask("/v1/paths", **EVENTS | {"start": "search"})["steps"]]
    await page.locator(".paths-box button").last.click()
    await expect(menu).to_contain_text("nothing can begin or end here")
    await page.keyboard.press("Escape")
    await page.locator(".paths-box button", has_text="catalog").first.click()
    await menu.get_by_role("button", name="End here").click()
    await expect(page.get_by_role("heading", name="What leads to catalog")).to_be_visible()
    await settled(page)
    read = shop.ask("/v1/paths", **EVENTS | {"end": "catalog"})["steps"]
    assert columns(await boxes(page)) == [nodes(step) for step in reversed(read)]
    again = await browser.new_page()
    await again.goto(page.url)
    await settled(again)
    assert await boxes(again) == await boxes(page)
    await expect(again.get_by_label("End at")).to_have_value("catalog")


async def test_the_table_and_the_files_have_what_is_drawn(shop: Waystage, browser: BrowserContext, tmp_path: Path) -> None:
    page = await looking_at(browser, shop, WHERE)
    steps = shop.ask("/v1/paths", **EVENTS)["steps"]
    card = page.locator(".paths-card")
    for name, begins in (("Save as CSV", b"Step,From,To,Customers"), ("Save as PNG", b"\x89PNG")):
        await card.get_by_label("Save and share").click()
        async with page.expect_download() as saving:
            await card.get_by_role("button", name=name).click()
        await (await saving.value).save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
        await page.keyboard.press("Escape")
    rows = [*csv.DictReader(io.StringIO((tmp_path / "Save as CSV").read_text("utf-8")))]
    for step in steps:
        assert sum(int(row["Customers"]) for row in rows if row["Step"] == str(step["step"])) == step["customers"]
    await card.get_by_role("radio", name="Table").check(force=True)
    await expect(card.get_by_role("button", name=f"Show all {len(rows)} rows")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"flow\.as=table"))


async def test_where_nobody_comes_by_there_is_a_way_out(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, f"{WHERE}&start=nobody-does-this")
    await expect(page.locator(".nothing")).to_contain_text("No customer comes by there")
    await page.get_by_role("button", name="Begin and end anywhere").click()
    await expect(page.locator(".paths-box").first).to_be_visible()
    await page.get_by_role("radio", name="Touches").check(force=True)
    await settled(page)
    channels = {node[0] for column in columns(await boxes(page)) for node in column}
    assert channels <= {one["labels"]["en"] for one in shop.ask("/v1/channels")["channels"]}


async def test_in_russian_and_on_a_phone(shop: Waystage, russian: BrowserContext, phone: BrowserContext) -> None:
    page = await looking_at(russian, shop, f"{WHERE}&end=purchase")
    await expect(page.get_by_role("heading", name="Что ведёт к «purchase»")).to_be_visible()
    await pictured(page, "paths-dark-ru")
    await accessible(page)
    small = await looking_at(phone, shop, WHERE)
    listed, flow = await small.locator(".paths-listed").bounding_box(), await small.locator(".paths-card").bounding_box()
    assert listed is not None
    assert flow is not None
    assert listed["y"] < flow["y"]
    assert await small.locator(".paths-scroll").evaluate("(flow) => flow.scrollWidth > flow.clientWidth")
    await pictured(small, "paths-phone")
    await accessible(small)


async def test_hostile_names_are_names(shared_waystage: Waystage, browser: BrowserContext) -> None:
    some, lot = [*HOSTILE[:10], "a>b", "other"], secrets.token_hex(4)
    known = [{"type": "identify", "userId": words, "traits": {"lot": lot}} for words in some]
    shared_waystage.batch([*known, *(event for words in some for event in deeds(words))])
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, f"paths?steps=events&top_nodes=50&trait=lot:{lot}")
    shown = {box["name"] for box in await boxes(page)}
    assert {words.strip() for words in some} - {"other"} <= {name.strip() for name in shown}
    await expect(page.locator(ACTIVE)).to_have_count(0)
    odd = page.locator(".paths-box", has=page.get_by_role("button", name="a>b", exact=True)).first
    await odd.get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Begin here").click()
    await expect(page.get_by_role("heading", name="What comes after a>b")).to_be_visible()
    await settled(page)
    await page.locator(".paths-listed tbody").get_by_role("link").first.click()
    assert await total(page) == 1
    await accessible(page)
