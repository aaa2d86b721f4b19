"""The worker: the one process at a time that derives. Others stand by and take over when its connection ends."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from app.domain.identity.identifiers import IdentityRules, bare
from app.flow.blocking import blocking_step, rules_in_force
from app.flow.derive import SIZES, derive_heavy, derive_touched
from app.flow.failing import DEFECTS
from app.flow.rebuild import follow_rules, rebuild_step
from app.flow.replay import follow_refusal_rules, replay_step
from app.flow.stage_models import begin_models, switch_models
from app.flow.striking import strike_step
from app.flow.undo import undo_step
from app.settings import Settings
from app.store.accounts import fold_counts
from app.store.connect import AWAY, GONE, Connection, connect
from app.store.events import ensure_months
from app.store.failed_events import delete_older
from app.store.journeys import prune_changes
from app.store.live import prune_live
from app.store.schema import check_schema
from app.store.stage_models import delete_old_entries
from app.store.touched import try_again

REST_SECONDS = 0.25
"""From one round's beginning to the next, where little is found: what arrives meanwhile shares one, and one costs nearly as much as 100."""

REST_SECONDS_MIN = 0.05

AWAY_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 2.0
HEAVY_SECONDS = 5.0
CHANGES_KEPT = 1_000_000
OLD_ENTRIES_AT_ONCE = 50_000
FAILED_EVENTS_AT_ONCE = 5_000
LIVE_KEPT = timedelta(minutes=10)
LIVE_ROWS_KEPT = 100_000
_LOCK = 0x44455249

log = structlog.get_logger("worker")


def identity_rules(settings: Settings) -> IdentityRules:
    blocked = tuple(sorted({bare(line) for line in settings.blocked_lines}))
    return IdentityRules(settings.identifier_kinds, settings.phone_region, settings.following, blocked)


async def work(dsn: str, rules: IdentityRules, failed_events_kept: timedelta, stop: asyncio.Event) -> None:
    """Derive until `stop` is set; while Postgres is away or nothing can be derived, come back every second. Raises StaleSchemaError."""
    while not stop.is_set():
        try:
            await check_schema(dsn)
            connection = await connect(dsn, application="waystage worker")
            try:
                await _hold_lock(connection, rules, failed_events_kept, stop)
            finally:
                connection.terminate()
        except GONE as error:
            log.warning("postgres is away", error=str(error) or type(error).__name__)
            await _rest(stop, AWAY_SECONDS)
        except (*AWAY, *DEFECTS):
            log.exception("deriving fails")
            await _rest(stop, AWAY_SECONDS)


async def _hold_lock(connection: Connection, rules: IdentityRules, failed_events_kept: timedelta, stop: asyncio.Event) -> None:
    """Wait for the lock, which lasts as long as the connection, then work in turns."""
    while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
        await _rest(stop, AWAY_SECONDS)
        if stop.is_set():
            return
    log.info("deriving")
    if await follow_rules(connection, rules):
        log.info("the rules changed: everything is derived again")
    await try_again(connection)
    if await follow_refusal_rules(connection):
        log.info("the limits changed: failed events are tried again")
    turns = _Turns(connection, rules, await rules_in_force(connection, rules), failed_events_kept)
    while not stop.is_set():
        began = time.monotonic()
        if not await turns.take():
            await _rest(stop, max(REST_SECONDS_MIN, REST_SECONDS - (time.monotonic() - began)))


class _Turns:
    """Live rounds first; heavy customers and housekeeping every few seconds; an undo's and a rebuild's steps in between."""

    def __init__(self, connection: Connection, settings: IdentityRules, rules: IdentityRules, failed_events_kept: timedelta) -> None:
        self._connection = connection
        self._settings = settings
        self._rules = rules
        self._failed_events_kept = failed_events_kept
        self._heavy_at = 0.0
        self._kept_house_at = 0.0

    async def take(self) -> bool:
        """Do what is due; whether so much was done that more may wait."""
        done = await derive_touched(self._connection, self._rules)
        if done.marks:
            log.debug("round", **done._asdict())
        heavy = self._due("_heavy_at", HEAVY_SECONDS) and (await derive_heavy(self._connection, self._rules)).marks > 0
        if self._due("_kept_house_at", HOUSEKEEPING_SECONDS):
            await self._keep_house()
        blocked = await blocking_step(self._connection, self._settings)
        self._rules = blocked or self._rules
        struck = await strike_step(self._connection, self._rules)
        undone = await undo_step(self._connection, self._rules)
        rebuilt = await rebuild_step(self._connection, self._rules)
        replayed = await replay_step(self._connection)
        return done.events > SIZES.live // 4 or heavy or blocked is not None or struck or undone or rebuilt or replayed

    async def _keep_house(self) -> None:
        await ensure_months(self._connection, datetime.now(UTC))
        await fold_counts(self._connection)
        await prune_changes(self._connection, CHANGES_KEPT)
        await delete_older(self._connection, datetime.now(UTC) - self._failed_events_kept, FAILED_EVENTS_AT_ONCE)
        await prune_live(self._connection, LIVE_KEPT, LIVE_ROWS_KEPT)
        await delete_old_entries(self._connection, OLD_ENTRIES_AT_ONCE)
        await begin_models(self._connection)
        for name in await switch_models(self._connection):
            log.info("stage model active", model=name)

    def _due(self, clock: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - getattr(self, clock) < seconds:
            return False
        setattr(self, clock, now)
        return True


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
