"""One bad event never fails its batch: it is refused with a reason, kept as bytes, and counted."""

import json
from typing import Any, NamedTuple

import pytest

from app.domain.documents import Code
from tests.http.tables import account, rows, stored
from tests.service import BROWSER, KEYS, Waystage, basic


class Bad(NamedTuple):
    """An event that is refused, as bytes, and what is said of it; `message` is a part of the words, `known` the message id that is told."""

    raw: bytes
    code: Code
    field: str | None
    message: str
    known: str | None = "bad"


def event(**fields: Any) -> bytes:
    return json.dumps({"type": "track", "event": "Bad", "userId": "bad", "messageId": "bad", **fields}).encode()


def of_size(size: int, **fields: Any) -> bytes:
    """An event of so many bytes."""
    return event(**fields, event="x" * (size - len(event(**fields, event=""))))


LONG = "x" * 201
BAD = {
    "a syntax error": Bad(event().replace(b"Bad", b'Bad" "'), Code.NOT_JSON, None, "not JSON", None),
    "NaN": Bad(event(properties={"x": float("nan")}), Code.NOT_JSON, None, "not JSON", None),
    "Infinity": Bad(event(properties={"x": float("-inf")}), Code.NOT_JSON, None, "not JSON", None),
    "a control character": Bad(event(event="a\\u0001").replace(b"\\\\u0001", b"\x01"), Code.NOT_JSON, None, "not JSON", None),
    "bad UTF-8": Bad(event(event="a-").replace(b"a-", b"a\xff"), Code.NOT_JSON, None, "not JSON", None),
    "a byte order mark": Bad(b"\xef\xbb\xbf" + event(), Code.NOT_JSON, None, "not JSON", None),
    "depth 100,000": Bad(b"[" * 100_000 + b"]" * 100_000, Code.TOO_LARGE, None, "200000 bytes", None),
    "a list": Bad(b"[1]", Code.NOT_AN_OBJECT, None, "object", None),
    "null": Bad(b"null", Code.NOT_AN_OBJECT, None, "object", None),
    "text": Bad(b'"track"', Code.NOT_AN_OBJECT, None, "object", None),
    "32 KiB and a byte": Bad(of_size(32_769), Code.TOO_LARGE, None, "32769 bytes", None),
    "depth 17": Bad(event(properties={"x": json.loads("[" * 15 + "]" * 15)}), Code.TOO_DEEP, None, "16", None),
    "depth 2,000": Bad(event(properties=0).replace(b"0}", b"[" * 2000 + b"]" * 2000 + b"}"), Code.TOO_DEEP, None, "16", None),
    "1,001 keys": Bad(event(properties={str(key): 0 for key in range(996)}), Code.TOO_MANY_KEYS, None, "1000 keys", None),
    "NUL": Bad(event(event="a\0"), Code.UNSTORABLE_TEXT, None, "NUL", None),
    "NUL in a key": Bad(event(properties={"\0": 1}), Code.UNSTORABLE_TEXT, None, "NUL", None),
    "a lone surrogate": Bad(event(traits={"name": "\udc00"}), Code.UNSTORABLE_TEXT, None, "surrogates", None),
    "a torn pair": Bad(event(traits={"name": "\ud83d\ud83d\ude00"}), Code.UNSTORABLE_TEXT, None, "surrogates", None),
    "2^64": Bad(event(properties={"x": 2**64}), Code.UNSTORABLE_NUMBER, None, str(2**64), None),
    "below -2^63": Bad(event(properties={"x": -(2**63) - 1}), Code.UNSTORABLE_NUMBER, None, "changed", None),
    "1e400": Bad(event(properties=0).replace(b"0}", b'{"x":1e400}}'), Code.UNSTORABLE_NUMBER, None, "changed", None),
    "19 decimals": Bad(event(properties=0).replace(b"0}", b"[0.1234567890123456789]}"), Code.UNSTORABLE_NUMBER, None, "changed", None),
    "no type": Bad(event(type=None), Code.UNKNOWN_TYPE, "type", "track, page"),
    "a type of one's own": Bad(event(type="purchase"), Code.UNKNOWN_TYPE, "type", "track, page"),
    "a type that is a list": Bad(event(type=["track"]), Code.UNKNOWN_TYPE, "type", "track, page"),
    "a track without event": Bad(event(event=""), Code.MISSING_FIELD, "event", "track needs event"),
    "a group without groupId": Bad(event(type="group"), Code.MISSING_FIELD, "groupId", "group needs groupId"),
    "an alias without previousId": Bad(event(type="alias"), Code.MISSING_FIELD, "previousId", "alias needs previousId"),
    "an alias without userId": Bad(event(type="alias", userId=None, previousId="p"), Code.MISSING_FIELD, "userId", "alias needs userId"),
    "a name that is a number": Bad(event(event=5), Code.WRONG_TYPE, "event", "text"),
    "properties that are text": Bad(event(properties="x"), Code.WRONG_TYPE, "properties", "object"),
    "a context that is a list": Bad(event(context=[]), Code.WRONG_TYPE, "context", "object"),
    "traits that are true": Bad(event(traits=True), Code.WRONG_TYPE, "traits", "object"),
    "an id that is an object": Bad(event(userId={"id": 1}), Code.WRONG_TYPE, "userId", "text"),
    "an id that is a fraction": Bad(event(anonymousId=1.5), Code.WRONG_TYPE, "anonymousId", "text"),
    "an id that is true": Bad(event(messageId=True), Code.WRONG_TYPE, "messageId", "text", None),
    "a long id": Bad(event(userId=LONG), Code.ID_TOO_LONG, "userId", "201 characters"),
    "a long messageId": Bad(event(messageId=LONG), Code.ID_TOO_LONG, "messageId", "201 characters", None),
    "a long previousId": Bad(event(previousId=LONG), Code.ID_TOO_LONG, "previousId", "201 characters"),
    "nobody": Bad(event(userId=None), Code.MISSING_IDENTIFIER, "userId", "anonymousId"),
    "nobody by an empty id": Bad(event(userId="", anonymousId=""), Code.MISSING_IDENTIFIER, "userId", "anonymousId"),
}
OF_IMPORTS = {Code.TIME_OUTSIDE, Code.TIME_UNREADABLE, Code.NOT_A_ROW}


