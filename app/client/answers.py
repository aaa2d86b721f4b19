"""Answers of a collector on the terminal: their JSON, errors in their own words, progress."""

from typing import Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

POLL_SECONDS = 0.3
console = Console(highlight=False, soft_wrap=True)


def answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer; an error is said in its own words and ends the command."""
    if response.is_error:
        raise typer.Exit(say(_detail(response)))
    body: dict[str, Any] = response.json()
    return body


def _detail(response: httpx.Response) -> str:
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        return str(response.json()["detail"])
    return f"{response.request.url} answered {response.status_code}"


def say(reason: str) -> int:
    Console(stderr=True, highlight=False).print(reason, style="red", markup=False)
    return 1


def plain(text: object) -> str:
    """Text that others wrote, for a terminal: what would not be printed but obeyed is escaped."""
    return "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in str(text))


def progress_bars(terminal: Console = console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=terminal
    )
