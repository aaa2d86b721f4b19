"""Questions over a history: while nothing else happens, and while events arrive; beside the same question in SQL."""

import asyncio
import itertools
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from app.store.connect import connect
from bench.load import event, paced
from bench.rig import NoOp, resident_mb
from bench.sql import QUESTIONS, Question
from bench.table import Row, percentile
from tests.service import KEYS, Waystage, bearer, until

TURNS = 20
BUSY_SECONDS = 40
PAUSE_SECONDS = 0.1
RATE = 1_000
LOADING_SECONDS = 300
JOURNEY = "Journey"
Times = dict[str, list[float]]
"""Milliseconds that each answer took, by question; under `as_of`, milliseconds by which answers were behind the clock; under `visible`,
from a post to the journey that shows it."""


def questions(waystage: Waystage, customers: int, events: int) -> Iterator[Row]:
    """What each question takes, once every frame is loaded."""
    waystage.client.timeout = LOADING_SECONDS
    _ask(waystage, customers, range(3))
    quiet = _ask(waystage, customers, range(TURNS))
    floors = {name: _in_sql(waystage, name, question) for name, question in QUESTIONS.items()}
    floors[JOURNEY] = percentile([_timed(waystage, "/readyz") for _ in range(TURNS)], 0.5)
    with paced(f"{waystage.url}/v1/track", RATE, customers) as pace:
        busy = _ask(waystage, customers, _turns(BUSY_SECONDS))
    for name, floor in floors.items():
        ours, then = percentile(quiet[name], 0.5), percentile(busy[name], 0.5)
        aim = "20 ms" if name == JOURNEY else QUESTIONS[name].aim
        against = f"one statement {floor:.1f} ms" if name == JOURNEY else f"SQL {floor:,.0f} ms"
        yield Row(f"{name}, {events:,} events", _shown(quiet[name]), against, ours / floor, aim)
        yield Row(f"{name}, {pace.rate:,.0f} events/s arriving", _shown(busy[name]), _shown(quiet[name]), then / ours, aim)
    for name, words in (("visible", "From a post to its journey"), ("as_of", "as_of behind the clock")):
        ours, then = percentile(quiet[name], 0.5), percentile(busy[name], 0.5)
        aim = "1 s" if name == "visible" else ""
        yield Row(f"{words}, {pace.rate:,.0f} events/s arriving", _shown(busy[name]), _shown(quiet[name]), then / ours, aim)


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
        for name, question in QUESTIONS.items():
            times[name].append(_timed(waystage, question.path))
        times[JOURNEY].append(_timed(waystage, f"/v1/customers/anonymous_id:visitor-{turn * 7919 % customers}/journey"))
        as_of = datetime.fromisoformat(waystage.ask("/v1/transitions")["as_of"])
        times["as_of"].append((datetime.now(UTC) - as_of).total_seconds() * 1000)
        times["visible"].append(_visible(waystage))
        time.sleep(PAUSE_SECONDS)
    return times


def _in_sql(waystage: Waystage, name: str, question: Question) -> float:
    """Milliseconds of the same question in SQL; raises where it gives another figure."""

    async def found() -> tuple[float, object]:
        connection = await connect(waystage.dsn, application="waystage bench")
        began = time.perf_counter()
        rows = await connection.fetch(question.sql)
        took = time.perf_counter() - began
        await connection.close()
        return took * 1000, question.found(rows)

    milliseconds, figure = asyncio.run(found())
    told = question.told(waystage.client.get(question.path, headers=bearer(KEYS.read)).raise_for_status().json())
    if told != figure:
        raise RuntimeError(f"{name}: the answer is {told}, SQL finds {figure}")
    return milliseconds


def _visible(waystage: Waystage) -> float:
    """Milliseconds from a post to the journey that shows it."""
    visitor = uuid.uuid4().hex
    began = time.perf_counter()
    waystage.post("/v1/track", event(uuid.uuid4().hex, visitor)).raise_for_status()
    path = f"/v1/customers/anonymous_id:visitor-{visitor}/journey"
    until(lambda: waystage.client.get(path, headers=bearer(KEYS.read)).is_success, "what was posted is in the journey")
    return (time.perf_counter() - began) * 1000


def _timed(waystage: Waystage, path: str) -> float:
    began = time.perf_counter()
    waystage.client.get(path, headers=bearer(KEYS.read)).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _turns(seconds: float) -> Iterator[int]:
    ends = time.monotonic() + seconds
    return itertools.takewhile(lambda _: time.monotonic() < ends, itertools.count())


def _shown(times: list[float]) -> str:
    return f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms"
