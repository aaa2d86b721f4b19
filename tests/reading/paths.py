"""Paths told customer by customer: which sequence each travelled, and who stood where at each step."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median
from typing import Any, NamedTuple

Visit = tuple[str | None, float]
"""A name and the second at which a customer stood there."""


class Asked(NamedTuple):
    """What is asked of sequences; `window` is half open, None is without a beginning."""

    window: tuple[float | None, float]
    depth: int = 5
    start: str | None = None
    end: str | None = None
    collapse: bool = False
    top: int = 50


def sequence(visits: Sequence[Visit], asked: Asked) -> list[Visit]:
    """The part of a customer's visits that is read, all of its steps, from the anchor on; empty for none."""
    since, until = asked.window
    inside = [visit for visit in visits if (since is None or visit[1] >= since) and visit[1] < until]
    if asked.collapse:
        inside = [next(run) for _, run in groupby(inside, key=lambda visit: visit[0])]
    names = [name for name, _ in inside]
    if not {asked.start, asked.end} - {None} <= {*names}:
        return []
    begin = 0 if asked.start is None else names.index(asked.start)
    until_last = len(names) if asked.end is None else len(names) - names[::-1].index(asked.end)
    read = inside[begin:until_last]
    return read[::-1] if backwards(asked) else read


def backwards(asked: Asked) -> bool:
    return asked.end is not None and asked.start is None


def in_bytes(names: Sequence[str | None]) -> list[bytes]:
    """How names compare: none before all."""
    return [b"" if name is None else name.encode() for name in names]


def path(read: Sequence[Visit], asked: Asked) -> tuple[str | None, ...]:
    cut = [name for name, _ in read[: asked.depth]]
    return tuple(cut[::-1] if backwards(asked) else cut)


def middle(seconds: list[float]) -> float | None:
    return median(seconds) if seconds else None


def paths(customers: Sequence[Sequence[Visit]], asked: Asked) -> dict[str, Any]:
    """Paths by customers, then bytes; those beyond the top together."""
    every = [read for visits in customers if (read := sequence(visits, asked))]
    travelled: dict[tuple[str | None, ...], list[list[Visit]]] = {}
    for read in every:
        travelled.setdefault(path(read, asked), []).append(read)
    ranked = sorted(travelled.items(), key=lambda item: (-len(item[1]), in_bytes(item[0])))
    rest = [read for _, reads in ranked[asked.top :] for read in reads]
    return {
        "customers": len(every),
        "paths": [
            {
                "path": [*names],
                **counts(reads, asked.depth),
                "share": len(reads) / len(every),
                "median": middle([abs(read[len(names) - 1][1] - read[0][1]) for read in reads if len(names) > 1]),
            }
            for names, reads in ranked[: asked.top]
        ],
        "other": {
            "paths": len(ranked[asked.top :]),
            **counts(rest, asked.depth),
            "share": len(rest) / len(every) if every else None,
        },
    }


def counts(reads: Sequence[Sequence[Visit]], depth: int) -> dict[str, int]:
    more = sum(len(read) > depth for read in reads)
    return {"customers": len(reads), "exits": len(reads) - more, "more": more}


def steps(customers: Sequence[Sequence[Visit]], asked: Asked) -> list[dict[str, Any]]:
    """Who stands where at each step and goes on where; names beyond the top, and one called other, are `other`."""
    every = [read for visits in customers if (read := sequence(visits, asked))]
    told = []
    for number in range(1, asked.depth + 1):
        here, there = folds(every, number, asked.top), folds(every, number + 1, asked.top)
        reads = [read for read in every if len(read) >= number]
        names = {here[read[number - 1][0]] for read in reads}
        at = {name: [read for read in reads if here[read[number - 1][0]] == name] for name in names}
        onward: dict[tuple[str | None, str | None], list[float]] = {}
        for read in reads:
            if number < min(len(read), asked.depth):
                pair = (here[read[number - 1][0]], there[read[number][0]])
                onward.setdefault(pair, []).append(abs(read[number][1] - read[number - 1][1]))
        told.append(
            {
                "step": number,
                **stood(reads, number, asked.depth),
                "nodes": {name: stood(standing, number, asked.depth) for name, standing in at.items()},
                "edges": {pair: (len(times), middle(times)) for pair, times in onward.items()},
            }
        )
    return told


def stood(reads: Sequence[Sequence[Visit]], number: int, depth: int) -> dict[str, int]:
    return {
        "customers": len(reads),
        "exits": sum(len(read) == number for read in reads),
        "more": sum(len(read) > number == depth for read in reads),
    }


def folds(every: Sequence[Sequence[Visit]], number: int, top: int) -> dict[str | None, str | None]:
    """Each name at a step by the name that counts for it."""
    names = [read[number - 1][0] for read in every if len(read) >= number]
    ranked = sorted({*names} - {"other"}, key=lambda name: (-names.count(name), in_bytes([name])))
    return {name: name if name in ranked[:top] else "other" for name in names}
