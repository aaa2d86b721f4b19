"""Connections: one pool a process, every connection set up alike."""

import asyncio
from contextlib import ExitStack
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

SERVER_VERSION_MIN = 18
CONNECT_SECONDS = 0.8
"""How long a new connection may take, and one of a pool to show that it still answers."""

AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
"""What a statement raises when Postgres is away, starting, stopping, full, or does not answer in time.

An InternalClientError is what asyncpg raises on a connection that was at rest when Postgres ended it, until the socket closes too.
"""

GONE = (
    OSError,
    TimeoutError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""Those of AWAY that say nothing of the statement: it may succeed as it is, once Postgres is back."""

UNSTORABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
"""What a statement raises when Postgres refuses the values themselves."""

REFUSED = (*UNSTORABLE, asyncpg.CardinalityViolationError, asyncpg.PLPGSQLError, asyncpg.InternalServerError)
"""What a statement raises that fails by the rows it meets, those that it writes and those that are there."""


async def open_pool(dsn: str, *, size: int, application: str, statement_seconds: float) -> Pool:
    """A pool whose connections are made when first needed, so that a process starts while Postgres is away.

    `statement_seconds` bounds every statement, on either side of the connection. Who acquires a connection that does not answer any
    more gets one of AWAY at once, and the next one a new connection.
    """
    settings = _settings(application) | {"statement_timeout": _milliseconds(statement_seconds)}
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        max_inactive_connection_lifetime=0,
        connect=_connect,
        setup=_still_answers,
        command_timeout=statement_seconds + 1,
        server_settings=settings,
    )


async def connect(dsn: str, *, application: str, transaction_seconds: float | None = None) -> "asyncpg.Connection[Any]":
    """One connection outside any pool, set up like those within.

    After `transaction_seconds` Postgres itself ends a transaction, so that one whose client is gone and could not say so lets go of
    its locks.
    """
    settings = _settings(application)
    if transaction_seconds:
        settings["transaction_timeout"] = _milliseconds(transaction_seconds)
    return await _connect(dsn, server_settings=settings)


async def close_pool(pool: Pool, seconds: float = 2.0) -> None:
    try:
        async with asyncio.timeout(seconds):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def _settings(application: str) -> dict[str, str]:
    """A session's settings; a commit is durable before it is acknowledged, whatever the server's default."""
    return {"application_name": application, "TimeZone": "UTC", "jit": "off", "synchronous_commit": "on"}


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


async def _connect(*dsn: str, **how: Any) -> "asyncpg.Connection[Any]":
    """Connect and let JSON pass as bytes."""
    async with asyncio.timeout(CONNECT_SECONDS):
        connection = await asyncpg.connect(*dsn, **how)
        with ExitStack() as undo:
            undo.callback(connection.terminate)
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=lambda value: b"\x01" + value, decoder=lambda value: value[1:], format="binary"
            )
            undo.pop_all()
    return connection


async def _still_answers(connection: "asyncpg.pool.PoolConnectionProxy[Any]") -> None:
    with ExitStack() as undo:
        undo.callback(connection.terminate)
        await connection.execute("select 1", timeout=CONNECT_SECONDS)
        undo.pop_all()
