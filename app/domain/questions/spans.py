"""Spans of time in seconds, as numbers that can be shown: quantiles, a histogram, the share that still waits."""

from typing import TypedDict

import polars as pl

BOUNDS = tuple(2.0**power for power in range(27))
"""Where the histograms' bars part, in seconds: 1, 2, 4 ... up to 777 days. The first bar is all below 1, the last all from the last on."""

POINTS_MAX = 200
"""More points than these of one survival curve are thinned: those stay at which the share falls below a further two-hundredth."""


class Spans(TypedDict):
    """Median and 90th percentile by linear interpolation, and the mean; null where there is no span."""

    median: float | None
    p90: float | None
    mean: float | None


class SurvivalPoint(TypedDict):
    """After `seconds`, `share` have not converted (Kaplan and Meier's estimate); `at_risk` were under observation until then."""

    seconds: float
    share: float
    at_risk: int


def described(seconds: pl.Series) -> Spans:
    """Nulls are no spans."""
    median, p90 = (seconds.quantile(share, interpolation="linear") for share in (0.5, 0.9))
    mean = seconds.mean()
    return {"median": median, "p90": p90, "mean": mean if isinstance(mean, float) else None}


def bars(seconds: pl.Series) -> pl.Series:
    """The number of the bar that each span falls into: a bar holds its lower bound, and not its upper one."""
    return pl.Series(BOUNDS).search_sorted(seconds, side="right")


def histogram(seconds: pl.Series) -> list[int]:
    """How many spans each bar holds: one number more than there are bounds. Nulls are no spans."""
    counted = dict(bars(seconds.drop_nulls()).value_counts().iter_rows())
    return [counted.get(bar, 0) for bar in range(len(BOUNDS) + 1)]


def survival(spans: pl.DataFrame) -> list[SurvivalPoint]:
    """The share that has not converted, after each span at which somebody did.

    `spans` has `seconds`, and `converted` (false: observed so long without it, which says nothing of later). Who is observed up to the
    very span at which others convert is at risk there. Begins with everybody at 0 seconds; empty where there is nobody.
    """
    if spans.is_empty():
        return []
    by_span = spans.group_by("seconds").agg(pl.len().alias("ends"), pl.col("converted").sum()).sort("seconds")
    at_risk = by_span["ends"].sum() - pl.col("ends").cum_sum() + pl.col("ends")
    curve = by_span.with_columns(at_risk=at_risk).filter(pl.col("converted") > 0)
    curve = curve.with_columns(share=(1 - pl.col("converted") / pl.col("at_risk")).cum_prod())
    points = _thinned(curve).select("seconds", "share", "at_risk").rows()
    told = [(0.0, 1.0, spans.height), *points]
    return [{"seconds": seconds, "share": share, "at_risk": risk} for seconds, share, risk in told]


def _thinned(curve: pl.DataFrame) -> pl.DataFrame:
    if curve.height <= POINTS_MAX:
        return curve
    part = (pl.col("share") * POINTS_MAX).floor()
    last = pl.int_range(pl.len()) == pl.len() - 1
    return curve.filter(part.ne_missing(part.shift()) | last)
