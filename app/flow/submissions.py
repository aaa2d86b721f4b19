"""What a request brings to be written, and what is written of it."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.domain.arriving.events import Event, Refused
from app.store.accounts import Count, Received
from app.store.failed_events import FailedEvent


class Parsed(NamedTuple):
    """One event of a request: taken apart, or refused, with its bytes as they arrived, and its line in a file."""

    verdict: Event | Refused
    raw: bytes
    line: int | None = None


class Outcome(NamedTuple):
    """What became of a request's events: new, there before, refused with a reason; by their index those repeated and those rejected."""

    accepted: int
    duplicates: int
    rejected: dict[int, Refused]
    repeated: Sequence[int] = ()


class Submission(NamedTuple):
    """All events of one request, or of a part of a file whose first row has the position `first`.

    `received_at` is in UTC; `arrival` is kept with those that are refused (see `arrivals.as_kept`).
    """

    source_id: int
    received_at: datetime
    parsed: Sequence[Parsed]
    import_id: int | None = None
    arrival: bytes = b"{}"
    first: int = 0


def distinct(events: Sequence[Event]) -> list[Event]:
    """The first of each identity: later ones in the same write are duplicates of it."""
    first: dict[uuid.UUID, Event] = {}
    for event in events:
        first.setdefault(event.id, event)
    return list(first.values())


def outcome_of(submission: Submission, unclaimed: set[uuid.UUID]) -> Outcome:
    """What became of one request; each new id is claimed by the first event that bears it."""
    rejected: dict[int, Refused] = {}
    repeated: list[int] = []
    for index, (verdict, _, _) in enumerate(submission.parsed):
        if isinstance(verdict, Refused):
            rejected[index] = verdict
        elif verdict.id in unclaimed:
            unclaimed.remove(verdict.id)
        else:
            repeated.append(index)
    return Outcome(len(submission.parsed) - len(repeated) - len(rejected), len(repeated), rejected, tuple(repeated))


def failed_of(submission: Submission) -> list[FailedEvent]:
    return [
        FailedEvent(
            submission.received_at,
            submission.source_id,
            submission.import_id,
            submission.first + index,
            verdict.message_id,
            verdict.code.value,
            verdict.field,
            verdict.message,
            raw,
            line,
            submission.arrival,
        )
        for index, (verdict, raw, line) in enumerate(submission.parsed)
        if isinstance(verdict, Refused)
    ]


def received_of(submissions: Sequence[Submission]) -> list[Received]:
    received: Counter[int] = Counter()
    latest: dict[int, datetime] = {}
    for source, received_at, parsed, *_ in submissions:
        received[source] += len(parsed)
        latest[source] = max(received_at, latest.get(source, received_at))
    return [Received(source, latest[source], received[source]) for source in sorted(received)]


def counts_of(submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> list[Count]:
    stored: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    for submission, outcome in zip(submissions, outcomes, strict=True):
        stored[submission.source_id] += outcome.accepted
        failed[submission.source_id] += len(outcome.rejected)
    return [
        Count(source, at, received, stored[source], received - stored[source] - failed[source], failed[source])
        for source, at, received in received_of(submissions)
    ]
