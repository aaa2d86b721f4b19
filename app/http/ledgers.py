"""How attribution looks in answers: models side by side, and rows of the ledger as JSON and CSV."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from app.domain.questions.attribution import MODELS, Attribution
from app.domain.questions.credits import RULES, WHOLE
from app.domain.questions.ledger import MILLION, NOTHING, TOLD, Credit, credited, ledger, value_of
from app.http import shapes
from app.http.behind import ACTIVE
from app.http.service import Service
from app.store.people import read_roots

OF_A_WINDOW = tuple(model for model in MODELS if model not in RULES)
"""Models that look at all journeys of the window: another window gives the same conversion other credits."""
CSV_AT_ONCE = 20_000
_DIGITS = 12
_COLUMNS = ("customer", "place", "converted_at", "value", "currency", "model", "name", "weight", "credit", "position", "touched_at", *TOLD)
_INSTANTS = ("converted_at", "touched_at")
_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def side_by_side(found: Attribution, models: Sequence[str]) -> dict[str, Any]:
    """The sums of the journeys asked about, and for each name what it is credited with under each model, the first's most first."""
    credits_of = credited(found, models)
    journeys = {
        "conversions": found.conversions.height,
        "customers": found.conversions["customer"].n_unique(),
        "values": _values(value_of(found.conversions)),
        "no_touch": int(found.untouched.sum()),
        "not_converted": found.lost,
        "machine_touches": found.machine_touches,
        "conversion_probability": round(found.chain.removal.conversion, _DIGITS) if found.chain else None,
        "folded": found.folded,
    }
    return {**journeys, "names": _rows(found, credits_of)}


async def rows(service: Service, found: Attribution, models: Sequence[str], conversions: pl.Series) -> pl.DataFrame:
    """Rows of the ledger of some conversions (by their number in the answer), as they are shown, model after model."""
    shown = await asyncio.to_thread(_ledger, found, models, conversions)
    async with service.pool.acquire() as connection:
        roots = await read_roots(connection, shown["customer"].unique().to_list())
    ids = [shapes.customer_id([root]) for root in roots.values()]
    names = pl.DataFrame({"customer": [*roots], "id": ids}, schema={"customer": pl.Int64, "id": pl.String})
    return shown.join(names, on="customer", how="left", maintain_order="left").with_columns(customer="id").select(_COLUMNS)


async def table(service: Service, found: Attribution, models: Sequence[str], conversions: pl.Series) -> AsyncIterator[bytes]:
    """The ledger as CSV, part by part."""
    yield (",".join(_COLUMNS) + "\r\n").encode()
    for start in range(0, len(conversions), CSV_AT_ONCE):
        shown = await rows(service, found, models, conversions.slice(start, CSV_AT_ONCE))
        yield await asyncio.to_thread(_lines, shown)


def _lines(shown: pl.DataFrame) -> bytes:
    text = pl.col(pl.String)
    neutral = pl.when(text.str.slice(0, 1).is_in(ACTIVE)).then("'" + text).otherwise(text)
    return shown.with_columns(neutral.name.keep()).write_csv(include_header=False, line_terminator="\r\n", float_scientific=False).encode()


def _ledger(found: Attribution, models: Sequence[str], conversions: pl.Series) -> pl.DataFrame:
    kept = np.zeros(found.conversions.height, dtype=np.bool_)
    kept[conversions.to_numpy()] = True
    several = pl.concat([ledger(found, model, kept).with_columns(model=pl.lit(model)) for model in models])
    return several.with_columns(
        _over(several["value"], MILLION),
        _over(several["credit"], MILLION),
        _over(several["weight"], WHOLE),
        pl.col(_INSTANTS).dt.strftime(_INSTANT).str.replace(".000000Z", "Z", literal=True),
        pl.col("currency", *TOLD).cast(pl.String),
    )


def _over(amounts: pl.Series, whole: int) -> pl.Series:
    """The number nearest to each quotient, so that its digits are the exact ones; Polars' own division may miss it."""
    return pl.Series(amounts.name, amounts.fill_null(0).to_numpy() / whole).set(amounts.is_null(), None)


def _rows(found: Attribution, credits_of: dict[str, dict[str | None, Credit]]) -> list[dict[str, Any]]:
    listed = [_row(found, name, credits_of) for name in _listed(found, credits_of)]
    first = next(iter(credits_of))
    return sorted(listed, key=lambda row: (-row["credits"][first], row["name"] is None, row["name"]))


def _listed(found: Attribution, credits_of: dict[str, dict[str | None, Credit]]) -> list[str | None]:
    """The names that a journey has, or a conversion is credited to."""
    reached = [name for name, touches in zip(found.names, found.reach.touches, strict=True) if touches]
    return [*dict.fromkeys([*reached, *(name for model in credits_of.values() for name, one in model.items() if one.conversions)])]


def _row(found: Attribution, name: str | None, credits_of: dict[str, dict[str | None, Credit]]) -> dict[str, Any]:
    of_name = {model: known.get(name, NOTHING) for model, known in credits_of.items()}
    code = found.names.index(name) if name in found.names else None
    reach = {column: None if code is None else int(counts[code]) for column, counts in found.reach._asdict().items()}
    return {
        "name": name,
        "reach": reach["customers"],
        "touches": reach["touches"],
        "assisted": reach["assisted"],
        "removal_effect": _removal_effect(found, name),
        "credits": {model: round(credit.conversions, _DIGITS) for model, credit in of_name.items()},
        "values": {model: _values(credit.values) for model, credit in of_name.items()},
    }


def _removal_effect(found: Attribution, name: str | None) -> float | None:
    if found.chain is None or name not in found.chain.names:
        return None
    return round(float(found.chain.removal.effects[found.chain.names.index(name)]), _DIGITS)


def _values(values: dict[str | None, float]) -> list[dict[str, Any]]:
    return [{"currency": currency, "value": value} for currency, value in values.items()]
