"""The page Customers: the list, one customer's journey across devices, and who is who."""

import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.reader import accessible, looking_at, pictured, settled
from tests.service import BROWSER, KEYS, Waystage

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime.now(UTC).replace(microsecond=0)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1"
SCANNER = "Mozilla/5.0 (compatible; BarracudaCentral)"
LETTER = {"source": "newsletter", "medium": "email", "name": "week-42"}
PAID = {"revenue": 129.9, "currency": "EUR"}
MANY = 1_300


class Traveller(NamedTuple):
    """Somebody who began on a phone, ordered on a laptop and came back; and somebody else who has used the phone since."""

    person: str
    other: str
    phone: str
    laptop: str


def told(kind: str, day: float, agent: str, page: str, **said: Any) -> dict[str, Any]:
    context = {"userAgent": agent, "page": {"url": f"https://shop.example{page}"}, **said.pop("context", {})}
    at = (NOW - timedelta(days=40 - day)).isoformat()
    return {"type": kind, "timestamp": at, "context": context, **said}


@pytest.fixture(scope="module")
def traveller(shared_waystage: Waystage) -> Traveller:
    name = uuid.uuid4().hex[:10]
    who = Traveller(f"ada-{name}", f"bob-{name}", f"phone-{name}", f"laptop-{name}")
    by_phone, by_laptop = {"anonymousId": who.phone}, {"anonymousId": who.laptop}
    mail = {"email": f"ada-{name}@shop.example"}
    known = {"userId": who.person, "traits": {"name": "Ada Lovelace", "plan": "free", **mail}}
    events = [
        told("page", 0, PHONE, "/?utm_source=instagram&utm_medium=paid_social&utm_campaign=spring", **by_phone),
        told("track", 2, PHONE, "/kettle", event="Product Viewed", **by_phone),
        told("track", 3, PHONE, "/join", event="Signed Up", properties=mail, **by_phone),
        told("track", 6, SCANNER, "/", event="Email Opened", properties=mail, context={"campaign": LETTER}),
        told("track", 10, BROWSER, "/kettle?utm_source=newsletter&utm_medium=email", event="Product Added", **by_laptop),
        told("track", 16, PHONE, "/pan", event="Product Viewed", **by_phone),
        told("identify", 20, BROWSER, "/login", **by_laptop, **known),
        told(
            "track", 20.1, BROWSER, "/thanks", event="Order Completed", userId=who.person, properties={"revenue": 129.9, "currency": "EUR"}
        ),
        told("identify", 30, PHONE, "/login", userId=who.person, traits={"plan": "pro"}, **by_phone),
        told("identify", 31, PHONE, "/login", userId=who.other, traits={"name": "Bob"}, **by_phone),
    ]
    assert shared_waystage.batch(events)["rejected"] == []
    shared_waystage.derived()
    return who


def titles(page: Page) -> Locator:
    """The names of the moments on the timeline, from above."""
    return page.locator("#moments .moment-title")


def fact(page: Page, name: str) -> Locator:
    return page.locator("#facts > div").filter(has=page.get_by_text(name, exact=True)).locator(".customer-fact")


async def test_the_list_says_who_where_and_since_when(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "customers")
    await expect(page.locator("#people-count")).to_have_text("600 customers · 3,605 sessions")
    answer = shop.ask("/v1/customers", order="last_seen", limit=50)
    rows = page.locator("#people-list tbody tr")
    await expect(rows.locator(".who a")).to_have_text([one["id"].partition(":")[2] for one in answer["customers"]])
    await expect(rows.first.locator(".stage")).to_have_text(answer["customers"][0]["stage"].title())
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(100)
    await page.get_by_label("Stage now").select_option("purchase")
    expected = shop.ask("/v1/customers", stage="purchase")["total"]
    await expect(page.locator("#people-count")).to_have_text(f"{expected} customers")
    assert page.url.endswith("stage=purchase")
    await page.get_by_label("Waiting too long").check()
    stalled = shop.ask("/v1/customers", stage="purchase", stalled=True)["total"]
    await expect(page.locator("#people-count")).to_have_text(f"{stalled} customer{'s' if stalled != 1 else ''}")


async def test_the_whole_list_is_saved_as_csv(shop: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shop, "customers?stage=awareness")
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save all as CSV").click()
    rows = list(csv.DictReader(io.StringIO((await (await saving.value).path()).read_text("utf-8"))))
    assert len(rows) == shop.ask("/v1/customers", stage="awareness")["total"]
    assert {row["stage"] for row in rows} == {"awareness"}


async def test_a_search_leads_to_a_customer_and_back(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, "customers")
    await page.get_by_role("searchbox").fill(traveller.laptop.upper())
    await expect(page.locator("#people-count")).to_have_text("1 customer")
    await page.get_by_role("link", name="Ada Lovelace").click()
    await expect(page.get_by_role("heading", level=1, name="Ada Lovelace")).to_be_visible()
    await page.get_by_role("link", name="All customers").click()
    await expect(page.get_by_role("searchbox")).to_have_value(traveller.laptop.upper())
    await page.get_by_role("searchbox").fill("nobody-is-called-that")
    await expect(page.locator("#nobody")).to_contain_text("Nobody is found")
    await page.get_by_role("button", name="Show everybody").click()
    await expect(page.locator("#people-list")).to_be_visible()


