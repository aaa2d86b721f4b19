"""What every chapter of the year draws on: the world, the calendar, and chance."""

from typing import NamedTuple

import numpy as np
import polars as pl

from app.demo.seasons import DAY, Floats, Ints, Year
from app.demo.world import World


class Story(NamedTuple):
    """The world, the year, and the chance of some of its people."""

    world: World
    year: Year
    rng: np.random.Generator

    def some(self, frame: pl.DataFrame, share: float | Floats) -> pl.DataFrame:
        """A share of the rows, the same for all or one for each."""
        return frame.filter(pl.Series(self.rng.random(frame.height) < share))

    def chance(self, frame: pl.DataFrame) -> pl.Series:
        """A number from 0 to 1 for each row."""
        return pl.Series(self.rng.random(frame.height))

    def days(self, frame: pl.DataFrame, median: float, spread: float) -> Floats:
        """Log-normal days for each row."""
        return self.rng.lognormal(np.log(median), spread, frame.height)

    def latest_mailing(self) -> pl.Expr:
        """Which mailing was the latest one at an instant (`at`); the first one where none was sent yet."""
        mail = self.world.mail
        return ((pl.col("at") - self.year.start - (mail.first_day + 1) * DAY) // (mail.every_days * DAY)).clip(0)


def of_arrivals(world: World, key: str, rows: Ints) -> Floats:
    """What is told of the arrivals in these rows."""
    found: Floats = np.array([float(getattr(one, key)) for one in world.arrivals])[rows]
    return found


def row_of(world: World, arrival: str) -> int:
    """The row of an arrival by its name."""
    return next(row for row, one in enumerate(world.arrivals) if one.name == arrival)
