"""Hostile values: nothing is stored as another value than was sent."""

import json
import uuid
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.tables import exact, rows, stored
from tests.service import BROWSER, KEYS, Waystage, basic, bearer


def send(waystage: Waystage, route: str, body: bytes) -> httpx.Response:
    return waystage.client.post(f"/v1/{route}", content=body, headers={"User-Agent": BROWSER, **basic(KEYS.write)})


TEXTS = [
    "\ufeffbom",
    "\u202eright to left\u202c",
    "\U0001f469\u200d\U0001f467 \U0010ffff \uffff \ufffe",
    "tab\tline\nreturn\rnext\u0085line\u2028",
    "\x01\x1f\x7f\x9b",
    "\\ \\. \\n \"quoted\" 'single' $1 %s {x} \\u0000",
    "\\.",
    "\n\\.\n",
    '""',
    ",,\r\n,",
    " spaces ",
    "'; drop table events; --",
    "__proto__",
    "<script>alert(1)</script>",
    "null",
    "NaN",
    "t",
    "e\u0301 \u00e9 \ufb01 \u0130 \u00df",
    "\u0418\u0432\u0430\u043d",
    Random(1).randbytes(12_000).hex(),  # noqa: S311 - not compressible, and the same in each run
    "9" * 15_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_text_comes_back_as_it_was_sent(shared_waystage: Waystage, text: str) -> None:
    person, name = f"text-{uuid.uuid4().hex}", f"text-{uuid.uuid4().hex}"
    page = {"url": f"https://shop.example/{text}"[:9000], "referrer": text[:5000], "title": text[:1000]}
    context = {"page": page, "campaign": {"name": text[:99]}}
    event = {"type": "identify", "userId": person, "messageId": name, "traits": {text[:99]: text[:9000]}, "context": context}
    named = {"type": "track", "userId": person, "messageId": f"{name}-2", "event": text, "properties": {text[:99]: [text[:99]]}}
    assert shared_waystage.batch([event, named])["accepted"] == 2
    (row,) = stored(shared_waystage, name)
    assert (row["url"], row["referrer"], row["body"]["traits"]) == (page["url"], page["referrer"], event["traits"])
    assert row["body"]["context"] == {"page": {"title": page["title"]}, "campaign": context["campaign"]}
    (row,) = stored(shared_waystage, f"{name}-2")
    assert (row["name"], row["body"]) == (text, {"properties": named["properties"]})
    shared_waystage.derived()
    journey = shared_waystage.journey(f"user_id:{person}", model="each_event_name")
    assert journey["customer"]["traits"] == event["traits"]
    assert [entry["stage"] for entry in journey["entries"]] == [text]


NUMBERS = [
    "0",
    "-0",
    "-0.0",
    "1e2",
    "1E+2",
    "0.1",
    "1e-7",
    "5e-324",
    "1e308",
    "1.7976931348623157e308",
    "123456789.123456",
    "0.30000000000000004",
]
NUMBERS += [str(2**53 + 1), str(2**63), str(2**64 - 1), str(-(2**63)), "1e22", "12345678901234567890"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_comes_back_as_it_was_sent(shared_waystage: Waystage, number: str) -> None:
    name = f"number-{uuid.uuid4().hex}"
    event = f'{{"type":"identify","userId":"{name}","messageId":"{name}","traits":{{"n":{number}}}}}'
    assert send(shared_waystage, "identify", event.encode()).json()["accepted"] == 1
    assert stored(shared_waystage, name)[0]["body"]["traits"]["n"] == exact(number)
    shared_waystage.derived()
    response = shared_waystage.client.get(f"/v1/customers/user_id:{name}/journey", headers=bearer(KEYS.read))
    assert exact(response.text)["customer"]["traits"]["n"] == exact(number)


def test_of_a_key_given_twice_the_last_one_counts_as_in_every_browser(shared_waystage: Waystage) -> None:
    name = f"again-{uuid.uuid4().hex}"
    body = f'{{"event":"a","event":"b","userId":"again","messageId":"{name}","properties":{{"x":1,"x":2}}}}'
    send(shared_waystage, "track", body.encode())
    (row,) = stored(shared_waystage, name)
    assert (row["name"], row["body"]) == ("b", {"properties": {"x": 2}})


ODD: dict[str, dict[str, Any]] = {
    "a url that is a number": {"context": {"page": {"url": 5, "referrer": ["x"]}}},
    "a page that is text": {"context": {"page": "x"}},
    "a name beside a page": {"type": "page", "event": "x"},
    "an empty url": {"context": {"page": {"url": ""}}},
    "a user agent that is a list": {"context": {"userAgent": ["x"], "sequence": 1.5}},
    "ids of another kind": {"context": {"externalIds": {"x": 1}, "traits": 5, "campaign": [], "device": "x", "location": 1}},
    "a timestamp that is an object": {"timestamp": {"x": 1}},
    "a long timestamp": {"timestamp": "x" * 5000},
    "keys of our own columns": {"received_at": "x", "source_id": 9, "channel": "browser", "time_rule": []},
}


@pytest.mark.parametrize("fields", ODD.values(), ids=list(ODD))
def test_what_has_no_column_of_its_own_is_kept_beside(shared_waystage: Waystage, fields: dict[str, Any]) -> None:
    name = f"odd-{uuid.uuid4().hex}"
    event = {"type": "track", "event": "Odd", "userId": name, "messageId": name, **fields}
    assert shared_waystage.batch([event])["accepted"] == 1
    (row,) = stored(shared_waystage, name)
    said = set(values(fields)) - {""}
    kept = {*values(row["body"]), *values({column: row[column] for column in ("name", "type", "url", "referrer", "user_agent")})}
    timestamp = json.loads(row["timestamp"]) if (row["timestamp"] or "").startswith("{") else row["timestamp"]
    assert said <= {*kept, *values(timestamp)}
    shared_waystage.derived()
    assert len(shared_waystage.journey(f"user_id:{name}")["events"]) == 1


def values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from values(item)
    else:
        yield value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(max_size=10), JSON, max_size=5), min_size=1, max_size=20))
def test_every_event_is_stored_exactly_or_refused_with_a_reason(shared_waystage: Waystage, documents: list[dict[str, Any]]) -> None:
    run = uuid.uuid4().hex
    events = [
        {"type": "track", "event": "Any", "userId": run, "messageId": f"{run}-{place:02}", "properties": document}
        for place, document in enumerate(documents)
    ]
    answer = shared_waystage.batch(events)
    refused = {one["index"]: one["code"] for one in answer["rejected"]}
    assert refused == {place: code for place, document in enumerate(documents) if (code := reason(document))}
    found = rows(shared_waystage, "select body ->> 'properties' as properties from events where user_id = $1 order by message_id", run)
    sent = [exact(json.dumps(document)) for place, document in enumerate(documents) if place not in refused]
    assert [exact(row["properties"]) for row in found] == sent


def reason(document: dict[str, Any]) -> str | None:
    if any("\0" in str(part) for part in (*values(document), *keys(document))):
        return "unstorable_text"
    whole = (number for number in values(document) if isinstance(number, int))
    return None if all(-(2**63) <= number < 2**64 for number in whole) else "unstorable_number"


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(item)
