"""The first steps of every start: schema, sources, keys, stage models, partitions, a login link."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from app.domain.arriving.keys import Keys, Scope, new_key, prefix
from app.flow.stage_models import activate_models
from app.store.access import add_key, ensure_source, has_keys, start_alone
from app.store.connect import AWAY, Connection, connect
from app.store.events import ensure_months
from app.store.logins import add_login_link
from app.store.schema import check_schema

AWAY_SECONDS = 0.5
LINK_LIFE = timedelta(minutes=30)
PUBLIC_SOURCE = "site"
TRUSTED_SOURCE = "server"
log = structlog.get_logger("boot")


class Prepared(NamedTuple):
    """What a start found or made. `made` are the keys made now, shown this once; `login` is the token of a one-time link."""

    made: Keys
    login: str


_DOORS = ((Scope.WRITE, PUBLIC_SOURCE), (Scope.WRITE, TRUSTED_SOURCE), (Scope.READ, None), (Scope.ADMIN, None))


async def prepare(dsn: str, given: Keys, stage_models: Sequence[str], keep: Callable[[Keys], None]) -> Prepared:
    """Make the database ready to serve. Idempotent; of several starts at once each does it, one after the other.

    Keys that the operator gave are taken as they are; at the first start the others are made, and `keep` puts them away before they
    are committed, so that none is in force that nobody has.
    """
    from app.store.migrations import migrate  # noqa: PLC0415 - a collector needs no Alembic, whose import takes half a second

    await migrate(dsn)
    connection = await connect(dsn, application="waystage start")
    try:
        await start_alone(connection)
        await ensure_months(connection, datetime.now(UTC))
        await activate_models(connection, stage_models)
        made = await _keys(connection, given, keep)
        login = secrets.token_urlsafe(24)
        await add_login_link(connection, login, datetime.now(UTC) + LINK_LIFE)
    finally:
        await connection.close()
    return Prepared(made, login)


async def until_current(dsn: str) -> None:
    """Wait until Postgres is there; raises StaleSchemaError where its schema is another program's."""
    while True:
        try:
            await check_schema(dsn)
        except AWAY as error:
            log.warning("postgres is away", error=str(error) or type(error).__name__)
            await asyncio.sleep(AWAY_SECONDS)
        else:
            return


async def _keys(connection: Connection, given: Keys, keep: Callable[[Keys], None]) -> Keys:
    first = not await has_keys(connection)
    sources = {PUBLIC_SOURCE: await ensure_source(connection, PUBLIC_SOURCE, "public")}
    sources[TRUSTED_SOURCE] = await ensure_source(connection, TRUSTED_SOURCE, "trusted")
    fresh = [new_key(prefix(scope, trusted=source == TRUSTED_SOURCE)) for scope, source in _DOORS]
    made = Keys(*(new if first and key is None else None for key, new in zip(given, fresh, strict=True)))
    keep(made)
    async with connection.transaction():
        for key, (scope, source) in zip((one or new for one, new in zip(given, made, strict=True)), _DOORS, strict=True):
            if key:
                await add_key(connection, key, scope, sources[source] if source else None)
    return made
