"""Sources, the keys that open doors, and logins of browsers."""

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

    digest: bytes
    scope: Scope
    source: Source | None


_START_LOCK = 0x53544152


async def start_alone(connection: Connection) -> None:
    """Wait until no other start is under way; it lasts as long as the connection."""
    await connection.execute("select pg_advisory_lock($1)", _START_LOCK)


async def ensure_source(connection: Connection, name: str, kind: str) -> int:
    """The id of a source by its name, made where there is none."""
    made: int = await connection.fetchval(
        """insert into sources (name, kind) values ($1, $2)
        on conflict (name) do update set kind = excluded.kind returning id""",
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


async def add_key(connection: Connection, key: str, scope: Scope, source_id: int | None = None) -> None:
    """Keep a key's digest; the same key again changes nothing but takes a revocation back."""
    await connection.execute(
        """insert into keys (digest, scope, source_id, hint) values ($1, $2, $3, $4)
        on conflict (digest) do update set scope = excluded.scope, source_id = excluded.source_id, revoked_at = null""",
        digest(key),
        scope.value,
        source_id,
        hint(key),
    )


async def read_keys(connection: Connection) -> list[Key]:
    """All keys in force."""
    rows = await connection.fetch(
        """select k.digest, k.scope, s.id, s.name, s.kind from keys k left join sources s on s.id = k.source_id
        where k.revoked_at is null"""
    )
    return [
        Key(row["digest"], Scope(row["scope"]), Source(row["id"], row["name"], row["kind"] == "trusted") if row["id"] else None)
        for row in rows
    ]


async def has_keys(connection: Connection) -> bool:
    found: bool = await connection.fetchval("select exists (select from keys)")
    return found


async def add_login(connection: Connection, token: str, kind: str, expires_at: datetime) -> None:
    """Keep a login link's or a cookie's token (its digest) until it expires (UTC)."""
    await connection.execute("delete from logins where expires_at < now()")
    await connection.execute("insert into logins (digest, kind, expires_at) values ($1, $2, $3)", digest(token), kind, expires_at)


async def take_link(connection: Connection, token: str) -> bool:
    """Use a one-time login link up; whether it was one in force."""
    taken = await connection.fetchval(
        "delete from logins where digest = $1 and kind = 'link' and expires_at > now() returning true", digest(token)
    )
    return taken is True


async def is_logged_in(connection: Connection, token: str) -> bool:
    found: bool = await connection.fetchval(
        "select exists (select from logins where digest = $1 and kind = 'cookie' and expires_at > now())", digest(token)
    )
    return found


async def remove_login(connection: Connection, token: str) -> None:
    await connection.execute("delete from logins where digest = $1", digest(token))
