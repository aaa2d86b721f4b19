"""The report of a dry run on the terminal."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from app.client.answers import console, plain


def show_report(report: Mapping[str, Any]) -> None:
    """Print what an import would do: of the rows, of channels, stages and customers."""
    counted = ("rows", "accepted", "duplicates", "rejected")
    console.print("nothing is imported; an import would give " + ", ".join(f"{report[one]:,} {one}" for one in counted))
    if not report["complete"]:
        console.print(f"channels, stages and customers are those of the first {report['looked_at']:,} accepted rows")
    _show("rejected rows", ("line", "field", "code", "reason"), map(_reject, report["rejects"]))
    _show("reasons", ("code", "rows"), report["reasons"].items())
    _show("touches", ("channel", "touches"), report["channels"].items())
    _show("entries", ("model", "stage", "entries"), _entries(report["stages"]))
    _show("customers", ("customers", "number"), report["customers"].items())
    _show("customers that would be one", ("customers", "into"), ((", ".join(one["customers"]), one["into"]) for one in report["merges"]))
    if report["error"]:
        console.print(plain(report["error"]), style="red", markup=False)


def _reject(reject: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(reject.get(one) for one in ("line", "field", "code", "reason"))


def _entries(stages: Mapping[str, Mapping[str, int]]) -> Iterable[tuple[object, ...]]:
    return ((model, stage, entries) for model, counted in stages.items() for stage, entries in counted.items())


def _show(title: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*("" if cell is None else f"{cell:,}" if isinstance(cell, int) else plain(cell) for cell in row))
    if table.row_count:
        console.print(table)
