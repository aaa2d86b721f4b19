"""What is kept of a refused event's arrival, so that it can be taken apart again as it was, and the rules by which it was refused."""

import hashlib
import re
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from app.domain.arriving.clock import read_instant
from app.domain.arriving.events import Arrival

_RULES = ("arrivals", "clock", "documents", "events", "mapping")
_DIGEST = re.compile(r"digest-([0-9a-f]{32})-([0-9]{1,9})")


class Kept(msgspec.Struct, omit_defaults=True):
    """The part of an arrival that no column has, as JSON.

    `type` is what its route named. Bytes that no mapping could make events of are a row: of its import's mapping where `row` is true, of
    the mapping of `webhook` where one is named.
    """

    type: str | None = None
    sent_at: str | None = None
    agent: str | None = None
    ip: str | None = None
    country: str | None = None
    webhook: str | None = None
    row: bool = False


class Stamp(NamedTuple):
    """What the columns of a failed event say of its arrival. `received_at` is in UTC."""

    source_id: int
    trusted: bool
    received_at: datetime
    import_id: int | None


_encode = msgspec.json.Encoder().encode
UNMAPPED = _encode(Kept(row=True))
"""What is kept of the arrival of a file's row that its mapping could not make events of."""

_decode = msgspec.json.Decoder(Kept).decode


def as_kept(arrival: Arrival, kind: str | None = None, webhook: str | None = None) -> bytes:
    """The JSON that is kept of an arrival; of sentAt the instant that it names (UTC)."""
    sent_at = read_instant(arrival.sent_at)
    said = sent_at.isoformat() if sent_at else None
    return _encode(Kept(kind, said, arrival.request_agent, arrival.request_ip, arrival.country, webhook))


def read_kept(kept: bytes) -> Kept:
    return _decode(kept)


def arrival_of(kept: Kept, stamp: Stamp) -> Arrival:
    """The arrival as it was."""
    return Arrival(*stamp[:3], kept.sent_at, stamp.import_id, kept.agent, kept.ip, kept.country)


def twins_before(message_id: str | None) -> dict[bytes, int]:
    """What `parse_event` is to have counted before an event without a messageId, for it to get the identity that it was refused under."""
    found = _DIGEST.fullmatch(message_id or "")
    return {bytes.fromhex(found[1]): int(found[2]) - 1} if found else {}


@cache
def refusal_rules() -> bytes:
    """A digest of the limits and rules by which events are refused; under another one those refused before may be events."""
    made = hashlib.sha256()
    for file in sorted((*files("app.domain").iterdir(), *files(__package__).iterdir()), key=lambda file: file.name):
        if file.name.endswith(".py") and file.name.removesuffix(".py").partition("_")[0] in _RULES:
            made.update(file.name.encode() + b"\0" + file.read_bytes())
    return made.digest()


def as_text(body: bytes) -> str:
    """The bytes of an event, to be shown: each byte that is not UTF-8 is escaped by its hexadecimal number."""
    return body.decode(errors="backslashreplace")
