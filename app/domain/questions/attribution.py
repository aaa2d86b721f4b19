"""Attribution: which touches are credited with the conversions of a window, under several models side by side."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from app.domain.journeys.entries import DIRECT
from app.domain.questions.credits import NO_TOUCH, RULES, Paths, parts
from app.domain.questions.filters import TOUCH_FILTERS, Filters, equals, selected
from app.domain.questions.look_back import Customers, Flags, Numbers, Spans, before, covered, left_over, numbers, pairs
from app.domain.questions.markov import Removal, Sequences, Shares, names_max, removal
from app.domain.questions.shapley import NAMES_MAX, NAMES_OF_ANY_SETS_MAX, SETS_MAX, SetShares, set_shares, sets_of
from app.domain.questions.touch_names import names_of
from app.domain.windows import Malformed, Window

MARKOV, BY_PATH, SHAPLEY = "markov", "markov_by_path", "shapley"
MODELS = (*RULES, MARKOV, BY_PATH, SHAPLEY)
"""The first is the one that a list is ordered by."""
DIVIDED = tuple(model for model in MODELS if model != MARKOV)
"""The models that divide each conversion by itself, over its own touches."""
OTHER = "other"
"""The name that takes those that are too rare to be told apart."""
FLAGGED_MAX = 64
"""So many names of each customer are ticked in a table; more are sorted."""
PAIRS_MAX = 8_000_000
"""More pairs of a conversion and a touch are not divided at once; so many conversions in parts are still a number of 63 bits."""


@dataclass(frozen=True)
class Terms:
    """What is credited (columns of frames.TOUCHES), how old a touch may be, and under which models.

    `reset` leaves out touches up to the customer's conversion before; `order` is that of the Markov chain.
    """

    by: tuple[str, ...] = ("channel",)
    look_back: timedelta = timedelta(days=30)
    models: tuple[str, ...] = MODELS
    reset: bool = False
    order: int = 1


class Reach(NamedTuple):
    """By the code of a name: customers and touches in the journeys asked about, and conversions that it touched, though not last."""

    customers: Numbers
    touches: Numbers
    assisted: Numbers


class Chain(NamedTuple):
    """A Markov chain's removal effects: its `names` may be fewer than there are, `codes` gives the number of each among them."""

    names: list[str | None]
    codes: Numbers
    removal: Removal


class Told(NamedTuple):
    """What models say of the rows of the paths: see Attribution."""

    weights: dict[str, Numbers]
    chain: Chain | None
    folded: dict[str, int]


@dataclass(frozen=True)
class Attribution:
    """The conversions asked about and what is credited with them.

    `conversions` has the columns of conversions.of_event, `touches` are those of persons, `paths` lead from one to the other, with the
    codes of `names`. `weights` are the parts of credits.WHOLE of each row of the paths, under each model of DIVIDED that was asked for.
    `lost` is the number of journeys without a conversion, `machine_touches` that of the touches left out of all of these journeys, `folded`
    says of models how many names they did not tell apart.
    """

    conversions: pl.DataFrame
    touches: pl.DataFrame
    names: list[str | None]
    paths: Paths
    reach: Reach
    lost: int
    machine_touches: int
    weights: dict[str, Numbers]
    chain: Chain | None
    folded: dict[str, int]

    @property
    def untouched(self) -> Flags:
        """Which conversions have no touch."""
        return np.asarray(self.paths.touch[self.paths.starts] == NO_TOUCH)


def attribution(conversions: pl.DataFrame, touches: pl.DataFrame, window: Window, filters: Filters, terms: Terms) -> Attribution:
    """The conversions in the window, divided over the touches before them.

    Args:
        conversions: all of them, at any time, as of conversions.of_event or of_stage; the latter's filters look at the entry's own touch.
        touches: columns of frames.TOUCHES, each customer's rows together, by position; those of machines are left out, and counted.
        window: which conversions count, and where journeys without one begin and end.
        filters: which journeys count, by their last touch within the look-back; one without any has the channel direct.
        terms: names, look-back and models.

    A journey without a conversion is the run of a customer's touches in the window after their last conversion in it.
    Raises Malformed for `lookback` where the paths are too long.
    """
    persons, machines = touches.filter(~pl.col("machine")), touches.filter("machine")
    held = conversions.filter(window.holds("converted_at"))
    touched = Customers(persons)
    spans, rest = before(held, touched, terms.look_back, reset=terms.reset), left_over(touched, held, window)
    wanted = _wanted(held, persons, spans, filters)
    counted, spans, rest = held.filter(pl.Series(wanted, dtype=pl.Boolean)), spans.where(wanted), _lost(persons, rest, filters)
    names, codes, no_touch = names_of(persons, terms.by)
    paths = _paths(counted, persons, spans, codes, no_touch)
    by_machines = Customers(machines)
    left_out = covered(
        machines.height,
        before(counted, by_machines, terms.look_back, reset=terms.reset),
        _lost(machines, left_over(by_machines, held, window), filters),
    )
    with ThreadPoolExecutor() as threads:
        told = threads.submit(_told, names, paths, rest, codes, terms)
        reach = _reach(touched, codes, covered(persons.height, spans, rest), paths, len(names))
    weights, chain, folded = told.result()
    return Attribution(counted, persons, names, paths, reach, len(rest.first), int(left_out.sum()), weights, chain, folded)


