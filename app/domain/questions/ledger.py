"""The ledger of an attribution: a row for each conversion and touch, and its sums by name and currency."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from app.domain.questions.attribution import MARKOV, Attribution, Chain
from app.domain.questions.credits import NO_TOUCH, WHOLE, minor_unit, money
from app.domain.questions.look_back import Flags, Numbers, numbers
from app.domain.questions.markov import Shares

MILLION = 1_000_000
TOLD = ("kind", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
"""What a row tells of its touch."""


class Credit(NamedTuple):
    """What a name is credited with: conversions, and money in units of each currency (None: not said)."""

    conversions: float
    values: dict[str | None, float]


NOTHING = Credit(0.0, {})


class _Money(NamedTuple):
    """The money of each conversion in millionths, 0 where it has none, the minor unit of its currency, and the code of its kind.

    `kinds` are whether there is money, and its currency.
    """

    value: Numbers
    minor: Numbers
    kind: Numbers
    kinds: list[tuple[bool, str | None]]


def ledger(found: Attribution, model: str, kept: Flags) -> pl.DataFrame:
    """Rows of the kept conversions under a model of attribution.DIVIDED: what the conversion and its touch are, name, weight and credit.

    `weight` is in parts of credits.WHOLE, which they sum to over each conversion; `credit` is in millionths of the currency's unit and sums
    to the value; null where there is none. A conversion without a touch has one row, without a touch. Ordered by customer, place and
    position.
    """
    rows = np.flatnonzero(kept[found.paths.conversion])
    touch = pl.Series(found.paths.touch[rows]).replace(NO_TOUCH, None)
    conversion = found.conversions.select("customer", "place", "converted_at", "value", "currency")[found.paths.conversion[rows]]
    name = pl.Series(found.names, dtype=pl.String).gather(found.paths.name[rows]).alias("name")
    credit = pl.Series("credit", _divided(found, model, _money(found))[rows])
    return (
        conversion.hstack(found.touches.select(pl.col("position", "touched_at", *TOLD).gather(touch)))
        .with_columns(name, pl.Series("weight", found.weights[model][rows]), credit)
        .with_columns(credit=pl.when(pl.col("value").is_not_null()).then(pl.col("credit")))
        .sort("customer", "place", "position", maintain_order=True)
    )


def credited(found: Attribution, models: Sequence[str]) -> dict[str, dict[str | None, Credit]]:
    """What each name is credited with under each model: the sums of its ledger, or a share of all conversions in the window (markov)."""
    paid = _money(found)
    of_window = _by_removal(found, found.chain) if found.chain else {}
    divided = [model for model in models if model != MARKOV]
    with ThreadPoolExecutor() as threads:
        by_ledger = dict(zip(divided, threads.map(lambda model: _by_ledger(found, model, paid), divided), strict=True))
    return {model: of_window if model == MARKOV else by_ledger[model] for model in models}


def value_of(conversions: pl.DataFrame) -> dict[str | None, float]:
    """The money of conversions, in units of each currency."""
    return {currency: value / MILLION for currency, value in _in_millionths(conversions)}


def _in_millionths(conversions: pl.DataFrame) -> list[tuple[str | None, int]]:
    paid = conversions.filter(pl.col("value").is_not_null())
    sums = paid.group_by(pl.col("currency").cast(pl.String)).agg(pl.col("value").cast(pl.Int128).sum()).sort("currency")
    return [(currency, int(value)) for currency, value in sums.iter_rows()]


def _money(found: Attribution) -> _Money:
    told = found.conversions.select(pl.col("value").is_not_null().alias("paid"), pl.col("currency").cast(pl.String))
    kinds = told.unique().sort("paid", "currency").with_row_index("kind")
    kind = numbers(told.join(kinds, on=["paid", "currency"], how="left", maintain_order="left", nulls_equal=True)["kind"])
    minor = np.array([minor_unit(currency) for currency in kinds["currency"]], dtype=np.int64)
    return _Money(numbers(found.conversions["value"].fill_null(0)), minor[kind], kind, kinds.select("paid", "currency").rows())


def _divided(found: Attribution, model: str, paid: _Money) -> Numbers:
    return money(found.paths, found.weights[model], paid.value, paid.minor)


def _by_ledger(found: Attribution, model: str, paid: _Money) -> dict[str | None, Credit]:
    kinds = len(paid.kinds)
    key = found.paths.name * kinds + paid.kind[found.paths.conversion]
    weights = _summed(key, len(found.names) * kinds, found.weights[model])
    amounts = _summed(key, len(found.names) * kinds, _divided(found, model, paid))
    return {
        name: Credit(
            sum(weights[code * kinds : (code + 1) * kinds]) / WHOLE,
            {currency: amounts[code * kinds + kind] / MILLION for kind, (has, currency) in enumerate(paid.kinds) if has},
        )
        for code, name in enumerate(found.names)
    }


def _summed(key: Numbers, keys: int, amounts: Numbers) -> list[int]:
    """The sum for each key, in two halves, so that none is too great for its type."""
    high, low = np.zeros(keys, dtype=np.int64), np.zeros(keys, dtype=np.int64)
    np.add.at(high, key, amounts // MILLION)
    np.add.at(low, key, amounts % MILLION)
    return [above * MILLION + below for above, below in zip(high.tolist(), low.tolist(), strict=True)]


def _by_removal(found: Attribution, chain: Chain) -> dict[str | None, Credit]:
    """All conversions that a touch came before, by the names' shares in the removal effects; the others are credited as they are."""
    touched = found.conversions.filter(pl.Series(~found.untouched, dtype=pl.Boolean))
    shares = chain.removal.effects / (chain.removal.effects.sum() or 1)
    shared = {name: Credit(touched.height * share, {}) for name, share in zip(chain.names, shares.tolist(), strict=True)}
    for currency, value in _in_millionths(touched):
        for name, amount in zip(chain.names, _by_shares(value, shares, minor_unit(currency)), strict=True):
            shared[name].values[currency] = amount / MILLION
    return _with_untouched(shared, found)


def _by_shares(value: int, shares: Shares, unit: int) -> list[int]:
    """An amount by shares that sum to 1: the running sum is rounded to units, the last one completes it."""
    reached = [0, *(int(value * running / unit + 0.5) * unit for running in np.cumsum(shares[:-1]).tolist()), value]
    return [after - before for before, after in pairwise(reached)]


def _with_untouched(shared: dict[str | None, Credit], found: Attribution) -> dict[str | None, Credit]:
    untouched = found.untouched
    if not untouched.any():
        return shared
    name = found.names[found.paths.name[found.paths.touch == NO_TOUCH][0]]
    known, more = shared.get(name, NOTHING), value_of(found.conversions.filter(pl.Series(untouched)))
    values = {currency: known.values.get(currency, 0) + more.get(currency, 0) for currency in known.values.keys() | more.keys()}
    return {**shared, name: Credit(known.conversions + int(untouched.sum()), values)}
