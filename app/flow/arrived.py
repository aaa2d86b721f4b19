"""What arrived in one request, taken apart into what is to be written."""

from collections.abc import Sequence

from app.domain.arriving.arrivals import as_kept
from app.domain.arriving.events import LANDING, Arrival, Refused, parse_event
from app.domain.arriving.keys import without_keys
from app.domain.identity.landings import MARK, landed
from app.flow.submissions import Parsed, Submission


def submissions(
    arrival: Arrival, raws: Sequence[bytes], kind: str | None = None, *, secret: bytes, key: str | None = None
) -> list[Submission]:
    """The sender's events first, at their index; then the identities that landings among them bring, each once.

    Args:
        arrival: source, time of receipt (UTC) and what else the request says.
        raws: the events as JSON bytes.
        kind: the type that the route names; None where each event names its own.
        secret: that of the seals on links.
        key: the key that the request bears; of it a hint only is kept with refused events.
    """
    twins: dict[bytes, int] = {}
    parsed: list[Parsed] = []
    identities: dict[bytes, None] = {}
    arrived = b"{}"
    for position, raw in enumerate(raws):
        verdict, kept = parse_event(raw, position, arrival, twins, kind), raw
        if isinstance(verdict, Refused):
            kept, arrived = without_keys(raw, key), as_kept(arrival, kind)
        elif MARK in raw and not arrival.trusted:
            verdict, identity = landed(verdict, secret)
            identities |= {identity: None} if identity else {}
        parsed.append(Parsed(verdict, kept))
    own = Submission(arrival.source_id, arrival.received_at, parsed, arrival=arrived)
    return [own, *(_of_identity(identity, arrival) for identity in identities)]


def _of_identity(raw: bytes, arrival: Arrival) -> Submission:
    """Of the source of the page: the link says who was written to, but only the page says whose device it is, and anybody can."""
    verdict = parse_event(raw, 0, arrival._replace(sent_at=None), {}, LANDING)
    return Submission(arrival.source_id, arrival.received_at, [Parsed(verdict, raw)], arrival=as_kept(arrival, LANDING))
