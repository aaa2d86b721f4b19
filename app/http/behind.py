"""The people behind a number of an answer: a page of them, or all as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Literal

import polars as pl
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import Field

from app.http import cursors, shapes
from app.http.parameters import Parameters, Text
from app.http.service import Service
from app.store.people import Person, read_people
from app.store.resident import Asked

LIMIT_MAX = 1_000
CSV_AT_ONCE = 2_000
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would reckon with."""


class Behind(Parameters):
    """Which part of a list of people, and how: `csv` is the whole list, whatever `limit` says, from the cursor on."""

    cursor: Text | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX, description="customers a page")
    format: Literal["json", "csv"] = Field(default="json", description="json is a page, csv the whole list")


async def people_behind(
    service: Service, asked: Asked, page: Behind, customers: pl.Series, *, ranks: pl.Series | None = None, **counted: Any
) -> Response:
    """The customers behind a number, as of the question's snapshot.

    `customers` are their numbers, in any order; who comes twice is listed once. They are listed by number, or by `ranks` (as many whole
    numbers, the least first; a customer's least counts), then by number. No page skips or repeats anybody whose rank stays. `counted` are
    other numbers that the answer tells beside `total`. Who became one with another since is listed as the one that they are now.
    """
    listed = _listed(customers, ranks)
    rest = _after(listed, page.cursor)
    if page.format == "csv":
        told = _table(service, asked, rest["customer"])
        return StreamingResponse(told, media_type="text/csv", headers={"Content-Disposition": 'attachment; filename="customers.csv"'})
    shown = rest.head(page.limit)
    people = await _read(service, asked, shown["customer"])
    more = cursors.cursor(",".join(map(str, shown.row(-1)))) if rest.height > shown.height else None
    body = {"customers": [person(one) for one in people], "next": more, "total": listed.height, **counted}
    return JSONResponse({**body, "as_of": shapes.instant(asked.snapshot.as_of)})


def person(one: Person) -> dict[str, Any]:
    return {
        "id": shapes.customer_id(one.identifiers),
        "name": one.name,
        "identifiers": shapes.identifiers(one.identifiers),
        "stage": one.stage,
        "since": shapes.instant(one.since),
        "first_seen": shapes.instant(one.first_seen),
        "last_seen": shapes.instant(one.last_seen),
    }


def neutral(cell: str | None) -> str:
    """A cell of CSV that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell and cell.startswith(ACTIVE) else cell or ""


def _listed(customers: pl.Series, ranks: pl.Series | None) -> pl.DataFrame:
    ranked = customers.to_frame("customer").with_columns(rank=pl.lit(0) if ranks is None else ranks)
    return ranked.group_by("customer").agg(pl.col("rank").cast(pl.Int64).min()).select("rank", "customer").sort("rank", "customer")


def _after(listed: pl.DataFrame, cursor: str | None) -> pl.DataFrame:
    if not cursor:
        return listed
    rank, customer = cursors.numbers(cursor, 2)
    return listed.filter((pl.col("rank") > rank) | ((pl.col("rank") == rank) & (pl.col("customer") > customer)))


async def _read(service: Service, asked: Asked, customers: pl.Series) -> list[Person]:
    async with service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await read_people(connection, asked.kept.id, customers.to_list(), asked.snapshot.as_of)


async def _table(service: Service, asked: Asked, customers: pl.Series) -> AsyncIterator[bytes]:
    kinds = service.options.rules.kinds
    yield _lines([["id", "stage", "since", "first_seen", "last_seen", *kinds]])
    for some in customers.to_frame().iter_slices(CSV_AT_ONCE):
        people = await _read(service, asked, some["customer"])
        yield _lines(_row(one, kinds) for one in people)


def _row(one: Person, kinds: Sequence[str]) -> list[str | None]:
    """Identifiers in a column for each kind; several of one kind are parted by a space."""
    instants = [shapes.instant(instant) for instant in (one.since, one.first_seen, one.last_seen)]
    of_kinds = [" ".join(value for other, value in one.identifiers if other == kind) for kind in kinds]
    return [shapes.customer_id(one.identifiers), one.stage, *instants, *of_kinds]


def _lines(rows: Iterable[Sequence[str | None]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([neutral(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
