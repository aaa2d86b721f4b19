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
    and sequence is not null and anonymous_id is not null and import_id is null),
missed as (
  select source_id, greatest(sequence::numeric - lag(sequence) over browser - 1, 0) as gap,
    greatest(dropped - lag(dropped) over browser, 0) as dropped
  from numbered window browser as (partition by anonymous_id, host order by sequence))
select s.name as source, count(m.source_id) as received, coalesce(sum(m.gap), 0) as gaps, coalesce(trunc(sum(m.dropped)), 0) as dropped
from sources s left join missed m on m.source_id = s.id group by s.id order by s.id
"""


async def read_losses(connection: Connection, window: Window) -> list[Loss]:
    """The loss of every source among the events received in a window.

    A browser numbers its events on each host through all sources, so a number that is missing counts for the source of the event after
    it. What is missing before a browser's first event of the window, or after its last, cannot be seen.
    """
    return [Loss(*row.values()) for row in await connection.fetch(_LOSSES, window.from_, window.to)]
