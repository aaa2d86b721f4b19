"""Deriving: one transaction a round, in the process that holds the lock. There is no other path to a derived row."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import polars as pl
import structlog

from app.domain.documents import split_path
from app.domain.frames import VERDICTS
from app.domain.identity.identifiers import IdentityRules, Named, name, with_devices
from app.domain.identity.owners import newcomers_of, owners
from app.domain.journeys.customers import customers as customers_of
from app.domain.journeys.enrich import enrich
from app.domain.journeys.entries import Attached, attach_touches, entries
from app.domain.journeys.mail import told_by_history
from app.domain.journeys.named_events import named_events
from app.domain.journeys.sessions import in_order, sessions
from app.domain.journeys.touches import touches
from app.flow.failing import by_halves
from app.flow.live import tell_verdicts
from app.store import identity, touched
from app.store.connect import Connection
from app.store.events import EventColumns, event_columns, read_events, read_events_of, read_touched_events
from app.store.journeys import STORED_ENTRIES, Derived, append_changes, derived_before, read_derived, write_derived
from app.store.learn import Learned, learn
from app.store.stage_models import DERIVED, KeptModel, read_models

log = structlog.get_logger("derive")


class Round(NamedTuple):
    """What one round did."""

    marks: int
    events: int
    customers: int
    changed: int


class Sizes(NamedTuple):
    """How many events a round takes, live ones and others, and from how many on a customer is derived alone.

    A round's memory grows with it, and so does the wait of a live event that comes meanwhile.
    """

    live: int = 10_000
    bulk: int = 30_000
    heavy: int = 10_000


SIZES = Sizes()


class Reading(NamedTuple):
    """The stage models that customers are derived for, the columns of events that all rules read, and the rules of identity."""

    models: list[KeptModel]
    columns: EventColumns
    rules: IdentityRules


class News(NamedTuple):
    """Events, judged, with their subject and customer, that event_subjects does not tell of yet; and of whom something is stored at all."""

    events: pl.DataFrame
    known: set[int]


class _Learned(NamedTuple):
    """New events, judged, with their `subject`; and the old and new owners of the identifiers that moved by them."""

    events: pl.DataFrame
    moved: set[int]


async def derive_touched(connection: Connection, rules: IdentityRules, sizes: Sizes = SIZES) -> Round:
    """Derive the customers that touched rows concern, in one snapshot that is taken after the lock."""
    async with connection.transaction(isolation="repeatable_read"):
        return await derive_round(connection, rules, sizes)


async def derive_round(connection: Connection, rules: IdentityRules, sizes: Sizes = SIZES) -> Round:
    """The statements of a round; the caller owns the transaction.

    Subjects and links of new events first; old and new owners together are the set to derive; only rows that differ are written;
    exactly the touched rows that were read are deleted. A customer with very many events is left to `derive_heavy`.
    """
    marks = await touched.read_marks(connection, sizes.live, sizes.bulk)
    if not marks.ids:
        return Round(0, 0, 0, 0)
    reading = await read_rules(connection, rules)
    learned = await _learn(connection, marks, reading, rules)
    owned = await identity.owners_of(connection, [*marks.identifiers, *learned.events["subject"].unique()])
    concerned = {*marks.identifiers, *owned["owner"], *learned.moved}
    before = await derived_before(connection, sorted(concerned))
    heavy = {customer for customer, events in before.items() if events > sizes.heavy}
    if heavy:
        await touched.mark_heavy(connection, marks.ids, heavy)
    owners_of_subjects = owned.select(subject="identifier", customer="owner")
    new = learned.events.join(owners_of_subjects, on="subject", how="left", maintain_order="left")
    due = concerned - heavy - await touched.stuck_customers(connection)
    changed = await derive_customers(connection, due, reading, News(new, {*before}))
    await identity.write_subjects(connection, new)
    await tell_verdicts(connection, marks.ids, rules, concerned - due)
    await touched.delete_marks(connection, marks.ids)
    return Round(len(marks.ids), marks.events, len(concerned), len(changed))


async def derive_heavy(connection: Connection, rules: IdentityRules) -> Round:
    """Derive the one customer with very many events that waits longest, alone."""
    async with connection.transaction(isolation="repeatable_read"):
        marks = await touched.read_heavy(connection)
        if not marks.ids:
            return Round(0, 0, 0, 0)
        owned = await identity.owners_of(connection, marks.identifiers)
        concerned = {*marks.identifiers, *owned["owner"]}
        changed = await derive_customers(connection, concerned, await read_rules(connection, rules))
        await touched.delete_marks(connection, marks.ids)
    return Round(len(marks.ids), 0, len(concerned), len(changed))


async def read_rules(connection: Connection, rules: IdentityRules) -> Reading:
    models = await read_models(connection, *DERIVED)
    paths = sorted({path for kept in models for path in kept.model.paths})
    return Reading(models, event_columns((path, split_path(path)) for path in paths), rules)


async def derive_customers(connection: Connection, customers: Iterable[int], reading: Reading, news: News | None = None) -> set[int]:
    """Derive some customers afresh from all of their events and write what differs; the customers that changed.

    A customer without events (merged away, erased) is left without rows. Customers who cannot be derived are put aside, with what is
    stored of them as it was.
    """

    async def part(some: Sequence[int]) -> set[int]:
        events = await events_of(connection, some, reading, news and news.events)
        known = [customer for customer in some if news is None or customer in news.known]
        stored = await read_derived(connection, known, [kept.id for kept in reading.models])
        return await write_derived(connection, stored, derived(events, reading.models))

    parts, failing = await by_halves(connection, sorted(customers), part)
    changed = set().union(*parts)
    await append_changes(connection, sorted(changed))
    if failing:
        await touched.put_customers_aside(connection, [customer for customer, _ in failing])
        for customer, reason in failing:
            log.error("a customer cannot be derived", customer=customer, reason=reason)
    return changed


async def events_of(connection: Connection, customers: Sequence[int], reading: Reading, new: pl.DataFrame | None = None) -> pl.DataFrame:
    """All events of some customers, judged, with their subject and customer; `new` are those that are not known to be theirs yet."""
    own = [] if new is None else [new.filter(pl.col("customer").is_in(customers))]
    known = judged(await read_events_of(connection, "i.owner = any($1::bigint[])", reading.columns, list(customers)), reading.rules)
    return pl.concat([known, *(frame.select(known.columns) for frame in own)])


def judged(events: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """Events with what single ones tell, and a device only where their anonymous id names one."""
    return enrich(with_devices(events, rules))


class Routed(NamedTuple):
    """Events of customers in order, with what follows from them whatever the stage models are."""

    ordered: pl.DataFrame
    sessions: pl.DataFrame
    touches: pl.DataFrame
    attached: Attached


def routed(events: pl.DataFrame) -> Routed:
    """The route of customers' events, judged, through the rules of sessions and touches."""
    ordered = told_by_history(in_order(events))
    visits = sessions(ordered)
    contacts = touches(ordered, visits)
    return Routed(ordered, visits, contacts, attach_touches(ordered, contacts))


