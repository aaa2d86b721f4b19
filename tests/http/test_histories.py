"""Histories posted to a running service, in any order and any batches, with repeats: what it answers is what the reading says."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store.connect import connect
from tests.compared import JOURNEY_5, distinct
from tests.postgres.arrivals import everything, judged
from tests.reading import Identifier, Sent, identity, journeys, mail
from tests.reading.histories import TRUSTED, batches, histories, placed
from tests.service import KEYS, ROOT, Waystage

DOORS = {TRUSTED: KEYS.server}
free_worlds = count(700_000)


class Told(NamedTuple):
    """One customer as told: identifiers, events in order, sessions, touches and entries with the message that began each."""

    identifiers: set[Identifier]
    events: list[str]
    sessions: list[tuple[Any, ...]]
    touches: list[tuple[Any, ...]]
    entries: list[tuple[Any, ...]]


def read(root: Identifier, owned: dict[Identifier, Identifier], own: Sequence[Sent]) -> Told:
    """A customer as the reading tells of it; `owned` names the owner of each identifier that is kept."""
    events = mail.judged(own)
    sessions = [(session.events[0], session) for session in journeys.sessions(events)]
    return Told(
        {each for each, owner in owned.items() if owner == root},
        [event.message_id for event in journeys.order(events)],
        sorted(
            (first.occurred_at, first.message_id, run.events[-1].occurred_at, len(run.events), run.channel, first.campaign[2], run.machine)
            for first, run in sessions
        ),
        [
            (touch.event.message_id, touch.event.occurred_at, touch.kind, touch.channel, *touch.event.campaign[:3], touch.machine)
            for touch in journeys.touches(events)
        ],
        [
            (entry.event.message_id, entry.stage, entry.from_stage, entry.entered_at, entry.left_at, entry.channel, entry.campaign[2])
            for entry in journeys.entries(JOURNEY_5, events)
        ],
    )


def answered(journey: dict[str, Any]) -> Told:
    """A customer as the service tells of it."""
    return Told(
        {(each["kind"], each["value"]) for each in journey["customer"]["identifiers"]},
        [event["message_id"] for event in journey["events"]],
        sorted(
            (
                instant(row["started_at"]),
                row["message_id"],
                instant(row["ended_at"]),
                *values(row, "events", "channel", "campaign", "machine"),
            )
            for row in journey["sessions"]
        ),
        [
            (row["message_id"], instant(row["touched_at"]), *values(row, "kind", "channel", "source", "medium", "campaign", "machine"))
            for row in journey["touches"]
        ],
        [
            (
                *values(row, "message_id", "stage", "from"),
                instant(row["entered_at"]),
                instant(row["left_at"]),
                *values(row, "channel", "campaign"),
            )
            for row in journey["entries"]
        ],
    )


def values(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def kept(events: Sequence[Sent]) -> dict[Identifier, Identifier]:
    """The owner of each identifier that the service keeps: those on events, and the user ids that aliases name."""
    borne = {each for event in events for each in (*identity.named(event), *identity.users_named(event))}
    return {each: owner for each, owner in identity.owners(events).items() if each in borne}


async def with_verdicts(dsn: str, events: Sequence[Sent]) -> list[Sent]:
    connection = await connect(dsn, application="waystage test")
    try:
        return await judged(connection, events)
    finally:
        await connection.close()


async def derived_rows(dsn: str) -> dict[str, list[str]]:
    connection = await connect(dsn, application="waystage test")
    try:
        return await everything(connection)
    finally:
        await connection.close()


def post(waystage: Waystage, events: Sequence[Sent]) -> int:
    """Post a batch for each source; how many events were new."""
    bodies = batches([*events], datetime.now(UTC))
    answers = [waystage.batch(body["batch"], DOORS.get(source, KEYS.write), sentAt=body["sentAt"]) for source, body in bodies.items()]
    assert [answer["rejected"] for answer in answers] == [[]] * len(answers)
    return sum(answer["accepted"] for answer in answers)


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
        expected = read(root, owned, own)
        kind, value = random.choice(sorted(expected.identifiers))
        journey = waystage.journey(quote(f"{kind}:{value}", safe=""))
        assert journey["customer"]["id"] == ":".join(root)
        assert answered(journey) == expected


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
