"""Crawlers and scripts that look at many pages in no time."""

import numpy as np
import polars as pl

from app.demo.rows import as_events
from app.demo.seasons import SECOND
from app.demo.story import Story

EVERY = 80
"""One machine for so many people."""

PAGES = 6


def machines(numbers: range, story: Story) -> pl.DataFrame:
    """The pages that machines look at, as rows.EVENTS."""
    world, year, rng = story
    some = [number for number in numbers if number % EVERY == 0]
    begin = year.start + (rng.random(len(some)) * (year.end - year.start)).astype(np.int64)
    agents = pl.Series(world.shop.agents.bots).gather(rng.integers(0, len(world.shop.agents.bots), len(some)))
    pages = pl.DataFrame({"page": range(PAGES), "path": [f"/product/{product.id}" for product in world.shop.products[:PAGES]]})
    visits = pl.DataFrame({"person": some, "at": begin, "agent": agents}, schema_overrides={"person": pl.Int64}).join(pages, how="cross")
    return as_events(
        visits,
        who=pl.format("demo-machine-{}", "person"),
        at=pl.col("at") + pl.col("page") * SECOND,
        type="page",
        device=pl.lit("web"),
        url=pl.concat_str(pl.lit(world.shop.site), "path"),
        properties=pl.concat_str(pl.lit('"path":"'), "path", pl.lit('"')),
    )
