"""Differences between rows as they are kept and rows as they are derived afresh."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import polars as pl

Values: TypeAlias = dict[str, Any]


class Difference(NamedTuple):
    """A row of a table, as it is kept and as it is derived; None where there is none. `customer` is whose it is, where that is known."""

    table: str
    customer: int | None
    stored: Values | None
    derived: Values | None


def differences(table: str, key: Sequence[str], stored: pl.DataFrame, derived: pl.DataFrame) -> list[Difference]:
    """The rows in which two frames of the same columns differ, by key.

    Args:
        table: where the rows are kept.
        key: columns whose values no two rows of one frame share.
        stored: rows as they are kept, with `customer`.
        derived: rows as they follow from the events, with `customer`.
    """
    gone = stored.join(derived, on=stored.columns, how="anti", nulls_equal=True)
    fresh = derived.select(stored.columns).join(stored, on=stored.columns, how="anti", nulls_equal=True)
    pairs: dict[tuple[Any, ...], list[Values | None]] = {}
    for side, rows in enumerate((gone, fresh)):
        for row in rows.iter_rows(named=True):
            pairs.setdefault(tuple(row[column] for column in key), [None, None])[side] = row
    return [_difference(table, *pair) for _, pair in sorted(pairs.items(), key=lambda item: repr(item[0]))]


def _difference(table: str, stored: Values | None, derived: Values | None) -> Difference:
    return Difference(table, (derived or stored or {})["customer"], stored, derived)