def _wanted(conversions: pl.DataFrame, touches: pl.DataFrame, spans: Spans, filters: Filters) -> Flags:
    """Which conversions the filters select: by what is told of them, else by their last touch."""
    told = conversions if "channel" in conversions.columns else _last_touches(conversions["customer"], touches, spans, filters)
    return _selected(told, filters)


def _lost(touches: pl.DataFrame, rest: Spans, filters: Filters) -> Spans:
    """Journeys without a conversion that the filters select by their last touch."""
    return rest.where(_selected(_last_touches(touches["customer"].gather(rest.first), touches, rest, filters), filters))


def _last_touches(customers: pl.Series, touches: pl.DataFrame, spans: Spans, filters: Filters) -> pl.DataFrame:
    """What the filters ask about the last touch of each span."""
    asked = [column for column in TOUCH_FILTERS if getattr(filters, column) is not None]
    last = pl.Series(np.where(spans.lengths > 0, spans.end - 1, NO_TOUCH), dtype=pl.Int64).replace(NO_TOUCH, None)
    told = touches.select(pl.col(asked).gather(last))
    if "channel" in asked:
        told = told.with_columns(pl.col("channel").cast(pl.String).fill_null(DIRECT))
    return customers.to_frame().hstack(told)


def _selected(journeys: pl.DataFrame, filters: Filters) -> Flags:
    flags = np.zeros(journeys.height, dtype=np.bool_)
    flags[selected(journeys.with_row_index("journey"), filters).select("journey").collect()["journey"].to_numpy()] = True
    return flags


def _paths(conversions: pl.DataFrame, touches: pl.DataFrame, spans: Spans, codes: Numbers, no_touch: int) -> Paths:
    """The rows of the spans; a conversion with none has a row without a touch, which is as old as itself."""
    found = Spans(spans.first, np.maximum(spans.end, spans.first + 1))
    if found.lengths.sum() > PAIRS_MAX:
        raise Malformed("lookback", f"more than {PAIRS_MAX:,} pairs of a conversion and a touch: ask for a shorter one, or for a window")
    conversion, row = pairs(found)
    touched = np.repeat(spans.lengths > 0, found.lengths)
    touch = np.where(touched, row, NO_TOUCH)
    if not touched.any():
        return Paths(conversion, touch, np.full(len(touch), no_touch), np.zeros_like(touch), ~touched)
    direct = touches.select(equals(touches, "channel", DIRECT).fill_null(value=False)).to_series().to_numpy()
    age = numbers(conversions["converted_at"])[conversion] - numbers(touches["touched_at"])[touch]
    return Paths(
        conversion, touch, np.where(touched, codes[touch], no_touch), np.where(touched, age, 0), np.where(touched, direct[touch], ~touched)
    )


def _reach(touched: Customers, codes: Numbers, reached: Flags, paths: Paths, names: int) -> Reach:
    customer = np.repeat(np.arange(len(touched.customers)), touched.spans.lengths)[reached]
    name = codes[reached]
    return Reach(
        _distinct(customer, name, names, len(touched.customers)),
        np.bincount(name, minlength=names),
        _distinct(paths.conversion, paths.name, names, len(paths.starts)) - np.bincount(paths.name[paths.ends], minlength=names),
    )


def _distinct(owner: Numbers, name: Numbers, names: int, owners: int) -> Numbers:
    """For each name the distinct owners that have it; a table of both where it is small, else sorted pairs."""
    pair = owner * names + name
    if names <= FLAGGED_MAX:
        flags = np.zeros(owners * names, dtype=np.bool_)
        flags[pair] = True
        return np.asarray(flags.reshape(owners, names).sum(axis=0))
    ordered = np.sort(pair, kind="stable")
    return np.bincount(ordered[np.diff(ordered, prepend=-1) > 0] % names, minlength=names)


