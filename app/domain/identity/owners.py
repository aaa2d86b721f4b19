"""Who owns an identifier: a forest in which every step leads to a strictly stronger kind.

1. The parent of x is the target of x's best single evidence upwards: strongest kind, then trusted before public, then earliest,
   then smallest value.
2. An x without a link upwards follows a weaker identifier: among the weaker identifiers whose best link to x's kind is x and whose
   best link of all leads to a kind stronger than x's, the best such target is x's parent. Links that a link's token says do not
   count here: who forwards a mail does not become its recipient.
3. The owner of x is found by following parents until there is none.
4. User ids joined by aliases form a group; its root is the member named earliest, then the smallest value. An alias also links both
   of its values, as anonymous ids, to its user id. A public alias of two user ids that are both named by an event other than an
   alias is listed, not applied.
5. A pair that is struck out is neither linked nor joined, whatever says so.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import polars as pl

from app.domain.identity.identifiers import USER_ID, IdentityRules, Named

_ALIASED = ("user_id", "previous_id", "user_anonymous", "previous_anonymous")


class Evidence(NamedTuple):
    """What the owners of some identifiers follow from.

    Frames: identifiers (identifier, kind, value, named_at) whose owners are asked for; users (identifier, value, named_at,
    named_directly) named by the aliases; links (weaker, target, target_kind, token, trusted, linked_at, target_value) and aliases
    (user_id, previous_id, user_anonymous, previous_anonymous, trusted, linked_at), complete for the identifiers asked for
    and for the weaker ones linked to them; settled (identifier, owner): what is known and cannot change; struck (lesser, greater):
    pairs struck out, by their numbers.
    """

    identifiers: pl.DataFrame
    users: pl.DataFrame
    links: pl.DataFrame
    aliases: pl.DataFrame
    settled: pl.DataFrame
    struck: pl.DataFrame


def owners(evidence: Evidence, rules: IdentityRules) -> pl.DataFrame:
    """Owner of every identifier asked for: a frame (identifier, parent, via, owner).

    `parent` is null for a root and for a user id; `via` is the weaker identifier that a parent by rule 2 was followed through.
    """
    applied = _applied(evidence.aliases, evidence.users)
    links = unstruck(_with_alias_links(evidence.links, applied, evidence.users), evidence.struck, ("weaker", "target"))
    _, best = _best_links(links, rules)
    asked = evidence.identifiers.with_columns(rank=rules.rank("kind"))
    direct = asked.join(best, left_on="identifier", right_on="weaker").select("identifier", parent="target", via=pl.lit(None, pl.Int64))
    parents = direct
    if rules.following:
        leading = _best_links(links.filter(~pl.col("token")), rules)
        parents = pl.concat([direct, _followed(asked.join(direct, on="identifier", how="anti"), *leading)])
    joined = unstruck(applied, evidence.struck, ("user_id", "previous_id"))
    roots = _group_roots(asked.filter(pl.col("kind") == USER_ID), joined)
    return _resolved(asked.select("identifier"), parents, roots, evidence.settled, len(rules.kinds))


def newcomers_of(named: Named, new: Collection[int]) -> tuple[set[int], Evidence]:
    """The newcomers among the identifiers that events name, and the evidence of those that something is joined to.

    A newcomer is one of `new`, of which nothing was known before, as is all that it is joined to; an alias makes nobody one.
    A newcomer that nothing is joined to owns itself.
    """
    aliased = {member for row in named.aliases.select(_ALIASED).iter_rows() for member in row}
    groups = _groups(named.links.select("weaker", "target").iter_rows())
    known = {groups.get(member, member) for member in (*groups, *aliased) if member in aliased or member not in new}
    newcomers = {member for member in new if groups.get(member, member) not in known}
    joined = pl.Series([member for member in groups if member in newcomers], dtype=pl.Int64).implode()
    identifiers = named.identifiers.filter(pl.col("identifier").is_in(joined))
    links = named.links.drop("event", "source").join(identifiers.select(target="identifier", target_value="value"), on="target")
    nobody = named.identifiers.clear()
    settled, struck = nobody.select("identifier", owner="identifier"), nobody.select(lesser="identifier", greater="identifier")
    return newcomers, Evidence(identifiers, nobody, links, named.aliases.clear(), settled, struck)


def unstruck(pairs: pl.DataFrame, struck: pl.DataFrame, columns: tuple[str, str]) -> pl.DataFrame:
    """The rows whose two identifiers, in these columns, are no struck pair."""
    if struck.is_empty():
        return pairs
    ends = [pl.min_horizontal(columns), pl.max_horizontal(columns)]
    return pairs.join(struck, left_on=ends, right_on=["lesser", "greater"], how="anti", maintain_order="left")


def _applied(aliases: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    direct = users.filter("named_directly")["identifier"].implode()
    both = pl.col("user_id").is_in(direct) & pl.col("previous_id").is_in(direct)
    two = pl.col("user_id") != pl.col("previous_id")
    return aliases.filter(pl.col("trusted") | ~(two & both))


def _with_alias_links(links: pl.DataFrame, applied: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    valued = applied.join(users.select(user_id="identifier", target_value="value"), on="user_id")
    alias_links = [
        valued.select(
            "trusted",
            "linked_at",
            "target_value",
            weaker=pl.col(anonymous),
            target="user_id",
            target_kind=pl.lit(USER_ID),
            token=pl.lit(value=False),
        ).select(links.columns)
        for anonymous in ("user_anonymous", "previous_anonymous")
    ]
    return pl.concat([links, *alias_links])


def _best_links(links: pl.DataFrame, rules: IdentityRules) -> tuple[pl.DataFrame, pl.DataFrame]:
    ordered = links.with_columns(target_rank=rules.rank("target_kind")).sort(
        "target_rank", "trusted", "linked_at", "target_value", descending=[False, True, False, False]
    )
    by_kind = ordered.group_by("weaker", "target_kind", maintain_order=True).first()
    return by_kind, ordered.group_by("weaker", maintain_order=True).first()


def _followed(unlinked: pl.DataFrame, best_by_kind: pl.DataFrame, best: pl.DataFrame) -> pl.DataFrame:
    devices = unlinked.join(best_by_kind.select("weaker", identifier="target"), on="identifier")
    return (
        devices.join(best, on="weaker")
        .filter(pl.col("target_rank") < pl.col("rank"))
        .sort("target_rank", "trusted", "linked_at", "target_value", "weaker", descending=[False, True, False, False, False])
        .group_by("identifier", maintain_order=True)
        .first()
        .select("identifier", parent="target", via="weaker")
    )


def _group_roots(users: pl.DataFrame, applied: pl.DataFrame) -> pl.DataFrame:
    known = users["identifier"].implode()
    edges = applied.filter(pl.col("user_id").is_in(known) & pl.col("previous_id").is_in(known)).select("user_id", "previous_id")
    groups = _groups(edges.iter_rows())
    members = pl.DataFrame({"identifier": list(groups), "group": list(groups.values())}, {"identifier": pl.Int64, "group": pl.Int64})
    roots = members.join(users, on="identifier").sort("named_at", "value").group_by("group", maintain_order=True).first()
    return members.join(roots.select("group", root="identifier"), on="group").select("identifier", "root")


def _groups(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Connected members, each with one member that stands for its group (union-find, paths halved)."""
    leader: dict[int, int] = {}

    def find(member: int) -> int:
        leader.setdefault(member, member)
        while leader[member] != member:
            leader[member] = member = leader[leader[member]]
        return member

    for left, right in edges:
        leader[find(left)] = find(right)
    return {member: find(member) for member in leader}


def _resolved(asked: pl.DataFrame, parents: pl.DataFrame, roots: pl.DataFrame, settled: pl.DataFrame, kinds: int) -> pl.DataFrame:
    forest = asked.join(parents, on="identifier", how="left").join(roots, on="identifier", how="left")
    steps = pl.concat(
        [
            forest.select("identifier", up=pl.coalesce("parent", "root", "identifier")),
            settled.join(asked, on="identifier", how="anti").select("identifier", up="owner"),
        ]
    )
    owner = pl.col("owner")
    climbed = steps.rename({"up": "owner"})
    for _ in range(kinds):
        climbed = climbed.join(steps, left_on="owner", right_on="identifier", how="left").select(
            "identifier", owner=pl.coalesce("up", owner)
        )
    return forest.select("identifier", "parent", "via").join(climbed, on="identifier").select("identifier", "parent", "via", "owner")
