"""One raw event of the wire, taken apart and checked: an `Event` to store, or a `Refused` with its reason.

The wire format is the Segment spec. Nothing is judged here: channel, bot, identity and stages are derived later.
"""

import hashlib
import uuid
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple, Protocol

import msgspec

from app.domain.arriving.clock import Occurrence, TimeRule, occurrence
from app.domain.documents import INT64, Code, RefusedError, read_document

ID_LENGTH_MAX = 200
LANDING = "landing"
"""The type of the event that a link's token makes: it is ours alone, nobody can send one."""

PAGE_VIEWED = "Page Viewed"
SCREEN_VIEWED = "Screen Viewed"


class Refused(NamedTuple):
    """An event that is not stored as one: kept as bytes, with a typed reason."""

    code: Code
    field: str | None
    message: str
    message_id: str | None = None


class Event(NamedTuple):
    """A row of the event table, in the order of its columns. Times are in UTC; `body` is JSON: what is not a column."""

    id: uuid.UUID
    received_at: datetime
    source_id: int
    import_id: int | None
    position: int
    type: str
    name: str | None
    message_id: str
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    email: str | None
    phone: str | None
    occurred_at: datetime
    timestamp: str | None
    time_rule: str
    sequence: int | None
    url: str | None
    referrer: str | None
    user_agent: str | None
    request_agent: str | None
    ip: str | None
    body: bytes


class Arrival(NamedTuple):
    """What is the same for all events of one request or file."""

    source_id: int
    trusted: bool
    received_at: datetime
    sent_at: object = None
    import_id: int | None = None
    request_agent: str | None = None
    request_ip: str | None = None
    country: str | None = None


class Twins(Protocol):
    """The number of the latest event of each digest, from 0; a dict is one."""

    def get(self, digest: bytes, default: int, /) -> int: ...

    def __setitem__(self, digest: bytes, twin: int, /) -> None: ...


TYPES = ("track", "page", "screen", "identify", "group", "alias")
_NAMES = {"page": PAGE_VIEWED, "screen": SCREEN_VIEWED}
_REQUIRED = {"track": ("event",), "group": ("groupId",), "alias": ("userId", "previousId")}
_IDS = ("userId", "anonymousId", "previousId", "groupId")
_COLUMNS = frozenset({"type", "messageId", "userId", "anonymousId", "previousId", "timestamp", "sentAt", "receivedAt", "writeKey"})
_OBJECTS = ("context", "properties", "traits")

_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


def parse_event(raw: bytes, position: int, arrival: Arrival, twins: Twins, kind: str | None = None) -> Event | Refused:
    """Take one raw event apart.

    Args:
        raw: the event as JSON bytes.
        position: its place in the request or file, from 0.
        arrival: source, time of receipt (UTC) and what else its request says.
        twins: how often each event without a messageId was seen in this request or file; counted up here.
        kind: the type that its route names, or LANDING; None where the event names its own.
    """
    message_id = None
    try:
        document = read_document(raw)
        if document.get("timestamp") in (None, "") and "originalTimestamp" in document:
            document["timestamp"] = document.pop("originalTimestamp")
        if kind:
            document["type"] = kind
        message_id = _message_id(document, twins)
        return _event(document, _type(document, kind), message_id, position, arrival)
    except RefusedError as error:
        return Refused(error.code, error.field, str(error), message_id)


def event_id(source_id: int, message_id: str) -> uuid.UUID:
    """The identity of an event: a 16-byte digest of (source, messageId)."""
    return msgspec.convert(hashlib.blake2b(f"{source_id}\0{message_id}".encode(), digest_size=16).digest(), uuid.UUID)


def truncated_ip(ip: object) -> str | None:
    """The network of an address (/24 or /48); the full address is never kept. None where it is no address."""
    try:
        address = ip_address(ip) if isinstance(ip, str) else None
    except ValueError:
        return None
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address) if address else None


def _message_id(document: dict[str, Any], twins: Twins) -> str:
    given = _id(document, "messageId")
    if given:
        return given
    if document.get("timestamp") in (None, ""):
        return f"fresh-{uuid.uuid4().hex}"
    bare = {key: value for key, value in document.items() if key not in ("sentAt", "receivedAt", "messageId")}
    digest = hashlib.blake2b(_encode_sorted(bare), digest_size=16).digest()
    twin = twins[digest] = twins.get(digest, -1) + 1
    return f"digest-{digest.hex()}-{twin}"


