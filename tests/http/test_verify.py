"""`waystage verify`: each damaged row is named, and none where nothing is damaged, whatever arrives meanwhile."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.domain.identity.identifiers import number
from app.flow.verifier import Asked, Differs, Finished, Told
from app.store.cluster import Cluster
from tests.conftest import cloned
from tests.http.driven import Driven
from tests.postgres.test_rebuild import shop
from tests.service import KEYS, ROOT, Waystage, bearer, running

DAMAGE = {
    "event_subjects": "update event_subjects set subject = {other} where subject = {user}",
    "event_subjects, gone": "delete from event_subjects where subject = {user}",
    "identifiers": "update identifiers set owner = {other} where value = '{name}@x.com'",
    "identifiers, nobody's": "insert into identifiers (id, kind, value, owner, named_directly) values (5, 'email', 'e', {user}, false)",
    "identifiers, split": "update identifiers set owner = id where value = '{name}-new'",
    "links": "update links set linked_at = linked_at - interval '1 day' where target = {user}",
    "links, gone": "delete from links where target = {user}",
    "aliases": "delete from aliases where previous_id = {user}",
    "customers": 'update customers set traits = \'{{"plan": "free"}}\' where customer = {user}',
    "customers, gone": "delete from customers where customer = {user}",
    "sessions": "update sessions set events = events + 1 where customer = {user}",
    "touches": "update touches set channel = 'email' where customer = {user}",
    "named_events": "delete from named_events where customer = {user} and name = 'Order Completed'",
    "entries": "update entries set stage = 'loyalty' where customer = {user} and left_at is null",
    "entries, nobody's": "update entries set customer = customer + 1 where customer = {user}",
}
"""What is done to the rows of a person for whom a word of it is named; verification is to name the table."""


@pytest.fixture(scope="module")
def verified(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """A service of its own, whose rows are broken and mended."""
    with cloned(cluster, template) as dsn, running(dsn, tmp_path_factory.mktemp("verified")) as waystage:
        yield Driven(waystage)


def told(waystage: Waystage, **query: Any) -> list[dict[str, Any]]:
    answer = waystage.client.post("/v1/verify", params=query, headers=bearer(KEYS.admin))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def command(waystage: Waystage, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WAYSTAGE_ADMIN_KEY": str(KEYS.admin), "COLUMNS": "200"}
    line = [sys.executable, "-m", "app.cli", "verify", *arguments, "--url", waystage.url]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_each_damaged_row_is_named(verified: Driven) -> None:
    names = {what: f"hurt{place:02}" for place, what in enumerate(DAMAGE)}
    verified.waystage.batch([event for name in names.values() for user in (name, f"{name}-other") for event in shop(user)])
    verified.at_rest()
    for what, name in names.items():
        user, other = number("user_id", name), number("user_id", f"{name}-other")
        verified.rows(DAMAGE[what].format(user=user, other=other, name=name))

    *found, last = told(verified.waystage, everything=True, differences=10_000)

    differing = [one for one in found if one["kind"] == "difference"]
    assert last["differences"] == len(differing)
    named = {(one["table"], part) for one in differing for part in (str(one["customer"]), str(one["stored"]), str(one["derived"]))}
    unnamed = [what for what, name in names.items() if not any(table == what.split(",")[0] and name in part for table, part in named)]
    assert unnamed == []

    said = command(verified.waystage, f"user_id:{names['touches']}")
    assert said.returncode == 1, said.stderr
    assert f"touches of user_id:{names['touches']}" in said.stdout
    assert "channel email" in said.stdout
    assert verified.rebuild() > 0
    said = command(verified.waystage, "--all")
    assert (said.returncode, "0 differences" in said.stdout) == (0, True), said.stdout + said.stderr


def test_nothing_differs_while_people_come_and_become_one(verified: Driven) -> None:
    def arrive() -> None:
        for turn in range(600):
            people = [f"live{turn}-{person}" for person in range(5)]
            verified.waystage.batch([event for person in people for event in shop(person)])
            verified.waystage.batch([{"type": "alias", "userId": "live", "previousId": person} for person in people[:2]])

    ends: list[Told] = []
    with ThreadPoolExecutor() as threads:
        arriving = threads.submit(arrive)
        while not arriving.done():
            ends.append(verified.verified(Asked())[-1])
        arriving.result()
    assert [end for end in ends if not isinstance(end, Finished) or end.differences] == []
    assert sum(end.customers for end in ends if isinstance(end, Finished)) > 100


def test_a_sample_is_drawn_again_by_its_seed(verified: Driven) -> None:
    verified.waystage.batch([event for person in range(30) for event in shop(f"drawn{person}")])
    verified.at_rest()
    verified.rows("update customers set events = events + 1 returning customer")

    def drawn(seed: int) -> set[str | None]:
        said = verified.verified(Asked(customers=8, seed=seed))
        return {one.customer for one in said if isinstance(one, Differs)}

    samples = [drawn(seed) for seed in (1, 1, 2)]
    assert samples[0] == samples[1] != samples[2]
    assert [len(sample) for sample in samples] == [8, 8, 8]
    assert verified.rebuild() > 0


def test_who_waits_to_be_derived_is_counted_apart(verified: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.flow.verifier.RECHECKS", 0)
    verified.waystage.batch(shop("waits"))
    verified.at_rest()
    customer = number("user_id", "waits")
    verified.rows("update touches set channel = 'email' where customer = $1", customer)
    put_aside = "insert into touched (queue, received_at, identifiers) values (5, now(), array[$1::bigint])"
    asked = Asked(customer=customer)
    found = verified.verified(asked)[-1]
    assert isinstance(found, Finished)
    assert (found.customers, found.waiting, found.differences > 0) == (1, 0, True)
    verified.rows(put_aside, customer)
    assert verified.verified(asked)[-1] == Finished(customers=0, events=0, waiting=1, differences=0, seed=0)
    verified.rows("delete from touched where queue = 5")


def test_a_verification_of_nobody_is_refused(verified: Driven) -> None:
    said = command(verified.waystage, "user_id:never-seen")
    assert (said.returncode, "nobody is known as user_id:never-seen" in said.stderr) == (1, True)
