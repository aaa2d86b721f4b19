"""The presets walked from end to end: histories whose events stand in every stage, in order, with labels in two languages."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.journeys.stages import preset
from app.flow.stage_models import activate_models
from app.store.connect import Connection
from tests.postgres.arrivals import NOW, derive, entries_stored, send
from tests.reading.histories import instant


def page(query: str = "", **properties: Any) -> dict[str, Any]:
    url = f"https://shop.example/{query}"
    return {"type": "page", "anonymousId": "a", "userId": "ann", "properties": properties, "context": {"page": {"url": url}}}


def track(name: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "ann", "event": name, "properties": properties}


SOCIAL = page("?utm_source=facebook&utm_medium=social")
JOURNEY_7 = [
    ("awareness", "Осознание", SOCIAL),
    ("discovery", "Узнавание", page(path="/reviews/kettle")),
    ("decision", "Решение", track("Email Link Clicked")),
    ("purchase", "Покупка", track("Order Completed")),
    ("after_purchase", "После покупки", track("Parcel Handed Over", touchpoint_channel="delivery")),
    ("loyalty", "Лояльность", track("Order Completed")),
    ("after_purchase", "После покупки", track("Product Reviewed", rating=9)),
    ("advocacy", "Рекомендации", track("Product Shared")),
]
RETAIL_4 = [
    ("attraction", "Привлечение", track("Spot Heard", touchpoint_channel="offline_ad")),
    ("relationship", "Установление отношений", page("?utm_source=partner&utm_medium=affiliate")),
    ("conversion", "Превращение в клиента", track("Checkout Started")),
    ("relationship", "Установление отношений", track("Cart Viewed")),
    ("conversion", "Превращение в клиента", track("Order Completed")),
    ("engagement", "Вовлечение", track("Order Completed")),
    ("relationship", "Установление отношений", track("Product Viewed")),
    ("engagement", "Вовлечение", track("Helped", touchpoint_channel="service")),
]
JOURNEY_5 = [
    ("awareness", "Осознание", SOCIAL),
    ("consideration", "Изучение", page(path="/pricing")),
    ("decision", "Решение", track("Trial Started")),
    ("purchase", "Покупка", track("Subscription Started")),
    ("loyalty", "Лояльность", track("Subscription Renewed")),
]


@pytest.mark.parametrize("name, walk", [("journey-5", JOURNEY_5), ("journey-7", JOURNEY_7), ("retail-4", RETAIL_4)])
async def test_a_history_walks_every_stage(connection: Connection, name: str, walk: list[tuple[str, str, dict[str, Any]]]) -> None:
    await activate_models(connection, [name])
    times = [instant(NOW - timedelta(days=30 - day)) for day in range(len(walk))]
    events = [{**event, "messageId": f"m-{at}", "timestamp": at} for at, (_, _, event) in zip(times, walk, strict=True)]
    await send(connection, *events, trusted=True)
    await derive(connection)
    kept = await connection.fetchval("select id from stage_models where name = $1 and state = 'active'", name)
    entered = (await entries_stored(connection, kept))["stage"].to_list()
    assert entered == [stage for stage, _, _ in walk]
    assert {*entered} == {stage.name for stage in preset(name).stages}
    labels = {stage.name: stage.labels for stage in preset(name).stages}
    assert [labels[stage]["ru"] for stage in entered] == [label for _, label, _ in walk]
    assert all(labels[stage]["en"] == stage.replace("_", " ").capitalize() for stage in entered)
