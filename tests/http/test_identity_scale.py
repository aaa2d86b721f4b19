"""Identity at scale: rings of aliases by many clients, values that identify nobody in every spelling, and customers of many identifiers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.domain.identity.identifiers import number
from tests.http.tables import rows
from tests.http.test_identity import correct, identify, own
from tests.postgres.test_identity import in_its_own_words
from tests.reading.histories import wire
from tests.reading.oracles import Case, identity_cases
from tests.service import KEYS, Waystage, bearer, until

__all__ = ["own"]
RING = 1_000
CLIENTS = 8
DRESSED = ("{}", " {} ", "'{}'", '"{}"', "\u201c{}\u201d", "{}\u200b", "\u00ad{}", "\uff02{}\uff02")


def owners_of(waystage: Waystage, words: list[tuple[str, str]]) -> list[int]:
    found = rows(waystage, "select owner from identifiers where id = any($1::bigint[])", [number(*word) for word in words])
    return [row["owner"] for row in found]


def test_a_ring_of_aliases_by_many_clients_is_one_customer(shared_waystage: Waystage, own: str) -> None:
    users = [f"{place}-{own}" for place in range(RING)]
    aliases = [
        {"type": "alias", "userId": user, "previousId": users[place - 1], "messageId": f"alias-{user}"} for place, user in enumerate(users)
    ]
    parts = [aliases[start : start + 10] for start in range(0, RING, 10)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        accepted = sum(answer["accepted"] for answer in clients.map(shared_waystage.batch, parts))
    assert accepted == RING
    shared_waystage.derived()
    found = owners_of(shared_waystage, [("user_id", user) for user in users])
    assert (len(found), len({*found})) == (RING, 1)


def test_visitors_who_say_nothing_of_themselves_stay_apart(shared_waystage: Waystage, own: str, oracles: Path) -> None:
    values = [line for line in (oracles / "identity/blocked_values.txt").read_text("utf-8").splitlines() if line and line[:2] != "# "]
    spelled = [form.format(case(value)) for value in values for case in (str.lower, str.upper, str.title) for form in DRESSED]
    visitors = [identify(spelled[place % len(spelled)], f"visitor-{place}-{own}") for place in range(2_000)]
    shared_waystage.batch(visitors)
    shared_waystage.derived()
    found = owners_of(shared_waystage, [("anonymous_id", f"visitor-{place}-{own}") for place in range(2_000)])
    assert (len(found), len({*found})) == (2_000, 2_000)


def test_a_customer_of_a_hundred_identifiers_comes_apart_and_together_exactly(shared_waystage: Waystage, own: str) -> None:
    users, devices = [[f"{name}{place}-{own}" for place in range(50)] for name in "ud"]
    shared_waystage.batch([identify(user, device, messageId=user) for user, device in zip(users, devices, strict=True)])
    everybody = [*(("user_id", user) for user in users), *(("anonymous_id", device) for device in devices)]
    shared_waystage.derived()
    before = partition(shared_waystage, everybody)
    assert len(before) == 50
    chain = [{"type": "alias", "userId": user, "previousId": users[place], "messageId": f"a{user}"} for place, user in enumerate(users[1:])]
    shared_waystage.batch(chain)
    shared_waystage.derived()
    together = partition(shared_waystage, everybody)
    assert len(together) == 1
    correct(shared_waystage, "DELETE", f"user_id:{users[20]}", f"user_id:{users[21]}")
    assert sorted(map(len, partition(shared_waystage, everybody))) == [42, 58]
    correct(shared_waystage, "POST", f"user_id:{users[20]}", f"user_id:{users[21]}")
    assert partition(shared_waystage, everybody) == together
    for place, user in enumerate(users[1:]):
        query = {"weaker": f"user_id:{user}", "target": f"user_id:{users[place]}"}
        assert shared_waystage.client.delete("/v1/identity/links", params=query, headers=bearer(KEYS.admin)).status_code == 202
    until(lambda: partition(shared_waystage, everybody) == before, "everybody is who they were")


def partition(waystage: Waystage, words: list[tuple[str, str]]) -> set[frozenset[int]]:
    query = "select array_agg(id) as members from identifiers where id = any($1::bigint[]) group by owner"
    return {frozenset(row["members"]) for row in rows(waystage, query, [number(*word) for word in words])}


def test_published_cases_by_posting_them(shared_waystage: Waystage, own: str, oracles: Path) -> None:
    cases = [in_its_own_words(replace(case, id=f"{case.id}-{own}")) for case in identity_cases(datetime.now(UTC) - timedelta(days=1))]
    for case in cases:
        answer = shared_waystage.batch([wire(replace(event, message_id=f"{event.message_id}-{own}")) for event in case.events], KEYS.write)
        assert answer["accepted"] == len(case.events)
    shared_waystage.derived()
    assert [case.id for case in cases if not holds(shared_waystage, case)] == []


def holds(waystage: Waystage, case: Case) -> bool:
    """Whether the customers of a case are those expected."""
    query = "select value, array_agg(distinct owner) as owners from identifiers where value = any($1::text[]) group by value"
    values = [*set().union(*case.expected, *case.separate, case.nobody)]
    found = {row["value"]: {*row["owners"]} for row in rows(waystage, query, values)}
    each_is_one = all(len(set().union(*(found[value] for value in cluster))) == 1 for cluster in case.expected)
    each_is_another = all(len(set().union(*(found[value] for value in apart))) == len(apart) for apart in case.separate)
    return each_is_one and each_is_another and not case.nobody & found.keys()