def _sequences(paths: Paths, rest: Spans, codes: Numbers) -> Sequences:
    """The journeys that converted and those that did not, as codes of names; conversions without a touch are no journey."""
    touched = paths.touch != NO_TOUCH
    number, row = pairs(rest)
    converted = np.cumsum(np.diff(paths.conversion[touched], prepend=-1) > 0) - 1
    count = int(converted[-1]) + 1 if len(converted) else 0
    return Sequences(
        np.concatenate([converted, number + count]),
        np.concatenate([paths.name[touched], codes[row]]),
        np.arange(count + len(rest.first)) < count,
    )


def _told(names: Sequence[str | None], paths: Paths, rest: Spans, codes: Numbers, terms: Terms) -> Told:
    """What the models say: those that look at all journeys of the window beside those that look at each conversion."""
    with ThreadPoolExecutor() as threads:
        journeys = _sequences(paths, rest, codes) if {*terms.models} - RULES.keys() else None
        by_chain = threads.submit(_by_chain, names, paths, journeys, terms) if journeys and {MARKOV, BY_PATH} & {*terms.models} else None
        by_sets = threads.submit(_by_sets, names, paths, journeys) if journeys and SHAPLEY in terms.models else None
        weights = {model: parts(paths, RULES[model](paths)) for model in terms.models if model in RULES}
    several = [Told(weights, None, {}), *(told.result() for told in (by_chain, by_sets) if told)]
    found = {model: known for told in several for model, known in told.weights.items()}
    return Told(
        {model: found[model] for model in terms.models if model in found},
        by_chain.result().chain if by_chain else None,
        {model: many for told in several for model, many in told.folded.items()},
    )


def _by_chain(names: Sequence[str | None], paths: Paths, journeys: Sequences, terms: Terms) -> Told:
    chain = _chain(names, journeys, terms.order)
    weights = {}
    if BY_PATH in terms.models:
        weights[BY_PATH] = parts(paths, paths.normal(chain.removal.effects[chain.codes[paths.name]]))
    return Told(weights, chain, {MARKOV: len(names) - len(chain.names)})


def _by_sets(names: Sequence[str | None], paths: Paths, journeys: Sequences) -> Told:
    sets, codes, kept = _sets(names, journeys)
    shares = set_shares(sets, journeys.converted, kept)
    return Told({SHAPLEY: parts(paths, _shapley(paths, sets[journeys.converted], codes, shares))}, None, {SHAPLEY: len(names) - kept})


def _folded(names: Sequence[str | None], journeys: Sequences, most: int) -> tuple[list[str | None], Numbers]:
    """At most so many names, the most frequent in the journeys, by their order among equals; the rarest, and OTHER itself, become OTHER."""
    if len(names) <= most:
        return [*names], np.arange(len(names))
    times = np.bincount(journeys.name, minlength=len(names))
    times[[code for code, name in enumerate(names) if name == OTHER]] = -1
    frequent = np.sort(np.argsort(-times, kind="stable")[: most - 1])
    codes = np.full(len(names), most - 1)
    codes[frequent] = np.arange(most - 1)
    return [*(names[code] for code in frequent), OTHER], codes


def _chain(names: Sequence[str | None], journeys: Sequences, order: int) -> Chain:
    kept, codes = _folded(names, journeys, names_max(order))
    return Chain(kept, codes, removal(journeys._replace(name=codes[journeys.name]), len(kept), order))


def _sets(names: Sequence[str | None], journeys: Sequences) -> tuple[Numbers, Numbers, int]:
    """The set of names of each journey, the number of each name among those that are told apart, and how many these are."""
    kept, codes = _folded(names, journeys, NAMES_MAX)
    sets = sets_of(journeys._replace(name=codes[journeys.name]))
    if pl.Series(sets).n_unique() > SETS_MAX:
        kept, codes = _folded(names, journeys, NAMES_OF_ANY_SETS_MAX)
        sets = sets_of(journeys._replace(name=codes[journeys.name]))
    return sets, codes, len(kept)


def _shapley(paths: Paths, sets: Numbers, codes: Numbers, shares: SetShares) -> Shares:
    """Each name's share in its conversion, divided evenly over the touches of that name; a conversion without a touch is one share.

    `sets` are those of the conversions that have a touch.
    """
    touched = paths.touch != NO_TOUCH
    name = codes[paths.name[touched]]
    again = _times(paths.conversion[touched] * len(codes) + name)
    of_set = np.searchsorted(shares.sets, np.repeat(sets, paths.counts[touched[paths.starts]]))
    weights = np.ones(len(paths.touch))
    weights[touched] = shares.shares[of_set, name] / again
    return weights


def _times(values: Numbers) -> Numbers:
    """How often each value comes."""
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=-1))
    counts = np.diff(starts, append=len(values))
    times = np.empty_like(values)
    times[order] = np.repeat(counts, counts)
    return times
