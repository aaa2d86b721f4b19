"""The visits of people: when, by which arrival, on which device, and how deep they go."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.demo.seasons import DAY, HOUR, MINUTE, Floats, Ints
from app.demo.story import Story, of_arrivals, row_of
from app.demo.world import World, weights

Flags = NDArray[np.bool_]

BOUGHT = 5
TELLS_WHO = 4
"""Who goes so deep tells who they are."""

VISITS_MAX = 12
LAST_VISIT = 0.46
"""The chance, for a middling wish, that a visit is the last one."""

SUBSCRIBES = 0.035
REMEMBERED = 0.75
SAME_DAY = 0.2
LOYAL = 0.4
"""The share of buyers who come back for more."""


def visits(people: pl.DataFrame, story: Story) -> pl.DataFrame:
    """One row a visit, ordered by person and time, none after the year.

    Columns: person, at, arrival, depth, mobile, subscribes, remembered (is logged in from the start), known_at (the person's address is
    known from then on; null: never), orders (before the visit), way and basket (0 to 1, chance).
    """
    wooed = _wooed(people, story)
    told = pl.concat([wooed, _returning(wooed, story)]).filter(pl.col("at") < story.year.end).sort("person", "at")
    told = told.join(people.select("person", "second", first_mobile="mobile"), on="person", maintain_order="left")
    told = told.with_columns(story.chance(told).alias(name) for name in ("way", "basket", "device", "subscribes", "remembered"))
    return _with_knowledge(_on_devices(_as_offered(told, story), story.world), story.world).select(
        "person", "at", "arrival", "depth", "mobile", "subscribes", "remembered", "known_at", "orders", "way", "basket"
    )


def _wooed(people: pl.DataFrame, story: Story) -> pl.DataFrame:
    """Visits up to the first order."""
    wish = people["wish"].to_numpy()
    counts = story.rng.geometric((LAST_VISIT - 0.12 * wish).clip(0.2, 0.9)).clip(max=VISITS_MAX)
    owner = np.repeat(np.arange(people.height), counts)
    first = _begins(owner)
    arrival = np.where(first, people["arrival"].to_numpy()[owner], _arrivals(story, "later", owner.size))
    at = _instants(people["born"].to_numpy()[owner], owner, story, days=4.0)
    depth = _depths(wish[owner] + story.rng.normal(0, 1, owner.size), arrival, story.world)
    frame = pl.DataFrame({"person": people["person"].to_numpy()[owner], "at": at, "arrival": arrival, "depth": depth})
    ordered = pl.col("depth") == BOUGHT
    return frame.filter(pl.Series(first | _comes(at, story))).filter(ordered.cum_sum().over("person") - ordered == 0)


def _returning(wooed: pl.DataFrame, story: Story) -> pl.DataFrame:
    """Visits after the first order: of those who stay, and of those who leave."""
    buyers = wooed.filter(pl.col("depth") == BOUGHT, pl.col("at") < story.year.end)
    loyal = story.rng.random(buyers.height) < LOYAL
    again = np.where(loyal, story.rng.geometric(0.22, buyers.height), story.rng.geometric(0.55, buyers.height) - 1)
    owner = np.repeat(np.arange(buyers.height), 1 + again.clip(max=2 * VISITS_MAX))
    at = _instants(buyers["at"].to_numpy()[owner], owner, story, days=16.0)
    arrival = _arrivals(story, "loyal", owner.size)
    depth = _depths(np.where(loyal[owner], 2.0, 0.4) + story.rng.normal(0, 1.2, owner.size), arrival, story.world)
    frame = pl.DataFrame({"person": buyers["person"].to_numpy()[owner], "at": at, "arrival": arrival, "depth": depth})
    return frame.filter(pl.Series(~_begins(owner) & _comes(at, story)))


def _begins(owner: Ints) -> Flags:
    """Whether a row is its owner's first."""
    return np.asarray(np.diff(owner, prepend=-1) != 0)


def _comes(at: Ints, story: Story) -> Flags:
    """Whether a visit that was meant to be is made: fewer of them in quiet times."""
    return np.asarray(story.rng.random(at.size) < 0.35 + 0.65 * story.year.busy(at))


