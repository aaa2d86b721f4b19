"""The page Live: events as they arrive, failed ones mended, and how sources are heard."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from app.store.cluster import Cluster
from tests.browser.hostile import ACTIVE, HOSTILE, deeds, failures
from tests.browser.reader import accessible, looking_at, pictured
from tests.conftest import cloned
from tests.service import BROWSER, KEYS, Waystage, bearer, running

pytestmark = pytest.mark.asyncio(loop_scope="session")
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SHOWN = {"live": ".live-machine", "live/failed": ".live-fault", "live/sources": ".figure-losses tbody tr"}
"""What is to be seen in a picture of each part of the page."""


@pytest.fixture(scope="module")
def own(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A service that tells of nothing but what is sent here."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("own")) as service:
        yield service


def viewed(person: str, **said: Any) -> dict[str, Any]:
    context = {"page": {"url": "https://shop.example/?utm_source=news&utm_medium=email"}, "userAgent": said.pop("agent", BROWSER)}
    return {"type": "page", "messageId": uuid4().hex, "userId": person, "anonymousId": f"device-{person}", "context": context, **said}


def row(page: Page, *words: str) -> Locator:
    """The line of an event that says all these words."""
    found = page.locator(".live-row")
    for each in words:
        found = found.filter(has_text=each)
    return found


async def listening(page: Page) -> None:
    await expect(page.locator(".live-state")).to_contain_text(re.compile("Listening|Идёт приём"))


async def test_events_stand_there_as_they_arrive_with_their_verdicts(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage, "live")
    await listening(page)
    person = f"ada-{uuid4().hex[:8]}"
    first = viewed(person)
    shared_waystage.batch([first])
    line = row(page, person, "Page Viewed")
    await expect(line.locator(".chip")).to_have_text(["Email"])
    await expect(line.locator(".stage")).to_have_text(["Awareness"])
    shared_waystage.batch([{"type": "track", "event": "Product Viewed", "userId": person}, first, viewed(f"bot-{person}", agent=BOT)])
    await expect(row(page, person, "Product Viewed").locator(".stage")).to_have_text(["Awareness", "Consideration"])
    await expect(row(page, person, "duplicate")).to_have_count(1)
    await expect(row(page, f"bot-{person}", "machine")).to_have_count(1)
    await row(page, person, "Awareness").filter(has_text="Page Viewed").locator("summary").click()
    opened = page.locator("details[open]")
    await expect(opened).to_contain_text("Email: the source or the medium is email")
    await expect(opened).to_contain_text(first["messageId"])
    await accessible(page)
    await opened.get_by_role("link", name="See the journey").click()
    await expect(page).to_have_url(re.compile(rf"#/customers/user_id:{person}"))


async def test_nothing_moves_while_it_is_read(shared_waystage: Waystage, browser: BrowserContext) -> None:
    name = f"Held {uuid4().hex[:8]}"
    page = await looking_at(browser, shared_waystage, f"live?event={name}*")
    await listening(page)
    track = {"type": "track", "userId": "held"}
    shared_waystage.batch([{**track, "event": f"{name} one"}])
    await row(page, f"{name} one").locator("summary").click()
    await expect(row(page, f"{name} one").get_by_role("link", name="See the journey")).to_be_visible()
    before = await row(page, f"{name} one").bounding_box()
    shared_waystage.batch([{**track, "event": f"{name} two"}, {**track, "event": f"{name} three"}])
    more = page.get_by_role("button", name="Show 2 events more")
    await expect(more).to_be_enabled()
    assert await row(page, f"{name} one").bounding_box() == before
    await more.click()
    await expect(row(page, name)).to_have_count(3)
    await expect(row(page, name).first).to_contain_text("three")
    await page.get_by_role("button", name="Pause").click()
    await expect(page).to_have_url(re.compile("paused=1"))
    shared_waystage.batch([{**track, "event": f"{name} four"}])
    await expect(page.get_by_role("button", name="Show 1 event more")).to_be_enabled()
    await page.get_by_role("button", name="Go on").click()
    await expect(row(page, name)).to_have_count(4)


async def test_only_what_is_asked_for_is_told(shared_waystage: Waystage, browser: BrowserContext) -> None:
    person = f"grace-{uuid4().hex[:8]}"
    page = await looking_at(browser, shared_waystage, f"live?customer=user_id:{person}")
    await listening(page)
    await page.get_by_label("Duplicates").uncheck()
    await page.get_by_label("Failed").uncheck()
    await expect(page).to_have_url(re.compile(r"kind=arrived"))
    await expect(page.get_by_label("Stored")).to_be_disabled()
    await listening(page)
    event = viewed(person)
    shared_waystage.batch([event, viewed("somebody-else")])
    shared_waystage.batch([event, viewed(person, type="track", event="Signed Up")])
    await expect(row(page, "Signed Up")).to_have_count(1)
    await expect(page.locator(".live-row")).to_have_count(2)
    await page.get_by_label("Event", exact=True).fill("Nothing *")
    await expect(page).to_have_url(re.compile("event=Nothing%20"))
    await expect(page.locator(".live-row")).to_have_count(0)


async def test_a_failed_event_is_mended_and_gone(shared_waystage: Waystage, browser: BrowserContext) -> None:
    person = f"mended-{uuid4().hex[:8]}"
    shared_waystage.batch([{"type": "track", "event": "Signed Up", "userId": person, "traits": [person]}])
    page = await looking_at(browser, shared_waystage, "live/failed", KEYS.admin)
    of_traits = page.get_by_role("row").filter(has_text="wrong_type").filter(has_text="traits").filter(has_text="server")
    await of_traits.get_by_role("link", name="A value of the wrong type").click()
    await expect(page).to_have_url(re.compile("field=traits"))
    fault = page.locator(".live-fault").filter(has_text=person)
    await fault.click()
    drawer = page.get_by_role("dialog")
    await expect(drawer).to_contain_text("A value of the wrong type · traits")
    assert json.loads(await drawer.locator("mark").inner_text() and "{" + await drawer.locator("mark").inner_text() + "}") == {
        "traits": [person]
    }
    await accessible(page)
    await drawer.get_by_role("button", name="Try again as it is").click()
    await expect(drawer.get_by_role("alert")).to_contain_text("It is refused again: traits is an object")
    await drawer.get_by_role("button", name="Mend it").click()
    area = drawer.get_by_label("The mended event, JSON")
    mended = json.loads(await area.input_value()) | {"traits": {"plan": "pro"}}
    await area.fill(json.dumps(mended)[:-1])
    await expect(drawer.get_by_text("This is no JSON object yet")).to_be_visible()
    await expect(drawer.get_by_role("button", name="Save and store it")).to_be_disabled()
    await area.fill(json.dumps(mended))
    await drawer.get_by_role("button", name="Save and store it").click()
    await expect(drawer.get_by_role("status")).to_have_text("Stored: it is an event now.")
    await drawer.get_by_role("button", name="Close").click()
    await expect(fault).to_have_count(0)
    shared_waystage.derived()
    assert shared_waystage.journey(f"user_id:{person}")["customer"]


async def test_all_of_a_reason_are_tried_again(own: Waystage, browser: BrowserContext) -> None:
    broken = {"type": "track", "event": "Bought", "userId": "u", "properties": "none"}
    own.batch([{**broken, "messageId": str(number)} for number in range(3)])
    first = own.ask("/v1/failed-events", field="properties")["failed_events"][-1]["id"]
    mended = {"type": "track", "event": "Bought", "userId": "u", "messageId": "0"}
    own.client.put(f"/v1/failed-events/{first}", json=mended, headers=bearer(KEYS.admin)).raise_for_status()
    page = await looking_at(browser, own, "live/failed?code=wrong_type&field=properties", KEYS.admin)
    await page.get_by_role("button", name="Try 3 events again").click()
    await expect(page.get_by_role("status").filter(has_text="1 stored, 0 duplicates, 2 refused again")).to_be_visible()
    await expect(page.locator(".live-fault")).to_have_count(2)


async def test_who_may_only_read_is_told_so(shared_waystage: Waystage, browser: BrowserContext) -> None:
    shared_waystage.batch([{"type": "track", "event": "Signed Up", "userId": "read", "properties": "read only"}])
    page = await looking_at(browser, shared_waystage, "live/failed?code=wrong_type")
    await expect(page.get_by_text("log in with the admin key").first).to_be_visible()
    await expect(page.get_by_role("button", name="again")).to_have_count(0)
    await page.locator(".live-fault").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("log in with the admin key")
    await expect(page.get_by_role("button", name="Mend it")).to_have_count(0)


async def test_sources_and_losses_are_those_of_the_api(shared_waystage: Waystage, browser: BrowserContext) -> None:
    numbered = [viewed("numbered", context={"sequence": number}) for number in (1, 2, 5)]
    shared_waystage.batch(numbered, KEYS.write)
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, "live/sources")
    heard, losses = page.locator(".figure-heard tbody tr"), page.locator(".figure-losses tbody tr")
    told = {one["source"]: one for one in shared_waystage.ask("/v1/losses")["sources"]}
    assert told["site"]["gaps"] >= 2
    cells = losses.filter(has_text="site").locator("td")
    await expect(cells).to_contain_text(["site", f"{told['site']['received']:,}", f"{told['site']['gaps']:,}"])
    names = [one["name"] for one in shared_waystage.ask("/v1/sources")["sources"]]
    assert sorted(await heard.locator("td:first-child").all_inner_texts()) == sorted(names)
    await expect(heard.filter(has_text="site")).to_contain_text("live")
    await accessible(page)


async def test_hostile_events_are_text(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage, "live", KEYS.admin)
    await listening(page)
    for words in HOSTILE[:40:3]:
        shared_waystage.batch(deeds(words) + failures(words))
    await expect(row(page, HOSTILE[0]).first).to_be_visible()
    await row(page, HOSTILE[0]).first.locator("summary").click()
    await expect(page.locator("details[open] dl")).to_be_visible()
    await expect(page.locator(ACTIVE)).to_have_count(0)
    await page.goto(f"{shared_waystage.url}/#/live/failed")
    await page.locator(".live-fault").first.click()
    await expect(page.get_by_role("dialog").locator("pre")).to_be_visible()
    await expect(page.locator(ACTIVE)).to_have_count(0)


async def test_pictures(own: Waystage, browser: BrowserContext, russian: BrowserContext, phone: BrowserContext) -> None:
    readers = {"light-en": browser, "dark-ru": russian, "phone": phone}
    pages = {name: await looking_at(context, own, "live", KEYS.admin) for name, context in readers.items()}
    for page in pages.values():
        await listening(page)
    own.batch(story("maria.belova"))
    own.batch(story("clara.wirth@example.com"))
    own.derived()
    for where, sight in SHOWN.items():
        for name, page in pages.items():
            await page.goto(f"{own.url}/#/{where}")
            await expect(page.locator(sight).first).to_be_visible()
            await pictured(page, f"{where.replace('/', '-')}-{name}")
            await accessible(page)


def story(person: str) -> list[dict[str, Any]]:
    """A visit that ends in an order, a crawler, and what goes wrong around it."""
    first = viewed(person)
    track = {"type": "track", "userId": person, "anonymousId": f"device-{person}"}
    names = ["Product Viewed", "Product Added", "Checkout Started", "Order Completed"]
    return [
        first,
        *({**track, "messageId": uuid4().hex, "event": name} for name in names),
        first,
        viewed(f"crawler-{person}", agent=BOT),
        {**track, "event": "Product Viewed"},
        {"type": "track", "event": "Order Completed", "userId": person, "properties": "revenue=49.90"},
        {"type": "click", "event": "Banner Clicked", "userId": person},
        {"type": "track", "event": "Call Received", "timestamp": "2026-05-04T10:00:00Z"},
    ]
