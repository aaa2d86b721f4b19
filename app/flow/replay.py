"""Replay: failed events are taken apart again as they arrived, and what is an event now is written like any other.

One transaction a part: an event is stored, its row leaves the failed events, and the accounts move, together or not at all.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from app.domain.arriving.arrivals import Kept, Stamp, arrival_of, read_kept, refusal_rules, twins_before
from app.domain.arriving.events import Arrival, Event, Refused, parse_event
from app.domain.arriving.mapping import InvalidMapping, RowMapping, as_event_bytes, parse_mapping
from app.domain.documents import Code, RefusedError
from app.domain.identity.landings import MARK, unmarked
from app.flow.collect import unstorable
from app.flow.submissions import Outcome, Parsed, Submission, distinct, failed_of, outcome_of
from app.store import failed_events, replays
from app.store.accounts import Count, write_counts
from app.store.connect import UNSTORABLE, Connection
from app.store.events import ensure_months, write_events
from app.store.failed_events import Again, Filters, KeptEvent
from app.store.rebuilds import REFUSED, rules_changed
from app.store.touched import BULK

PART_EVENTS = 200
_Mappings: TypeAlias = Mapping[str | int, RowMapping]
_Twins: TypeAlias = dict[tuple[object, ...], dict[bytes, int]]


class Replayed(NamedTuple):
    """What became of failed events that were tried again; `after` is where the next part begins, None after the last."""

    stored: int
    duplicates: int
    failed: int
    after: int | None = None


async def replay_part(connection: Connection, filters: Filters, after: int = 0) -> Replayed:
    """Try the next 200 failed events after one again; those that another replay is at are left to it."""
    async with connection.transaction():
        taken = await failed_events.take_failed(connection, filters, after, PART_EVENTS)
        done = await _replay(connection, taken)
    return done._replace(after=taken[-1].id if len(taken) == PART_EVENTS else None)


async def replay_parts(connection: Connection, filters: Filters, after: int, parts: int) -> Replayed:
    """Try so many parts of failed events again, each in its own transaction."""
    done = await replay_part(connection, filters, after)
    if done.after is None or parts == 1:
        return done
    rest = await replay_parts(connection, filters, done.after, parts - 1)
    return Replayed(done.stored + rest.stored, done.duplicates + rest.duplicates, done.failed + rest.failed, rest.after)


async def replay_one(connection: Connection, number: int) -> Replayed | None:
    """Try one failed event again; None where it is not there."""
    async with connection.transaction():
        taken = await failed_events.take_one(connection, number)
        return await _replay(connection, taken) if taken else None


async def replay_step(connection: Connection) -> bool:
    """Do the next part of a replay in the background; False where none was asked for."""
    replay = await replays.next_replay(connection)
    if replay is None:
        return False
    async with connection.transaction():
        done = await replay_part(connection, Filters(webhook=replay.webhook), replay.after)
        await replays.advance_replay(connection, replay.id, done.after)
    return True


async def follow_refusal_rules(connection: Connection) -> bool:
    """Ask for a replay of all failed events where the limits and rules of parsing are others than at the last start."""
    async with connection.transaction():
        changed = await rules_changed(connection, refusal_rules(), REFUSED)
        if changed:
            await replays.ask_replay(connection)
    return changed


async def _replay(connection: Connection, taken: Sequence[KeptEvent]) -> Replayed:
    """The statements of a part; the caller owns the transaction, and has taken the rows."""
    mappings, twins = await _mappings(connection, taken), _Twins()
    tried = [_submission(kept, mappings, twins) for kept in taken]
    events = distinct([one.verdict for submission in tried for one in submission.parsed if isinstance(one.verdict, Event)])
    for received_at in {(event.received_at.year, event.received_at.month): event.received_at for event in events}.values():
        await ensure_months(connection, received_at, 1)
    unclaimed, poison = await _write(connection, events)
    tried = [_without(submission, poison) for submission in tried]
    outcomes = [outcome_of(submission, unclaimed) for submission in tried]
    await _settle(connection, taken, tried, outcomes)
    await _account(connection, tried, outcomes)
    return Replayed(
        sum(outcome.accepted for outcome in outcomes),
        sum(outcome.duplicates for outcome in outcomes),
        sum(len(outcome.rejected) for outcome in outcomes),
    )


async def _write(connection: Connection, events: Sequence[Event]) -> tuple[set[uuid.UUID], dict[uuid.UUID, Refused]]:
    """Write events; the ids that were not there before, and what Postgres refuses, which is found by trying halves."""
    try:
        async with connection.transaction():
            return await write_events(connection, events, BULK), {}
    except UNSTORABLE as error:
        if len(events) == 1:
            return set(), {events[0].id: unstorable(events[0], str(error))}
    middle = len(events) // 2
    (fresh, poison), (more_fresh, more_poison) = await _write(connection, events[:middle]), await _write(connection, events[middle:])
    return fresh | more_fresh, poison | more_poison


async def _settle(connection: Connection, taken: Sequence[KeptEvent], tried: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    """What is refused again stays with its newest reason; everything else leaves. Of a row, each refused event takes the row's place."""
    again: list[Again] = []
    gone: list[int] = []
    apart: list[failed_events.FailedEvent] = []
    for kept, submission, outcome in zip(taken, tried, outcomes, strict=True):
        if len(submission.parsed) == len(outcome.rejected) == 1:
            code, field, message, message_id = outcome.rejected[0]
            again.append(Again(kept.id, message_id or kept.message_id, code.value, field, message))
        else:
            gone.append(kept.id)
            apart += [failed._replace(position=kept.position) for failed in failed_of(submission)]
    await failed_events.refuse_again(connection, again)
    await failed_events.write_failed(connection, apart)
    await failed_events.delete_failed(connection, gone)


