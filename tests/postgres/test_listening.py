"""Numbers are given before they are committed: what a listening process has not seen yet it asks for again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from app.flow.live import Audience
from app.http.listening import BUFFER_MAX, Hearer, Listening
from app.store.connect import Connection, close_pool, connect, open_pool
from app.store.live import ACCEPTED, Told, append_live, prune_live, read_live, somebody_listens


@asynccontextmanager
async def listens(database: str) -> AsyncIterator[Listening]:
    pool = await open_pool(database, size=2, application="waystage test", statement_seconds=30)
    listening = Listening(pool)
    running = asyncio.create_task(listening.run())
    yield listening
    running.cancel()
    await asyncio.wait({running})
    await close_pool(pool)


def told(*names: str) -> list[Told]:
    return [Told(ACCEPTED, 1, f'{{"message_id": "{name}"}}'.encode()) for name in names]


async def heard(hearer: Hearer, count: int) -> list[str]:
    """The next so many things that are told."""
    found: list[str] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            await hearer.wake.wait()
            found += [one.members["message_id"] for one in hearer.take()[1]]
    return found


async def complete(hearer: Hearer) -> None:
    async with asyncio.timeout(20):
        while not hearer.complete:
            await hearer.wake.wait()
            hearer.wake.clear()


async def test_what_is_committed_later_under_a_lesser_number_is_told(database: str, connection: Connection) -> None:
    late = await connect(database, application="waystage test")
    hearer = Hearer(lambda _: True, None)
    async with listens(database) as listening:
        await listening.join(hearer)
        await complete(hearer)
        async with late.transaction():
            await append_live(late, told("late"))
            await append_live(connection, told("early"))
            async with asyncio.timeout(20):
                await hearer.wake.wait()
            (early,) = hearer.take()[1]
        assert early.members["message_id"] == "early"
        assert early.resume < early.id - 1
        assert await heard(hearer, 1) == ["late"]
        await append_live(connection, told("last"))
        assert await heard(hearer, 1) == ["last"]
        again = Hearer(lambda _: True, early.resume)
        await listening.join(again)
        assert await heard(again, 3) == ["late", "early", "last"]
    await late.close()


async def test_who_was_away_for_long_is_told_the_latest_and_how_much_is_missing(database: str, connection: Connection) -> None:
    first, second = Hearer(lambda _: True, None), Hearer(lambda _: True, 0)
    async with listens(database) as listening:
        await listening.join(first)
        await complete(first)
        await append_live(connection, told(*map(str, range(BUFFER_MAX + 10))))
        async with asyncio.timeout(20):
            while "1009" not in await heard(first, 1):
                pass
        await listening.join(second)
        lost, latest = second.take()
    assert lost == 10
    assert [one.members["message_id"] for one in latest] == [str(number) for number in range(10, BUFFER_MAX + 10)]


async def test_a_number_that_nothing_has_yet_lets_nothing_be_missed(database: str, connection: Connection) -> None:
    first, second = Hearer(lambda _: True, None), Hearer(lambda _: True, 10**12)
    async with listens(database) as listening:
        await listening.join(first)
        await complete(first)
        await listening.join(second)
        await append_live(connection, told("next"))
        assert [await heard(one, 1) for one in (first, second)] == [["next"], ["next"]]


async def test_somebody_listens_until_the_last_one_leaves(database: str, connection: Connection) -> None:
    hearer = Hearer(lambda _: True, None)
    audience = Audience()
    assert not await audience.listens(connection)
    async with listens(database) as listening:
        await listening.join(hearer)
        await complete(hearer)
        assert await somebody_listens(connection)
        assert await audience.listens(connection)
        listening.leave(hearer)
        async with asyncio.timeout(20):
            while await somebody_listens(connection):
                pass


async def test_old_rows_and_rows_beyond_a_number_are_forgotten(connection: Connection) -> None:
    await append_live(connection, told(*"abcde"))
    await connection.execute("update live_events set at = now() - interval '11 minutes' where document ->> 'message_id' in ('b', 'e')")
    await connection.execute("insert into listeners (expires_at) values (now() - interval '1 second'), (now() + interval '1 minute')")
    await prune_live(connection, timedelta(minutes=10), 4)
    assert [row.document for row in await read_live(connection, 0, (), 10)] == [one.document for one in told(*"cd")]
    assert await connection.fetchval("select count(*) from listeners") == 1
