"""What the service derives and what the reading says of the same events, in one shape, so that the two can be compared."""

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from importlib.resources import files
from operator import itemgetter
from typing import Any, NamedTuple

import polars as pl
import yaml

from app.domain.arriving.events import event_id
from app.domain.frames import EVENTS, VERDICTS
from app.domain.identity.identifiers import ANONYMOUS_ID, USER_ID, IdentityRules, Named, name, number, with_devices
from app.domain.identity.owners import Evidence, owners
from app.domain.journeys.entries import attach_touches, entries
from app.domain.journeys.mail import told_by_history
from app.domain.journeys.sessions import in_order, sessions
from app.domain.journeys.stage_rules import type_column, value_column
from app.domain.journeys.stages import StageModel
from app.domain.journeys.touches import touches
from tests.reading import Sent, identity, journeys, mail
from tests.reading.histories import NOW, PUBLIC, TRUSTED

RULES = IdentityRules()
SOURCES = {PUBLIC: 1, TRUSTED: 2}
PATH = "properties.path"
JOURNEY_5: dict[str, Any] = yaml.safe_load(files("app.domain.journeys").joinpath("presets", "journey-5.yml").read_text("utf-8"))
_PATHS = {"event": pl.String, value_column(PATH): pl.String}
_LINKS = ("weaker", "target", "target_kind", "token", "trusted", "linked_at", "target_value")
_UTM = ("utm_source", "utm_medium", "utm_campaign")

Row = tuple[Any, ...]


class Journey(NamedTuple):
    """One customer's sessions (event, anonymous id, start, end, events, channel, campaign, machine), touches (place, event, kind, channel,
    campaign, machine) and entries (event, stage, stage before, entered, left, channel, campaign), each in order."""

    sessions: list[Row]
    touches: list[Row]
    entries: list[Row]


def at(second: float = 0, name: str | None = "Seen", **fields: Any) -> Sent:
    """An event so many seconds after NOW; its message id is new for each instant, name and sender."""
    message_id = f"{second} {name} {sorted(fields.items())}"
    return Sent(**{"message_id": message_id, "occurred_at": NOW + timedelta(seconds=second), "name": name, **fields})


def page(second: float, **fields: Any) -> Sent:
    return at(second, "Page Viewed", **{"type": "page", "has_page": True, "anonymous_id": "a", **fields})


def alias(second: float, previous: str, user: str, **fields: Any) -> Sent:
    return at(second, None, type="alias", previous_id=previous, user_id=user, **fields)


def id_of(event: Sent) -> str:
    return str(event_id(SOURCES[event.source], event.message_id))


def distinct(events: Sequence[Sent]) -> list[Sent]:
    """Each event once, as it first arrived."""
    return list({id_of(event): event for event in reversed(events)}.values())[::-1]


def frame_of(events: Sequence[Sent]) -> pl.DataFrame:
    """Events as they stand before the rules of identity and journeys, with the verdicts that they bear."""
    return pl.DataFrame([_row(event) for event in events], schema=EVENTS | VERDICTS)


def _row(event: Sent) -> dict[str, Any]:
    plain = ("trusted", "type", "name", "message_id", "user_id", "anonymous_id", "previous_id", "email", "phone", "occurred_at", "sequence")
    verdicts = ("position", "has_page", "has_device", "click_id", "click", "contact", "channel")
    utm = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    return {
        **{column: getattr(event, column) for column in (*plain, *verdicts)},
        **dict(zip(utm, event.campaign, strict=True)),
        "event": id_of(event),
        "source": SOURCES[event.source],
        "received_at": event.occurred_at + timedelta(days=40),
        "user_agent": "agent" if event.has_agent else None,
        "mail": json.dumps({"message": mail.message(event), "link": mail.link(event)}),
        "mail_act": mail.act(event),
        "traits": json.dumps(event.traits) if event.type == "identify" else None,
        "machine_rule": "program" if event.machine else None,
    }


def evidence_of(named: Named, struck: Collection[tuple[int, int]] = ()) -> Evidence:
    """All that is named, as evidence of every owner."""
    users = named.identifiers.filter(pl.col("kind") == USER_ID)
    values = named.identifiers.select(target="identifier", target_value="value")
    links = named.links.join(values, on="target").select(_LINKS)
    settled = pl.DataFrame(schema={"identifier": pl.Int64, "owner": pl.Int64})
    pairs = pl.DataFrame(sorted(struck), {"lesser": pl.Int64, "greater": pl.Int64}, orient="row")
    return Evidence(named.identifiers, users, links, named.aliases, settled, pairs)


