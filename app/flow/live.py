"""Telling what happens, while somebody listens: what arrives, in the write's own transaction, and what is derived of it, in the round's."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.domain.arriving.events import Event, Refused
from app.domain.identity.identifiers import IdentityRules, name
from app.domain.journeys import channels
from app.domain.journeys.enrich import enrich, explain_machine
from app.flow.submissions import Outcome, Submission
from app.store import live
from app.store.connect import Connection
from app.store.events import event_columns
from app.store.live import Told, Verdict

LOOK_SECONDS = 1.0
ARRIVED = "arrived"
WRITE_EVENTS_MAX = 1_000
ROUND_EVENTS_MAX = 500

_IDENTIFIERS = ("user_id", "email", "phone", "anonymous_id")
_encode = msgspec.json.Encoder().encode


class Audience:
    """Whether anybody listens, by a look that is at most 1 s old, so that it costs a write nothing."""

    def __init__(self) -> None:
        self._listens = False
        self._looked_at = float("-inf")

    async def listens(self, connection: Connection) -> bool:
        now = time.monotonic()
        if now - self._looked_at > LOOK_SECONDS:
            self._listens, self._looked_at = await live.somebody_listens(connection), now
        return self._listens


async def tell_arrivals(connection: Connection, submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    """Tell of what arrived and what became of it; of more than 1,000 events in one write it is only said how many they are."""
    told = [one for submission, outcome in zip(submissions, outcomes, strict=True) for one in _arrivals(submission, outcome)]
    rest = Counter(source for _, source, _ in told[WRITE_EVENTS_MAX:])
    shown = [Told(kind, source, _encode(_arrived(verdict))) for kind, source, verdict in told[:WRITE_EVENTS_MAX]]
    await live.append_live(connection, shown + _left_out(ARRIVED, rest))


def _arrivals(submission: Submission, outcome: Outcome) -> Iterator[tuple[str, int, Event | Refused]]:
    repeated = set(outcome.repeated)
    for index, one in enumerate(submission.parsed):
        kind = live.FAILED if index in outcome.rejected else live.DUPLICATE if index in repeated else live.ACCEPTED
        yield kind, submission.source_id, outcome.rejected.get(index, one.verdict)


def _arrived(verdict: Event | Refused) -> dict[str, Any]:
    if isinstance(verdict, Refused):
        return {"message_id": verdict.message_id, "code": verdict.code.value, "field": verdict.field, "message": verdict.message}
    return _event(verdict._asdict())


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "message_id": row["message_id"],
        "type": row["type"],
        "event": row["name"],
        "occurred_at": _instant(row["occurred_at"]),
        "url": row["url"],
        "identifiers": [_pair((kind, row[kind])) for kind in _IDENTIFIERS if row[kind]],
    }


def _pair(identifier: tuple[str, str]) -> dict[str, str]:
    return {"kind": identifier[0], "value": identifier[1]}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _left_out(what: str, events: dict[int, int]) -> list[Told]:
    """How many events of each source there are of which nothing is told."""
    return [Told(live.LEFT_OUT, source, _encode({"what": what, "events": count})) for source, count in sorted(events.items()) if count]


async def tell_verdicts(connection: Connection, marks: Sequence[int], rules: IdentityRules, postponed: set[int]) -> None:
    """Tell what a round derived of the events that its live touched rows name; of more than 500 it is only said how many they are.

    Those of `postponed` customers, who are derived later and alone, are among the ones left out.
    """
    if not await live.somebody_listens(connection):
        return
    events = enrich(await live.read_new_events(connection, marks, ROUND_EVENTS_MAX, *event_columns()))
    subjects = dict(name(events, rules).subjects.select("event", "subject").iter_rows())
    verdicts = await live.read_verdicts(connection, list(subjects), list(subjects.values()), sorted(postponed))
    found = {verdict.event: verdict for verdict in verdicts}
    shown = [row for row in events.iter_rows(named=True) if row["event"] in found or row["event"] not in subjects]
    rest = Counter(await live.count_new_events(connection, marks))
    rest.subtract(row["source"] for row in shown)
    told = [Told(live.DERIVED, row["source"], _encode(_derived(row, found.get(row["event"])))) for row in shown]
    await live.append_live(connection, told + _left_out(live.DERIVED, rest))


def _derived(row: dict[str, Any], verdict: Verdict | None) -> dict[str, Any]:
    """What is said of an event that was derived; one that names nobody has no subject, and forms no customer."""
    machine_rule = (verdict and verdict.machine_rule) or row["machine_rule"]
    reasons = {
        "channel": row["channel"],
        "channel_rule": row["channel_rule"],
        "channel_why": channels.rules()[row["channel_rule"]].why,
        "machine_rule": machine_rule,
        "machine_why": explain_machine(machine_rule),
    }
    if verdict is None:
        return _event(row) | reasons | {"subject": None, "customer": None, "touch": None, "entries": []}
    return (
        _event(row)
        | reasons
        | {
            "subject": _pair(verdict.subject),
            "customer": _pair(verdict.customer),
            "touch": verdict.touch,
            "entries": [{"model": model, "stage": stage, "from": before} for model, stage, before in verdict.entries],
        }
    )
