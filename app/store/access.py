"""Sources, and the keys that open doors."""

from datetime import datetime
from typing import NamedTuple

from app.domain.arriving.keys import Scope, digest, hint
from app.store.connect import Connection


class Source(NamedTuple):
    """A site, app, mail system or ad account that sends events."""

    id: int
    name: str
    trusted: bool


class Key(NamedTuple):
    """A key in force: what it may do, and for write keys the source it writes as."""

    id: int
    digest: bytes
    scope: Scope
    source: Source | None


class KeptKey(NamedTuple):
    """A key as it may be shown; times are in UTC."""

    id: int
    scope: Scope
    source: str | None
    hint: str
    created_at: datetime
    revoked_at: datetime | None


_START_LOCK = 0x53544152


async def start_alone(connection: Connection) -> None:
    """Wait until no other start is under way; it lasts as long as the connection."""
    await connection.execute("select pg_advisory_lock($1)", _START_LOCK)


async def ensure_source(connection: Connection, name: str, kind: str) -> int:
    """The id of a source by its name, made where there is none."""
    known: int | None = await connection.fetchval("update sources set kind = $2 where name = $1 returning id", name, kind)
    if known is not None:
        return known
    made = await add_source(connection, name, kind)
    return made if made is not None else await ensure_source(connection, name, kind)


async def add_source(connection: Connection, name: str, kind: str) -> int | None:
    """The id of a new source; None where the name is taken. A name that is taken uses up no id, of which there are 32,767."""
    made: int | None = await connection.fetchval(
        """insert into sources (name, kind) select $1, $2 where not exists (select from sources where name = $1)
        on conflict (name) do nothing returning id""",
        name,
        kind,
    )
    return made


async def source_of(connection: Connection, name: str) -> Source | None:
    row = await connection.fetchrow("select id, name, kind from sources where name = $1", name)
    return Source(row["id"], row["name"], row["kind"] == "trusted") if row else None


async def source_names(connection: Connection) -> dict[int, str]:
    """The names of all sources by their ids."""
    return {row["id"]: row["name"] for row in await connection.fetch("select id, name from sources")}


async def add_key(connection: Connection, key: str, scope: Scope, source_id: int | None = None) -> int:
    """Keep a key's digest; its number. The same key again is for what is said now; one that was revoked stays so."""
    known = "update keys set scope = $2, source_id = $3 where digest = $1 returning id"
    number: int | None = await connection.fetchval(known, digest(key), scope.value, source_id)
    if number is not None:
        return number
    made: int = await connection.fetchval(
        "insert into keys (digest, scope, source_id, hint) values ($1, $2, $3, $4) returning id",
        digest(key),
        scope.value,
        source_id,
        hint(key),
    )
    return made


async def list_keys(connection: Connection, number: int | None = None) -> list[KeptKey]:
    """All keys, the newest first, those that were revoked among them; or the one of this number."""
    rows = await connection.fetch(
        """select k.id, k.scope, s.name, k.hint, k.created_at, k.revoked_at from keys k left join sources s on s.id = k.source_id
        where $1::integer is null or k.id = $1 order by k.id desc""",
        number,
    )
    return [KeptKey(row[0], Scope(row[1]), *row[2:]) for row in rows]


async def lock_admin_keys(connection: Connection) -> set[int]:
    """The numbers of the admin keys in force, none of which anybody else revokes before the caller's transaction ends."""
    rows = await connection.fetch("select id from keys where scope = 'admin' and revoked_at is null order by id for update")
    return {row["id"] for row in rows}


async def revoke(connection: Connection, number: int) -> None:
    """Revoke a key; one that was revoked before stays as it is."""
    await connection.execute("update keys set revoked_at = now() where id = $1 and revoked_at is null", number)


async def read_keys(connection: Connection) -> list[Key]:
    """All keys in force."""
    rows = await connection.fetch(
        """select k.id as key, k.digest, k.scope, s.id, s.name, s.kind from keys k left join sources s on s.id = k.source_id
        where k.revoked_at is null"""
    )
    return [
        Key(row["key"], row["digest"], Scope(row["scope"]), Source(row["id"], row["name"], row["kind"] == "trusted") if row["id"] else None)
        for row in rows
    ]


async def has_keys(connection: Connection) -> bool:
    found: bool = await connection.fetchval("select exists (select from keys)")
    return found
