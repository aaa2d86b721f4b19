"""The reading half of an import, a process of its own: it parses the next part of a file while the one before is written.

Parts come through a pipe, each behind its length; what is not taken holds the reader up, so that memory stays flat.
"""

import asyncio
import gc
import os
import struct
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from app.domain.arriving.arrivals import UNMAPPED
from app.domain.arriving.events import Arrival, Event, parse_event
from app.domain.arriving.mapping import parse_mapping
from app.flow.files import Part, Place, UnreadableError, read_parts
from app.flow.streams import packed_share
from app.flow.submissions import Parsed, Submission, failed_of
from app.store.bulk import PackedEvents, pack
from app.store.failed_events import FailedEvent
from app.store.twins import FileTwins

PART_ROWS = 10_000
READ_AHEAD_BYTES = 4 * 1024 * 1024
GARBAGE_MAX = 100_000
_LENGTH = struct.Struct(">I")


class ReaderGoneError(RuntimeError):
    """The reader ended before its file did; the job can go on with another one."""


class Errand(msgspec.Struct, frozen=True):
    """What is to be read, from which place on, and as what: `received_at` is in UTC; `twins` is the file that counts twins."""

    file: str
    mapping: str | None
    place: Place
    source_id: int
    received_at: datetime
    import_id: int
    twins: str

    @property
    def arrival(self) -> Arrival:
        return Arrival(self.source_id, trusted=True, received_at=self.received_at, import_id=self.import_id)


class ParsedPart(msgspec.Struct, tag=True, array_like=True):
    """A part of a file: its rows, the place and about how many bytes of the file are behind it, its events, and what was refused."""

    rows: int
    place: Place
    bytes_read: int
    events: PackedEvents
    failed: list[FailedEvent]


class Ended(msgspec.Struct, tag=True, array_like=True):
    """The end of a file; `error` says why there may be more of it that cannot be read."""

    error: str | None


Said: TypeAlias = ParsedPart | Ended
_encode = msgspec.msgpack.Encoder().encode
_decode_said = msgspec.msgpack.Decoder(Said).decode
_decode_errand = msgspec.msgpack.Decoder(Errand).decode


@asynccontextmanager
async def reading(errand: Errand) -> AsyncIterator[AsyncIterator[ParsedPart]]:
    """A reader at work, and the parts that it hands over; they may raise UnreadableError or ReaderGoneError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.flow.reader"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=READ_AHEAD_BYTES,
        start_new_session=True,
    )
    try:
        yield _handed_over(process, errand)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _handed_over(process: asyncio.subprocess.Process, errand: Errand) -> AsyncIterator[ParsedPart]:
    stdin, stdout = pipes_of(process)
    stdin.write(_encode(errand))
    stdin.close()
    while isinstance(said := await _next(stdout), ParsedPart):
        yield said
    if said.error:
        raise UnreadableError(said.error)


def pipes_of(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    """A process's input and output; raises ReaderGoneError where it ended before it began."""
    if process.stdin is None or process.stdout is None or process.stdin.is_closing():
        raise ReaderGoneError("the reader ended before its file did")
    return process.stdin, process.stdout


async def _next(pipe: asyncio.StreamReader) -> Said:
    try:
        (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
        said: Said = _decode_said(await pipe.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise ReaderGoneError("the reader ended before its file did") from error
    return said


def main(source: BinaryIO, pipe: BinaryIO) -> None:
    """Do the errand that stands in `source`; the parts, and the end, go into the pipe."""
    gc.set_threshold(GARBAGE_MAX)
    try:
        for said in _read(_decode_errand(source.read())):
            packed = _encode(said)
            pipe.write(_LENGTH.pack(len(packed)))
            pipe.write(packed)
            pipe.flush()
    except BrokenPipeError:
        os._exit(0)


def _read(errand: Errand) -> Iterator[Said]:
    twins = FileTwins(Path(errand.twins))
    try:
        packing = packed_share(Path(errand.file))
        for part in read_parts(Path(errand.file), parse_mapping(errand.mapping), errand.place, PART_ROWS):
            yield _parsed(part, submission_of(part, errand, twins), packing)
    except (UnreadableError, FileNotFoundError) as error:
        yield Ended(str(error).encode(errors="replace").decode().replace("\0", "\ufffd"))
    else:
        yield Ended(None)


def read_again(errand: Errand) -> Submission:
    """The part of a file that the errand's place begins, in this process."""
    part = next(read_parts(Path(errand.file), parse_mapping(errand.mapping), errand.place, PART_ROWS))
    return submission_of(part, errand, FileTwins(Path(errand.twins)))


def submission_of(part: Part, errand: Errand, twins: FileTwins) -> Submission:
    """The rows of a part, taken apart or refused, in order; their twins are kept."""
    arrival = errand.arrival
    first = part.place.rows - len(part.rows)
    twins.begin(first)
    parsed = [Parsed(refused or parse_event(raw, position, arrival, twins), raw, line) for position, line, raw, refused in part.rows]
    twins.keep()
    return Submission(errand.source_id, errand.received_at, parsed, errand.import_id, first=first)


def _parsed(part: Part, submission: Submission, packing: float) -> ParsedPart:
    events = [verdict for verdict, _, _ in submission.parsed if isinstance(verdict, Event)]
    failed = [
        one._replace(arrival=UNMAPPED) if part.rows[one.position - submission.first].refused else one for one in failed_of(submission)
    ]
    return ParsedPart(len(part.rows), part.place, round(part.place.offset * packing), pack(events), failed)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
