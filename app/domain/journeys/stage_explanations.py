"""Why an event entered a stage, or why it did not: every rule taken apart over the customer's own history."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypedDict

import polars as pl

from app.domain.journeys.entries import Attached, entries, moments
from app.domain.journeys.stage_memory import remembering
from app.domain.journeys.stage_rules import Criterion, alike_expr, criteria, occurrence
from app.domain.journeys.stages import Rule, StageModel

NEARLY_MAX = 10
Verdict = Literal["entered", "same_stage", "behind", "no_rule", "machine"]


class Failed(TypedDict):
    """What a rule asked in vain: its key in the document, what it expected, in words, and what there was; null is nothing."""

    key: str
    expected: str
    found: str | None


class Matched(TypedDict):
    """A rule: its stage, its place in the document (as `stages[1].enter[0]`), and all that it asks, in words."""

    stage: str
    rule: str
    asks: str


class Nearly(Matched):
    """A rule of a further stage of which one thing only was not so."""

    failed: Failed


class Explained(TypedDict):
    """The verdict on one event by its `place` in the customer's order.

    `entered` the stage, because of the first rule in `matched`; the customer was in the `same_stage` already; the stage lies `behind` the
    furthest, and the model has no backward moves; `no_rule` matched; or it was a `machine`. `matched` has the rules that did, those of the
    furthest stage first; `nearly` those of further stages that failed in one thing, the nearest first.
    """

    place: int
    verdict: Verdict
    stage: str | None
    matched: list[Matched]
    nearly: list[Nearly]


class _Ruled(NamedTuple):
    """What came of one rule for one event: what it asks, and what failed."""

    rank: int
    said: Matched
    asked: int
    failed: list[Failed]


def explain(attached: Attached, model: StageModel, places: Collection[int]) -> list[Explained]:
    """The verdicts on some events of one customer, whose whole history is given; the latest event first."""
    events = remembering(attached.events, model)
    persons = events.filter(pl.col("place").is_in([*places]), pl.col("machine_rule").is_null())["place"].to_list()
    ruled: dict[int, list[_Ruled]] = {place: [] for place in persons}
    for rank, stage in enumerate(model.steps):
        for number, rule in enumerate(stage.rules):
            said = Matched(stage=stage.name, rule=f"stages[{rank}].enter[{number}]", asks=_in_words(rule))
            for place, failed in _failures(events, rule, persons):
                ruled[place].append(_Ruled(rank, said, len(_asked(rule)), failed))
    verdicts = _verdicts(attached, model)
    return [_explained(place, verdicts.get(place), ruled.get(place)) for place in sorted(places, reverse=True)]


def _asked(rule: Rule) -> list[Criterion]:
    counted = occurrence(rule)
    return criteria(rule) + ([counted] if counted else [])


def _in_words(rule: Rule) -> str:
    return " and ".join(criterion.asks for criterion in _asked(rule)) or "it is an event of a person"


def _failures(events: pl.DataFrame, rule: Rule, places: Collection[int]) -> Iterator[tuple[int, list[Failed]]]:
    """For each event what failed of the rule; an occurrence says nothing of events that it does not count."""
    asked = _asked(rule)
    columns = {f"passes {index}": criterion.passes.fill_null(value=False) for index, criterion in enumerate(asked)}
    columns |= {f"found {index}": criterion.found for index, criterion in enumerate(asked)}
    told = events.select("place", alike=alike_expr(rule), **columns).filter(pl.col("place").is_in([*places]))
    for row in told.iter_rows(named=True):
        counts = [criterion for criterion in enumerate(asked) if criterion[1].key != "occurrence" or row["alike"]]
        yield row["place"], [_failed(one, row[f"found {index}"]) for index, one in counts if not row[f"passes {index}"]]


def _failed(criterion: Criterion, found: str | None) -> Failed:
    return {"key": criterion.key, "expected": criterion.asks, "found": found}


def _verdicts(attached: Attached, model: StageModel) -> Mapping[int, tuple[Verdict, str]]:
    """The verdict on every event that takes a stage, and the stage."""
    taken = moments(attached, model).filter(pl.col("stage").cast(pl.String).ne_missing(pl.lit(model.lapsed)))
    entered = {row["place"] for row in entries(attached, model).filter(pl.col("stage").ne_missing(pl.lit(model.lapsed))).to_dicts()}

    def verdict(row: dict[str, Any]) -> Verdict:
        return "entered" if row["place"] in entered else "same_stage" if row["counts"] else "behind"

    return {row["place"]: (verdict(row), str(row["stage"])) for row in taken.select("place", "stage", "counts").to_dicts()}


def _explained(place: int, verdict: tuple[Verdict, str] | None, ruled: list[_Ruled] | None) -> Explained:
    if ruled is None:
        return {"place": place, "verdict": "machine", "stage": None, "matched": [], "nearly": []}
    said, stage = verdict or ("no_rule", None)
    matched = sorted((one for one in ruled if not one.failed), key=lambda one: -one.rank)
    reached = matched[0].rank if matched else -1
    near = sorted((one for one in ruled if len(one.failed) == 1 and one.rank > reached), key=lambda one: (-one.asked, one.rank))
    return {
        "place": place,
        "verdict": said,
        "stage": stage,
        "matched": [one.said for one in matched],
        "nearly": [Nearly(**one.said, failed=one.failed[0]) for one in near[:NEARLY_MAX]],
    }
