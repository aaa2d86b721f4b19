"""Who is who: which identifiers an event carries, which of them belong together, and whose event it is."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from unicodedata import category, normalize

import phonenumbers

from . import Identifier, Sent

KINDS = ("user_id", "email", "phone", "anonymous_id")
"""The kinds of identifier, strongest first."""

QUOTES = "'\"`"

BLOCKED = frozenset((
    "-1", "0", "00000000-0000-0000-0000-000000000000", "<nil>", "[]", "{}", "[object object]", "anon", "anonymous", "anonymous-user",
    "backend", "distinct_id", "distinctid", "email", "false", "guest", "id", "lmy47d", "n/a", "na", "nan", "nil", "none",
    "not_authenticated", "null", "pending", "system", "temp", "test", "true", "unassigned", "undefined", "unknown", "user", "void",
))  # fmt: skip
"""The union of the values that analytics products refuse as identifiers."""

Struck = Collection[frozenset[Identifier]]


class Link(NamedTuple):
    """One piece of evidence that a weaker identifier belongs to a stronger one."""

    weaker: Identifier
    stronger: Identifier
    trusted: bool
    at: datetime
    token: bool = False


def identifiers(event: Sent) -> list[Identifier]:
    """The event's identifiers, normalised, strongest kind first; the first is its subject. Blocked values are left out."""
    texts = [event.user_id, event.email, event.phone, event.anonymous_id]
    found = [identifier(kind, text) for kind, text in zip(KINDS, texts, strict=True)]
    return [each for each in found if each is not None]


def named(event: Sent) -> list[Identifier]:
    """The identifiers that an event makes known; a machine's makes known its subject only."""
    return identifiers(event)[: 1 if event.machine else None]


def identifier(kind: str, text: str | None) -> Identifier | None:
    value = None if text is None else normalised(kind, text)
    return None if value is None or blocked(value) else (kind, value)


def normalised(kind: str, text: str) -> str | None:
    """Trimmed; a user_id also NFC, an email NFKC and case folded, a phone E.164 (None where it does not parse)."""
    trimmed = text.strip()
    if kind == "user_id":
        return normalize("NFC", trimmed)
    if kind == "email":
        return normalize("NFKC", trimmed).casefold()
    return e164(trimmed) if kind == "phone" else trimmed


