"""What fails for many is tried by halves, until it is known for whom it fails: nobody waits for somebody else's defect."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import polars as pl

from app.store.connect import REFUSED, Connection

Thing = TypeVar("Thing")
Result = TypeVar("Result")

DEFECTS = (
    *REFUSED,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What is raised where a rule or Postgres cannot take somebody's data: it would be raised again, by whoever's hands."""

FAILING_MAX = 100
"""Where more than so many fail and nobody succeeds it is not they who are at fault."""


async def by_halves(
    connection: Connection, things: Sequence[Thing], work: Callable[[Sequence[Thing]], Awaitable[Result]]
) -> tuple[list[Result], list[tuple[Thing, str]]]:
    """Work on things in one savepoint, or in parts where that fails.

    What came of the parts, and the things that fail alone, each with its reason. Raises whatever is not one of DEFECTS, and one of these
    where more than FAILING_MAX things fail before anything succeeds.
    """
    parts: list[Result] = []
    failing: list[tuple[Thing, str]] = []

    async def try_out(some: Sequence[Thing]) -> None:
        try:
            async with connection.transaction():
                result = await work(some)
        except DEFECTS as error:
            if not parts and len(failing) == FAILING_MAX:
                raise
            if len(some) == 1:
                failing.append((some[0], f"{type(error).__name__}: {error}"))
                return
        else:
            parts.append(result)
            return
        middle = len(some) // 2
        await try_out(some[:middle])
        await try_out(some[middle:])

    if things:
        await try_out(things)
    return parts, failing
