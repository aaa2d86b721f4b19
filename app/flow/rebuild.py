"""A rebuild: everything derived again from the events, in steps between the worker's live rounds."""

import polars as pl

from app.domain.enrich import enrich
from app.domain.frames import EVENTS
from app.domain.identifiers import IdentityRules, merged, name
from app.domain.lists import digest
from app.domain.owners import owners
from app.flow.derive import derive_customers, derive_round, read_rules, write_moved
from app.store import identity, rebuilds
from app.store.connect import Connection
from app.store.events import read_month, read_months
from app.store.journeys import append_changes, delete_strays, next_shard
from app.store.touched import forget_stuck

SHARD_EVENTS = 20_000


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
            await _rebuild_shard(connection, rebuild)
    return True


async def _rebuild_identity(connection: Connection, rules: IdentityRules) -> int:
    """Identity as all events say it. What is still marked in this snapshot is derived first, so that no event is learned twice."""
    while (await derive_round(connection, rules)).marks:
        pass
    parts = [name(enrich(pl.DataFrame(schema=EVENTS)), rules)]
    parts += [name(enrich(await read_month(connection, *month)), rules) for month in await read_months(connection)]
    differing = await identity.replace_all(connection, merged(parts))
    await forget_stuck(connection)
    moved = await write_moved(connection, await identity.read_owners(connection), owners(await identity.all_evidence(connection), rules))
    return differing + len(moved)


async def _rebuild_shard(connection: Connection, rebuild: rebuilds.Rebuild) -> None:
    shard = await next_shard(connection, rebuild.after, SHARD_EVENTS)
    strays = await delete_strays(connection, rebuild.after, shard)
    await append_changes(connection, sorted(strays))
    changed = strays | await derive_customers(connection, shard, await read_rules(connection))
    await rebuilds.advance(connection, rebuild.id, shard[-1] if shard else rebuild.after, len(shard), len(changed))
    if not shard:
        await rebuilds.finish(connection, rebuild.id)


async def follow_rules(connection: Connection, rules: IdentityRules) -> bool:
    """Ask for a rebuild where the packaged lists or the operator's settings of identity are others than at the last start."""
    async with connection.transaction():
        changed = await rebuilds.rules_changed(connection, digest(rules))
        if changed:
            await rebuilds.ask(connection)
    return changed
