"""A batch parted by its brackets says what a strict reader says of it, and goes on where that one stops."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.arriving.batches import part_batch

TEXTS = st.text(st.sampled_from('ab"\\{}[],:\n batch\u00e9'), max_size=8)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))


@settings(max_examples=50, deadline=None)
@given(st.lists(VALUES), st.dictionaries(TEXTS, VALUES), st.dictionaries(TEXTS, VALUES), st.sampled_from([None, 2]))
def test_a_sound_batch_is_parted_as_it_reads(
    events: list[object], before: dict[str, object], after: dict[str, object], indent: int
) -> None:
    around = [{key: value for key, value in part.items() if key != "batch"} for part in (before, after)]
    parted = part_batch(json.dumps({**around[0], "batch": events, **around[1]}, indent=indent).encode())
    assert parted is not None
    assert [json.loads(event) for event in parted.events] == events
    assert json.loads(parted.rest) == {**around[0], "batch": [], **around[1]}


@pytest.mark.parametrize(
    "events",
    [
        [b'{"a":NaN}', b"{}"],
        [b"nonsense", b"{}", b""],
        [b'{"a":"\x01"}', b'{"b":"]}\\""}'],
        [b"[" * 50_000 + b"]" * 50_000, b"1"],
        [b'{"batch":[1,2]}', b"\xff"],
    ],
)
def test_what_is_wrong_within_an_event_stays_there(events: list[bytes]) -> None:
    parted = part_batch(b'{"sentAt":"x","batch":[' + b",".join(events) + b'],"writeKey":"k"}')
    assert parted is not None
    assert (parted.events, parted.rest) == (events, b'{"sentAt":"x","batch":[],"writeKey":"k"}')


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"batch":[', b'{"batch":[}', b'{"batch":["a]}', b'{"batch":{}}', b'{"x":{"batch":[]}}', b"]["]
)
def test_what_has_no_such_list_is_not_parted(body: bytes) -> None:
    assert part_batch(body) is None


@pytest.mark.parametrize("body", [b"[" * 500_000, b'"' + b'\\"' * 250_000, b'{"batch":[' + b"," * 500_000 + b"]}", b'""' * 250_000])
def test_the_time_it_takes_grows_with_the_length_alone(body: bytes) -> None:
    started = time.process_time()
    part_batch(body)
    assert time.process_time() - started < 1.0
