"""Stamps: rows told by one number say what they said in many columns."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import NAMED_EVENTS, TOUCHES
from app.domain.journeys.entries import CREDITED
from app.domain.questions.breakdowns import credited
from app.domain.questions.filters import Filters, selected
from app.domain.questions.stamps import STAMPS, passing_by, stamped, stamped_events, told_by

START = datetime(2025, 3, 1, tzinfo=UTC)
SAYING = st.tuples(st.sampled_from(["email", "social", "direct", None]), st.sampled_from(["spring", None]), st.sampled_from([1, 2, None]))
MET = st.tuples(st.integers(0, 2), st.integers(0, 9), SAYING, st.booleans())


def touches(met: list[tuple[int, int, tuple[Any, ...], bool]]) -> pl.DataFrame:
    """A customer's touch at each place, ten days after the place before; the latest that is drawn of a place counts."""
    rows = [
        {
            "customer": customer,
            "position": place,
            "touched_at": START + place * timedelta(days=10),
            **dict(zip(("channel", "utm_campaign", "source"), saying, strict=True)),
            "machine": machine,
        }
        for (customer, place), (saying, machine) in sorted({(one[0], one[1]): one[2:] for one in met}.items())
    ]
    return pl.DataFrame(rows, schema=TOUCHES)


def events() -> pl.DataFrame:
    places = [(customer, place) for customer in range(3) for place in range(10)]
    rows = [{"customer": customer, "place": place, "occurred_at": START + place * timedelta(days=10)} for customer, place in places]
    return pl.DataFrame(rows, schema=NAMED_EVENTS)


def text(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(CREDITED).cast(pl.String))


@settings(deadline=None, max_examples=100)
@given(st.lists(MET, max_size=12), st.lists(MET, max_size=12))
def test_a_stamp_says_what_the_row_says_and_never_something_else(met: list[Any], later: list[Any]) -> None:
    rows, stamps = stamped(touches(met), STAMPS)
    more, known = stamped(touches(later), stamps)
    for some, plain in ((rows, touches(met)), (more, touches(later))):
        assert text(told_by(some.drop(CREDITED), known, CREDITED).select(CREDITED)).equals(text(plain.select(CREDITED)))
    assert known.head(stamps.height).equals(stamps)
    assert known.is_unique().all()


@settings(deadline=None, max_examples=100)
@given(st.lists(MET, max_size=12))
def test_an_event_has_the_stamp_of_the_touch_that_it_is_credited_to(met: list[Any]) -> None:
    told, stamps = stamped_events(events(), touches(met), STAMPS)
    plain = credited(events().select("customer", "place", at="occurred_at"), touches(met))
    assert text(told_by(told, stamps, CREDITED).select(CREDITED)).equals(text(plain.select(CREDITED)))


@settings(deadline=None, max_examples=100)
@given(
    st.lists(MET, max_size=12),
    st.sampled_from(["email", "direct", "radio", None]),
    st.sampled_from([1, 3, None]),
    st.none() | st.sets(st.integers(0, 3)),
)
def test_filters_select_by_the_stamp(met: list[Any], channel: str | None, source: int | None, customers: set[int] | None) -> None:
    chosen = None if customers is None else pl.Series(sorted(customers), dtype=pl.Int64)
    filters = Filters(channel=channel, source=source, customers=chosen)
    rows, stamps = stamped(touches(met), STAMPS)
    found = passing_by(rows, stamps, filters).collect()
    assert found.drop("stamp").equals(selected(touches(met), filters).collect())
