"""Striking pairs out and restoring them: the worker's step, and what either would change."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from app.domain.identity.identifiers import IdentityRules
from app.domain.identity.owners import owners
from app.domain.questions.partings import counted_entries, customers, differing_entries, regrouped
from app.flow.derive import Reading, derived, judged, read_rules, settle_owners
from app.store import identity, struck
from app.store.connect import Connection
from app.store.events import read_events, read_membership
from app.store.evidence import members_of
from app.store.identity import Pair
from app.store.journeys import read_derived
from app.store.touched import BACKGROUND, mark_customers

EVENTS_MAX = 50_000

Customers = list[list[tuple[str, str]]]


class Parting(NamedTuple):
    """What striking a pair out, or restoring it, would do.

    `before` and `after` are the identifiers (kind, value) of each customer that would change, its root first. `entries` are those of
    `models` that would appear or disappear, `counts` how many there are (see questions.partings); both None where the customers have more
    than 50,000 events.
    """

    before: Customers
    after: Customers
    models: dict[int, str]
    entries: pl.DataFrame | None
    counts: pl.DataFrame | None


async def strike_step(connection: Connection, rules: IdentityRules) -> bool:
    """Strike out and restore what was asked for, and mark the customers that change. False where there was nothing to do."""
    if not await struck.has_wishes(connection):
        return False
    async with connection.transaction(isolation="repeatable_read"):
        changed = {each for pair in await struck.grant_wishes(connection) for each in pair}
        await mark_customers(connection, BACKGROUND, await settle_owners(connection, changed, rules))
    return True


async def suppose(connection: Connection, pair: Pair, rules: IdentityRules) -> Parting:
    """What would change were a pair struck out, or restored where it is struck. The caller owns the transaction, which only reads."""
    moved = await _moved(connection, pair, rules)
    concerned = sorted({*moved["customer"], *moved["owner"]})
    owned = dict(moved.select("identifier", "owner").iter_rows())
    members = await members_of(connection, concerned)
    ranks = {kind: rank for rank, kind in enumerate(rules.kinds)}
    before, after = customers(members, ranks), customers(regrouped(members, owned), ranks)
    reading = await read_rules(connection, rules)
    models = {kept.id: kept.model.name for kept in reading.models}
    stored = (await read_derived(connection, concerned, list(models))).entries
    fresh = await _entries(connection, concerned, owned, reading)
    if fresh is None:
        return Parting(before, after, models, None, None)
    return Parting(before, after, models, differing_entries(stored, fresh), counted_entries(stored, fresh))


async def _moved(connection: Connection, pair: Pair, rules: IdentityRules) -> pl.DataFrame:
    """The identifiers whose owner would be another one: (identifier, customer, owner)."""
    now = await identity.asked_for(connection, {*pair}, rules.kinds)
    then = await identity.asked_for(connection, {*pair}, rules.kinds, pair)
    asked = sorted({*now, *then})
    stored = (await identity.read_owners(connection, asked)).select("identifier", customer="owner")
    if stored.is_empty():
        return stored.with_columns(owner="customer")
    found = owners(await identity.evidence_for(connection, asked, rules.kinds, pair), rules)
    return stored.join(found.select("identifier", "owner"), on="identifier").filter(pl.col("customer") != pl.col("owner"))


async def _entries(connection: Connection, concerned: list[int], owned: Mapping[int, int], reading: Reading) -> pl.DataFrame | None:
    """The entries that the events of some customers form once some identifiers have other owners; None where the events are too many."""
    membership = (await read_membership(connection, concerned)).rename({"subject": "identifier"})
    if membership.height > EVENTS_MAX:
        return None
    received = membership["received_at"].sort()
    span = (received[0], received[-1]) if len(received) else None
    found = await read_events(connection, membership["event"].to_list(), span, reading.columns) if span else None
    events = judged(pl.DataFrame(schema=reading.columns.schema) if found is None else found, reading.rules)
    whose = regrouped(membership, owned).select("event", "customer", subject="identifier")
    return (await asyncio.to_thread(derived, events.join(whose, on="event"), reading.models)).entries
