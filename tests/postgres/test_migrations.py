"""Migrations: they make what the tables say, once however many start, and a start tells another schema from its own."""

import asyncio
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Connection as SyncConnection

from app.domain.arriving.keys import Keys
from app.flow.boot import prepare
from app.store.cluster import Cluster
from app.store.connect import connect
from app.store.migrations import config, engine, migrate
from app.store.schema import StaleSchemaError, check_schema
from tests.conftest import MODELS, cloned
from tests.postgres.arrivals import send

NO_KEYS = Keys(None, None, None, None)


@pytest.fixture
def bare(cluster: Cluster) -> Iterator[str]:
    """The DSN of a database without tables."""
    with cloned(cluster, "template0") as dsn:
        yield dsn


async def run(dsn: str, steps: object) -> None:
    database = engine(dsn)
    async with database.begin() as connection:
        await connection.run_sync(steps)  # type: ignore[arg-type]
    await database.dispose()


def check(connection: SyncConnection) -> None:
    """Raises where the migrations and the tables differ."""
    command.check(config(connection))


async def test_the_migrations_make_what_the_tables_say(database: str) -> None:
    await run(database, check)


async def test_a_month_of_events_is_no_difference(database: str) -> None:
    connection = await connect(database, application="waystage test")
    await send(connection, {"type": "page", "anonymousId": "a"})
    await connection.close()
    await run(database, check)


async def test_every_step_can_be_taken_back(bare: str) -> None:
    await migrate(bare)
    await run(bare, lambda connection: command.downgrade(config(connection), "base"))
    connection = await connect(bare, application="waystage test")
    left = await connection.fetch("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')")
    await connection.close()
    assert [row["relname"] for row in left] == ["alembic_version"]
    await migrate(bare)
    await run(bare, check)


async def test_several_starts_at_once_make_one_schema_and_one_set_of_keys(bare: str) -> None:
    kept: list[Keys] = []
    prepared = await asyncio.gather(*(prepare(bare, NO_KEYS, MODELS, kept.append) for _ in range(4)))
    await run(bare, check)
    connection = await connect(bare, application="waystage test")
    assert await connection.fetchval("select count(*) from stage_models") == len(MODELS)
    assert await connection.fetchval("select count(*) from sources") == 2
    assert await connection.fetchval("select count(*) from keys") == 4
    await connection.close()
    made = [start.made for start in prepared if start.made != NO_KEYS]
    assert len(made) == 1
    assert made[0] in kept
    assert all(made[0])


async def test_a_start_again_changes_nothing(database: str) -> None:
    connection = await connect(database, application="waystage test")
    tables = ("sources", "keys", "stage_models")
    before = [await connection.fetch(f"select * from {table} order by 1") for table in tables]
    assert (await prepare(database, NO_KEYS, MODELS, lambda _: None)).made == NO_KEYS
    assert [await connection.fetch(f"select * from {table} order by 1") for table in tables] == before
    await connection.close()


async def test_a_schema_of_this_program_is_current(database: str) -> None:
    await check_schema(database)


async def test_no_schema_and_another_one_are_stale(bare: str) -> None:
    with pytest.raises(StaleSchemaError, match="schema None"):
        await check_schema(bare)
    await migrate(bare)
    connection = await connect(bare, application="waystage test")
    await connection.execute("update alembic_version set version_num = '9999'")
    await connection.close()
    with pytest.raises(StaleSchemaError, match="run `waystage migrate`"):
        await check_schema(bare)
