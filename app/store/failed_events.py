"""Failed events: kept as bytes with a typed reason, counted by reason, and given out again to be mended and replayed."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.store.connect import Connection


class FailedEvent(NamedTuple):
    """An event that is not stored as one. `received_at` is in UTC; `arrival` is JSON: what else its parsing needs; `line` is a file's."""

    received_at: datetime
    source_id: int
    import_id: int | None
    position: int
    message_id: str | None
    code: str
    field: str | None
    message: str
    body: bytes
    line: int | None = None
    arrival: bytes = b"{}"


_COUNT_REFUSALS = """insert into refusals as r (source_id, code, events)
select * from unnest($1::smallint[], $2::text[], $3::bigint[]) as n (source_id, code, events) order by source_id, code
on conflict (source_id, code) do update set events = r.events + excluded.events"""


async def write_failed(connection: Connection, failed: Sequence[FailedEvent]) -> None:
    """Keep failed events, and count them by source and reason; the caller owns the transaction."""
    if not failed:
        return
    await connection.copy_records_to_table("failed_events", records=failed, columns=FailedEvent._fields)
    refused = Counter((event.source_id, event.code) for event in failed)
    sources, codes = zip(*refused, strict=True)
    await connection.execute(_COUNT_REFUSALS, sources, codes, list(refused.values()))


class Filters(NamedTuple):
    """Which failed events are meant; None is all. `source` is a name; `since` (included) and `until` (excluded) are in UTC."""

    code: str | None = None
    source: str | None = None
    import_id: int | None = None
    field: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    webhook: str | None = None


class KeptEvent(NamedTuple):
    """A failed event as it is kept, with its source. Times are in UTC; `edited_at` is when its body was replaced by a mended one."""

    id: int
    received_at: datetime
    source_id: int
    source: str
    trusted: bool
    import_id: int | None
    position: int
    line: int | None
    message_id: str | None
    code: str
    field: str | None
    message: str
    body: bytes
    arrival: bytes
    edited_at: datetime | None


class Refusals(NamedTuple):
    """How many failed events are kept of a source for one reason, and when the first and the last of them were received (UTC)."""

    source: str
    code: str
    field: str | None
    events: int
    first: datetime
    last: datetime


def _kept(body: str = "f.body") -> str:
    return f"""select f.id, f.received_at, f.source_id, s.name as source, s.kind = 'trusted' as trusted, f.import_id, f.position, f.line,
    f.message_id, f.code, f.field, f.message, {body} as body, f.arrival, f.edited_at
    from failed_events f join sources s on s.id = f.source_id"""


_MEANT = """($1::text is null or f.code = $1) and ($2::text is null or s.name = $2) and ($3::bigint is null or f.import_id = $3)
and ($4::text is null or f.field = $4) and ($5::timestamptz is null or f.received_at >= $5)
and ($6::timestamptz is null or f.received_at < $6) and ($7::text is null or f.arrival ->> 'webhook' = $7)"""


async def list_failed(connection: Connection, filters: Filters, before: int | None, limit: int, body_bytes: int) -> list[KeptEvent]:
    """Failed events, newest first, those before one; of their bodies the first so many bytes."""
    begin = _kept(f"substring(f.body from 1 for {body_bytes})")
    query = f"{begin} where {_MEANT} and ($8::bigint is null or f.id < $8) order by f.id desc limit $9"
    return [KeptEvent(*row.values()) for row in await connection.fetch(query, *filters, before, limit)]


async def read_failed(connection: Connection, number: int) -> KeptEvent | None:
    row = await connection.fetchrow(f"{_kept()} where f.id = $1", number)
    return KeptEvent(*row.values()) if row else None


async def read_refusals(connection: Connection, filters: Filters) -> list[Refusals]:
    """The failed events kept, by reason, the most frequent first."""
    rows = await connection.fetch(
        f"""select s.name as source, f.code, f.field, count(*) as events, min(f.received_at) as first, max(f.received_at) as last
        from failed_events f join sources s on s.id = f.source_id where {_MEANT}
        group by s.name, f.code, f.field order by events desc, s.name, f.code, f.field""",
        *filters,
    )
    return [Refusals(*row.values()) for row in rows]


async def edit_failed(connection: Connection, number: int, body: bytes, *, typed: bool) -> KeptEvent | None:
    """Put a mended event in the place of what was refused; None where there is none of this number.

    What was a row is an event from now on; where it names its own type (`typed`) the one that its route named is forgotten.
    """
    await connection.execute(
        """update failed_events set body = $2, edited_at = now(),
        arrival = arrival - 'row' - 'webhook' - case when $3 then 'type' else '' end where id = $1""",
        number,
        body,
        typed,
    )
    return await read_failed(connection, number)


async def take_failed(connection: Connection, filters: Filters, after: int, limit: int) -> list[KeptEvent]:
    """The oldest failed events after one, for this transaction alone; those that another transaction has taken are passed over."""
    query = f"{_kept()} where {_MEANT} and f.id > $8 order by f.id limit $9 for update of f skip locked"
    return [KeptEvent(*row.values()) for row in await connection.fetch(query, *filters, after, limit)]


async def take_one(connection: Connection, number: int) -> list[KeptEvent]:
    """One failed event for this transaction alone, after any other that has it; empty where it is not there (any more)."""
    row = await connection.fetchrow(f"{_kept()} where f.id = $1 for update of f", number)
    return [KeptEvent(*row.values())] if row else []


async def delete_failed(connection: Connection, numbers: Sequence[int]) -> None:
    await connection.execute("delete from failed_events where id = any($1::bigint[])", numbers)


class Again(NamedTuple):
    """An event that is refused again, and why."""

    id: int
    message_id: str | None
    code: str
    field: str | None
    message: str


async def refuse_again(connection: Connection, refused: Sequence[Again]) -> None:
    """Keep the newest reason of each."""
    if refused:
        await connection.execute(
            """update failed_events f set message_id = n.message_id, code = n.code, field = n.field, message = n.message
            from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) as n (id, message_id, code, field, message)
            where f.id = n.id""",
            *(list(column) for column in zip(*refused, strict=True)),
        )


async def delete_older(connection: Connection, before: datetime, limit: int) -> None:
    """Forget failed events received before an instant (UTC), of the first so many; their accounts stay as they are."""
    await connection.execute(
        "delete from failed_events where id in (select id from failed_events order by id limit $2) and received_at < $1", before, limit
    )


class Reason(NamedTuple):
    """How many events of a source were refused for one reason since the beginning."""

    source: str
    code: str
    events: int


async def count_reasons(connection: Connection) -> list[Reason]:
    rows = await connection.fetch(
        "select s.name, r.code, r.events from refusals r join sources s on s.id = r.source_id order by s.id, r.code"
    )
    return [Reason(*row.values()) for row in rows]


async def count_kept(connection: Connection) -> dict[str, int]:
    """The failed events kept now, by source."""
    rows = await connection.fetch(
        """select s.name, count(f.source_id) as events from sources s left join failed_events f on f.source_id = s.id
        group by s.id order by s.id"""
    )
    return {row["name"]: row["events"] for row in rows}
