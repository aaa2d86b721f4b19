"""Channels: the rule table, against Google's published cases, and rows of our own."""

import csv
import json
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.journeys.channels import EVIDENCE, channel_named, channels, decide, labels_of, referrer_class, rules, source_class

ORACLES = Path(__file__).parents[2].joinpath(os.environ.get("WAYSTAGE_ORACLES", "../shared/oracles"), "channels")
needs_oracles = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no oracles in {ORACLES}; WAYSTAGE_ORACLES names their folder")
BY_GA4 = {channel.labels["ga4"]: channel.name for channel in channels() if "ga4" in channel.labels}


def decided(**evidence: str | None) -> tuple[str, str]:
    row = decide(pl.DataFrame([evidence], schema=dict.fromkeys(EVIDENCE, pl.String))).row(0, named=True)
    return row["channel"], row["channel_rule"]


def by_campaign(source: str, medium: str, campaign: str) -> str:
    evidence = {"source": source.lower(), "medium": medium.lower(), "campaign": campaign.lower()}
    return decided(**{key: value or None for key, value in evidence.items()}, category=source_class(source.lower()))[0]


@needs_oracles
def test_every_published_case_has_its_group() -> None:
    cases = [json.loads(line) for line in (ORACLES / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    wrong = [case for case in cases if by_campaign(case["source"], case["medium"], case["campaign"]) != BY_GA4[case["expected"]]]
    assert len(cases) >= 29
    assert wrong == []


@needs_oracles
def test_every_published_source_has_its_category() -> None:
    with (ORACLES / "ga4_source_categories.csv").open(encoding="utf-8") as lines:
        rows = [(row["source"].lower(), row["source_category"].removeprefix("SOURCE_CATEGORY_").lower()) for row in csv.DictReader(lines)]
    assert [(source, category) for source, category in rows if source_class(source) != category] == []


@needs_oracles
def test_the_groups_are_in_the_published_order() -> None:
    order = [BY_GA4[group] for group, _ in json.loads((ORACLES / "ga4_rules.json").read_text(encoding="utf-8"))["order"]]
    ours = [rule.channel for rule in rules().values() if rule.name == rule.channel and rule.channel in BY_GA4.values()]
    assert ours == order


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "channel"),
    [
        ("www.google.de", "cpc", "", "paid_search"),
        ("google.com.br", "", "", "organic_search"),
        ("m.facebook.com", "cpm", "", "paid_social"),
        ("unknown", "cpm", "", "display"),
        ("Amazon.co.uk", "", "", "organic_shopping"),
        ("anything", "ppc", "spring-SHOPPING", "paid_shopping"),
        ("anything", "", "workshop", "unassigned"),
        ("anything", "", "petshopping", "organic_shopping"),
        ("anything", "", "e-shop", "organic_shopping"),
        ("anything", "", "eshop", "organic_shopping"),
        ("google", "organic", "pmax cross-network", "cross_network"),
        ("(direct)", "", "", "unassigned"),
        ("t.me", "", "", "organic_social"),
        ("telegram", "", "", "messenger"),
        ("whatsapp", "messenger", "", "messenger"),
        ("chatgpt.com", "", "", "ai_assistant"),
        ("chatgpt.com", "referral", "", "ai_assistant"),
        ("otzovik.com", "referral", "", "review_site"),
        ("anything", "chat-bot", "", "chat_bot"),
        ("anything", "phone", "", "call"),
        ("anything", "in_store", "", "store"),
        ("anything", "direct mail", "", "post"),
        ("city", "billboard", "", "offline_ad"),
        ("package", "QR", "", "offline_ad"),
        ("expo", "conference", "", "live_event"),
        ("facebook", "event", "", "organic_social"),
        ("partner", "Link", "", "referral"),
    ],
)
def test_source_medium_and_campaign_name_a_channel(source: str, medium: str, campaign: str, channel: str) -> None:
    assert by_campaign(source, medium, campaign) == channel


@pytest.mark.parametrize(
    ("evidence", "channel", "rule"),
    [
        ({}, "unassigned", "unassigned"),
        ({"said": "store", "source": "google", "medium": "cpc"}, "store", "said"),
        ({"contact_channel": "call"}, "call", "contact"),
        ({"contact_channel": "email", "medium": "cpc"}, "paid_other", "paid_other"),
        ({"contact_channel": "email", "medium": "newsletter"}, "email", "contact_after_all"),
        ({"click": "gclid"}, "paid_search", "click_search"),
        ({"click": "gclid", "source": "google", "category": "search"}, "paid_search", "click_search"),
        ({"click": "gclid", "medium": "email"}, "email", "email"),
        ({"click": "dclid"}, "display", "click_display"),
        ({"click": "ttclid"}, "paid_social", "click_social"),
        ({"click": "ttclid", "medium": "social"}, "organic_social", "organic_social"),
        ({"click": "fbclid"}, "organic_social", "click_facebook"),
        ({"click": "fbclid", "source": "letter", "medium": "email"}, "email", "email"),
    ],
)
def test_the_first_rule_that_holds_names_the_channel(evidence: dict[str, str], channel: str, rule: str) -> None:
    assert decided(**evidence) == (channel, rule)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("google.com", "search"),
        ("google.co.jp", "search"),
        ("de.search.yahoo.com", "search"),
        ("yandex.com.tr", "search"),
        ("docs.google.com", "other"),
        ("mail.google.com", "email"),
        ("mail.yandex.ru", "email"),
        ("gemini.google.com", "ai_assistant"),
        ("de-de.facebook.com", "social"),
        ("vk.com", "social"),
        ("web.whatsapp.com", "messenger"),
        ("org.telegram.messenger", "messenger"),
        ("uk.trustpilot.com", "review_site"),
        ("m.youtube.com", "video"),
        ("amazon.de", "shopping"),
        ("shop.social", "other"),
        ("localhost", "other"),
    ],
)
def test_a_referrer_has_a_class(host: str, kind: str) -> None:
    assert referrer_class(host) == kind


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Paid Search", "paid_search"),
        ("inPerson", "in_person"),
        ("Mobile Push Notifications", "push"),
        ("Звонки", "call"),
        ("Door-to-door", "door_to_door"),
        ("  ", None),
        ("—", None),
    ],
)
def test_a_channel_is_called_by_name_or_label(text: str, name: str | None) -> None:
    assert channel_named(text) == name


def test_every_channel_has_labels_and_a_rule() -> None:
    names = {channel.name for channel in channels()}
    assert all({"en", "ru"} <= channel.labels.keys() for channel in channels())
    assert {rule.channel for rule in rules().values() if rule.channel} == names
    assert labels_of("push")["ga4"] == "Mobile Push Notifications"
    assert labels_of("door_to_door") == {}


words = (
    st.none()
    | st.sampled_from(["google", "cpc", "email", "shop", "gclid", "fbclid", "social", "(direct)", "(none)"])
    | st.text(max_size=12)
)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(EVIDENCE, words)), min_size=1, max_size=8))
def test_every_event_has_a_channel_and_a_known_rule_wherever_it_stands(rows: list[dict[str, str | None]]) -> None:
    together = decide(pl.DataFrame(rows, schema=dict.fromkeys(EVIDENCE, pl.String))).rows()
    assert together == [decided(**row) for row in rows]
    assert all(channel is not None and rule in rules() for channel, rule in together)
