"""Load over HTTP: as much as comes back (autocannon), or so many events a second (`bench.pace`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tests.service import BROWSER, KEYS, ROOT, basic

SECONDS = 8
WARM_UP_SECONDS = 2
TYPE = "application/json"
PAGE = {
    "url": "https://shop.example/products/17?utm_source=google&utm_medium=cpc&utm_campaign=brand",
    "path": "/products/17",
    "title": "Kettles",
    "referrer": "https://www.google.com/",
    "search": "?utm_source=google&utm_medium=cpc&utm_campaign=brand",
}


class Answered(NamedTuple):
    """What a load did: requests sent and those answered 200 within its seconds, and latencies in milliseconds."""

    sent: int
    answered: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.answered / self.seconds


def event(message_id: str = "#id", visitor: str = "#visitor") -> dict[str, Any]:
    """A product view, as the script in a page sends it."""
    context = {"page": PAGE, "library": {"name": "waystage", "version": "0.1.0"}, "sequence": 17}
    ids = {"messageId": message_id, "anonymousId": f"visitor-{visitor}", "timestamp": datetime.now(UTC).isoformat()}
    return {"type": "track", "event": "Product Viewed", **ids, "context": context, "properties": {"product_id": "p-17", "price": 19.5}}


def load(url: str, connections: int, body: dict[str, Any], seconds: int = SECONDS) -> Answered:
    """Post a body as fast as the answers come; raises where one is not a 200."""
    headers = {"Content-Type": TYPE, "User-Agent": BROWSER, **basic(KEYS.write)}
    asked = {"url": url, "connections": connections, "duration": seconds, "method": "POST", "headers": headers, "body": json.dumps(body)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["node", "load.mjs", json.dumps(asked)]
    done = subprocess.run(command, cwd=Path(__file__).parent, env={**os.environ, "PATH": path}, check=True, stdout=subprocess.PIPE)
    result = json.loads(done.stdout)
    failures = {name: result[name] for name in ("non2xx", "errors", "timeouts", "mismatches") if result[name]}
    if failures:
        raise RuntimeError(f"{url} did not answer everything with 200: {failures}")
    return Answered(result["requests"]["sent"], result["2xx"], result["duration"], result["latency"]["p50"], result["latency"]["p99"])


@dataclass
class Pace:
    """Events a second that were answered 200, known at the end."""

    rate: float = 0


@contextmanager
def paced(url: str, rate: int, visitors: int) -> Iterator[Pace]:
    """So many single events a second meanwhile, or as many as are answered, each by one of so many visitors."""
    command = [sys.executable, "-m", "bench.pace", url, str(rate), str(visitors)]
    pace = Pace()
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as pacer:
        yield pace
        output, _ = pacer.communicate()
        pace.rate = float(output)
