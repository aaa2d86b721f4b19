"""Channels: their names and labels, the classes of sources, and the ordered rules that name the channel of an event.

The rules are data (`lists/channels.yml`): Google Analytics' default channel groups, in their order, with rows of our own between them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import polars as pl

from app.domain.lists import document

EVIDENCE = ("said", "contact_channel", "source", "medium", "campaign", "category", "click")
"""The text columns that the rules read: source, medium and campaign in lower case, category a `source_class` or `referrer_class`,
click the kind of a click id, said the channel that the event itself names, contact_channel that of its kind of contact. Null is
absent."""

_TOP_LEVEL = re.compile(r"\.(?:com?\.[a-z]{2}|[a-z]{2,6})$")
_COUNTRY = re.compile(r"^[a-z]{2}\.")
_PREFIX = re.compile(r"^(?:www\d*|m)\.")


class Channel(NamedTuple):
    """A channel: its stored name, and labels by language (`en`, `ru`) and by `ga4` where Google Analytics has the same group."""

    name: str
    labels: dict[str, str]


class Rule(NamedTuple):
    """A row of the table: the channel it names (None: the evidence `of` is the channel), its condition, and its reason in words."""

    name: str
    channel: str | None
    of: str | None
    condition: Mapping[str, Any]
    why: str


@cache
def channels() -> tuple[Channel, ...]:
    """Every channel that the rules can name, in the order of the list. An event may name others (see `channel_named`)."""
    return tuple(Channel(name, labels) for name, labels in document("channels")["channels"].items())


def labels_of(channel: str) -> dict[str, str]:
    """The labels of a channel; none where only an event knows it."""
    return next((each.labels for each in channels() if each.name == channel), {})


@cache
def rules() -> dict[str, Rule]:
    """The rules by name, in order; the first whose condition holds names the channel. The last one always holds."""
    rows = (Rule(row["rule"], row.get("to"), row.get("of"), row["if"], row["why"]) for row in document("channels")["rules"])
    return {rule.name: rule for rule in rows}


def decide(evidence: pl.DataFrame) -> pl.DataFrame:
    """Columns `channel` and `channel_rule` for each row of EVIDENCE columns, neither ever null."""
    return evidence.select(channel_rule=_first_rule()).with_columns(evidence.select(EVIDENCE)).select(_channel_of_rule(), "channel_rule")


def snake_case(text: str) -> str:
    """`Paid Search`, `paid-search` and `paidSearch` are `paid_search`; any alphabet; empty where there is no letter and no digit."""
    return re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)).strip("_").lower()


def channel_named(text: str) -> str | None:
    """The stored name of a channel that somebody calls by name or by one of its labels. A name nobody knows stays, in snake_case."""
    name = snake_case(text)
    return _names_by_label().get(name, name) or None


def source_class(source: str) -> str | None:
    """The class of a utm_source in lower case, a bare name or a host; None when it is unknown.

    search, social, video, shopping, ai_assistant, messenger, review_site or email. Google Analytics' own list of sources comes first.
    """
    return _class_in(_classes("matomo_hosts", "hosts", "google_sources"), source)


def referrer_class(host: str) -> str:
    """The class of a referrer's host (lower case, without www.): as `source_class`, or `other`.

    A mail site, a messenger, an assistant or a site of reviews is that, also where Google Analytics counts it as social or search.
    """
    return _class_in(_classes("matomo_hosts", "google_sources", "hosts"), host) or "other"


@cache
def _names_by_label() -> dict[str, str]:
    return {snake_case(label): channel.name for channel in channels() for label in channel.labels.values()}


@cache
def _classes(*layers: str) -> dict[str, str]:
    """Host or name to class; where lists differ, the later one holds."""
    return {host: kind for layer in layers for kind, hosts in document(layer).items() for host in hosts.split(", ")}


def _class_in(classes: Mapping[str, str], source: str) -> str | None:
    """The class of the source itself, else of the nearest domain above it. What is below a search engine is seldom a search engine."""
    itself = (classes.get(form) for name in (source, _PREFIX.sub("", source)) for form in _forms(name))
    above = (classes.get(form) for parent in _parents(source) for form in _forms(parent))
    return next((kind for kind in itself if kind), None) or next((kind for kind in above if kind and kind != "search"), None)


def _forms(host: str) -> Iterator[str]:
    """The host as the lists may write it: itself, and with {} for its top-level domain or for its country in front."""
    yield host
    yield _TOP_LEVEL.sub(".{}", host)
    yield _COUNTRY.sub("{}.", host)


def _parents(host: str) -> Iterator[str]:
    """The domains above a host, nearest first: at least two labels each."""
    labels = host.split(".")
    return (".".join(labels[start:]) for start in range(1, len(labels) - 1))


@cache
def _first_rule() -> pl.Expr:
    return pl.coalesce(pl.when(_holds(rule.condition)).then(pl.lit(rule.name)) for rule in rules().values())


@cache
def _channel_of_rule() -> pl.Expr:
    fixed = {rule.name: rule.channel for rule in rules().values() if rule.channel}
    borrowed = (pl.when(pl.col("channel_rule") == rule.name).then(rule.of) for rule in rules().values() if rule.of)
    return pl.coalesce(pl.col("channel_rule").replace_strict(fixed, default=None), *borrowed).alias("channel")


def _holds(condition: Mapping[str, Any]) -> pl.Expr:
    return pl.all_horizontal(pl.lit(value=True), *(_is(column, wanted) for column, wanted in condition.items()))


def _is(column: str, wanted: Any) -> pl.Expr:
    """The condition of one key: ~ absent, true present, a list any of these, {like: expression}; under `any` a list of conditions."""
    match column, wanted:
        case "any", list():
            return pl.any_horizontal(_holds(each) for each in wanted)
        case _, None:
            return pl.col(column).is_null()
        case _, True:
            return pl.col(column).is_not_null()
        case _, {"like": expression}:
            return pl.col(column).str.contains(expression)
        case _:
            return pl.col(column).is_in(wanted)
