"""Landings: a click through our redirect arrives at a page, whose events then say which click it was, and the first of them whose.

The redirect adds a parameter to the page's url: a sealed token of the click and its recipient, valid for 15 minutes.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from app.domain.arriving.clock import TimeRule
from app.domain.arriving.events import Event
from app.domain.arriving.hits import Recipient, with_parameters
from app.domain.arriving.seals import BrokenSealError, as_text, from_text, seal, unseal
from app.domain.identity.identifiers import blocked

PARAMETER = "ws_click"
MARK = PARAMETER.encode()
LIFE = timedelta(minutes=15)
_PURPOSE = "landing"
_FIELDS = ("url", "referrer", "search")


class Click(msgspec.Struct, array_like=True):
    """What the parameter says: the click's message id, its instant (UTC) and its recipient."""

    message_id: str
    at: datetime
    recipient: Recipient


class Landed(NamedTuple):
    """An event without the parameter, and the event of type LANDING that says whose device it comes from, as JSON, where it brings one."""

    event: Event
    identity: bytes | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Click).decode


def landing_url(secret: bytes, target: str, click: Click) -> str:
    """The url to redirect to: the target, with the click's token as its last parameter."""
    return with_parameters(_without(target), {PARAMETER: as_text(seal(secret, _PURPOSE, _encode(click)))})


def landed(event: Event, secret: bytes) -> Landed:
    """What an event of a public source that mentions the parameter is without it.

    Where its page's url bears a token that is ours and not older than 15 minutes at its receipt, context.click is the click's message id,
    it occurred after the click at the earliest, and it brings an identity: the recipient's identifiers for the visitor's anonymous id.
    The identity's message id is made of the click's, so that of several devices with one url the first alone is linked.
    """
    click, clean = _click(event, secret), unmarked(event)
    return Landed(_after(clean, click), _identity(click, event)) if click else Landed(clean, None)


def unmarked(event: Event) -> Event:
    """An event without the parameter; whose click it was is not looked at."""
    body = msgspec.json.decode(event.body)
    for place in (_part(body, "context", "page"), _part(body, "properties")):
        place.update({field: _without(place[field]) for field in _FIELDS if _text(place.get(field))})
    url, referrer = event.url and _without(event.url), event.referrer and _without(event.referrer)
    return event._replace(url=url, referrer=referrer, body=msgspec.json.encode(body))


def _click(event: Event, secret: bytes) -> Click | None:
    """The click that the page's url names, or, where the page says none, that of properties."""
    url = event.url or _text(_part(msgspec.json.decode(event.body), "properties").get("url"))
    token = next((pair.partition("=")[2] for pair in _pairs(url) if _is_ours(pair)), "")
    try:
        click = _decode(unseal(secret, _PURPOSE, from_text(token)))
    except (BrokenSealError, msgspec.DecodeError):
        return None
    return click if event.received_at - click.at <= LIFE else None


def _after(event: Event, click: Click) -> Event:
    """The event with its click named, and after it at the earliest."""
    body, earliest = msgspec.json.decode(event.body), click.at + timedelta(microseconds=1)
    body["context"] = {**_part(body, "context"), "click": click.message_id}
    event = event._replace(body=msgspec.json.encode(body))
    late = event.occurred_at < earliest
    return event._replace(occurred_at=earliest, time_rule=TimeRule.CORRECTED.value) if late else event


def _identity(click: Click, event: Event) -> bytes | None:
    named = click.recipient.named()
    if not named or not event.anonymous_id or blocked(event.anonymous_id.strip()):
        return None
    context = named.pop("context", {})
    said = {"messageId": f"landing-{click.message_id}", "anonymousId": event.anonymous_id, **named}
    seen = {"userAgent": event.user_agent or event.request_agent, "ip": event.ip, "click": click.message_id}
    return msgspec.json.encode({**said, "traits": context.pop("traits", {}), "context": {**context, **seen}})


def _part(document: dict[str, Any], *path: str) -> dict[str, Any]:
    """The object at a path; an empty one where there is none."""
    for key in path:
        found = document.get(key)
        document = found if isinstance(found, dict) else {}
    return document


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _without(url: str) -> str:
    """A url, or a query with its question mark, without the parameter."""
    if PARAMETER not in url:
        return url
    address, mark, fragment = url.partition("#")
    kept = "&".join(pair for pair in _pairs(url) if not _is_ours(pair))
    return address.partition("?")[0] + ("?" + kept if kept else "") + mark + fragment


def _pairs(url: str) -> list[str]:
    return url.partition("#")[0].partition("?")[2].split("&")


def _is_ours(pair: str) -> bool:
    return pair.partition("=")[0] == PARAMETER
