"""Whether a database has this program's schema: asked by every process that serves, without the tools that change it."""

from pathlib import Path

from app.store.connect import connect

FOLDER = Path(__file__).resolve().parents[2]


class StaleSchemaError(RuntimeError):
    """The database has another schema than this program; run `waystage migrate`."""


class OldServerError(RuntimeError):
    """The server is older than the oldest PostgreSQL that Waystage runs on."""


async def check_schema(dsn: str) -> None:
    """Raise `StaleSchemaError` unless the database's schema is this program's; one of AWAY where Postgres does not answer."""
    connection = await connect(dsn, application="waystage start")
    try:
        migrated = await connection.fetchval("select to_regclass('alembic_version') is not null")
        current = await connection.fetchval("select version_num from alembic_version") if migrated else None
    finally:
        connection.terminate()
    if current != newest():
        raise StaleSchemaError(f"the database has schema {current}, this program needs {newest()}: run `waystage migrate`")


def newest() -> str:
    """The last migration: their files' names begin with their numbers."""
    return max(file.name.partition("_")[0] for file in (FOLDER / "migrations" / "versions").glob("[0-9]*_*.py"))
