"""Webhooks end to end: what a mail system posts, signed, becomes journeys; what is not signed becomes nothing."""

import hashlib
import hmac
import json
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.domain.arriving.events import Arrival
from app.domain.arriving.mapping import parse_mapping
from app.domain.arriving.signatures import Arrived
from app.flow.webhooks import EVENTS_MAX, submission
from app.http.problems import ProblemError
from app.http.webhook_ring import WebhookRing
from app.store.connect import open_pool
from tests.http.tables import rows
from tests.reading.histories import CHROME
from tests.service import KEYS, Waystage, bearer, until

SECRET = "mailgun-signing-key-000000"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1"
STRIPE = {"scheme": "hmac-sha256", "header": "X-Signature", "prefix": "v1=", "timestamp_header": "X-Time", "signed": "{timestamp}.{body}"}
CRM = """
format: json
rows: items
type: track
fields: {userId: customer, event: what, timestamp: at}
"""


def put(waystage: Waystage, name: str, **document: Any) -> httpx.Response:
    return waystage.client.put(f"/v1/webhooks/{name}", json={"source": "server", **document}, headers=bearer(KEYS.admin))


@pytest.fixture
def name(shared_waystage: Waystage) -> Iterator[str]:
    """A name that is free, and is again afterwards."""
    free = f"hook-{uuid.uuid4().hex}"
    yield free
    shared_waystage.client.delete(f"/v1/webhooks/{free}", headers=bearer(KEYS.admin))