def e164(text: str) -> str | None:
    try:
        return phonenumbers.format_number(phonenumbers.parse(text), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return None


def blocked(value: str) -> bool:
    """Whether the value identifies nobody: compared after NFKC, trim, strip of surrounding quotes and case folding."""
    bare = seen(value)
    if bare in BLOCKED or set(bare) <= set("0-"):
        return True
    if len(set(bare)) == 1 and len(bare) >= (8 if bare.isdigit() else 2):
        return True
    return len(value) > 200 or any(category(character) == "Cc" for character in value)


def seen(value: str) -> str:
    return normalize("NFKC", value).strip().strip(QUOTES).strip().casefold()


def owners(events: Sequence[Sent], struck: Struck = (), *, follow: bool = True) -> dict[Identifier, Identifier]:
    """For every identifier on the events, and every one that an applied alias speaks of, the root of its customer.

    `struck` are pairs that must not be linked or joined whatever the events say; `follow` switches on that an identifier
    without a link upwards follows a weaker one.
    """
    evidence = [link for link in links(events) if {link.weaker, link.stronger} not in struck]
    joined = [pair for pair in joins(events) if pair not in struck]
    borne = {each for event in events for each in named(event)}
    borne.update(each for link in links(events) for each in (link.weaker, link.stronger))
    borne.update(each for pair in joins(events) for each in pair)
    return {each: root(top(each, evidence, follow=follow), joined, events) for each in borne}


def refusing(events: Sequence[Sent], values: Collection[str]) -> list[Sent]:
    """The events as if nobody had sent these values, however they are spelled."""
    kinds = {"user_id": "user_id", "previous_id": "user_id", "email": "email", "phone": "phone", "anonymous_id": "anonymous_id"}

    def refused(event: Sent, field: str) -> bool:
        found = identifier(kinds[field], getattr(event, field))
        return found is not None and seen(found[1]) in values

    return [replace(event, **dict[str, Any]({field: None for field in kinds if refused(event, field)})) for event in events]


def customer_of(event: Sent, owned: dict[Identifier, Identifier]) -> Identifier | None:
    """The root of the customer whose event it is: the owner of its subject. None where every identifier is blocked."""
    found = identifiers(event)
    return owned[found[0]] if found else None


def customers(events: Sequence[Sent], struck: Struck = ()) -> dict[Identifier, list[Sent]]:
    """The events of each customer, in the order given."""
    owned = owners(events, struck)
    found: dict[Identifier, list[Sent]] = {}
    for event in events:
        customer = customer_of(event, owned)
        if customer is not None:
            found.setdefault(customer, []).append(event)
    return found


def links(events: Sequence[Sent]) -> list[Link]:
    """An event links each weaker identifier on it to its subject, an alias also the anonymous_ids of its two values; no machine does.

    A landing says what the token of a link says.
    """
    found = []
    for event in events:
        if event.machine:
            continue
        carried = identifiers(event)
        token = event.type == "landing"
        found += [Link(weaker, carried[0], event.trusted, event.occurred_at, token) for weaker in carried[1:]]
        user = identifier("user_id", event.user_id)
        for text in (event.previous_id, event.user_id):
            anonymous = identifier("anonymous_id", text)
            if applied(event, events) and user is not None and anonymous is not None:
                found.append(Link(anonymous, user, event.trusted, event.occurred_at))
    return found


def joins(events: Sequence[Sent]) -> list[set[Identifier]]:
    """The pairs of user_ids that aliases make one."""
    pairs = [users_named(event) for event in events if applied(event, events)]
    return [pair for pair in pairs if len(pair) == 2]


def applied(event: Sent, events: Sequence[Sent]) -> bool:
    """A machine's alias is not, nor a public one of two user_ids that are both named by an event other than an alias, at any time."""
    if event.type != "alias" or event.machine:
        return False
    pair = users_named(event)
    elsewhere = {user for other in events if other.type != "alias" for user in users_named(other)}
    return event.trusted or len(pair) < 2 or not pair <= elsewhere


def users_named(event: Sent) -> set[Identifier]:
    """The user_ids that an event names: its own, and an alias's previous one, unless a machine sent it."""
    previous = event.previous_id if event.type == "alias" and not event.machine else None
    found = [identifier("user_id", event.user_id), identifier("user_id", previous)]
    return {user for user in found if user is not None}


def top(start: Identifier, evidence: list[Link], *, follow: bool) -> Identifier:
    """Follow parents until there is none. Each step goes to a strictly stronger kind, so it ends."""
    above = parent(start, evidence, follow=follow)
    return start if above is None else top(above, evidence, follow=follow)


def parent(child: Identifier, evidence: list[Link], *, follow: bool) -> Identifier | None:
    """The target of the best single evidence upwards; without any, where the child's weaker identifiers lead."""
    upwards = [link for link in evidence if link.weaker == child]
    if not upwards and follow:
        upwards = leads(child, evidence)
    return min(upwards, key=strength).stronger if upwards else None


def leads(child: Identifier, evidence: list[Link]) -> list[Link]:
    """The best links of those weaker identifiers whose best link to the child's kind is the child, where they lead above it.

    What a token says does not count.
    """
    found = []
    for weaker in {link.weaker for link in evidence if link.stronger == child and not link.token}:
        upwards = [link for link in evidence if link.weaker == weaker and not link.token]
        best_of_kind = min((link for link in upwards if link.stronger[0] == child[0]), key=strength)
        best = min(upwards, key=strength)
        if best_of_kind.stronger == child and KINDS.index(best.stronger[0]) < KINDS.index(child[0]):
            found.append(best)
    return found


def strength(link: Link) -> tuple[int, bool, datetime, bytes]:
    """The least is the best: strongest kind, then trusted before public, then earliest, then smallest value by UTF-8 bytes."""
    kind, value = link.stronger
    return KINDS.index(kind), not link.trusted, link.at, value.encode()


def root(member: Identifier, joined: list[set[Identifier]], events: Sequence[Sent]) -> Identifier:
    """Of all user_ids joined with this one, the one that an event named first; of those, the smallest by UTF-8 bytes."""
    group = {member}
    for _ in joined:
        group.update(*(pair for pair in joined if pair & group))
    return member if group == {member} else min(group, key=lambda user: (first_named(user, events), user[1].encode()))


def first_named(user: Identifier, events: Sequence[Sent]) -> datetime:
    return min(event.occurred_at for event in events if user in users_named(event))
