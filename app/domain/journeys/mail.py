"""Opens and clicks of mail that a machine did, told from a person's. The rules are data (`lists/mail_machines.yml`).

Three rules look at one event: what it asked with, where from, and what its sender says. Two look at a customer's history: what came within
seconds after the message was delivered, and many links clicked at once. These two come too late for identity: the links that such an
event makes between identifiers stay, as the event alone tells nothing.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import polars as pl

from app.domain.journeys.channels import snake_case
from app.domain.lists import document

DELIVERED = "delivered"
OPENED = "opened"
CLICKED = "clicked"
PREFIX = "mail:"
FACTS = {"ip": pl.String, "method": pl.String, "flag": pl.String, "message": pl.String, "link": pl.String}
"""What `mail` holds of an event that tells of a mail, as a JSON object: its network, the method of the request, whether its sender takes it
for a machine's, the message, and the link."""

_DONE = pl.col("mail_act") != DELIVERED
_MESSAGE = ("customer", "message")


def lists() -> dict[str, Any]:
    """The rules as data."""
    rules: dict[str, Any] = document("mail_machines")
    return rules


@cache
def first_words() -> tuple[str, ...]:
    """How the names of tracks that tell of a mail begin, in lower case."""
    return tuple(sorted({name.partition("_")[0] for name in _acts()}))


def mail_act(name: str) -> str | None:
    """Whether a track of this name (in snake case) says that mail was delivered, opened or clicked."""
    return _acts().get(name)


def told_alone(events: pl.DataFrame) -> pl.Series:
    """The rule by which an event alone is a machine's, row for row; null where none does. Reads mail, mail_act and user_agent."""
    if events["mail_act"].is_null().all():
        return pl.Series(PREFIX, [None] * events.height, pl.String)
    network = pl.col("ip").map_batches(_networks, return_dtype=pl.String)
    opened_by_proxy = pl.col("user_agent").is_in(lists()["privacy_agents"]) & (pl.col("mail_act") == OPENED)
    rules = pl.coalesce(
        pl.when(pl.col("method") == "HEAD").then(pl.lit(f"{PREFIX}head_request")),
        network,
        pl.when(opened_by_proxy | pl.col("flag").is_not_null()).then(pl.lit(f"{PREFIX}privacy_proxy")),
    )
    return _with_facts(events).select(pl.when(_DONE).then(rules)).to_series()


def told_by_history(events: pl.DataFrame) -> pl.DataFrame:
    """The enriched events of whole customers, row for row: a person's opens and clicks that their history tells for a machine's get a rule.

    An open or click is a machine's within 5 s (inclusive) after a delivery of the same message to the same customer. So are clicks of a
    message, each naming its link, that lie in any 10 s (inclusive) in which at least 3 different links of it were clicked.
    """
    if events["mail_act"].is_null().all():
        return events
    acts = _with_facts(events).filter(pl.col("mail_act").is_not_null(), pl.col("message").is_not_null())
    told = pl.concat([_soon(acts), _bursts(acts)]).unique("event", keep="first", maintain_order=True)
    rules = events.select("event").join(told, on="event", how="left", maintain_order="left")["rule"]
    return events.with_columns(pl.coalesce("machine_rule", rules))


def why_machine_mail(rule: str) -> str | None:
    """The reason of a rule of this module in words; None where it is another's."""
    name, _, owner = rule.removeprefix(PREFIX).partition(":")
    why: str | None = lists()["rules"].get(name) if rule.startswith(PREFIX) else None
    return f"{why}: {owner}" if why and owner else why


def _soon(acts: pl.DataFrame) -> pl.DataFrame:
    within = pl.duration(seconds=lists()["seconds_after_delivery"])
    delivered = pl.when(~_DONE).then("occurred_at").forward_fill().over(_MESSAGE)
    ordered = acts.sort("occurred_at", _DONE, maintain_order=True).with_columns(delivered=delivered)
    return ordered.filter(_DONE, pl.col("occurred_at") - pl.col("delivered") <= within).select(
        "event", rule=pl.lit(f"{PREFIX}seconds_after_delivery")
    )


def _bursts(acts: pl.DataFrame) -> pl.DataFrame:
    clicks = acts.filter(pl.col("mail_act") == CLICKED, pl.col("link").is_not_null()).sort("occurred_at", maintain_order=True)
    many = clicks.filter(pl.col("link").n_unique().over(_MESSAGE) >= lists()["burst"]["links"])
    groups = many.partition_by(_MESSAGE, maintain_order=True)
    found = [group.filter(_in_bursts(group["occurred_at"].dt.epoch("us").to_list(), group["link"].to_list())) for group in groups]
    return pl.concat([many.clear(), *found]).select("event", rule=pl.lit(f"{PREFIX}burst"))


def _in_bursts(instants: Sequence[int], links: Sequence[str]) -> list[bool]:
    """Whether each click (instants in microseconds, sorted) lies in a span in which enough different links were clicked."""
    enough, span = lists()["burst"]["links"], lists()["burst"]["seconds"] * 1_000_000
    counted: Counter[str] = Counter()
    hot: list[bool] = []
    end = hot_until = 0
    for start, instant in enumerate(instants):
        while end < len(instants) and instants[end] - instant <= span:
            counted[links[end]] += 1
            end += 1
        if len(counted) >= enough:
            hot_until = end
        hot.append(start < hot_until)
        counted[links[start]] -= 1
        if not counted[links[start]]:
            del counted[links[start]]
    return hot


def _with_facts(events: pl.DataFrame) -> pl.DataFrame:
    return events.with_columns(pl.col("mail").str.json_decode(pl.Struct(FACTS))).unnest("mail")


@cache
def _acts() -> dict[str, str]:
    return {snake_case(name): act for act, names in lists()["acts"].items() for name in names}


def _networks(ips: pl.Series) -> pl.Series:
    found = {ip: _network(ip) for ip in ips.drop_nulls().unique()}
    return pl.Series(ips.name, [found.get(ip) for ip in ips], pl.String)


def _network(ip: str) -> str | None:
    address = ip_address(ip)
    name = next((name for name, networks in _known_networks() if any(address in network for network in networks)), None)
    return name and f"{PREFIX}known_network:{name}"


@cache
def _known_networks() -> tuple[tuple[str, tuple[IPv4Network | IPv6Network, ...]], ...]:
    return tuple((name, tuple(ip_network(text) for text in texts)) for name, texts in lists()["networks"].items())
