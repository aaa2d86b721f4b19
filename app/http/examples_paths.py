"""Examples for the OpenAPI document: paths, the journey map, stalls and last touches."""

from app.http.openapi import answer, problems

_READ = problems(401, 403, 422, 503)
_ASKED = {"model": "journey-5", "version": 1}
_WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "timezone": "UTC", "as_of": "2026-03-02T09:30:00Z"}

_GONE = {"customers": 9, "exits": 5, "more": 0}
_EDGE = {"from": "awareness", "to": "consideration", "customers": 4, "median": 3600.0}
PATHS = _READ | answer(
    "Paths and steps",
    {
        **_ASKED,
        "of": "stages",
        "start": None,
        "end": None,
        "depth": 5,
        **_WINDOW,
        "customers": 9,
        "paths": [{"path": ["awareness", "consideration"], **_GONE, "customers": 4, "exits": 4, "share": 0.444, "median": 3600.0}],
        "other": {"paths": 1, **_GONE, "customers": 5, "share": 0.556},
        "steps": [{"step": 1, **_GONE, "nodes": [{"name": "awareness", **_GONE}], "edges": [_EDGE]}],
    },
)

_DWELL = {"median": 3600.0, "p90": 86400.0}
_FLOW = {"at_start": 0, "entries": 9, "exits": 4, "at_end": 5, "customers": 9}
_COUNTED = {"listed": [{"name": "email", "count": 6}], "other": {"names": 2, "count": 3}}
_ACTIONS = {"listed": [{"name": "Product Viewed", "count": 12, "customers": 7}], "other": {"names": 0, "count": 0}}
_OUTCOMES = {"reached": 9, "converted": 4, "still_in_window": 3, "dropped": 2, "conversion": 0.444}
_STAGE = {
    "stage": "consideration",
    "label": "Consideration",
    **_FLOW,
    "dwell": _DWELL,
    "further": {
        "to": ["decision", "purchase", "loyalty"],
        "within": 1209600.0,
        **_OUTCOMES,
        "time_to_convert": _DWELL | {"mean": 9000.0},
    },
    "backward": [{"from": "consideration", "to": "awareness", "count": 1, "customers": 1, "share": 0.25, "dwell": _DWELL}],
    "came_from": [{"from": "awareness", "to": "consideration", "count": 9, "customers": 9, "share": 1.0, "dwell": _DWELL}],
    "channels": _COUNTED,
    "actions": _ACTIONS,
    "touch_kinds": _COUNTED,
    "touch_channels": _COUNTED,
    "rating": {"count": 3, "mean": 8.333, "values": [{"rating": 7.0, "count": 1}, {"rating": 9.0, "count": 2}], "other": 0},
    "target": {"conversion": {"target": 0.4, "measured": 0.444, "verdict": "met"}},
}
_MAP = answer("Every stage of the model; the furthest has no `further`", {**_ASKED, "within": "30d", **_WINDOW, "stages": [_STAGE]})
_MAP[200]["content"]["application/json"]["schema"]["properties"]["stages"]["items"]["properties"]["further"]["type"] = ["object", "null"]
JOURNEY_MAP = _READ | _MAP

_STALL = {"stage": "decision", "label": "Decision", "limit": 432000.0, "limit_from": "p90", "exits": 212, "there": 40, "stalled": 6}
STALLS = _READ | answer(
    "Every stage that customers wait in",
    {**_ASKED, "over": "p90", "history": "180d", **_WINDOW, "stages": [{**_STALL, "oldest": 950400.0, "median": 604800.0}]},
)
_ENDS = {"touch": "email", "ends": 12, "share": 0.6, "touches": 90, "touches_share": 0.3, "lift": 2.0}
LAST_TOUCHES = _READ | answer(
    "Touches after which journeys stopped",
    {
        **_ASKED,
        "by": "channel",
        "over": "p90",
        "quiet": "30d",
        **_WINDOW,
        "ends": 20,
        "touches": 300,
        "listed": [{**_ENDS, "stages": [{"stage": "decision", "ends": 9}]}],
        "other": {"names": 3, "ends": 8, "touches": 210},
    },
)
