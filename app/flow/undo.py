"""Taking an import back: exactly its events and their message ids leave, in steps between the worker's live rounds."""

import polars as pl

from app.domain.frames import EVENTS
from app.domain.identity.identifiers import IdentityRules, Named, name
from app.domain.journeys.enrich import enrich
from app.flow.derive import settle_owners
from app.store import identity, undo
from app.store.connect import Connection
from app.store.events import event_columns, read_events
from app.store.touched import BACKGROUND, mark_customers
from app.store.unlearn import events_beside, unlearn

STEP_EVENTS = 10_000


async def undo_step(connection: Connection, rules: IdentityRules, limit: int = STEP_EVENTS) -> bool:
    """Take the next events of an import back that is to be undone. False where there is none."""
    undoing = await undo.next_undoing(connection)
    if undoing is None:
        return False
    async with connection.transaction(isolation="repeatable_read"):
        lying = await undo.find_events(connection, undoing, limit)
        if lying.ids:
            await _take_back(connection, undoing, lying, rules)
        else:
            await undo.finish_undo(connection, undoing)
    return True


async def _take_back(connection: Connection, undoing: undo.Undoing, lying: undo.Lying, rules: IdentityRules) -> None:
    """Delete events, and mark the customers that they concerned, in the same transaction."""
    gone = name(enrich(await undo.read_undone(connection, undoing, lying.ids)), rules)
    owned = await identity.owners_of(connection, gone.subjects["subject"].unique().to_list())
    await undo.delete_events(connection, undoing, lying.ids, gone.subjects)
    changed = await unlearn(connection, gone, await _said_beside(connection, gone, rules))
    moved = await settle_owners(connection, changed, rules)
    await mark_customers(connection, BACKGROUND, {*owned["identifier"], *owned["owner"], *moved})
    await undo.advance_undo(connection, undoing, lying.place, len(lying.ids))


async def _said_beside(connection: Connection, gone: Named, rules: IdentityRules) -> Named:
    beside = await events_beside(connection, gone)
    if beside.is_empty():
        return name(enrich(pl.DataFrame(schema=EVENTS)), rules)
    received = beside["received_at"].sort()
    found = await read_events(connection, beside["event"].to_list(), (received[0], received[-1]), event_columns())
    return name(enrich(found), rules)
