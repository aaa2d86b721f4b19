"""A made-up shop's history: visits of customers over 90 days, as rows of the event table. The same numbers give the same history."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from app.domain.arriving.events import Event, event_id

DAYS = 90
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
ARRIVALS = (
    ("?utm_source=google&utm_medium=cpc&utm_campaign=brand", None),
    ("?utm_source=newsletter&utm_medium=email&utm_campaign=weekly", None),
    ("", "https://www.google.com/"),
    ("", "https://vk.com/feed"),
    ("", None),
)
STEPS = ("Page Viewed", "Product Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")


class Step(NamedTuple):
    """One event of a visit. `at` is in UTC."""

    at: datetime
    name: str
    query: str
    referrer: str | None
    user_id: str | None


def history(source: int, customers: range, until: datetime) -> Iterator[Event]:
    """About ten events for each customer, none after `until` (UTC); `source` is the number of a trusted source."""
    for customer in customers:
        chance = random.Random(customer)  # noqa: S311 - made-up people, no secrets
        for position, step in enumerate(_steps(chance, customer, until)):
            yield event_of(source, customer, position, step, until)


def _steps(chance: random.Random, customer: int, until: datetime) -> Iterator[Step]:
    user_id = None
    for days in sorted(chance.uniform(0.1, DAYS) for _ in range(chance.choice((1, 2, 3, 4, 5))))[::-1]:
        query, referrer = chance.choice(ARRIVALS)
        at = until - timedelta(days=days)
        for name in STEPS[: chance.choice((1, 2, 3, 3, 4, 6))]:
            if name == "Checkout Started":
                user_id = f"user-{customer}"
            yield Step(at, name, query, referrer, user_id)
            at += timedelta(seconds=chance.randint(5, 300))


def event_of(source: int, customer: int, position: int, step: Step, received_at: datetime) -> Event:
    message_id = f"history-{customer}-{position}"
    return Event(
        id=event_id(source, message_id),
        received_at=received_at,
        source_id=source,
        import_id=None,
        position=position,
        type="page" if step.name == "Page Viewed" else "track",
        name=step.name,
        message_id=message_id,
        user_id=step.user_id,
        anonymous_id=f"visitor-{customer}",
        previous_id=None,
        email=None,
        phone=None,
        occurred_at=step.at,
        timestamp=step.at.isoformat(),
        time_rule="sent",
        sequence=None,
        url=f"https://shop.example/products/{customer % 97}{step.query}",
        referrer=step.referrer,
        user_agent=BROWSER,
        request_agent=None,
        ip=None,
        body=msgspec.json.encode(
            {"properties": {"product_id": f"p-{customer % 97}", "price": 19.5}, "context": {"page": {"title": "Shop"}}}
        ),
    )


def _body(product: str) -> bytes:
    return msgspec.json.encode({"properties": {"product_id": product, "price": 19.5}, "context": {"page": {"title": "Shop"}}})
