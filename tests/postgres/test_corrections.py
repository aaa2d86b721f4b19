"""What an operator corrects of identity holds whatever arrives before, meanwhile and after, and can be taken back without a trace."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.identity.identifiers import bare, normalised, number
from app.flow.blocking import blocking_step, rules_in_force
from app.flow.striking import strike_step, suppose
from app.store import blocked, struck
from app.store.connect import Connection
from app.store.identity import Pair
from tests.compared import RULES
from tests.postgres.arrivals import NOW, arrive, derive, empty, everything, owners_stored, send
from tests.postgres.arrivals import judged as judged_by_service
from tests.postgres.test_rebuild import rebuild
from tests.reading import Identifier, Sent, identity
from tests.reading.histories import histories, own, placed

some = settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
worlds = st.lists(histories(distinct=True, landings=True), min_size=1, max_size=2)
EVERYBODY: tuple[Identifier, ...] = (
    *(("user_id", value) for value in ("u1-w", "u2-w", "jos\u00e9-w")),
    *(("anonymous_id", value) for value in ("a1-w", "a2-w", "u2-w")),
    *(("email", value) for value in ("ann-w@example.com", "bob-w@example.com")),
    ("phone", "+4915100000001"),
)
CORRECTIONS = st.one_of(
    st.tuples(st.sampled_from(("strike", "restore")), st.frozensets(st.sampled_from(EVERYBODY), min_size=2, max_size=2)),
    st.tuples(
        st.sampled_from(("block", "unblock")), st.sampled_from(("u2-w", "a1-w", "ann-w@example.com", "+4915100000001", "jos\u00e9-w"))
    ),
)


def pair_of(one: Identifier, other: Identifier) -> Pair:
    return Pair(*sorted((number(*one), number(*other))))


async def strike(connection: Connection, one: Identifier, other: Identifier) -> None:
    await struck.ask_to_strike(connection, pair_of(one, other), (*one, *other), "test")


async def settled(connection: Connection) -> None:
    """Do what was asked for, and derive everything marked."""
    await strike_step(connection, RULES)
    await blocking_step(connection, RULES)
    await derive(connection, await rules_in_force(connection, RULES))


class Operator:
    """Corrects identity in the first world, and remembers what is in force."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.struck: set[frozenset[Identifier]] = set()
        self.refused: set[str] = set()

    async def correct(self, what: str, which: Any) -> None:
        if what in ("strike", "restore"):
            one, other = [(kind, own(value, 0)) for kind, value in which]
            (self.struck.add if what == "strike" else self.struck.discard)(frozenset((one, other)))
            if what == "strike":
                await strike(self._connection, one, other)
            else:
                await struck.ask_to_restore(self._connection, pair_of(one, other))
            return
        value = own(which, 0)
        (self.refused.add if what == "block" else self.refused.discard)(value)
        ask = {"block": lambda: blocked.ask_to_block(self._connection, value, "test"), "unblock": lambda: self._unblock(value)}
        await ask[what]()

    async def _unblock(self, value: str) -> str:
        return await blocked.ask_to_unblock(self._connection, value)


@some
@given(worlds=worlds, corrections=st.lists(CORRECTIONS, min_size=1, max_size=4), random=st.randoms(use_true_random=False))
async def test_whatever_is_corrected_when_owners_are_those_of_the_reading(
    connection: Connection, worlds: list[list[Sent]], corrections: list[tuple[str, Any]], random: Any
) -> None:
    await empty(connection)
    operator = Operator(connection)
    events = [event for world, history in enumerate(worlds) for event in placed(history, world, NOW)]
    steps: list[Any] = [events[start : start + 10] for start in range(0, len(events), 10)]
    for correction in corrections:
        steps.insert(random.randint(0, len(steps)), correction)
    for step in steps:
        await (operator.correct(*step) if isinstance(step, tuple) else arrive(connection, step))
        if random.random() < 0.7:
            await settled(connection)
    await settled(connection)
    judged = identity.refusing(await judged_by_service(connection, events), operator.refused)
    read = identity.owners(judged, operator.struck)
    borne = {each for event in judged for each in identity.named(event)}
    stored = await owners_stored(connection)
    assert {each: stored[number(*each)] for each in borne} == {each: number(*read[each]) for each in borne}
    kept = await everything(connection)
    assert (await rebuild(connection, await rules_in_force(connection, RULES))).changed == 0
    assert await everything(connection) == kept


