"""The schema, brought up to date by Alembic under a lock."""

from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.store.connect import SERVER_VERSION_MIN
from app.store.schema import FOLDER, OldServerError

_LOCK = 0x57415953


def engine(dsn: str) -> AsyncEngine:
    """An engine for Alembic that connects as asyncpg itself understands the DSN."""

    async def creator() -> Any:
        return await asyncpg.connect(dsn)

    return create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=NullPool)


async def migrate(dsn: str) -> None:
    """Bring the schema up to date; of several starts at once one migrates, the others wait. Idempotent."""
    database = engine(dsn)
    async with database.connect() as connection:
        await connection.run_sync(_upgrade)
    await database.dispose()


def config(connection: SyncConnection | None = None) -> Config:
    """Alembic's configuration; with a connection, its commands run over that one."""
    made = Config(FOLDER / "alembic.ini")
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: SyncConnection) -> None:
    version = connection.execute(text("show server_version_num")).scalar_one()
    if int(version) < SERVER_VERSION_MIN * 10_000:
        raise OldServerError(f"PostgreSQL {SERVER_VERSION_MIN} or newer is needed; this server is {int(version) // 10_000}")
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    command.upgrade(config(connection), "head")
    connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    connection.commit()
