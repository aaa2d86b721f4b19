"""What the year is made of, read from `world/*.yml`: the shop, its people, how they come and what they do."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec
import yaml

T = TypeVar("T")


class Arrival(msgspec.Struct, frozen=True):
    """A way to the shop; the keys are told in arrivals.yml."""

    name: str
    landing: list[str]
    first: float = 0
    later: float = 0
    loyal: float = 0
    query: str | None = None
    referrer: str | None = None
    keen: float = 0
    close: float = 0
    deepest: int = 5
    mobile: float = 0.6
    since: float = 0
    until: float = 1
    lost: tuple[float, float] = (0, 0)
    known: bool = False
    shown: bool = False


class Step(msgspec.Struct, frozen=True):
    """One event of a visit."""

    event: str | None = None
    type: str = "track"
    path: str | None = None
    says: str | None = None


class Browsing(msgspec.Struct, frozen=True):
    depths: list[float]
    ways: list[list[list[str]]]
    steps: dict[str, Step]
    searches: list[str]
    coupons: list[str]


class Product(msgspec.Struct, frozen=True, array_like=True):
    """Its price is in cents."""

    id: str
    name: str
    category: str
    price: int


class Agents(msgspec.Struct, frozen=True):
    mobile: list[str]
    desktop: list[str]
    bots: list[str]
    scanners: list[str]


class Shop(msgspec.Struct, frozen=True):
    site: str
    currency: str
    products: list[Product]
    agents: Agents


class Place(msgspec.Struct, frozen=True):
    city: str
    country: str
    weight: float
    store: bool = False
    russian: bool = False


class Names(msgspec.Struct, frozen=True):
    """Pairs of a name and its Latin letters."""

    first: list[tuple[str, str]]
    last: list[tuple[str, str]]


class People(msgspec.Struct, frozen=True):
    places: list[Place]
    russian: Names
    other: Names
    domains: list[str]
    tiers: list[str]


class Seasons(msgspec.Struct, frozen=True):
    zone: str
    growth: tuple[float, float]
    months: list[float]
    weekdays: list[float]
    hours: list[float]
    peaks: list[tuple[str, str, float]]


class Mail(msgspec.Struct, frozen=True):
    first_day: int
    every_days: int
    names: list[str]
    opens: float
    welcome_opens: float
    scanned: float
    proxied: float
    unsubscribes: float


class World(msgspec.Struct, frozen=True):
    arrivals: list[Arrival]
    browsing: Browsing
    shop: Shop
    people: People
    seasons: Seasons
    mail: Mail


@cache
def world() -> World:
    """The world, read once. It is shared: nobody changes it."""
    return World(
        _read("arrivals", list[Arrival]),
        _read("browsing", Browsing),
        _read("shop", Shop),
        _read("people", People),
        _read("seasons", Seasons),
        _read("mail", Mail),
    )


def json_members(said: Mapping[str, object]) -> str:
    """The members of a JSON object, without its braces."""
    return msgspec.json.encode(said).decode()[1:-1]


def json_text(text: str) -> str:
    return msgspec.json.encode(text).decode()


def weights(values: Sequence[float]) -> list[float]:
    """Shares of the whole."""
    return [value / sum(values) for value in values]


def _read(name: str, kind: type[T]) -> T:
    return msgspec.convert(yaml.safe_load(files(__package__).joinpath("world", f"{name}.yml").read_text("utf-8")), kind)
