"""Deriving: one transaction a round, in the process that holds the lock. There is no other path to a derived row."""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from app.domain.customers import customers as customers_of
from app.domain.enrich import enrich
from app.domain.entries import attach_touches, entries
from app.domain.identifiers import IdentityRules, name, with_devices
from app.domain.owners import owners
from app.domain.sessions import in_order, sessions
from app.domain.stages import split_path
from app.domain.touches import touches
from app.store import identity, touched
from app.store.connect import Connection
from app.store.events import event_columns, read_customer_events, read_touched_events
from app.store.journeys import STORED_ENTRIES, Derived, append_changes, heavy_customers, read_derived, write_derived
from app.store.stage_models import ACTIVE, DERIVING, KeptModel, read_models

ROUND_EVENTS = 10_000
HEAVY_EVENTS = 10_000


class Round(NamedTuple):
    """What one round did."""

    marks: int
    events: int
    customers: int
    changed: int


async def derive_touched(
    connection: Connection, rules: IdentityRules, budget: int = ROUND_EVENTS, heavy_events: int = HEAVY_EVENTS
) -> Round:
    """Derive the customers that touched rows concern, in one snapshot that is taken after the lock."""
    async with connection.transaction(isolation="repeatable_read"):
        return await derive_round(connection, rules, budget, heavy_events)


async def derive_round(connection: Connection, rules: IdentityRules, budget: int = ROUND_EVENTS, heavy_events: int = HEAVY_EVENTS) -> Round:
    """The statements of a round that takes about `budget` events; the caller owns the transaction.

    Subjects and links of new events first; old and new owners together are the set to derive; only rows that differ are written;
    exactly the touched rows that were read are deleted. A customer with more than `heavy_events` is left to `derive_heavy`.
    """
    marks = await touched.read_marks(connection, budget)
    if not marks.ids:
        return Round(0, 0, 0, 0)
    concerned = await _concerned(connection, marks, rules)
    heavy = await heavy_customers(connection, sorted(concerned), heavy_events)
    if heavy:
        await touched.mark_heavy(connection, marks.ids, heavy)
    changed = await derive_customers(connection, concerned - heavy)
    await touched.delete_marks(connection, marks.ids)
    return Round(len(marks.ids), marks.events, len(concerned), len(changed))


async def derive_heavy(connection: Connection) -> Round:
    """Derive the one customer with very many events that waits longest, alone."""
    async with connection.transaction(isolation="repeatable_read"):
        marks = await touched.read_heavy(connection)
        if not marks.ids:
            return Round(0, 0, 0, 0)
        concerned = await _owners_and_themselves(connection, marks.identifiers)
        changed = await derive_customers(connection, concerned)
        await touched.delete_marks(connection, marks.ids)
    return Round(len(marks.ids), 0, len(concerned), len(changed))


async def derive_customers(connection: Connection, customers: Iterable[int]) -> set[int]:
    """Derive some customers afresh from all of their events and write what differs; the customers that changed.

    A customer without events (merged away, erased) is left without rows.
    """
    concerned = sorted(customers)
    if not concerned:
        return set()
    models = await read_models(connection, ACTIVE, DERIVING)
    paths = sorted({path for kept in models for path in kept.model.paths})
    select, schema = event_columns((path, split_path(path)) for path in paths)
    events = await read_customer_events(connection, concerned, select, schema)
    stored = await read_derived(connection, concerned, [kept.id for kept in models])
    changed = await write_derived(connection, stored, derived(events, models))
    await append_changes(connection, sorted(changed))
    return changed


def derived(events: pl.DataFrame, models: Iterable[KeptModel]) -> Derived:
    """The route of a customer's events through the rules."""
    ordered = in_order(enrich(with_devices(events)))
    visits = sessions(ordered)
    contacts = touches(ordered, visits)
    attached = attach_touches(ordered, contacts)
    entered = [_of_model(entries(attached, kept.model), kept.id) for kept in models]
    return Derived(customers_of(ordered), visits, contacts, pl.concat([pl.DataFrame(schema=STORED_ENTRIES), *entered]))


async def _concerned(connection: Connection, marks: touched.Marks, rules: IdentityRules) -> set[int]:
    """Old and new owners of everything that the marks touch, after what the new events say of identity is learned."""
    events = await read_touched_events(connection, marks.ids, *event_columns())
    concerned = await _owners_and_themselves(connection, marks.identifiers)
    if events.is_empty():
        return concerned
    named = name(enrich(events), rules)
    moved = await settle_owners(connection, await identity.learn(connection, named), rules)
    return concerned | moved | await identity.owners_of(connection, named.subjects["subject"].unique().to_list())


async def settle_owners(connection: Connection, changed: set[int], rules: IdentityRules) -> set[int]:
    """Find the owners of the identifiers that changed evidence can move; the old and new owners of those that moved."""
    asked = await identity.asked_for(connection, changed, rules.kinds)
    if not asked:
        return set()
    evidence = await identity.evidence_for(connection, asked, rules.kinds)
    return await write_moved(connection, await identity.read_owners(connection, asked), owners(evidence, rules))


async def write_moved(connection: Connection, stored: pl.DataFrame, found: pl.DataFrame) -> set[int]:
    """Write the owners that differ from the stored ones; the old and new owners of identifiers that moved."""
    differing = found.join(stored, on=list(identity.OWNERS), how="anti", nulls_equal=True)
    await identity.write_owners(connection, differing)
    old = stored.join(differing.select("identifier"), on="identifier", how="semi")
    return {*old["owner"], *differing["owner"]}


async def _owners_and_themselves(connection: Connection, identifiers: list[int]) -> set[int]:
    return {*identifiers, *(await identity.owners_of(connection, identifiers) if identifiers else ())}


def _of_model(entered: pl.DataFrame, stage_model: int) -> pl.DataFrame:
    return entered.with_columns(stage_model=pl.lit(stage_model, pl.Int16)).select(list(STORED_ENTRIES))
