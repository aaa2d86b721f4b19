"""Histories posted to a running service, in any order and any batches, with repeats: what it answers is what the reading says."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store.connect import connect
from tests.compared import distinct
from tests.http.told import answered, kept, post, read, with_verdicts
from tests.postgres.arrivals import everything
from tests.reading import Sent, identity
from tests.reading.histories import histories, placed
from tests.service import KEYS, ROOT, Waystage

free_worlds = count(700_000)


async def derived_rows(dsn: str) -> dict[str, list[str]]:
    connection = await connect(dsn, application="waystage test")
    try:
        return await everything(connection)
    finally:
        await connection.close()


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(histories(distinct=True), min_size=1, max_size=5), random=st.randoms(use_true_random=False))
def test_journeys_are_those_of_the_reading(shared_waystage: Waystage, drawn: list[list[Sent]], random: Any) -> None:
    now = datetime.now(UTC)
    worlds = [placed(history, next(free_worlds), now) for history in drawn]
    events = [event for world in worlds for event in world]
    arriving = random.sample(events, len(events))
    accepted = 0
    while arriving:
        size = random.randint(1, 40)
        accepted += post(shared_waystage, arriving[:size])
        arriving = arriving[size:]
    assert accepted == len(distinct(events))
    shared_waystage.derived()
    for world in worlds:
        told_of(shared_waystage, asyncio.run(with_verdicts(shared_waystage.dsn, distinct(world))), random)


def told_of(waystage: Waystage, events: list[Sent], random: Any) -> None:
    """Everybody in a world is told of as the reading does, by whichever identifier is asked for."""
    owned = kept(events)
    for root, own in identity.customers(events).items():
        kind, value = random.choice(sorted(each for each, owner in owned.items() if owner == root))
        journey = waystage.journey(quote(f"{kind}:{value}", safe=""))
        assert journey["customer"]["id"] == ":".join(root)
        assert answered(journey) == read(root, owned, own, datetime.fromisoformat(journey["as_of"]))


def test_a_rebuild_over_the_command_line_changes_nothing(shared_waystage: Waystage) -> None:
    shared_waystage.batch([{"type": "page", "anonymousId": "rebuilt", "messageId": "rebuilt"}])
    shared_waystage.derived()
    before = asyncio.run(derived_rows(shared_waystage.dsn))
    assert before["entries"]
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "rebuild", "--url", shared_waystage.url],
        cwd=ROOT,
        env={**os.environ, "WAYSTAGE_ADMIN_KEY": str(KEYS.admin)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "finished" in done.stdout
    assert " 0 differences found" in done.stdout
    assert asyncio.run(derived_rows(shared_waystage.dsn)) == before
