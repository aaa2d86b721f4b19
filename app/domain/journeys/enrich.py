"""What is read out of single events: campaign, click id, referrer, contact, channel, device, and whether a machine sent it.

Verdicts depend on nothing but the event, are worked out once for each distinct input, and are never stored with the event.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote_plus

import polars as pl

from app.domain.frames import EVENTS, VERDICTS
from app.domain.journeys.agents import device_named, judge_agents, why_machine_agent
from app.domain.journeys.channels import EVIDENCE, channel_named, decide, labels_of, referrer_class, rules, snake_case, source_class
from app.domain.journeys.mail import mail_act, told_alone, why_machine_mail
from app.domain.lists import document

CONTACT = "contact"
"""The kind of a contact that only names its channel."""

INTERNAL = "internal"
"""The class of a referrer on the url's own host: it says nothing."""

_UTM = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "name", "utm_term": "term", "utm_content": "content"}
_LINK = dict.fromkeys((*_UTM, "click_id", "click_id_kind"), pl.String)
_CONTACT = {"contact": pl.String, "contact_channel": pl.String, "takes_campaign": pl.Boolean, "mail_act": pl.String}
_HEARD = (
    "said",
    "contact",
    "contact_channel",
    "takes_campaign",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "click_id_kind",
    "referrer_class",
    "referrer_host",
)
"""The facts that the evidence of a channel is made of."""

_HOST = r"^\s*(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:\s]+)"
_BARE_HOST = r"^\s*((?:[^\s/?#:@.]+\.)+[^\s/?#:@.]{2,})\.?(?:[/:?#]|$)"


class ChannelVerdict(NamedTuple):
    """The channel of an event, the rule that named it, the reason in words, what was read, and the channel's labels.

    Labels are by language; a channel that only the event knows has none.
    """

    channel: str
    rule: str
    why: str
    evidence: dict[str, str]
    labels: dict[str, str]


def enrich(events: pl.DataFrame) -> pl.DataFrame:
    """The events, row for row, with the columns of frames.VERDICTS.

    Reads type, name, url, referrer, user_agent, request_agent, trusted, campaign_*, touchpoint_channel, device_kind and mail as in
    frames.EVENTS; other columns pass through. A value of campaign_* wins over that of the url's query, each for itself.
    """
    return events.with_columns(_verdicts(events).select(*VERDICTS).get_columns())


def with_machine_rules(events: pl.DataFrame) -> pl.DataFrame:
    """The events, row for row, with the `machine_rule` of frames.VERDICTS alone.

    Reads type, name, user_agent, request_agent, trusted, device_kind and mail as in frames.EVENTS.
    """
    acts = _once(_track_names(events), _read_names).select("mail_act")
    facts = pl.concat([acts, _agents(events)], how="horizontal")
    return events.with_columns(_with_mail_machines(facts, events)["machine_rule"])


def explain_channel(
    url: str | None = None,
    referrer: str | None = None,
    *,
    campaign: Mapping[str, str] | None = None,
    name: str | None = None,
    touchpoint_channel: str | None = None,
) -> ChannelVerdict:
    """The channel of a page with this url and referrer, or of a track of this name, and why.

    `campaign` is as context.campaign (source, medium, name, term, content), `touchpoint_channel` as in properties.
    """
    context = {f"campaign_{key}": value for key, value in (campaign or {}).items() if key in _UTM.values()}
    event = {"type": "track" if name else "page", "name": name, "url": url, "referrer": referrer, "touchpoint_channel": touchpoint_channel}
    row = _verdicts(pl.DataFrame([event | context], schema=EVENTS)).row(0, named=True)
    channel, rule = row.pop("channel"), row.pop("channel_rule")
    evidence = {key: row[key] for key in dict.fromkeys((*EVIDENCE, *VERDICTS)) if row.get(key) is not None}
    return ChannelVerdict(channel, rule, _why(rule, evidence), evidence, labels_of(channel))


def explain_machine(rule: str | None) -> str | None:
    """The reason, in words, of the rule by which an event is a bot's or a machine's; None for a person's event."""
    return rule and (why_machine_mail(rule) or why_machine_agent(rule))


def _why(rule: str, evidence: Mapping[str, str]) -> str:
    read = ", ".join(f"{key} {evidence[key]}" for key in EVIDENCE if key in evidence)
    return f"{rules()[rule].why}: {read}" if read else rules()[rule].why


