"""What browsers sent and what did not arrive, by the numbers that each browser gives its events."""

from decimal import Decimal
from typing import NamedTuple

from app.domain.windows import Window
from app.store.connect import Connection


class Loss(NamedTuple):
    """A source's numbered events, the numbers between them that are missing, and how many of those the browsers say they dropped."""

    source: str
    received: int
    gaps: Decimal
    dropped: Decimal


_LOSSES = """
with numbered as (
  select source_id, anonymous_id, split_part(url, '/', 3) as host, sequence,
    case jsonb_typeof(body #> '{context,dropped}') when 'number' then (body #>> '{context,dropped}')::numeric else 0 end as dropped
  from events
  where received_at >= coalesce($1::timestamptz, '-infinity') and received_at < $2
    and sequence is not null and anonymous_id is not null and import_id is null offset 0),
beside as (
  select *, lag(sequence) over browser as before, lag(dropped) over browser as dropped_before
  from numbered window browser as (partition by anonymous_id, host order by sequence)),
missed as (
  select source_id, count(*) as received,
    sum(case when before < sequence then case when before + 1 < sequence then sequence::numeric - before - 1 end end) as gaps,
    trunc(sum(case when dropped_before < dropped then dropped - dropped_before end)) as dropped
  from beside group by source_id)
select s.name as source, coalesce(m.received, 0) as received, coalesce(m.gaps, 0) as gaps, coalesce(m.dropped, 0) as dropped
from sources s left join missed m on m.source_id = s.id order by s.id
"""
"""`offset 0` keeps whole bodies of events out of what is sorted; the inner `case` is asked where `before + 1` is a number."""


async def read_losses(connection: Connection, window: Window) -> list[Loss]:
    """The loss of every source among the events received in a window.

    A browser numbers its events on each host through all sources, so a number that is missing counts for the source of the event after
    it. What is missing before a browser's first event of the window, or after its last, cannot be seen.
    """
    return [Loss(*row.values()) for row in await connection.fetch(_LOSSES, window.from_, window.to)]