async def test_customers_are_found_by_a_trait(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, f"customers?q={traveller.person}")
    await page.get_by_label("Trait").fill("plan:pro")
    await page.get_by_label("Trait").press("Enter")
    await expect(page.get_by_role("link", name="Ada Lovelace")).to_be_visible()
    await page.get_by_role("button", name="Remove the filter plan:pro").click()
    await page.get_by_label("Trait").fill("plan:free")
    await page.get_by_label("Trait").press("Enter")
    await expect(page.locator("#nobody")).to_be_visible()


async def test_a_journey_tells_the_same_as_its_answer(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, f"customers/anonymous_id:{traveller.laptop}")
    journey = shared_waystage.journey(f"user_id:{traveller.person}")
    names = [event["event"] or "Identified" for event in journey["events"]]
    await expect(titles(page)).to_have_text(names[::-1])
    people = [touch for touch in journey["touches"] if not touch["machine"]]
    assert 0 < len(people) < len(journey["touches"])
    await expect(fact(page, "Touches")).to_have_text(str(len(people)))
    await expect(fact(page, "Sessions")).to_have_text(str(sum(not session["machine"] for session in journey["sessions"])))
    await expect(fact(page, "Stage now")).to_have_text(journey["entries"][-1]["stage"].title())
    await expect(page.locator("#facts")).to_contain_text("€129.90")
    await expect(page.locator("#moments li.machine")).to_contain_text("A machine, not a person")
    await page.get_by_role("radio", name="Oldest first").check()
    await expect(titles(page)).to_have_text(names)
    for kind in ("Touches", "Sessions", "Other events"):
        await page.get_by_role("checkbox", name=kind).uncheck()
    await expect(page.locator("#moments .stage")).to_have_text([entry["stage"].title() for entry in journey["entries"]])
    await page.reload()
    await expect(titles(page)).to_have_count(len(journey["entries"]))


