"""Attribution over HTTP: events and stages as conversions, the ledger, the people behind a credit, and what is refused."""

import csv
import io
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.questions.attribution import DIVIDED, MODELS
from tests.http.journeys import HOUR, contact, order, stamp, tell, travelled
from tests.service import KEYS, Waystage, bearer

START = datetime(1994, 5, 1, tzinfo=UTC)
MONTH = {"from": stamp(START), "to": stamp(START + timedelta(days=30))}
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


class Shop:
    """Journeys of people whom nobody else knows, in a month of their own."""

    def __init__(self, waystage: Waystage) -> None:
        self.waystage = waystage
        self.sold = f"Sold {uuid.uuid4().hex}"
        self.people = {name: f"{name}-{uuid.uuid4().hex}" for name in ("ann", "ben", "cid", "dot", "eve", "fay")}
        tell(waystage, [*self._events()])

    def _events(self) -> Iterator[dict[str, Any]]:
        yield from travelled(self.people["ann"], ["email", "call", "direct"], START, self.sold, revenue="10.00", currency="EUR")
        yield from travelled(self.people["ben"], ["email", "email", "sms"], START, self.sold, revenue=0.1, currency="eur")
        yield from travelled(self.people["cid"], ["call", "email"], START, None)
        yield order(self.people["dot"], self.sold, START + HOUR, total=5, currency="JPY")
        yield contact(self.people["eve"], "email", START, userAgent=CRAWLER)
        yield from travelled(self.people["eve"], ["sms"], START + HOUR, self.sold)
        yield contact(self.people["fay"], "push", START, campaign={"name": "=SUM(A1)"})
        yield order(self.people["fay"], self.sold, START + HOUR)
        yield {"type": "identify", "userId": self.people["fay"], "traits": {"plan": self.sold}, "timestamp": stamp(START)}

    def ask(self, path: str = "", **said: Any) -> Any:
        return self.waystage.ask(f"/v1/attribution{path}", **{"conversion": f"event:{self.sold}", **MONTH, **said})

    def id(self, name: str) -> str:
        return f"user_id:{self.people[name]}"


@pytest.fixture(scope="module")
def shop(shared_waystage: Waystage) -> Shop:
    return Shop(shared_waystage)


def named(answer: Any, model: str, what: str = "credits") -> dict[str, Any]:
    return {row["name"]: row[what][model] for row in answer["names"] if row[what][model]}


def test_an_answer_in_full(shop: Shop) -> None:
    answer = shop.ask(models="last_non_direct,linear,markov")
    assert answer.pop("as_of") > MONTH["from"]
    rows = {row["name"]: row for row in answer.pop("names")}
    assert answer == {
        "model": "journey-5",
        "version": 1,
        "conversion": f"event:{shop.sold}",
        "from_stage": None,
        "by": "channel",
        "lookback": "30d",
        "reset": False,
        "order": 1,
        "models": ["last_non_direct", "linear", "markov"],
        **MONTH,
        "timezone": "UTC",
        "computed_for": {"models": ["markov"], **MONTH},
        "conversions": 5,
        "customers": 5,
        "values": [{"currency": "EUR", "value": 10.1}, {"currency": "JPY", "value": 5.0}],
        "no_touch": 1,
        "not_converted": 1,
        "machine_touches": 1,
        "conversion_probability": 0.8,
        "folded": {"markov": 0},
    }
    assert [*rows] == ["sms", "call", "direct", "push", "email"]
    email = rows["email"]
    assert (email["reach"], email["touches"], email["assisted"]) == (3, 4, 2)
    assert (email["credits"]["last_non_direct"], email["credits"]["linear"]) == (0, pytest.approx(1, abs=1e-11))
    assert email["values"]["linear"] == [{"currency": "EUR", "value": 3.4}, {"currency": "JPY", "value": 0.0}]


def test_names_are_listed_by_the_first_model_asked_for(shop: Shop) -> None:
    for model in ("first", "linear", "shapley"):
        listed = [row["credits"][model] for row in shop.ask(models=model)["names"]]
        assert listed == sorted(listed, reverse=True)


