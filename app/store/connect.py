"""Connections: one pool a process, every connection set up alike."""

import asyncio
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

SERVER_VERSION_MIN = 18
CONNECT_SECONDS = 0.8
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
"""What a statement raises when Postgres is away, starting, stopping, full, or does not answer in time."""

NO_PARTITION = asyncpg.CheckViolationError
"""What writing an event raises when its month has no partition yet."""

UNSTORABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
"""What a statement raises when Postgres refuses the values themselves."""


async def open_pool(dsn: str, *, size: int, application: str, statement_seconds: float | None = None) -> Pool:
    """A pool whose connections are made when first needed, so that a process starts while Postgres is away.

    `statement_seconds` bounds every statement; None leaves them unbounded.
    """
    settings = {"application_name": application, "TimeZone": "UTC", "jit": "off"}
    if statement_seconds:
        settings["statement_timeout"] = str(int(statement_seconds * 1000))
    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=size, timeout=CONNECT_SECONDS, init=_set_up, server_settings=settings, max_inactive_connection_lifetime=0
    )


async def connect(dsn: str, *, application: str) -> "asyncpg.Connection[Any]":
    """One connection outside any pool, set up like those within."""
    settings = {"application_name": application, "TimeZone": "UTC", "jit": "off"}
    connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, server_settings=settings)
    await _set_up(connection)
    return connection


async def close_pool(pool: Pool, seconds: float = 2.0) -> None:
    try:
        async with asyncio.timeout(seconds):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def _set_up(connection: "asyncpg.Connection[Any]") -> None:
    """JSON passes as bytes; a commit is durable before it is acknowledged, whatever the server's default."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: b"\x01" + value, decoder=lambda value: value[1:], format="binary"
    )
    await connection.execute("select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'")
