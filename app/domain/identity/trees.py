"""Why an identifier belongs where it does: the evidence upwards from it, the piece that decides, and what the others lack."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.domain.identity.identifiers import USER_ID

CHOSEN, STRUCK, UNAPPLIED = "chosen", "struck_out", "alias_not_applied"
SAME, WEAKER, PUBLIC, LATER, GREATER = "same_target", "weaker_kind", "public", "later", "greater_value"
ROOT, BEST, FOLLOWED, GROUP = "root", "best_link", "followed", "alias_group"
TOKEN, ALIAS, EVENT = "token", "alias", "event"


class Member(NamedTuple):
    """An identifier: its parent, the weaker identifier that the parent was followed through, and the root of its customer.

    Times are in UTC.
    """

    id: int
    kind: str
    value: str
    parent: int | None
    via: int | None
    owner: int
    named_at: datetime | None

    @property
    def rule(self) -> str:
        """The rule by which it has its parent: its best link, the device that it follows, or its group of user ids; none at a root."""
        if self.via is not None:
            return FOLLOWED
        if self.parent is not None:
            return BEST
        return ROOT if self.owner == self.id else GROUP


class Said(NamedTuple):
    """A link from a weaker identifier to a stronger one, what makes it (EVENT, TOKEN or ALIAS), and the event that says so best.

    `applied` is false where an alias makes the link and is not applied. Times are in UTC.
    """

    weaker: int
    target: int
    target_kind: str
    target_value: str
    by: str
    trusted: bool
    linked_at: datetime
    message_id: str | None
    source: str
    applied: bool = True


class SaidAlias(NamedTuple):
    """An alias as it was written: its user ids, its values as anonymous ids, and the event that says so best.

    `direct` tells whether both user ids are named by events other than aliases, too. Times are in UTC.
    """

    user_id: int
    previous_id: int
    user_anonymous: int
    previous_anonymous: int
    user: str
    previous: str
    trusted: bool
    linked_at: datetime
    direct: bool
    message_id: str | None
    source: str

    @property
    def applied(self) -> bool:
        return self.trusted or not self.direct

    def links(self) -> Iterator[Said]:
        """The links that the alias makes: from its two values, as anonymous ids, to its user id."""
        for anonymous in {self.user_anonymous, self.previous_anonymous}:
            said = (self.trusted, self.linked_at, self.message_id, self.source, self.applied)
            yield Said(anonymous, self.user_id, USER_ID, self.user, ALIAS, *said)


class Weighed(NamedTuple):
    """A link with the verdict on it: CHOSEN, or why not."""

    said: Said
    verdict: str


def weighed(links: Sequence[Said], struck: Collection[tuple[int, int]], ranks: Mapping[str, int]) -> list[Weighed]:
    """The links upwards from one identifier, the best one first.

    Args:
        links: all of them, those that aliases make among them.
        struck: pairs struck out, by their numbers, the lesser first.
        ranks: each kind's rank, 0 for the strongest.
    """

    def strength(said: Said) -> tuple[int, bool, datetime, bytes, bool]:
        return ranks.get(said.target_kind, len(ranks)), not said.trusted, said.linked_at, said.target_value.encode(), said.by == TOKEN

    found: list[Weighed] = []
    best: Said | None = None
    for said in sorted(links, key=strength):
        barred = _barred(said, struck)
        if barred is None and best is None:
            best = said
        found.append(Weighed(said, barred or _compared(said, best)))
    return sorted(found, key=lambda one: one.verdict != CHOSEN)


def _barred(said: Said, struck: Collection[tuple[int, int]]) -> str | None:
    if (min(said.weaker, said.target), max(said.weaker, said.target)) in struck:
        return STRUCK
    return None if said.applied else UNAPPLIED


def _compared(said: Said, best: Said | None) -> str:
    """What a link lacks beside the best one."""
    if best is None or said is best:
        return CHOSEN
    if said.target == best.target:
        return SAME
    if said.target_kind != best.target_kind:
        return WEAKER
    if said.trusted != best.trusted:
        return PUBLIC
    return LATER if said.linked_at > best.linked_at else GREATER
