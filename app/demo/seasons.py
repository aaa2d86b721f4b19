"""When things happen: growth over the year, months, weekdays, hours of the day, and peaks. Instants are microseconds of UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.demo.world import Arrival, Seasons, weights

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAYS = 365
LOST = 0.04
"""What is left of an arrival in the days in which it is lost."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Year:
    """The year that ends at an instant. `shift` is the shop's clock less UTC, `hours` the weight of each of its hours."""

    start: int
    end: int
    shift: int
    hours: Floats
    by_hour: Floats

    def busy(self, at: Ints) -> Floats:
        """How busy the days of some instants are, 1 the busiest."""
        days = self.hours.reshape(DAYS, 24).sum(axis=1)
        found: Floats = (days / np.quantile(days, 0.98)).clip(max=1)[((at - self.start) // DAY).clip(0, DAYS - 1)]
        return found

    def of_arrival(self, arrival: Arrival) -> Floats:
        """The share of each hour in an arrival that is on for a part of the year."""
        share = np.arange(self.hours.size) / self.hours.size
        busy = self.hours * ((arrival.since <= share) & (share < arrival.until))
        lost = (arrival.lost[0] <= share) & (share < arrival.lost[1])
        found: Floats = busy / busy.sum() * np.where(lost, LOST, 1)
        return found

    def times_of_day(self, rng: np.random.Generator, count: int) -> Ints:
        """Microseconds since midnight of the shop's clock."""
        return rng.choice(24, count, p=self.by_hour) * HOUR + rng.integers(0, HOUR, count)


def year_until(until: datetime, seasons: Seasons) -> Year:
    """The 365 days before an instant."""
    start = until - timedelta(days=DAYS)
    hours = pl.datetime_range(start, until, "1h", time_zone="UTC", closed="left", eager=True).dt.convert_time_zone(seasons.zone)
    growth = np.linspace(*seasons.growth, len(hours))
    factors = [(seasons.months, hours.dt.month() - 1), (seasons.weekdays, hours.dt.weekday() - 1), (seasons.hours, hours.dt.hour())]
    product = growth * np.prod([np.asarray(table)[index.to_numpy()] for table, index in factors], axis=0) * _peaks(hours, seasons)
    shift = until.astimezone(ZoneInfo(seasons.zone)).utcoffset() or timedelta()
    return Year(_micros(start), _micros(until), shift // timedelta(microseconds=1), product, np.asarray(weights(seasons.hours)))


def _peaks(hours: pl.Series, seasons: Seasons) -> Floats:
    day = hours.dt.to_string("%m-%d")
    found = np.ones(len(hours))
    for first, last, factor in seasons.peaks:
        found[day.is_between(pl.lit(first), pl.lit(last)).to_numpy()] *= factor
    return found


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