async def _account(connection: Connection, tried: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    """Move the accounts of the minute in which each was received, and those of its import."""
    moved = [
        Count(of.source_id, of.received_at, len(of.parsed) - 1, became.accepted, became.duplicates, len(became.rejected) - 1)
        for of, became in zip(tried, outcomes, strict=True)
    ]
    if counts := [count for count in moved if any(count[2:])]:
        await write_counts(connection, counts)
    jobs = sorted({of.import_id for of in tried if of.import_id is not None})
    for job in jobs:
        of_job = [count for of, count in zip(tried, moved, strict=True) if of.import_id == job]
        accepted, duplicates, rejected = (sum(column) for column in list(zip(*of_job, strict=True))[3:])
        await replays.move_import(connection, job, accepted=accepted, duplicates=duplicates, rejected=rejected)


def _without(submission: Submission, poison: Mapping[uuid.UUID, Refused]) -> Submission:
    return submission._replace(
        parsed=[
            one._replace(verdict=poison.get(one.verdict.id, one.verdict)) if isinstance(one.verdict, Event) else one
            for one in submission.parsed
        ]
    )


def _submission(kept: KeptEvent, mappings: _Mappings, twins: _Twins) -> Submission:
    """A failed event as the request that it came in, taken apart again; equal ones of one request or file are told apart as then."""
    seen = twins.setdefault((kept.source_id, kept.received_at, kept.import_id), {})
    seen.update(twins_before(kept.message_id))
    return Submission(kept.source_id, kept.received_at, _parsed(kept, mappings, seen), kept.import_id, kept.arrival)


def _parsed(kept: KeptEvent, mappings: _Mappings, twins: dict[bytes, int]) -> list[Parsed]:
    arrived = read_kept(kept.arrival)
    arrival = arrival_of(arrived, Stamp(kept.source_id, kept.trusted, kept.received_at, kept.import_id))
    try:
        events = _events(kept, arrived, mappings)
    except RefusedError as error:
        return [Parsed(Refused(error.code, error.field, str(error)), kept.body, kept.line)]
    verdicts = [_unmarked(parse_event(event, kept.position, arrival, twins, arrived.type), event, arrival) for _, event in events]
    return [Parsed(verdict, raw, kept.line) for verdict, (raw, _) in zip(verdicts, events, strict=True)]


def _unmarked(verdict: Event | Refused, raw: bytes, arrival: Arrival) -> Event | Refused:
    """An event without the parameter that a click leaves in a page's url; whose click it was is too long ago to be said."""
    if isinstance(verdict, Refused) or arrival.trusted or MARK not in raw:
        return verdict
    return unmarked(verdict)


def _events(kept: KeptEvent, arrived: Kept, mappings: _Mappings) -> list[tuple[bytes, bytes]]:
    """The events that are tried, each with the bytes that stay where it is refused: its own, or those of the row that it is made of."""
    named = _mapping_named(kept, arrived)
    if named is None:
        return [(kept.body, kept.body)]
    as_before = RefusedError(Code(kept.code), kept.field, kept.message)
    if named not in mappings:
        raise as_before
    try:
        document = msgspec.json.decode(kept.body)
        rows = mappings[named].rows(document) if _is_request(kept, document) else [document]
        events = [(as_event_bytes(row), event) for row in rows for event in mappings[named].events(row)]
        if len(events) == 1 and kept.message_id:
            events[0][1].setdefault("messageId", kept.message_id)
        return [(row, as_event_bytes(event)) for row, event in events]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise as_before from error


def _is_request(kept: KeptEvent, document: object) -> bool:
    """Whether a webhook's bytes are a whole request, in which its mapping found no rows."""
    return isinstance(document, dict) and kept.code == Code.NOT_AN_OBJECT.value


def _mapping_named(kept: KeptEvent, arrived: Kept) -> str | int | None:
    """Whose mapping a row is for: a webhook's by its name, an import's by its number; None where it is an event."""
    return arrived.webhook or (kept.import_id if arrived.row else None)


async def _mappings(connection: Connection, taken: Iterable[KeptEvent]) -> _Mappings:
    names = {name for kept in taken if (name := _mapping_named(kept, read_kept(kept.arrival))) is not None}
    texts = await replays.read_mappings(
        connection, [name for name in names if isinstance(name, str)], [name for name in names if isinstance(name, int)]
    )
    return {name: mapping for name, text in texts.items() if (mapping := _mapping(text))}


def _mapping(text: bytes) -> RowMapping | None:
    """A mapping that was kept; None where it cannot be used any more."""
    try:
        return parse_mapping(msgspec.json.decode(text))
    except InvalidMapping:
        return None
