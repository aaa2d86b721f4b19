"""What people do in their visits, event by event."""

import numpy as np
import polars as pl

from app.demo.people import traits
from app.demo.rows import as_events
from app.demo.seasons import MINUTE, SECOND, Ints
from app.demo.story import Story
from app.demo.world import Product, World, json_members

FREE_DELIVERY = 5_000
DELIVERY = 490
LANDINGS = 12
"""Every number of pages to land on divides it."""

GAP_SECONDS, GAP_SPREAD = 38, 1.0
LONGEST = 20 * MINUTE


def browsing(visits: pl.DataFrame, people: pl.DataFrame, story: Story) -> pl.DataFrame:
    """The events of visits, as rows.EVENTS."""
    world = story.world
    steps = _steps(visits, story).join(people.drop("mobile", "born", "arrival"), on="person", maintain_order="left")
    steps = _on_pages(_with_goods(steps, world), story)
    identify = pl.col("type") == "identify"
    return as_events(
        steps,
        device=device(),
        known=pl.col("logged_in"),
        agent=_agents(steps, world),
        properties=pl.when(~identify).then(_properties(world)),
        traits=pl.when(identify).then(traits(world)),
    )


def money(visits: pl.DataFrame, world: World) -> pl.Series:
    """Cents of a visit's basket: one or two of its first product, and the delivery of small orders."""
    price = pick([product.price for product in world.shop.products], _first_product(visits, world))
    goods = price * (1 + _chance(visits, 1_000, 4).eq(0).cast(pl.Int64))
    return goods + (goods < FREE_DELIVERY).cast(pl.Int64) * DELIVERY


def pick(values: list[str] | list[str | None] | list[int], rows: pl.Series) -> pl.Series:
    """The value of each row."""
    return pl.Series(values).gather(rows)


