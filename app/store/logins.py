"""Logins of browsers, and the links that each open one."""

from datetime import datetime

from app.domain.arriving.keys import Scope, digest
from app.domain.arriving.logins import Login
from app.store.connect import Connection


async def add_login_link(connection: Connection, token: str, expires_at: datetime) -> None:
    """Keep the token (its digest) of a link for one log-in until it expires (UTC)."""
    await connection.execute("delete from login_links where expires_at < now()")
    await connection.execute("insert into login_links (digest, expires_at) values ($1, $2)", digest(token), expires_at)


async def take_login_link(connection: Connection, token: str) -> bool:
    """Use a link up; whether it was one in force."""
    taken = await connection.fetchval("delete from login_links where digest = $1 and expires_at > now() returning true", digest(token))
    return taken is True


async def add_login(connection: Connection, login: Login) -> None:
    """Keep a new login, and forget those that expired."""
    await connection.execute("delete from logins where expires_at < now()")
    await connection.execute(
        """insert into logins (digest, scope, key, expires_at, token, renewed_at)
        values ($1, $2, (select digest from keys where id = $3), $4, $5, $6)""",
        login.digest,
        login.scope.value,
        login.key,
        login.expires_at,
        login.token,
        login.renewed_at,
    )


async def read_login(connection: Connection, name: bytes) -> Login | None:
    """The login in force of a name (its digest): one that has not expired, and whose key was not revoked."""
    row = await connection.fetchrow(
        """select l.digest, l.scope, k.id, l.expires_at, l.token, l.previous, l.renewed_at, l.confirmed_at
        from logins l left join keys k on k.digest = l.key
        where l.digest = $1 and l.expires_at > now() and k.revoked_at is null""",
        name,
    )
    return Login(row[0], Scope(row[1]), *row[2:]) if row else None


async def renew_login(connection: Connection, login: Login, shown: bytes, token: bytes, now: datetime) -> bool:
    """Put a new token in force in the place of the shown one; whether no other request was first."""
    renewed = await connection.fetchval(
        """update logins set token = $3, previous = $2, renewed_at = $4, confirmed_at = null
        where digest = $1 and token = $5 returning true""",
        login.digest,
        shown,
        token,
        now,
        login.token,
    )
    return renewed is True


async def confirm_login(connection: Connection, login: Login, now: datetime) -> None:
    """Note that the token in force was received."""
    await connection.execute(
        "update logins set confirmed_at = $3 where digest = $1 and token = $2 and confirmed_at is null", login.digest, login.token, now
    )


async def remove_login(connection: Connection, name: bytes) -> None:
    await connection.execute("delete from logins where digest = $1", name)
