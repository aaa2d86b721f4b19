"""`python -m bench.hot`: one customer of 100,000 events receives half of 1,000 events a second; how soon everybody else's are visible."""

import argparse
import asyncio
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rich.console import Console

from app.domain.arriving.events import Event
from app.flow.collect import write
from app.flow.submissions import Parsed, Submission
from app.store.access import ensure_source
from app.store.connect import connect
from app.store.touched import BULK
from bench.deriving import PART, derive_all
from bench.history import Step, event_of
from bench.load import paced
from bench.rig import rig
from bench.table import percentile
from tests.service import KEYS, Waystage, bearer, until

EVENTS = 100_000
VISITORS = 2_000
RATE = 500
SECONDS = 30.0
PAUSE_SECONDS = 0.1


class Seen(NamedTuple):
    """How long probes took to be visible, and by how much answers were behind the clock, in milliseconds."""

    visible: list[float]
    behind: list[float]


def main() -> None:
    """Measure without the hot customer's share, then with it."""
    parser = argparse.ArgumentParser(prog="python -m bench.hot", description="Measure what one hot customer does to the others.")
    parser.add_argument("--events", type=int, default=EVENTS, help="events of the hot customer at the beginning")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    with rig() as place:
        dsn = place.database()
        asyncio.run(_make_hot(dsn, asked.events))
        with place.service(dsn) as waystage:
            for name, hot in (("1,000 events/s, nobody hot", False), (f"half of them by one of {asked.events:,} events", True)):
                seen = _measure(waystage, asked.seconds, hot=hot)
                Console().print(f"{name}: others visible {_shown(seen.visible)}; as_of behind {_shown(seen.behind)}", highlight=False)


async def _make_hot(dsn: str, events: int) -> None:
    connection = await connect(dsn, application="waystage bench")
    try:
        source, now = await ensure_source(connection, "server", "trusted"), datetime.now(UTC)
        for start in range(0, events, PART):
            part = [_of_hot(source, number, now) for number in range(start, min(start + PART, events))]
            await write(connection, [Submission(source, now, [Parsed(event, b"") for event in part])], BULK)
        await derive_all(connection, lambda _: None)
    finally:
        await connection.close()


def _of_hot(source: int, number: int, now: datetime) -> Event:
    step = Step(now - timedelta(days=80) + timedelta(minutes=number), "Product Viewed", "", None, None)
    return event_of(source, 0, number, step, now)


def _measure(waystage: Waystage, seconds: float, *, hot: bool) -> Seen:
    url = f"{waystage.url}/v1/track"
    with ExitStack() as stack:
        if hot:
            stack.enter_context(paced(url, RATE, 1))
        stack.enter_context(paced(url, RATE if hot else 2 * RATE, VISITORS))
        ends = time.monotonic() + seconds
        seen = Seen([], [])
        while time.monotonic() < ends:
            seen.visible.append(_until_visible(waystage))
            as_of = datetime.fromisoformat(waystage.ask("/v1/transitions")["as_of"])
            seen.behind.append((datetime.now(UTC) - as_of).total_seconds() * 1000)
            time.sleep(PAUSE_SECONDS)
    waystage.derived()
    return seen


def _until_visible(waystage: Waystage) -> float:
    """Milliseconds from the acknowledgement of somebody's first event to a journey that has it."""
    person = uuid.uuid4().hex
    waystage.batch([{"type": "page", "userId": person}])
    began = time.perf_counter()
    path = f"/v1/customers/user_id:{person}/journey"
    until(lambda: waystage.client.get(path, headers=bearer(KEYS.read)).status_code == 200, "somebody is visible", 120)
    return (time.perf_counter() - began) * 1000


def _shown(times: list[float]) -> str:
    return f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms, most {max(times):.0f} ms"


if __name__ == "__main__":
    main()
