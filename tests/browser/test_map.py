"""The page Map: the stages of a model under one flow, beside others, as files, and before anybody has come."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from app.store.cluster import Cluster
from tests.browser.hostile import ACTIVE, HOSTILE, deeds
from tests.browser.reader import accessible, looking_at, pictured
from tests.browser.trips import START, TEN, TIMES, TRIP, WALKS, told
from tests.conftest import cloned
from tests.service import KEYS, Waystage, bearer, running, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def trips(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """People who came by mail and by search; some go back and forth. Half of them began ten days later than the others."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("trips")) as service:
        walks = [(channel, walk) for channel, all_walks in WALKS.items() for walk in all_walks]
        for number in range(TIMES):
            start = START + timedelta(days=10 * (number % 2))
            service.batch(
                [event for at, (channel, walk) in enumerate(walks) for event in told(f"{channel}-{at}-{number}", channel, walk, start)]
            )
        for name, document in (("trip", TRIP), ("ten", TEN)):
            url = f"{service.url}/v1/stage-models/{name}"
            httpx.put(url, content=document.encode(), headers=bearer(KEYS.admin)).raise_for_status()
        service.derived()
        until(lambda: active(service) >= {"trip", "ten"}, "both models answer")
        yield service


def active(service: Waystage) -> set[str]:
    return {model["model"] for model in service.ask("/v1/stages")["models"] if model["state"] == "active"}


def cells(page: Page, row: str) -> Locator:
    """The cells of a row of the map, a stage each."""
    return page.locator(".map-row").filter(has=page.locator(f"th .map-head:text-is('{row}')")).locator("td")


def ribbon(page: Page, words: str) -> Locator:
    return page.locator(".map-drawn").get_by_label(re.compile(f"^{re.escape(words)}\\. "))


async def firsts(page: Page, row: str) -> list[str]:
    """The numbers of a row, without those that they are compared with."""
    return [(await cell.locator(".map-a").first.inner_text()) for cell in await cells(page, row).all()]


def written(numbers: list[Any]) -> list[str]:
    return [f"{number:,}" for number in numbers]


