"""Verification of a part: derived afresh from its events, and compared row by row with what is kept. Nothing is written.

All of identity hangs together by its evidence: whose an event is follows from the event, a link from the events of its target, an alias
from the events of its user id, an owner from links and aliases. So what is kept of customers is held against their own events, and what is
kept of events against each of them; where both are true of everybody, everything kept is what all events say.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import polars as pl

from app.domain.identity.identifiers import IdentityRules, Named, name
from app.domain.identity.owners import owners
from app.domain.journeys.differences import Difference, differences
from app.domain.journeys.enrich import with_machine_rules
from app.flow.blocking import rules_in_force
from app.flow.derive import Reading, derived, judged, read_rules
from app.store import identity, rebuilds, verify
from app.store.connect import Connection
from app.store.copy import Kept
from app.store.events import read_events
from app.store.journeys import KEPT, read_derived

_OWNER = ("parent", "via", "owner")


class Part(NamedTuple):
    """What came of a part: how many events were read, who waits to be derived, and what differs."""

    events: int
    waiting: set[int]
    differences: list[Difference]


class _Own(NamedTuple):
    """What some customers have: their identifiers, what is kept of whose their events are, and the events themselves, judged."""

    identifiers: pl.DataFrame
    subjects: pl.DataFrame
    events: pl.DataFrame


async def verify_customers(connection: Connection, customers: Sequence[int], rules: IdentityRules) -> Part:
    """Compare everything kept of some customers with what their events say, in one snapshot.

    Whoever waits to be derived is left out: what is kept of them need not follow from their events yet.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rules = await rules_in_force(connection, rules)
        waiting = await _waiting(connection, customers)
        due = sorted({*customers} - waiting)
        reading = await read_rules(connection, rules)
        own = await _read_own(connection, due, reading)
        found = await _identity(connection, own, reading) + await _owners(connection, own, reading.rules)
        return Part(own.events.height, waiting, found + await _journeys(connection, due, own.events, reading))


async def verify_events(connection: Connection, read: Callable[[], Awaitable[pl.DataFrame]], rules: IdentityRules) -> Part:
    """Compare whose events are with what is kept of that, in one snapshot; those that still wait to be derived are left out.

    `read` reads events of which the columns of store.shards.NAMING are asked for.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await read()
        expected = name(with_machine_rules(found), await rules_in_force(connection, rules)).subjects
        missing = expected.join(await verify.subjects_kept(connection, expected), on=expected.columns, how="anti")
        waiting = await verify.waiting_events(connection, missing["event"].to_list()) if missing.height else set()
        owned = await identity.owners_of(connection, missing["subject"].unique().to_list())
    customers = owned.select(subject="identifier", customer="owner")
    lost = missing.filter(~pl.col("event").is_in(list(waiting))).join(customers, on="subject", how="left").select(list(verify.SUBJECTS))
    return Part(found.height, set(), differences("event_subjects", ["event"], lost.clear(), lost))


async def _waiting(connection: Connection, customers: Sequence[int]) -> set[int]:
    """Who has marks, and who is still to be reached by a rebuild."""
    rebuild = await rebuilds.unfinished(connection)
    marked = await verify.waiting(connection, customers)
    if rebuild is None:
        return marked
    return marked | {customer for customer in customers if rebuild.after is None or customer > rebuild.after}


async def _read_own(connection: Connection, customers: Sequence[int], reading: Reading) -> _Own:
    subjects = await verify.subjects_of(connection, customers)
    events = await _read(connection, subjects, reading)
    return _Own(
        await verify.identifiers_of(connection, customers),
        subjects,
        events.join(subjects.select("event", "subject", "customer"), on="event"),
    )


async def _read(connection: Connection, wanted: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Events (event, received_at), judged."""
    received = wanted["received_at"].sort()
    if received.is_empty():
        return judged(pl.DataFrame(schema=reading.columns.schema), reading.rules)
    found = await read_events(connection, wanted["event"].to_list(), (received[0], received[-1]), reading.columns)
    return judged(found, reading.rules)


async def _identity(connection: Connection, own: _Own, reading: Reading) -> list[Difference]:
    """Subjects, identifiers, links and aliases, against the events that they follow from."""
    identifiers = own.identifiers["identifier"].to_list()
    beside = await _read(connection, await verify.events_beside(connection, identifiers), reading)
    events = own.events.select(beside.columns)
    said = name(events, reading.rules)
    said_by_all = name(pl.concat([events, beside]).unique("event"), reading.rules)
    owned = own.identifiers.select("identifier", "customer")
    links = await verify.links_of(connection, identifiers)
    aliases = await verify.aliases_of(connection, identifiers)
    return [
        *_subjects(own, said),
        *_identifiers(own, said_by_all),
        *_evidence(identity.KEPT_LINKS, links, said_by_all.links, owned, ("target", "weaker")),
        *_evidence(identity.KEPT_ALIASES, aliases, said.aliases, owned, ("user_id",)),
    ]


def _subjects(own: _Own, said: Named) -> list[Difference]:
    found = said.subjects.join(own.subjects.select("event", "customer"), on="event").select(list(verify.SUBJECTS))
    return differences("event_subjects", ["event"], own.subjects, found)


def _identifiers(own: _Own, said: Named) -> list[Difference]:
    found = said.identifiers.join(own.identifiers.select("identifier", "customer"), on="identifier").select(list(verify.IDENTIFIERS))
    return differences("identifiers", ["identifier"], own.identifiers, found)


def _evidence(kept: Kept, stored: pl.DataFrame, said: pl.DataFrame, owned: pl.DataFrame, members: Sequence[str]) -> list[Difference]:
    """Links or aliases of which a member belongs to one of the customers; theirs is the first such member."""

    def of_customers(rows: pl.DataFrame) -> pl.DataFrame:
        for member in members:
            owner = owned.select(pl.col("identifier").alias(member), pl.col("customer").alias(f"of_{member}"))
            rows = rows.join(owner, on=member, how="left")
        found = rows.with_columns(customer=pl.coalesce(f"of_{member}" for member in members))
        return found.drop_nulls("customer").select("customer", *kept.schema)

    return differences(kept.table, list(kept.key), of_customers(stored), of_customers(said.rename({"source": "source_id"})))


async def _owners(connection: Connection, own: _Own, rules: IdentityRules) -> list[Difference]:
    """Owners, and how they were found, of everything whose owner hangs together with those of the customers' identifiers."""
    asked = await identity.asked_for(connection, {*own.identifiers["identifier"]}, rules.kinds)
    if not asked:
        return []
    stored = await identity.read_owners(connection, asked)
    found = owners(await identity.evidence_for(connection, asked, rules.kinds), rules)
    customers = stored.select("identifier", customer="owner")
    sides = (rows.join(customers, on="identifier").select("customer", "identifier", *_OWNER) for rows in (stored, found))
    return differences("identifiers", ["identifier"], *sides)


async def _journeys(connection: Connection, customers: list[int], events: pl.DataFrame, reading: Reading) -> list[Difference]:
    stored = await read_derived(connection, customers, [kept.id for kept in reading.models])
    parts = zip(KEPT, stored, derived(events, reading.models), strict=True)
    return [one for kept, old, new in parts for one in differences(kept.table, list(kept.key), old, new)]
