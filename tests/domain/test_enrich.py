"""Enrichment: what is read out of single events, and that every verdict can be explained."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import EVENTS, VERDICTS
from app.domain.journeys.channels import channels
from app.domain.journeys.enrich import enrich, explain_channel, with_machine_rules

ORACLES = Path(__file__).parents[2].joinpath(os.environ.get("WAYSTAGE_ORACLES", "../shared/oracles"), "channels")
Row = dict[str, Any]

SHOP = "https://shop.example/"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def enriched(**event: Any) -> Row:
    return enrich(pl.DataFrame([{"type": "page", "trusted": False} | event], schema=EVENTS)).row(0, named=True)


def read(columns: str, **event: Any) -> tuple[Any, ...]:
    row = enriched(**event)
    return tuple(row[column] for column in columns.split())


@pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no oracles in {ORACLES}; WAYSTAGE_ORACLES names their folder")
def test_published_cases_hold_in_a_url_and_in_context_campaign() -> None:
    names = {channel.labels.get("ga4"): channel.name for channel in channels()}
    cases = [json.loads(line) for line in (ORACLES / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    expected = [names[case["expected"]] for case in cases]
    query = [urlencode({f"utm_{key}": case[key] for key in ("source", "medium", "campaign")}) for case in cases]
    assert [explain_channel(f"{SHOP}?{text}").channel for text in query] == expected
    sent = [{"source": case["source"], "medium": case["medium"], "name": case["campaign"]} for case in cases]
    assert [explain_channel(SHOP, campaign=campaign).channel for campaign in sent] == expected


def test_the_columns_and_rows_stay_and_verdicts_join_them() -> None:
    events = pl.DataFrame({"type": ["page"] * 3, "url": ["b", None, "a"]}, schema_overrides=EVENTS)
    events = events.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in EVENTS.items() if name not in events.columns)
    out = enrich(events.with_columns(customer=pl.Series([3, 1, 2])))
    assert dict(out.schema.items()) == {**dict(events.schema.items()), "customer": pl.Int64} | {**pl.Schema(VERDICTS)}
    assert out["customer"].to_list() == [3, 1, 2]
    assert enrich(events.clear()).schema == enrich(events).schema


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e", ("a", "b", "c", "d", "e")),
        ("UTM_Source=Vk&Utm_Medium=CPC", ("Vk", "CPC", None, None, None)),
        ("utm_campaign=%D0%9B%D0%B5%D1%82%D0%BE+50%25", (None, None, "Лето 50%", None, None)),
        ("utm_source=%20a%20&utm_medium=+", ("a", None, None, None, None)),
        ("utm_source=&utm_source=second&utm_source=third", ("second", None, None, None, None)),
        ("x=1&amp;utm_source=a&amp;utm_term=b", ("a", None, None, "b", None)),
        ("utm_source=a%00b&utm_term=%00", ("ab", None, None, None, None)),
        ("utm_source=%FF", ("\ufffd", None, None, None, None)),
        ("utm_source=a#utm_medium=b&?utm_term=c", ("a", None, None, None, None)),
        ("my_utm_source=a", (None, None, None, None, None)),
    ],
)
def test_a_campaign_is_decoded_from_the_url(query: str, values: tuple[str | None, ...]) -> None:
    assert read("utm_source utm_medium utm_campaign utm_term utm_content", url=f"{SHOP}?{query}") == values


def test_context_campaign_wins_value_by_value() -> None:
    url = f"{SHOP}?utm_source=url&utm_medium=url&utm_campaign=url"
    context = {"campaign_source": " app ", "campaign_medium": "", "campaign_term": "term"}
    assert read("utm_source utm_medium utm_campaign utm_term", url=url, **context) == ("app", "url", "url", "term")


@pytest.mark.parametrize(
    ("query", "click"),
    [
        ("gclid=x", ("x", "gclid")),
        ("GCLID=x", ("x", "gclid")),
        ("sccid=x", ("x", "ScCid")),
        ("rb_clickid=x", ("x", "vk")),
        ("fbclid=f&gclid=g", ("g", "gclid")),
        ("gclid=&yclid=y", ("y", "yclid")),
        ("mygclid=x", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_click_id_has_a_kind(query: str, click: tuple[str | None, ...]) -> None:
    assert read("click_id click_id_kind", url=f"{SHOP}?{query}") == click


@pytest.mark.parametrize(
    ("referrer", "host", "kind"),
    [
        ("https://www.Google.de:443/search?q=x", "google.de", "search"),
        ("https://user:word@l.facebook.com./x", "l.facebook.com", "social"),
        ("android-app://com.google.android.gm/", "com.google.android.gm", "email"),
        ("//t.me/x", "t.me", "messenger"),
        ("t.co/x", "t.co", "social"),
        ("https://пример.рф/", "пример.рф", "other"),
        ("https://www.shop.example/cart", "shop.example", "internal"),
        ("about:blank", None, None),
        ("/cart", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_referrer_has_a_host_and_a_class(referrer: str | None, host: str | None, kind: str | None) -> None:
    assert read("referrer_host referrer_class", url=SHOP, referrer=referrer) == (host, kind)


@pytest.mark.parametrize(
    ("event", "channel", "rule"),
    [
        ({}, "direct", "direct"),
        ({"referrer": "https://www.google.com/"}, "organic_search", "organic_search"),
        ({"referrer": "https://www.youtube.com/"}, "organic_video", "organic_video"),
        ({"referrer": "https://claude.ai/chat"}, "ai_assistant", "ai_assistant"),
        ({"referrer": "https://t.me/shop"}, "messenger", "messenger_source"),
        ({"referrer": "https://www.trustpilot.com/review/x"}, "review_site", "review_site"),
        ({"referrer": "https://mail.google.com/"}, "email", "webmail"),
        ({"referrer": "https://blog.example/post"}, "referral", "referral"),
        ({"referrer": "https://shop.example/cart"}, "direct", "direct"),
        ({"url": f"{SHOP}?gclid=x", "referrer": "https://www.google.com/"}, "paid_search", "click_search"),
        ({"url": f"{SHOP}?fbclid=x", "referrer": "https://l.facebook.com/"}, "organic_social", "click_facebook"),
        ({"url": f"{SHOP}?fbclid=x&utm_source=fb&utm_medium=paid"}, "paid_social", "paid_social"),
        ({"url": f"{SHOP}?utm_source=mail&utm_medium=email", "referrer": "https://www.google.com/"}, "email", "email"),
        ({"url": f"{SHOP}?utm_campaign=spring"}, "unassigned", "unassigned"),
        ({"url": f"{SHOP}?gclid=x", "touchpoint_channel": "In Person"}, "in_person", "said"),
        ({"url": f"{SHOP}?gclid=x", "touchpoint_channel": " "}, "paid_search", "click_search"),
    ],
)
def test_an_event_has_a_channel_and_its_rule(event: Row, channel: str, rule: str) -> None:
    assert read("channel channel_rule contact", **{"url": SHOP} | event) == (channel, rule, None)


@pytest.mark.parametrize(
    ("name", "kind", "channel"),
    [
        ("Email Delivered", "email", "email"),
        ("Email Opened", "email", "email"),
        ("Email Link Clicked", "email", "email"),
        ("Email Marked as Spam", "email", "email"),
        ("Unsubscribed", "email", "email"),
        ("Email Bounced", None, "direct"),
        ("Push Notification Received", "push", "push"),
        ("Push Notification Tapped", "push", "push"),
        ("Push Notification Bounced", None, "direct"),
        ("email_opened", "email", "email"),
        ("Ad Clicked", "ad", "display"),
        ("Radio Ad Heard", "offline_ad", "offline_ad"),
        ("Message Received", "message", "messenger"),
        ("Chat Started", "chat", "chat_bot"),
        ("Call Completed", "call", "call"),
        ("Meeting Held", "meeting", "in_person"),
        ("Store Visited", "visit", "store"),
        ("Order Delivered", "delivery", "delivery"),
        ("Service Rendered", "service", "service"),
        ("Survey Answered", "survey", "service"),
        ("NPS Answered", "survey", "service"),
        ("Review Submitted", "review", "review_site"),
        ("Letter Delivered", "letter", "post"),
        ("Webinar Attended", "event", "live_event"),
        ("Product Reviewed", None, "direct"),
        ("Order Completed", None, "direct"),
    ],
)
def test_a_contact_is_told_by_its_name(name: str, kind: str | None, channel: str) -> None:
    assert read("contact channel", type="track", name=name) == (kind, channel)
    assert read("contact", type="page", name=name) == (None,)


def test_a_contact_may_name_only_its_channel() -> None:
    assert read("contact channel", type="track", name="Fair Visited", touchpoint_channel="Live Event") == ("contact", "live_event")
    assert read("contact channel", type="page", touchpoint_channel="Live Event") == (None, "live_event")


@pytest.mark.parametrize(
    ("name", "url", "referrer", "channel"),
    [
        ("Ad Clicked", f"{SHOP}?utm_source=google&utm_medium=cpc", None, "paid_search"),
        ("Email Opened", f"{SHOP}?utm_source=mailer&utm_medium=newsletter", None, "email"),
        ("Email Opened", SHOP, "https://www.google.com/", "email"),
        ("Chat Started", f"{SHOP}?gclid=x", "https://www.google.com/", "chat_bot"),
    ],
)
def test_a_campaign_refines_some_contacts_and_the_page_none(name: str, url: str, referrer: str | None, channel: str) -> None:
    assert read("channel", type="track", name=name, url=url, referrer=referrer) == (channel,)


@pytest.mark.parametrize(
    ("event", "device", "rule"),
    [
        ({}, None, None),
        ({"user_agent": CHROME}, "desktop", None),
        ({"user_agent": GOOGLEBOT, "trusted": True}, "other", "crawler:googlebot"),
        ({"request_agent": GOOGLEBOT}, "other", "crawler:googlebot"),
        ({"request_agent": GOOGLEBOT, "trusted": True}, None, None),
        ({"request_agent": GOOGLEBOT, "user_agent": CHROME}, "desktop", None),
        ({"request_agent": "analytics-python/2.4.0"}, None, None),
        ({"request_agent": "okhttp/4.9.0", "device_kind": "android"}, "mobile", None),
        ({"user_agent": "okhttp/4.9.0"}, "other", "program:java"),
        ({"user_agent": " ", "request_agent": CHROME}, "desktop", None),
        ({"user_agent": CHROME, "device_kind": "Tablet"}, "tablet", None),
        ({"user_agent": CHROME, "device_kind": "zx81"}, "desktop", None),
        ({"device_kind": "zx81"}, "other", None),
    ],
)
def test_device_and_machine_are_read_from_the_right_agent(event: Row, device: str | None, rule: str | None) -> None:
    assert read("device machine_rule", **event) == (device, rule)


def test_an_explanation_names_what_it_rests_on() -> None:
    verdict = explain_channel(f"{SHOP}?utm_source=Google&utm_medium=CPC", "https://news.example/")
    assert verdict.channel == verdict.rule == "paid_search"
    assert verdict.why == "the source is a search engine and the medium a paid one: source google, medium cpc, category search"
    assert verdict.evidence["utm_source"] == "Google"
    assert verdict.evidence["referrer_host"] == "news.example"
    assert verdict.labels == {"ga4": "Paid Search", "en": "Paid search", "ru": "Поисковая реклама"}


def test_an_explanation_of_a_contact_and_of_a_channel_nobody_knows() -> None:
    assert explain_channel(name="Call Completed").evidence == {"contact_channel": "call", "contact": "call"}
    assert explain_channel(touchpoint_channel="Door to door")[:2] == ("door_to_door", "said")
    assert explain_channel(touchpoint_channel="Door to door").labels == {}


texts = st.none() | st.text(max_size=30)
links = texts | st.builds(
    "https://{}/?utm_source={}&{}={}".format, st.text(max_size=8), texts, st.sampled_from(["gclid", "UTM_MEDIUM"]), texts
)
mails = st.fixed_dictionaries(
    {
        "ip": st.none() | st.ip_addresses().map(str),
        "method": st.sampled_from([None, "GET", "HEAD"]),
        **dict.fromkeys(("flag", "message", "link"), texts),
    }
)
inputs = {name: texts for name, kind in EVENTS.items() if kind == pl.String} | {
    "type": st.sampled_from(["page", "track", "identify"]),
    "trusted": st.booleans(),
    "url": links,
    "referrer": links,
    "name": texts | st.sampled_from(["Email Opened", "Ad Clicked", "Chat Started"]),
    "mail": st.none() | mails.map(json.dumps),
}


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries(inputs), min_size=1, max_size=5))
def test_any_event_is_judged_the_same_alone_and_among_others(rows: list[Row]) -> None:
    events = pl.DataFrame(rows, schema=EVENTS)
    together = enrich(events).select(*VERDICTS).rows()
    assert with_machine_rules(events)["machine_rule"].to_list() == enrich(events)["machine_rule"].to_list()
    assert together == [enrich(pl.DataFrame([row], schema=EVENTS)).select(*VERDICTS).row(0) for row in rows]