async def test_the_map_says_what_the_api_says(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip&zone=UTC")
    stages = trips.ask("/v1/journey-map", model="trip")["stages"]
    await expect(page.locator("thead .stage")).to_have_text(["Looks", "Chooses", "Buys", "Returns"])
    for row, member in {"Here now": "at_end", "Customers": "customers", "Entries": "entries"}.items():
        assert await firsts(page, row) == written([stage[member] for stage in stages])
    for row, member in {"Converted": "converted", "Still in time": "still_in_window", "Dropped off": "dropped"}.items():
        assert await firsts(page, row) == [*written([stage["further"][member] for stage in stages[:3]]), "\u2013"]
    assert await cells(page, "Went further").nth(0).locator(".map-a").inner_text() == f"{stages[0]['further']['conversion']:.1%}"
    assert await firsts(page, "Time here, median") == ["3 d", "3 d", "3 d", "3 d"]
    listed = cells(page, "Came by").nth(0).locator("li")
    assert [(await line.inner_text()).split("\n")[-1] for line in await listed.all()] == [
        str(row["count"]) for row in stages[0]["channels"]["listed"]
    ]
    await expect(cells(page, "What they did").nth(1)).to_contain_text("Survey Answered")
    await expect(cells(page, "Rating").nth(1)).to_contain_text(f"{stages[1]['rating']['mean']:.1f}")
    await accessible(page)
    await pictured(page, "map-en-light")


async def test_no_move_is_hidden_and_each_tells_and_opens_its_people(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip")
    moves = trips.ask("/v1/transitions", model="trip")["transitions"]
    labels = {"look": "Looks", "choose": "Chooses", "buy": "Buys", "return": "Returns"}
    for move in (move for move in moves if move["from"] is not None):
        words = f"{labels[move['from']]} → {labels[move['to']]}"
        await expect(ribbon(page, words)).to_have_count(1)
        await expect(ribbon(page, words)).to_have_attribute("aria-label", re.compile(f" {move['count']} moves?\\."))
    back = ribbon(page, "Chooses → Looks")
    await expect(back.locator(".map-arrow")).to_have_count(1)
    await back.locator(".map-arrow").hover()
    await expect(page.locator(".map-tip")).to_contain_text("A move back")
    await back.locator(".map-arrow").click()
    customers = trips.ask("/v1/transitions/customers", model="trip", from_stage="choose", to_stage="look")["total"]
    await expect(page.get_by_role("dialog")).to_contain_text(f"{customers} customers")
    await page.keyboard.press("Escape")
    await ribbon(page, "Journeys that begin in Chooses").locator("path").click()
    beginners = trips.ask("/v1/transitions/customers", model="trip", from_stage="", to_stage="choose")["total"]
    await expect(page.get_by_role("dialog")).to_contain_text(f"{beginners} customers")


async def test_bars_stand_over_their_columns(trips: Waystage, browser: BrowserContext) -> None:
    for model, columns in {"trip": 4, "journey-5": 5, "ten": 10}.items():
        page = await looking_at(browser, trips, f"map?model={model}")
        heads = page.locator("thead th")
        await expect(heads).to_have_count(columns)
        for head, number in zip(await heads.all(), await page.locator(".map-total").all(), strict=True):
            [above, under] = [await place.bounding_box() for place in (number, head)]
            assert above
            assert under
            assert abs(above["x"] + above["width"] / 2 - under["x"] - under["width"] / 2) < 1
        await page.close()


async def test_ten_stages_scroll_inside_the_map_and_their_headings_stay(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=ten")
    room = page.locator(".map-wide")
    before = await page.locator(".map-head-entries").bounding_box()
    await room.evaluate("(room) => room.scrollTo(room.scrollWidth, 0)")
    await expect(page.locator("thead th").last).to_be_in_viewport()
    assert (await page.locator(".map-head-entries").bounding_box()) == before
    await accessible(page)
    await pictured(page, "map-ten-stages")


async def test_a_number_opens_its_people_and_the_address_restores_it(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip&within=7d")
    await cells(page, "Dropped off").nth(1).get_by_role("link").click()
    total = trips.ask("/v1/journey-map/customers", model="trip", stage="choose", what="dropped", within="7d")["total"]
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"{total} customers")
    await expect(dialog.get_by_role("heading")).to_have_text("Chooses: Dropped off")
    again = await browser.new_page()
    await again.goto(page.url)
    await expect(again.get_by_role("dialog")).to_contain_text(f"{total} customers")
    await expect(again.get_by_label("Goes further within")).to_have_value("7d")
    await page.keyboard.press("Escape")
    await cells(page, "What they did").nth(1).get_by_role("link", name=re.compile("Survey Answered")).click()
    acted = trips.ask("/v1/journey-map/customers", model="trip", stage="choose", what="acted", action="Survey Answered")["total"]
    await expect(page.get_by_role("dialog")).to_contain_text(f"{acted} customers")


async def test_two_windows_in_place(trips: Waystage, russian: BrowserContext) -> None:
    middle, day = START + timedelta(days=10), timedelta(days=1)
    dates = {"compare_from": START.date(), "compare_to": (middle - day).date(), "from": middle.date(), "to": (middle + 9 * day).date()}
    said = "&".join(f"{name}={value}" for name, value in dates.items())
    page = await looking_at(russian, trips, f"map?model=trip&zone=UTC&window=dates&against=dates&{said}")
    ends = {"to": dates["to"] + day, "compare_to": dates["compare_to"] + day}
    stages = trips.ask("/v1/journey-map", model="trip", **{name: str(value) for name, value in {**dates, **ends}.items()})["stages"]
    entries = cells(page, "Входы")
    for place, stage in enumerate(stages):
        await expect(entries.nth(place).locator(".map-a")).to_have_text(str(stage["entries"]))
        await expect(entries.nth(place).locator(".map-b")).to_contain_text(str(stage["compared"]["entries"]))
        difference = stage["difference"]["entries"]
        arrow = "▲ +" if difference > 0 else "▼ \u2212" if difference < 0 else "= ±"
        await expect(entries.nth(place).locator(".map-less")).to_have_text(f"{arrow}{abs(difference)}")
    await expect(page.locator(".map-side-b")).to_contain_text("Б")
    await expect(page.locator(".map-ghost")).to_have_count(4)
    await accessible(page)
    await pictured(page, "map-ru-dark")


async def test_other_customers_beside(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip&channel=email")
    await page.get_by_label("Compare with").select_option("segment")
    await page.get_by_text("Filters of B").click()
    await page.locator("select[name='b.channel']").select_option("paid_search")
    await page.keyboard.press("Escape")
    await expect(page.locator(".map-legend")).to_contain_text("Channel: Paid search")
    [email, search] = [trips.ask("/v1/journey-map", model="trip", channel=channel)["stages"] for channel in ("email", "paid_search")]
    for place in range(4):
        entries = cells(page, "Entries").nth(place)
        await expect(entries.locator(".map-a")).to_have_text(str(email[place]["entries"]))
        await expect(entries.locator(".map-b")).to_contain_text(str(search[place]["entries"]))
    await cells(page, "Entries").nth(1).locator(".map-b").get_by_role("link").click()
    people = trips.ask("/v1/journey-map/customers", model="trip", channel="paid_search", stage="choose")["total"]
    await expect(page.get_by_role("dialog")).to_contain_text(f"{people} customers")
    await page.keyboard.press("Escape")
    await page.reload()
    await expect(cells(page, "Entries").nth(0).locator(".map-b")).to_contain_text(str(search[0]["entries"]))
    await pictured(page, "map-segments")


async def test_targets_tell_their_verdict_in_words(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip")
    stages = trips.ask("/v1/journey-map", model="trip")["stages"]
    words = {"met": "✓ met", "missed": "✕ missed", "open": "◷ still open", "no data": "· no data"}
    for place, stage in enumerate(stages):
        verdicts = [words[stage["target"][goal]["verdict"]] for goal in ("conversion", "days", "rating") if goal in (stage["target"] or {})]
        await expect(cells(page, "Target").nth(place).locator(".map-verdict")).to_have_text(verdicts)
    await expect(cells(page, "Target").nth(1).locator("li").last).to_have_attribute("title", re.compile("falls short"))


async def test_why_somebody_is_in_a_stage(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip")
    why = page.get_by_label("Why is somebody in Buys?")
    await why.click()
    await expect(page.locator(".map-why .panel").nth(2)).to_contain_text("the event is “Bought” and properties.seats is at least 1")
    await page.keyboard.press("Escape")
    await expect(page.locator(".map-why .panel").nth(2)).to_be_hidden()


async def test_the_keyboard_goes_from_mark_to_mark(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip")
    marks = page.locator(".map-drawn a")
    assert await page.locator(".map-drawn a[tabindex='0']").count() == 1
    await page.locator(".map-drawn a[tabindex='0']").focus()
    await expect(page.locator(".map-tip")).to_contain_text("Looks")
    await page.keyboard.press("ArrowLeft")
    await expect(marks.nth(await marks.count() - 5)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_the_whole_map_as_tables_and_files(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=trip&zone=UTC")
    stages = trips.ask("/v1/journey-map", model="trip")["stages"]
    rows = await saved(page, "Save as CSV")
    assert rows[0] == ["Part", "Stage", "Name", "Number"]
    assert [float(row[3]) for row in rows if row[0] == "Entries"] == [stage["entries"] for stage in stages]
    assert ["Came by", "Looks", "Email", str(stages[0]["channels"]["listed"][1]["count"])] in rows
    async with page.expect_download() as download:
        await chosen(page, "Save as PNG")
    picture = read(await (await download.value).path())
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
    await page.get_by_role("radio", name="Table").check()
    moves = page.locator(".map-tables tbody").nth(1).locator("tr")
    await expect(moves).to_have_count(len(trips.ask("/v1/transitions", model="trip")["transitions"]))
    await expect(page.locator(".map-tables tbody").nth(0).locator("tr").nth(0).locator("td").nth(1)).to_have_text(str(stages[0]["at_end"]))
    await accessible(page)
    await pictured(page, "map-tables")


def read(file: Path) -> bytes:
    return file.read_bytes()


async def chosen(page: Page, item: str) -> None:
    await page.locator(".map-sheet .tools summary").click()
    await page.get_by_role("button", name=item).click()


async def saved(page: Page, item: str) -> list[list[str]]:
    async with page.expect_download() as download:
        await chosen(page, item)
    await page.keyboard.press("Escape")
    return list(csv.reader(io.StringIO(read(await (await download.value).path()).decode())))


async def test_on_a_phone_stages_stand_one_under_the_other(trips: Waystage, phone: BrowserContext) -> None:
    page = await looking_at(phone, trips, "map?model=trip")
    await expect(page.locator(".map-sections h3")).to_have_count(4)
    await expect(page.locator(".map-drawn text").first).to_be_visible()
    entries = page.locator(".map-term").filter(has=page.locator(".map-head-entries")).locator(".map-a")
    await expect(entries).to_have_text(written([stage["entries"] for stage in trips.ask("/v1/journey-map", model="trip")["stages"]]))
    await accessible(page)
    await pictured(page, "map-phone")


async def test_names_of_events_have_no_map_and_a_nonsensical_filter_has_a_way_out(trips: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, trips, "map?model=each_event_name")
    await expect(page.get_by_role("link", name="Look at transitions")).to_be_visible()
    await page.goto(f"{trips.url}/#/map?model=trip&channel=nonsense")
    await page.get_by_role("button", name="Show all time, unfiltered").click()
    await expect(page.locator(".map-bar")).to_have_count(4)
    await page.goto(f"{trips.url}/#/map?model=trip&within=soon")
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_nothing_of_an_event_runs(shared_waystage: Waystage, browser: BrowserContext) -> None:
    for hostile in HOSTILE:
        shared_waystage.batch(deeds(hostile))
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, "map?against=segment&b.utm_source=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    await expect(page.locator(".map-legend")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator(ACTIVE).count() == 0


async def test_before_anybody_came_there_is_a_welcome_that_gives_way(waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, waystage)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nobody has come yet")
    await expect(page.get_by_role("link", name="Open the demo shop")).to_be_visible()
    await expect(page.locator(".code pre").nth(0)).to_contain_text("waystage.js")
    await accessible(page)
    await pictured(page, "map-welcome")
    waystage.batch([{"type": "track", "userId": "u-1", "event": "Product Viewed"}])
    await expect(page.get_by_role("heading", level=1)).to_have_text("Journey map")
    await expect(cells(page, "Entries").locator(".map-a")).to_have_text(["0", "1", "0", "0", "0"])
