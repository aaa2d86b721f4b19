"""Collecting: requests that arrive together share one write, and each is answered after its commit."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from app.domain.arriving.events import Event, Refused
from app.domain.documents import Code
from app.flow.live import Audience, tell_arrivals
from app.flow.submissions import Outcome, Submission, counts_of, distinct, failed_of, outcome_of, received_of
from app.store.accounts import write_counts
from app.store.connect import AWAY, UNSTORABLE, Connection, connect
from app.store.events import ONE_STATEMENT_MAX, ensure_months, write_events, write_few
from app.store.failed_events import write_failed
from app.store.touched import LIVE

WAITING_EVENTS_MAX = 10_000
FLUSH_EVENTS_MAX = 5_000
FLUSH_SECONDS = 4.0
ANSWER_SECONDS = 4.5


class OverloadedError(RuntimeError):
    """More events wait to be written than the queue may hold; the sender should come again."""


class UnavailableError(RuntimeError):
    """Postgres is away or does not answer; what was sent may or may not be stored, so the sender should send it again."""


class _Waiting(NamedTuple):
    submission: Submission
    answer: asyncio.Future[Outcome]


class Collector:
    """The queue in front of Postgres. One write is under way at a time: it takes all that waits, so that many requests share a commit."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None
        self._audience = Audience()
        self._queue: list[_Waiting] = []
        self._waiting_events = 0
        self._wake = asyncio.Event()
        self._closing = False

    def admit(self, events: int) -> None:
        """Ask for room before work is spent on a request; raises OverloadedError where so many more events are too many to wait."""
        if self._closing or self._waiting_events + events > WAITING_EVENTS_MAX:
            raise OverloadedError(f"{self._waiting_events} events wait to be written")

    async def submit(self, submission: Submission) -> Outcome:
        """Wait until a request's events are committed.

        Raises:
            OverloadedError: more than 10,000 events would wait.
            UnavailableError: Postgres is away, or they were not stored within 4.5 s, however long others before them took.
        """
        self.admit(len(submission.parsed))
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._waiting_events += len(submission.parsed)
        self._wake.set()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await waiting.answer
        except TimeoutError as error:
            raise UnavailableError("Postgres does not answer") from error
        finally:
            self._waiting_events -= len(submission.parsed)

    async def run(self) -> None:
        """Write what waits and was not given up, until closed and empty."""
        while self._queue or not self._closing:
            if taken := self._take():
                await self._flush(taken)
            elif not self._closing:
                self._wake.clear()
                await self._wake.wait()
        self._disconnect()

    def close(self) -> None:
        """Take no more; `run` ends when everything that waits is written."""
        self._closing = True
        self._wake.set()

    @property
    def waiting_events(self) -> int:
        return self._waiting_events

    def _take(self) -> list[_Waiting]:
        self._queue = [waiting for waiting in self._queue if not waiting.answer.done()]
        taken, events = 0, 0
        while taken < len(self._queue) and (not taken or events + len(self._queue[taken].submission.parsed) <= FLUSH_EVENTS_MAX):
            events += len(self._queue[taken].submission.parsed)
            taken += 1
        flushed, self._queue = self._queue[:taken], self._queue[taken:]
        return flushed

    async def _flush(self, flushed: list[_Waiting]) -> None:
        try:
            outcomes = await self._written([waiting.submission for waiting in flushed])
        except AWAY as error:
            self._disconnect()
            self._refuse(flushed, UnavailableError(f"Postgres does not answer: {error or type(error).__name__}"))
        else:
            for waiting, outcome in zip(flushed, outcomes, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(outcome)

    async def _written(self, submissions: list[Submission]) -> list[Outcome]:
        """A connection that hangs is cut, not cancelled: cancelling would wait for the server's answer."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn, application="waystage collector", transaction_seconds=FLUSH_SECONDS)
        connection = self._connection
        writing = asyncio.ensure_future(self._commit(connection, submissions))
        done, _ = await asyncio.wait({writing}, timeout=FLUSH_SECONDS)
        if not done:
            connection.terminate()
        return await writing

    async def _commit(self, connection: Connection, submissions: list[Submission]) -> list[Outcome]:
        """Write, and while somebody listens tell of it in the same transaction."""
        if not await self._audience.listens(connection):
            return await write(connection, submissions, LIVE)
        async with connection.transaction():
            outcomes = await write(connection, submissions, LIVE)
            await tell_arrivals(connection, submissions, outcomes)
        return outcomes

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.terminate()
        self._connection = None

    def _refuse(self, flushed: list[_Waiting], error: Exception) -> None:
        for waiting in flushed:
            if not waiting.answer.done():
                waiting.answer.set_exception(error)


async def write(connection: Connection, submissions: Sequence[Submission], queue: int) -> list[Outcome]:
    """Write requests in one transaction: ids first, surviving events, touched rows, failed events, counts.

    A month without a partition gets one. What Postgres still refuses is bisected until the one event that it refuses is a failed event;
    nobody else's answer changes.
    """
    try:
        return await _write_at_once(connection, submissions, queue)
    except UNSTORABLE:
        for received_at in sorted({submission.received_at for submission in submissions}):
            await ensure_months(connection, received_at, 1)
    return await bisected(connection, submissions, queue)


async def _write_at_once(connection: Connection, submissions: Sequence[Submission], queue: int) -> list[Outcome]:
    """One transaction; where few events are written and none is refused it is a single statement."""
    verdicts = [one.verdict for submission in submissions for one in submission.parsed]
    arrived = distinct([verdict for verdict in verdicts if isinstance(verdict, Event)])
    few = arrived and len(arrived) <= ONE_STATEMENT_MAX and not any(isinstance(verdict, Refused) for verdict in verdicts)
    if not few or connection.is_in_transaction():
        async with connection.transaction():
            return await write_submissions(connection, submissions, queue)
    unclaimed = await write_few(connection, arrived, queue, received_of(submissions))
    return [outcome_of(submission, unclaimed) for submission in submissions]


async def bisected(connection: Connection, submissions: Sequence[Submission], queue: int) -> list[Outcome]:
    """Write requests by halves until each event that Postgres refuses is a failed event. The months are taken to be there."""
    try:
        async with connection.transaction():
            return await write_submissions(connection, submissions, queue)
    except UNSTORABLE as error:
        if len(submissions) == 1:
            return [await _write_without_poison(connection, submissions[0], queue, str(error))]
    middle = len(submissions) // 2
    return await bisected(connection, submissions[:middle], queue) + await bisected(connection, submissions[middle:], queue)


async def _write_without_poison(connection: Connection, submission: Submission, queue: int, reason: str) -> Outcome:
    """Find the events of one request that Postgres refuses, by trying halves in transactions that are rolled back."""
    poison = await _poison(
        connection, [index for index, parsed in enumerate(submission.parsed) if isinstance(parsed.verdict, Event)], submission
    )
    parsed = [
        one._replace(verdict=unstorable(one.verdict, reason)) if index in poison and isinstance(one.verdict, Event) else one
        for index, one in enumerate(submission.parsed)
    ]
    async with connection.transaction():
        outcomes = await write_submissions(connection, [submission._replace(parsed=parsed)], queue)
    return outcomes[0]


async def _poison(connection: Connection, suspects: list[int], submission: Submission) -> set[int]:
    events = [verdict for index in suspects if isinstance(verdict := submission.parsed[index].verdict, Event)]
    trial = connection.transaction()
    await trial.start()
    try:
        await write_events(connection, distinct(events), LIVE)
    except UNSTORABLE:
        await trial.rollback()
        if len(suspects) == 1:
            return set(suspects)
        middle = len(suspects) // 2
        return await _poison(connection, suspects[:middle], submission) | await _poison(connection, suspects[middle:], submission)
    await trial.rollback()
    return set()


def unstorable(event: Event, reason: str) -> Refused:
    return Refused(Code.UNSTORABLE, None, f"Postgres cannot store this event: {reason}", event.message_id)


async def write_submissions(connection: Connection, submissions: Sequence[Submission], queue: int) -> list[Outcome]:
    """The statements of one write; the caller owns the transaction."""
    events = distinct([one.verdict for submission in submissions for one in submission.parsed if isinstance(one.verdict, Event)])
    unclaimed = await write_events(connection, events, queue)
    await write_failed(connection, [failed for submission in submissions for failed in failed_of(submission)])
    outcomes = [outcome_of(submission, unclaimed) for submission in submissions]
    await write_counts(connection, counts_of(submissions, outcomes))
    return outcomes
