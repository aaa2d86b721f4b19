"""What did not arrive: gaps in the numbers that browsers give their events."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store.cluster import Cluster
from tests.conftest import cloned
from tests.service import KEYS, Waystage, bearer, running


@pytest.fixture(scope="module")
def numbered_waystage(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waystage]:
    """A service whose only numbered events are these: those of other tests lie in the past and the future, and come due meanwhile."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("losses")) as service:
        yield service


def numbered(device: str, sequences: Iterable[int], url: str = "https://shop.example/", **context: Any) -> list[dict[str, Any]]:
    where = {"page": {"url": url}, **context}
    return [{"type": "track", "event": "Numbered", "anonymousId": device, "context": {**where, "sequence": each}} for each in sequences]


def losses(waystage: Waystage) -> dict[str, Any]:
    """What the public source lost so far."""
    waystage.derived()
    (found,) = [each for each in waystage.ask("/v1/losses")["sources"] if each["source"] == "site"]
    return dict(found)


def lost(waystage: Waystage, events: list[dict[str, Any]]) -> tuple[int, int, int]:
    """By how much these events raise the numbers received, missing and dropped."""
    before = losses(waystage)
    assert waystage.batch(events, KEYS.write)["rejected"] == []
    after = losses(waystage)
    assert after["loss"] == after["gaps"] / (after["received"] + after["gaps"])
    received, gaps, dropped = (after[word] - before[word] for word in ("received", "gaps", "dropped"))
    return received, gaps, dropped


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(browsers=st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=20), min_size=1, max_size=20))
def test_gaps_are_the_numbers_missing_between_the_least_and_the_greatest(numbered_waystage: Waystage, browsers: list[list[int]]) -> None:
    missing = sum(max(sequences) - min(sequences) + 1 - len(set(sequences)) for sequences in browsers)
    events = [event for sequences in browsers for event in numbered(f"losses-{uuid4()}", sequences)]
    assert lost(numbered_waystage, events) == (len(events), missing, 0)


def test_a_gap_that_a_late_event_fills_is_none(numbered_waystage: Waystage) -> None:
    device = f"losses-{uuid4()}"
    assert lost(numbered_waystage, numbered(device, [1, 2, 5])) == (3, 2, 0)
    assert lost(numbered_waystage, numbered(device, [4, 3])) == (2, -2, 0)


def test_each_host_of_a_visitor_has_numbers_of_its_own(numbered_waystage: Waystage) -> None:
    device = f"losses-{uuid4()}"
    blog = numbered(device, [700, 701], "https://blog.shop.example/teapots")
    assert lost(numbered_waystage, numbered(device, [1, 2]) + blog) == (4, 0, 0)


def test_what_another_source_got_is_no_gap(numbered_waystage: Waystage) -> None:
    device = f"losses-{uuid4()}"
    numbered_waystage.batch(numbered(device, [2, 3]), KEYS.server)
    assert lost(numbered_waystage, numbered(device, [1, 4, 6])) == (3, 1, 0)


def test_what_browsers_say_they_dropped_is_added_up(numbered_waystage: Waystage) -> None:
    device = f"losses-{uuid4()}"
    told = [event for number, dropped in ((1, 0), (4, 2), (5, 2), (6, 2), (9, 3)) for event in numbered(device, [number], dropped=dropped)]
    assert lost(numbered_waystage, told) == (5, 4, 3)
    assert lost(numbered_waystage, numbered(f"losses-{uuid4()}", [1, 2], dropped="many")) == (2, 0, 0)


def test_events_without_number_or_browser_are_no_browsers_events(numbered_waystage: Waystage) -> None:
    (event,) = numbered("nobody", [5])
    del event["anonymousId"]
    unnumbered = {"type": "track", "event": "Numbered", "anonymousId": f"losses-{uuid4()}"}
    assert lost(numbered_waystage, [event | {"userId": "losses"}, unnumbered]) == (0, 0, 0)


def test_the_widest_gap_is_answered(waystage: Waystage) -> None:
    assert losses(waystage) == {"source": "site", "received": 0, "gaps": 0, "dropped": 0, "loss": None}
    waystage.batch(numbered("wide", [-(2**63), 2**63 - 1], dropped=1e300), KEYS.write)
    assert losses(waystage)["gaps"] == 2**64 - 2


def test_a_window_holds_what_was_received_in_it(numbered_waystage: Waystage) -> None:
    numbered_waystage.batch(numbered(f"losses-{uuid4()}", [1, 3]), KEYS.write)
    numbered_waystage.derived()
    before = numbered_waystage.ask("/v1/losses", to="2020-01-01", timezone="Europe/Berlin")
    assert (before["from"], before["to"], before["timezone"]) == ("2019-12-24T23:00:00Z", "2019-12-31T23:00:00Z", "Europe/Berlin")
    assert {(each["received"], each["loss"]) for each in before["sources"]} == {(0, None)}
    assert numbered_waystage.ask("/v1/losses", to="0001-01-02")["from"] == "0001-01-01T00:00:00Z"
    since = numbered_waystage.ask("/v1/losses", **{"from": "2020-01-01"})
    assert since["sources"] == numbered_waystage.ask("/v1/losses")["sources"]


@pytest.mark.parametrize("query", [{"from": "soon"}, {"to": "never"}, {"timezone": "Mars"}, {"from": "2026-02-01", "to": "2026-01-01"}])
def test_a_window_that_is_none_is_refused(numbered_waystage: Waystage, query: dict[str, str]) -> None:
    answer: httpx.Response = numbered_waystage.client.get("/v1/losses", params=query, headers=bearer(KEYS.read))
    assert answer.status_code == 422
