"""What a webhook's request brings: its rows, mapped to events."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from app.domain.arriving.arrivals import as_kept
from app.domain.arriving.events import Arrival, Refused, parse_event
from app.domain.arriving.mapping import RowMapping, as_event_bytes
from app.domain.documents import Code, RefusedError
from app.flow.submissions import Parsed, Submission

EVENTS_MAX = 5_000


def submission(name: str, mapping: RowMapping, arrival: Arrival, body: bytes) -> Submission:
    """The events of a request's body, each at its place in the request; of more than 5,000 the first 5,001.

    What cannot be mapped is refused, and kept as the row that it is. An event that has neither messageId nor timestamp is known again by
    the body and its place, so that the same request twice is stored once.
    """
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    twins: dict[bytes, int] = {}
    parsed = []
    for position, (row, event) in enumerate(islice(_events(mapping, body), EVENTS_MAX + 1)):
        if isinstance(event, Refused):
            parsed.append(Parsed(event, row))
            continue
        if event.get("messageId") in (None, "") and event.get("timestamp") in (None, ""):
            event["messageId"] = f"{name}-{digest}-{position}"
        parsed.append(Parsed(parse_event(as_event_bytes(event), position, arrival, twins), row))
    return Submission(arrival.source_id, arrival.received_at, parsed, arrival=as_kept(arrival, webhook=name))


def _events(mapping: RowMapping, body: bytes) -> Iterator[tuple[bytes, dict[str, Any] | Refused]]:
    """Each event with the bytes of its row; a row, or the whole body, that is refused stands in for its events."""
    try:
        rows = mapping.rows(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield body, Refused(Code.NOT_JSON, None, f"the body is not JSON: {error}")
        return
    except RefusedError as error:
        yield body, Refused(error.code, error.field, str(error))
        return
    for row in rows:
        raw = as_event_bytes(row)
        try:
            for event in mapping.events(row):
                yield raw, event
        except RefusedError as error:
            yield raw, Refused(error.code, error.field, str(error))