def as_money(cents: pl.Expr) -> pl.Expr:
    """Cents as a decimal number."""
    return pl.concat_str(cents // 100, pl.lit("."), (cents % 100).cast(pl.String).str.zfill(2))


def device() -> pl.Expr:
    """What the anonymous id of a visit's device ends with."""
    return pl.when("mobile").then(pl.lit("phone")).otherwise(pl.lit("laptop"))


def _first_product(visits: pl.DataFrame, world: World) -> pl.Series:
    return (visits["basket"] * len(world.shop.products)).cast(pl.Int64)


def _chance(visits: pl.DataFrame, scale: int, of: int) -> pl.Series:
    """A number below `of` that stays the same for a visit."""
    return (visits["basket"] * scale * of).cast(pl.Int64) % of


def _steps(visits: pl.DataFrame, story: Story) -> pl.DataFrame:
    """One row an event: the visit's columns, `step` (its place in the world's list), `at`, `product`, `logged_in`."""
    world = story.world
    chosen = _ways(visits, world)
    visit = np.repeat(np.arange(visits.height), [len(way) for way in chosen])
    names = [*world.browsing.steps]
    gaps = (story.rng.lognormal(np.log(GAP_SECONDS), GAP_SPREAD, visit.size) * SECOND).clip(max=LONGEST).astype(np.int64)
    gaps[np.diff(visit, prepend=-1) != 0] = 0
    frame = visits.with_columns(base=_first_product(visits, world), total=money(visits, world))[visit]
    frame = frame.with_columns(visit=pl.Series(visit), step=pl.Series(np.concatenate(chosen)), gap=pl.Series(gaps))
    looked = (pl.col("step") == names.index("product")).cum_sum().over("visit")
    login = (pl.col("step") == names.index("login")).cum_sum().over("visit") > 0
    return frame.with_columns(
        at=pl.col("at") + pl.col("gap").cum_sum().over("visit"),
        product=(pl.col("base") + 7 * looked) % len(world.shop.products),
        logged_in=pl.col("remembered") | login,
    )


def _ways(visits: pl.DataFrame, world: World) -> list[Ints]:
    """The steps of each visit."""
    names = [*world.browsing.steps]
    tables = [[_numbered(names, way) for way in ways] for ways in world.browsing.ways]
    drawn = zip(visits["depth"], visits["way"], visits["subscribes"], strict=True)
    return [tables[depth][int(way * len(tables[depth]))][subscribes] for depth, way, subscribes in drawn]


def _numbered(names: list[str], way: list[str]) -> tuple[Ints, Ints]:
    """A way without and with a subscription at its end."""
    numbers = [names.index(step) for step in way]
    return np.array(numbers), np.array([*numbers, names.index("subscribe")])


def _with_goods(steps: pl.DataFrame, world: World) -> pl.DataFrame:
    """Adds the product as the members of a JSON object, its id and category, the order's number, and the step's own columns."""
    products, done = world.shop.products, [*world.browsing.steps.values()]
    return steps.with_columns(
        goods=pick([_said(product) for product in products], steps["product"]),
        product_id=pick([product.id for product in products], steps["product"]),
        category=pick([product.category for product in products], steps["product"]),
        search=pick(world.browsing.searches, _chance(steps, 77, len(world.browsing.searches))),
        coupon=pick(world.browsing.coupons, _chance(steps, 55, len(world.browsing.coupons))),
        type=pick([step.type for step in done], steps["step"]),
        event=pick([step.event for step in done], steps["step"]),
        says=pick([step.says for step in done], steps["step"]),
        step_path=pick([step.path for step in done], steps["step"]),
    )


def _said(product: Product) -> str:
    return json_members({"product_id": product.id, "name": product.name, "category": product.category, "price": product.price / 100})


def _on_pages(steps: pl.DataFrame, story: Story) -> pl.DataFrame:
    """Adds path, url and referrer; the page on which an arrival lands has its query."""
    world = story.world
    landed = pl.DataFrame({"arrival": steps["arrival"], "nth": _chance(steps, 33, LANDINGS)}).join(
        _landings(world), on=["arrival", "nth"], how="left", maintain_order="left"
    )
    mailing = pick(world.mail.names, steps.select(story.latest_mailing() % len(world.mail.names)).to_series())
    told = steps.hstack(landed.drop("arrival", "nth")).with_columns(
        mailing=mailing, click=pl.format("kp{}t{}", "person", pl.col("at") // SECOND)
    )
    lands = pl.col("step_path").is_null() & (pl.col("type") == "page")
    plain = pl.col("step_path").str.replace("{product}", pl.col("product_id"), literal=True)
    path = pl.when(lands).then("landing").otherwise(plain.str.replace("{category}", pl.col("category"), literal=True))
    query = pl.col("query").str.replace("{click}", pl.col("click"), literal=True).str.replace("{mailing}", pl.col("mailing"), literal=True)
    return told.with_columns(path=path, arrived=pl.when(lands).then("arrived"), query=pl.when(lands).then(query)).with_columns(
        url=pl.concat_str(pl.lit(world.shop.site), "path", pl.lit("?") + pl.col("query"), ignore_nulls=True), referrer="arrived"
    )


def _landings(world: World) -> pl.DataFrame:
    rows = [
        {"arrival": row, "nth": nth, "landing": one.landing[nth % len(one.landing)], "query": one.query, "arrived": one.referrer}
        for row, one in enumerate(world.arrivals)
        for nth in range(LANDINGS)
    ]
    return pl.DataFrame(rows, schema_overrides={"query": pl.String, "arrived": pl.String})


def _agents(steps: pl.DataFrame, world: World) -> pl.Expr:
    """One browser for each device of a person."""
    chosen = [
        pick(agents, steps["person"] * 7 % len(agents)).alias(name)
        for name, agents in (("on_phone", world.shop.agents.mobile), ("on_laptop", world.shop.agents.desktop))
    ]
    return pl.when("mobile").then(pl.lit(chosen[0])).otherwise(pl.lit(chosen[1]))


def _properties(world: World) -> pl.Expr:
    says = pl.col("says")
    currency = pl.lit(f',"currency":"{world.shop.currency}"')
    said = {
        "category": _quoted("category", "category"),
        "search": _quoted("query", "search"),
        "product": pl.col("goods"),
        "coupon": _quoted("coupon", "coupon"),
        "cart": pl.concat_str(pl.lit('"value":'), as_money(pl.col("total")), currency),
        "order": pl.concat_str(
            _quoted("order_id", "click"),
            pl.lit(',"revenue":'),
            as_money(pl.col("total")),
            currency,
            pl.lit(',"products":[{'),
            "goods",
            pl.lit("}]"),
        ),
    }
    return pl.coalesce(*(pl.when(says == name).then(expression) for name, expression in said.items()), _quoted("path", "path"))


def _quoted(name: str, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f'"{name}":"'), pl.col(column), pl.lit('"'))
