"""Import jobs: what they were given, how far they are, what became of their rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.store.connect import Connection

_LOCK = 0x494D50


class Import(NamedTuple):
    """A job. Its counts are those of committed rows: rows = accepted + duplicates + rejected. Times are in UTC.

    `mapping`, `place` and `report` are JSON: the mapping's text, the place in the file after these rows, what a dry run found.
    """

    id: int
    source_id: int
    file: str
    mapping: bytes
    state: str
    rows: int
    accepted: int
    duplicates: int
    rejected: int
    bytes_total: int
    bytes_read: int
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    dry_run: bool
    place: bytes | None
    report: bytes | None
    undone: int


class EndedMeanwhileError(RuntimeError):
    """A job does not run any more: it is to be undone."""


class Progress(NamedTuple):
    """What one write adds to a job's counts, and how far it has come: bytes of the file, and the place (JSON) to go on from."""

    accepted: int
    duplicates: int
    rejected: int
    bytes_read: int
    place: bytes


class Reason(NamedTuple):
    """Why rows of an import were rejected, with the field concerned, and how many they are."""

    code: str
    field: str | None
    rows: int


class Reject(NamedTuple):
    """A rejected row as it was, with its line in the file (from 1; None where only its position is known), the field and the reason."""

    line: int | None
    field: str | None
    code: str
    reason: str
    row: bytes


class Rejects(NamedTuple):
    """Some rejected rows, and the place after them."""

    rejects: list[Reject]
    after: tuple[int, int]


REJECTS_AT_ONCE = 500
BEFORE_ALL = (-1, 0)
"""The place before the first rejected row."""

_COLUMNS = ", ".join(Import._fields)


async def add_import(connection: Connection, source_id: int, file: str, mapping: bytes, size: int, *, dry_run: bool) -> Import:
    row = await connection.fetchrow(
        f"""insert into imports (source_id, file, mapping, state, bytes_total, dry_run) values ($1, $2, $3, 'waiting', $4, $5)
        returning {_COLUMNS}""",
        source_id,
        file,
        mapping,
        size,
        dry_run,
    )
    return Import(*row.values())


async def read_import(connection: Connection, job: int) -> Import | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from imports where id = $1", job)
    return Import(*row.values()) if row else None


async def list_imports(connection: Connection, source_id: int | None, before: int | None, limit: int) -> list[Import]:
    """The newest first, of a source or of all, of those before some number."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from imports where ($1::smallint is null or source_id = $1) and ($2::bigint is null or id < $2)
        order by id desc limit $3""",
        source_id,
        before,
        limit,
    )
    return [Import(*row.values()) for row in rows]


async def unfinished_imports(connection: Connection, jobs: Sequence[int]) -> set[int]:
    """Those of some jobs that are not ended."""
    rows = await connection.fetch("select id from imports where state in ('waiting', 'running') and id = any($1::bigint[])", jobs)
    return {row["id"] for row in rows}


async def read_rejects(connection: Connection, job: int, after: tuple[int, int]) -> Rejects:
    """The next 500 rejected rows of a job in the order of its file."""
    rows = await connection.fetch(
        """select line, field, code, message, body, position, id from failed_events
        where import_id = $1 and (position, id) > ($2, $3) order by position, id limit $4""",
        job,
        *after,
        REJECTS_AT_ONCE,
    )
    return Rejects([Reject(*list(row.values())[:5]) for row in rows], (rows[-1]["position"], rows[-1]["id"]) if rows else after)


async def read_reasons(connection: Connection, job: int) -> list[Reason]:
    """The most frequent first."""
    rows = await connection.fetch(
        "select code, field, count(*) as rows from failed_events where import_id = $1 group by code, field order by rows desc, code, field",
        job,
    )
    return [Reason(*row.values()) for row in rows]


async def next_import(connection: Connection, jobs: Sequence[int]) -> Import | None:
    """The oldest of some jobs that is not ended: one that a crash interrupted goes on where it was.

    The connection holds the job as long as it lasts, so that of several processes one works at it.
    """
    row = await connection.fetchrow(
        f"""update imports set state = 'running', started_at = coalesce(started_at, now())
        where id = (select id from imports where state in ('waiting', 'running') and id = any($1::bigint[])
          and pg_try_advisory_lock({_LOCK}, id::int) order by id limit 1) returning {_COLUMNS}""",
        jobs,
    )
    return Import(*row.values()) if row else None


async def advance_import(connection: Connection, job: int, progress: Progress) -> None:
    """Count the rows of one write, in its transaction; raises EndedMeanwhileError."""
    done = await connection.execute(
        """update imports set rows = rows + $2 + $3 + $4, accepted = accepted + $2, duplicates = duplicates + $3,
        rejected = rejected + $4, bytes_read = least($5, bytes_total), place = $6 where id = $1 and state = 'running'""",
        job,
        *progress,
    )
    if done == "UPDATE 0":
        raise EndedMeanwhileError(f"import {job} does not run any more")


async def end_import(connection: Connection, job: int, error: str | None, report: bytes | None = None) -> None:
    """A job that runs ends finished, a dry run with its report (JSON), or failed with the reason why it could not go on."""
    await connection.execute(
        """update imports set state = case when $2::text is null then 'finished' else 'failed' end, error = $2, finished_at = now(),
        bytes_read = case when $2::text is null then bytes_total else bytes_read end, report = $3
        where id = $1 and state = 'running'""",
        job,
        error,
        report,
    )
