"""A pipeline gives what comes of each part in order, reads ahead by one, and leaves no thread behind."""

import threading
from contextlib import aclosing
from typing import Any

import pytest

from app.flow.pipeline import worked


async def all_of(*pipeline: Any) -> list[Any]:
    """What comes of all parts; arguments as of `worked`."""
    async with aclosing(worked(*pipeline)) as parts:
        return [made async for made in parts]


async def test_parts_come_in_order_and_the_next_is_read_meanwhile() -> None:
    read_two = threading.Event()

    async def read(part: int) -> int:
        if part == 2:
            read_two.set()
        return part

    def work(part: int) -> int:
        assert part > 1 or read_two.wait(10)
        return part * 10

    assert await all_of([1, 2, 3], read, work) == [10, 20, 30]


async def test_nothing_comes_of_no_parts() -> None:
    async def read(part: int) -> int:
        return part

    assert await all_of([], read, abs) == []


async def test_a_part_that_cannot_be_read_waits_for_the_one_before() -> None:
    done: list[int] = []
    failed = threading.Event()

    async def read(part: int) -> int:
        if part == 2:
            failed.set()
            raise LookupError(part)
        return part

    def work(part: int) -> None:
        assert failed.wait(10)
        done.append(part)

    with pytest.raises(LookupError):
        await all_of([1, 2], read, work)
    assert done == [1]


async def test_a_part_that_cannot_be_worked_on_is_told() -> None:
    async def read(part: int) -> int:
        return part

    def work(part: int) -> float:
        return 1 / part

    with pytest.raises(ZeroDivisionError):
        await all_of([0, 1], read, work)
