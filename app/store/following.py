"""Frames in memory that follow the deriver: rows of some customers are replaced, and what was prepared of them follows when asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import polars as pl

from app.domain.questions.onward import Onward
from app.domain.questions.ranked import Ranked
from app.domain.questions.transitions import Mode

CHUNKS_MAX = 32

What = tuple[str, Mode]
Made = TypeVar("Made", pl.DataFrame, Ranked, Onward)


@dataclass
class Frame:
    """Rows as of a version, what was prepared of them, and whose entries (customer, at) had not come by then.

    What was prepared follows when it is asked for: `behind` has the customers whose rows were replaced since.
    """

    version: int
    rows: pl.DataFrame
    ahead: pl.DataFrame
    prepared: dict[What, Any] = field(default_factory=dict)
    behind: dict[What, set[int]] = field(default_factory=dict)

    def take(
        self,
        what: What,
        rows: pl.DataFrame,
        make: Callable[[pl.DataFrame], Made],
        replaced: Callable[[Made, list[int], Made], Made],
    ) -> Made:
        """What `make` makes of rows, made anew of the customers that changed only."""
        known: Made | None = self.prepared.get(what)
        changed = [*self.behind.pop(what, ())]
        if known is None:
            known = make(rows)
        elif changed:
            known = replaced(known, changed, make(of_customers(rows, changed)))
        self.prepared[what] = known
        return known

    def replaced(self, customers: Sequence[int], fresh: pl.DataFrame, ahead: pl.DataFrame, *, whole: bool) -> "Frame":
        """With other rows of some customers; where its rows depend on others' (`whole`), what was prepared is to be prepared again."""
        prepared = {} if whole else self.prepared
        return Frame(
            self.version,
            with_replaced(self.rows, customers, fresh),
            with_replaced(self.ahead, customers, ahead),
            prepared,
            {what: self.behind.get(what, set()).union(customers) for what in prepared},
        )


def of_customers(rows: pl.DataFrame, customers: Sequence[int] | None) -> pl.DataFrame:
    """The rows of some customers; None stands for all."""
    return rows if customers is None else rows.filter(pl.col("customer").is_in(pl.Series(customers, dtype=pl.Int64).implode()))


def with_replaced(frame: pl.DataFrame, changed: Sequence[int], fresh: pl.DataFrame) -> pl.DataFrame:
    """The frame with some customers' rows replaced; its chunks, one more each time, are put together before they slow it down."""
    gone = pl.Series(changed, dtype=pl.Int64).implode()
    replaced = pl.concat([frame.filter(~pl.col("customer").is_in(gone)), fresh])
    return replaced.rechunk() if replaced.n_chunks() > CHUNKS_MAX else replaced
