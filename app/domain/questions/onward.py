"""Going onward: how long after each entry into a stage its customer entered one beyond it. Told once, so that questions need not search."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl

from app.domain.frames import INSTANT
from app.domain.questions.attempts import changed
from app.domain.questions.filters import Filters
from app.domain.questions.look_back import Numbers, numbers
from app.domain.windows import Window

Onward: TypeAlias = tuple[pl.DataFrame, ...]
"""Of each stage but the last the entries into it: customer, entered_at, and `took` until the next entry into a stage beyond it, in
microseconds (NEVER: there is none). Each customer's rows are together, in order."""

NEVER = 2**62
_MICROSECOND = timedelta(microseconds=1)


class Went(NamedTuple):
    """Distinct customers: `reached` are those that went in time (`seconds`, of each the first time), those still in time, and the rest."""

    reached: int
    still: int
    seconds: pl.Series


def onward(journeys: pl.DataFrame, stages: Sequence[str]) -> Onward:
    """What becomes of entries (each customer's together, in order) into the stages, which are named in their order."""
    place = journeys["stage"].cast(pl.Enum(stages), strict=False).to_physical().cast(pl.Int16).fill_null(-1).to_numpy()
    customer, at = journeys["customer"].to_numpy(), numbers(journeys["entered_at"])
    return tuple(_from(number, place, customer, at) for number in range(len(stages) - 1))


def of_customers(entries: Onward, filters: Filters) -> Onward:
    """Those of the customers that the filters select, which must leave customers whole."""
    if filters.customers is None:
        return entries
    wanted = pl.col("customer").is_in(filters.customers.implode())
    return tuple(part.filter(wanted) for part in entries)


def went(entries: pl.DataFrame, window: Window, within: timedelta, as_of: datetime) -> Went:
    """Who, of the customers that entered the stage in the window, went beyond it within a span, the last instant included.

    Of each customer the first entry counts that was followed in time, else the first; who did not go is still in time up to `as_of`.
    """
    starts = entries.lazy().filter(window.holds("entered_at")).collect()
    customer, took = starts["customer"].to_numpy(), starts["took"].to_numpy()
    in_time, first = np.flatnonzero(took <= within // _MICROSECOND), changed(customer)
    recent = np.flatnonzero(first & (starts["entered_at"] >= as_of - within).to_numpy())
    following = np.append(in_time, len(took))[np.searchsorted(in_time, recent)]
    stays = np.append(customer, -1)[following] != customer[recent]
    chosen = in_time[changed(customer[in_time])]
    return Went(int(first.sum()), int(stays.sum()), pl.Series(took[chosen] / 1e6))


def _from(number: int, place: Numbers, customer: Numbers, at: Numbers) -> pl.DataFrame:
    starts, beyond = np.flatnonzero(place == number), place > number
    places = np.append(np.flatnonzero(beyond), 0)
    following = places[np.cumsum(beyond, dtype=np.int32)[starts]]
    goes = (following > starts) & (customer[following] == customer[starts])
    took = np.where(goes, at[following] - at[starts], NEVER)
    told = pl.DataFrame({"customer": customer[starts], "entered_at": at[starts], "took": took})
    return told.with_columns(pl.col("entered_at").cast(INSTANT))
