"""What one customer did: the order of the events, the sessions, the touches, and the entries into a model's stages."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from . import Campaign, Identifier, Sent
from .identity import identifiers

SESSION_GAP = timedelta(seconds=1800)
LOOK_BACK = timedelta(days=30)
MISSING = object()


class Session(NamedTuple):
    """A run of one customer's web or app events on one device; `channel` is that of the first."""

    device: Identifier
    machine: bool
    channel: str | None
    events: tuple[Sent, ...]


class Touch(NamedTuple):
    """One contact; `position` counts the customer's events from 0; `kind` is `session` or the kind of contact."""

    position: int
    kind: str
    channel: str | None
    machine: bool
    event: Sent


class Entry(NamedTuple):
    """A stage entered by an event, and left at the next entry (None: still there)."""

    stage: str
    from_stage: str | None
    entered_at: datetime
    left_at: datetime | None
    channel: str
    campaign: Campaign
    event: Sent


def order(events: Sequence[Sent]) -> list[Sent]:
    """Each message once, as it first arrived; by time, then sequence (events with one first), then position, then message id."""
    first: dict[tuple[str, str], Sent] = {}
    for event in events:
        first.setdefault((event.source, event.message_id), event)
    return sorted(first.values(), key=place)


def place(event: Sent) -> tuple[datetime, bool, int, int, bytes]:
    return event.occurred_at, event.sequence is None, event.sequence or 0, event.position, event.message_id.encode()


def sessions(events: Sequence[Sent]) -> list[Session]:
    """The sessions of one customer in the order in which they start; a machine's apart from a person's."""
    latest: dict[tuple[Identifier, bool], list[Sent]] = {}
    runs = []
    for event in order(events):
        if not is_web(event):
            continue
        key = (device(event), event.machine)
        if key not in latest or splits(latest[key], event):
            latest[key] = []
            runs.append(latest[key])
        latest[key].append(event)
    return [Session(device(run[0]), run[0].machine, run[0].channel, tuple(run)) for run in runs]


def is_web(event: Sent) -> bool:
    """A page, a screen, or a track with an anonymous_id, a page or a device; of a track that is no contact a user agent is enough."""
    if event.type != "track":
        return event.type in ("page", "screen")
    if anonymous(event) is not None or event.has_page or event.has_device:
        return True
    return event.has_agent and event.contact is None


def device(event: Sent) -> Identifier:
    """The anonymous_id, else the subject."""
    return anonymous(event) or identifiers(event)[0]


def anonymous(event: Sent) -> Identifier | None:
    return next((each for each in identifiers(event) if each[0] == "anonymous_id"), None)


def splits(run: list[Sent], event: Sent) -> bool:
    """After more than 1,800 s, or at a campaign that is not the run's last one (or that comes after none)."""
    campaigns = [tags(earlier) for earlier in run if any(tags(earlier))]
    new_campaign = any(tags(event)) and campaigns[-1:] != [tags(event)]
    return new_campaign or event.occurred_at - run[-1].occurred_at > SESSION_GAP


def tags(event: Sent) -> tuple[str | None, ...]:
    return (*event.campaign, event.click_id)


def touches(events: Sequence[Sent]) -> list[Touch]:
    """Every contact and every session start of one customer; an event that is both is one touch, of the contact's kind.

    A session's start that a contact of the customer led to is no touch.
    """
    starts = [session.events[0] for session in sessions(events)]
    found = []
    for position, event in enumerate(order(events)):
        if event.contact is not None or (event in starts and not led_to(event, events)):
            found.append(Touch(position, event.contact or "session", event.channel, event.machine, event))
    return found


def led_to(event: Sent, events: Sequence[Sent]) -> bool:
    """Whether a contact of the customer is the click that the event names, and both are a machine's or neither is."""
    clicks = [each for each in order(events) if each.contact is not None and each.message_id == event.click]
    return any(each.machine == event.machine for each in clicks)


def entries(model: dict[str, Any], events: Sequence[Sent]) -> list[Entry]:
    """One customer's entries into the stages of a model (its YAML document, decoded). Machines form none."""
    touched = [touch for touch in touches(events) if not touch.machine]
    told = order(events)
    history = [event for event in told if not event.machine]
    kept: list[tuple[str, Sent, datetime]] = []
    for index, event in enumerate(history):
        stage = stage_of(model, history[: index + 1], [touch.event for touch in touched], told)
        if stage is not None and not (kept and (stage == kept[-1][0] or is_behind(model, stage, kept[-1][0]))):
            kept.append((stage, event, event.occurred_at))
        if kept and "lapsed" in model:
            kept += lapse(model["lapsed"], kept[-1][0], event, history[index + 1 : index + 2])
    return [entry(kept, index, credited(event, touched)) for index, (_, event, _) in enumerate(kept)]


def is_behind(model: dict[str, Any], stage: str, before: str) -> bool:
    """Whether a model without backward moves ignores a stage after another; who lapsed begins anew."""
    ranks = [each["stage"] for each in model["stages"]]
    return not model.get("backward", True) and before in ranks and ranks.index(stage) < ranks.index(before)


def lapse(lapsed: dict[str, Any], stage: str, event: Sent, following: list[Sent]) -> list[tuple[str, Sent, datetime]]:
    """The lapse after an event that no other follows within the span, inclusive; nobody lapses twice in a row."""
    at = event.occurred_at + span(lapsed["after"])
    is_silent = not following or following[0].occurred_at > at
    return [(lapsed["stage"], event, at)] if is_silent and stage != lapsed["stage"] else []


