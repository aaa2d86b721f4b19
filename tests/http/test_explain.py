"""Every verdict on a channel can be asked for its reason."""

import pytest

from tests.service import KEYS, Waystage, bearer

ASKED = [
    ({}, "direct"),
    ({"url": "https://shop.example/?utm_source=google&utm_medium=cpc"}, "paid_search"),
    ({"url": "https://shop.example/?gclid=x"}, "paid_search"),
    ({"url": "https://shop.example/", "referrer": "https://www.google.com/"}, "organic_search"),
    ({"url": "https://shop.example/", "referrer": "https://shop.example/kettle"}, "direct"),
    ({"referrer": "https://chatgpt.com/"}, "ai_assistant"),
    ({"url": "https://shop.example/?utm_medium=email"}, "email"),
    ({"event": "Email Opened"}, "email"),
    ({"event": "Visited", "touchpoint_channel": "live_event"}, "live_event"),
    ({"url": "\u0000\ufeff%zz?&=&&utm_source=%ff", "referrer": "//"}, "unassigned"),
]


@pytest.mark.parametrize("query, channel", ASKED)
def test_a_channel_comes_with_its_reason(shared_waystage: Waystage, query: dict[str, str], channel: str) -> None:
    answer = shared_waystage.ask("/v1/explain/channel", **query)
    assert answer.keys() == {"channel", "rule", "why", "evidence", "labels"}
    assert answer["channel"] == channel
    assert answer["rule"]
    assert len(answer["why"]) > 10
    assert answer["labels"].keys() >= {"en", "ru"}


def test_the_reason_names_what_was_read(shared_waystage: Waystage) -> None:
    answer = shared_waystage.ask("/v1/explain/channel", url="https://shop.example/?utm_source=Google&utm_medium=CPC&utm_campaign=a%20b")
    assert {"source": "google", "medium": "cpc", "utm_campaign": "a b"}.items() <= answer["evidence"].items()
    assert "source google" in answer["why"]


def test_the_verdict_is_that_of_the_journey(shared_waystage: Waystage) -> None:
    urls = [query["url"] for query, _ in ASKED[1:] if "url" in query and "\0" not in query["url"]]
    referrers = [query.get("referrer") for query, _ in ASKED[1:] if "url" in query and "\0" not in query["url"]]
    events = [
        {"type": "page", "anonymousId": f"explained-{place}", "context": {"page": {"url": url, "referrer": referrer or ""}}}
        for place, (url, referrer) in enumerate(zip(urls, referrers, strict=True))
    ]
    shared_waystage.batch(events)
    shared_waystage.derived()
    for place, (url, referrer) in enumerate(zip(urls, referrers, strict=True)):
        said = shared_waystage.ask("/v1/explain/channel", url=url, **({"referrer": referrer} if referrer else {}))
        assert shared_waystage.journey(f"anonymous_id:explained-{place}")["touches"][0]["channel"] == said["channel"]


def test_a_url_of_any_length_has_its_limit(shared_waystage: Waystage) -> None:
    assert shared_waystage.ask("/v1/explain/channel", url="x" * 4_000)["channel"]
    answer = shared_waystage.client.get("/v1/explain/channel", params={"url": "x" * 4_001}, headers=bearer(KEYS.read))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "url")
