"""What every SDK is told of one person, and what must arrive: each event once, with its identifiers, times, traits and campaign."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tests.clients.gate import Fault, Gate
from tests.http.tables import rows
from tests.service import BROWSER, Waystage

FAULTS = {
    "nothing happens": (),
    "503": (Fault.BUSY, Fault.BUSY),
    "429": (Fault.TOO_MANY,),
    "answer lost": (Fault.LOST,),
}
CONTEXT = {
    "userAgent": BROWSER,
    "page": {"url": "https://shop.example/kettle"},
    "campaign": {"name": "spring", "source": "google", "medium": "cpc"},
}


class Seen(NamedTuple):
    """An event as its row says it; PERSON in an identifier stands for the person's own."""

    type: str
    name: str | None
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None = None


STORY = [
    Seen("alias", None, "PERSON", None, "PERSON-2"),
    Seen("group", None, "PERSON", None),
    Seen("identify", None, "PERSON", "PERSON-1"),
    Seen("page", "Page Viewed", "PERSON", None),
    Seen("screen", "Screen Viewed", "PERSON", None),
    Seen("track", "Order Completed", "PERSON", None),
    Seen("track", "Product Added", None, "PERSON-2"),
]


def an_hour_ago() -> datetime:
    """When the order was made; milliseconds are what JavaScript can tell."""
    moment = datetime.now(UTC) - timedelta(hours=1)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def assert_arrived(waystage: Waystage, gate: Gate, person: str, story: list[Seen] = STORY) -> list[dict[str, Any]]:
    """Each event that came to the gate is stored once, at its own time, and nothing else is; its rows."""
    ids = {event["messageId"] for asked in gate.written for event in asked.events}
    found = rows(waystage, "select * from events where message_id = any($1) order by type, name", ids)
    assert sorted(row["message_id"] for row in found) == sorted(ids)
    assert [Seen(*(hidden(row[field], person) for field in Seen._fields)) for row in found] == story
    assert {row["time_rule"] for row in found} == {"sent"}
    return found


def hidden(value: Any, person: str) -> Any:
    return re.sub(f"^{re.escape(person)}", "PERSON", value) if isinstance(value, str) else value


def assert_known(waystage: Waystage, person: str, *identifiers: str) -> None:
    """The person is one customer with these identifiers and traits, came by the campaign, and ordered."""
    waystage.derived()
    journey = waystage.journey(f"email:{person}@shop.example")
    assert journey["customer"]["id"] == f"user_id:{person}"
    assert {identifier["value"] for identifier in journey["customer"]["identifiers"]} == {
        person,
        f"{person}@shop.example",
        *identifiers,
    }
    assert journey["customer"]["traits"] == {"email": f"{person}@shop.example", "plan": "gold"}
    assert (journey["touches"][0]["channel"], journey["touches"][0]["campaign"]) == ("paid_search", "spring")
    assert "purchase" in {entry["stage"] for entry in journey["entries"]}


def assert_ordered(found: list[dict[str, Any]], at: datetime | None = None) -> None:
    """The order has its revenue, and occurred when its sender said."""
    (order,) = (row for row in found if row["name"] == "Order Completed")
    assert json.loads(order["body"])["properties"]["revenue"] == 12.5
    assert at is None or order["occurred_at"] == at