@some
@given(worlds=worlds, corrections=st.lists(CORRECTIONS, min_size=1, max_size=3))
async def test_what_is_taken_back_leaves_no_trace(
    connection: Connection, worlds: list[list[Sent]], corrections: list[tuple[str, Any]]
) -> None:
    await empty(connection)
    operator = Operator(connection)
    await arrive(connection, [event for world, history in enumerate(worlds) for event in placed(history, world, NOW)])
    await settled(connection)
    kept = await everything(connection)
    for correction in corrections:
        await operator.correct(*correction)
        await settled(connection)
    opposite = {"strike": "restore", "block": "unblock", "restore": "restore", "unblock": "unblock"}
    for what, which in corrections:
        await operator.correct(opposite[what], which)
    await settled(connection)
    assert await everything(connection) == kept


@some
@given(worlds=worlds, which=st.frozensets(st.sampled_from(EVERYBODY), min_size=2, max_size=2))
async def test_a_preview_says_what_comes(connection: Connection, worlds: list[list[Sent]], which: frozenset[Identifier]) -> None:
    await empty(connection)
    await arrive(connection, [event for world, history in enumerate(worlds) for event in placed(history, world, NOW)])
    await settled(connection)
    one, other = [(kind, own(value, 0)) for kind, value in which]
    for change in (strike, restore):
        before = await partition(connection)
        entries = await entered(connection)
        parting = await suppose(connection, pair_of(one, other), RULES)
        await change(connection, one, other)
        await settled(connection)
        assert parting.entries is not None
        assert {frozenset(each) for each in parting.before} == before - await partition(connection)
        assert {frozenset(each) for each in parting.after} == await partition(connection) - before
        appearing = parting.entries.select("stage_model", "stage", "event", "appears").rows()
        assert {row[:3] for row in appearing if row[3]} == await entered(connection) - entries
        assert {row[:3] for row in appearing if not row[3]} == entries - await entered(connection)


async def restore(connection: Connection, one: Identifier, other: Identifier) -> None:
    await struck.ask_to_restore(connection, pair_of(one, other))


async def partition(connection: Connection) -> set[frozenset[Identifier]]:
    rows = await connection.fetch("select array_agg(kind || ':' || value) as members from identifiers group by owner")
    return {frozenset(tuple(member.split(":", 1)) for member in row["members"]) for row in rows}


async def entered(connection: Connection) -> set[tuple[int, str, str]]:
    rows = await connection.fetch("select stage_model, stage, event::text from entries")
    return {tuple(row.values()) for row in rows}


@pytest.mark.parametrize("spelled", ["QA-7", " 'qa-7' ", "\uff31\uff21-7", "q\u00ada-7", '"Qa-7"'])
async def test_a_value_is_blocked_in_every_spelling(connection: Connection, spelled: str) -> None:
    await send(
        connection,
        {"type": "identify", "userId": spelled, "anonymousId": "a"},
        {"type": "identify", "userId": spelled, "traits": {"email": "e@x.com"}},
        {"type": "identify", "userId": "qa-77", "anonymousId": "c"},
    )
    await settled(connection)
    assert len({*(await owners_stored(connection)).values()}) == 2
    await blocked.ask_to_block(connection, bare("QA-7"), "test")
    await settled(connection)
    assert await partition(connection) == {
        frozenset({("anonymous_id", "a")}),
        frozenset({("email", "e@x.com")}),
        frozenset({("user_id", "qa-77"), ("anonymous_id", "c")}),
    }
    assert normalised("user_id", spelled, await rules_in_force(connection, RULES)) is None
