"""Histories worth testing: few people, shared devices, aliases, late logins, ties in time, gaps at the edge of a session.

A history is a list of `Sent` in the order of arrival. `placed` gives it identifiers of its own, so that many can be posted to
one server, and moves it up to the present; `batches` turns it into bodies of the batch route, one for each source.
The verdicts on its events (channel, contact, machine) are those that follow from their campaign, name and user agent;
post it with a browser's User-Agent header, since a public source's events without one of their own take the request's.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from . import Sent

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PUBLIC, TRUSTED = "site", "server"

USERS = ("u1-w", "u2-w", " u2-w ", "jos\u00e9-w", "jose\u0301-w")
ANONYMOUS = ("a1-w", "a1-w", "a2-w", "u2-w")
EMAILS = ("ann-w@example.com", " ANN-w@Example.com", "bob-w@example.com")
PHONES = ("+4915100000001", "+49 151 000000 02", "0151 000000 03")
BLOCKED = ("null", " Undefined ", "'none'", "0000-0000", "xxxx", "11111111")
ABSENT = (None, None, None)

STEPS = (0, 0, 0, 1, 5, 9, 600, 1800, 1801, 21_600)
SPAN = timedelta(days=5, hours=20)
MOST_EVENTS = 20

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

ACTS: tuple[dict[str, Any], ...] = (
    {"type": "page", "name": "Page Viewed", "has_page": True, "properties": {"path": "/"}},
    {"type": "page", "name": "Page Viewed", "has_page": True, "properties": {"path": "/pricing/teams"}},
    {"type": "track", "name": "Product Viewed", "has_page": True},
    {"type": "track", "name": "Product Added", "has_device": True},
    {"type": "track", "name": "Order Completed", "properties": {"total": 20}},
    {"type": "identify"},
    {"type": "alias"},
)
LANDING: dict[str, Any] = {"type": "landing"}
CALL = {"touchpoint_channel": "call"}
CONTACTS: tuple[dict[str, Any], ...] = (
    {"name": "Email Opened", "contact": "email_opened", "campaign": ("news", "email", "july", None, None), "channel": "email"},
    {"name": "Called Back", "contact": "call", "channel": "call", "touchpoint_channel": "call", "properties": CALL},
)
MAILS: tuple[dict[str, Any], ...] = (
    {"name": "Email Sent"},
    {"name": "Email Delivered", "contact": "email", "channel": "email"},
    {"name": "Email Opened", "contact": "email", "channel": "email"},
    *({"name": "Email Link Clicked", "contact": "email", "channel": "email", "properties": {"link_url": url}} for url in "abc"),
)
ARRIVALS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"campaign": ("news", "email", "july", None, None), "channel": "email"},
    {"campaign": ("google", "cpc", "spring", None, None), "channel": "paid_search"},
    {"campaign": ("google", "cpc", "spring", "shoes", None), "click_id": "click-1", "channel": "paid_search"},
)


@st.composite
def histories(draw: st.DrawFn, *, distinct: bool = False, landings: bool = False) -> list[Sent]:
    """Up to 20 events of the 6 days before NOW (of a trusted source also 30 days earlier), and some of them again.

    With `landings`, some are what a link's token says, which nobody can send.
    With `distinct`, no two events share both instant and sequence, so that arrival in any order, in any batches, means the same.
    Otherwise `position` is the place in the batch that `batches` makes.
    """
    size = draw(st.integers(1, MOST_EVENTS))
    events = [draw(acts(landings=landings)) for _ in range(size)]
    steps = draw(st.lists(st.sampled_from(STEPS), min_size=size, max_size=size))
    sequences = draw(st.permutations(range(size))) if distinct else [draw(st.sampled_from((None, 0, 1))) for _ in events]
    timed = []
    for index, event in enumerate(events):
        occurred_at = event.occurred_at + timedelta(seconds=sum(steps[: index + 1]))
        click = f"m{draw(st.integers(0, size)):02}-w" if event.has_page and draw(st.booleans()) else None
        timed.append(replace(event, message_id=f"m{index:02}-w", occurred_at=occurred_at, sequence=sequences[index], click=click))
    arrived = positioned(draw(st.permutations(timed)))
    return arrived + draw(st.lists(st.sampled_from(arrived), max_size=3))


@st.composite
def acts(draw: st.DrawFn, *, landings: bool = False) -> Sent:
    """One event without its place in time: `occurred_at` is where its history starts."""
    what = draw(st.sampled_from(ACTS + CONTACTS + (LANDING,) * landings) | mails())
    arrival = draw(st.sampled_from(ARRIVALS)) if what.get("has_page") else {}
    machine = draw(st.sampled_from((False,) * 7 + (True,)))
    trusted = draw(st.booleans())
    long_ago = trusted and draw(st.sampled_from((False, False, False, True)))
    return Sent(
        message_id="",
        occurred_at=NOW - SPAN - (timedelta(days=30) if long_ago else timedelta()),
        source=TRUSTED if trusted else PUBLIC,
        trusted=trusted,
        machine=machine,
        has_agent=machine or draw(st.booleans()),
        **what,
        **arrival,
        **draw(pairs() if what.get("type") == "alias" else people()),
    )


def mails() -> st.SearchStrategy[dict[str, Any]]:
    """What happens to one of two mails."""
    return st.builds(
        lambda what, message: {**what, "properties": {"message_id": message, **what.get("properties", {})}},
        st.sampled_from(MAILS),
        st.sampled_from(("mail-1", "mail-2")),
    )


def people() -> st.SearchStrategy[dict[str, Any]]:
    """At least one identifier, most often one or two."""
    found = st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(ABSENT + USERS + BLOCKED[:1]),
            "anonymous_id": st.sampled_from(ABSENT[:1] + ANONYMOUS * 5 + BLOCKED),
            "email": st.sampled_from(ABSENT * 3 + EMAILS + BLOCKED[:1]),
            "phone": st.sampled_from(ABSENT * 3 + PHONES),
        }
    )
    return found.map(lambda ids: ids if any(ids.values()) else {"anonymous_id": ANONYMOUS[0]})


def pairs() -> st.SearchStrategy[dict[str, Any]]:
    """The identifiers of an alias."""
    return st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(USERS),
            "previous_id": st.sampled_from(USERS + ANONYMOUS + BLOCKED[:1]),
            "anonymous_id": st.sampled_from(ABSENT + ANONYMOUS),
        }
    )


def positioned(events: list[Sent]) -> list[Sent]:
    """Each event with its place among those of its source."""
    return [replace(event, position=[other.source for other in events[:index]].count(event.source)) for index, event in enumerate(events)]


def placed(history: list[Sent], world: int, now: datetime) -> list[Sent]:
    """The same history in identifiers of the world's own (0 to 999,999), moved from NOW to `now`."""
    return [
        replace(
            event,
            message_id=own(event.message_id, world),
            click=own(event.click, world),
            user_id=own(event.user_id, world),
            anonymous_id=own(event.anonymous_id, world),
            previous_id=own(event.previous_id, world),
            email=own(event.email, world),
            phone=own(event.phone, world),
            occurred_at=event.occurred_at + (now - NOW),
        )
        for event in history
    ]


