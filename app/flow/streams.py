"""A file's text as bytes, whatever it is packed in."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from app.flow.rows import BrokenError, Place

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES = 4 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_CUT = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)


def blocks(file: Path, offset: int = 0) -> Iterator[bytes]:
    """The text from an offset on, in blocks of 4 MiB. Gzip and zstd are recognised by their first bytes, whatever the name says.

    What can be read before the place where a packed file is cut short or damaged is handed over first. Raises BrokenError there.
    """
    with file.open("rb") as opened, _unpacked(opened) as stream:
        gathered, broken = bytearray(), None
        try:
            stream.seek(offset)
            while chunk := stream.read1(BLOCK_BYTES):
                gathered += chunk
                if len(gathered) >= BLOCK_BYTES:
                    yield bytes(gathered)
                    gathered.clear()
        except _CUT as error:
            broken = error
        if gathered:
            yield bytes(gathered)
        if broken:
            raise BrokenError(str(broken) or "it is cut short") from broken


def packed_share(file: Path) -> float:
    """How many bytes of a file stand for one of its text, by its first 4 MiB: 1 where it is not packed."""
    with file.open("rb") as opened, _unpacked(opened) as stream:
        try:
            text = stream.read(BLOCK_BYTES)
        except _CUT:
            return 1.0
        return opened.tell() / len(text) if text else 1.0


def lines(file: Path, offset: int = 0) -> Iterator[tuple[list[bytes], int]]:
    """Whole lines without their ends, as many as a block has, and the offset after them; a last line without an end counts one byte more.

    Of a line that does not end within 4 MiB, only these are handed over, alone. Raises BrokenError after the lines before.
    """
    rest = b""
    source = blocks(file, offset)
    for block in source:
        text = block if offset else block.removeprefix(BYTE_ORDER_MARK)
        offset += len(block)
        *whole, rest = (rest + text).split(b"\n")
        if whole:
            yield whole, offset - len(rest)
        if len(rest) > BLOCK_BYTES:
            long = rest[:BLOCK_BYTES]
            offset, rest = _after_line(source, offset)
            yield [long], offset - len(rest)
    if rest:
        yield rest.removesuffix(b"\n").split(b"\n"), offset + 1


def numbered_lines(file: Path, place: Place) -> Iterator[tuple[bytes, int, int]]:
    """Each line from a place on with its number and the offset after it. Raises BrokenError."""
    line = place.line
    for batch, end in lines(file, place.offset):
        after = end - sum(map(len, batch)) - len(batch)
        for text in batch:
            line += 1
            after += len(text) + 1
            yield text, line, after


def _after_line(source: Iterator[bytes], offset: int) -> tuple[int, bytes]:
    """Read on behind the next end of a line: the offset, and what was read behind it."""
    for block in source:
        offset += len(block)
        _, ended, rest = block.partition(b"\n")
        if ended:
            return offset, rest
    return offset, b""


def _unpacked(opened: BinaryIO) -> Any:
    magic = opened.read(4)
    opened.seek(0)
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=opened)
    return zstd.ZstdFile(opened) if magic == _ZSTD else opened