def derived(events: pl.DataFrame, models: Iterable[KeptModel]) -> Derived:
    """The route of customers' events, judged, through the rules."""
    ordered, visits, contacts, attached = routed(events)
    entered = [_of_model(entries(attached, kept.model), kept.id) for kept in models]
    kept = pl.concat([pl.DataFrame(schema=STORED_ENTRIES), *entered])
    return Derived(customers_of(ordered), visits, contacts, named_events(ordered), kept)


async def _learn(connection: Connection, marks: touched.Marks, reading: Reading, rules: IdentityRules) -> _Learned:
    """Learn what the new events of some touched rows say of identity. Events that cannot be learned of are put aside."""
    if not (span := marks.span):
        return _nothing(reading)

    async def rows(ids: Sequence[int]) -> _Learned:
        return await _learn_of(connection, await read_touched_events(connection, ids, span, reading.columns), rules)

    async def single(ids: Sequence[UUID]) -> _Learned:
        return await _learn_of(connection, await read_events(connection, ids, span, reading.columns), rules)

    parts, failing = await by_halves(connection, marks.ids, rows)
    for mark, _ in failing:
        found, stuck = await by_halves(connection, await touched.read_event_ids(connection, mark), single)
        parts += found
        await touched.put_events_aside(connection, mark, [event for event, _ in stuck])
        for event, reason in stuck:
            log.error("an event cannot be derived", id=str(event), reason=reason)
    if not parts:
        return _nothing(reading)
    return _Learned(pl.concat(part.events for part in parts), set().union(*(part.moved for part in parts)))


def _nothing(reading: Reading) -> _Learned:
    return _Learned(pl.DataFrame(schema=reading.columns.schema | VERDICTS | {"subject": pl.Int64}), set())


async def _learn_of(connection: Connection, events: pl.DataFrame, rules: IdentityRules) -> _Learned:
    found = judged(events, rules)
    named = name(found, rules)
    moved = await _settle(connection, named, await learn(connection, named), rules)
    owned = found.join(named.subjects.select("event", "subject"), on="event", how="left", maintain_order="left")
    return _Learned(owned.drop_nulls("subject"), moved)


async def _settle(connection: Connection, named: Named, learned: Learned, rules: IdentityRules) -> set[int]:
    """Find the owners of identifiers by what new events say: newcomers' follow from that alone, and need no look at what is kept."""
    newcomers, evidence = newcomers_of(named, learned.new)
    moved = await settle_owners(connection, learned.changed - newcomers, rules)
    if evidence.identifiers.is_empty():
        return moved
    found = owners(evidence, rules)
    alone = found.select("identifier", parent=pl.lit(None, pl.Int64), via=pl.lit(None, pl.Int64), owner="identifier")
    return moved | await write_moved(connection, alone, found)


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


def _of_model(entered: pl.DataFrame, stage_model: int) -> pl.DataFrame:
    return entered.with_columns(stage_model=pl.lit(stage_model, pl.Int16)).select(list(STORED_ENTRIES))
