"""The spool: hits that are answered at once wait in files of the data folder until Postgres has them.

A file belongs to the process that holds its lock, which the kernel lets go of however the process ends; another one, or the next one,
then adopts what it left. A hit that was sent and not confirmed is sent again: its message id makes it one event.
"""

import asyncio
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec
import structlog

from app.domain.arriving.events import Arrival
from app.flow.arrived import submissions
from app.flow.collect import Collector, OverloadedError, UnavailableError

SPOOL_BYTES_MAX = 64 * 1024 * 1024
FILE_BYTES_MAX = 1024 * 1024
SENT_AT_ONCE = 200
GATHER_SECONDS = 0.02
"""Nobody waits for a hit to be stored, so that those of a moment share a file and a write."""

RETRY_SECONDS = 0.5
LOOK_SECONDS = 5.0
SUFFIX = ".hits"
log = structlog.get_logger("spool")


class Spooled(msgspec.Struct, array_like=True):
    """A hit on its way: its event as JSON with a messageId, the arrival, and the type that its route named."""

    arrival: Arrival
    raw: bytes
    kind: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Spooled).decode
_numbers = count(1)


@dataclass
class _File:
    """A file whose lock we hold: hits as lines of JSON, of which the first few may be sent already."""

    path: Path
    number: int
    size: int
    sent: int = 0

    def append(self, line: bytes) -> None:
        """Write a line; what a full disk took of it is taken back."""
        if os.write(self.number, line) != len(line):
            os.ftruncate(self.number, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += len(line)

    def unsent(self) -> Iterator[list[bytes]]:
        """The lines that are not sent yet, some at a time; a last one without its end was never answered."""
        lines = os.pread(self.number, self.size, 0).split(b"\n")[:-1]
        while part := lines[self.sent : self.sent + SENT_AT_ONCE]:
            yield part
            self.sent += len(part)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self.number)


class Spool:
    """Keeps hits of one process, 64 MiB at most, and hands them to its collector. `lose` is told the reason of each that is not kept."""

    def __init__(self, folder: Path, collector: Collector, secret: bytes, lose: Callable[[str], None]) -> None:
        self._folder = folder
        self._collector = collector
        self._secret = secret
        self._lose = lose
        self._files: list[_File] = []
        self._growing: _File | None = None
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def size(self) -> int:
        """Bytes of the files that wait, sent or not."""
        return sum(file.size for file in self._files)

    def keep(self, hit: Spooled) -> None:
        """Have a hit in the file before it is answered: the end of this process cannot lose it any more, only that of the machine."""
        line = _encode(hit) + b"\n"
        if self.size + len(line) > SPOOL_BYTES_MAX:
            self._lose("spool_full")
            return
        try:
            self._grown().append(line)
        except OSError as error:
            self._lose("spool_unwritable")
            log.warning("a hit is lost", error=str(error))
        self._wake.set()

    async def run(self) -> None:
        """Send what is kept, and what ended processes left, until closed; what Postgres does not take then stays for the next process."""
        sent = True
        while not self._closing.is_set():
            self._wake.clear()
            before, sent = sent, await self._send_all()
            if before and not sent:
                log.warning("hits wait for postgres", bytes=self.size)
            await _waited(self._wake if sent else self._closing, LOOK_SECONDS if sent else RETRY_SECONDS)
        await self._send_all()

    def close(self) -> None:
        """Send no more than what is kept now; `run` ends when Postgres took it, or did not."""
        self._closing.set()
        self._wake.set()

    def _grown(self) -> _File:
        """The file that takes the next hit."""
        if self._growing is None or self._growing.size > FILE_BYTES_MAX:
            self._growing = _made(self._folder)
            self._files.append(self._growing)
        return self._growing

    async def _send_all(self) -> bool:
        """Whether Postgres took everything there was."""
        self._files += _adopted(self._folder, {file.path for file in self._files})
        try:
            while self._files:
                await self._send(self._files[0])
                self._files.pop(0).remove()
        except (OverloadedError, UnavailableError):
            return False
        return True

    async def _send(self, file: _File) -> None:
        if file is self._growing:
            await _waited(self._closing, GATHER_SECONDS)
            self._growing = None
        for lines in file.unsent():
            hits = [hit for line in lines if (hit := self._read(line))]
            waiting = [one for hit in hits for one in submissions(hit.arrival, [hit.raw], hit.kind, secret=self._secret)]
            outcomes = await asyncio.gather(*map(self._collector.submit, waiting), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome

    def _read(self, line: bytes) -> Spooled | None:
        try:
            return _decode(line)
        except msgspec.DecodeError as error:
            self._lose("spool_unreadable")
            log.warning("a hit is lost", error=str(error))
            return None


def _made(folder: Path) -> _File:
    """A new file, which has its name only once we hold its lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{time.time_ns()}-{os.getpid()}-{next(_numbers)}{SUFFIX}"
    unnamed = path.with_suffix(".new")
    number = os.open(unnamed, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unnamed.rename(path)
    return _File(path, number, 0)


def _adopted(folder: Path, held: set[Path]) -> list[_File]:
    """The files that nobody holds any more, oldest first; ours from now on."""
    found = (_locked(path) for path in sorted(folder.glob(f"*{SUFFIX}")) if path not in held)
    return [file for file in found if file]


def _locked(path: Path) -> _File | None:
    """The file where its lock is free and it is still there."""
    try:
        number = os.open(path, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError):
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(number)
        if status.st_nlink:
            return _File(path, number, status.st_size)
    os.close(number)
    return None


async def _waited(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, so long at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
