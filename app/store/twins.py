"""Twins: rows of one file that are equal and have no messageId, counted in a file of their own, so that memory stays flat."""

import sqlite3
from pathlib import Path

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
pragma cache_size = -65536;
create table if not exists twins (digest blob, part integer, rows integer, primary key (digest, part)) without rowid;
"""


class FileTwins:
    """How often each digest was seen in the parts of a file: to be asked and told as `parse_event` asks, and kept part by part.

    What is kept of a part stands for its rows however often they are counted, so that a reader that goes on after a crash finds the
    numbers that the interrupted one gave. A file whose rows all have a messageId makes none of its own.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: sqlite3.Connection | None = None
        self._part = 0
        self._before: dict[bytes, int] = {}
        self._latest: dict[bytes, int] = {}

    def begin(self, part: int) -> None:
        """Count the part that begins with the row of this position, from 0."""
        self._part = part
        self._before, self._latest = {}, {}

    def get(self, digest: bytes, default: int) -> int:
        """The number of the latest twin, from 0; the default where there is none."""
        latest = self._latest.get(digest)
        if latest is None:
            self._before[digest] = latest = default + self._rows_before(digest)
        return latest

    def __setitem__(self, digest: bytes, twin: int) -> None:
        self._latest[digest] = twin

    def keep(self) -> None:
        """Make what was counted of this part durable."""
        if self._latest:
            rows = sorted((digest, self._part, twin - self._before[digest]) for digest, twin in self._latest.items())
            with self._opened() as connection:
                connection.executemany("insert or replace into twins values (?, ?, ?)", rows)

    def _rows_before(self, digest: bytes) -> int:
        query = "select coalesce(sum(rows), 0) from twins where digest = ? and part < ?"
        found: int = self._opened().execute(query, (digest, self._part)).fetchone()[0]
        return found

    def _opened(self) -> sqlite3.Connection:
        if self._kept is None:
            self._kept = sqlite3.connect(self._file)
            self._kept.executescript(_SCHEMA)
        return self._kept


def remove_twins(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
