"""Who an event names: its identifiers, normalised, and the links, aliases and subjects that follow from one event each."""

import functools
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import NamedTuple

import phonenumbers
import polars as pl

from app.domain.arriving.events import LANDING

USER_ID = "user_id"
EMAIL = "email"
PHONE = "phone"
ANONYMOUS_ID = "anonymous_id"
BUILT_IN = (USER_ID, EMAIL, PHONE, ANONYMOUS_ID)

_QUOTES = "\"'`\u00ab\u00bb\u2018\u2019\u201c\u201d"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LINK = ["weaker", "target", "token"]
_ALIAS = ["user_id", "previous_id", "user_anonymous", "previous_anonymous"]
_ONLY_ZEROS_AND_DASHES = re.compile(r"[0-]*")


@dataclass(frozen=True)
class IdentityRules:
    """What an operator can set of identity: kinds of their own (strong to weak), the region of phones without +, rule 2, blocked values.

    `own_kinds` may name email and phone, to place own kinds before them; one that is not named stands where it stands without own kinds,
    after user_id and after email. `blocked_values` are bare (see `bare`) and sorted.
    """

    own_kinds: tuple[str, ...] = ()
    phone_region: str | None = None
    following: bool = True
    blocked_values: tuple[str, ...] = ()

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of identifiers, strongest first."""
        between = [kind for kind in self.own_kinds if kind not in (USER_ID, ANONYMOUS_ID)]
        if EMAIL not in between:
            between.insert(0, EMAIL)
        if PHONE not in between:
            between.insert(between.index(EMAIL) + 1, PHONE)
        return (USER_ID, *between, ANONYMOUS_ID)

    @cached_property
    def also_blocked(self) -> frozenset[str]:
        """The operator's blocked values, to look one up."""
        return frozenset(self.blocked_values)

    def rank(self, kind: str) -> pl.Expr:
        """The rank of a column of kinds: 0 is the strongest."""
        kinds = list(self.kinds)
        return pl.col(kind).replace_strict(kinds, list(range(len(kinds))), return_dtype=pl.Int8)


class Named(NamedTuple):
    """What a frame of events says of identity.

    Frames: identifiers (identifier, kind, value, named_at, named_directly), subjects (event, subject, occurred_at, received_at),
    links (weaker, target, target_kind, token, trusted, linked_at, event, source), aliases (user_id, previous_id, user_anonymous,
    previous_anonymous, trusted, linked_at, event, source). `token` tells what a link's token says, which is evidence of its own, from
    what an event says. Of several evidences for one pair, or for one alias as it was written, the best stands: trusted before public,
    then the earliest.
    """

    identifiers: pl.DataFrame
    subjects: pl.DataFrame
    links: pl.DataFrame
    aliases: pl.DataFrame


def number(kind: str, value: str) -> int:
    """The number of an identifier: 63 bits of a digest of its kind and its normalised value."""
    return int.from_bytes(hashlib.blake2b(f"{kind}\0{value}".encode(), digest_size=8).digest()) >> 1


def normalised(kind: str, value: str, rules: IdentityRules) -> str | None:
    """The value that identifies, or None where it identifies nobody (blocked, or a phone that does not parse).

    user_id and an operator's kinds: trimmed, NFC; email: trimmed, NFKC, case folded; phone: E.164; anonymous_id: trimmed.
    """
    value = _NORMALISERS.get(kind, _as_text)(value.strip(), rules) or ""
    return None if blocked(value, rules.also_blocked) else value


def blocked(value: str, also: Collection[str] = ()) -> bool:
    """Whether a value never identifies anybody.

    That is: listed, empty, only zeros and dashes, one character repeated (digits only from eight on), over 200 characters, with control
    characters, or one of `also`, bare values. Spelling hides no value from the lists.
    """
    seen = bare(value)
    return (
        len(value) > 200
        or seen in _blocked_values()
        or seen in also
        or _ONLY_ZEROS_AND_DASHES.fullmatch(seen) is not None
        or _one_character(seen)
        or _CONTROL.search(value) is not None
    )


