"""The health of sources over HTTP: from accounts of a past that is written as the collectors write it."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.store.access import ensure_source
from app.store.accounts import Count, fold_counts, write_counts
from app.store.connect import connect
from tests.http.tables import rows
from tests.service import Waystage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = 7 * DAY


def accounted(waystage: Waystage, told: list[tuple[timedelta, int, int]], *, fold: bool = True) -> str:
    """The name of a new source that stored and failed so many events, so long ago."""
    name = f"heard-{uuid.uuid4().hex}"

    async def write() -> None:
        connection = await connect(waystage.dsn, application="waystage test")
        source, now = await ensure_source(connection, name, "trusted"), datetime.now(UTC)
        counts = [Count(source, now - ago, stored + failed, stored, 0, failed) for ago, stored, failed in told]
        if counts:
            await write_counts(connection, counts)
        if fold:
            await fold_counts(connection)
        await connection.close()

    asyncio.run(write())
    return name


def heard(waystage: Waystage, name: str) -> dict[str, Any]:
    (found,) = [source for source in waystage.ask("/v1/sources")["sources"] if source["name"] == name]
    return dict(found)


@pytest.mark.parametrize("fold", [True, False])
def test_rates_are_those_of_the_last_hour_and_day_beside_a_week_before(shared_waystage: Waystage, fold: bool) -> None:
    told = [(HOUR / 2, 30, 2), (5 * HOUR, 42, 1), (DAY + HOUR, 500, 9), (WEEK + HOUR / 2, 60, 0), (WEEK + 3 * HOUR, 12, 3), (9 * DAY, 7, 1)]
    found = heard(shared_waystage, accounted(shared_waystage, told, fold=fold))
    assert (found["events_24h"], found["failed_24h"]) == (72, 3)
    assert found["hour"] == {"events": 30, "rate": 0.5, "events_before": 60, "rate_before": 1.0, "change": 0.5}
    assert found["day"] == {"events": 72, "rate": 0.05, "events_before": 72, "rate_before": 0.05, "change": 1.0}
    assert found["silence"] == pytest.approx(1_800, abs=60)
    assert found["state"] == "live"


def test_a_source_that_never_sent_waits(shared_waystage: Waystage) -> None:
    found = heard(shared_waystage, accounted(shared_waystage, []))
    assert (found["state"], found["last_event_at"], found["silence"], found["expected"]) == ("waiting", None, None, 0)
    assert (found["hour"]["change"], found["day"]["rate"]) == (None, 0)
    failing = heard(shared_waystage, accounted(shared_waystage, [(HOUR, 0, 5)]))
    assert (failing["state"], failing["failed_24h"], failing["last_event_at"]) == ("waiting", 5, None)


def test_a_silence_that_is_not_usual_is_told(shared_waystage: Waystage) -> None:
    usual = [(WEEK + number * HOUR, 10, 0) for number in range(1, 48)]
    found = heard(shared_waystage, accounted(shared_waystage, [*usual, (3.5 * HOUR, 1, 0)]))
    assert (found["state"], found["expected"]) == ("quiet", 30)
    assert "about 30 are usual" in found["why"]
    lively = heard(shared_waystage, accounted(shared_waystage, [*usual, (HOUR / 4, 300, 0)]))
    assert (lively["state"], lively["expected"]) == ("live", 0)


def test_a_drop_is_told(shared_waystage: Waystage) -> None:
    found = heard(shared_waystage, accounted(shared_waystage, [(WEEK + HOUR / 2, 500, 0), (8 * DAY, 1, 0), (HOUR / 4, 90, 0)]))
    assert (found["state"], found["hour"]["change"]) == ("dropped", 0.18)
    assert found["why"] == "90 events in the last 24 hours, 500 in the same a week before"


def test_the_last_event_of_what_is_half_folded_is_the_latest(shared_waystage: Waystage) -> None:
    name = accounted(shared_waystage, [(2 * HOUR, 3, 0), (HOUR, 0, 4)])
    (last,) = rows(
        shared_waystage, "select last_event_at from totals t join sources s on s.id = source_id where name = $1 and stored > 0", name
    )
    assert heard(shared_waystage, name)["last_event_at"] == last["last_event_at"].replace(tzinfo=None).isoformat() + "Z"
