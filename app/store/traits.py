"""What identify events said of one customer."""

from typing import NamedTuple

from app.domain.journeys.traits import Identified
from app.store.connect import Connection
from app.store.events import TRAITS

IDENTIFIES_MAX = 5_000
"""Only so many of a customer's identify events, the latest, are looked through."""

_IDENTIFIED = f"""
select e.occurred_at, e.message_id, o.name, {TRAITS} as traits
from identifiers i join event_subjects s on s.subject = i.id
join events e on e.id = s.event and e.received_at = s.received_at join sources o on o.id = e.source_id
where i.owner = $1 and e.type = 'identify' and {TRAITS} is not null
order by e.occurred_at desc, e.sequence desc nulls first, e.position desc, e.message_id desc, e.id desc limit $2
"""


class IdentifiedCustomer(NamedTuple):
    """A customer's number, and its identify events with traits in the customer's order; not `complete`: earlier ones are left out."""

    customer: int
    events: list[Identified]
    complete: bool


async def read_identified(connection: Connection, identifier: int) -> IdentifiedCustomer | None:
    """The identify events of the customer that owns an identifier; None where nobody owns it."""
    found = "select c.customer from identifiers i join customers c on c.customer = i.owner where i.id = $1"
    customer = await connection.fetchval(found, identifier)
    if customer is None:
        return None
    rows = await connection.fetch(_IDENTIFIED, customer, IDENTIFIES_MAX + 1)
    events = [Identified(row["occurred_at"], row["message_id"], row["name"], row["traits"]) for row in rows[:IDENTIFIES_MAX]]
    return IdentifiedCustomer(customer, events[::-1], len(rows) <= IDENTIFIES_MAX)
