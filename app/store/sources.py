"""What was heard of each source: in the last hour and day, a week before, and up to its last event."""

from typing import Any, NamedTuple

from app.domain.arriving.hearing import Heard, Span
from app.store.connect import Connection


class SourceHeard(NamedTuple):
    """A source, what was heard of it, and its events that failed within 24 hours."""

    source: str
    kind: str
    heard: Heard
    failed: int


_HEARD = """
with told as not materialized (
  select source_id, minute, stored, failed, last_event_at from totals
  union all
  select source_id, at, stored, failed, case when stored > 0 then at end from counts)
select s.name, s.kind, f.minute as first_event_at, l.last_event_at, now() - l.last_event_at as silence, day.failed,
  day.hour, day.stored as day, before.hour as hour_before, before.stored as day_before, week.stored as week, week.alike
from sources s
left join lateral (select minute from told where source_id = s.id and stored > 0 order by minute limit 1) f on true
left join lateral (
  select last_event_at from told where source_id = s.id and last_event_at is not null order by minute desc, last_event_at desc limit 1
) l on true
cross join lateral (
  select coalesce(sum(stored), 0)::bigint as stored, coalesce(sum(failed), 0)::bigint as failed,
    coalesce(sum(stored) filter (where minute > now() - interval '1 hour'), 0)::bigint as hour
  from told where source_id = s.id and minute > now() - interval '24 hours') day
cross join lateral (
  select coalesce(sum(stored), 0)::bigint as stored,
    coalesce(sum(stored) filter (where minute > now() - interval '169 hours'), 0)::bigint as hour
  from told where source_id = s.id and minute > now() - interval '192 hours' and minute <= now() - interval '168 hours') before
cross join lateral (
  select coalesce(sum(stored), 0)::bigint as stored,
    coalesce(sum(stored) filter (where minute <= now() - interval '168 hours'), 0)::bigint as alike
  from told where source_id = s.id and minute > l.last_event_at - interval '168 hours' and minute <= l.last_event_at) week
order by s.id
"""


async def read_heard(connection: Connection) -> list[SourceHeard]:
    """What was heard of every source, exact at the statement's snapshot; spans to the minute."""
    return [SourceHeard(row["name"], row["kind"], _heard(row), row["failed"]) for row in await connection.fetch(_HEARD)]


def _heard(row: Any) -> Heard:
    hour, day = (Span(row[name], row[f"{name}_before"]) for name in ("hour", "day"))
    return Heard(row["first_event_at"], row["last_event_at"], row["silence"], hour, day, row["week"], row["alike"])
