"""A dry run in a process of its own: its memory is given back at its end, and live requests share no interpreter with it."""

import asyncio
import sys
from typing import BinaryIO

import msgspec

from app.domain.identity.identifiers import IdentityRules
from app.flow.apart import take_order
from app.flow.dry_run import dry_run
from app.flow.reader import Errand, ReaderGoneError, pipes_of
from app.store.connect import AWAY, connect

_encode = msgspec.json.Encoder().encode


class Order(msgspec.Struct, frozen=True):
    """What is to be tried, and where."""

    dsn: str
    errand: Errand
    rules: IdentityRules


async def dry_run_apart(order: Order) -> bytes:
    """Try an import in another process; its report, as JSON.

    Raises ReaderGoneError where that process ended without a report, by a signal or because Postgres went away: it can be tried again.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.flow.dry_runner"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        return await _reported(process, order)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _reported(process: asyncio.subprocess.Process, order: Order) -> bytes:
    """Its input stays open as long as somebody waits for the report."""
    stdin, stdout = pipes_of(process)
    stdin.write(_encode(order) + b"\n")
    report = await stdout.read()
    if await process.wait() != 0:
        raise ReaderGoneError("the dry run ended before its report")
    return report


def main(source: BinaryIO, pipe: BinaryIO) -> None:
    """Try what the first line of `source` orders, and put the report into the pipe; end at once when `source` ends."""
    order = take_order(source, Order)
    try:
        pipe.write(asyncio.run(_try(order)))
    except (ReaderGoneError, *AWAY) as error:
        sys.exit(f"a dry run cannot go on: {error or type(error).__name__}")


async def _try(order: Order) -> bytes:
    connection = await connect(order.dsn, application="waystage dry run")
    try:
        return _encode(await dry_run(connection, order.errand, order.rules))
    finally:
        connection.terminate()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
