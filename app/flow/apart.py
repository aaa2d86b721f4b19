"""A process of our own beside the one that answers: what it takes ends with it, and live requests share no interpreter with it.

Its order comes as the first line of its input, as whoever may list processes can read their command lines; its input stays open as long
as somebody waits for what it says.
"""

import os
import sys
import threading
from typing import BinaryIO, TypeVar

import msgspec
import structlog

Order = TypeVar("Order")

NICENESS = 5
"""It gives way to whoever answers live requests."""


def take_order(source: BinaryIO, kind: type[Order]) -> Order:
    """The order of this process, which from now on ends at once when `source` does, and logs to standard error."""
    os.nice(NICENESS)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    order = msgspec.json.decode(source.readline(), type=kind)
    threading.Thread(target=_end_with, args=(source.fileno(),), daemon=True).start()
    return order


def _end_with(source: int) -> None:
    os.read(source, 1)
    os._exit(1)
