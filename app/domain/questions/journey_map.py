"""The journey map: every stage of a model with who came, what they did there, and how many went further."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, TypedDict

import polars as pl

from app.domain.journeys.stages import Stage
from app.domain.questions.filters import Filters
from app.domain.questions.further import Conversion, Further
from app.domain.questions.stamps import passing_by
from app.domain.questions.stays import Ranked, Ratings, actions, channels, nothing, ratings, touches, unrated
from app.domain.questions.transitions import StageFlow, Transition, Transitions
from app.domain.windows import Window

Verdict = Literal["met", "missed", "open", "no data"]
_COUNTS = {"at_start", "entries", "exits", "at_end", "customers", "reached", "converted", "still_in_window", "dropped", "count"}
_COMPARED = _COUNTS | {"dwell", "median", "p90", "mean", "further", "conversion", "time_to_convert", "rating"}


class Measured(TypedDict):
    """A target beside what was measured, null where nothing was. `open`: missed so far, and those still in window may yet mend it."""

    target: float
    measured: float | None
    verdict: Verdict


class StageMap(StageFlow):
    """A stage in a window: what /v1/transitions says of it, and what customers came by and did while they were in it.

    `further` is null where no stage lies further on. `backward` are its moves to stages before it, `came_from` all transitions into it.
    """

    further: Conversion | None
    backward: list[Transition]
    came_from: list[Transition]
    channels: Ranked
    actions: Ranked
    touch_kinds: Ranked
    touch_channels: Ranked
    rating: Ratings
    target: Mapping[str, Measured] | None


@dataclass(frozen=True)
class Frames:
    """What a map is drawn from, all of one stage model and snapshot.

    `journeys` are entries in each customer's order; events and touches are as `whereabouts` places them, and have the `stamps` of
    their entries.
    """

    journeys: pl.DataFrame
    events: pl.DataFrame
    touches: pl.DataFrame
    stamps: pl.DataFrame


class Contents(TypedDict):
    """By stage, what customers came by and did."""

    channels: Mapping[str, Ranked]
    actions: Mapping[str, Ranked]
    touch_kinds: Mapping[str, Ranked]
    touch_channels: Mapping[str, Ranked]
    rating: Mapping[str, Ratings]


def contents_of(frames: Frames, window: Window, filters: Filters) -> Contents:
    """Filters select entries; events and touches count within those that are selected."""
    events, contacts = (passing_by(rows, frames.stamps, filters).collect() for rows in (frames.events, frames.touches))
    return {
        "channels": channels(frames.journeys, window, filters),
        "actions": actions(events, window),
        "touch_kinds": touches(contacts, window, "kind"),
        "touch_channels": touches(contacts, window, "channel"),
        "rating": ratings(events, window),
    }


def journey_map(told: Transitions, contents: Contents, stages: Sequence[Stage], further: Further) -> list[StageMap]:
    """All stages of the model in their order; all that is told is of the same window and filters."""
    return [_stage(stage, flow, told["transitions"], contents, further) for stage, flow in zip(stages, told["stages"], strict=True)]


def _stage(stage: Stage, flow: StageFlow, moves: Sequence[Transition], contents: Contents, further: Further) -> StageMap:
    conversion, rating = further.conversions.get(stage.name), contents["rating"].get(stage.name) or unrated()
    return {
        **flow,
        "further": conversion,
        "backward": [move for move in moves if move["from"] == stage.name and further.lies_before(move["to"], stage.name)],
        "came_from": [move for move in moves if move["to"] == stage.name],
        "channels": contents["channels"].get(stage.name) or nothing(),
        "actions": contents["actions"].get(stage.name) or nothing(),
        "touch_kinds": contents["touch_kinds"].get(stage.name) or nothing(),
        "touch_channels": contents["touch_channels"].get(stage.name) or nothing(),
        "rating": rating,
        "target": _judged(stage, conversion, further, rating),
    }


def _judged(stage: Stage, conversion: Conversion | None, further: Further, rating: Ratings) -> dict[str, Measured] | None:
    if not stage.target:
        return None
    judged: dict[str, Measured] = {}
    for name, target in stage.target.items():
        match name:
            case "conversion":
                judged[name] = _conversion(target, conversion)
            case "days":
                days = further.days(stage)
                judged[name] = {"target": target, "measured": days, "verdict": _verdict(days, at_most=target)}
            case _:
                judged[name] = {"target": target, "measured": rating["mean"], "verdict": _verdict(rating["mean"], at_least=target)}
    return judged


def _conversion(target: float, found: Conversion | None) -> Measured:
    measured = found["conversion"] if found else None
    verdict = _verdict(measured, at_least=target)
    if found and verdict == "missed" and found["converted"] + found["still_in_window"] >= target * found["reached"]:
        verdict = "open"
    return {"target": target, "measured": measured, "verdict": verdict}


def _verdict(measured: float | None, *, at_least: float = -inf, at_most: float = inf) -> Verdict:
    if measured is None:
        return "no data"
    return "met" if at_least <= measured <= at_most else "missed"


def difference(now: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of one window less those of the other, null where either has none; what is no number is left out."""
    parted: dict[str, Any] = {}
    for name in (name for name in now if name in _COMPARED):
        here, there = now[name], then[name]
        if isinstance(here, dict) and isinstance(there, dict):
            parted[name] = difference(here, there)
        else:
            parted[name] = None if here is None or there is None else here - there
    return parted
