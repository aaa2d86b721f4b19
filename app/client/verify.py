"""A verification on the terminal: its progress, the rows that differ, and what it comes to."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import typer
from rich.progress import Progress, TaskID

from app.client.answers import answer, console, plain, progress_bars, say

_KEYS = ("event", "position", "place", "stage_model", "identifier", "weaker", "target", "user_id", "previous_id")


def verify(client: httpx.Client, asked: Mapping[str, str | int | bool | None]) -> None:
    """Verify and print every difference told; ends the command with 1 where there is one, or where it came to no end."""
    query = {name: value for name, value in asked.items() if value is not None}
    finished: dict[str, Any] | None = None
    with progress_bars() as progress, client.stream("POST", "/v1/verify", params=query) as response:
        if response.is_error:
            response.read()
            answer(response)
        tasks: dict[str, TaskID] = {}
        for told in map(json.loads, response.iter_lines()):
            if told["kind"] == "progress":
                _advance(progress, tasks, told)
            elif told["kind"] == "difference":
                _show(told)
            else:
                finished = told
    if finished is None:
        raise typer.Exit(say("the verification came to no end: see the collector's log"))
    _show_end(finished)
    raise typer.Exit(1 if finished["differences"] else 0)


def _advance(progress: Progress, tasks: dict[str, TaskID], told: Mapping[str, Any]) -> None:
    of = told["of"]
    if of not in tasks:
        tasks[of] = progress.add_task(of)
    progress.update(tasks[of], total=told["total"], completed=told["done"])


def _show(told: Mapping[str, Any]) -> None:
    """A row that differs: what tells it from others, and the values in which its sides differ."""
    stored, derived = told["stored"], told["derived"]
    console.print(f"{told['table']} of {plain(told['customer'] or 'nobody')}", style="bold", markup=False)
    for side, row, other in (("stored", stored, derived), ("derived", derived, stored)):
        console.print(f"  {side:8} {_row(row, other)}", markup=False)


def _row(row: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    if row is None:
        return "nothing"
    return ", ".join(f"{name} {plain(value)}" for name, value in row.items() if name in _KEYS or other is None or other[name] != value)


def _show_end(finished: Mapping[str, Any]) -> None:
    counted = ", ".join(f"{finished[one]:,} {one}" for one in ("customers", "events", "differences"))
    console.print(f"verified: {counted}")
    if finished["waiting"]:
        console.print(f"{finished['waiting']:,} customers wait to be derived and were left out")
