"""A connection that Postgres has ended raises what callers take for a Postgres that is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import pytest

from app.store.connect import AWAY, Connection, connect

SOCKET = ".s.PGSQL.5432"


@asynccontextmanager
async def slow_to_close(dsn: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A way to Postgres on which the end of a connection takes its time; the event says that Postgres has ended one."""
    parts, ended = urlsplit(dsn), asyncio.Event()
    theirs = str(Path(parse_qs(parts.query)["host"][0]) / SOCKET)

    async def pass_on(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_unix_connection(theirs)
        asking = asyncio.create_task(pump(client, to_server))
        await pump(server, to_client)
        ended.set()
        await asking
        to_client.close()

    with TemporaryDirectory(prefix="waystage-slow-") as folder:
        async with await asyncio.start_unix_server(pass_on, str(Path(folder) / SOCKET)):
            yield urlunsplit(parts._replace(query=f"host={quote(folder)}")), ended


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)


async def test_a_resting_connection_that_postgres_ended_is_one_to_a_postgres_that_is_away(database: str, connection: Connection) -> None:
    async with slow_to_close(database) as (dsn, ended):
        resting = await connect(dsn, application="resting")
        await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'resting'")
        await ended.wait()
        for _ in range(10):  # turns of the loop in which the last words of Postgres are read
            await asyncio.sleep(0)
        with pytest.raises(AWAY):
            await resting.fetchval("select 1")
        resting.terminate()
