"""Identity asked and corrected: the tree of evidence, pairs struck out and restored, blocked values, contradictions, and previews."""

import uuid
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.http.tables import rows
from tests.service import KEYS, Waystage, basic, bearer, until


@pytest.fixture
def own() -> str:
    """What makes an id nobody else's."""
    return uuid.uuid4().hex[:12]


def identify(user: str | None, device: str | None, **fields: Any) -> dict[str, Any]:
    said = {"type": "identify", "userId": user, "anonymousId": device, "messageId": uuid.uuid4().hex, **fields}
    return {key: value for key, value in said.items() if value is not None}


def asked(waystage: Waystage, path: str) -> Any:
    return waystage.ask(path)


def tree(waystage: Waystage, identifier: str) -> Any:
    return waystage.ask(f"/v1/customers/{quote(identifier, safe='')}/identity")


def of_one(waystage: Waystage, identifier: str) -> set[str]:
    """All identifiers of the customer that owns one."""
    return {f"{one['kind']}:{one['value']}" for one in tree(waystage, identifier)["identifiers"]}


def administer(waystage: Waystage, method: str, path: str, **said: Any) -> httpx.Response:
    return waystage.client.request(method, path, headers=bearer(KEYS.admin), **said)


def previewed(waystage: Waystage, method: str, weaker: str, target: str) -> Any:
    answer = administer(waystage, method, "/v1/identity/links", params={"weaker": weaker, "target": target, "preview": "1"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def state_of(waystage: Waystage, weaker: str, target: str) -> str:
    states = {(one["weaker"], one["target"]): one["state"] for one in waystage.ask("/v1/identity/links", limit=1_000)["links"]}
    return str(states.get((weaker, target), "restored"))


def correct(waystage: Waystage, method: str, weaker: str, target: str) -> None:
    """Strike a pair out (DELETE) or restore it (POST), and wait until that is done and derived."""
    answer = administer(waystage, method, "/v1/identity/links", params={"weaker": weaker, "target": target})
    assert answer.status_code == 202, answer.text
    done = "struck" if method == "DELETE" else "restored"
    until(lambda: state_of(waystage, weaker, target) == done, f"the pair is {done}")
    until(lambda: rows(waystage, "select count(*) from touched")[0]["count"] == 0, "the customers concerned are derived again")


def test_a_pair_that_is_struck_out_stays_struck_whatever_arrives_and_can_be_restored(shared_waystage: Waystage, own: str) -> None:
    user, device = f"user_id:u-{own}", f"anonymous_id:a-{own}"
    order = {"type": "track", "event": "Order Completed", "anonymousId": f"a-{own}", "messageId": f"o-{own}"}
    page = {"type": "page", "anonymousId": f"a-{own}", "messageId": f"p-{own}"}
    shared_waystage.batch([page, order, identify(f"u-{own}", f"a-{own}")])
    shared_waystage.derived()
    preview = previewed(shared_waystage, "DELETE", device, user)
    assert (preview["customers_before"], preview["customers_after"], preview["complete"]) == (1, 2, True)
    assert [one["id"] for one in preview["before"]] == [user]
    assert {one["id"] for one in preview["after"]} == {user, device}
    assert of_one(shared_waystage, device) == {user, device}
    correct(shared_waystage, "DELETE", device, user)
    shared_waystage.batch([identify(f"u-{own}", f"a-{own}")])
    shared_waystage.derived()
    assert of_one(shared_waystage, device) == {device}
    assert len(shared_waystage.journey(quote(device, safe=""))["events"]) == 2
    (link,) = tree(shared_waystage, device)["identifiers"][0]["links"]
    assert (link["target"], link["verdict"]) == (user, "struck_out")
    preview = previewed(shared_waystage, "POST", user, device)
    assert (preview["customers_before"], preview["customers_after"]) == (2, 1)
    correct(shared_waystage, "POST", device, user)
    assert of_one(shared_waystage, device) == {user, device}
    assert len(shared_waystage.journey(quote(device, safe=""))["events"]) == 4


def test_a_pair_is_struck_out_before_anybody_knows_it(shared_waystage: Waystage, own: str) -> None:
    users = [f"user_id:{name}-{own}" for name in ("p", "u")]
    correct(shared_waystage, "DELETE", *users)
    shared_waystage.batch([{"type": "alias", "userId": f"u-{own}", "previousId": f"p-{own}", "messageId": f"x-{own}"}])
    shared_waystage.derived()
    assert users[0] not in of_one(shared_waystage, users[1])
    (alias,) = tree(shared_waystage, users[1])["aliases"]
    assert (alias["applied"], alias["why"]) == (False, "the pair is struck out")


def test_a_preview_tells_the_entries_that_appear_and_disappear(shared_waystage: Waystage, own: str) -> None:
    user, device = f"user_id:u-{own}", f"anonymous_id:a-{own}"
    orders = [
        {"type": "track", "event": "Order Completed", "messageId": f"o{number}-{own}", "timestamp": f"2026-01-0{number}T00:00:00Z", **who}
        for number, who in ((1, {"userId": f"u-{own}"}), (2, {"anonymousId": f"a-{own}"}))
    ]
    shared_waystage.batch([*orders, identify(f"u-{own}", f"a-{own}")])
    shared_waystage.derived()
    preview = previewed(shared_waystage, "DELETE", device, user)
    changes = {(one["stage"], one["change"]) for one in preview["entries"] if one["model"] == "journey-5"}
    assert changes == {("loyalty", "disappears"), ("purchase", "appears")}
    (loyalty,) = [one for one in preview["stages"] if (one["model"], one["stage"]) == ("journey-5", "loyalty")]
    assert loyalty == {"model": "journey-5", "stage": "loyalty", "before": 1, "after": 0, "appear": 0, "disappear": 1}


def test_the_tree_says_why(shared_waystage: Waystage, own: str) -> None:
    email = f"e-{own}@x.com"
    shared_waystage.batch(
        [
            {"type": "track", "event": "Form", "anonymousId": f"a-{own}", "properties": {"email": email}, "messageId": f"form-{own}"},
            identify(f"u-{own}", f"a-{own}", messageId=f"login-{own}", timestamp="2026-01-01T00:00:00Z"),
            identify(f"v-{own}", f"a-{own}", timestamp="2026-01-02T00:00:00Z"),
            {"type": "alias", "userId": f"w-{own}", "previousId": f"u-{own}", "messageId": f"alias-{own}"},
        ]
    )
    shared_waystage.derived()
    found = {one["kind"] + ":" + one["value"]: one for one in tree(shared_waystage, f"email:{email}")["identifiers"]}
    root, device = f"user_id:u-{own}", found[f"anonymous_id:a-{own}"]
    assert {name: (one["rule"], one["parent"], one["via"]) for name, one in found.items()} == {
        root: ("root", None, None),
        f"user_id:w-{own}": ("alias_group", None, None),
        f"email:{email}": ("followed", root, f"anonymous_id:a-{own}"),
        f"anonymous_id:a-{own}": ("best_link", root, None),
    }
    assert [(one["target"], one["verdict"]) for one in device["links"]] == [
        (root, "chosen"),
        (f"user_id:v-{own}", "later"),
        (f"email:{email}", "weaker_kind"),
    ]
    assert (device["links"][0]["message_id"], device["links"][0]["source"], device["links"][0]["trusted"]) == (
        f"login-{own}",
        "server",
        True,
    )


def test_a_shared_device_makes_nobody_one_and_is_listed(shared_waystage: Waystage, own: str) -> None:
    shared_waystage.batch([identify(f"{name}-{own}", f"a-{own}", traits={"email": f"{name}-{own}@x.com"}) for name in "uv"])
    shared_waystage.derived()
    assert f"user_id:v-{own}" not in of_one(shared_waystage, f"user_id:u-{own}")
    listed = {one["identifier"]: one for one in every_contradiction(shared_waystage, 2)}
    found = listed[f"anonymous_id:a-{own}"]
    assert (found["contradiction"], found["of_kind"], found["values"]) == ("several_targets", "user_id", [f"u-{own}", f"v-{own}"])


def every_contradiction(waystage: Waystage, limit: int) -> list[dict[str, Any]]:
    page = waystage.ask("/v1/identity/contradictions", limit=limit)
    found = list(page["contradictions"])
    while page["next"]:
        page = waystage.ask("/v1/identity/contradictions", limit=limit, cursor=page["next"])
        found += page["contradictions"]
    assert len({(one["contradiction"], one["identifier"], one["of_kind"]) for one in found}) == len(found)
    return found


def test_contradictions_of_every_way_are_listed(shared_waystage: Waystage, own: str) -> None:
    shared_waystage.batch([identify(f"u-{own}", f"a{number}-{own}") for number in range(51)])
    public = [identify(f"p-{own}", None), identify(f"q-{own}", None), {"type": "alias", "userId": f"p-{own}", "previousId": f"q-{own}"}]
    shared_waystage.batch(public, KEYS.write)
    shared_waystage.derived()
    listed = {(one["contradiction"], one["identifier"]): one for one in every_contradiction(shared_waystage, 1_000)}
    many = listed["owns_many", f"user_id:u-{own}"]
    assert (many["of_kind"], many["count"], len(many["values"])) == ("anonymous_id", 51, 10)
    assert listed["alias_not_applied", f"user_id:p-{own}"]["values"] == [f"q-{own}"]


def test_a_blocked_value_lets_go_whom_it_joined_and_takes_them_back(shared_waystage: Waystage, own: str) -> None:
    value = f"QA-{own}"
    spelled = [value, f" {value.lower()} ", f"'{value.upper()}'"]
    shared_waystage.batch([identify(each, f"a{place}-{own}", messageId=f"{place}-{own}") for place, each in enumerate(spelled)])
    shared_waystage.batch([identify(None, f"b-{own}", traits={"email": f"e-{own}@x.com"}, userId=value)])
    shared_waystage.derived()
    (joined,) = blocked(shared_waystage, value)
    assert (joined["state"], joined["customers"], joined["identifiers"]) == ("unblocked", 3, 8)
    block(shared_waystage, "PUT", value, "blocked")
    assert of_one(shared_waystage, f"anonymous_id:a0-{own}") == {f"anonymous_id:a0-{own}"}
    assert of_one(shared_waystage, f"anonymous_id:b-{own}") == {f"anonymous_id:b-{own}", f"email:e-{own}@x.com"}
    shared_waystage.batch([identify(value, f"a9-{own}")])
    shared_waystage.derived()
    assert of_one(shared_waystage, f"anonymous_id:a9-{own}") == {f"anonymous_id:a9-{own}"}
    block(shared_waystage, "DELETE", value, "unblocked")
    together = {f"user_id:{value}", f"anonymous_id:a0-{own}", f"anonymous_id:b-{own}", f"anonymous_id:a9-{own}", f"email:e-{own}@x.com"}
    assert of_one(shared_waystage, f"anonymous_id:a9-{own}") == together


def blocked(waystage: Waystage, value: str) -> Any:
    answer = administer(waystage, "GET", "/v1/identity/blocked-values", params={"value": value})
    assert answer.status_code == 200, answer.text
    return answer.json()["blocked_values"]


def block(waystage: Waystage, method: str, value: str, done: str) -> None:
    answer = administer(waystage, method, "/v1/identity/blocked-values", params={"value": value})
    assert answer.status_code == 202, answer.text
    until(lambda: blocked(waystage, value)[0]["state"] == done, f"the value is {done}")
    until(lambda: rows(waystage, "select count(*) from touched")[0]["count"] == 0, "the customers concerned are derived again")


def test_a_value_that_is_always_blocked_needs_no_operator(shared_waystage: Waystage) -> None:
    answer = administer(shared_waystage, "PUT", "/v1/identity/blocked-values", params={"value": " NULL "})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "value")
    assert blocked(shared_waystage, "null")[0]["state"] == "always_blocked"


def merging(waystage: Waystage, text: str) -> httpx.Response:
    return administer(waystage, "POST", "/v1/identity/preview", content=text.encode())


def test_a_file_of_links_says_what_it_would_merge(shared_waystage: Waystage, own: str) -> None:
    shared_waystage.batch([identify(f"u-{own}", None), identify(f"v-{own}", f"b-{own}"), identify(None, f"a-{own}")])
    shared_waystage.derived()
    lines = [f"anonymous_id:a-{own},user_id:u-{own}", f"anonymous_id:b-{own},user_id:u-{own}", f"email:new-{own}@x.com,user_id:u-{own}"]
    answer = merging(shared_waystage, "\n".join(["\ufeffweaker,target", *lines])).json()
    assert (answer["links"], answer["known_identifiers"], answer["merged_customers"]) == (3, 3, 2)
    assert answer["merges"] == [{"into": f"user_id:u-{own}", "customers": [f"user_id:u-{own}", f"anonymous_id:a-{own}"]}]
    assert answer["moves"] == []
    values = [f"u-{own}", f"v-{own}"]
    assert answer["contradictions"] == [{"identifier": f"anonymous_id:b-{own}", "of_kind": "user_id", "values": values}]
    assert of_one(shared_waystage, f"anonymous_id:a-{own}") == {f"anonymous_id:a-{own}"}


@pytest.mark.parametrize(
    "text, line, field",
    [
        ("weaker,to\n", 1, "target"),
        ("weaker,target\nanonymous_id:a,user_id:u\nfax:a,user_id:u\n", 3, "weaker"),
        ("weaker,target\nuser_id:u,anonymous_id:a\n", 2, "target"),
        ("weaker,target\nanonymous_id:null,user_id:u\n", 2, "weaker"),
        ("weaker,target,at\nanonymous_id:a,user_id:u,yesterday\n", 2, "at"),
        ('{"weaker": "anonymous_id:a", "target": "user_id:u"}\n{"weaker": 7}\n', 2, "weaker"),
        ('{"weaker": "anonymous_id:a", "target": "user_id:u", "trusted": "perhaps"}', 1, "trusted"),
        ('{"weaker"\n', 1, "line"),
        (f"weaker,target,{'x' * 200_000}\n", 1, "line"),
    ],
)
def test_a_line_that_says_no_link_is_named(shared_waystage: Waystage, text: str, line: int, field: str) -> None:
    answer = merging(shared_waystage, text)
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["line"], answer.json()["errors"][0]["field"]) == (line, field)


