"""Accounts: received = stored + duplicate + failed, counted in the transaction of each write and folded by minutes."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.store.connect import Connection


class Count(NamedTuple):
    """What one write did for one source. `at` is in UTC."""

    source_id: int
    at: datetime
    received: int
    stored: int
    duplicate: int
    failed: int


class Received(NamedTuple):
    """How many events a write received of a source, and the latest of their instants (UTC)."""

    source_id: int
    at: datetime
    events: int


class SourceAccount(NamedTuple):
    """What a source sent since the beginning, its last stored event (UTC) and the events stored within 24 hours."""

    source: str
    kind: str
    received: int
    stored: int
    duplicate: int
    failed: int
    last_event_at: datetime | None
    events_24h: int


_INSERT = """insert into counts (source_id, at, received, stored, duplicate, failed)
select * from unnest($1::smallint[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])"""

_FOLD = """
with folded as (delete from counts where id in (select id from counts order by id limit 10000) returning *)
insert into totals as t (source_id, minute, received, stored, duplicate, failed, last_event_at)
select source_id, date_trunc('minute', at), sum(received), sum(stored), sum(duplicate), sum(failed), max(at) filter (where stored > 0)
from folded group by source_id, date_trunc('minute', at)
on conflict (source_id, minute) do update set received = t.received + excluded.received, stored = t.stored + excluded.stored,
  duplicate = t.duplicate + excluded.duplicate, failed = t.failed + excluded.failed,
  last_event_at = greatest(t.last_event_at, excluded.last_event_at)
"""

_ACCOUNTS = """
with all_counts as (
  select source_id, minute, received, stored, duplicate, failed, last_event_at from totals
  union all
  select source_id, at, received, stored, duplicate, failed, case when stored > 0 then at end from counts)
select s.name as source, s.kind, coalesce(sum(received), 0)::bigint as received, coalesce(sum(stored), 0)::bigint as stored,
  coalesce(sum(duplicate), 0)::bigint as duplicate, coalesce(sum(failed), 0)::bigint as failed, max(last_event_at) as last_event_at,
  coalesce(sum(stored) filter (where minute > now() - interval '24 hours'), 0)::bigint as events_24h
from sources s left join all_counts c on c.source_id = s.id group by s.id order by s.id
"""


async def write_counts(connection: Connection, counts: Sequence[Count]) -> None:
    await connection.execute(_INSERT, *(list(column) for column in zip(*counts, strict=True)))


async def fold_counts(connection: Connection) -> None:
    """Add up rows of counts by source and minute, 10,000 at a time."""
    await connection.execute(_FOLD)


async def read_accounts(connection: Connection) -> list[SourceAccount]:
    """The account of every source, exact at the statement's snapshot; the last 24 hours to the minute."""
    return [SourceAccount(*row.values()) for row in await connection.fetch(_ACCOUNTS)]