def test_every_code_has_a_case() -> None:
    assert {bad.code for bad in BAD.values()} | OF_IMPORTS | {Code.UNSTORABLE} == set(Code)


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_a_bad_event_is_refused_alone(shared_waystage: Waystage, request: pytest.FixtureRequest, bad: Bad) -> None:
    neighbours = [f"refusals-{request.node.callspec.id}-{side}" for side in ("before", "after")]
    good = [json.dumps({"type": "track", "event": "Good", "userId": "good", "messageId": name}).encode() for name in neighbours]
    before = account(shared_waystage, "server")
    answer = post(shared_waystage, [good[0], bad.raw, good[1]])
    (rejected,) = answer.pop("rejected")
    assert answer == {"success": True, "accepted": 2, "duplicates": 0}
    assert bad.message in rejected.pop("message")
    assert rejected == {"index": 1, "messageId": bad.known, "code": bad.code.value, "field": bad.field}
    assert all(stored(shared_waystage, name) for name in neighbours)
    (failed,) = rows(shared_waystage, "select code, field, message_id, position, body from failed_events order by id desc limit 1")
    assert failed == {"code": bad.code.value, "field": bad.field, "message_id": bad.known, "position": 1, "body": bad.raw}
    assert differences(before, account(shared_waystage, "server")) == {"received": 3, "stored": 2, "duplicate": 0, "failed": 1}


def test_what_is_exactly_at_a_limit_is_stored(shared_waystage: Waystage) -> None:
    at_limits = [
        of_size(32_768, messageId="limit-bytes"),
        event(messageId="limit-depth", properties={"x": json.loads("[" * 14 + "]" * 14)}),
        event(messageId="limit-keys", properties={str(key): 0 for key in range(995)}),
        event(messageId="l" * 200, userId="\u00e9-" * 100),
        event(messageId="limit-numbers", properties={"x": [2**64 - 1, -(2**63), 1e308, 5e-324, 0.1, -0.0]}),
    ]
    assert post(shared_waystage, at_limits) == {"success": True, "accepted": 5, "duplicates": 0, "rejected": []}
    shared_waystage.derived()
    assert shared_waystage.journey("user_id:" + "\u00e9-" * 100)["events"]


def test_one_of_each_kind_in_a_batch_leaves_the_rest_stored(shared_waystage: Waystage) -> None:
    good = [{"type": "track", "event": "Good", "userId": "crowd", "messageId": f"crowd-{number}"} for number in range(1000)]
    raws = [json.dumps(one).encode() for one in good]
    for place, bad in enumerate(BAD.values()):
        raws.insert(25 * place, bad.raw)
    before = account(shared_waystage, "site")
    answer = post(shared_waystage, raws, KEYS.write)
    assert (answer["accepted"], len(answer["rejected"])) == (1000, len(BAD))
    assert [(one["index"], one["code"]) for one in answer["rejected"]] == [(25 * place, bad.code) for place, bad in enumerate(BAD.values())]
    post(shared_waystage, raws, KEYS.write)
    expected = {"received": 2 * len(raws), "stored": 1000, "duplicate": 1000, "failed": 2 * len(BAD)}
    assert differences(before, account(shared_waystage, "site")) == expected


def post(waystage: Waystage, raws: list[bytes], key: str | None = KEYS.server) -> dict[str, Any]:
    body = b'{"batch":[' + b",".join(raws) + b"]}"
    response = waystage.client.post("/v1/batch", content=body, headers={"User-Agent": BROWSER, **basic(key)})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def differences(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {word: after[word] - before[word] for word in after}
