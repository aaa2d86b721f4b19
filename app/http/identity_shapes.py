"""How identity looks in answers: trees of evidence, what a correction would change, and contradictions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain.identity.identifiers import IdentityRules
from app.domain.identity.trees import Member, Said, SaidAlias, Weighed, weighed
from app.flow.merging import Merging
from app.flow.striking import Parting
from app.http import shapes
from app.store.evidence import Contradiction
from app.store.struck import StruckPair

ENTRIES_MAX = 100
CUSTOMERS_MAX = 100
LISTED_MAX = 1_000

Words = tuple[str, str]


def tree(
    members: Sequence[Member], links: Iterable[Said], aliases: Sequence[SaidAlias], pairs: Sequence[StruckPair], rules: IdentityRules
) -> dict[str, Any]:
    """A customer's identifiers with all evidence upwards; the root first."""
    names = {member.id: f"{member.kind}:{member.value}" for member in members}
    upwards: dict[int, list[Said]] = defaultdict(list)
    for said in (*links, *(link for alias in aliases for link in alias.links())):
        upwards[said.weaker].append(said)
    ranks = {kind: rank for rank, kind in enumerate(rules.kinds)}
    struck = {pair.pair for pair in pairs if pair.state != "striking"}
    return {
        "id": names[members[0].owner],
        "identifiers": [_member(member, names, weighed(upwards[member.id], struck, ranks)) for member in members],
        "aliases": [_alias(alias, struck) for alias in aliases],
        "struck": [struck_pair(pair) for pair in pairs],
    }


def parting(found: Parting) -> dict[str, Any]:
    """What striking out or restoring would change; of entries and customers the first 100."""
    shown = {"customers_before": len(found.before), "customers_after": len(found.after)}
    lists = {
        "before": [_customer(one) for one in found.before[:CUSTOMERS_MAX]],
        "after": [_customer(one) for one in found.after[:CUSTOMERS_MAX]],
    }
    if found.entries is None or found.counts is None:
        return {**shown, **lists, "stages": [], "entries": [], "complete": False}
    changes = found.entries.group_by("stage_model", "stage", "appears").len().rows()
    counted = {(model, stage, appears): count for model, stage, appears, count in changes}
    stages = [
        {
            "model": found.models[model],
            "stage": stage,
            "before": before,
            "after": after,
            "appear": counted.get((model, stage, True), 0),
            "disappear": counted.get((model, stage, False), 0),
        }
        for model, stage, before, after in found.counts.rows()
    ]
    entries = [_entry(row, found.models) for row in found.entries.head(ENTRIES_MAX).iter_rows(named=True)]
    return {**shown, **lists, "stages": stages, "entries": entries, "complete": found.entries.height <= ENTRIES_MAX}


def merging(found: Merging, links: int) -> dict[str, Any]:
    """What links would do; of each list the first 1,000."""
    merges = [{"into": ":".join(group[0]), "customers": [":".join(each) for each in group]} for group in sorted(found.merges)]
    moves = [dict(zip(("identifier", "from", "to"), map(":".join, move), strict=True)) for move in sorted(found.moves)]
    contradictions = [
        {"identifier": ":".join(word), "of_kind": kind, "values": values} for word, kind, values in sorted(found.contradictions)
    ]
    counts = {"links": links, "known_identifiers": found.known, "merged_customers": sum(map(len, found.merges)), "moved": len(moves)}
    return {
        **counts,
        "merges": merges[:LISTED_MAX],
        "moves": moves[:LISTED_MAX],
        "contradictions": contradictions[:LISTED_MAX],
    }


def struck_pair(pair: StruckPair) -> dict[str, Any]:
    return {
        "weaker": f"{pair.weaker_kind}:{pair.weaker_value}",
        "target": f"{pair.target_kind}:{pair.target_value}",
        "state": pair.state,
        "struck_at": shapes.instant(pair.struck_at),
        "struck_by": pair.struck_by,
    }


def contradiction(one: Contradiction) -> dict[str, Any]:
    return {
        "contradiction": one.what,
        "identifier": f"{one.kind}:{one.value}",
        "of_kind": one.of_kind,
        "count": one.found,
        "values": one.values,
    }


def _customer(identifiers: Sequence[Words]) -> dict[str, Any]:
    return {"id": shapes.customer_id(identifiers), "identifiers": shapes.identifiers(identifiers[:ENTRIES_MAX])}


def _member(member: Member, names: Mapping[int, str], links: Sequence[Weighed]) -> dict[str, Any]:
    return {
        "kind": member.kind,
        "value": member.value,
        "rule": member.rule,
        "parent": None if member.parent is None else names.get(member.parent),
        "via": None if member.via is None else names.get(member.via),
        "named_at": shapes.instant(member.named_at),
        "links": [_link(one) for one in links],
    }


def _link(one: Weighed) -> dict[str, Any]:
    said = one.said
    return {"target": f"{said.target_kind}:{said.target_value}", "by": said.by, "verdict": one.verdict, **_evidence(said)}


def _evidence(said: Said | SaidAlias) -> dict[str, Any]:
    return {
        "trusted": said.trusted,
        "linked_at": shapes.instant(said.linked_at),
        "message_id": said.message_id,
        "source": said.source,
    }


def _alias(alias: SaidAlias, struck: set[Any]) -> dict[str, Any]:
    """An alias, and why it joins nobody where it does not."""
    pair = (min(alias.user_id, alias.previous_id), max(alias.user_id, alias.previous_id))
    why = None
    if not alias.applied:
        why = "it is public, and both user ids are named by other events"
    elif pair in struck:
        why = "the pair is struck out"
    return {"user_id": alias.user, "previous_id": alias.previous, "applied": why is None, "why": why, **_evidence(alias)}


def _entry(row: Mapping[str, Any], models: Mapping[int, str]) -> dict[str, Any]:
    return {
        "model": models[row["stage_model"]],
        "stage": row["stage"],
        "entered_at": shapes.instant(row["entered_at"]),
        "event": row["event"],
        "change": "appears" if row["appears"] else "disappears",
    }