def test_the_ledger_sums_to_one_and_to_the_money_exactly(shop: Shop) -> None:
    params = {"conversion": f"event:{shop.sold}", **MONTH, "models": ",".join(DIVIDED)}
    answer = shop.waystage.client.get("/v1/attribution/ledger", params=params, headers=bearer(KEYS.read)).json(parse_float=Decimal)
    weights: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    credit: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in answer["rows"]:
        weights[row["model"], row["customer"]] += row["weight"]
        credit[row["model"], row["customer"]] += row["credit"] or 0
    assert len(weights) == len(DIVIDED) * 5
    assert {*weights.values()} == {1}
    for model in DIVIDED:
        assert [credit[model, shop.id(name)] for name in ("ann", "ben", "dot", "eve")] == [10, Decimal("0.1"), 5, 0]


def test_totals_are_the_sums_of_the_ledger(shop: Shop) -> None:
    totals, rows = shop.ask(models=",".join(DIVIDED)), shop.ask("/ledger", models=",".join(DIVIDED))["rows"]
    for model in DIVIDED:
        sums: defaultdict[str, float] = defaultdict(float)
        for row in rows:
            if row["model"] == model:
                sums[row["name"]] += row["weight"]
        assert {name: weight for name, weight in sums.items() if weight} == pytest.approx(named(totals, model)), model


def test_a_row_tells_the_conversion_and_its_touch(shop: Shop) -> None:
    rows = [row for row in shop.ask("/ledger", models="position_based")["rows"] if row["customer"] == shop.id("ann")]
    assert [(row["name"], row["weight"], row["credit"], row["position"]) for row in rows] == [
        ("email", 0.4, 4.0, 0),
        ("call", 0.2, 2.0, 1),
        ("direct", 0.4, 4.0, 2),
    ]
    assert {(row["place"], row["converted_at"], row["value"], row["currency"]) for row in rows} == {
        (3, stamp(START + 3 * HOUR), 10.0, "EUR")
    }
    assert rows[0]["touched_at"] == stamp(START)
    (alone,) = [row for row in shop.ask("/ledger")["rows"] if row["customer"] == shop.id("dot")]
    assert (alone["name"], alone["position"], alone["touched_at"], alone["channel"], alone["weight"]) == ("direct", None, None, None, 1.0)


