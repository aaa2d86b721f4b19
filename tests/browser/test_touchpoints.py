"""The page Touchpoints: whom touches reached and what they brought about, and the conversions under nine models."""

import csv
import io
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.hostile import ACTIVE, HOSTILE
from tests.browser.reader import accessible, looking_at, pictured, settled
from tests.service import Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=40)
CAMPAIGNS = {
    "email": "utm_source=letter&utm_medium=email&utm_campaign=spring_letter",
    "paid_search": "utm_source=google&utm_medium=cpc&utm_campaign=brand",
    "organic_social": "utm_source=vk&utm_medium=social&utm_campaign=stories",
    "direct": "",
}
WALKS = {
    "spring": ["email", "direct", "buy 80"],
    "twice": ["paid_search", "email", "email", "buy 120", "direct", "buy 40"],
    "social": ["organic_social", "paid_search", "direct", "buy 200"],
    "looker": ["organic_social", "email"],
    "caller": ["paid_search", "call", "buy 60"],
    "guest": ["direct"],
}
TIMES = 4
KETTLES = "shop:kettles"


def told(person: str, walk: list[str]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for day, step in enumerate(walk):
        said = {"userId": person, "timestamp": (START + timedelta(days=2 * day)).isoformat(), "type": "track"}
        if step.startswith("buy"):
            events.append({**said, "event": "Order Completed", "properties": {"revenue": float(step.split()[1]), "currency": "EUR"}})
        elif step == "call":
            events.append({**said, "event": "Call Answered"})
        else:
            page = {"url": f"https://shop.example/kettle?{CAMPAIGNS[step]}"}
            events.append({**said, "event": "Product Viewed", "anonymousId": f"device-{person}", "context": {"page": page}})
    return events


def scanned(person: str) -> dict[str, Any]:
    """A mail that a machine opened."""
    context = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    return {"userId": person, "timestamp": START.isoformat(), "type": "track", "event": "Email Opened", "context": context}


@pytest.fixture(scope="module")
def shop(shared_waystage: Waystage) -> Waystage:
    """Two dozen people of one shop, who came by mail, search, social networks, calls and by themselves."""
    people = [(f"{name}-{number}", walk) for name, walk in WALKS.items() for number in range(TIMES)]
    events = [event for person, walk in people for event in told(person, walk)]
    known = [{"userId": person, "type": "identify", "traits": {"shop": "kettles"}} for person, _ in people]
    shared_waystage.batch([*events, *known, *(scanned(f"spring-{number}") for number in range(TIMES))])
    shared_waystage.derived()
    return shared_waystage


def asked(shop: Waystage, path: str, **query: Any) -> Any:
    """What the service answers about the people of the shop."""
    return shop.ask(path, trait=KETTLES, timezone="Europe/Berlin", **query)


async def looking(browser: BrowserContext, shop: Waystage, query: str = "") -> Page:
    """The page about the people of the shop."""
    return await looking_at(browser, shop, f"touchpoints?trait={KETTLES}{query}")


def cells(page: Page, table: str) -> Locator:
    return page.locator(f".figure-{table} tbody tr")


async def texts(row: Locator) -> list[str]:
    return [text.strip() for text in await row.locator("td").all_inner_texts()]


async def rows(page: Page, table: str) -> dict[str, list[str]]:
    """The rows of a table by what stands in their first cell."""
    found = [await texts(row) for row in await cells(page, table).all()]
    return {first: rest for first, *rest in found}


async def heads(page: Page, table: str) -> list[str]:
    return [text.strip() for text in await page.locator(f".figure-{table} thead th").all_inner_texts()]


def number(text: str) -> float:
    """The number that a cell begins with, or that follows the sign of a currency."""
    return float(re.sub(r"[^0-9.-]", "", text))


async def test_the_table_says_what_the_service_says(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop)
    answer = asked(shop, "/v1/touchpoints")
    labels = {channel["name"]: channel["labels"]["en"] for channel in shop.ask("/v1/channels")["channels"]}
    table, titles = await rows(page, "reach"), (await heads(page, "reach"))[1:]
    assert set(table) == {labels[one["value"]] for one in answer["listed"]}
    for one in answer["listed"]:
        shown = dict(zip(titles, table[labels[one["value"]]], strict=True))
        expected = {
            "Customers": one["customers"],
            "Touches": one["touches"],
            "By machines": one["machines"],
            "Journeys begun": one["first"],
        }
        assert {title: number(shown[title]) for title in expected} == expected
        by_stage = {stage["stage"].capitalize(): stage["entries"] for stage in one["stages"]}
        assert {title: number(shown[title]) for title in by_stage} == by_stage
    last = {one["touch"]: one for one in asked(shop, "/v1/last-touches")["listed"]}
    email = dict(zip(titles, table["Email"], strict=True))
    assert number(email["Last before exit"]) == last["email"]["ends"]
    assert number(email["Lift"]) == pytest.approx(last["email"]["lift"], abs=0.01)


async def test_every_number_opens_to_its_people(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop)
    row = page.locator(".figure-reach tbody tr", has_text="Email").first
    for title, query in (
        ("Email: Customers", {"what": "touches"}),
        ("Email: By machines", {"what": "machines"}),
        ("Email: Purchase: entries", {"what": "entries", "stage": "purchase"}),
    ):
        people = asked(shop, "/v1/touchpoints/customers", by="channel", value="email", **query)
        await row.get_by_role("link", name=title).click()
        drawer = page.get_by_role("dialog")
        await expect(drawer.get_by_role("heading", name=title)).to_be_visible()
        await expect(drawer.locator(".people li")).to_have_count(people["total"])
        await page.keyboard.press("Escape")
        await expect(drawer).to_have_count(0)


async def test_touches_are_told_by_what_the_reader_chooses(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop)
    await page.get_by_label("Touches by").select_option("utm_campaign")
    await expect(page).to_have_url(re.compile(r"&by=utm_campaign$"))
    await settled(page)
    assert set(await rows(page, "reach")) == {"spring_letter", "brand", "stories", "not set"}
    await page.locator(".figure-reach").get_by_role("link", name="brand", exact=True).click()
    await expect(page.get_by_role("button", name="Remove the filter Campaign: brand")).to_be_visible()
    await settled(page)
    assert set(await rows(page, "reach")) == {"brand"}
    await page.goto(f"{shop.url}/#/touchpoints?trait={KETTLES}&by=kind")
    await settled(page)
    assert {"Visits", "Phone calls", "Emails"} <= set(await rows(page, "reach"))


async def test_credits_are_those_of_every_model(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop)
    answer = asked(shop, "/v1/attribution")
    titles = {"First": "first", "Linear": "linear", "Last non-direct": "last_non_direct", "Markov": "markov", "Shapley": "shapley"}
    table, shown = await rows(page, "credits"), (await heads(page, "credits"))[1:]
    by_name = {one["name"]: one for one in answer["names"]}
    for label, name in (("Email", "email"), ("Paid search", "paid_search"), ("Phone calls", "call"), ("Direct", "direct")):
        row = dict(zip(shown, table[label], strict=True))
        for title, model in titles.items():
            assert number(row[title]) == pytest.approx(by_name[name]["credits"][model], abs=0.005)
    await expect(page.locator(".tp-insight")).to_contain_text("Models differ most about")
    await expect(page.locator(".tp-facts dd").first).to_have_text(str(answer["conversions"]))
    credit = page.locator(".figure-credits").get_by_role("link", name="Email, Linear")
    behind = asked(shop, "/v1/attribution/customers", models="linear", name="email")
    await credit.click()
    await expect(page.get_by_role("dialog").locator(".people li")).to_have_count(behind["total"])


async def test_a_conversion_is_chosen_and_stands_in_the_address(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop)
    chooser = page.get_by_label("Conversion", exact=True)
    await chooser.hover()
    await expect(chooser.locator("option", has_text="Event: Order Completed")).to_have_count(1)
    await chooser.select_option("event:Order Completed")
    await page.get_by_label("Look-back").select_option("7")
    await page.get_by_role("radio", name="Money, EUR").check(force=True)
    address = re.compile(r"conversion=event:Order%20Completed&lookback=7&measure=money:EUR")
    await expect(page).to_have_url(address)
    await settled(page)
    answer = asked(shop, "/v1/attribution", conversion="event:Order Completed", lookback="7d")
    value = next(one for one in answer["names"] if one["name"] == "email")["values"]["linear"][0]["value"]
    place = (await heads(page, "credits")).index("Linear") - 1
    assert number((await rows(page, "credits"))["Email"][place]) == pytest.approx(value, abs=0.005)
    again = await browser.new_page()
    await again.goto(page.url)
    await settled(again)
    assert await rows(again, "credits") == await rows(page, "credits")
    await expect(again.get_by_label("Conversion", exact=True)).to_have_value("event:Order Completed")


async def test_files_have_what_is_shown(shop: Waystage, browser: BrowserContext, tmp_path: Path) -> None:
    page = await looking(browser, shop, "&conversion=event:Order%20Completed")
    async with page.expect_download() as ledger:
        await page.get_by_role("link", name="Ledger as CSV").click()
    await (await ledger.value).save_as(tmp_path / "ledger.csv")
    weights = [row for row in csv.DictReader(io.StringIO((tmp_path / "ledger.csv").read_text("utf-8"))) if row["model"] == "linear"]
    assert sum(float(row["weight"]) for row in weights) == pytest.approx(5 * TIMES)
    figure = page.locator(".figure-credits")
    for name, begins in (("Save as CSV", b"Channel,First"), ("Save as PNG", b"\x89PNG")):
        await figure.get_by_label("Save and share").click()
        async with page.expect_download() as saved:
            await figure.get_by_role("button", name=name).click()
        await (await saved.value).save_as(tmp_path / "file")
        assert (tmp_path / "file").read_bytes().lstrip(b"\xef\xbb\xbf").startswith(begins)
        await page.keyboard.press("Escape")


async def test_a_model_stands_out_when_it_is_pressed(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop)
    button = page.locator(".tp-key").get_by_role("button", name="Shapley")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(page).to_have_url(re.compile("lit=shapley"))
    await button.click()
    await expect(page).not_to_have_url(re.compile("lit="))


async def test_nothing_is_said_as_such(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop, "&channel=audio")
    await expect(page.get_by_text("No conversion in this window")).to_be_visible()
    await expect(page.get_by_role("button", name="Show all time, unfiltered").first).to_be_visible()


async def test_any_model_of_stages_can_be_asked(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking(browser, shop, "&model=each_event_name&conversion=stage:Order%20Completed")
    assert "Lift" not in await heads(page, "reach")
    assert {"Order Completed", "Product Viewed"} <= set(await heads(page, "reach"))
    await expect(page.locator(".tp-facts dd").first).to_have_text(str(5 * TIMES))


async def test_hostile_words_stay_words(shared_waystage: Waystage, browser: BrowserContext) -> None:
    own = uuid.uuid4().hex
    events = []
    for place, words in enumerate(HOSTILE[:20]):
        campaign = {"source": own, "medium": words, "name": words}
        who = {"userId": f"{own}-{place}", "type": "track", "context": {"campaign": campaign, "page": {"url": "https://shop.example/"}}}
        said = {"event": words, "properties": {"touchpoint_channel": words}}
        events += [{**who, **said, "anonymousId": f"{own}-{place}"}, {**who, "event": "Order Completed"}]
    shared_waystage.batch(events)
    shared_waystage.derived()
    for by in ("utm_campaign", "channel"):
        page = await looking_at(browser, shared_waystage, f"touchpoints?by={by}&utm_source={own}")
        await expect(page.locator(ACTIVE)).to_have_count(0)
        await expect(page.locator(".figure-credits .picture canvas")).to_be_visible()
        listed = shared_waystage.ask("/v1/touchpoints", by=by, utm_source=own)["listed"]
        await expect(cells(page, "reach")).to_have_count(len(listed))
        if by == "utm_campaign":
            await expect(page.locator(".figure-reach").get_by_text(HOSTILE[1], exact=True)).to_be_visible()


async def drawn(browser: BrowserContext, shop: Waystage, query: str = "") -> Page:
    page = await looking(browser, shop, query)
    await expect(page.locator(".figure-credits .picture canvas")).to_be_visible()
    return page


async def test_it_can_be_used_by_everybody(shop: Waystage, browser: BrowserContext, russian: BrowserContext, phone: BrowserContext) -> None:
    page = await drawn(browser, shop)
    await pictured(page, "touchpoints-light-en")
    await accessible(page)
    dark = await drawn(russian, shop, "&by=utm_campaign&conversion=event:Order%20Completed")
    await expect(dark.get_by_role("heading", name="Касания", exact=True)).to_be_visible()
    await pictured(dark, "touchpoints-dark-ru")
    await accessible(dark)
    small = await drawn(phone, shop)
    await pictured(small, "touchpoints-phone")
    await accessible(small)
