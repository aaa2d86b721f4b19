"""Import jobs: what they were given, how far they are, what became of their rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.store.connect import Connection

_LOCK = 0x494D50


class Import(NamedTuple):
    """A job. Its counts are those of committed rows: rows = accepted + duplicates + rejected. Times are in UTC."""

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


class Reason(NamedTuple):
    """Why rows of an import were rejected, with the field concerned, and how many they are."""

    code: str
    field: str | None
    rows: int


_COLUMNS = ", ".join(Import._fields)


async def add_import(connection: Connection, source_id: int, file: str, mapping: bytes, size: int) -> Import:
    row = await connection.fetchrow(
        f"insert into imports (source_id, file, mapping, state, bytes_total) values ($1, $2, $3, 'waiting', $4) returning {_COLUMNS}",
        source_id,
        file,
        mapping,
        size,
    )
    return Import(*row.values())


async def read_import(connection: Connection, job: int) -> Import | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from imports where id = $1", job)
    return Import(*row.values()) if row else None


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


async def advance_import(connection: Connection, job: int, *, accepted: int, duplicates: int, rejected: int, bytes_read: int) -> None:
    """Count the rows of one write, in its transaction."""
    await connection.execute(
        """update imports set rows = rows + $2 + $3 + $4, accepted = accepted + $2, duplicates = duplicates + $3,
        rejected = rejected + $4, bytes_read = $5 where id = $1""",
        job,
        accepted,
        duplicates,
        rejected,
        bytes_read,
    )


async def end_import(connection: Connection, job: int, error: str | None) -> None:
    """A job ends finished, or failed with the reason why it could not go on."""
    await connection.execute(
        """update imports set state = case when $2::text is null then 'finished' else 'failed' end, error = $2, finished_at = now(),
        bytes_read = case when $2::text is null then bytes_total else bytes_read end where id = $1""",
        job,
        error,
    )
