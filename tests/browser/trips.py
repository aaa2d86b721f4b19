"""People who travel: by mail and by search, some of them back and forth; and the models of stages that they travel through."""

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=50)
STEPS = {"l": "Looked", "c": "Chose", "b": "Bought", "r": "Returned"}
WALKS = {"email": ["lcb", "lcbr", "lclcb", "lcl", "lb"], "paid_search": ["l", "lc", "lcl", "l", "cb", "lcbrl"]}
CAMPAIGNS = {"email": "utm_source=letter&utm_medium=email", "paid_search": "utm_source=google&utm_medium=cpc"}
TIMES = 4
TRIP = """
model: trip
labels: {en: Trip, ru: Поездка}
stages:
  - {stage: look, labels: {en: Looks, ru: Смотрит}, target: {conversion: 0.9}, enter: [{event: Looked}]}
  - {stage: choose, labels: {en: Chooses, ru: Выбирает}, target: {conversion: 0.3, days: 20, rating: 9.5}, enter: [{event: Chose}]}
  - {stage: buy, labels: {en: Buys, ru: Покупает}, enter: [{event: Bought, where: {properties.seats: {gte: 1}}}]}
  - {stage: return, labels: {en: Returns, ru: Возвращается}, enter: [{event: Returned}]}
"""
TEN = "model: ten\nstages:\n" + "".join(
    f'  - {{stage: step_{number}, labels: {{en: Step number {number}}}, enter: [{{event: "*ed", occurrence: {{min: {number}}}}}]}}\n'
    for number in range(1, 11)
)


def told(person: str, channel: str, walk: str, start: datetime) -> list[dict[str, Any]]:
    """A step every three days, each on a page; who chooses also rates."""
    events: list[dict[str, Any]] = []
    for place, step in enumerate(walk):
        at = start + timedelta(days=3 * place)
        who = {"userId": person, "anonymousId": f"device-{person}", "timestamp": at.isoformat(), "type": "track"}
        page = {"url": f"https://trip.example/?{CAMPAIGNS[channel]}" if place == 0 else "https://trip.example/"}
        events.append({**who, "event": STEPS[step], "properties": {"seats": 2}, "context": {"page": page}})
        if step == "c":
            events.append(
                {
                    **who,
                    "timestamp": (at + timedelta(hours=1)).isoformat(),
                    "event": "Survey Answered",
                    "properties": {"rating": 8 + place % 2},
                }
            )
    return events
