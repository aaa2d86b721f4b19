"""Questions over a history: while nothing else happens, and while events arrive."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bench.load import SECONDS, paced
from bench.rig import NoOp, resident_mb
from bench.table import Row, percentile
from tests.service import KEYS, Waystage, bearer

TURNS = 40
PAUSE_SECONDS = 0.1
RATE = 1_000
QUESTIONS = {
    "Transitions": "/v1/transitions",
    "Funnel": "/v1/funnel?steps=awareness,consideration,decision,purchase&within=30d",
    "Journey": "/v1/customers/anonymous_id:visitor-{customer}/journey",
}
AIMS = {"Transitions": "100 ms"}
Times = dict[str, list[float]]
"""Milliseconds that each answer took, by question; under `as_of`, milliseconds by which answers were behind the clock."""


def questions(waystage: Waystage, customers: int, events: int, copied: float) -> Iterator[Row]:
    """What each question takes; `copied` are the milliseconds of a COPY of the entries, which anyone without a frame must read."""
    _ask(waystage, customers, range(3))
    quiet = _ask(waystage, customers, range(TURNS))
    with paced(f"{waystage.url}/v1/track", RATE, customers) as pace:
        busy = _ask(waystage, customers, _turns(SECONDS))
    one_row = percentile([_timed(waystage, "/readyz") for _ in range(TURNS)], 0.5)
    for name in QUESTIONS:
        floor, of = (one_row, "one statement") if name == "Journey" else (copied, "COPY of the entries")
        ours, then = percentile(quiet[name], 0.5), percentile(busy[name], 0.5)
        yield Row(f"{name}, {events:,} events", _shown(quiet[name]), f"{of} {floor:.1f} ms", ours / floor, AIMS.get(name, ""))
        yield Row(f"{name}, {pace.rate:,.0f} events/s arriving", _shown(busy[name]), _shown(quiet[name]), then / ours, AIMS.get(name, ""))
    late, prompt = (percentile(times["as_of"], 0.5) for times in (busy, quiet))
    yield Row(f"as_of behind the clock, {pace.rate:,.0f} events/s arriving", f"{late:.0f} ms", f"quiet {prompt:.0f} ms", late / prompt)


def memory(waystage: Waystage, no_op: NoOp) -> Iterator[Row]:
    """What the processes hold, against one that does nothing."""
    least = resident_mb(no_op.pid)
    for process in (waystage.collector, waystage.worker):
        held = resident_mb(process.pid)
        name = {"collect": "collector", "work": "worker"}[process.command]
        yield Row(f"Memory of the {name}", f"{held:.0f} MB", f"no-op {least:.0f} MB", held / least)


def _ask(waystage: Waystage, customers: int, turns: Iterable[int]) -> Times:
    """Ask every question once a turn."""
    times: Times = defaultdict(list)
    for turn in turns:
        for name, path in QUESTIONS.items():
            times[name].append(_timed(waystage, path.format(customer=turn * 7919 % customers)))
        as_of = datetime.fromisoformat(waystage.ask("/v1/transitions")["as_of"])
        times["as_of"].append((datetime.now(UTC) - as_of).total_seconds() * 1000)
        time.sleep(PAUSE_SECONDS)
    return times


def _timed(waystage: Waystage, path: str) -> float:
    began = time.perf_counter()
    waystage.client.get(path, headers=bearer(KEYS.read)).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _turns(seconds: float) -> Iterator[int]:
    ends = time.monotonic() + seconds
    return itertools.takewhile(lambda _: time.monotonic() < ends, itertools.count())


def _shown(times: list[float]) -> str:
    return f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms"
