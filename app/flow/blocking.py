"""Blocking values and unblocking them: what the events that name them said under the old rules against what they say under the new ones."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from app.domain.frames import EVENTS
from app.domain.identity.identifiers import ANONYMOUS_ID, BUILT_IN, IdentityRules, Named, bare, merged, name, only_in, with_devices, without
from app.domain.journeys.enrich import enrich
from app.flow.derive import settle_owners
from app.store import blocked, identity
from app.store.connect import Connection
from app.store.copy import write_difference
from app.store.events import event_columns, read_events
from app.store.learn import learn
from app.store.touched import BACKGROUND, mark_customers
from app.store.unlearn import events_beside, unlearn

EVENTS_AT_ONCE = 20_000


async def rules_in_force(connection: Connection, rules: IdentityRules) -> IdentityRules:
    """The rules of the settings with the values that are blocked now."""
    values = [one.value for one in await blocked.read_blocked(connection) if one.state != "blocking"]
    return _blocking(rules, {*rules.blocked_values, *values})


async def blocking_step(connection: Connection, settings: IdentityRules) -> IdentityRules | None:
    """Block and unblock what was asked for, and mark the customers that change; the rules then in force.

    None where there was nothing to do. `settings` are the rules that the operator started with.
    """
    wishes = await blocked.read_wishes(connection)
    if not (wishes.block or wishes.unblock):
        return None
    async with connection.transaction(isolation="repeatable_read"):
        before = await rules_in_force(connection, settings)
        await blocked.grant_wishes(connection, wishes)
        after = await rules_in_force(connection, settings)
        values = {*before.blocked_values} ^ {*after.blocked_values}
        if values:
            await _say_again(connection, values, before, after)
    return after


def _blocking(rules: IdentityRules, values: set[str]) -> IdentityRules:
    return replace(rules, blocked_values=tuple(sorted(values)))


async def _say_again(connection: Connection, values: set[str], before: IdentityRules, after: IdentityRules) -> None:
    """Take back what the events that name some values said, and learn what they say now."""
    naming = await blocked.events_naming(connection, values, external=not {*after.kinds} <= {*BUILT_IN})
    parts = [_said_twice(part, before, after) async for part in _read(connection, naming)]
    old, new = merged([part.old for part in parts]), merged([part.new for part in parts])
    gone, fresh = only_in(old, new), only_in(new, old)
    otherwise = pl.concat([fresh.subjects, new.subjects.join(pl.concat(part.moved for part in parts), on="event", how="semi")])
    owned = await identity.owners_of(connection, [*gone.subjects["subject"]])
    await write_difference(connection, identity.KEPT_SUBJECTS, gone.subjects, fresh.subjects)
    beside = (await events_beside(connection, without(gone, _named(values, old, new)))).join(naming, on="event", how="anti")
    rest = [name(events, after) async for events in _read(connection, beside)]
    changed = await unlearn(connection, gone, merged([new, *rest]))
    learned = await learn(connection, new)
    moved = await settle_owners(connection, changed | learned.changed, after)
    owning = await identity.owners_of(connection, [*otherwise["subject"]])
    await mark_customers(connection, BACKGROUND, {*owned["owner"], *owning["owner"], *moved})


class _SaidTwice(NamedTuple):
    """What events said and say of identity, and those (event) that came from another device than they come from."""

    old: Named
    new: Named
    moved: pl.DataFrame


def _said_twice(events: pl.DataFrame, before: IdentityRules, after: IdentityRules) -> _SaidTwice:
    devices = with_devices(events, before)[ANONYMOUS_ID]
    moved = events.filter(with_devices(events, after)[ANONYMOUS_ID].ne_missing(devices)).select("event")
    return _SaidTwice(name(events, before), name(events, after), moved)


def _named(values: set[str], *said: Named) -> list[int]:
    """The identifiers of some bare values."""
    named = pl.concat(one.identifiers.select("identifier", "value") for one in said).unique()
    return [identifier for identifier, value in named.iter_rows() if bare(value) in values]


async def _read(connection: Connection, events: pl.DataFrame) -> AsyncIterator[pl.DataFrame]:
    """Events (event, received_at) with their verdicts, a part at a time, at least one."""
    yield enrich(pl.DataFrame(schema=EVENTS))
    for part in events.sort("received_at").iter_slices(EVENTS_AT_ONCE):
        span = (part["received_at"][0], part["received_at"][-1])
        yield enrich(await read_events(connection, part["event"].to_list(), span, event_columns()))
