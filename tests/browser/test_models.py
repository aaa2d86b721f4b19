"""The tab Stage models of Set up: a model is made, mended, compared, taken into use and dropped, and asked why somebody is there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from app.store.cluster import Cluster
from tests.browser.reader import accessible, looking_at, pictured, settled
from tests.conftest import cloned
from tests.service import KEYS, Waystage, bearer, running, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATIENCE = 30_000
LOOKING = "stages:\n  - stage: looking\n    labels: {en: Looking, ru: Смотрит}\n    enter: [{event: Product Viewed}]\n"
BOUGHT = LOOKING + "  - stage: bought\n    labels: {en: Bought, ru: Купил}\n    enter: [{event: Order Completed}]\n"
LARGE = BOUGHT.replace("{event: Order Completed}", "{event: Order Completed, where: {properties.revenue: {gt: 20}}}")
PEOPLE = 6


@pytest.fixture(scope="module")
def shop(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """Six people who looked and bought, each for more than the one before; and a model of it with a draft beside."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("modelled")) as service:
        service.batch([event for number in range(PEOPLE) for event in bought(f"u{number}", 10.0 * number)])
        service.derived()
        put(service, "own", BOUGHT)
        put(service, "own", LARGE, "?draft=1")
        yield service


def bought(person: str, revenue: float) -> list[dict[str, Any]]:
    said = {"type": "track", "userId": person}
    return [
        {**said, "event": "Product Viewed", "timestamp": "2026-03-01T10:00:00Z"},
        {**said, "event": "Order Completed", "properties": {"revenue": revenue}, "timestamp": "2026-03-02T10:00:00Z"},
    ]


def put(waystage: Waystage, name: str, document: str, query: str = "") -> None:
    """Keep a version of a model, and wait until everybody is derived by it."""
    content, headers = f"model: {name}\n{document}", bearer(KEYS.admin)
    waystage.client.put(f"/v1/stage-models/{name}{query}", content=content, headers=headers).raise_for_status()
    until(lambda: not {"waiting", "deriving"} & {*states(waystage, name)}, "everybody is derived by the version")


def states(waystage: Waystage, name: str) -> list[str]:
    """The states of a model's versions, the newest first."""
    return [version["state"] for version in waystage.ask(f"/v1/stage-models/{name}/versions")["versions"]]


def card(page: Page, title: str | re.Pattern[str]) -> Locator:
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=title))


def number(text: str) -> int:
    return int(re.sub(r"[^\d-]", "", text.replace("\N{MINUS SIGN}", "-")))


async def test_what_a_draft_changes_is_seen_before_it_is_used(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "setup/models?edit=own&number=2")
    compared = shop.ask("/v1/stage-models/own/compare", **{"from": 1, "to": 2})
    changes = card(page, "What changes from version 1 to 2")
    for row, stage in zip(await changes.locator("table").first.locator("tbody tr").all(), compared["stages"], strict=True):
        cells = await row.locator("td").all_inner_texts()
        measures = [stage[name] for name in ("entries", "customers", "current")]
        told = [value for both in measures for value in (both["before"], both["after"], both["after"] - both["before"])]
        assert [cells[0].strip(), *map(number, cells[1:])] == [stage["label"], *told]
    assert [(one["from"], one["to"], one["customers"]) for one in compared["moved"]] == [("bought", "looking", 3)]
    await changes.get_by_role("link", name=f"{compared['customers']} customers have another history").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.locator(".people li")).to_have_count(compared["customers"])
    await page.keyboard.press("Escape")
    await changes.get_by_role("link", name="3: Customers: Bought → Looking").click()
    await expect(drawer.locator(".people a")).to_have_count(3)
    assert {*await drawer.locator(".people a").all_inner_texts()} == {"u0", "u1", "u2"}
    await page.keyboard.press("Escape")
    await pictured(page, "models-light-en")
    await accessible(page)


async def test_who_may_only_read_sees_everything_and_changes_nothing(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "setup/models?edit=own&number=2")
    document = card(page, "Document of version 2")
    text = shop.client.get("/v1/stage-models/own/versions/2?format=yaml", headers=bearer(KEYS.read)).text
    await expect(document.get_by_role("textbox")).to_have_value(text)
    await expect(document.get_by_role("textbox")).not_to_be_editable()
    await expect(document).to_contain_text("To change something, log in with the admin key.")
    await expect(page.get_by_role("button", name=re.compile("^(Use|Delete|Save as draft|Save and use)$"))).to_have_count(0)
    await expect(page.get_by_text("New model")).to_have_count(0)


