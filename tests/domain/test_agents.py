"""User agents: published crawlers and browsers told apart, and devices."""

import os
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.journeys.agents import device_named, judge_agents

ORACLES = Path(__file__).parents[2].joinpath(os.environ.get("WAYSTAGE_ORACLES", "../shared/oracles"), "bots")
needs_oracles = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no oracles in {ORACLES}; WAYSTAGE_ORACLES names their folder")
PIXEL = "Mozilla/5.0 (Linux; Android 13; Pixel 6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Mobile Safari/537.36"


def published(name: str) -> list[str]:
    groups = yaml.safe_load((ORACLES / name).read_text(encoding="utf-8"))
    return [agent for agents in groups.values() for agent in agents]


def rules_of(agents: list[str]) -> list[str | None]:
    return judge_agents(pl.Series(agents, dtype=pl.String))["agent_rule"].to_list()


@needs_oracles
def test_every_published_crawler_is_a_machine() -> None:
    crawlers = published("crawlers.yml")
    assert len(crawlers) >= 626
    assert [agent for agent, rule in zip(crawlers, rules_of(crawlers), strict=True) if rule is None] == []


@needs_oracles
def test_no_published_browser_is_a_machine() -> None:
    browsers = published("browsers.yml")
    assert len(browsers) >= 555
    assert [(agent, rule) for agent, rule in zip(browsers, rules_of(browsers), strict=True) if rule] == []


@pytest.mark.parametrize(
    ("agent", "rule"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler:googlebot"),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "mail_scanner:google_image_proxy"),
        ("Mozilla/5.0 (compatible; Barracuda Sentinel (EE))", "mail_scanner:barracuda"),
        ("python-requests/2.31.0", "program:python"),
        ("analytics-python/2.4.0", "program:tracking_sdk"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36; NewThing",
            "program:after_safari",
        ),
        ("SomeNewBot/0.1", "crawler:bot"),
        ("Mozilla/5.0", None),
        (PIXEL, None),
        ("MyShop/5.1.0 (Android 14; Pixel 8)", None),
    ],
)
def test_a_machine_is_told_by_a_named_rule(agent: str, rule: str | None) -> None:
    assert rules_of([agent]) == [rule]


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (PIXEL, "mobile"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 13_2_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "mobile"),
        ("Mozilla/5.0 (iPad; CPU OS 13_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (Linux; Android 12; SM-T870) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko", "desktop"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
            "desktop",
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64 11895.118.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/74.0 Safari/537.36", "desktop"),
        ("Mozilla/5.0 (SMART-TV; X11; Linux armv7l) AppleWebKit/537.42 (KHTML, like Gecko) Chrome/25.0 Safari/537.42", "tv"),
        ("Mozilla/5.0 (Linux; Android 5.1; AFTS Build/LMY47O) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41 Safari/537.36", "tv"),
        ("Lynx/2.8.9rel.1 libwww-FM/2.14", "other"),
    ],
)
def test_a_device_is_read_from_the_agent(agent: str, device: str) -> None:
    assert judge_agents(pl.Series([agent]))["agent_device"].to_list() == [device]


@pytest.mark.parametrize(
    ("kind", "device"),
    [
        ("iOS", "mobile"),
        ("Smart TV", "tv"),
        ("smart-tv", "tv"),
        (" Desktop ", "desktop"),
        ("iPad", "tablet"),
        ("watch", "other"),
        ("zx81", None),
    ],
)
def test_a_device_is_called_by_many_words(kind: str, device: str | None) -> None:
    assert device_named(kind) == device


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40)))
def test_any_text_is_judged_the_same_alone_and_among_others(agents: list[str]) -> None:
    together = judge_agents(pl.Series(agents, dtype=pl.String)).rows()
    assert together == [judge_agents(pl.Series([agent])).row(0) for agent in agents]
