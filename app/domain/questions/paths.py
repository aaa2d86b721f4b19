"""Paths: which sequences customers travel most, and where they go on from each step."""

import re
from typing import Any, TypedDict, cast

import numpy as np
import polars as pl

from app.domain.questions.sequences import NAMELESS, Sequences
from app.domain.windows import Malformed

OTHER = "other"
"""The name that takes the steps with names beyond the most frequent; a name `other` of its own is part of it."""

_WORD_BITS = 62
_PARTS = re.compile(r"\\[\\>]|[^\\]")
_COUNTS = ("customers", "exits", "more")


class Path(TypedDict):
    """What is read of a sequence, in the order of time: `customers` = `exits` + `more`, `share` is of all that have a sequence.

    The sequences of `exits` end with it (read backwards: begin with it), those of `more` go on beyond the depth. `median` is the time from
    its first step to its last in seconds, null for a path of one step.
    """

    path: list[str | None]
    customers: int
    share: float
    exits: int
    more: int
    median: float | None


class Rest(TypedDict):
    """The paths that are not listed, together."""

    paths: int
    customers: int
    share: float | None
    exits: int
    more: int


class Paths(TypedDict):
    """`customers` are those of the paths listed and of the rest."""

    customers: int
    paths: list[Path]
    other: Rest


class Node(TypedDict):
    """A name at a step: `customers` = `exits` + `more` + those of the edges from it."""

    name: str | None
    customers: int
    exits: int
    more: int


Edge = TypedDict("Edge", {"from": str | None, "to": str | None, "customers": int, "median": float | None})
"""Customers that go on from a name at a step to a name at the next, and the median of the time between in seconds."""


class Step(TypedDict):
    """A step, from 1: `customers` = `exits` + `more` + those of the next step; `edges` lead to it."""

    step: int
    customers: int
    exits: int
    more: int
    nodes: list[Node]
    edges: list[Edge]


def paths(travelled: Sequences, top: int) -> Paths:
    """The paths travelled by most customers, at most `top`: among equals by the bytes of their names, step by step in the order of time."""
    ranked, everybody = _ranked(travelled), travelled.runs.height
    listed, rest = ranked.head(top), ranked.slice(top).select(pl.len().alias("paths"), pl.col(*_COUNTS).sum())
    return {
        "customers": everybody,
        "paths": [_path(travelled, row, everybody) for row in listed.iter_rows(named=True)],
        "other": _rest(rest.row(0, named=True), everybody),
    }


def steps(travelled: Sequences, top: int) -> list[Step]:
    """Where customers are at each step and where they go on to: at most `top` names a step, by customers then bytes, and `other`."""
    at = [_folded(travelled, number, top) for number in range(1, travelled.reading.depth + 1)]
    return [_step(travelled, number, here, after) for number, (here, after) in enumerate(zip(at, [*at[1:], None], strict=True), 1)]


def on_path(travelled: Sequences, path: list[str | None]) -> pl.DataFrame:
    """The runs (see Sequences) that read as this path and no longer one."""
    depth = travelled.reading.depth
    codes = [travelled.code_of(name) for name in path]
    if len(path) > depth or 0 in codes:
        return travelled.runs.clear()
    wanted = [*codes, *[0] * (depth - len(codes))]
    return travelled.runs.filter(*(found == code for found, code in zip(travelled.codes(), wanted, strict=True)))


def on_other_paths(travelled: Sequences, top: int) -> pl.DataFrame:
    """The runs whose path is beyond the `top` that are listed."""
    words = _words(travelled)
    listed = _ranked(travelled).head(top)
    return travelled.runs.hstack(words).join(listed, on=words.columns, how="anti", maintain_order="left")


def at_step(travelled: Sequences, number: int, name: str | None, then: str | None, top: int) -> pl.DataFrame:
    """The runs that have a name at a step, from 1, and another at the next.

    None asks for nothing, "" is no name, and `other` is what `steps` counts as such with the same `top`.
    """
    here = _called(travelled, number, name, top)
    if then is None:
        return here
    return here.join(_called(travelled, number + 1, then, top), on="customer", how="semi", maintain_order="left")


def parse_path(field: str, text: str) -> list[str | None]:
    r"""The names of a path such as `a>b`; `\>` is a `>` in a name, `\\` a backslash, nothing is no name; raises Malformed for `field`."""
    parts = _PARTS.findall(text)
    if "".join(parts) != text:
        raise Malformed(field, "has a backslash before something other than > and a backslash")
    names: list[str] = [""]
    for part in parts:
        names = [*names, ""] if part == ">" else [*names[:-1], names[-1] + part.removeprefix("\\")]
    return [name or None for name in names]