def _verdicts(events: pl.DataFrame) -> pl.DataFrame:
    """The columns of VERDICTS and of EVIDENCE, row for row."""
    links = _links(events)
    parts = [links, _referrers(events["referrer"], links["host"]), _contacts(events), _agents(events)]
    facts = _with_mail_machines(pl.concat(parts, how="horizontal"), events)
    return pl.concat([facts.drop("said", "contact_channel"), _once(facts.select(_HEARD), _decided)], how="horizontal")


def _links(events: pl.DataFrame) -> pl.DataFrame:
    """utm_* of context.campaign, else of the url; the url's click id, its kind, and its host."""
    links = _once(events.select("url"), _read_links)
    sent = events.select(_text(f"campaign_{key}").alias(utm) for utm, key in _UTM.items())
    return links.with_columns(pl.coalesce(sent[utm], links[utm]).alias(utm) for utm in _UTM)


def _read_links(urls: pl.DataFrame) -> pl.DataFrame:
    marked = urls["url"].str.contains(_any_parameter())
    nothing = (None,) * len(_LINK)
    rows = [_read_link(url) if wanted else nothing for url, wanted in zip(urls["url"], marked, strict=True)]
    return pl.DataFrame(rows, schema=_LINK, orient="row").with_columns(urls.select(host=_host("url")))


def _read_link(url: str) -> tuple[str | None, ...]:
    found = _parameters(url)
    click = next((parameter for parameter in _click_ids() if parameter in found), "")
    return (*map(found.get, _UTM), found.get(click), _click_ids().get(click))


def _parameters(url: str) -> dict[str, str]:
    """The query's parameters, decoded, by name in lower case: the first value that is not blank."""
    found: dict[str, str] = {}
    for pair in url.partition("#")[0].partition("?")[2].split("&"):
        name, _, text = pair.partition("=")
        value = unquote_plus(text).replace("\0", "").strip()
        if value:
            found.setdefault(name.lower().removeprefix("amp;"), value)
    return found


@cache
def _click_ids() -> dict[str, str]:
    return {parameter.lower(): kind for parameter, kind in document("channels")["click_ids"].items()}


@cache
def _any_parameter() -> str:
    return f"(?i)[?&;](?:{'|'.join((*_UTM, *_click_ids()))})="


def _host(column: str) -> pl.Expr:
    """The host of an address, in lower case, without www., user, port and final dot; null where there is none."""
    address = pl.col(column).str.to_lowercase()
    host = pl.coalesce(address.str.extract(_HOST), address.str.extract(_BARE_HOST))
    return host.str.strip_chars_end(".").str.strip_prefix("www.").replace("", None)


def _referrers(referrers: pl.Series, hosts: pl.Series) -> pl.DataFrame:
    found = _once(referrers.to_frame("referrer"), _read_referrers)
    internal = found["referrer_host"] == hosts
    return found.with_columns(referrer_class=pl.when(internal).then(pl.lit(INTERNAL)).otherwise("referrer_class"))


def _read_referrers(referrers: pl.DataFrame) -> pl.DataFrame:
    hosts = referrers.select(referrer_host=_host("referrer"))
    return hosts.with_columns(_named(hosts["referrer_host"], referrer_class).alias("referrer_class"))


def _contacts(events: pl.DataFrame) -> pl.DataFrame:
    """The kind of a contact, its kind's channel, whether its campaign may name a better one, and the channel that the event names."""
    found = _once(_track_names(events), _read_names)
    said = _named(events["touchpoint_channel"], channel_named).alias("said")
    only_said = events.select(pl.when((pl.col("type") == "track") & said.is_not_null()).then(pl.lit(CONTACT))).to_series()
    return found.with_columns(pl.col("contact").fill_null(only_said), said)


def _track_names(events: pl.DataFrame) -> pl.DataFrame:
    return events.select(pl.when(pl.col("type") == "track").then("name").alias("name"))


def _read_names(names: pl.DataFrame) -> pl.DataFrame:
    found = [snake_case(name or "") for name in names["name"]]
    return pl.DataFrame([(*_contact_of(name), mail_act(name)) for name in found], schema=_CONTACT, orient="row")


def _contact_of(name: str) -> tuple[str, str, bool] | tuple[None, None, None]:
    begins = (kind for start, kind in _contact_kinds().items() if start.endswith("_") and name.startswith(start))
    return _contact_kinds().get(name) or next(begins, (None, None, None))


