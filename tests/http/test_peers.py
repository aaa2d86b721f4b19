"""Where services of this kind are known to fail: each defect, by the name of who has it, is no defect here."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.driven import Driven
from tests.service import KEYS, Waystage

START = datetime.now(UTC) - timedelta(days=2)
Event = dict[str, Any]


@pytest.fixture
def own() -> str:
    """What the ids of a test begin with, and no others."""
    return f"peer-{uuid.uuid4().hex[:12]}"


def at(minutes: float, kind: str, **fields: Any) -> Event:
    return {"type": kind, "timestamp": (START + timedelta(minutes=minutes)).isoformat(), **fields}


def page(minutes: float, **fields: Any) -> Event:
    return at(minutes, "page", context={"page": {"url": "https://shop.example/"}}, **fields)


def told(waystage: Waystage, customer: str) -> Any:
    waystage.derived()
    return waystage.journey(customer)


def names(journey: Any) -> list[str]:
    return [event["message_id"] for event in journey["events"]]


def identified(journey: Any) -> set[str]:
    return {f"{each['kind']}:{each['value']}" for each in journey["customer"]["identifiers"]}


def test_umami_a_second_user_behind_one_address_and_browser_leaves_the_first_as_they_are(shared_waystage: Waystage, own: str) -> None:
    for number, user in enumerate((f"{own}-a", f"{own}-b")):
        shared_waystage.batch([page(number, userId=user, anonymousId=f"{user}-tab", messageId=f"{user}-1")], KEYS.write)
    first, second = (told(shared_waystage, f"user_id:{own}-{one}") for one in "ab")
    assert (names(first), names(second)) == ([f"{own}-a-1"], [f"{own}-b-1"])


def test_umami_no_visitor_changes_with_the_month(shared_waystage: Waystage, own: str) -> None:
    days = [0, 35, 70, 400]
    seen = [page(-1440 * day, anonymousId=own, messageId=f"{own}-{day}") for day in days]
    shared_waystage.batch(seen, KEYS.server)
    assert names(told(shared_waystage, f"anonymous_id:{own}")) == [f"{own}-{day}" for day in reversed(days)]


def test_umami_nobody_claims_an_old_identity_by_a_time_of_their_own(shared_waystage: Waystage, own: str) -> None:
    """A page says that a device was somebody's before its owner came: the page's word counts from when it came in."""
    device = f"{own}-device"
    shared_waystage.batch([at(0, "identify", userId=f"{own}-owner", anonymousId=device)], KEYS.write)
    shared_waystage.batch([at(-1440 * 300, "identify", userId=f"{own}-thief", anonymousId=device)], KEYS.write)
    assert identified(told(shared_waystage, f"anonymous_id:{device}")) == {f"user_id:{own}-owner", f"anonymous_id:{device}"}


@pytest.mark.parametrize("bad", [{"type": "track"}, {"type": "track", "event": "Seen"}, {"type": "nonsense"}, 17])
def test_umami_snowplow_an_event_that_is_none_is_told_and_kept_and_the_others_are_stored(
    shared_waystage: Waystage, own: str, bad: Any
) -> None:
    answer = shared_waystage.batch([page(0, anonymousId=own), bad, page(1, anonymousId=own)], KEYS.write)
    assert (answer["accepted"], [rejected["index"] for rejected in answer["rejected"]]) == (2, [1])
    assert answer["rejected"][0]["code"] in {one["code"] for one in shared_waystage.ask("/v1/failed-events/reasons")["reasons"]}


def test_posthog_rudderstack_a_message_is_stored_once_whoever_sends_it_again_and_when(shared_waystage: Waystage, own: str) -> None:
    event = at(0, "track", event="Order Completed", userId=own, messageId=own)
    with ThreadPoolExecutor(8) as clients:
        answers = [*clients.map(lambda _: shared_waystage.batch([event, event]), range(16))]
    assert sum(answer["accepted"] for answer in answers) == 1
    _, new = Driven(shared_waystage).bring([event | {"timestamp": "2020-01-01T00:00:00Z"}])
    assert new == set()
    assert names(told(shared_waystage, f"user_id:{own}")) == [own]


def test_snowplow_the_last_user_of_a_device_does_not_take_its_history(shared_waystage: Waystage, own: str) -> None:
    device = f"{own}-device"
    shared_waystage.batch(
        [
            page(0, anonymousId=device, messageId=f"{own}-0"),
            at(1, "identify", userId=f"{own}-a", anonymousId=device, messageId=f"{own}-1"),
            page(2, userId=f"{own}-b", anonymousId=device, messageId=f"{own}-2"),
            page(3, anonymousId=device, messageId=f"{own}-3"),
        ],
        KEYS.write,
    )
    first, second = (told(shared_waystage, f"user_id:{own}-{one}") for one in "ab")
    assert names(first) == [f"{own}-0", f"{own}-1", f"{own}-3"]
    assert names(second) == [f"{own}-2"]


def test_matomo_a_login_goes_on_with_the_visit_and_claims_those_before(shared_waystage: Waystage, own: str) -> None:
    device = {"anonymousId": f"{own}-device"}
    shared_waystage.batch([page(0, **device), page(600, **device)], KEYS.write)
    before = told(shared_waystage, f"anonymous_id:{own}-device")
    shared_waystage.batch([at(605, "identify", userId=own, **device), page(610, userId=own, **device)], KEYS.write)
    after = told(shared_waystage, f"user_id:{own}")
    assert [session["events"] for session in before["sessions"]] == [1, 1]
    assert [session["events"] for session in after["sessions"]] == [1, 2]
    assert after["customer"]["first_seen"] == before["customer"]["first_seen"]


def test_all_a_late_event_changes_sessions_and_stages(shared_waystage: Waystage, own: str) -> None:
    early, late = page(0, anonymousId=own), page(50, anonymousId=own)
    order = at(60, "track", event="Order Completed", anonymousId=own)
    shared_waystage.batch([late, order, early], KEYS.write)
    before = told(shared_waystage, f"anonymous_id:{own}")
    assert [session["events"] for session in before["sessions"]] == [1, 2]
    stages = [entry["stage"] for entry in before["entries"]]
    assert stages == ["awareness", "purchase"]
    between = at(25, "track", event="Product Viewed", anonymousId=own)
    shared_waystage.batch([between], KEYS.write)
    after = told(shared_waystage, f"anonymous_id:{own}")
    assert [session["events"] for session in after["sessions"]] == [4]
    assert [entry["stage"] for entry in after["entries"]] == ["awareness", "consideration", "purchase"]


def test_mail_tools_a_scanner_that_clicks_every_link_is_no_person(shared_waystage: Waystage, own: str) -> None:
    mail = {"userId": own, "properties": {"message_id": "spring"}}

    def click(minutes: float, link: str) -> Event:
        return at(minutes, "track", event="Email Link Clicked", userId=own, properties={"message_id": "spring", "link_url": link})

    shared_waystage.batch(
        [at(0, "track", event="Email Delivered", **mail), *(click(0.01 * place, f"https://x.example/{place}") for place in (1, 2, 3))]
    )
    scanned = told(shared_waystage, f"user_id:{own}")
    assert [touch["machine"] for touch in scanned["touches"]] == [False, True, True, True]
    shared_waystage.batch([click(90, "https://x.example/2")])
    assert [touch["machine"] for touch in told(shared_waystage, f"user_id:{own}")["touches"]][3:] == [True, False]


def test_posthog_a_merge_can_be_undone_and_done_again(shared_waystage: Waystage, own: str) -> None:
    one, other = f"user_id:{own}-a", f"user_id:{own}-b"
    pair = (("user_id", f"{own}-b"), ("user_id", f"{own}-a"))
    shared_waystage.batch([at(place, "track", event="Order Completed", userId=f"{own}-{user}") for place, user in enumerate("ab")])
    driven = Driven(shared_waystage)
    apart = [people(shared_waystage, each) for each in (one, other)]
    shared_waystage.batch([at(5, "alias", userId=f"{own}-a", previousId=f"{own}-b")], KEYS.server)
    merged = people(shared_waystage, other)
    assert identified(merged) == {one, other}
    driven.change_link("DELETE", pair)
    driven.at_rest()
    parted = [people(shared_waystage, each) for each in (one, other)]
    assert [each["entries"] for each in parted] == [each["entries"] for each in apart]
    assert [identified(each) for each in parted] == [{one}, {other}]
    driven.change_link("POST", pair)
    driven.at_rest()
    assert people(shared_waystage, one) == merged


def people(waystage: Waystage, customer: str) -> Any:
    return {part: value for part, value in told(waystage, customer).items() if part != "as_of"}
