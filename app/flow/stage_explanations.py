"""Explanations of stages: one customer's events read again, and taken through the rules that derive."""

import asyncio
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from app.domain.documents import split_path
from app.domain.identity.identifiers import IdentityRules
from app.domain.journeys.entries import Attached, entries
from app.domain.journeys.stage_explanations import Explained, explain
from app.domain.journeys.stages import EACH_EVENT_NAME
from app.flow.derive import Reading, events_of, routed
from app.store.connect import Connection
from app.store.events import event_columns
from app.store.journeys import derived_before
from app.store.stage_models import KeptModel

EVENTS_MAX = 50_000


class TooManyEventsError(ValueError):
    """A customer has more events than are read again for an explanation."""


class NoRulesError(ValueError):
    """A stage model that has no rules, so that there is nothing to explain."""


class Chosen(NamedTuple):
    """Which events are explained, the latest first: so many before a place and up to an instant; of `entries` those that begin one."""

    limit: int
    entries: bool
    before: int | None = None
    until: datetime | None = None


class Told(NamedTuple):
    """What is said of one event.

    Of the event itself message_id, type, name, occurred_at, machine_rule, channel and channel_rule; its verdict; its entries in order.
    """

    event: dict[str, Any]
    explained: Explained
    entries: list[dict[str, Any]]


async def explain_stages(connection: Connection, customer: int, kept: KeptModel, rules: IdentityRules, chosen: Chosen) -> list[Told]:
    """Why events of a customer entered a stage of the model, or did not; one more than the limit where there are more.

    Raises TooManyEventsError and NoRulesError.
    """
    if kept.model == EACH_EVENT_NAME:
        raise NoRulesError(f"{kept.model.name} has no rules: every name of an event is a stage")
    events = (await derived_before(connection, [customer])).get(customer, 0)
    if events > EVENTS_MAX:
        raise TooManyEventsError(f"the customer has {events} events; {EVENTS_MAX} can be explained")
    columns = event_columns((path, split_path(path)) for path in sorted(kept.model.paths))
    history = await events_of(connection, [customer], Reading([kept], columns, rules))
    return await asyncio.to_thread(_told, routed(history).attached, kept, chosen)


def _told(attached: Attached, kept: KeptModel, chosen: Chosen) -> list[Told]:
    entered = entries(attached, kept.model)
    wanted = [pl.col("place").is_in(entered["place"].implode())] if chosen.entries else []
    wanted += [] if chosen.before is None else [pl.col("place") < chosen.before]
    wanted += [] if chosen.until is None else [pl.col("occurred_at") <= chosen.until]
    places = attached.events.filter(*wanted)["place"].sort(descending=True)
    explained = explain(attached, kept.model, places.head(chosen.limit + 1).to_list())
    seen = attached.events.select("place", "message_id", "type", "name", "occurred_at", "machine_rule", "channel", "channel_rule")
    rows = {row["place"]: row for row in seen.filter(pl.col("place").is_in([one["place"] for one in explained])).to_dicts()}
    begun: dict[int, list[dict[str, Any]]] = {place: [] for place in rows}
    for row in entered.filter(pl.col("place").is_in([*begun])).select("place", "stage", "from_stage", "entered_at", "left_at").to_dicts():
        begun[row["place"]].append(row)
    return [Told(rows[one["place"]], one, begun[one["place"]]) for one in explained]