def span(text: str) -> timedelta:
    return int(text[:-1]) * {"s": timedelta(seconds=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}[text[-1]]


def entry(kept: list[tuple[str, Sent, datetime]], index: int, credit: Sent) -> Entry:
    stage, event, entered_at = kept[index]
    from_stage = kept[index - 1][0] if index else None
    left_at = kept[index + 1][2] if index + 1 < len(kept) else None
    return Entry(stage, from_stage, entered_at, left_at, credit.channel or "direct", credit.campaign, event)


def credited(event: Sent, touched: list[Touch]) -> Sent:
    """The latest touch at or before the event in the customer's order, up to 30 days back; else the event itself."""
    before = [touch.event for touch in touched if place(touch.event) <= place(event)]
    return before[-1] if before and event.occurred_at - before[-1].occurred_at <= LOOK_BACK else event


def stage_of(model: dict[str, Any], so_far: list[Sent], touched: list[Sent], told: Sequence[Sent] = ()) -> str | None:
    """The furthest stage that the last event so far matches by any rule."""
    for stage in reversed(model["stages"]):
        if any(enters(rule, so_far, touched, model, told) for rule in stage["enter"]):
            return str(stage["stage"])
    return None


def enters(
    rule: dict[str, Any], so_far: list[Sent], touched: list[Sent], model: dict[str, Any] | None = None, told: Sequence[Sent] = ()
) -> bool:
    """Whether the last event matches the rule; an occurrence counts the events that match the rule's other keys."""
    matching = []
    for index, event in enumerate(so_far):
        traits = traits_as_of(event, told) if "traits" in rule else {}
        ago = {one["stage"]: since(one["stage"], so_far[: index + 1], touched, model or {}, told) for one in listed(rule.get("since", []))}
        if matches(rule, event, event in touched, traits, ago):
            matching.append(event)
    occurrence = rule.get("occurrence", {})
    nth = len(matching)
    return so_far[-1] in matching and occurrence.get("min", nth) <= nth <= occurrence.get("max", nth)


def traits_as_of(event: Sent, told: Sequence[Sent]) -> dict[str, Any]:
    """What identify events up to this one, it included, said last of each trait."""
    traits: dict[str, Any] = {}
    for each in told[: told.index(event) + 1]:
        traits |= each.traits if each.type == "identify" else {}
    return traits


def since(name: str, so_far: list[Sent], touched: list[Sent], model: dict[str, Any], told: Sequence[Sent]) -> timedelta | None:
    """How long before the last event the latest earlier one was that matches any rule of a stage, whatever it entered."""
    (rules,) = [stage["enter"] for stage in model["stages"] if stage["stage"] == name]
    for index in range(len(so_far) - 2, -1, -1):
        if any(enters(rule, so_far[: index + 1], touched, model, told) for rule in rules):
            return so_far[-1].occurred_at - so_far[index].occurred_at
    return None


def is_within(wanted: Any, ago: dict[str, timedelta | None]) -> bool:
    for one in listed(wanted):
        past = ago[one["stage"]]
        if past is None or past < span(one.get("at_least", "0s")) or past > span(one.get("within", "9999999h")):
            return False
    return True


def matches(
    rule: dict[str, Any],
    event: Sent,
    is_touch: bool,
    traits: dict[str, Any] | None = None,
    ago: dict[str, timedelta | None] | None = None,
) -> bool:
    checks: dict[str, Callable[[Any], bool]] = {
        "event": lambda wanted: any(glob(pattern, event.name) for pattern in listed(wanted)),
        "type": lambda wanted: event.type in listed(wanted),
        "channel": lambda wanted: event.channel in listed(wanted),
        "touch": lambda wanted: is_touch == wanted,
        "where": lambda wanted: all(holds(event, path, test) for path, test in wanted.items()),
        "traits": lambda wanted: all(holds(event, path, test, traits or {}) for path, test in wanted.items()),
        "since": lambda wanted: is_within(wanted, ago or {}),
        "occurrence": lambda _: True,
    }
    return all(checks[key](wanted) for key, wanted in rule.items())


def listed(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def glob(pattern: str, text: Any) -> bool:
    """Case-sensitive, the whole string, with * and ? only."""
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return isinstance(text, str) and re.fullmatch(expression, text, re.DOTALL) is not None


def holds(event: Sent, path: str, test: Any, traits: dict[str, Any] | None = None) -> bool:
    """Of the event's properties, or of traits. A test is a value or {operator: operand}; a dot descends, a backslash and a dot is a dot."""
    value: Any = {"properties": event.properties} if traits is None else traits
    for key in re.split(r"(?<!\\)\.", path):
        value = value.get(key.replace("\\.", "."), MISSING) if isinstance(value, dict) else MISSING
    operators = test if isinstance(test, dict) else {"eq": test}
    return all(compares(value, operator, operand) for operator, operand in operators.items())


def compares(value: Any, operator: str, operand: Any) -> bool:
    """What is missing compares with nothing; null exists; a value compares only with its own JSON type."""
    if operator == "exists" or value is MISSING:
        return operator == "exists" and operand == (value is not MISSING)
    if operator in ("eq", "ne", "in"):
        return any(same(value, each) for each in (operand if operator == "in" else [operand])) == (operator != "ne")
    if operator == "glob":
        return glob(operand, value)
    if json_type(value) != json_type(operand) or json_type(value) not in ("number", "string"):
        return False
    left, right = (each.encode() if isinstance(each, str) else each for each in (value, operand))
    return bool({"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator])


def same(value: Any, operand: Any) -> bool:
    return json_type(value) == json_type(operand) and bool(value == operand)


def json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object", type(None): "null"}[type(value)]
