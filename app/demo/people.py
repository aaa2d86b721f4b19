"""The people of a year: where they live, how they first came, how much they wish to buy."""

import numpy as np
import polars as pl

from app.demo.seasons import HOUR, Floats, Ints
from app.demo.story import Story, of_arrivals
from app.demo.world import Names, World, weights

PHONE_EVERY = 10
"""Every tenth person has a phone, of the numbers that belong to nobody."""


def people(numbers: range, story: Story) -> pl.DataFrame:
    """One row a person, columns:

    person (number), born (first contact, microseconds UTC), arrival (row of the world's arrivals), wish (larger buys sooner),
    mobile (the first device), second (has another device), place (row of the world's places), and what is told of them:
    who (user id), email, new_email (given later), name, number (of a phone, null: none), born_in (year).
    """
    world, rng, count = story.world, story.rng, len(numbers)
    arrival, born = _first_contacts(story, count)
    keen, mobile = (of_arrivals(world, key, arrival) for key in ("keen", "mobile"))
    frame = pl.DataFrame(
        {
            "person": np.arange(numbers.start, numbers.stop),
            "born": born,
            "arrival": arrival,
            "wish": keen + rng.normal(0, 0.9, count),
            "mobile": rng.random(count) < mobile,
            "second": rng.random(count) < 0.3,
            "place": rng.choice(len(world.people.places), count, p=weights([place.weight for place in world.people.places])),
            "born_in": rng.integers(1955, 2007, count),
        }
    )
    told = frame.with_columns(who=pl.format("demo-{}", "person"), number=_phones()).hstack(_named(frame, world, rng))
    places = pl.DataFrame(
        {"city": [place.city for place in world.people.places], "country": [place.country for place in world.people.places]}
    )
    return told.with_columns(new_email=_new_email()).hstack(places[told["place"]])


def _first_contacts(story: Story, count: int) -> tuple[Ints, Ints]:
    """The arrival and instant of first visits: each arrival weighs as much as its hours together."""
    world, year, rng = story
    hours = np.concatenate([one.first * year.of_arrival(one) for one in world.arrivals])
    drawn = np.searchsorted(np.cumsum(hours), rng.random(count) * hours.sum(), side="right")
    arrival, hour = np.divmod(drawn, year.hours.size)
    return arrival, year.start + hour * HOUR + rng.integers(0, HOUR, count)


def _new_email() -> pl.Expr:
    """What some give later: another address of their own, or by mistake their neighbour's."""
    own = pl.when(pl.col("person") % 31 == 5).then("new_email").otherwise("email")
    return pl.when(pl.col("person") % 10 == 7).then(pl.col("email").shift(1).fill_null(own)).otherwise(own)


def _phones() -> pl.Expr:
    """Numbers that are kept free for stories: 555-0100 to 555-0199 of each area."""
    nth = pl.col("person") // PHONE_EVERY
    area = 201 + (nth // 100) % 780
    line = (nth % 100).cast(pl.String).str.zfill(2)
    return pl.when(pl.col("person") % PHONE_EVERY == 0, nth < 78_000).then(pl.format("+1{}55501{}", area, line))


def _named(frame: pl.DataFrame, world: World, rng: np.random.Generator) -> pl.DataFrame:
    russian = pl.Series("russian", [place.russian for place in world.people.places]).gather(frame["place"])
    first, last = rng.random(frame.height), rng.random(frame.height)
    domains = pl.Series(world.people.domains).gather(rng.integers(0, len(world.people.domains), frame.height))
    tables = [_names(names, first, last) for names in (world.people.russian, world.people.other)]
    chosen = pl.select(russian=russian).hstack(tables[0].hstack(tables[1].rename(lambda name: f"other_{name}")))
    pick = [pl.when("russian").then(name).otherwise(f"other_{name}").alias(name) for name in ("name", "local")]
    named = chosen.select(pick).hstack([frame["person"], domains.alias("domain")])
    return named.select(
        "name", email=pl.format("{}.{}@{}", "local", "person", "domain"), new_email=pl.format("{}.{}@example.net", "local", "person")
    )


def _names(names: Names, first: Floats, last: Floats) -> pl.DataFrame:
    given = pl.DataFrame(names.first, schema=["first", "latin_first"], orient="row")[(first * len(names.first)).astype(int)]
    family = pl.DataFrame(names.last, schema=["last", "latin_last"], orient="row")[(last * len(names.last)).astype(int)]
    return given.hstack(family).select(name=pl.format("{} {}", "first", "last"), local=pl.format("{}.{}", "latin_first", "latin_last"))


def traits(world: World) -> pl.Expr:
    """What people say of themselves, as the members of a JSON object: on a login everything, on a subscription the address alone.

    Reads the columns of `people` and logged_in, orders (bought before), known_at and at.
    """
    email = pl.when(pl.col("at") > pl.col("known_at") + HOUR).then("new_email").otherwise("email")
    new, usual, best = map(pl.lit, world.people.tiers)
    tier = pl.when(pl.col("orders") < 2).then(new).when(pl.col("orders") < 4).then(usual).otherwise(best)
    plan = pl.when(pl.col("person") % 5 == 0).then(pl.lit("club")).otherwise(pl.lit("basic"))
    texts = {
        "email": email,
        "phone": pl.col("number"),
        "name": pl.col("name"),
        "city": pl.col("city"),
        "country": pl.col("country"),
        "plan": plan,
        "loyalty_tier": tier,
    }
    everything = pl.concat_str(
        *(pl.concat_str(pl.lit(f'"{name}":"'), text, pl.lit('",')) for name, text in texts.items()),
        pl.lit('"birth_year":'),
        "born_in",
        ignore_nulls=True,
    )
    return pl.when("logged_in").then(everything).otherwise(pl.concat_str(pl.lit('"email":"'), "email", pl.lit('"')))
