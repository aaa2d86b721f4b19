"""The SDKs for Python that people already have, with another host and key."""

import socket
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from tests.clients.gate import Fault, before
from tests.clients.story import CONTEXT, FAULTS, an_hour_ago, assert_arrived, assert_known, assert_ordered
from tests.service import KEYS, Waystage

SDKS = {"segment": segment.analytics.client.Client, "rudderstack": rudderstack.analytics.client.Client}
LOOPBACK = "127.0.0.1"


@pytest.fixture(autouse=True)
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail where another host than this one is looked up."""
    asked: set[object] = set()
    look_up = socket.getaddrinfo

    def watched(host: Any, *said: Any, **more: Any) -> Any:
        asked.add(host)
        return look_up(host, *said, **more)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    yield
    assert asked <= {LOOPBACK}


def send(client: Any, person: str, at: datetime) -> None:
    """One event of each type, by the calls that the SDK has for them."""
    client.identify(person, anonymous_id=f"{person}-1", traits={"email": f"{person}@shop.example", "plan": "gold"})
    client.page(person, name="Pricing", properties={"path": "/pricing"}, context=dict(CONTEXT))
    client.screen(person, name="Home", context=dict(CONTEXT))
    client.track(anonymous_id=f"{person}-2", event="Product Added", context=dict(CONTEXT))
    client.alias(f"{person}-2", person)
    client.group(person, "g-1", traits={"name": "Example Ltd"})
    client.track(person, "Order Completed", properties={"revenue": 12.5}, timestamp=at)


@pytest.mark.parametrize("faults", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("sdk", SDKS)
def test_every_call_arrives_once(shared_waystage: Waystage, sdk: str, faults: tuple[Fault, ...]) -> None:
    person, at, lost = f"{sdk}-py-{uuid.uuid4().hex}", an_hour_ago(), []
    with before(shared_waystage.url, *faults) as gate:
        client = SDKS[sdk](KEYS.server, host=gate.url, gzip=True, on_error=lambda error, items: lost.append((error, items)))
        send(client, person, at)
        client.shutdown()
    assert not lost
    assert [asked.status for asked in gate.written[: len(faults)]] == [fault.value for fault in faults]
    assert_ordered(assert_arrived(shared_waystage, gate, person), at)
    assert_known(shared_waystage, person, f"{person}-1", f"{person}-2")


@pytest.mark.parametrize("sdk", SDKS)
def test_each_call_at_once_unpacked_with_a_public_key(shared_waystage: Waystage, sdk: str) -> None:
    person, at = f"{sdk}-py-{uuid.uuid4().hex}", an_hour_ago()
    with before(shared_waystage.url) as gate:
        send(SDKS[sdk](KEYS.write, host=gate.url, gzip=False, sync_mode=True), person, at)
    assert len(gate.written) == 7
    assert_ordered(assert_arrived(shared_waystage, gate, person), at)


@pytest.mark.parametrize("sdk", SDKS)
def test_a_wrong_key_is_given_up_at_once(shared_waystage: Waystage, sdk: str) -> None:
    lost: list[Exception] = []
    with before(shared_waystage.url) as gate:
        client = SDKS[sdk]("nobody-made-this-key-at-all", host=gate.url, on_error=lambda error, _: lost.append(error))
        client.track("nobody", "Order Completed")
        client.shutdown()
    assert [asked.status for asked in gate.written] == [401]
    assert "a write key is needed" in str(lost[0])
