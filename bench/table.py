"""The one table that a run prints."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """What was measured, beside what it is measured against in the same run; `ratio` is the first over the second."""

    what: str
    measured: str
    against: str
    ratio: float
    aim: str = ""


def show(rows: Iterable[Row]) -> None:
    """Print the rows as a Markdown table."""
    table = Table(*Row._fields, box=box.MARKDOWN)
    for row in rows:
        table.add_row(row.what, row.measured, row.against, f"{row.ratio:.2f}", row.aim)
    Console(width=200, soft_wrap=True).print(table)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of the values does not exceed (nearest rank)."""
    return sorted(values)[max(0, round(share * len(values)) - 1)]
