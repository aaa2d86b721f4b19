"""What happens, line by line, while it happens."""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import typer
from rich.text import Text

from app.client.answers import answer, console, plain, say

RETRY_SECONDS = 1.0
SILENT_SECONDS = 45.0
"""After three keepalives that did not come the connection is given up."""

REMEMBERED = 5_000
_STYLES = {"accepted": "green", "duplicate": "yellow", "failed": "red", "derived": "cyan", "left_out": "magenta"}


def tail(client: httpx.Client, filters: Mapping[str, str | None], *, as_json: bool) -> None:
    """Print what happens until Ctrl-C; come back by itself where the connection breaks, and go on where it was."""
    asked = {name: value for name, value in filters.items() if value is not None}
    seen: deque[int] = deque(maxlen=REMEMBERED)
    for told in _told(client, asked):
        number = told.get("id")
        if number in seen:
            continue
        if number is not None:
            seen.append(number)
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
        elif told["kind"] != "listening":
            console.print(_line(told))


def _told(client: httpx.Client, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    last: str | None = None
    while True:
        try:
            headers = {"Last-Event-ID": last} if last else {}
            timeout = httpx.Timeout(10, read=SILENT_SECONDS)
            with client.stream("GET", "/v1/live", params=asked, headers=headers, timeout=timeout) as response:
                if response.is_client_error:
                    response.read()
                    answer(response)
                for number, told in _events(response.iter_lines() if response.is_success else iter(())):
                    last = number or last
                    yield told
        except httpx.TransportError as error:
            say(f"{type(error).__name__}; coming back")
        time.sleep(RETRY_SECONDS)


def _events(lines: Iterator[str]) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Server-sent events as (id, data); a comment says only that the connection lives."""
    number: str | None = None
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            number = value
        elif name == "data":
            yield number, json.loads(value)


def _line(told: Mapping[str, Any]) -> Text:
    line = Text()
    line.append(f"{told.get('at', '')[11:23]:12} ", "dim")
    line.append(f"{told['kind']:9} ", _STYLES.get(told["kind"], ""))
    line.append(plain(f"{told.get('source', '')} {_words(told)}").replace("\n", "\\n"))
    return line


def _words(told: Mapping[str, Any]) -> str:
    if told["kind"] == "left_out":
        return f"{told['events']:,} events are not shown ({told['what']})"
    if told["kind"] == "failed":
        return " ".join(filter(None, (told["code"], told["field"], told["message"], told["message_id"])))
    words = [told["type"], told["event"], _person(told), told["url"]]
    return " ".join(filter(None, words + (_verdicts(told) if told["kind"] == "derived" else [])))


def _person(told: Mapping[str, Any]) -> str:
    named = told.get("customer") or next(iter(told["identifiers"]), None)
    return f"{named['kind']}:{named['value']}" if named else "nobody"


def _verdicts(told: Mapping[str, Any]) -> list[str]:
    channel = f"channel {told['channel']} ({told['channel_rule']})"
    machine = f"machine ({told['machine_rule']})" if told["machine_rule"] else ""
    entered = [f"{entry['model']}: {entry['from'] or 'nowhere'} -> {entry['stage']}" for entry in told["entries"]]
    return [channel, machine, *entered]