def _event(document: dict[str, Any], kind: str, message_id: str, position: int, arrival: Arrival) -> Event:
    for field in _REQUIRED.get(kind, ()):
        if document.get(field) in (None, ""):
            raise RefusedError(Code.MISSING_FIELD, field, f"{kind} needs {field}")
    name = _name(document, kind)
    context, properties, traits = (_object(document, field) for field in _OBJECTS)
    ids = {field: _id(document, field) for field in _IDS if field in document}
    email, phone = _contact(context, properties, traits)
    if not (ids.get("userId") or ids.get("anonymousId") or email or phone or context.get("externalIds")):
        raise RefusedError(Code.MISSING_IDENTIFIER, "userId", "an event needs userId, anonymousId, an email, a phone or externalIds")
    occurred = _occurred(document, arrival)
    page = context["page"] if isinstance(context.get("page"), dict) else {}
    ip = arrival.request_ip if not arrival.trusted else truncated_ip(context.get("ip"))
    return Event(
        id=event_id(arrival.source_id, message_id),
        received_at=arrival.received_at,
        source_id=arrival.source_id,
        import_id=arrival.import_id,
        position=position,
        type=kind,
        name=name,
        message_id=message_id,
        user_id=ids.get("userId"),
        anonymous_id=ids.get("anonymousId"),
        previous_id=ids.get("previousId"),
        email=email,
        phone=phone,
        occurred_at=occurred.at,
        timestamp=_as_text(document.get("timestamp")),
        time_rule=occurred.rule.value,
        sequence=_sequence(context),
        url=_take_text(page, "url"),
        referrer=_take_text(page, "referrer"),
        user_agent=_text(context.get("userAgent")),
        request_agent=None if arrival.trusted else arrival.request_agent,
        ip=ip,
        body=_body(document, context, arrival),
    )


def _type(document: dict[str, Any], routed: str | None) -> str:
    kind = document.get("type")
    if kind not in TYPES and routed != LANDING:
        raise RefusedError(Code.UNKNOWN_TYPE, "type", f"type is one of {', '.join(TYPES)}")
    return str(kind)


def _name(document: dict[str, Any], kind: str) -> str | None:
    if kind == "track":
        if not isinstance(document["event"], str):
            raise RefusedError(Code.WRONG_TYPE, "event", "event is text")
        return str(document["event"])
    return _NAMES.get(kind)


def _object(document: dict[str, Any], field: str) -> dict[str, Any]:
    value = document.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(Code.WRONG_TYPE, field, f"{field} is an object")
    return value


def _id(document: dict[str, Any], field: str) -> str | None:
    value = document.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise RefusedError(Code.WRONG_TYPE, field, f"{field} is text")
    if len(value) > ID_LENGTH_MAX:
        raise RefusedError(Code.ID_TOO_LONG, field, f"{field} has {len(value)} characters; {ID_LENGTH_MAX} are allowed")
    return value


def _contact(context: dict[str, Any], properties: dict[str, Any], traits: dict[str, Any]) -> tuple[str | None, str | None]:
    nested = context["traits"] if isinstance(context.get("traits"), dict) else {}
    email = _first_text(traits.get("email"), nested.get("email"), properties.get("email"))
    return email, _first_text(traits.get("phone"), nested.get("phone"))


def _occurred(document: dict[str, Any], arrival: Arrival) -> Occurrence:
    occurred = occurrence(document.get("timestamp"), document.get("sentAt", arrival.sent_at), arrival.received_at, trusted=arrival.trusted)
    if arrival.import_id is not None:
        if occurred.rule is TimeRule.OUTSIDE:
            raise RefusedError(Code.TIME_OUTSIDE, "timestamp", "timestamp lies outside 1990 to tomorrow")
        if occurred.rule is TimeRule.UNREADABLE:
            raise RefusedError(Code.TIME_UNREADABLE, "timestamp", "timestamp is not an ISO 8601 instant")
    return occurred


def _sequence(context: dict[str, Any]) -> int | None:
    value = context.get("sequence")
    return value if isinstance(value, int) and not isinstance(value, bool) and -INT64 <= value < INT64 else None


def _text(value: object) -> str | None:
    return value or None if isinstance(value, str) else None


def _first_text(*values: object) -> str | None:
    for value in values:
        if value and isinstance(value, str):
            return value
    return None


def _take_text(document: dict[str, Any], field: str) -> str | None:
    """The text of a field, which leaves the document; anything else stays where it is."""
    return str(document.pop(field)) if _text(document.get(field)) else None


def _as_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else _encode(value).decode()


def _body(document: dict[str, Any], context: dict[str, Any], arrival: Arrival) -> bytes:
    if "ip" in context:
        context["ip"] = truncated_ip(context["ip"])
    if arrival.country and not arrival.trusted:
        location = context["location"] if isinstance(context.get("location"), dict) else {}
        document["context"] = {**context, "location": {"country": arrival.country, **location}}
    columns = _COLUMNS | {"event"} if document["type"] == "track" else _COLUMNS
    return _encode({key: value for key, value in document.items() if key not in columns})
