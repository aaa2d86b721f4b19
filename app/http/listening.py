"""Listening: one look at what is told, several times a second, for all who listen to this process."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import structlog

from app.flow.live import LOOK_SECONDS
from app.http import shapes
from app.store import live
from app.store.connect import AWAY, Connection, Pool
from app.store.live import LISTENER_SECONDS, LiveEvent

POLL_SECONDS = 0.3
AWAY_SECONDS = 1.0
ROWS_MAX = 500
BUFFER_MAX = 1_000
MISSING_MAX = 10_000
OPEN_SECONDS = 10.0
"""How long a transaction may take that has numbered its live events and not committed them yet."""

log = structlog.get_logger("live")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Heard(NamedTuple):
    """A live event as it is sent: its number, the number to go on after, its members, and these as JSON."""

    id: int
    resume: int
    members: dict[str, Any]
    data: bytes


class Hearer:
    """Who listens to what: what was told since they last listened, at most 1,000, the newest; and how many were lost before."""

    def __init__(self, wants: Callable[[dict[str, Any]], bool], after: int | None) -> None:
        self._wants = wants
        self._told: deque[Heard] = deque()
        self._lost = 0
        self.after = after
        self.complete = False
        self.wake = asyncio.Event()

    def hear(self, heard: Heard) -> None:
        if (self.after is not None and heard.id <= self.after) or not self._wants(heard.members):
            return
        if len(self._told) == BUFFER_MAX:
            self._told.popleft()
            self._lost += 1
        self._told.append(heard)
        self.wake.set()

    def is_told_all(self, complete: bool) -> None:
        """Whether everything is told from now on."""
        self.complete = complete
        self.wake.set()

    def lose(self, events: int) -> None:
        self._lost += events

    def take(self) -> tuple[int, list[Heard]]:
        """How many were lost, and what was told after them."""
        lost, told = self._lost, list(self._told)
        self._lost = 0
        self._told.clear()
        self.wake.clear()
        return lost, told


class Listening:
    """What this process hears. While nobody is there to hear it, the process does not listen, and nothing need be told."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._hearers: set[Hearer] = set()
        self._somebody = asyncio.Event()
        self._position: int | None = None
        self._missing: dict[int, float] = {}
        self._complete = False

    def __len__(self) -> int:
        return len(self._hearers)

    async def join(self, hearer: Hearer) -> None:
        """Let somebody hear what was told after the number that they bring, as far as it is still kept, and what is told from now on.

        A number that nothing has yet is one of another database, or made up: who brings it begins now.
        """
        while self._position is not None and hearer.after is not None and hearer.after < self._position:
            await self._catch_up(hearer, hearer.after, self._position)
        if self._position is not None:
            hearer.after = min(self._position if hearer.after is None else hearer.after, self._position)
        self._hearers.add(hearer)
        self._somebody.set()
        hearer.is_told_all(self._complete)

    def leave(self, hearer: Hearer) -> None:
        self._hearers.discard(hearer)
        if not self._hearers:
            self._somebody.clear()

    async def run(self) -> None:
        """Listen whenever there is somebody to hear, for ever."""
        while True:
            await self._somebody.wait()
            try:
                await self._listen()
            except AWAY as error:
                log.warning("nothing is heard", error=str(error) or type(error).__name__)
                await asyncio.sleep(AWAY_SECONDS)

    async def _listen(self) -> None:
        """From 1 s after the beginning on every process has noticed that somebody listens, and tells everything."""
        async with self._pool.acquire() as connection:
            listener = await live.begin_listening(connection)
            await self._begin(connection)
        renewed = time.monotonic()
        complete_at = renewed + LOOK_SECONDS
        try:
            while self._hearers:
                async with self._pool.acquire() as connection:
                    full = await self._look(connection)
                    if time.monotonic() - renewed > LISTENER_SECONDS / 3:
                        renewed = time.monotonic()
                        if not await live.keep_listening(connection, listener):
                            return
                if not self._complete and time.monotonic() > complete_at:
                    self._is_complete(complete=True)
                await asyncio.sleep(0 if full else POLL_SECONDS)
            self._position = None
        finally:
            self._is_complete(complete=False)
            with suppress(*AWAY):
                async with self._pool.acquire() as connection:
                    await live.stop_listening(connection, listener)

    def _is_complete(self, complete: bool) -> None:
        self._complete = complete
        for hearer in self._hearers:
            hearer.is_told_all(complete)

    async def _begin(self, connection: Connection) -> None:
        """Go on where it was interrupted, or after the least number that somebody brings, else now; numbers begin anew after a crash."""
        newest = await live.newest_live(connection)
        brought = [hearer.after for hearer in self._hearers if hearer.after is not None]
        self._position = min(min(brought, default=newest) if self._position is None else self._position, newest)
        self._missing.clear()
        for hearer in self._hearers:
            hearer.after = newest if hearer.after is None else min(hearer.after, newest)

    async def _look(self, connection: Connection) -> bool:
        """Tell everybody what is new; whether there is more."""
        now = time.monotonic()
        position = self._position or 0
        rows = await live.read_live(connection, position, list(self._missing), ROWS_MAX)
        for row in rows:
            self._missing.pop(row.id, None)
            if row.id > position:
                self._missing.update(dict.fromkeys(range(max(position + 1, row.id - MISSING_MAX), row.id), now))
                position = row.id
        self._position = position
        self._missing = {number: since for number, since in self._missing.items() if now - since < OPEN_SECONDS}
        least = min(self._missing, default=position + 1)
        for heard in [_heard(row, min(row.id, least - 1)) for row in rows]:
            for hearer in self._hearers:
                hearer.hear(heard)
        return len(rows) >= ROWS_MAX

    async def _catch_up(self, hearer: Hearer, after: int, until: int) -> None:
        async with self._pool.acquire() as connection:
            lost, rows = await live.read_latest(connection, after, until, BUFFER_MAX)
        hearer.lose(lost)
        for row in rows:
            hearer.hear(_heard(row, row.id))
        hearer.after = until


def _heard(row: LiveEvent, resume: int) -> Heard:
    """A document's members stand beside the number, kind and source of its row."""
    head = {"id": row.id, "at": shapes.instant(row.at), "kind": row.kind, "source": row.source}
    members = head | _decode(row.document)
    return Heard(row.id, resume, members, _encode(members))
