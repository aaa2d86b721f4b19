"""Customers: what all events of one say of it."""

import json
from typing import Any

import polars as pl

from app.domain.frames import CUSTOMERS

TRAITS_BYTES_MAX = 16 * 1024


def customers(events: pl.DataFrame) -> pl.DataFrame:
    """Customers of enriched events in order, as frames.CUSTOMERS.

    A trait is the last value that an identify event gave its key, by the customer's order. Where traits exceed 16 KiB as JSON,
    the keys written longest ago are left out.
    """
    summary = events.group_by("customer").agg(
        first_seen=pl.col("occurred_at").min(),
        last_seen=pl.col("occurred_at").max(),
        events=pl.len().cast(pl.Int32),
        machine=pl.col("machine_rule").is_not_null().all(),
    )
    identified = events.filter((pl.col("type") == "identify") & pl.col("traits").is_not_null())
    texts = identified.group_by("customer", maintain_order=True).agg("traits")
    traits = texts.with_columns(pl.col("traits").map_elements(_merged, return_dtype=pl.String))
    return (
        summary.join(traits, on="customer", how="left")
        .with_columns(pl.col("traits").fill_null("{}"))
        .select(list(CUSTOMERS))
        .sort("customer")
    )


def _merged(texts: pl.Series) -> str:
    merged: dict[str, Any] = {}
    for text in texts:
        for key, value in json.loads(text).items():
            merged.pop(key, None)
            merged[key] = value
    return _as_json(_fitting(merged))


def _fitting(traits: dict[str, Any]) -> dict[str, Any]:
    sizes = {key: len(_as_json({key: value}).encode()) - 1 for key, value in traits.items()}
    total = 1 + sum(sizes.values())
    for key, size in sizes.items():
        if total <= TRAITS_BYTES_MAX:
            break
        total -= size
        del traits[key]
    return traits


def canonical_traits(texts: pl.Series) -> pl.Series:
    """Traits as Postgres prints them, in the words that `customers` puts them, so that equal ones are equal text."""
    return texts.map_elements(lambda text: _as_json(json.loads(text)), return_dtype=pl.String)


def _as_json(traits: dict[str, Any]) -> str:
    return json.dumps(traits, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
