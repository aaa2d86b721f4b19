"""Parts read one after another, each worked on in a thread while the next one is read."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")
Made = TypeVar("Made")


async def worked(
    parts: Iterable[Part], read: Callable[[Part], Awaitable[Found]], work: Callable[[Found], Made]
) -> AsyncGenerator[Made, None]:
    """What comes of each part, in order. To be closed (`aclosing`), so that no thread is left behind where a part fails."""
    working: asyncio.Task[Made] | None = None
    try:
        for part in parts:
            found = await read(part)
            made = working and (await working,)
            working = asyncio.create_task(asyncio.to_thread(work, found))
            if made:
                yield made[0]
        if working:
            yield await working
    finally:
        if working:
            await asyncio.wait([working])