@cache
def _contact_kinds() -> dict[str, tuple[str, str, bool]]:
    """Kind, channel and whether it takes a campaign, by an event's name in snake case; one that ends in _ is how names begin."""
    rows = ((name, (row["kind"], row["channel"], row.get("campaign", False))) for row in document("contacts") for name in row["names"])
    return {snake_case(name) + ("_" if name.endswith("*") else ""): kind for name, kind in rows}


def _agents(events: pl.DataFrame) -> pl.DataFrame:
    """Device and machine rule, of context.userAgent, else of a public request's own header.

    A program that only the header names (a library, an SDK) carried the event, and says nothing of who did what it tells.
    """
    own = _text("user_agent")
    agents = events.select(own=own.is_not_null(), agent=pl.coalesce(own, pl.when(~pl.col("trusted")).then(_text("request_agent"))))
    judged = _once(agents.select("agent"), lambda distinct: judge_agents(distinct["agent"])).with_columns(agents["own"])
    carried = ~pl.col("own") & pl.col("agent_rule").str.starts_with("program:").fill_null(value=False)
    kind = _named(events["device_kind"], device_named)
    other = events.select(pl.when(_text("device_kind").is_not_null()).then(pl.lit("other"))).to_series()
    return judged.select(
        device=pl.coalesce(kind, pl.when(~carried).then("agent_device"), other),
        machine_rule=pl.when(~carried).then("agent_rule"),
    )


def _with_mail_machines(facts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    told = told_alone(events.select("mail", "user_agent", facts["mail_act"]))
    return facts.with_columns(pl.coalesce("machine_rule", told))


def _decided(facts: pl.DataFrame) -> pl.DataFrame:
    evidence = _evidence(facts)
    return pl.concat([evidence, decide(evidence)], how="horizontal")


def _evidence(facts: pl.DataFrame) -> pl.DataFrame:
    """EVIDENCE of what was read.

    Without utm source, medium and click id the referrer's site is the source; where nothing at all is known the source is (direct),
    as Google Analytics writes it. A contact came from no site, and only some kinds of contact listen to a campaign.
    """
    heard = pl.col("contact").is_null() | pl.col("takes_campaign").fill_null(value=True)
    utm = [pl.when(heard).then(pl.col(column).str.to_lowercase()) for column in ("utm_source", "utm_medium")]
    click = pl.when(heard).then("click_id_kind").alias("click")
    bare = pl.all_horizontal(text.is_null() for text in (pl.col("said"), pl.col("contact"), *utm, click))
    site = bare & (pl.col("referrer_class") != INTERNAL).fill_null(value=False)
    nobody = bare & ~site & pl.col("utm_campaign").is_null()
    medium = pl.when(pl.col("referrer_class") == "search").then(pl.lit("organic")).otherwise(pl.lit("referral"))
    category = _named(facts["utm_source"].str.to_lowercase(), source_class)
    return facts.select(
        "said",
        "contact_channel",
        click,
        source=pl.coalesce(utm[0], pl.when(site).then("referrer_host"), pl.when(nobody).then(pl.lit("(direct)"))),
        medium=pl.coalesce(utm[1], pl.when(site).then(medium), pl.when(nobody).then(pl.lit("(none)"))),
        campaign=pl.col("utm_campaign").str.to_lowercase(),
        category=pl.coalesce(pl.when(heard).then(category), pl.when(site).then("referrer_class")),
    )


def _text(column: str) -> pl.Expr:
    """A column's text, trimmed; null where it is blank."""
    return pl.col(column).str.strip_chars().replace("", None)


def _named(values: pl.Series, rule: Callable[[str], str | None]) -> pl.Series:
    """The rule's answer for each value, asked once for each distinct one; null for null."""
    distinct = values.drop_nulls().unique()
    answers = pl.Series([rule(value) for value in distinct], dtype=pl.String)
    return values.replace_strict(distinct, answers, default=None, return_dtype=pl.String)


def _once(frame: pl.DataFrame, judge: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """The judge's columns, row for row, of a frame of which it is shown each distinct row once. Its columns may be named alike."""
    distinct = frame.unique().with_row_index("row")
    numbers = frame.join(distinct, on=frame.columns, how="left", maintain_order="left", nulls_equal=True)["row"]
    return judge(distinct.drop("row"))[numbers]
