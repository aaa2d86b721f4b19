"""Examples of attribution for the OpenAPI document."""

from app.http.openapi import answer, problems

_READ = problems(401, 403, 422, 503)
_MONEY = [{"currency": "EUR", "value": 59.9}]
_ASKED = {
    "model": "journey-5",
    "version": 1,
    "conversion": "stage:purchase",
    "from_stage": None,
    "by": "channel",
    "lookback": "30d",
    "reset": False,
    "order": 1,
    "models": ["last_non_direct", "linear"],
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-03-02T00:00:00Z",
    "timezone": "UTC",
    "as_of": "2026-03-02T09:30:00Z",
}
_NAME = {
    "name": "email",
    "reach": 9,
    "touches": 14,
    "assisted": 2,
    "removal_effect": 0.8,
    "credits": {"last_non_direct": 8.0, "linear": 3.166666666667},
    "values": {"last_non_direct": _MONEY, "linear": _MONEY},
}
ATTRIBUTION = _READ | answer(
    "What each name is credited with under each model",
    {
        **_ASKED,
        "computed_for": {"models": ["markov"], "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"},
        "conversions": 10,
        "customers": 9,
        "values": _MONEY,
        "no_touch": 0,
        "not_converted": 7,
        "machine_touches": 1,
        "conversion_probability": 0.588235294118,
        "folded": {"markov": 0, "shapley": 0},
        "names": [_NAME],
    },
)
_ROW = {
    "customer": "user_id:u-1",
    "place": 7,
    "converted_at": "2026-03-01T12:00:00Z",
    "value": 59.9,
    "currency": "EUR",
    "model": "linear",
    "name": "email",
    "weight": 0.333333333333,
    "credit": 19.97,
    "position": 4,
    "touched_at": "2026-02-27T08:00:00Z",
    "kind": "email_clicked",
    "channel": "email",
    "utm_source": "newsletter",
    "utm_medium": "email",
    "utm_campaign": "spring",
    "utm_term": None,
    "utm_content": None,
}
_CSV = ",".join(_ROW) + "\r\n" + ",".join(str(value or "") for value in _ROW.values()) + "\r\n"
LEDGER = _READ | answer("A page of the ledger; with format=csv all of it", {**_ASKED, "rows": [_ROW], "total": 10, "next": None})
LEDGER[200]["content"]["text/csv"] = {"schema": {"type": "string"}, "example": _CSV}
