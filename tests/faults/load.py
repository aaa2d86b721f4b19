"""A load of events: clients that resend what was not acknowledged, and a ledger of what became of every message id."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
import msgspec
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app.store.connect import connect
from tests.service import KEYS, NO_CERTIFICATES, PATIENCE, Waystage, basic, bearer

ANSWER_SECONDS = 10.0
COLUMNS = ("received", "stored", "duplicate", "failed")
NAMES = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")


@dataclass
class Fate:
    """What became of one message id: how often it was sent, whether it was acknowledged, the last error."""

    sent: int = 0
    acknowledged: bool = False
    error: str | None = None


class Batch(NamedTuple):
    """What is sent at once: the fates of its events, and the body of the request."""

    fates: dict[str, Fate]
    body: bytes


class Answer(NamedTuple):
    """One request and its answer, on the clock of time.monotonic; without a status the connection failed, and `failure` says how.

    `accepted` and `duplicates` count its events.
    """

    began: float
    ended: float
    status: int | None
    retry_after: str | None = None
    failure: str | None = None
    accepted: int = 0
    duplicates: int = 0

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass
class Load:
    """Clients of one collector. Each sends a batch until it is acknowledged, always under the same ids, before it makes the next."""

    url: str
    prefix: str
    batch_events: int = 5
    resend_seconds: float = 0.1
    prepared: int = 0
    ledger: dict[str, Fate] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    ending: bool = False
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def client(self, batches: Iterator[Batch]) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=ANSWER_SECONDS, headers=basic(KEYS.server)) as http:
            while not self.ending:
                batch = next(batches)
                self.ledger.update(batch.fates)
                while not await self.send(http, batch):  # noqa: ASYNC110 - nothing to wait for: a sender comes back after a while
                    await asyncio.sleep(self.resend_seconds)

    def batches(self, client: int) -> Iterator[Batch]:
        """What a client sends; the first few are made at once, so that making them takes nothing from the time of answers."""
        made = (self._batch(client, number * self.batch_events) for number in itertools.count())
        return itertools.chain(list(itertools.islice(made, self.prepared)), made)

    def _batch(self, client: int, first: int) -> Batch:
        message_ids = [f"{self.prefix}-{client}-{number}" for number in range(first, first + self.batch_events)]
        body = msgspec.json.encode({"batch": [event(message_id) for message_id in message_ids]})
        return Batch({message_id: Fate() for message_id in message_ids}, body)

    async def send(self, http: httpx.AsyncClient, batch: Batch) -> bool:
        """Send a batch once; whether it was acknowledged."""
        answer = await post_body(http, batch.body)
        self.answers.append(answer)
        for fate in batch.fates.values():
            fate.sent += 1
            fate.acknowledged = fate.acknowledged or answer.status == 200
            fate.error = fate.error if answer.status == 200 else answer.failure or str(answer.status)
        async with self.news:
            self.news.notify_all()
        return answer.status == 200

    async def progress(self, events: int) -> None:
        """Wait until so many more events are acknowledged."""
        target = len(self.acknowledged()) + events
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: len(self.acknowledged()) >= target)

    def acknowledged(self) -> set[str]:
        return {message_id for message_id, fate in self.ledger.items() if fate.acknowledged}

    def statuses(self) -> Counter[int | None]:
        return Counter(answer.status for answer in self.answers)

    def between(self, began: float, ended: float) -> list[Answer]:
        """The answers to requests that were both sent and answered within an interval."""
        return [answer for answer in self.answers if began <= answer.began and answer.ended <= ended]

    def recovered(self, since: float) -> float:
        """Seconds from an instant until the first acknowledgement after it."""
        return min(answer.ended for answer in self.answers if answer.status == 200 and answer.ended > since) - since


@asynccontextmanager
async def loaded(load: Load, clients: int = 8) -> AsyncIterator[Load]:
    """Clients at work during the block; at its end they resend until everything is acknowledged."""
    batches = [load.batches(number) for number in range(clients)]
    working = [asyncio.create_task(load.client(of_client)) for of_client in batches]
    try:
        yield load
        load.ending = True
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*working)
    finally:
        for task in working:
            task.cancel()


async def post(http: httpx.AsyncClient, batch: Sequence[dict[str, Any]]) -> Answer:
    return await post_body(http, msgspec.json.encode({"batch": batch}))


async def post_body(http: httpx.AsyncClient, body: bytes) -> Answer:
    began = time.monotonic()
    try:
        response = await http.post("/v1/batch", content=body)
    except httpx.TransportError as error:
        return Answer(began, time.monotonic(), None, failure=type(error).__name__)
    ended, outcome = time.monotonic(), response.json() if response.is_success else {}
    counted = (outcome.get("accepted", 0), outcome.get("duplicates", 0))
    return Answer(began, ended, response.status_code, response.headers.get("retry-after"), None, *counted)


def event(message_id: str) -> dict[str, Any]:
    """An event of a visitor who sends ten; some of them log in, so that there are links to learn."""
    series, _, number = message_id.rpartition("-")
    visitor, place = f"{series}-{int(number) // 10}", int(number) % 10
    if place == 9 and int(number) % 3 == 0:
        return {"type": "identify", "messageId": message_id, "anonymousId": visitor, "userId": f"user-{visitor}"}
    return {"type": "track", "event": NAMES[place % len(NAMES)], "messageId": message_id, "anonymousId": visitor}


class Stored(NamedTuple):
    """What the database holds of a load: rows by message id."""

    rows: Counter[str]

    def lost(self, load: Load) -> int:
        """Acknowledged and absent."""
        return len(load.acknowledged() - self.rows.keys())

    def twice(self) -> int:
        return sum(count - 1 for count in self.rows.values())


async def stored(dsn: str, prefix: str) -> Stored:
    found = await fetch(dsn, "select message_id, count(*) from events where starts_with(message_id, $1) group by message_id", f"{prefix}-")
    return Stored(Counter({row["message_id"]: row["count"] for row in found}))


async def kept_once(service: Waystage, load: Load, exactly: Callable[[str, float, float], None]) -> None:
    """Nothing acknowledged is lost, nothing is stored twice, and the accounts are equal."""
    found = await stored(service.dsn, load.prefix)
    exactly("lost", found.lost(load), 0)
    exactly("stored twice", found.twice(), 0)
    kept = accounts(service)
    exactly("counted as stored, less rows", kept["stored"] - await rows(service.dsn), 0)
    exactly("received less stored, duplicate and failed", kept["received"] - kept["stored"] - kept["duplicate"] - kept["failed"], 0)


async def rows(dsn: str) -> int:
    """Rows of the event table."""
    return int((await fetch(dsn, "select count(*) from events"))[0]["count"])


async def fetch(dsn: str, statement: str, *values: object) -> list[Any]:
    connection = await connect(dsn, application="test")
    try:
        found: list[Any] = await connection.fetch(statement, *values)
    finally:
        await connection.close()
    return found


async def execute(dsn: str, *statements: str) -> None:
    connection = await connect(dsn, application="test")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def status_of(url: str, path: str) -> int:
    """The status of an answer; 0 where there is none."""
    try:
        return httpx.get(f"{url}{path}", timeout=PATIENCE, verify=NO_CERTIFICATES).status_code
    except httpx.TransportError:
        return 0


def accounts(service: Waystage) -> dict[str, int]:
    """Events received, stored, duplicate and failed, over all sources, as /metrics shows them."""
    samples = list(_samples(service))
    return {column: sum(int(one.value) for one in samples if one.name == f"waystage_events_{column}_total") for column in COLUMNS}


def refused_requests(service: Waystage, status: int) -> int:
    """Batches that the running process answered with a status."""
    refused = {"path": "/v1/batch", "status": str(status)}
    return sum(int(one.value) for one in _samples(service) if (one.name, one.labels) == ("waystage_refused_requests_total", refused))


def _samples(service: Waystage) -> Iterator[Sample]:
    text = service.client.get("/metrics", headers=bearer(KEYS.read)).raise_for_status().text
    for family in text_string_to_metric_families(text):
        yield from family.samples