async def test_a_model_is_made_mended_and_used(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "setup/models", KEYS.admin)
    await page.get_by_text("New model").click()
    await page.get_by_role("link", name="Start from Five stages").click()
    editor = page.get_by_role("textbox", name="The model as YAML")
    await expect(editor).to_have_value(re.compile(r"^model: journey-5-own\nlabels: "))
    await editor.fill("model: made\nstages:\n  - stage: a,b\n    enter: [{event: 5}]\n")
    await page.get_by_role("button", name="Save as draft").click()
    wrong = page.get_by_role("alert")
    await expect(wrong).to_contain_text("2 mistakes")
    await wrong.get_by_role("button", name="Line 3").click()
    assert await editor.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)") == "  - stage: a,b"
    await expect(page.locator(".wrong-line")).to_have_text(["3", "4"])
    await pictured(page, "models-mistakes-light-en")
    await accessible(page)
    await editor.fill(f"model: made\n{BOUGHT}")
    await expect(wrong).to_have_count(0)
    await page.get_by_role("button", name="Save and use").click()
    await page.get_by_role("dialog").get_by_role("button", name="Save and use").click()
    versions = card(page, re.compile("^Versions of"))
    await expect(versions.locator("tbody tr").first).to_contain_text("in use", timeout=PATIENCE)
    await expect(page).to_have_url(re.compile(r"edit=made&number=1"))
    await page.get_by_role("link", name="Paths", exact=True).click()
    await page.get_by_label("Stage model", exact=True).select_option("made")
    await settled(page)
    await expect(page.locator(".paths-box button")).to_have_text(["Looking", "Bought"])


async def test_a_draft_is_used_and_another_deleted(shop: Waystage, browser: BrowserContext) -> None:
    put(shop, "used", BOUGHT)
    for document in (LARGE, LOOKING):
        put(shop, "used", document, "?draft=1")
    page = await looking_at(browser, shop, "setup/models?edit=used&number=3", KEYS.admin)
    rows = card(page, re.compile("^Versions of")).locator("tbody tr")
    await rows.nth(0).get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(rows).to_have_count(2)
    await expect(page).not_to_have_url(re.compile("number="))
    await rows.nth(0).get_by_role("button", name="Use").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert states(shop, "used") == ["draft", "active"]
    await rows.nth(0).get_by_role("button", name="Use").click()
    await page.get_by_role("dialog").get_by_role("button", name="Use").click()
    await expect(rows.nth(0)).to_contain_text("in use")
    assert states(shop, "used") == ["active", "retired"]


async def test_it_is_told_why_somebody_is_there(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "setup/models?edit=own&number=2")
    why = card(page, "Why is somebody there?")
    await why.get_by_label("Customer").fill("user_id:u1")
    await page.keyboard.press("Enter")
    await expect(why.locator(".sm-event strong")).to_have_text(["Product Viewed"])
    await why.get_by_role("radio", name="all").check(force=True)
    await expect(why.locator(".sm-event .chip")).to_have_text(["no rule matched", "entered Looking"])
    order = shop.ask("/v1/explain/stage", customer="user_id:u1", model="own", version=2, events="all")["events"][0]
    nearly = why.locator("details").first
    await nearly.locator("summary").click()
    await expect(nearly.locator("li")).to_have_count(len(order["nearly"]))
    await expect(nearly.locator("li").first).to_contain_text(order["nearly"][0]["failed"]["expected"])
    await why.get_by_label("Customer").fill("user_id:nobody")
    await page.keyboard.press("Enter")
    await expect(why.get_by_role("alert")).to_contain_text("No customer is known as user_id:nobody")


async def test_in_russian_and_on_a_phone(shop: Waystage, russian: BrowserContext, phone: BrowserContext) -> None:
    where = "setup/models?edit=own&number=2&who=user_id:u1&events=all"
    page = await looking_at(russian, shop, where, KEYS.admin)
    await expect(page.get_by_role("heading", name="Что меняется от версии 1 к версии 2")).to_be_visible()
    await expect(page.locator(".sm-matrix th[scope=row]")).to_have_text(["Купил"])
    await pictured(page, "models-dark-ru")
    await accessible(page)
    small = await looking_at(phone, shop, where, KEYS.admin)
    await pictured(small, "models-phone")
    await accessible(small)