def own(text: Any, world: int) -> Any:
    return text and text.replace("-w", f"-w{world}").replace("000000", f"{world:06}", 1)


def batches(history: list[Sent], now: datetime) -> dict[str, dict[str, Any]]:
    """For each source the body of its one batch, sent at `now`."""
    sources = {event.source for event in history}
    return {source: {"batch": [wire(event) for event in history if event.source == source], "sentAt": instant(now)} for source in sources}


def wire(event: Sent) -> dict[str, Any]:
    """The event as a Segment SDK writes it into a batch."""
    traits = present({"email": event.email, "phone": event.phone})
    identifies = event.type == "identify"
    return present(
        {
            "type": event.type,
            "messageId": event.message_id,
            "timestamp": instant(event.occurred_at),
            "event": event.name if event.type == "track" else None,
            "userId": event.user_id,
            "anonymousId": event.anonymous_id,
            "previousId": event.previous_id,
            "properties": event.properties,
            "traits": traits if identifies else {},
            "context": context(event) | present({"traits": {} if identifies else traits}),
        }
    )


def context(event: Sent) -> dict[str, Any]:
    parts = ("source", "medium", "name", "term", "content")
    query = f"?gclid={event.click_id}" if event.click_id else ""
    return present(
        {
            "campaign": present(dict(zip(parts, event.campaign, strict=True))),
            "page": {"url": f"https://shop.example/{query}"} if event.has_page else {},
            "device": {"type": "mobile"} if event.has_device else {},
            "userAgent": (ROBOT if event.machine else CHROME) if event.has_agent else None,
            "sequence": event.sequence,
            "click": event.click,
        }
    )


def present(parts: dict[str, Any]) -> dict[str, Any]:
    """Without what is None or an empty object."""
    return {key: value for key, value in parts.items() if value is not None and value != {}}


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
