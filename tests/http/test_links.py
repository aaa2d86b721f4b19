"""Links of mails and ads, from the mail system's request to the journey of whoever clicked."""

import base64
import json
import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import pytest

from app.domain.arriving.hits import Link, checked, tokens
from app.domain.identity.landings import PARAMETER
from tests.http.tables import account, metrics, rows, stored
from tests.service import BROWSER, KEYS, Waystage, until

NEWS = {"source": "newsletter", "medium": "email", "name": "spring"}
TARGET = "https://shop.example/spring?size=4#top"
SCANNER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


class Landing(NamedTuple):
    """A page view that arrived: its message id, and the accounts' answer to it."""

    message_id: str
    answer: dict[str, Any]


@pytest.fixture
def person() -> str:
    """An email address that nobody else has."""
    return f"{uuid.uuid4().hex}@example.com"


def made(waystage: Waystage, **link: Any) -> dict[str, str]:
    """The addresses of a link."""
    response = waystage.post("/v1/links", {"kind": "email", "target": TARGET, "campaign": NEWS, "message": "spring-1"} | link)
    assert response.status_code == 200, response.text
    addresses: dict[str, str] = response.json()
    return addresses


def visit(address: str, method: str = "GET", agent: str = BROWSER) -> httpx.Response:
    return httpx.request(method, address, headers={"User-Agent": agent})


def land(waystage: Waystage, location: str, device: str, **fields: Any) -> Landing:
    """Send a page view as the snippet does it from where a browser arrived."""
    url, query = location.partition("#")[0], urlsplit(location).query
    page = {"url": url, "path": urlsplit(location).path, "search": f"?{query}", "title": "Spring", "referrer": ""} | fields
    event: dict[str, Any] = {
        "type": "page",
        "messageId": f"page-{device}",
        "anonymousId": device,
        "properties": page,
        "context": {"page": page},
    }
    event["timestamp"] = datetime.now(UTC).isoformat()
    response = waystage.client.post("/v1/batch", json={"batch": [event], "writeKey": KEYS.write}, headers={"User-Agent": BROWSER})
    return Landing(event["messageId"], response.json())


def events_of(waystage: Waystage, person: str, count: int = 1) -> list[dict[str, Any]]:
    """The events that bear a recipient's email address, once there are so many."""
    query = "select * from events where email = $1 order by occurred_at"
    until(lambda: len(rows(waystage, query, person)) == count, f"{count} events of the recipient are stored")
    return [row | {"body": json.loads(row["body"])} for row in rows(waystage, query, person)]


def journey_of(waystage: Waystage, device: str) -> Any:
    waystage.derived()
    return waystage.journey(quote(f"anonymous_id:{device}", safe=""))


def lost(waystage: Waystage) -> float:
    return sum(value for name, value in metrics(waystage).items() if name.startswith("waystage_lost_hits_total"))


def test_who_opens_and_clicks_is_one_customer_and_click_and_session_are_one_touch(shared_waystage: Waystage, person: str) -> None:
    before = account(shared_waystage, "site")
    addresses = made(shared_waystage, recipient={"email": person, "userId": f"u-{person}"})
    assert visit(addresses["open"]).headers["content-type"] == "image/gif"
    answer = visit(addresses["click"])
    landing = land(shared_waystage, answer.headers["location"], f"device-{person}")
    assert landing.answer == {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}
    assert events_of(shared_waystage, person, 3)
    journey = journey_of(shared_waystage, f"device-{person}")
    assert {each["value"] for each in journey["customer"]["identifiers"]} == {person, f"u-{person}", f"device-{person}"}
    assert [(touch["kind"], touch["channel"], touch["campaign"]) for touch in journey["touches"]] == [("email", "email", "spring")] * 2
    assert [session["events"] for session in journey["sessions"]] == [1], "the page's; a mail opened or a link clicked is none"
    assert [event["event"] for event in journey["events"]] == ["Email Opened", "Email Link Clicked", "Page Viewed", None]
    both = {"received": before["received"] + 2, "stored": before["stored"] + 2}
    assert account(shared_waystage, "site") == before | both, "the page and whose device it comes from"
    said = account(shared_waystage, "server")
    assert said["received"] == said["stored"] + said["duplicate"] + said["failed"]