@pytest.mark.parametrize(
    "weaker, target, field",
    [
        ("user_id:u", "user_id:u", "target"),
        ("email:a@x.com", "email:b@x.com", "target"),
        ("email", "user_id:u", "weaker"),
        ("anonymous_id:null", "user_id:u", "weaker"),
        ("anonymous_id:a", "fax:1", "target"),
    ],
)
def test_only_pairs_that_could_be_joined_are_struck_out(shared_waystage: Waystage, weaker: str, target: str, field: str) -> None:
    answer = administer(shared_waystage, "DELETE", "/v1/identity/links", params={"weaker": weaker, "target": target})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_who_forwards_a_mail_does_not_become_its_recipient(shared_waystage: Waystage, own: str) -> None:
    email, device = f"ann-{own}@x.com", f"friend-{own}"
    link = {"kind": "email", "target": "https://shop.example/", "message": f"m-{own}", "recipient": {"email": email}}
    location = httpx.get(shared_waystage.post("/v1/links", link).json()["click"]).headers["location"]
    page = {"type": "page", "anonymousId": device, "messageId": f"p-{own}", "context": {"page": {"url": location}}}
    shared_waystage.batch([page], KEYS.write)
    shared_waystage.derived()
    assert of_one(shared_waystage, f"email:{email}") == {f"email:{email}", f"anonymous_id:{device}"}
    shared_waystage.batch([identify(f"bob-{own}", device)], KEYS.write)
    shared_waystage.derived()
    assert of_one(shared_waystage, f"email:{email}") == {f"email:{email}"}
    (*_, lost) = next(one for one in tree(shared_waystage, f"user_id:bob-{own}")["identifiers"] if one["value"] == device)["links"]
    assert (lost["target"], lost["by"], lost["verdict"]) == (f"email:{email}", "token", "weaker_kind")


@pytest.mark.parametrize("key", [KEYS.write, KEYS.server])
def test_nobody_can_send_what_a_token_says(shared_waystage: Waystage, own: str, key: str) -> None:
    sent = {"type": "landing", "anonymousId": f"a-{own}", "userId": f"u-{own}", "messageId": f"landing-{own}"}
    (rejected,) = shared_waystage.batch([sent], key)["rejected"]
    assert (rejected["code"], rejected["field"]) == ("unknown_type", "type")
    assert shared_waystage.client.post("/v1/landing", json=sent, headers=basic(key)).status_code in (404, 405)