def owners_found(events: Sequence[Sent], rules: IdentityRules = RULES, struck: Collection[tuple[int, int]] = ()) -> pl.DataFrame:
    """The owner of every identifier, by the rules of the service; struck pairs are given by their numbers, the lesser first."""
    return owners(evidence_of(name(frame_of(distinct(events)), rules), struck), rules)


def ordered(events: Sequence[Sent]) -> pl.DataFrame:
    """The events of all customers in order, with the verdicts that they bear, as the rules of sessions and touches take them."""
    frame = frame_of(distinct(events))
    subjects = name(frame, RULES).subjects.select("event", "subject")
    customers = owners_found(events).select(subject="identifier", customer="owner")
    return in_order(with_devices(frame, RULES).join(subjects, on="event").join(customers, on="subject"))


def journeys_found(events: Sequence[Sent], model: StageModel) -> dict[int, Journey]:
    """The journey of every customer by the rules of the service, with the verdicts that the events bear."""
    paths = pl.DataFrame([(id_of(event), event.properties.get("path")) for event in distinct(events)], _PATHS, orient="row")
    found = told_by_history(ordered(events)).join(paths, on="event", maintain_order="left")
    found = found.with_columns(pl.when(pl.col(value_column(PATH)).is_not_null()).then(pl.lit("string")).alias(type_column(PATH)))
    visits = sessions(found)
    contacts = touches(found, visits)
    entered = entries(attach_touches(found, contacts), model)
    return journeys_of(found["customer"].unique().to_list(), visits, contacts, entered)


def owners_read(events: Sequence[Sent]) -> dict[int, int]:
    """The owner of every identifier that the events bear, by the reading."""
    owned = identity.owners(events)
    borne = {each for event in events for each in identity.named(event)}
    return {number(*each): number(*owned[each]) for each in borne}


def journeys_read(model: dict[str, Any], events: Sequence[Sent]) -> dict[int, Journey]:
    """The journey of every customer, by the reading."""
    return {number(*root): _journey_read(model, own) for root, own in identity.customers(events).items()}


def _journey_read(model: dict[str, Any], own: Sequence[Sent]) -> Journey:
    events = mail.judged(own)
    return Journey(
        sorted((_session_read(session) for session in journeys.sessions(events)), key=itemgetter(2, 0)),
        [
            (touch.position, id_of(touch.event), touch.kind, touch.channel, *touch.event.campaign[:3], touch.machine)
            for touch in journeys.touches(events)
        ],
        [
            (id_of(entry.event), entry.stage, entry.from_stage, entry.entered_at, entry.left_at, entry.channel, *entry.campaign[:3])
            for entry in journeys.entries(model, events)
        ],
    )


def _session_read(session: journeys.Session) -> Row:
    first, last = session.events[0], session.events[-1]
    device = session.device[1] if session.device[0] == ANONYMOUS_ID else None
    ran = (first.occurred_at, last.occurred_at, len(session.events))
    return id_of(first), device, *ran, session.channel, *first.campaign[:3], session.machine


def journeys_of(customers: Sequence[int], sessions: pl.DataFrame, touches: pl.DataFrame, entries: pl.DataFrame) -> dict[int, Journey]:
    """The journey of every customer, of frames of SESSIONS, TOUCHES and the ENTRIES of one stage model."""
    ran = ("event", "anonymous_id", "started_at", "ended_at", "events", "channel", *_UTM, "machine")
    parts = (
        _by_customer(sessions.sort("started_at", "event"), ran),
        _by_customer(touches.sort("position"), ("position", "event", "kind", "channel", *_UTM, "machine")),
        _by_customer(entries.sort("position"), ("event", "stage", "from_stage", "entered_at", "left_at", "channel", *_UTM)),
    )
    return {customer: Journey(*(part.get(customer, []) for part in parts)) for customer in customers}


def _by_customer(rows: pl.DataFrame, columns: Sequence[str]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for customer, *row in rows.select("customer", *columns).iter_rows():
        found.setdefault(customer, []).append(tuple(row))
    return found