def test_the_stored_page_is_the_one_that_the_link_was_made_for(shared_waystage: Waystage, person: str) -> None:
    location = visit(made(shared_waystage, recipient={"email": person})["click"]).headers["location"]
    bare = "https://shop.example/spring?size=4&utm_source=newsletter&utm_medium=email&utm_campaign=spring"
    assert location.startswith(f"{bare}&{PARAMETER}=")
    assert location.endswith("#top")
    landing = land(shared_waystage, location, f"device-{person}", referrer=location)
    (page,) = stored(shared_waystage, landing.message_id)
    click, identity = events_of(shared_waystage, person, 2)
    assert (page["url"], page["referrer"]) == (bare, f"{bare}#top")
    assert page["body"]["context"] == {"page": {"path": "/spring", "search": f"?{urlsplit(bare).query}", "title": "Spring"}} | {
        "click": click["message_id"]
    }
    assert page["body"]["properties"]["url"] == bare
    assert (identity["message_id"], identity["anonymous_id"]) == (f"landing-{click['message_id']}", f"device-{person}")
    assert PARAMETER not in json.dumps([page, click, identity], default=str)


def test_a_link_takes_nobodys_device_who_has_logged_in_on_it(shared_waystage: Waystage, person: str) -> None:
    device, owner = f"device-{person}", f"owner-{person}"
    shared_waystage.batch([{"type": "identify", "anonymousId": device, "userId": owner}], KEYS.write)
    link = made(shared_waystage, recipient={"userId": f"other-{person}", "email": person})
    land(shared_waystage, visit(link["click"]).headers["location"], device)
    shared_waystage.derived()
    journey = shared_waystage.journey(f"anonymous_id:{device}")
    assert {"kind": "user_id", "value": owner} in [
        {key: each[key] for key in ("kind", "value")} for each in journey["customer"]["identifiers"]
    ]
    assert all(each["value"] != f"other-{person}" for each in journey["customer"]["identifiers"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_hit_says_what_the_link_and_the_request_say(shared_waystage: Waystage, person: str, method: str) -> None:
    link = {"recipient": {"email": person, "phone": "+49151234567"}, "properties": {"variant": "b", "price": 1.5}, "message": "m-7"}
    addresses = made(shared_waystage, **link)
    answers = [visit(addresses[which], method) for which in ("open", "click")]
    assert [(answer.status_code, answer.headers["cache-control"]) for answer in answers] == [(200, "no-store"), (302, "no-store")]
    assert answers[1].headers["referrer-policy"] == "no-referrer"
    opened, clicked = events_of(shared_waystage, person, 2)
    assert (opened["name"], clicked["name"]) == ("Email Opened", "Email Link Clicked")
    for event in (opened, clicked):
        assert (event["type"], event["phone"], event["user_agent"], event["ip"]) == ("track", "+49151234567", BROWSER, "127.0.0.0")
        assert event["body"]["context"]["campaign"] == NEWS
        assert event["body"]["context"]["request"] == {"method": method}
    said = {"variant": "b", "price": 1.5, "message_id": "m-7"}
    target = "https://shop.example/spring?size=4&utm_source=newsletter&utm_medium=email&utm_campaign=spring#top"
    assert (opened["body"]["properties"], clicked["body"]["properties"]) == (said, said | {"link_url": target})


def test_of_two_devices_with_one_url_the_first_alone_is_the_recipients(shared_waystage: Waystage, person: str) -> None:
    location = visit(made(shared_waystage, recipient={"email": person})["click"]).headers["location"]
    for device in (f"own-{person}", f"friend-{person}", f"own-{person}"):
        land(shared_waystage, location, device)
    assert len(events_of(shared_waystage, person, 2)) == 2
    friend = journey_of(shared_waystage, f"friend-{person}")
    assert [each["kind"] for each in friend["customer"]["identifiers"]] == ["anonymous_id"]
    assert [(touch["kind"], touch["channel"], touch["campaign"]) for touch in friend["touches"]] == [("session", "email", "spring")]
    assert [touch["kind"] for touch in journey_of(shared_waystage, f"own-{person}")["touches"]] == ["email"]


def test_a_second_click_is_a_second_touch(shared_waystage: Waystage, person: str) -> None:
    address = made(shared_waystage, recipient={"email": person})["click"]
    for device in (f"phone-{person}", f"laptop-{person}"):
        land(shared_waystage, visit(address).headers["location"], device)
    journey = journey_of(shared_waystage, f"laptop-{person}")
    assert [touch["kind"] for touch in journey["touches"]] == ["email", "email"]
    assert {each["kind"] for each in journey["customer"]["identifiers"]} == {"email", "anonymous_id"}


def test_a_machines_click_leads_nobody(shared_waystage: Waystage, person: str) -> None:
    location = visit(made(shared_waystage, recipient={"email": person})["click"], agent=SCANNER).headers["location"]
    land(shared_waystage, location, f"device-{person}")
    journey = journey_of(shared_waystage, f"device-{person}")
    assert [(touch["kind"], touch["machine"]) for touch in journey["touches"]] == [("email", True), ("session", False)]


def test_the_click_on_an_ad_forms_no_customer_and_its_session_is_the_touch(shared_waystage: Waystage, person: str) -> None:
    ad = {"kind": "ad", "campaign": {"source": "google", "medium": "cpc", "name": person}, "message": f"ad-{person}"}
    location = visit(made(shared_waystage, **ad)["click"]).headers["location"]
    land(shared_waystage, location, f"device-{person}")
    query = "select * from events where body #>> '{properties,message_id}' = $1"
    until(lambda: len(rows(shared_waystage, query, f"ad-{person}")) == 1, "the click is stored")
    (clicked,) = rows(shared_waystage, query, f"ad-{person}")
    journey = journey_of(shared_waystage, f"device-{person}")
    assert clicked["name"] == "Ad Clicked"
    assert rows(shared_waystage, "select * from event_subjects where event = $1", clicked["id"]) == []
    assert [(touch["kind"], touch["channel"], touch["campaign"]) for touch in journey["touches"]] == [("session", "paid_search", person)]
    assert [event["event"] for event in journey["events"]] == ["Page Viewed"]


@pytest.mark.parametrize("query", ["", f"?{PARAMETER}=", f"?{PARAMETER}=AAAA", f"?a=1&{PARAMETER}={'A' * 200}&{PARAMETER}=B&b=%26"])
def test_a_token_that_is_none_is_removed_and_nothing_else(shared_waystage: Waystage, person: str, query: str) -> None:
    landing = land(shared_waystage, f"https://shop.example/{query}", person)
    (page,) = stored(shared_waystage, landing.message_id)
    assert page["url"] == ("https://shop.example/?a=1&b=%26" if "a=1" in query else "https://shop.example/")
    assert "click" not in page["body"]["context"]
    assert rows(shared_waystage, "select 1 from events where anonymous_id = $1 and type = 'identify'", person) == []


def test_a_trusted_source_says_its_urls_as_they_are(shared_waystage: Waystage, person: str) -> None:
    location = visit(made(shared_waystage, recipient={"email": person})["click"]).headers["location"]
    event = {"type": "page", "messageId": person, "userId": person, "context": {"page": {"url": location}}}
    assert shared_waystage.batch([event])["accepted"] == 1
    assert stored(shared_waystage, person)[0]["url"] == location
    assert len(events_of(shared_waystage, person)) == 1


def test_what_is_no_token_of_ours_leads_nowhere(shared_waystage: Waystage) -> None:
    addresses = made(shared_waystage)
    token, opening = (addresses[which].rpartition("/")[2].removesuffix(".gif") for which in ("click", "open"))
    elsewhere = tokens(b"another instance's secret", 2, checked(Link(kind="email", target="https://evil.example/")))
    changed = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(0, len(token), 7)]
    changed += [token[:-1] + chr(ord(token[-1]) ^ 1), token[:-1], token + "A", f"{token}.", f".{token}", f"{token}=", f"{token}%00"]
    named = ["https://evil.example", "//evil.example", r"\\evil.example", "https:evil.example", "%0d%0aLocation:%20https://evil.example"]
    for other in (*changed, *named, *(quote(each, safe="") for each in named), opening, elsewhere.click, "a" * 10_000, ""):
        answer = visit(f"{shared_waystage.url}/c/{other}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), other
        assert "location" not in answer.headers
        assert "evil" not in answer.text
    before = lost(shared_waystage)
    for other in (changed[0], token, elsewhere.open, "x"):
        answer = visit(f"{shared_waystage.url}/o/{other}.gif")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert lost(shared_waystage) == before + 4


def test_nobody_reads_a_link(shared_waystage: Waystage, person: str) -> None:
    addresses = made(shared_waystage, recipient={"email": person, "userId": "secret-user"})
    for address in addresses.values():
        token = address.rpartition("/")[2].removesuffix(".gif")
        assert token.isascii()
        assert not any(word in base64.urlsafe_b64decode(token + "==") for word in (person.encode(), b"secret-user", b"shop.example"))
