"""How far customers get along steps in a given order, within a window from the first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

import polars as pl

from app.domain.filters import equals
from app.domain.transitions import Quantiles
from app.domain.windows import Window


class Step(TypedDict):
    """One step: `reached` = `converted` + `still_in_window` + `dropped`, all of them distinct customers.

    `conversion` is `converted` over `reached`, null when nobody reached the step; of the last step all that reached it are converted.
    `time_to_convert` is the time from the step before, null for the first step.
    """

    stage: str
    reached: int
    converted: int
    still_in_window: int
    dropped: int
    conversion: float | None
    time_to_convert: Quantiles


def funnel(entries: pl.DataFrame, steps: Sequence[str], within: timedelta, window: Window, as_of: datetime) -> list[Step]:
    """The customers that reached each of the steps in order; a step is a stage, and may come again.

    `entries` needs the columns customer, position, stage and entered_at, in any order of rows. A start is an entry into the first step that
    the window holds. Later steps count up to `within` after their start, that instant included, after the window's end too. A customer's
    entries follow each other by `position`, and each fills one step. A customer counts once, by the start that gets furthest, the
    earliest among equals. Who has not converted is still in window while start + `within` >= `as_of`, and has dropped after that.
    """
    rows = _ordered(entries, steps, within, window)
    arrivals = [_starts(rows, steps[0], window)]
    for step in steps[1:]:
        arrivals.append(_next_arrivals(arrivals[-1], rows.filter(equals(rows, "stage", step)), within))
    best = _best(arrivals).with_columns(still=pl.col("started_at") + within >= as_of)
    last = len(steps) - 1
    return [_step(stage, best, number, number == last, arrivals[number]) for number, stage in enumerate(steps)]


def _ordered(entries: pl.DataFrame, steps: Sequence[str], within: timedelta, window: Window) -> pl.DataFrame:
    """The entries that can fill a step, numbered by customer and position."""
    in_reach = pl.col("entered_at") < pl.lit(window.to) + within
    if window.from_ is not None:
        in_reach &= pl.col("entered_at") >= window.from_
    candidates = entries.lazy().filter(in_reach, pl.any_horizontal(equals(entries, "stage", step) for step in {*steps}))
    ordered = candidates.select("customer", "position", "stage", "entered_at").sort("customer", "position").collect()
    return ordered.drop("position").with_row_index("row")


def _starts(rows: pl.DataFrame, step: str, window: Window) -> pl.DataFrame:
    """Arrivals at the first step: each is the row of the start and of the arrival, the instant of both, and that of the arrival before."""
    return rows.filter(equals(rows, "stage", step), window.holds("entered_at")).select(
        "customer", "row", pl.col("entered_at").alias("arrived_at"), previous_at=None, start="row", started_at="entered_at"
    )


def _next_arrivals(arrivals: pl.DataFrame, fills: pl.DataFrame, within: timedelta) -> pl.DataFrame:
    """Each arrival's earliest way on: the next row that fills the step, if it is the same customer's and in time."""
    onward = arrivals.join_asof(
        fills.select("row", "entered_at", next_row="row", next_customer="customer"), on="row", strategy="forward", allow_exact_matches=False
    )
    in_time = pl.col("entered_at") <= pl.col("started_at") + within
    return onward.filter(pl.col("next_customer") == pl.col("customer"), in_time).select(
        "customer", "start", "started_at", row="next_row", arrived_at="entered_at", previous_at="arrived_at"
    )


def _best(arrivals: list[pl.DataFrame]) -> pl.DataFrame:
    """Each customer's one start, with the number of the furthest step that it reached."""
    furthest_first = [
        arrived.select("customer", "start", "started_at", furthest=pl.lit(number)) for number, arrived in reversed([*enumerate(arrivals)])
    ]
    return pl.concat(furthest_first).unique("customer", keep="first", maintain_order=True)


def _step(stage: str, best: pl.DataFrame, number: int, last: bool, arrived: pl.DataFrame) -> Step:
    reached = best.filter(pl.col("furthest") >= number)
    stopped = reached.clear() if last else reached.filter(pl.col("furthest") == number)
    still = stopped.filter("still").height
    converted = reached.height - stopped.height
    return {
        "stage": stage,
        "reached": reached.height,
        "converted": converted,
        "still_in_window": still,
        "dropped": stopped.height - still,
        "conversion": converted / reached.height if reached.height else None,
        "time_to_convert": _time_to_convert(arrived.join(reached, on="start", how="semi")),
    }


def _time_to_convert(arrived: pl.DataFrame) -> Quantiles:
    took = arrived.select(seconds=(pl.col("arrived_at").cast(pl.Int64) - pl.col("previous_at").cast(pl.Int64)) / 1e6)
    median, p90 = took.select(pl.col("seconds").quantile(share, "linear").alias(str(share)) for share in (0.5, 0.9)).row(0)
    return {"median": median, "p90": p90}
