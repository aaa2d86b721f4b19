"""The page Set up, walked as an operator walks it."""

import json
import re
import secrets
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.reader import accessible, looking_at, pictured
from tests.service import KEYS, Waystage, basic, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATIENCE = 30_000
HOSTILE = "<img src=x onerror=alert(1)>"


def card(page: Page, title: str) -> Locator:
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=title, exact=True))


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


async def test_a_source_is_made_connected_and_heard_of(shared_waystage: Waystage, browser: BrowserContext) -> None:
    name = f"Blog {secrets.token_hex(3)} {HOSTILE}"
    page = await looking_at(browser, shared_waystage, "setup", KEYS.admin)
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("radio", name="trusted").check()
    await page.get_by_role("radio", name="public").check()
    await page.get_by_role("button", name="Make the source").click()
    connecting = card(page, f"Connect {name}")
    await expect(connecting.get_by_role("status")).to_have_text("Waiting for the first event …")
    key = await connecting.get_by_label("The new key that may write").inner_text()
    await expect(connecting.get_by_label(f"Snippet of {name}")).to_contain_text(f'data-write-key="{key}"')
    await pictured(page, "setup-sources-light-en")
    await accessible(page)
    shared_waystage.client.post("/v1/track", json={"event": "Begun", "anonymousId": name}, headers=basic(key)).raise_for_status()
    await expect(connecting.get_by_role("status")).to_contain_text("The first event has arrived.")
    await expect(row(page, name)).to_contain_text("live")
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Make the source").click()
    await expect(page.get_by_role("alert")).to_contain_text("already")


async def test_a_source_of_which_no_key_is_known_gets_another(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage, "setup/sources", KEYS.admin)
    await page.get_by_role("link", name="site", exact=True).click()
    await expect(page.get_by_label("Snippet of site")).to_contain_text(f'data-write-key="{KEYS.write}"')
    await page.get_by_role("link", name="server", exact=True).click()
    connecting = card(page, "Connect server")
    await connecting.get_by_role("button", name="Make another key").click()
    key = await connecting.get_by_label("The new key that may write").inner_text()
    await expect(connecting.get_by_label("Command that sends an event as server")).to_contain_text(f'-u "{key}:"')
    assert shared_waystage.client.get("/v1/imports", headers=bearer(key)).status_code == 200


async def test_a_key_is_told_once_and_revoked_after_a_question(waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, waystage, "setup/keys", KEYS.admin)
    await page.get_by_role("button", name="Make the key").click()
    told = page.get_by_label("The new key that may read")
    key = await told.inner_text()
    assert waystage.client.get("/v1/sources", headers=bearer(key)).status_code == 200
    await expect(row(page, "yours")).to_contain_text("everything")
    await pictured(page, "setup-keys-light-en")
    await page.get_by_role("button", name="I have copied it").click()
    await expect(told).to_have_count(0)
    newest = page.locator("tbody tr").first
    await expect(newest).to_contain_text(key[:5])
    await newest.get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert waystage.client.get("/v1/sources", headers=bearer(key)).status_code == 200
    await newest.get_by_role("button").click()
    await accessible(page)
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(newest).to_contain_text("revoked just now")
    assert waystage.client.get("/v1/sources", headers=bearer(key)).status_code == 401


async def test_who_revokes_the_own_key_is_told_and_led_to_the_door(shared_waystage: Waystage, browser: BrowserContext) -> None:
    made = shared_waystage.client.post("/v1/keys", json={"scope": "admin"}, headers=bearer(KEYS.admin)).json()
    page = await looking_at(browser, shared_waystage, "setup/keys", made["key"])
    await row(page, "yours").get_by_role("button").click()
    await expect(page.get_by_role("dialog")).to_contain_text("you will be logged out")
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page).to_have_url(re.compile("/login"))


async def test_a_link_is_marked_and_what_is_wrong_with_it_is_said(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage, "setup/links", KEYS.admin)
    builder = card(page, "Mark a link")
    await builder.get_by_label("Where the link leads").fill("https://shop.example/spring")
    await builder.get_by_label("Source", exact=True).fill("CPC")
    await builder.get_by_label("Medium", exact=True).fill("google")
    await builder.get_by_label("Campaign", exact=True).fill("ada@example.com")
    await expect(builder.get_by_text("look swapped")).to_be_visible()
    await expect(builder.get_by_text("Campaign: This looks like a person")).to_be_visible()
    await pictured(page, "setup-links-faults-light-en")
    await accessible(page)
    await builder.get_by_role("button", name="Lower case, no spaces").click()
    await builder.get_by_role("button", name="Swap them").click()
    await builder.get_by_label("Campaign", exact=True).fill("spring")
    await expect(builder.get_by_text("Nothing to object to.")).to_be_visible()
    await expect(builder.locator("pre")).to_have_text("https://shop.example/spring?utm_source=google&utm_medium=cpc&utm_campaign=spring")
    await expect(builder.get_by_role("status").first).to_contain_text("Paid search")
    await builder.get_by_label("Source", exact=True).fill("fair")
    await builder.get_by_label("Medium", exact=True).fill("blimp")
    await expect(builder.get_by_text("No channel is known for this source and medium")).to_be_visible()
    await page.reload()
    await expect(builder.locator("pre")).to_contain_text("utm_medium=blimp")


