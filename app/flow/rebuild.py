"""A rebuild: everything derived again from the events, in steps between the worker's live rounds."""

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from itertools import pairwise

import polars as pl

from app.domain.frames import EVENTS
from app.domain.identity.identifiers import IdentityRules, Named, merged, name
from app.domain.identity.owners import owners
from app.domain.journeys.enrich import with_machine_rules
from app.domain.lists import digest
from app.flow.derive import Reading, derive_customers, derive_round, derived, judged, read_rules, write_moved
from app.flow.failing import DEFECTS
from app.flow.pipeline import worked
from app.store import identity, rebuilds
from app.store.connect import Connection
from app.store.journeys import Derived, append_changes, write_derived
from app.store.shards import LAST, Range, next_shard, read_shard_derived, read_shard_events, read_stretch, stretches
from app.store.touched import forget_stuck

SHARD_EVENTS = 30_000
"""Events of a step."""

PARTS = 3
"""Parts of a step: one is derived while the next one is read."""


async def rebuild_step(connection: Connection, rules: IdentityRules) -> bool:
    """Do the next step of a rebuild that was asked for: the owners first, then a shard of customers. False where there is none."""
    rebuild = await rebuilds.unfinished(connection)
    if rebuild is None:
        return False
    async with connection.transaction(isolation="repeatable_read"):
        if rebuild.state == rebuilds.WAITING:
            changed = await _rebuild_identity(connection, rules)
            await rebuilds.begin_customers(connection, rebuild.id, changed)
        else:
            await _rebuild_shard(connection, rebuild, rules)
    return True


async def _rebuild_identity(connection: Connection, rules: IdentityRules) -> int:
    """Identity as all events say it. What is still marked in this snapshot is derived first, so that no event is learned twice."""
    while (await derive_round(connection, rules)).marks:
        pass
    differing = await identity.replace_all(connection, await _named_by_all(connection, rules))
    await forget_stuck(connection)
    moved = await write_moved(connection, await identity.read_owners(connection), owners(await identity.all_evidence(connection), rules))
    return differing + len(moved)


async def _named_by_all(connection: Connection, rules: IdentityRules) -> Named:
    """What all events say of identity."""

    def named(events: pl.DataFrame) -> Named:
        return name(with_machine_rules(events), rules)

    parts = [named(pl.DataFrame(schema=EVENTS))]
    async with aclosing(worked(await stretches(connection), lambda part: read_stretch(connection, part), named)) as reading:
        parts += [part async for part in reading]
    return merged(parts)


async def _rebuild_shard(connection: Connection, rebuild: rebuilds.Rebuild, rules: IdentityRules) -> None:
    """Derive the next customers, and take away what is kept of numbers up to the last of them that nobody owns; after the last, of all."""
    after = -1 if rebuild.after is None else rebuild.after
    shard = await next_shard(connection, after, SHARD_EVENTS)
    reading = await read_rules(connection, rules)
    try:
        async with connection.transaction():
            changed = await _derive_ranges(connection, [*_ranges(after, shard)], reading)
    except DEFECTS:
        changed = await _derive_by_halves(connection, Range(after, shard[-1] if shard else LAST), shard, reading)
    await rebuilds.advance(connection, rebuild.id, shard[-1] if shard else after, len(shard), len(changed))
    if not shard:
        await rebuilds.finish(connection, rebuild.id)


def _ranges(after: int, shard: Sequence[int]) -> Iterator[Range]:
    ends = shard[:: -max(1, len(shard) // PARTS)][::-1] or [LAST]
    return (Range(*ends) for ends in pairwise([after, *ends]))


async def _derive_ranges(connection: Connection, ranges: Sequence[Range], reading: Reading) -> set[int]:
    """Derive the customers in some ranges and write what differs; the customers that changed."""
    models = [kept.id for kept in reading.models]

    async def read(part: Range) -> tuple[Derived, pl.DataFrame]:
        return await read_shard_derived(connection, part, models), await read_shard_events(connection, part, reading.columns)

    def work(found: tuple[Derived, pl.DataFrame]) -> tuple[Derived, Derived]:
        return found[0], derived(judged(found[1], reading.rules), reading.models)

    changed: set[int] = set()
    async with aclosing(worked(ranges, read, work)) as parts:
        async for stored, fresh in parts:
            changed |= await write_derived(connection, stored, fresh)
    await append_changes(connection, sorted(changed))
    return changed


async def _derive_by_halves(connection: Connection, span: Range, shard: Sequence[int], reading: Reading) -> set[int]:
    """As `_derive_ranges`, where somebody cannot be derived: whoever else has rows in the range is derived with the others, by halves."""
    stored = await read_shard_derived(connection, span, [kept.id for kept in reading.models])
    kept = (customer for frame in stored for customer in frame["customer"])
    return await derive_customers(connection, {*shard, *kept}, reading)


async def follow_rules(connection: Connection, rules: IdentityRules) -> bool:
    """Ask for a rebuild where the packaged lists or the operator's settings of identity are others than at the last start."""
    async with connection.transaction():
        changed = await rebuilds.rules_changed(connection, digest(rules))
        if changed:
            await rebuilds.ask(connection)
    return changed
