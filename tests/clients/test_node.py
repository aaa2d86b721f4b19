"""The SDKs for Node.js that people already have, with another host and key."""

import uuid
from datetime import datetime

import pytest

from tests.clients.gate import Fault, Gate, before
from tests.clients.packages import installed, npm
from tests.clients.story import FAULTS, Seen, an_hour_ago, assert_arrived, assert_known, assert_ordered
from tests.service import KEYS, Waystage

JITSU = [
    Seen("group", None, "PERSON", "PERSON-1"),
    Seen("identify", None, "PERSON", "PERSON-1"),
    Seen("page", "Page Viewed", "PERSON", "PERSON-1"),
    Seen("track", "Order Completed", "PERSON", "PERSON-1"),
]


def send(sdk: str, gate: Gate, person: str, at: datetime) -> None:
    """Run tests/sdk/send.mjs, which fails when an event is given up or a host but the gate is asked for."""
    installed()
    sent = npm("run", "--silent", "send", SDK=sdk, HOST=gate.url, WRITE_KEY=str(KEYS.server), PERSON=person, AT=at.isoformat())
    assert sent.returncode == 0, sent.stdout + sent.stderr


@pytest.mark.parametrize("faults", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("sdk", ["segment", "rudderstack"])
def test_every_call_arrives_once(shared_waystage: Waystage, sdk: str, faults: tuple[Fault, ...]) -> None:
    person, at = f"{sdk}-{uuid.uuid4().hex}", an_hour_ago()
    with before(shared_waystage.url, *faults) as gate:
        send(sdk, gate, person, at)
    assert [asked.status for asked in gate.written[: len(faults)]] == [fault.value for fault in faults]
    assert_ordered(assert_arrived(shared_waystage, gate, person), at)
    assert_known(shared_waystage, person, f"{person}-1", f"{person}-2")


def test_jitsu(shared_waystage: Waystage) -> None:
    person = f"jitsu-{uuid.uuid4().hex}"
    with before(shared_waystage.url) as gate:
        send("jitsu", gate, person, an_hour_ago())
    assert_ordered(assert_arrived(shared_waystage, gate, person, JITSU))
    assert_known(shared_waystage, person, f"{person}-1")
