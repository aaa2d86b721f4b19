"""What a correction of identity would change: customers by their identifiers, and entries into stages."""

from collections.abc import Mapping

import polars as pl

_ENTRY = ["stage_model", "stage", "event"]
_STAGE = ["stage_model", "stage"]


def regrouped(members: pl.DataFrame, owners: Mapping[int, int]) -> pl.DataFrame:
    """Identifiers (identifier, kind, value, customer) with the owners that some of them get instead."""
    owner = pl.col("identifier").replace_strict(list(owners), list(owners.values()), default=pl.col("customer"), return_dtype=pl.Int64)
    return members.with_columns(customer=owner) if owners else members


def customers(members: pl.DataFrame, ranks: Mapping[str, int]) -> list[list[tuple[str, str]]]:
    """The identifiers (kind, value) of each customer, its root first, then the strongest; of all of them the greatest customer first."""
    ordered = members.with_columns(
        weaker=pl.col("identifier") != pl.col("customer"),
        rank=pl.col("kind").replace_strict(list(ranks), list(ranks.values()), default=len(ranks), return_dtype=pl.Int64),
    ).sort("customer", "weaker", "rank", "value")
    groups = ordered.partition_by("customer", maintain_order=True)
    return [list(group.select("kind", "value").iter_rows()) for group in sorted(groups, key=len, reverse=True)]


def differing_entries(stored: pl.DataFrame, derived: pl.DataFrame) -> pl.DataFrame:
    """Entries that appear or disappear: (stage_model, stage, event, entered_at, appears), by instant.

    An entry that only becomes another customer's does neither: the same event enters the same stage.
    """
    columns = [*_ENTRY, "entered_at"]
    gone = stored.join(derived, on=_ENTRY, how="anti").select(columns).with_columns(appears=pl.lit(value=False))
    fresh = derived.join(stored, on=_ENTRY, how="anti").select(columns).with_columns(appears=pl.lit(value=True))
    return pl.concat([gone, fresh]).sort("entered_at", *_ENTRY)


def counted_entries(stored: pl.DataFrame, derived: pl.DataFrame) -> pl.DataFrame:
    """How many entries each stage has, stored and derived: (stage_model, stage, before, after)."""
    before = stored.group_by(_STAGE).agg(before=pl.len().cast(pl.Int64))
    after = derived.group_by(_STAGE).agg(after=pl.len().cast(pl.Int64))
    return before.join(after, on=_STAGE, how="full", coalesce=True).fill_null(0).sort(_STAGE)