def sendgrid(waystage: Waystage, name: str, body: Any, seconds: int = 0, **headers: str) -> httpx.Response:
    """Post as SendGrid does, signed so many seconds from now."""
    content, stamp = body if isinstance(body, bytes) else json.dumps(body).encode(), str(int(time.time()) + seconds)
    signature = b64encode(PRIVATE.sign(stamp.encode() + content, ec.ECDSA(SHA256()))).decode()
    said = {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": stamp}
    return waystage.client.post(f"/v1/webhooks/{name}", content=content, headers=said | headers)


def mailgun(waystage: Waystage, name: str, event: Any, token: str | None = None, stamp: int | None = None) -> httpx.Response:
    """Post one event as Mailgun does."""
    taken, at = token or uuid.uuid4().hex, str(stamp or int(time.time()))
    signature = hmac.new(SECRET.encode(), f"{at}{taken}".encode(), hashlib.sha256).hexdigest()
    body = {"signature": {"token": taken, "timestamp": at, "signature": signature}, "event-data": event}
    return waystage.client.post(f"/v1/webhooks/{name}", json=body)


def counts(answer: httpx.Response) -> tuple[int, int, int]:
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return said["accepted"], said["duplicates"], len(said["rejected"])


def of_sendgrid(email: str, event: str, second: int, **facts: Any) -> dict[str, Any]:
    message = {"smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>", "category": "cat facts", "sg_message_id": "14c5d75ce93.filter0001-0.0"}
    return {"email": email, "timestamp": 1_760_000_000 + second, "event": event, "sg_event_id": uuid.uuid4().hex, **message, **facts}


def test_what_sendgrid_posts_becomes_a_journey(shared_waystage: Waystage, name: str) -> None:
    assert put(shared_waystage, name, preset="sendgrid", scheme="sendgrid", secret=PUBLIC).status_code == 200
    email = f"{name}@example.com"
    links = [f"https://shop.example/{page}" for page in ("a", "b", "c")]
    sent = [
        of_sendgrid(email, "processed", 0),
        of_sendgrid(email, "deferred", 1, response="400 try again later", attempt="5"),
        of_sendgrid(email, "delivered", 10, response="250 OK", ip="168.1.1.1"),
        of_sendgrid(email, "open", 12, useragent=CHROME, ip="203.0.113.7"),
        *(of_sendgrid(email, "click", 30 + second, url=url, useragent=CHROME, ip="203.0.113.7") for second, url in enumerate(links)),
        of_sendgrid(email, "open", 600, useragent="Mozilla/5.0", ip="17.58.0.1", sg_machine_open=True),
        of_sendgrid(email, "open", 900, useragent=IPHONE, ip="203.0.113.9", sg_machine_open=False),
        of_sendgrid(email, "click", 960, url=links[1], useragent=IPHONE, ip="203.0.113.9", url_offset={"index": 0, "type": "html"}),
        of_sendgrid(email, "bounce", 970, reason="500 unknown recipient", status="5.0.0", type="bounce"),
    ]
    assert counts(sendgrid(shared_waystage, name, sent)) == (9, 0, 0)
    assert counts(sendgrid(shared_waystage, name, sent)) == (0, 9, 0)
    shared_waystage.derived()
    journey = shared_waystage.journey(f"email:{email}")
    assert [event["event"] for event in journey["events"]].count("Email Link Clicked") == 4
    found = [(touch["event"], touch["machine_rule"]) for touch in journey["touches"]]
    assert found == [
        ("Email Delivered", None),
        ("Email Opened", "mail:seconds_after_delivery"),
        *[("Email Link Clicked", "mail:burst")] * 3,
        ("Email Opened", "mail:privacy_proxy"),
        ("Email Opened", None),
        ("Email Link Clicked", None),
    ]
    whys = {touch["machine_rule"]: touch["machine_why"] for touch in journey["touches"]}
    assert whys[None] is None
    assert whys["mail:burst"] == "at least 3 different links of the message were clicked within 10 seconds"
    assert journey["sessions"] == []


DELIVERED = {
    "event": "delivered",
    "log-level": "info",
    "flags": {"is-authenticated": True, "is-test-mode": False},
    "delivery-status": {"attempt-no": 1, "code": 250, "message": "OK", "session-seconds": 1.276},
    "tags": ["webhook_payload"],
    "campaigns": [],
    "user-variables": [],
}
CLICKED = {
    "event": "clicked",
    "ip": "9.169.124.21",
    "client-info": {
        "client-name": "Chrome Mobile",
        "client-type": "mobile browser",
        "device-type": "mobile",
        "user-agent": CHROME,
        "bot": None,
    },
    "geolocation": {"city": "Unknown", "country": "GB", "region": "Unknown"},
    "url": "https://sample.mailgun.com",
}


def of_mailgun(name: str, event: dict[str, Any], second: float) -> dict[str, Any]:
    message = {"headers": {"message-id": "20260205213049.8e3a7bf607f78309@sample.mailgun.com"}}
    return {"id": uuid.uuid4().hex, "timestamp": 1_760_000_000.5 + second, "recipient": f"{name}@example.com", "message": message, **event}


def test_what_mailgun_posts_becomes_a_journey(shared_waystage: Waystage, name: str) -> None:
    assert put(shared_waystage, name, preset="mailgun", scheme="mailgun", secret=SECRET).status_code == 200
    robot = CLICKED | {"client-info": {"client-type": "robot", "user-agent": CHROME, "bot": "gmail"}}
    for event, second in ((DELIVERED, 0), (CLICKED, 4), (CLICKED, 65), (robot, 70)):
        assert counts(mailgun(shared_waystage, name, of_mailgun(name, event, second))) == (1, 0, 0)
    shared_waystage.derived()
    journey = shared_waystage.journey(f"email:{name}@example.com")
    found = [(touch["event"], touch["machine_rule"]) for touch in journey["touches"]]
    assert found == [
        ("Email Delivered", None),
        ("Email Link Clicked", "mail:seconds_after_delivery"),
        ("Email Link Clicked", None),
        ("Email Link Clicked", "mail:privacy_proxy"),
    ]


def test_a_token_comes_again_with_its_own_body_only(shared_waystage: Waystage, name: str) -> None:
    assert put(shared_waystage, name, preset="mailgun", scheme="mailgun", secret=SECRET).status_code == 200
    event, now = of_mailgun(name, DELIVERED, 0), int(time.time())
    assert counts(mailgun(shared_waystage, name, event, "token", now)) == (1, 0, 0)
    assert counts(mailgun(shared_waystage, name, event, "token", now)) == (0, 1, 0)
    forged = mailgun(shared_waystage, name, of_mailgun(name, CLICKED, 1), "token", now)
    assert forged.status_code == 401
    assert counts(mailgun(shared_waystage, name, of_mailgun(name, CLICKED, 1), "another", now)) == (1, 0, 0)


def test_what_is_not_signed_gets_one_answer_whatever_the_name(shared_waystage: Waystage, name: str) -> None:
    assert put(shared_waystage, name, preset="sendgrid", scheme="sendgrid", secret=PUBLIC).status_code == 200
    body = [of_sendgrid("forged@example.com", "delivered", 0)]
    before = rows(shared_waystage, "select count(*) as n from failed_events")
    forgeries = [
        sendgrid(shared_waystage, name, body, -310),
        sendgrid(shared_waystage, name, body, 310),
        sendgrid(shared_waystage, name, body, 0, **{"X-Twilio-Email-Event-Webhook-Timestamp": str(int(time.time()) + 1)}),
        shared_waystage.client.post(f"/v1/webhooks/{name}", json=body),
        shared_waystage.client.post(f"/v1/webhooks/{name}", json=body, headers=bearer(KEYS.admin)),
        shared_waystage.client.post(f"/v1/webhooks/{name}", content=b"not JSON"),
        sendgrid(shared_waystage, f"{name}-unknown", body),
        sendgrid(shared_waystage, "%00%ff", body),
    ]
    assert {answer.status_code for answer in forgeries} == {401}
    assert len({answer.content for answer in forgeries}) == 1
    assert all("www-authenticate" in answer.headers for answer in forgeries)
    assert rows(shared_waystage, "select count(*) as n from failed_events") == before
    assert counts(sendgrid(shared_waystage, name, body, -290)) == (1, 0, 0)


def crm(waystage: Waystage, name: str, body: bytes) -> httpx.Response:
    stamp = str(int(time.time()))
    signature = hmac.new(b"secret-of-the-crm-0000", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return waystage.client.post(f"/v1/webhooks/{name}", content=body, headers={"X-Signature": f"v1={signature}", "X-Time": stamp})


def test_a_mapping_of_ones_own_and_what_it_cannot_map(shared_waystage: Waystage, name: str) -> None:
    kept = put(shared_waystage, name, mapping=CRM, secret="secret-of-the-crm-0000", **STRIPE)
    assert kept.status_code == 200, kept.text
    good = {"customer": name, "what": "Demo Held", "at": "2026-01-01T00:00:00Z"}
    body = json.dumps({"items": [good, "no row", good | {"customer": None}, good | {"at": None}]}).encode()
    answer = crm(shared_waystage, name, body)
    assert counts(answer) == (2, 0, 2)
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [(1, "not_an_object"), (2, "missing_identifier")]
    assert counts(crm(shared_waystage, name, body)) == (0, 2, 2)
    for unreadable, code in ((b"not JSON", "not_json"), (b'{"other": 1}', "not_an_object")):
        assert [one["code"] for one in crm(shared_waystage, name, unreadable).json()["rejected"]] == [code]
    found = rows(
        shared_waystage, "select position, body, arrival->>'webhook' as webhook from failed_events where arrival->>'webhook' = $1", name
    )
    assert {(row["position"], bytes(row["body"])) for row in found} == {
        (1, b'"no row"'),
        (2, json.dumps(good | {"customer": None}, separators=(",", ":")).encode()),
        (0, b"not JSON"),
        (0, b'{"other": 1}'),
    }


def test_webhooks_are_listed_without_secrets_and_forgotten(shared_waystage: Waystage, name: str) -> None:
    kept = put(shared_waystage, name, mapping=CRM, secret="secret-of-the-crm-0000", **STRIPE)
    listed = shared_waystage.client.get("/v1/webhooks", headers=bearer(KEYS.admin))
    assert kept.json() in listed.json()["webhooks"]
    expected = {"name": name, "source": "server", "mapping": CRM, "tolerance": 300, "encoding": "hex", **STRIPE}
    assert kept.json() | expected == kept.json()
    assert "secret-of" not in listed.text
    (row,) = rows(shared_waystage, "select secret from webhooks where name = $1", name)
    assert b"secret-of" not in bytes(row["secret"])
    assert put(shared_waystage, name, mapping=CRM, secret="another-secret-of-it-000", **STRIPE).status_code == 200
    assert crm(shared_waystage, name, b"[]").status_code == 401
    assert shared_waystage.client.delete(f"/v1/webhooks/{name}", headers=bearer(KEYS.admin)).json() == {"name": name}
    assert shared_waystage.client.delete(f"/v1/webhooks/{name}", headers=bearer(KEYS.admin)).status_code == 404


def test_a_webhook_that_another_process_forgot_is_closed_within_ten_seconds(shared_waystage: Waystage, name: str) -> None:
    put(shared_waystage, name, preset="sendgrid", scheme="sendgrid", secret=PUBLIC)
    assert counts(sendgrid(shared_waystage, name, [])) == (0, 0, 0)
    rows(shared_waystage, "delete from webhooks where name = $1", name)
    until(lambda: sendgrid(shared_waystage, name, []).status_code == 401, "a webhook that is gone is closed", 10)


@pytest.mark.parametrize(
    "document, field",
    [
        ({"source": "site"}, "source"),
        ({"source": "nobody"}, "source"),
        ({"scheme": "none"}, "scheme"),
        ({"preset": None}, "mapping"),
        ({"mapping": CRM}, "mapping"),
        ({"preset": None, "mapping": "type: track\nfields: {userId: u}"}, "mapping.format"),
        ({"preset": None, "mapping": "format: json\nfields: {nowhere: u}"}, "fields.nowhere"),
        ({"secret": ""}, "secret"),
        ({"secret": "no public key"}, "secret"),
        ({"tolerance": 0}, "tolerance"),
        ({"header": "X-Signature"}, "scheme"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_webhook_that_is_not_whole_is_refused_by_its_field(shared_waystage: Waystage, document: dict[str, Any], field: str) -> None:
    answer = put(shared_waystage, "whole", **{"preset": "sendgrid", "scheme": "sendgrid", "secret": PUBLIC} | document)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_bodies_are_bounded_and_may_be_gzip(shared_waystage: Waystage, name: str) -> None:
    put(shared_waystage, name, preset="sendgrid", scheme="sendgrid", secret=PUBLIC)
    assert sendgrid(shared_waystage, name, b" " * (1024 * 1024 + 1)).status_code == 413
    many = [of_sendgrid(f"{name}@example.com", "delivered", number) for number in range(3_000)]
    assert counts(sendgrid(shared_waystage, name, many)) == (3_000, 0, 0)
    short = [{"event": "open", "email": "x@y.zz"}] * 5_001
    assert sendgrid(shared_waystage, name, short).status_code == 413


def test_no_more_events_are_made_than_a_request_may_have() -> None:
    mapping = parse_mapping("format: json\ntype: page\nfields: {userId: u}\nevents:\n" + "- {constants: {properties.a: 1}}\n" * 10)
    rows_of_ten = b'[%b{"u":"b"}]' % (b'{"u":"a"},' * 1_000)
    brought = submission("many", mapping, Arrival(2, trusted=True, received_at=datetime.now(UTC)), rows_of_ten)
    assert len(brought.parsed) == EVENTS_MAX + 1


async def test_before_webhooks_are_read_a_sender_is_to_come_again() -> None:
    pool = await open_pool("postgresql://nobody@127.0.0.1:1/nowhere", size=1, application="waystage test", statement_seconds=1)
    with pytest.raises(ProblemError) as refused:
        WebhookRing(pool, b"").open("any", Arrived({}, b""), datetime.now(UTC))
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    pool.terminate()