def bare(value: str) -> str:
    """The value as it is compared with blocked ones: NFKC, case folded, without invisible characters, and quotes and spaces around it."""
    visible = "".join(character for character in unicodedata.normalize("NFKC", value) if unicodedata.category(character) != "Cf")
    return visible.strip().strip(_QUOTES).strip().casefold()


def name(events: pl.DataFrame, rules: IdentityRules) -> Named:
    """Read identifiers, subjects, links and aliases out of enriched events.

    An event links each weaker identifier on it to its subject, the strongest; an event of a bot or a machine names its subject only.
    """
    on_events = _on_events(events, rules)
    subjects = on_events.sort("rank").group_by("event", maintain_order=True).first()
    on_events = pl.concat([on_events.filter(~pl.col("machine")), subjects.filter("machine").select(on_events.columns)])
    aliases = _aliases(events, rules).filter(~pl.col("machine"))
    return Named(
        identifiers=_identifiers(on_events, aliases),
        subjects=subjects.select("event", pl.col("identifier").alias("subject"), "occurred_at", "received_at"),
        links=_links(on_events, subjects),
        aliases=_best(aliases, _ALIAS).drop("user", "previous", "machine"),
    )


def with_devices(events: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """Events whose anonymous_id is normalised, and null where it identifies nobody: then it names no device either."""
    known = _known(events[ANONYMOUS_ID], ANONYMOUS_ID, rules)
    devices = pl.col(ANONYMOUS_ID).replace_strict(known["raw"], known["value"], default=None, return_dtype=pl.String)
    return events.with_columns(devices)


def merged(parts: Sequence[Named]) -> Named:
    """What several frames of events say of identity together."""
    identifiers, subjects, links, aliases = (pl.concat(frames) for frames in zip(*parts, strict=True))
    return Named(
        identifiers.group_by("identifier", "kind", "value")
        .agg(pl.col("named_at").min(), pl.col("named_directly").any())
        .sort("identifier"),
        subjects,
        _best(links, _LINK),
        _best(aliases, _ALIAS),
    )


def only_in(said: Named, other: Named) -> Named:
    """The rows that other events do not say as well."""
    return Named(*(one.join(two, on=one.columns, how="anti", nulls_equal=True) for one, two in zip(said, other, strict=True)))


def without(said: Named, identifiers: Collection[int]) -> Named:
    """What is said of other identifiers than these."""
    named = pl.Series(list(identifiers), dtype=pl.Int64).implode()
    ends = (["identifier"], ["subject"], ["weaker", "target"], _ALIAS)
    kept = [frame.filter(~pl.any_horizontal(pl.col(columns).is_in(named))) for frame, columns in zip(said, ends, strict=True)]
    return Named(*kept)


def _on_events(events: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    facts = events.select("event", "source", "trusted", "type", "occurred_at", "received_at", machine=pl.col("machine_rule").is_not_null())
    named = [(kind, events[kind] if kind in BUILT_IN else _external(events["external_ids"], kind)) for kind in rules.kinds]
    found = [_normalised(facts.with_columns(raw=raw), kind, rules).with_columns(kind=pl.lit(kind)) for kind, raw in named]
    return pl.concat(found).with_columns(rank=rules.rank("kind"))


def _normalised(facts: pl.DataFrame, kind: str, rules: IdentityRules) -> pl.DataFrame:
    """The rows whose `raw` identifies somebody, with the `value` and the number of the `identifier` in its place."""
    return facts.filter(pl.col("raw").is_not_null()).join(_known(facts["raw"], kind, rules), on="raw").drop("raw")


def _known(sent: pl.Series, kind: str, rules: IdentityRules) -> pl.DataFrame:
    """Each distinct value that identifies somebody, as it was sent (`raw`), normalised, and by its number."""
    raw = sent.drop_nulls().unique()
    values = [normalised(kind, text, rules) for text in raw]
    numbers = [None if value is None else number(kind, value) for value in values]
    schema = {"raw": pl.String, "value": pl.String, "identifier": pl.Int64}
    return pl.DataFrame({"raw": raw, "value": values, "identifier": numbers}, schema).drop_nulls()


def _external(sent: pl.Series, kind: str) -> pl.Series:
    texts = sent.drop_nulls().unique()
    found = pl.Series([_external_id(text, kind) for text in texts], dtype=pl.String)
    return sent.replace_strict(texts, found, default=None, return_dtype=pl.String)


def _external_id(text: str, kind: str) -> str | None:
    listed = json.loads(text)
    items = listed if isinstance(listed, list) else []
    values = (item.get("id") for item in items if isinstance(item, dict) and item.get("type") == kind)
    return next((str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool)), None)


def _identifiers(on_events: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    columns = ("identifier", "kind", "value", "occurred_at", "named_directly")
    named = on_events.with_columns(named_directly=pl.col("type") != "alias").select(columns)
    previous = aliases.select(
        identifier="previous_id", kind=pl.lit(USER_ID), value="previous", occurred_at="linked_at", named_directly=pl.lit(value=False)
    )
    is_user = pl.col("kind") == USER_ID
    return (
        pl.concat([named, previous])
        .group_by("identifier", "kind", "value")
        .agg(named_at=pl.col("occurred_at").min(), named_directly=pl.col("named_directly").any())
        .with_columns(named_at=pl.when(is_user).then("named_at"), named_directly=is_user & pl.col("named_directly"))
        .sort("identifier")
    )


def _links(on_events: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    targets = subjects.select("event", target="identifier", target_kind="kind")
    weaker = on_events.join(targets, on="event").filter(pl.col("kind") != pl.col("target_kind"))
    says = {"token": pl.col("type") == LANDING, "linked_at": pl.col("occurred_at")}
    links = weaker.select("target", "target_kind", "trusted", "event", "source", weaker="identifier", **says)
    return _best(links, _LINK)


def _aliases(events: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """Aliases with their values; one whose previous value identifies nobody names its user id twice, and joins nothing."""
    alias = events.filter(pl.col("type") == "alias")
    found = alias.select("event", "source", "trusted", linked_at="occurred_at", machine=pl.col("machine_rule").is_not_null())
    for role in ("user", "previous"):
        sent = alias.select("event", raw=f"{role}_id")
        as_user = _normalised(sent, USER_ID, rules).rename({"value": role, "identifier": f"{role}_id"})
        as_device = _normalised(sent, ANONYMOUS_ID, rules).select("event", pl.col("identifier").alias(f"{role}_anonymous"))
        found = found.join(as_user, on="event", how="left").join(as_device, on="event", how="left")
    return found.filter(pl.col("user_id").is_not_null()).with_columns(
        pl.coalesce(f"previous{part}", f"user{part}") for part in ("", "_id", "_anonymous")
    )


def _best(evidence: pl.DataFrame, pair: list[str]) -> pl.DataFrame:
    return (
        evidence.sort("trusted", "linked_at", "event", descending=[True, False, False])
        .group_by(pair, maintain_order=True)
        .first()
        .sort(pair)
    )


def _as_text(value: str, _: IdentityRules) -> str:
    return unicodedata.normalize("NFC", value)


def _as_email(value: str, _: IdentityRules) -> str:
    return unicodedata.normalize("NFKC", value).strip().casefold()


def _as_phone(value: str, rules: IdentityRules) -> str | None:
    try:
        phone = phonenumbers.parse(value, rules.phone_region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164)


def _as_sent(value: str, _: IdentityRules) -> str:
    return value


_NORMALISERS: dict[str, Callable[[str, IdentityRules], str | None]] = {EMAIL: _as_email, PHONE: _as_phone, ANONYMOUS_ID: _as_sent}


def _one_character(bare: str) -> bool:
    return len(set(bare)) == 1 and len(bare) >= (8 if bare.isdigit() else 2)


@functools.cache
def _blocked_values() -> frozenset[str]:
    text = resources.files("app.domain.lists").joinpath("blocked_values.txt").read_text("utf-8")
    return frozenset(line.casefold() for line in text.splitlines() if line and not line.startswith("#"))
