"""Mail merge: a file of recipients once more, with the addresses that each one clicks and loads."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import httpx
import typer
from rich.console import Console

from app.client.answers import answer, progress_bars, say

LINKS_AT_ONCE = 1_000
ADDED = ("click_url", "open_url")
DELIMITERS = ",;\t"


class Mailing(NamedTuple):
    """What is the same for every recipient: where the link leads, the mailing's id, campaign and source; and the column of the emails."""

    target: str
    message: str
    campaign: str
    source: str
    column: str

    def link_for(self, email: str) -> dict[str, Any]:
        return {
            "kind": "email",
            "target": self.target,
            "recipient": {"email": email.strip()},
            "campaign": {"source": self.source, "medium": "email", "name": self.campaign},
            "message": self.message,
        }


class Table(NamedTuple):
    """A CSV file: how it is written, its columns, and how many rows it has."""

    delimiter: str
    ending: str
    columns: list[str]
    rows: int


def merge(client: httpx.Client, file: Path, output: Path | None, mailing: Mailing) -> None:
    """Write a CSV file's rows again, to a file or to stdout, each with its `click_url` and `open_url`; its own cells stay as they are."""
    try:
        table = _read_table(file)
        if mailing.column not in table.columns:
            raise typer.Exit(say(f"the file has no column {mailing.column}; it has {', '.join(table.columns)}"))
        with file.open(encoding="utf-8", newline="") as opened, _written(output) as out, progress_bars(Console(stderr=True)) as progress:
            making = progress.add_task("links", total=table.rows)
            writer = csv.writer(out, delimiter=table.delimiter, lineterminator=table.ending)
            rows = filter(None, csv.reader(opened, delimiter=table.delimiter))
            writer.writerow([*next(rows), *ADDED])
            while part := list(islice(rows, LINKS_AT_ONCE)):
                writer.writerows(_with_addresses(client, part, table, mailing))
                progress.advance(making, len(part))
    except (UnicodeDecodeError, csv.Error) as error:
        raise typer.Exit(say(f"{file} is no CSV in UTF-8: {error}")) from error


def _read_table(file: Path) -> Table:
    with file.open(encoding="utf-8", newline="") as opened:
        first = opened.readline()
        delimiter = max(DELIMITERS, key=first.count)
        opened.seek(0)
        rows = filter(None, csv.reader(opened, delimiter=delimiter))
        columns = [cell.removeprefix("\ufeff") for cell in next(rows, [])]
        return Table(delimiter, "\r\n" if first.endswith("\r\n") else "\n", columns, sum(1 for _ in rows))


def _with_addresses(client: httpx.Client, rows: list[list[str]], table: Table, mailing: Mailing) -> Iterator[list[str]]:
    place, width = table.columns.index(mailing.column), len(table.columns)
    if any(len(row) > width for row in rows):
        raise csv.Error(f"a row has more than the {width} cells of the first line")
    whole = [row + [""] * (width - len(row)) for row in rows]
    made: Any = answer(client.post("/v1/links", json=[mailing.link_for(row[place]) for row in whole]))
    return ([*row, addresses["click"], addresses["open"]] for row, addresses in zip(whole, made, strict=True))


@contextmanager
def _written(output: Path | None) -> Iterator[TextIO]:
    """Where rows go: stdout, or a file that is there only once it is whole."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as opened:
            yield opened
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
