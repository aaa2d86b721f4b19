"""When an event occurred: what its sender says, within what can be believed of it; what was said is kept as it was."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.tables import stored
from tests.service import KEYS, Waystage

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SLACK = timedelta(seconds=20)


def sent(waystage: Waystage, key: str | None, timestamp: Any, sent_at: Any = None) -> dict[str, Any]:
    """The row of an event that says this timestamp, in a batch that says when it was sent; its journey can be read."""
    name = uuid.uuid4().hex
    event = {"type": "track", "event": "Timed", "userId": name, "messageId": name, "timestamp": timestamp}
    assert waystage.batch([event], key, sentAt=sent_at)["accepted"] == 1
    (row,) = stored(waystage, name)
    return row


SAID_PUBLIC = [
    pytest.param(-6 * DAY, None, "sent", id="within 7 days"),
    pytest.param(-7 * DAY + SLACK, None, "sent", id="just within 7 days"),
    pytest.param(-7 * DAY - SLACK, None, "outside", id="over 7 days"),
    pytest.param(HOUR - SLACK, None, "sent", id="within an hour ahead"),
    pytest.param(HOUR + SLACK, None, "outside", id="over an hour ahead"),
    pytest.param(-MINUTE, -30 * SECOND, "sent", id="a clock 30 s late"),
    pytest.param(-MINUTE, 30 * SECOND, "sent", id="a clock 30 s early"),
    pytest.param(-10 * MINUTE, -9 * MINUTE, "corrected", id="a clock 9 minutes late"),
    pytest.param(9 * MINUTE, 10 * MINUTE, "corrected", id="a clock 10 minutes early"),
    pytest.param(-1096 * DAY, -1096 * DAY, "corrected", id="a clock 3 years late"),
    pytest.param(1095 * DAY, 1096 * DAY, "corrected", id="a clock 3 years early"),
    pytest.param(-8 * DAY, 2 * DAY, "outside", id="outside after its correction"),
]


@pytest.mark.parametrize("said, sent_at, rule", SAID_PUBLIC)
def test_a_public_source_is_believed_within_a_week(
    shared_waystage: Waystage, said: timedelta, sent_at: timedelta | None, rule: str
) -> None:
    now = datetime.now(UTC)
    timestamp = (now + said).isoformat()
    row = sent(shared_waystage, KEYS.write, timestamp, None if sent_at is None else (now + sent_at).isoformat())
    expected = {"sent": now + said, "outside": row["received_at"], "corrected": row["received_at"] + said - (sent_at or timedelta())}
    assert (row["time_rule"], row["timestamp"]) == (rule, timestamp)
    assert abs(row["occurred_at"] - expected[rule]) < SLACK / 2
    if rule != "corrected":
        assert row["occurred_at"] == expected[rule]


SAID_TRUSTED = [
    (datetime(1990, 1, 1, tzinfo=UTC), "sent"),
    (datetime(1989, 12, 31, 23, 59, 59, tzinfo=UTC), "outside"),
    (DAY - 5 * MINUTE, "sent"),
    (DAY + 5 * MINUTE, "outside"),
]


@pytest.mark.parametrize("said, rule", SAID_TRUSTED)
def test_a_trusted_source_is_believed_and_never_corrected(shared_waystage: Waystage, said: datetime | timedelta, rule: str) -> None:
    said = said if isinstance(said, datetime) else datetime.now(UTC) + said
    row = sent(shared_waystage, KEYS.server, said.isoformat(), (datetime.now(UTC) - 3 * HOUR).isoformat())
    assert (row["time_rule"], row["timestamp"]) == (rule, said.isoformat())
    assert row["occurred_at"] == (said if rule == "sent" else row["received_at"])


INSTANT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
READ = {
    "2024-05-06T07:08:09Z": INSTANT,
    "2024-05-06T07:08:09.123Z": INSTANT + timedelta(milliseconds=123),
    "2024-05-06T07:08:09.123456789Z": INSTANT + timedelta(microseconds=123456),
    "2024-05-06T07:08:09": INSTANT,
    "2024-05-06 07:08:09": INSTANT,
    "2024-05-06T07:08:09+00:00": INSTANT,
    "2024-05-06T23:07:09+15:59": INSTANT,
    "2024-05-05T15:09:09-15:59": INSTANT,
    " 2024-05-06T07:08:09Z ": INSTANT,
    "2024-05-06": datetime(2024, 5, 6, tzinfo=UTC),
    "20240506T070809Z": INSTANT,
}
NUMBERS = [INSTANT.timestamp(), INSTANT.timestamp() * 1_000, INSTANT.timestamp() * 1_000_000, INSTANT.timestamp() + 0.5]


@pytest.mark.parametrize("text", READ)
def test_texts_are_instants_in_utc(shared_waystage: Waystage, text: str) -> None:
    row = sent(shared_waystage, KEYS.server, text)
    assert (row["time_rule"], row["timestamp"], row["occurred_at"]) == ("sent", text, READ[text])


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_count_from_1970_in_the_unit_of_their_size(shared_waystage: Waystage, number: float) -> None:
    row = sent(shared_waystage, KEYS.server, number)
    assert (row["time_rule"], json.loads(row["timestamp"])) == ("sent", number)
    assert row["occurred_at"] == INSTANT + (timedelta(seconds=0.5) if number % 1 else timedelta())


UNREADABLE = [
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "-0001-01-01T00:00:00Z",
    "+275760-09-13T00:00:00.000Z",
    "2016-12-31T23:59:60Z",
    "2024-02-30T00:00:00Z",
    "2024-05-06T07:08:09+24:00",
    "Infinity",
    "NaN",
    "now",
    "06.05.2024",
    "\u0662\u0660\u0662\u0664-05-06",
    "1700000000",
    1e300,
    -1e300,
    2**63,
    True,
    {"$date": "2024-05-06"},
    [2024, 5, 6],
]


@pytest.mark.parametrize("key", [KEYS.write, KEYS.server], ids=["public", "trusted"])
@pytest.mark.parametrize("said", UNREADABLE, ids=ascii)
def test_what_names_no_instant_is_kept_and_flagged(shared_waystage: Waystage, said: Any, key: str) -> None:
    row = sent(shared_waystage, key, said)
    assert (row["time_rule"], row["occurred_at"]) == ("unreadable", row["received_at"])
    assert row["timestamp"] == said if isinstance(said, str) else json.loads(row["timestamp"]) == said
    shared_waystage.derived()
    (event,) = shared_waystage.journey(f"user_id:{row['user_id']}")["events"]
    assert datetime.fromisoformat(event["occurred_at"]) == row["received_at"]


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 0, -1, 253402300799, "1970-01-01"], ids=ascii)
def test_what_cannot_be_believed_is_kept_and_flagged(shared_waystage: Waystage, said: Any) -> None:
    for key in (KEYS.write, KEYS.server):
        row = sent(shared_waystage, key, said)
        assert (row["time_rule"], row["occurred_at"], row["timestamp"]) == ("outside", row["received_at"], str(said))


@pytest.mark.parametrize("absent", [None, ""])
def test_without_a_timestamp_an_event_occurs_when_it_is_received(shared_waystage: Waystage, absent: str | None) -> None:
    row = sent(shared_waystage, KEYS.write, absent, "2001-01-01")
    assert (row["time_rule"], row["occurred_at"], row["timestamp"]) == ("absent", row["received_at"], absent)


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x", 5e20, True, {}, []], ids=ascii)
def test_a_foolish_time_of_sending_does_no_harm(shared_waystage: Waystage, sent_at: Any) -> None:
    row = sent(shared_waystage, KEYS.write, datetime.now(UTC).isoformat(), sent_at)
    assert row["time_rule"] in ("sent", "outside")
    assert abs(row["occurred_at"] - row["received_at"]) < SLACK


def test_one_batch_may_say_its_times_in_every_way(shared_waystage: Waystage) -> None:
    name = uuid.uuid4().hex
    said = [*READ, *NUMBERS, *UNREADABLE, None]
    events = [{"type": "track", "event": f"E{place}", "userId": name, "timestamp": timestamp} for place, timestamp in enumerate(said)]
    assert shared_waystage.batch(events)["accepted"] == len(said)
    shared_waystage.derived()
    listed = shared_waystage.journey(f"user_id:{name}", model="each_event_name")
    assert len(listed["events"]) == len(said)
    instants = [datetime.fromisoformat(event["occurred_at"]) for event in listed["events"]]
    assert instants == sorted(instants)
    assert all(entry["dwell"] is None or entry["dwell"] >= 0 for entry in listed["entries"])
