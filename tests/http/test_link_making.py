"""POST /v1/links: which links are made, with which addresses, and why others are refused."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.domain.arriving.hits import Act, Link, checked, read_token, tokens
from app.domain.identity.landings import PARAMETER
from tests.http.test_links import TARGET, made, visit
from tests.service import Waystage

TARGETS = [
    "//evil.example",
    r"\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    r"https:\\evil.example",
    r"https://shop.example\@evil.example",
    "https://shop.example@evil.example",
    "https://user:password@shop.example/",
    "https://shop.example/\r\nSet-Cookie: a=b",
    "https://shop.example/\n",
    " https://shop.example/",
    "https://shop.example/a b",
    "https://shop.example/\t",
    "https://shop.example/\u0000",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://shop.example/",
    "/relative",
    "shop.example",
    "https://",
    "https://?x",
    "https://m\u00fcnchen.example/",
    "https://shop.example/" + "x" * 2_000,
    "",
]


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_an_address_of_the_web(shared_waystage: Waystage, target: str) -> None:
    answer = shared_waystage.post("/v1/links", {"kind": "email", "target": target})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "target")


@pytest.mark.parametrize(
    "target, location",
    [
        ("https://shop.example", "https://shop.example?"),
        ("HTTP://shop.example:8080/a%20b?x=%0d%0a", "HTTP://shop.example:8080/a%20b?x=%0d%0a&"),
        ("https://shop.example/\u0430?q=\u00e9\u0085\u202e", "https://shop.example/%D0%B0?q=%C3%A9%C2%85%E2%80%AE&"),
        ('https://shop.example/"<>`{}|^', "https://shop.example/%22%3C%3E%60%7B%7D%7C%5E?"),
        ("http://[::1]:80/?a", "http://[::1]:80/?a&"),
        (f"https://shop.example/?{PARAMETER}=mine&a=1", "https://shop.example/?a=1&"),
    ],
)
def test_a_redirect_is_of_characters_that_a_header_may_have(shared_waystage: Waystage, target: str, location: str) -> None:
    answer = visit(made(shared_waystage, target=target, campaign={})["click"])
    assert answer.headers["location"].startswith(f"{location}{PARAMETER}=")
    assert answer.headers["location"].count(PARAMETER) == 1
    assert answer.headers.keys() == {"location", "cache-control", "referrer-policy", "content-length", "date"}


def test_a_campaign_is_in_the_url_unless_it_says_another(shared_waystage: Waystage) -> None:
    campaign = {"source": "a&b", "medium": "email", "name": "\u00e9", "term": "", "content": None}
    target = "https://shop.example/?UTM_Medium=own&utm_source="
    location = visit(made(shared_waystage, target=target, campaign=campaign)["click"]).headers["location"]
    found = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
    assert found.pop(PARAMETER)
    assert found == {"UTM_Medium": "own", "utm_source": "", "utm_campaign": "\u00e9"}


def test_a_thousand_links_are_made_at_once(shared_waystage: Waystage) -> None:
    links = [{"kind": "email", "target": f"https://shop.example/{number}", "recipient": {"userId": str(number)}} for number in range(1_000)]
    answer = shared_waystage.post("/v1/links", links)
    assert [*map(sorted, answer.json())] == [["click", "open"]] * 1_000
    assert visit(answer.json()[7]["click"]).headers["location"].startswith("https://shop.example/7?")
    assert shared_waystage.post("/v1/links", [*links, links[0]]).status_code == 422


LINK = {"kind": "email", "target": TARGET}
REFUSED = [
    ([LINK, {"kind": "fax", "target": TARGET}], "[1].kind"),
    ([LINK, {"kind": "email", "target": "x"}], "[1].target"),
    ({"kind": "email"}, "body"),
    ({**LINK, "recipient": {"user": "u"}}, "recipient"),
    ({**LINK, "recipient": {"userId": 7}}, "recipient.userId"),
    ({**LINK, "recipient": {"userId": "x" * 201}}, "userId"),
    ({**LINK, "recipient": {"email": "a\0b"}}, "link"),
    ({**LINK, "properties": {"deep": json.loads("[" * 16 + "]" * 16)}}, "link"),
    ({**LINK, "properties": {"long": "x" * 4_000}}, "link"),
    ({**LINK, "properties": {"long": 2**64}}, "link"),
    ({**LINK, "campaigns": {}}, "body"),
    ([], "body"),
    (7, "body"),
]


@pytest.mark.parametrize("body, field", REFUSED)
def test_a_link_that_is_none_is_refused_by_its_field(shared_waystage: Waystage, body: Any, field: str) -> None:
    answer = shared_waystage.post("/v1/links", body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == field


def test_links_bear_the_address_that_the_mail_system_called(shared_waystage: Waystage) -> None:
    answer = shared_waystage.post("/v1/links", LINK, headers={"Host": "events.shop.example"})
    assert urlsplit(answer.json()["click"]).netloc == "events.shop.example"


def test_a_token_of_an_opening_holds_no_target() -> None:
    secret = b"secret"
    sealed = read_token(secret, Act.OPEN, tokens(secret, 2, checked(Link(kind="email", target=TARGET))).open)
    assert (sealed.source_id, sealed.link.target) == (2, "")
