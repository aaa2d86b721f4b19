"""Examples for the OpenAPI document: names, values and touchpoints."""

from app.http.openapi import answer, problems

_READ = problems(401, 403, 422, 503)
_ASKED = {"model": "journey-5", "version": 1}
_WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "timezone": "UTC", "as_of": "2026-03-02T09:30:00Z"}

CHANNELS = _READ | answer(
    "Channels and kinds of touches",
    {
        "channels": [{"name": "email", "labels": {"en": "Email", "ru": "Электронная почта"}}],
        "kinds": [{"name": "session", "labels": {"en": "Visits", "ru": "Посещения"}}],
    },
)
VALUES = _READ | answer(
    "The values, and how many there are",
    {
        **_ASKED,
        "of": "utm_campaign",
        "q": "spring",
        **_WINDOW,
        "values": [{"value": "spring_sale", "count": 12, "customers": 7}],
        "total": 1,
    },
)
_TALLY = {
    "touches": 30,
    "customers": 12,
    "machines": 4,
    "first": 6,
    "stages": [{"stage": "awareness", "entries": 9, "customers": 8}],
}
TOUCHPOINTS = _READ | answer(
    "Every value of the touch, and all of them together",
    {
        **_ASKED,
        "by": "channel",
        **_WINDOW,
        "stages": [{"stage": "awareness", "label": "Awareness", "labels": {"en": "Awareness", "ru": "Осознание"}}],
        "total": _TALLY,
        "listed": [{"value": "email", **_TALLY}],
        "other": {"values": 2, **_TALLY},
    },
)
