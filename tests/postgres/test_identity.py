"""Identity in the database: whatever arrives in whatever batches, owners are those of all evidence together."""

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.identity.identifiers import IdentityRules, number
from app.domain.identity.owners import owners
from app.store import identity
from app.store.connect import Connection
from tests.compared import JOURNEY_5, RULES, journeys_read, owners_read
from tests.postgres.arrivals import NOW, ago, arrive, derive, empty, journeys_stored, judged, owners_stored, send
from tests.reading import Sent
from tests.reading.histories import histories, placed
from tests.reading.identity import blocked
from tests.reading.oracles import Case, identity_cases

many = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
worlds = st.lists(histories(distinct=True, landings=True), min_size=1, max_size=5)


@many
@given(worlds=worlds, random=st.randoms(use_true_random=False))
async def test_owners_found_batch_by_batch_are_those_of_everything(connection: Connection, worlds: list[list[Sent]], random: Any) -> None:
    await empty(connection)
    events = [event for world, history in enumerate(worlds) for event in placed(history, world, NOW)]
    arrived = random.sample(events, len(events))
    while arrived:
        size = random.randint(1, 30)
        batch, arrived = arrived[:size], arrived[size:]
        await arrive(connection, batch)
        await derive(connection)
    stored = await identity.read_owners(connection)
    found = owners(await identity.all_evidence(connection), RULES)
    assert stored.sort("identifier").equals(found.select(stored.columns).sort("identifier"))
    read = owners_read(await judged(connection, events))
    assert {each: owner for each, owner in (await owners_stored(connection)).items() if each in read} == read
    assert await journeys_stored(connection) == journeys_read(JOURNEY_5, await judged(connection, events))


async def test_published_cases_step_by_step_and_at_once(connection: Connection, oracles: Path) -> None:
    cases = [in_its_own_words(case) for case in identity_cases(ago(days=1))]
    for step in zip_longest(*(case.events for case in cases)):
        await arrive(connection, [event for event in step if event])
        await derive(connection)
    assert [case.id for case in cases if not await told_apart(connection, case)] == []
    await empty(connection)
    await arrive(connection, [event for case in cases for event in case.events])
    await derive(connection)
    assert [case.id for case in cases if not await told_apart(connection, case)] == []


def in_its_own_words(case: Case) -> Case:
    """The case in values that no other case has, but for those that identify nobody."""

    def own(value: str | None) -> str | None:
        return value if value is None or blocked(value) else f"{value}-{case.id}"

    words = ("user_id", "anonymous_id", "previous_id", "email")
    events = [replace(event, **dict[str, Any]({word: own(getattr(event, word)) for word in words})) for event in case.events]
    expected, separate = ([{own(value) or "" for value in values} for values in sets] for sets in (case.expected, case.separate))
    return replace(case, events=events, expected=expected, separate=separate)


async def told_apart(connection: Connection, case: Case) -> bool:
    """Whether the customers of a case are those expected."""
    owners_of: dict[str, set[int]] = {}
    for row in await connection.fetch("select value, owner from identifiers"):
        owners_of.setdefault(row["value"], set()).add(row["owner"])
    each_is_one = all(len(set().union(*(owners_of[value] for value in cluster))) == 1 for cluster in case.expected)
    each_is_another = all(len(set().union(*(owners_of[value] for value in apart))) == len(apart) for apart in case.separate)
    return each_is_one and each_is_another and not case.nobody & owners_of.keys()


async def test_a_device_of_a_thousand_users_is_settled_from_its_best_evidence(connection: Connection) -> None:
    logins = [{"type": "identify", "userId": f"u{number}", "anonymousId": "shared", "messageId": f"m{number}"} for number in range(1_000)]
    await send(connection, *logins)
    await derive(connection)
    shared = number("anonymous_id", "shared")
    asked = await identity.asked_for(connection, {shared, number("user_id", "u7")}, RULES.kinds)
    evidence = await identity.evidence_for(connection, asked, RULES.kinds)
    assert sorted(asked) == sorted([shared, number("user_id", "u7")])
    assert evidence.links["weaker"].to_list() == [shared]
    first = await connection.fetchval("select owner from identifiers where id = $1", shared)
    assert first == number("user_id", min(f"u{each}" for each in range(1_000)))


async def test_a_public_alias_is_taken_back_when_both_of_its_users_are_named(connection: Connection) -> None:
    people = ("user_id", "u"), ("user_id", "p"), ("anonymous_id", "u"), ("anonymous_id", "p")
    steps = [
        ({"type": "page", "anonymousId": "u"}, {"type": "page", "anonymousId": "p"}, {"type": "alias", "userId": "u", "previousId": "p"}),
        ({"type": "identify", "userId": "u"},),
        ({"type": "identify", "userId": "p"},),
    ]
    found = []
    for step in steps:
        await send(connection, *step)
        await derive(connection)
        stored = await owners_stored(connection)
        found.append([stored[number(*each)] for each in people])
    joined = number("user_id", "p")
    assert found == [[joined] * 4, [joined] * 4, [number(*each) for each in people]]
    assert await connection.fetchval("select count(*) from customers") == 4


OWN = IdentityRules(own_kinds=("crm",))
SHAPES = [
    [{"type": "crm", "id": "c1"}],
    [{"type": "crm", "id": 12.5}, {"type": "crm", "id": 12}, 7, None],
    {"type": "crm", "id": "c1"},
    "crm",
    "[]",
    7,
    True,
    [],
    {},
]


async def test_external_ids_of_any_shape_are_read_or_left(connection: Connection) -> None:
    await send(
        connection, *({"type": "identify", "userId": f"u{index}", "context": {"externalIds": each}} for index, each in enumerate(SHAPES))
    )
    await derive(connection, OWN)
    assert [tuple(row) for row in await connection.fetch("select kind, value from identifiers where kind <> 'user_id' order by value")] == [
        ("crm", "12"),
        ("crm", "c1"),
    ]
    assert await connection.fetchval("select count(*) from customers") == len(SHAPES)


async def test_a_kind_of_the_operator_joins_devices(connection: Connection) -> None:
    card = {"externalIds": [{"type": "crm", "id": " c1 "}]}
    await send(connection, *({"type": "track", "event": "Seen", "anonymousId": each, "context": card} for each in "ab"))
    await derive(connection, OWN)
    assert set((await owners_stored(connection)).values()) == {number("crm", "c1")}
    await send(connection, {"type": "identify", "userId": "u", "context": card})
    await derive(connection, OWN)
    assert set((await owners_stored(connection)).values()) == {number("user_id", "u")}
    assert await connection.fetch("select customer from customers") == [(number("user_id", "u"),)]