async def test_each_recipient_gets_a_link(shared_waystage: Waystage, browser: BrowserContext) -> None:
    where = "setup/links?link=https://shop.example/spring&link.source=newsletter&link.medium=email"
    page = await looking_at(browser, shared_waystage, where, KEYS.admin)
    await page.get_by_label("In the name of").select_option("server")
    await page.get_by_label("Mailing or ad (its id)").fill("spring-1")
    await page.get_by_label("Recipients").fill("ada@example.com\nu-17\n\nada@example.com\n")
    await page.get_by_role("button", name="Make the links").click()
    rows = page.locator(".figure-links tbody tr")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("ada@example.com")
    await expect(page.get_by_label("Mailing or ad (its id)")).to_have_value("spring-1")
    await pictured(page, "setup-links-light-en")
    click = await rows.nth(1).locator("code").nth(0).inner_text()
    answer = shared_waystage.client.get(click.removeprefix(shared_waystage.url))
    assert answer.headers["location"].startswith("https://shop.example/spring?utm_source=newsletter&utm_medium=email&ws_click=")


async def test_a_file_is_looked_at_imported_and_taken_back(shared_waystage: Waystage, browser: BrowserContext, tmp_path: Path) -> None:
    name = f"history-{secrets.token_hex(3)}"
    page_said = {"page": {"url": "https://shop.example/?utm_source=news&utm_medium=email"}}
    events = [{"type": "page", "anonymousId": name, "timestamp": f"2024-01-0{day}T00:00:00Z", "context": page_said} for day in (1, 2, 3)]
    file = tmp_path / f"{name}.ndjson"
    file.write_text("\n".join(map(json.dumps, [*events, {"type": "track"}])))
    page = await looking_at(browser, shared_waystage, "setup/imports", KEYS.admin)
    await page.get_by_label("File (").set_input_files(file)
    await page.get_by_label("Trusted source").select_option("server")
    await page.get_by_role("button", name="Look first").click()
    report = card(page, f"What importing {name}.ndjson would do")
    await expect(report.get_by_text("looked at")).to_be_visible(timeout=PATIENCE)
    await expect(report.locator(".su-counts")).to_have_text("Rows4New3Known before0Rejected1")
    await expect(report.locator(".su-found")).to_contain_text("Email3")
    await pictured(page, "setup-import-report-light-en")
    await accessible(page)
    await report.get_by_role("button", name="Import it").click()
    done = card(page, f"Import {name}.ndjson")
    await expect(done.get_by_text("done", exact=True)).to_be_visible(timeout=PATIENCE)
    await expect(done.locator(".su-counts")).to_have_text("Rows4New3Known before0Rejected1")
    rejects = tmp_path / "rejects.csv"
    async with page.expect_download() as downloading:
        await done.get_by_role("link", name="as CSV").click()
    await (await downloading.value).save_as(rejects)
    assert rejects.read_text("utf-8").startswith("line,field,code,reason,row")
    shared_waystage.derived()
    assert len(shared_waystage.journey(f"anonymous_id:{name}")["touches"]) == 3
    await done.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("dialog")).to_contain_text("3 events leave")
    await page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    await expect(done.get_by_text("taken back", exact=True)).to_be_visible(timeout=PATIENCE)
    await pictured(page, "setup-imports-light-en")


async def test_a_mapping_that_cannot_be_used_is_explained(shared_waystage: Waystage, browser: BrowserContext, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n")
    page = await looking_at(browser, shared_waystage, "setup/imports", KEYS.admin)
    await page.get_by_label("File (").set_input_files(file)
    await page.get_by_label("What it is").select_option("own")
    await page.get_by_label("Mapping (YAML)").fill("format: csv\nkind: [")
    await page.get_by_role("button", name="Look first").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_who_may_only_read_sees_what_there_is(shared_waystage: Waystage, browser: BrowserContext) -> None:
    page = await looking_at(browser, shared_waystage, "setup")
    await expect(page.get_by_text("You are logged in with a read key.")).to_be_visible()
    await expect(row(page, "site")).to_contain_text("public")
    for tab in ("Keys", "Links", "Imports"):
        await page.get_by_role("link", name=tab, exact=True).click()
        await expect(page.get_by_text("You are logged in with a read key.")).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^(Make|Look|Revoke|Take)"))).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_in_russian_and_in_the_dark(shared_waystage: Waystage, russian: BrowserContext) -> None:
    page = await looking_at(russian, shared_waystage, "setup", KEYS.admin)
    await page.get_by_label("Название").fill(f"Лавка {secrets.token_hex(3)}")
    await page.get_by_role("button", name="Создать источник").click()
    await expect(page.get_by_text("Ждём первое событие …")).to_be_visible()
    await pictured(page, "setup-sources-dark-ru")
    await page.get_by_role("link", name="Ссылки", exact=True).click()
    await page.get_by_label("Куда ведёт ссылка").fill("https://shop.example/")
    await page.get_by_label("Источник", exact=True).fill("Новости")
    await expect(page.get_by_text("две разные метки")).to_be_visible()
    await pictured(page, "setup-links-dark-ru")
    await accessible(page)
    for tab, name in (("Ключи", "keys"), ("Импорт", "imports")):
        await page.get_by_role("link", name=tab, exact=True).click()
        await pictured(page, f"setup-{name}-dark-ru")
        await accessible(page)


async def test_on_a_phone(shared_waystage: Waystage, phone: BrowserContext) -> None:
    page = await looking_at(phone, shared_waystage, "setup?shown=site", KEYS.admin)
    await pictured(page, "setup-sources-phone")
    for tab in ("Keys", "Links", "Imports"):
        await page.get_by_role("link", name=tab, exact=True).click()
        await pictured(page, f"setup-{tab.lower()}-phone")
        await accessible(page)
