"""Failed events: their reasons, one of them in full, a mended one sent, and replays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from rich.markup import escape
from rich.table import Table

from app.client.answers import answer, console, plain

_BECAME = "{stored:,} stored, {duplicates:,} duplicates, {failed:,} still refused"


def show_reasons(client: httpx.Client, filters: Mapping[str, Any]) -> None:
    """A table of why events were refused, and how many."""
    reasons = answer(client.get("/v1/failed-events/reasons", params=_said(filters)))["reasons"]
    if not reasons:
        console.print("no failed events")
        return
    table = Table("source", "code", "field", "events", "first", "last", box=None)
    for reason in reasons:
        cells = (reason["source"], reason["code"], reason["field"] or "", f"{reason['events']:,}", reason["first"], reason["last"])
        table.add_row(*(escape(plain(cell)) for cell in cells))
    console.print(table)


def show_one(client: httpx.Client, number: int) -> None:
    """All that is kept of one failed event; its body last, as it is."""
    kept = answer(client.get(f"/v1/failed-events/{number}"))
    body, arrival = kept.pop("body"), kept.pop("arrival")
    for name, value in {**kept, **{f"arrival {name}": value for name, value in arrival.items()}}.items():
        if value is not None:
            console.print(f"{name}: {plain(value)}", markup=False)
    console.print(plain(body), markup=False)


def replay_one(client: httpx.Client, number: int) -> None:
    """Try one failed event again."""
    done = answer(client.post(f"/v1/failed-events/{number}/replay"))
    why = f": {plain(done['code'])}, {plain(done['message'])}" if done["failed"] else ""
    console.print(_BECAME.format(**done) + why, markup=False)


def replay_all(client: httpx.Client, filters: Mapping[str, Any]) -> None:
    """Try failed events again, a part at a time; what a part did stays done if the next one fails."""
    became = {"stored": 0, "duplicates": 0, "failed": 0}
    cursor: int | None = 0
    with console.status("trying again") as status:
        while cursor is not None:
            done = answer(client.post("/v1/failed-events/replay", params={**_said(filters), "cursor": cursor}))
            became = {name: count + done[name] for name, count in became.items()}
            cursor = done["next"]
            status.update(_BECAME.format(**became))
    console.print(_BECAME.format(**became))


def mend(client: httpx.Client, number: int, file: Path) -> None:
    """Put the event of a file (- is the standard input) in the place of what was refused."""
    body = Path("/dev/stdin").read_bytes() if str(file) == "-" else file.read_bytes()
    answer(client.put(f"/v1/failed-events/{number}", content=body, headers={"Content-Type": "application/json"}))
    console.print(f"failed event {number} has its new body; `waystage failed replay {number}` stores it")


def _said(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}