def _words(travelled: Sequences) -> pl.DataFrame:
    """What is read of each run as whole numbers, few enough bits each: they compare as the bytes of its names do, step by step."""
    bits = _beyond(travelled).bit_length()
    each = _WORD_BITS // bits
    words: list[pl.Series] = []
    for number, code in enumerate(travelled.codes()):
        placed = code.cast(pl.Int64) * 2 ** (bits * (each - 1 - number % each))
        words = [*words[:-1], words[-1] + placed] if number % each else [*words, placed]
    return pl.DataFrame([word.alias(f"word {number}") for number, word in enumerate(words)])


def _ranked(travelled: Sequences) -> pl.DataFrame:
    """Every path, most travelled first, with a run that travelled it."""
    runs, at = travelled.runs, travelled.steps["at"].cast(pl.Int64)
    begun, done = at.gather(runs["begin"]), at.gather(runs["begin"] + runs["kept"] - 1)
    words = _words(travelled)
    lasted = words.with_columns(runs["length", "kept"], run=pl.int_range(pl.len()), took=done - begun)
    counted = (
        lasted.lazy()
        .group_by(words.columns)
        .agg(
            pl.len().alias("customers"),
            (pl.col("length") > pl.col("kept")).sum().alias("more"),
            (pl.col("took").median() / 1e6).alias("median"),
            pl.col("run", "kept").first(),
        )
    )
    counted = counted.with_columns(exits=pl.col("customers") - pl.col("more"), median=pl.when(pl.col("kept") > 1).then("median"))
    return counted.sort("customers", *words.columns, descending=[True, *[False] * words.width]).collect()


def _path(travelled: Sequences, row: dict[str, Any], everybody: int) -> Path:
    counted = {name: row[name] for name in (*_COUNTS, "median")}
    return cast("Path", {"path": travelled.path(row["run"]), **counted, "share": row["customers"] / everybody})


def _rest(row: dict[str, Any], everybody: int) -> Rest:
    return cast("Rest", {**row, "share": row["customers"] / everybody if everybody else None})


def _beyond(travelled: Sequences) -> int:
    """The code of `other`."""
    return len(travelled.names) + NAMELESS


def _folded(travelled: Sequences, number: int, top: int) -> pl.DataFrame:
    """The runs that have a step, with its `code`, `at`, and the code `folded` to the most frequent."""
    here = travelled.at_step(number)
    names = here["code"].value_counts(name="customers").filter(pl.col("code") != travelled.code_of(OTHER))
    kept = names.sort("customers", "code", descending=[True, False])["code"].head(top)
    beyond = pl.Series([_beyond(travelled)], dtype=pl.UInt32).new_from_index(0, _beyond(travelled))
    return here.with_columns(beyond.scatter(kept, kept).gather(here["code"]).alias("folded"))


def _called(travelled: Sequences, number: int, name: str | None, top: int) -> pl.DataFrame:
    here = _folded(travelled, number, top)
    if name is None:
        return here
    code = pl.col("code") == travelled.code_of(name or None)
    return here.filter(pl.col("folded") == _beyond(travelled) if name == OTHER else code)


def _step(travelled: Sequences, number: int, here: pl.DataFrame, after: pl.DataFrame | None) -> Step:
    names = [*travelled.names, OTHER]
    ended = here.select(pl.col("folded").cast(pl.Int64) * 2 + (pl.col("length") == number)).to_series().to_numpy()
    goes, ends = np.bincount(ended, minlength=2 * (len(names) + NAMELESS)).reshape(-1, 2).T
    more = goes if number == travelled.reading.depth else np.zeros_like(goes)
    at = np.flatnonzero(goes + ends)
    ranked = at[np.argsort(-(goes + ends)[at], kind="stable")]
    nodes = [{"name": names[code - NAMELESS], **_counted(ends[code], goes[code], more[code])} for code in ranked.tolist()]
    whole = _counted(ends.sum(), goes.sum(), more.sum())
    return cast("Step", {"step": number, **whole, "nodes": nodes, "edges": _edges(names, number, here, after)})


def _counted(ends: np.int64, goes: np.int64, more: np.int64) -> dict[str, int]:
    return {"customers": int(ends + goes), "exits": int(ends), "more": int(more)}


def _edges(names: list[str | None], number: int, here: pl.DataFrame, after: pl.DataFrame | None) -> list[Edge]:
    if after is None:
        return []
    left = here.lazy().filter(pl.col("length") > number).select("folded", "at").collect()
    took = (after["at"].cast(pl.Int64) - left["at"].cast(pl.Int64)).abs()
    size = len(names) + NAMELESS
    gone = pl.DataFrame({"pair": left["folded"].cast(pl.UInt64) * size + after["folded"], "took": took})
    counted = gone.group_by("pair").agg(pl.len().alias("customers"), (pl.col("took").median() / 1e6).alias("median"))
    listed = counted.sort("customers", "pair", descending=[True, False]).rows()
    called = [(names[pair // size - NAMELESS], names[pair % size - NAMELESS]) for pair, _, _ in listed]
    return [
        {"from": name, "to": then, "customers": customers, "median": median}
        for (name, then), (_, customers, median) in zip(called, listed, strict=True)
    ]
