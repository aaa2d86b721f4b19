"""Hostile bodies: no answer is a server's error, and nothing is stored as another value than was sent."""

import base64
import gzip
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.events import TYPES
from tests.http.tables import exact, rows, stored
from tests.service import BROWSER, KEYS, Waystage, basic, bearer

PLAIN = json.dumps({"type": "track", "event": "x", "userId": "hostile"}).encode()
DEEP = 100_000
BODIES = {
    "nothing": b"",
    "a NUL": b"\0",
    "one brace": b"{",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1e400",
    "a text": b'"x"',
    "BOM": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "UTF-32": PLAIN.decode().encode("utf-32"),
    "Latin-1": PLAIN.replace(b'"x"', b'"\xe9"'),
    "overlong UTF-8": PLAIN.replace(b'"x"', b'"\xc0\x80"'),
    "a surrogate in UTF-8": PLAIN.replace(b'"x"', b'"\xed\xa0\x80"'),
    "a raw NUL": PLAIN.replace(b'"x"', b'"\0"'),
    "an escaped NUL": PLAIN.replace(b'"x"', rb'"\u0000"'),
    "a NUL in a key": PLAIN.replace(b'"type"', rb'"\u0000"'),
    "half a pair": PLAIN.replace(b'"x"', rb'"\ud800"'),
    "half a pair as the key": PLAIN.replace(b'"type"', rb'"writeKey":"\udfff","type"'),
    "NaN": PLAIN.replace(b'"x"', b"NaN"),
    "Infinity": PLAIN.replace(b'"x"', b"-Infinity"),
    "1e400": PLAIN.replace(b'"x"', b'"x","properties":{"x":1e400}'),
    "1e131071": PLAIN.replace(b'"x"', b'"x","properties":{"x":1e131071}'),
    "2^64": PLAIN.replace(b'"x"', b'"x","properties":{"x":18446744073709551616}'),
    "100,000 digits": PLAIN.replace(b'"x"', b'"x","properties":{"x":' + b"9" * 100_000 + b"}"),
    "lists in lists": PLAIN.replace(b'"x"', b"[" * DEEP + b"]" * DEEP),
    "objects in objects": PLAIN.replace(b'"x"', b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "open brackets": b"[" * DEEP,
    "open braces": b'{"batch":[' + b'{"a":' * 50_000,
    "100,000 keys": PLAIN.replace(b'"x"', b"{" + b",".join(b'"%d":0' % key for key in range(40_000)) + b"}"),
    "a key again": PLAIN[:-1] + b',"event":"y","userId":"z"}',
    "__proto__": PLAIN[:-1] + b',"__proto__":{"admin":true},"constructor":{"prototype":1}}',
    "two documents": PLAIN + PLAIN,
    "a comma too many": PLAIN[:-1] + b",}",
    "single quotes": PLAIN.replace(b'"', b"'"),
    "a comment": b"/**/" + PLAIN,
    "form": b"data=%7B%7D&ip=1",
    "gzip of gzip": gzip.compress(gzip.compress(PLAIN)),
    "gzip cut short": gzip.compress(PLAIN * 9)[:-9],
    "gzip of nothing": gzip.compress(b""),
    "no gzip at all": b"\x1f\x8b" + PLAIN,
    "gzip with a wrong sum": gzip.compress(PLAIN)[:-8] + b"\0" * 8,
    "a batch in a batch": b'{"batch":[{"batch":[' + PLAIN + b"]}]}",
    "batch of nothing": b'{"batch":[[],{},null,1,"",true]}',
    "batch is text": b'{"batch":"x"}',
    "no batch": b'{"events":[]}',
    "a key that is a list": b'{"writeKey":["x"],"batch":[]}',
    "sentAt is an object": b'{"sentAt":{"x":1},"batch":[' + PLAIN + b"]}",
}
ROUTES = [*TYPES, "batch", "import"]


def send(waystage: Waystage, route: str, body: bytes) -> httpx.Response:
    return waystage.client.post(f"/v1/{route}", content=body, headers={"User-Agent": BROWSER, **basic(KEYS.write)})


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_no_body_is_a_fault_of_the_server(shared_waystage: Waystage, body: bytes) -> None:
    for route in ROUTES:
        in_batch = route in ("batch", "import")
        for sent in (body, b'{"batch":[' + body + b"," + PLAIN + b"]}") if in_batch else (body,):
            response = send(shared_waystage, route, sent)
            assert response.status_code in (200, 400, 413), response.text
            assert response.headers["content-type"] == ("application/json" if response.is_success else "application/problem+json")
    pixel = shared_waystage.client.get("/v1/pixel/track", params={"data": base64.b64encode(body[:8000]).decode(), "writeKey": KEYS.write})
    assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_no_file_model_or_mapping_is_a_fault_of_the_server(shared_waystage: Waystage, body: bytes) -> None:
    model = shared_waystage.client.put("/v1/stage-models/hostile", content=body, headers=bearer(KEYS.admin))
    assert model.status_code in (400, 413, 422), model.text
    mapping = body[:8000].decode("latin-1")
    refused = shared_waystage.client.post("/v1/imports", params={"mapping": mapping}, content=b"", headers=bearer(KEYS.server))
    assert refused.status_code == (422 if mapping else 202), refused.text
    started = shared_waystage.client.post("/v1/imports", content=body, headers=bearer(KEYS.server))
    assert started.status_code == 202, started.text


def test_hostile_bodies_cost_little(shared_waystage: Waystage) -> None:
    before = memory(shared_waystage)
    took = sorted(timed(shared_waystage, route, body) for body in BODIES.values() for route in ROUTES)
    assert took[len(took) * 99 // 100] < 0.2
    assert memory(shared_waystage) - before < 50


def timed(waystage: Waystage, route: str, body: bytes) -> float:
    started = time.perf_counter()
    send(waystage, route, body)
    return time.perf_counter() - started


def memory(waystage: Waystage) -> int:
    """MiB of the collector that are resident now."""
    status = Path(f"/proc/{waystage.collector.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


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
    secrets.token_urlsafe(18_000),
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