def test_pages_of_the_ledger_neither_skip_nor_repeat(shop: Shop) -> None:
    pages, cursor = [], None
    while True:
        page = shop.ask("/ledger", models="linear,first", limit=2, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 5
        pages.append(page["rows"])
        if (cursor := page["next"]) is None:
            break
    assert len(pages) == 3
    everything = shop.ask("/ledger", models="linear,first")["rows"]
    assert sorted(map(str, everything)) == sorted(str(row) for page in pages for row in page)


def test_the_ledger_as_csv_is_the_ledger(shop: Shop) -> None:
    said = {"conversion": f"event:{shop.sold}", **MONTH, "models": "linear,time_decay"}
    response = shop.waystage.client.get("/v1/attribution/ledger", params={**said, "format": "csv"}, headers=bearer(KEYS.read))
    assert response.headers["content-type"].startswith("text/csv")
    listed = [*csv.DictReader(io.StringIO(response.text))]
    told = shop.ask("/ledger", models="linear,time_decay")["rows"]
    assert [*listed[0]] == [*told[0]]
    assert [(row["customer"], row["model"], float(row["weight"])) for row in listed] == [
        (row["customer"], row["model"], row["weight"]) for row in told
    ]
    assert {row["utm_campaign"] for row in listed} == {"", "'=SUM(A1)"}


def test_the_people_behind_a_credit(shop: Shop) -> None:
    behind = shop.ask("/customers", models="linear", name="email")
    assert {one["id"] for one in behind["customers"]} == {shop.id("ann"), shop.id("ben")}
    assert (behind["total"], behind["conversions"]) == (2, pytest.approx(1.0, abs=1e-11))
    assert shop.ask("/customers", models="last_non_direct", name="email")["total"] == 0
    assert shop.ask("/customers")["total"] == 5


def test_credits_of_a_past_conversion_stay_when_the_person_comes_back(shop: Shop, shared_waystage: Waystage) -> None:
    person, sold = uuid.uuid4().hex, f"Sold {uuid.uuid4().hex}"
    tell(shared_waystage, [*travelled(person, ["email", "direct", "call"], START, sold, revenue=9)])
    said = {"conversion": f"event:{sold}", "models": "last_non_direct,first,last,linear,position_based,time_decay"}
    before = shop.ask(**said), shop.ask("/ledger", **said)["rows"]
    again = [*travelled(person, ["paid_search", "direct"], START + 9 * HOUR, None), order(person, sold, START + timedelta(days=40))]
    tell(shared_waystage, again)
    after = shop.ask(**said), shop.ask("/ledger", **said)["rows"]
    assert after[1] == before[1]
    assert len(after[1]) == 18
    for model in after[0]["models"]:
        assert named(after[0], model) == named(before[0], model)


def test_a_trait_selects_customers(shop: Shop) -> None:
    answer = shop.ask(trait=f"plan:{shop.sold}", models="first")
    assert (answer["conversions"], answer["not_converted"], named(answer, "first")) == (1, 0, {"push": 1})


def test_entries_into_a_stage_are_conversions_too(shop: Shop, shared_waystage: Waystage) -> None:
    start, plan = datetime(1994, 8, 1, tzinfo=UTC), uuid.uuid4().hex
    window = {"from": stamp(start), "to": stamp(start + timedelta(days=9)), "trait": f"plan:{plan}"}
    events = [{"type": "identify", "userId": plan, "traits": {"plan": plan}, "timestamp": stamp(start)}]
    for hours, (channel, name) in enumerate([("email", "Product Viewed"), ("call", "Product Added"), ("sms", "Order Completed")]):
        events += travelled(plan, [channel], start + 4 * hours * HOUR, name, revenue=30, currency="EUR")
    tell(shared_waystage, events)
    bought = shared_waystage.ask("/v1/attribution", **window)
    assert bought["conversion"] == "stage:purchase"
    assert (named(bought, "first"), named(bought, "last")) == ({"email": 1}, {"sms": 1})
    assert bought["values"] == [{"currency": "EUR", "value": 30.0}]
    moved = shared_waystage.ask("/v1/attribution", conversion="stage:decision", from_stage="consideration", models="last", **window)
    assert (moved["conversions"], named(moved, "last")) == (1, {"call": 1})
    assert shared_waystage.ask("/v1/attribution", conversion="stage:decision", from_stage="loyalty", **window)["conversions"] == 0
    for channel, count in (("call", 1), ("sms", 0)):
        entries = shared_waystage.ask("/v1/transitions", channel=channel, **window)["stages"][2]["entries"]
        asked = shared_waystage.ask("/v1/attribution", conversion="stage:decision", channel=channel, **window)
        assert entries == asked["conversions"] == count


@pytest.mark.parametrize(
    "said, field",
    [
        ({"conversion": "purchase"}, "conversion"),
        ({"conversion": "stage:nowhere"}, "conversion"),
        ({"conversion": "event:"}, "conversion"),
        ({"conversion": "stage:purchase", "from_stage": "nowhere"}, "from_stage"),
        ({"from_stage": "awareness"}, "from_stage"),
        ({"by": "colour"}, "by"),
        ({"by": "channel/channel"}, "by"),
        ({"models": "best"}, "models"),
        ({"lookback": "soon"}, "lookback"),
        ({"order": 4}, "order"),
    ],
)
def test_what_cannot_be_asked(shop: Shop, said: dict[str, str], field: str) -> None:
    params = {"conversion": f"event:{shop.sold}", **said}
    response = shop.waystage.client.get("/v1/attribution", params=params, headers=bearer(KEYS.read))
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("path", ["ledger", "customers"])
def test_the_markov_model_as_a_whole_has_no_ledger(shop: Shop, path: str) -> None:
    response = shop.waystage.client.get(f"/v1/attribution/{path}", params={"models": "markov"}, headers=bearer(KEYS.read))
    assert response.status_code == 422
    assert "markov_by_path" in response.json()["detail"]


def test_every_model_is_answered_where_none_is_named(shop: Shop) -> None:
    answer = shop.ask()
    assert answer["models"] == [*MODELS]
    assert {model for row in answer["names"] for model in row["credits"]} == {*MODELS}
