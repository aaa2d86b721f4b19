"""What links that an operator thinks of would merge, were they evidence. Nothing is written."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from app.domain.identity.identifiers import IdentityRules, number
from app.domain.identity.link_files import LinkedWords
from app.domain.identity.owners import Evidence, owners
from app.store import identity
from app.store.connect import Connection
from app.store.evidence import read_named

Word = tuple[str, str]


class Merging(NamedTuple):
    """What links would do: customers that would become one, identifiers that would move, and links that contradict others.

    `merges` are the roots (kind and value) of the customers that would become one, the one's that stays first; `moves` are identifiers
    with the root of the customer that they would leave, which goes on without them, and of the one that they would join. A contradiction
    is an identifier with the kind and the values that it would be linked to. `known` counts the identifiers that are known already.
    """

    merges: list[list[Word]]
    moves: list[tuple[Word, Word, Word]]
    contradictions: list[tuple[Word, str, list[str]]]
    known: int


async def suppose_linked(connection: Connection, thoughts: Sequence[LinkedWords], rules: IdentityRules) -> Merging:
    """What would become of everybody were these links evidence. The caller owns the transaction, which only reads."""
    words = {number(*word): word for thought in thoughts for word in (thought.weaker, thought.target)}
    asked = sorted({*words, *await identity.asked_for(connection, {*words}, rules.kinds)})
    evidence = await identity.evidence_for(connection, asked, rules.kinds)
    stored = dict((await identity.owners_of(connection, asked)).iter_rows())
    found = dict(owners(_with_thoughts(evidence, thoughts, words), rules).select("identifier", "owner").iter_rows())
    becoming = {customer: found.get(customer, customer) for customer in {*stored.values(), *found.values()}}
    moves = [(one, stored[one], found[one]) for one in stored if found[one] != becoming[stored[one]]]
    groups: dict[int, list[int]] = {}
    for customer in sorted({*stored.values()} & {*becoming}):
        groups.setdefault(becoming[customer], []).append(customer)
    merged = [[root, *(customer for customer in group if customer != root)] for root, group in sorted(groups.items()) if [root] != group]
    named = words | await _words(connection, {each for row in (*merged, *moves) for each in row} - words.keys())
    return Merging(
        merges=[[named[each] for each in group] for group in merged],
        moves=[(named[one], named[old], named[new]) for one, old, new in moves],
        contradictions=_contradicted(evidence, thoughts),
        known=len(stored.keys() & words),
    )


async def _words(connection: Connection, identifiers: set[int]) -> dict[int, Word]:
    return {one.id: (one.kind, one.value) for one in await read_named(connection, sorted(identifiers))}


def _with_thoughts(evidence: Evidence, thoughts: Sequence[LinkedWords], words: dict[int, Word]) -> Evidence:
    known = {*evidence.identifiers["identifier"]}
    new = [(identifier, *word, None) for identifier, word in words.items() if identifier not in known]
    links = [(number(*one.weaker), number(*one.target), one.target[0], False, one.trusted, one.at, one.target[1]) for one in thoughts]
    return evidence._replace(
        identifiers=pl.concat([evidence.identifiers, pl.DataFrame(new, identity.IDENTIFIERS, orient="row")]),
        links=pl.concat([evidence.links, pl.DataFrame(links, identity.LINKS, orient="row")]),
    )


def _contradicted(evidence: Evidence, thoughts: Sequence[LinkedWords]) -> list[tuple[Word, str, list[str]]]:
    """Identifiers that would be linked to several of one kind, by a thought at least."""
    targets: dict[tuple[int, str], set[str]] = {}
    for weaker, kind, value in evidence.links.select("weaker", "target_kind", "target_value").iter_rows():
        targets.setdefault((weaker, kind), set()).add(value)
    before = {key: {*values} for key, values in targets.items()}
    words: dict[tuple[int, str], Word] = {}
    for thought in thoughts:
        key = (number(*thought.weaker), thought.target[0])
        words[key] = thought.weaker
        targets.setdefault(key, set()).add(thought.target[1])
    return [(words[key], key[1], sorted(targets[key])) for key in words if len(targets[key]) > max(1, len(before.get(key, ())))]
