"""A year of the shop, part by part."""

from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import polars as pl

from app.demo.aftermath import aftermath
from app.demo.browsing import browsing
from app.demo.machines import machines
from app.demo.mail import mail
from app.demo.people import people
from app.demo.rows import lines_of
from app.demo.seasons import year_until
from app.demo.story import Story
from app.demo.visits import visits
from app.demo.world import world

PART = 5_000


class Part(NamedTuple):
    """Lines of some people, and how many people there are up to here."""

    lines: bytes
    people: int


def write_year(customers: int, until: datetime, seed: int) -> Iterator[Part]:
    """The year of so many people that ends at an instant (UTC), as NDJSON of the Segment spec; the same arguments give the same lines.

    The first part ends with some lines that are no events, as every real file has them.
    """
    year = year_until(until, world().seasons)
    mess = files(__package__).joinpath("world", "broken.ndjson").read_bytes()
    for start in range(0, customers, PART):
        numbers = range(start, min(start + PART, customers))
        story = Story(world(), year, np.random.default_rng([seed, start]))
        lines = lines_of(_events(numbers, story), seed)
        yield Part(lines if start else lines + mess, numbers.stop)


def _events(numbers: range, story: Story) -> pl.DataFrame:
    some = people(numbers, story)
    came = visits(some, story)
    done = browsing(came, some, story)
    orders = done.filter(pl.col("event") == "Order Completed")
    told = [done, mail(came, some, story), aftermath(came, orders, some, story), machines(numbers, story)]
    return pl.concat(told).filter(pl.col("at") < story.year.end)
