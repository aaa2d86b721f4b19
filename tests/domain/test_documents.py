"""Documents read strictly: what just fits is read as it is, what could not be stored unchanged is refused."""

import json
from typing import Any

import pytest

from app.domain.documents import Code, RefusedError, read_document

VIEWED: dict[str, Any] = {"type": "track", "event": "Product Viewed", "anonymousId": "a"}


def refused(text: str) -> Code:
    with pytest.raises(RefusedError) as raised:
        read_document(text.encode())
    return raised.value.code


@pytest.mark.parametrize(
    "document",
    [
        VIEWED | {"event": "x" * (32_768 - len(json.dumps(VIEWED | {"event": ""})))},
        VIEWED | {"properties": {"x": json.loads("[" * 14 + "]" * 14)}},
        VIEWED | {"properties": {str(key): 0 for key in range(996)}},
        VIEWED | {"event": "\U0001f600 \\u0000 \\ud83d"},
        VIEWED | {"properties": {"x": [2**64 - 1, -(2**63), 0.1, 1e300, 5e-324, -0.0, 1234567890.12345]}},
    ],
    ids=["32 KiB", "depth 16", "1,000 keys", "text that looks unstorable", "numbers that fit"],
)
def test_the_largest_that_fits_is_read_as_it_is(document: dict[str, Any]) -> None:
    assert read_document(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    "document, code",
    [
        (VIEWED | {"event": "x" * (32_769 - len(json.dumps(VIEWED | {"event": ""})))}, Code.TOO_LARGE),
        (VIEWED | {"properties": {"x": json.loads("[" * 15 + "]" * 15)}}, Code.TOO_DEEP),
        (VIEWED | {"properties": {str(key): 0 for key in range(997)}}, Code.TOO_MANY_KEYS),
    ],
)
def test_a_step_further_is_too_much(document: dict[str, Any], code: Code) -> None:
    assert refused(json.dumps(document)) is code


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "1e400", "-1e999", "0.1234567890123456789", "1.00000000000000000001"]
)
@pytest.mark.parametrize("place", ['{"x": %s}', '{"x": [1, %s]}', '{"x":[%s]}', '{"x": {"y" :\n%s}}'])
def test_a_number_that_would_come_back_changed_is_refused(number: str, place: str) -> None:
    assert refused(json.dumps(VIEWED)[:-1] + ', "properties": ' + place % number + "}") is Code.UNSTORABLE_NUMBER


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\udc00", r"\uD83D\uD83D", r"\\\u0000", r"\\\\\udfff"])
def test_text_that_cannot_be_stored_is_refused(escape: str) -> None:
    assert refused(json.dumps(VIEWED)[:-1] + f', "properties": {{"x": "{escape}"}}}}') is Code.UNSTORABLE_TEXT
