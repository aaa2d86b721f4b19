"""Keys and sources: made, and revoked."""

from typing import NamedTuple

from app.domain.arriving.keys import Scope, new_key, prefix
from app.store.access import KeptKey, Source, add_key, add_source, list_keys, lock_admin_keys, revoke
from app.store.connect import Connection


class TakenError(Exception):
    """There is a source of this name already."""


class LastAdminKeyError(Exception):
    """It is the last admin key in force: without it nobody could make another one."""


class MadeKey(NamedTuple):
    """A key just made: its text, which nothing keeps, and what is kept of it."""

    text: str
    kept: KeptKey


async def make_source(connection: Connection, name: str, *, trusted: bool) -> MadeKey:
    """A source with its first key. Raises TakenError."""
    async with connection.transaction():
        number = await add_source(connection, name, "trusted" if trusted else "public")
        if number is None:
            raise TakenError(f"there is a source {name} already")
        return await make_key(connection, Scope.WRITE, Source(number, name, trusted))


async def make_key(connection: Connection, scope: Scope, source: Source | None) -> MadeKey:
    """A key of a scope; one that writes does so as the source."""
    text = new_key(prefix(scope, trusted=source is not None and source.trusted))
    (kept,) = await list_keys(connection, await add_key(connection, text, scope, source and source.id))
    return MadeKey(text, kept)


async def revoke_key(connection: Connection, number: int) -> KeptKey | None:
    """Revoke a key, and with it the logins that came of it. None where there is none. Raises LastAdminKeyError."""
    async with connection.transaction():
        if await lock_admin_keys(connection) == {number}:
            raise LastAdminKeyError("it is the last admin key in force; make another one first")
        await revoke(connection, number)
        return next(iter(await list_keys(connection, number)), None)
