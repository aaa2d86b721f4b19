"""A customer as the service tells of it, and as the reading does, in one shape."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.store.connect import connect
from tests.compared import JOURNEY_5
from tests.postgres.arrivals import judged
from tests.reading import Identifier, Sent, identity, journeys, mail
from tests.reading.histories import TRUSTED, batches
from tests.service import KEYS, Waystage

DOORS = {TRUSTED: KEYS.server}


class Told(NamedTuple):
    """One customer as told: identifiers, events in order, sessions, touches and entries with the message that began each."""

    identifiers: set[Identifier]
    events: list[str]
    sessions: list[tuple[Any, ...]]
    touches: list[tuple[Any, ...]]
    entries: list[tuple[Any, ...]]


def read(
    root: Identifier, owned: dict[Identifier, Identifier], own: Sequence[Sent], as_of: datetime, model: dict[str, Any] = JOURNEY_5
) -> Told:
    """A customer as the reading tells of it; `owned` names the owner of each identifier that is kept. What lies ahead is no entry yet."""
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
            (entry.event.message_id, entry.stage, entry.from_stage, entry.entered_at, left_at, entry.channel, entry.campaign[2])
            for entry in journeys.entries(model, events)
            if entry.entered_at <= as_of
            for left_at in [entry.left_at if entry.left_at and entry.left_at <= as_of else None]
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


def kept(events: Sequence[Sent], struck: identity.Struck = ()) -> dict[Identifier, Identifier]:
    """The owner of each identifier that the service keeps: those on events, and the user ids that aliases name."""
    borne = {each for event in events for each in (*identity.named(event), *identity.users_named(event))}
    return {each: owner for each, owner in identity.owners(events, struck).items() if each in borne}


async def with_verdicts(dsn: str, events: Sequence[Sent]) -> list[Sent]:
    connection = await connect(dsn, application="waystage test")
    try:
        return await judged(connection, events)
    finally:
        await connection.close()


def post(waystage: Waystage, events: Sequence[Sent]) -> int:
    """Post a batch for each source; how many events were new."""
    bodies = batches([*events], datetime.now(UTC))
    answers = [waystage.batch(body["batch"], DOORS.get(source, KEYS.write), sentAt=body["sentAt"]) for source, body in bodies.items()]
    assert [answer["rejected"] for answer in answers] == [[]] * len(answers)
    return sum(answer["accepted"] for answer in answers)
