"""Writing over HTTP: what the Segment spec sends, answered after the commit."""

from tests.service import KEYS, Waystage


def test_an_event_is_stored_once_however_often_it_is_sent(shared_waystage: Waystage) -> None:
    event = {"type": "track", "event": "Product Viewed", "anonymousId": "once", "messageId": "once-1"}
    assert shared_waystage.batch([event]) == {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}
    assert shared_waystage.batch([event, event]) == {"success": True, "accepted": 0, "duplicates": 2, "rejected": []}


def test_a_journey_follows_from_a_click_to_an_order(shared_waystage: Waystage) -> None:
    page = {"page": {"url": "https://shop.example/kettle?utm_source=newsletter&utm_medium=email&utm_campaign=welcome"}}
    viewed = {"anonymousId": "click-1", "event": "Product Viewed", "context": page}
    assert shared_waystage.post("/v1/track", viewed, KEYS.write).status_code == 200
    shared_waystage.batch(
        [
            {"type": "identify", "anonymousId": "click-1", "userId": "click-u"},
            {"type": "track", "event": "Order Completed", "userId": "click-u"},
        ]
    )
    shared_waystage.derived()
    journey = shared_waystage.journey("anonymous_id:click-1")
    assert journey["customer"]["id"] == "user_id:click-u"
    assert [(entry["stage"], entry["channel"], entry["campaign"]) for entry in journey["entries"]] == [
        ("consideration", "email", "welcome"),
        ("purchase", "email", "welcome"),
    ]