async def test_the_journey_is_drawn_and_listed(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{traveller.person}")
    figure = page.locator(".figure-journey")
    picture = figure.locator(".picture canvas")
    tall = await picture.evaluate("(canvas) => canvas.clientHeight")
    await page.get_by_label("Part of the journey").select_option("7")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(canvas) => canvas.clientHeight") < tall, "devices that were not used lately have no lane"
    await page.get_by_label("Part of the journey").select_option("")
    await page.get_by_role("radio", name="Silences drawn together").check()
    assert "scale=even" in page.url
    await figure.get_by_role("radio", name="Table").check()
    entries = shared_waystage.journey(f"user_id:{traveller.person}")["entries"]
    await expect(figure.locator("tbody .stage")).to_have_text([entry["stage"].title() for entry in entries])
    back = [entry for entry in entries if entry["stage"] == "consideration" and entry["from"] == "decision"]
    await expect(figure.locator("tbody .bad")).to_have_count(len(back))
    assert len(back) == 1


async def test_a_moment_says_why(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{traveller.person}?order=oldest")
    first = page.locator("#moments li").first
    await first.get_by_role("button", name="Why: Page Viewed").click()
    await expect(first).to_contain_text(
        "Paid social: the source is a social network and the medium a paid one (instagram / paid_social / spring"
    )
    await expect(first).to_contain_text("Entered Awareness")
    await expect(first).to_contain_text("it is a touch and it is the first such event")
    order = page.locator("#moments .moments > li").filter(has=page.get_by_role("button", name="Why: Order Completed"))
    await order.get_by_role("button").click()
    await expect(order).to_contain_text("Entered Purchase")
    await expect(order).to_contain_text("Loyalty, but not: it is number 2 of such events, or a later one (it was: 1)")


async def test_traits_have_a_history(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{traveller.person}")
    plan = page.locator("#traits > div").filter(has_text="plan")
    await expect(plan.locator(".customer-trait .value")).to_have_text("pro")
    await plan.get_by_text("1 value before").click()
    await expect(plan.locator("ol li .value")).to_have_text("free")


async def test_a_pair_is_struck_out_after_a_look_at_what_would_change_and_put_back(
    shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller
) -> None:
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{traveller.person}", KEYS.admin)
    member = page.locator("#identity li li").filter(has_text=traveller.phone)
    await member.get_by_role("button", name="pieces of evidence").click()
    chosen = member.locator(".customer-links > li.chosen")
    await expect(chosen).to_contain_text("decides")
    await expect(member.locator(".customer-links > li").filter(has_text=traveller.other)).to_contain_text("came later")
    await chosen.get_by_role("button", name="Strike out").click()
    dialog = page.get_by_role("dialog")
    then = dialog.locator(".customer-parting > div").nth(1)
    await expect(then.locator("> ul > li").filter(has_text=traveller.phone)).to_contain_text(traveller.other)
    await accessible(page)
    await dialog.get_by_role("button", name="Cancel").click()
    assert shared_waystage.ask(f"/v1/customers/anonymous_id:{traveller.phone}/journey")["customer"]["id"] == f"user_id:{traveller.person}"
    await chosen.get_by_role("button", name="Strike out").click()
    await dialog.get_by_role("button", name="Strike out", exact=True).click()
    await expect(page.locator("#identity")).not_to_contain_text(traveller.phone)
    await page.goto(f"{shared_waystage.url}/#/customers?show=contradictions")
    pair = page.locator("#struck > li").filter(has_text=traveller.phone)
    await expect(pair).to_contain_text("struck out")
    await pair.get_by_role("button", name="Put back").click()
    await page.get_by_role("dialog").get_by_role("button", name="Put back", exact=True).click()
    await expect(pair).to_have_count(0)


async def test_a_contradiction_says_what_to_do(shared_waystage: Waystage, browser: BrowserContext, traveller: Traveller) -> None:
    page = await looking_at(browser, shared_waystage, "customers?show=contradictions")
    item = page.locator("#contradictions > li").filter(has_text=traveller.phone)
    await expect(item).to_contain_text("is linked to 2 different values of “User id”")
    await expect(item).to_contain_text("strike that pair out")
    await expect(item.get_by_role("link")).to_have_text([traveller.phone, traveller.person, traveller.other])
    await expect(item.get_by_role("button")).to_have_count(0)
    await expect(page.get_by_text("log in with the admin key")).to_be_visible()


async def test_a_customer_turns_up_and_goes_on_while_the_page_is_open(shared_waystage: Waystage, browser: BrowserContext) -> None:
    person = f"new & odd/{uuid.uuid4().hex}"
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{quote(person, safe='')}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"No customer is known as user_id:{person}")
    for number, name in enumerate(("Product Viewed", "Product Added", "Order Completed")):
        shared_waystage.batch([{"type": "track", "event": name, "userId": person}])
        await expect(titles(page)).to_have_count(number + 1)
        await expect(titles(page).first).to_have_text(name)
    await expect(fact(page, "Stage now")).to_have_text("Purchase")


async def test_a_long_journey_is_read_to_its_end(shared_waystage: Waystage, browser: BrowserContext) -> None:
    person = f"long-{uuid.uuid4().hex}"
    times = [(NOW - timedelta(days=5, minutes=-number)).isoformat() for number in range(MANY)]
    steps = [{"type": "track", "event": f"Step {number}", "userId": person, "timestamp": at} for number, at in enumerate(times)]
    for first in range(0, MANY, 650):
        shared_waystage.batch(steps[first : first + 650])
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{person}")
    await expect(page.locator("#facts")).to_contain_text(f"{MANY:,} events")
    await expect(titles(page).first).to_have_text(f"Step {MANY - 1}")
    await page.get_by_role("button", name="Show more").click()
    await expect(titles(page)).to_have_count(260)


async def test_names_that_look_like_markup_are_text(shared_waystage: Waystage, browser: BrowserContext) -> None:
    words = f"<img src=x onerror=alert(1)> {{a|{uuid.uuid4().hex[:6]}}}"
    shared_waystage.batch([{"type": "identify", "userId": words, "anonymousId": words, "traits": {"name": words, words: words}}])
    shared_waystage.batch(
        [told("track", 39, BROWSER, f"/{words}", event=words, userId=words, anonymousId=words, context={"campaign": {"source": words}})],
    )
    shared_waystage.derived()
    page = await looking_at(browser, shared_waystage, f"customers/user_id:{quote(words, safe='')}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(words)
    await page.locator(".figure-journey canvas").hover(position={"x": 30, "y": 55})
    for button in await page.get_by_role("button", name="Why").all():
        await button.click()
    await settled(page)
    assert await page.locator("main :is(img, script, svg, [onerror])").count() == 0


@pytest.fixture
def readers(browser: BrowserContext, russian: BrowserContext, phone: BrowserContext) -> dict[str, BrowserContext]:
    return {"en-light": browser, "ru-dark": russian, "phone": phone}


@pytest.mark.parametrize("name", ["list", "customer", "contradictions"])
async def test_pages_look_right(shared_waystage: Waystage, readers: dict[str, BrowserContext], traveller: Traveller, name: str) -> None:
    where = {"customer": f"customers/user_id:{traveller.person}", "contradictions": "customers?show=contradictions"}.get(name, "customers")
    for how, reader in readers.items():
        page = await looking_at(reader, shared_waystage, where, KEYS.admin)
        if name == "customer":
            await page.locator(".customer-why").first.click()
            await page.locator("#identity .plain").first.click()
        await pictured(page, f"customers-{name}-{how}")
        await accessible(page)
