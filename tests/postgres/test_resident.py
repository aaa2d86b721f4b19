"""Resident frames: they follow the deriver customer by customer, and no answer claims an event that is not in it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.journeys.stages import parse_model
from app.domain.questions.filters import EVERYTHING
from app.domain.questions.ranked import transitions_ranked
from app.domain.questions.stamps import told_by
from app.domain.questions.transitions import Mode, transitions
from app.domain.windows import Window
from app.flow.derive import Sizes, derive_touched
from app.flow.stage_models import activate_models, begin_models, put_model, switch_models
from app.store.connect import Connection, Pool, close_pool, open_pool
from app.store.journeys import prune_changes, snapshot
from app.store.resident import FIRST, Need, Resident
from app.store.stage_models import UnknownModelError
from tests.compared import RULES
from tests.postgres.arrivals import NOW, ago, arrive, derive, empty, send
from tests.reading import Sent
from tests.reading.histories import histories, placed

MODELS = ("journey-5", "each_event_name")
MODES: tuple[Mode, ...] = get_args(Mode)
NEEDS: tuple[Need, Need] = ("ranked", "entries")
PLACED: tuple[Need, ...] = ("named_events", "staged_events", "staged_touches")
few = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database, size=2, application="waystage test", statement_seconds=10)
    yield opened
    await close_pool(opened)


async def all_of(resident: Resident) -> list[pl.DataFrame]:
    """Every frame that a question can run on, in one order, categories as the text that they stand for."""
    asked = [await resident.ask(model, mode, ("entries", "journeys")) for model in MODELS for mode in MODES]
    frames = [frame for each in asked for frame in (each.entries, each.journeys)]
    return [frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).sort("customer", "position") for frame in frames]


async def ranked_of(resident: Resident) -> list[Any]:
    """Answers that ranked entries give, and counted ones."""
    asked = [await resident.ask("journey-5", mode, (need,)) for need in NEEDS for mode in MODES]
    everything = [Window(start, NOW) for start in (None, NOW - timedelta(days=30))]
    return [
        transitions_ranked(each.ranked, each.stages, window, EVERYTHING) if each.ranked else transitions(each.entries, each.stages, window)
        for each in asked
        for window in everything
    ]


async def follows(resident: Resident, pool: Pool) -> bool:
    """Whether frames that followed are what a fresh load gives."""
    pairs = zip(await all_of(resident), await all_of(Resident(pool)), strict=True)
    return all(followed.equals(loaded) for followed, loaded in pairs)


@few
@given(history=histories(distinct=True), cut=st.integers(0, 20))
async def test_frames_follow_customer_by_customer(connection: Connection, pool: Pool, history: list[Sent], cut: int) -> None:
    await empty(connection)
    events = [event for world in range(3) for event in placed(history, world, NOW)]
    resident = Resident(pool)
    for part in (events[:cut], events[cut : cut + 9], events[cut + 9 :]):
        await arrive(connection, part)
        await derive(connection)
        assert await follows(resident, pool)
        answers = await ranked_of(resident)
        assert answers[: len(answers) // 2] == answers[len(answers) // 2 :]
    assert await follows(resident, pool)


async def ordered(connection: Connection, *who: str) -> None:
    await send(connection, *({"type": "track", "event": "Order Completed", "userId": user} for user in who))
    await derive(connection)


async def test_only_the_customers_that_changed_are_read_again(connection: Connection, pool: Pool) -> None:
    await ordered(connection, "ann", "bob")
    resident = Resident(pool)
    assert (await resident.ask("journey-5", "every")).entries.height == 2
    await connection.execute("delete from entries")
    await ordered(connection, "ann")
    frame = (await resident.ask("journey-5", "every")).entries
    assert frame.group_by("customer").len()["len"].sort().to_list() == [1, 2]


async def test_a_customer_that_was_merged_away_is_not_left_behind(connection: Connection, pool: Pool) -> None:
    await send(connection, {"type": "page", "anonymousId": "device", "context": {"sequence": 0}}, {"type": "page", "anonymousId": "other"})
    await derive(connection)
    resident = Resident(pool)
    assert (await resident.ask("journey-5", "every")).entries["customer"].n_unique() == 2
    await send(connection, *({"type": "identify", "anonymousId": each, "userId": "ann"} for each in ("device", "other")))
    await derive(connection)
    assert (await resident.ask("journey-5", "every")).entries["customer"].n_unique() == 1
    assert await follows(resident, pool)


async def told(resident: Resident) -> list[pl.DataFrame]:
    """Events and touches with what their stamps say, in one order."""
    asked = await resident.ask("journey-5", needs=PLACED)
    said = asked.stamps.rename(lambda name: f"said_{name}")
    frames = [told_by(getattr(asked, name), said, said.columns).drop("stamp") for name in PLACED]
    return [frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).sort(frame.columns) for frame in frames]


@few
@given(history=histories(distinct=True), cut=st.integers(0, 20))
async def test_what_events_and_touches_say_follows_too(connection: Connection, pool: Pool, history: list[Sent], cut: int) -> None:
    await empty(connection)
    events = placed(history, 0, NOW)
    resident = Resident(pool)
    for part in (events[:cut], events[cut:]):
        await arrive(connection, part)
        await derive(connection)
        for followed, loaded in zip(await told(resident), await told(Resident(pool)), strict=True):
            assert followed.equals(loaded)


async def test_what_pages_ask_for_first_is_there_before_they_ask(connection: Connection, pool: Pool) -> None:
    await send(connection, {"type": "page", "anonymousId": "ann"})
    await ordered(connection, "bob")
    resident = Resident(pool)
    await resident.begin()
    for table in ("entries", "touches", "named_events", "sessions", "customers"):
        await connection.execute(f"delete from {table}")
    for needs in FIRST:
        asked = await resident.ask("journey-5", needs=needs)
        assert all(len(getattr(asked, need)) for need in needs), needs
    assert asked.entries.height == 2


async def test_a_reader_that_fell_behind_loads_everything_again(connection: Connection, pool: Pool) -> None:
    resident = Resident(pool)
    await ordered(connection, "ann")
    assert await follows(resident, pool)
    for user in ("bob", "eve", "dan"):
        await ordered(connection, user)
    await prune_changes(connection, 1)
    assert await connection.fetchval("select count(*) from changes") == 1
    assert (await resident.ask("journey-5", "every")).entries.height == 4
    assert await follows(resident, pool)


async def test_traits_push_no_other_frame_out(connection: Connection, pool: Pool) -> None:
    resident = Resident(pool)
    await ordered(connection, "ann")
    needs: tuple[Need, ...] = ("named_events",)
    loaded = (await resident.ask("journey-5", needs=needs)).named_events
    for number in range(20):
        assert (await resident.ask("journey-5", traits=(f"trait-{number}",))).traits[f"trait-{number}"].is_empty()
    assert (await resident.ask("journey-5", needs=needs)).named_events is loaded


async def test_an_answer_is_as_of_the_first_event_that_waits(connection: Connection, pool: Pool) -> None:
    await ordered(connection, "ann")
    resident = Resident(pool)
    assert (await resident.ask("journey-5", "every")).snapshot.as_of > NOW
    for minutes in (5, 7):
        await send(connection, {"type": "track", "event": "Order Completed", "userId": "ann"}, received_at=ago(minutes=minutes))
    asked = await resident.ask("journey-5", "every")
    assert (asked.snapshot.as_of, asked.entries.height) == (ago(minutes=7), 1)
    await derive_touched(connection, RULES, Sizes(live=1, bulk=1))
    assert (await resident.ask("journey-5", "every")).snapshot.as_of == ago(minutes=7)
    await derive_touched(connection, RULES, Sizes(live=1, bulk=1))
    asked = await resident.ask("journey-5", "every")
    assert asked.snapshot.as_of > NOW
    assert asked.entries.height == 2


async def test_as_of_is_not_after_the_snapshot_whenever_it_is_read(connection: Connection, pool: Pool) -> None:
    async with pool.acquire() as reader, reader.transaction(isolation="repeatable_read", readonly=True):
        await reader.execute("select count(*) from events")
        committed = await connection.fetchval("select clock_timestamp()")
        await ordered(connection, "ann")
        assert (await snapshot(reader)).as_of < committed


async def test_background_work_holds_no_answer_back(connection: Connection, pool: Pool) -> None:
    await ordered(connection, "ann")
    await put_model(connection, parse_model(SHOP))
    await begin_models(connection)
    assert (await Resident(pool).ask("journey-5", "every")).snapshot.as_of > NOW


SHOP: dict[str, Any] = {"model": "shop", "stages": [{"stage": "bought", "enter": [{"event": "Order Completed"}]}]}
TWICE: dict[str, Any] = {
    "model": "shop",
    "stages": [{"stage": "bought twice", "enter": [{"event": "Order Completed", "occurrence": {"min": 2}}]}],
}


async def test_the_version_that_answers_is_the_active_one(connection: Connection, pool: Pool) -> None:
    resident = Resident(pool)
    with pytest.raises(UnknownModelError):
        await resident.ask("shop", "every")
    await put_model(connection, parse_model(SHOP))
    await ordered(connection, "ann")
    assert await answered(resident) == (1, ["bought"], 1)
    await ordered(connection, "ann")
    await put_model(connection, parse_model(TWICE))
    await begin_models(connection)
    await derive(connection)
    assert await answered(resident) == (1, ["bought"], 1)
    assert await switch_models(connection) == ["shop"]
    assert await answered(resident) == (2, ["bought twice"], 1)
    await activate_models(connection, ["each_event_name"])
    with pytest.raises(UnknownModelError):
        await resident.ask("journey-5", "every")


async def answered(resident: Resident) -> tuple[int, list[str], int]:
    """The version that answers for the shop's model, its stages, and how many entries it has."""
    asked = await resident.ask("shop", "every")
    assert set(asked.entries["stage"].cast(pl.String)) == {*asked.stages}
    return asked.kept.version, asked.stages, asked.entries.height