def _arrivals(story: Story, of: str, count: int) -> Ints:
    offered = weights([getattr(one, of) for one in story.world.arrivals])
    return np.asarray(story.rng.choice(len(offered), count, p=offered))


def _depths(score: Floats, arrival: Ints, world: World) -> Ints:
    reached = np.searchsorted(world.browsing.depths, score + of_arrivals(world, "close", arrival))
    return np.minimum(reached, of_arrivals(world, "deepest", arrival).astype(np.int64))


def _instants(begin: Ints, owner: Ints, story: Story, days: float) -> Ints:
    """Instants of visits: each owner's first is given; gaps are log-normal in whole days, or some hours of the same day."""
    rng, year, first = story.rng, story.year, _begins(owner)
    gaps = np.where(rng.random(owner.size) < SAME_DAY, 0, 1 + rng.lognormal(np.log(days), 1.1, owner.size).astype(np.int64))
    local = begin + year.shift
    clock = np.where(gaps == 0, rng.integers(40 * MINUTE, 5 * HOUR, owner.size), year.times_of_day(rng, owner.size))
    frame = pl.DataFrame({"owner": owner, "gap": np.where(first, 0, gaps), "clock": np.where(first, local % DAY, clock)})
    run = frame.with_columns(day=pl.col("gap").cum_sum().over("owner"))
    run = run.with_columns(clock=pl.col("clock").cum_sum().over("owner", "day"))
    return np.asarray(local // DAY * DAY + run["day"].to_numpy() * DAY + run["clock"].to_numpy() - year.shift)


def _as_offered(told: pl.DataFrame, story: Story) -> pl.DataFrame:
    """Who would come by what is not on at the time comes directly."""
    share = (pl.col("at") - story.year.start) / (story.year.end - story.year.start)
    on = [
        pl.when(pl.col("arrival") == row).then(share.is_between(one.since, one.until) & ~share.is_between(*one.lost, closed="none"))
        for row, one in enumerate(story.world.arrivals)
        if (one.since, one.until, one.lost) != (0, 1, (0, 0))
    ]
    first = pl.col("at") == pl.col("at").first().over("person")
    arrival = pl.when(first | pl.coalesce(*on, True)).then("arrival").otherwise(row_of(story.world, "direct"))
    return told.with_columns(arrival=arrival)


def _on_devices(told: pl.DataFrame, world: World) -> pl.DataFrame:
    """Those who have another device come by either after their first visit; some arrivals are a telephone's more than others."""
    mobile = pl.Series(of_arrivals(world, "mobile", told["arrival"].to_numpy()))
    later = pl.col("at") > pl.col("at").first().over("person")
    chosen = pl.when(pl.col("second") & later).then(pl.col("device") < 0.5 * mobile + 0.25).otherwise("first_mobile")
    return told.with_columns(mobile=chosen)


def _with_knowledge(told: pl.DataFrame, world: World) -> pl.DataFrame:
    """From when on the shop knows the address; who is not known comes directly where a mail would have brought them."""
    tells, ordered = pl.col("depth") >= TELLS_WHO, pl.col("depth") == BOUGHT
    subscribes = (pl.col("subscribes") < SUBSCRIBES) & (pl.col("depth") > 0) & ~tells
    told = told.with_columns(subscribes=subscribes, orders=ordered.cum_sum().over("person") - ordered)
    told = told.with_columns(
        known_at=pl.col("at").filter(tells | pl.col("subscribes")).min().over("person"),
        logged_in=pl.col("at").filter(tells).min().over("person", "mobile"),
    )
    unknown = pl.col("arrival").is_in([row for row, one in enumerate(world.arrivals) if one.known]) & ~_after("known_at")
    return told.with_columns(
        arrival=pl.when(unknown).then(row_of(world, "direct")).otherwise("arrival"),
        remembered=(pl.col("remembered") < REMEMBERED) & _after("logged_in"),
    )


def _after(instant: str) -> pl.Expr:
    return (pl.col(instant) < pl.col("at")).fill_null(value=False)
