"""Versions of a stage model: drafts derived beside the active one, chosen, dropped, and retired versions that can come back."""

import pytest

from app.domain.journeys.stages import parse_model
from app.flow.stage_models import (
    RETIRED_KEPT,
    NoDraftError,
    UnknownModelError,
    UnknownVersionError,
    activate_models,
    activate_version,
    begin_models,
    delete_draft,
    put_model,
)
from app.store.connect import Connection
from app.store.stage_models import ACTIVE, ARCHIVED, DERIVING, DRAFT, RETIRED, WAITING, delete_old_entries
from tests.postgres.arrivals import derive
from tests.postgres.test_stage_models import ALL, FORWARD, SHOP, a_history, stages, states, taken_up

FORWARDS = ["looking", "choosing", "bought"]


async def test_the_newest_retired_versions_are_kept_derived_and_what_older_ones_derived_goes(connection: Connection) -> None:
    await a_history(connection, "ann")
    for version in range(RETIRED_KEPT + 2):
        await put_model(connection, parse_model(SHOP | {"labels": {"en": str(version)}}))
        await taken_up(connection)
    assert [state for _, state in await states(connection)] == [ARCHIVED, *[RETIRED] * RETIRED_KEPT, ACTIVE]
    await a_history(connection, "eve")
    await derive(connection)
    assert [await stages(connection, version, "eve") for version in (1, 2, RETIRED_KEPT + 2)] == [[], ALL, ALL]
    others = await connection.fetch("select * from entries where stage_model <> 3 order by stage_model, customer, position")
    assert await stages(connection, 1) == ALL
    for _ in range(4):
        await delete_old_entries(connection, 1)
    assert await stages(connection, 1) == []
    assert await connection.fetch("select * from entries where stage_model <> 3 order by stage_model, customer, position") == others


async def a_draft_beside(connection: Connection) -> None:
    """Version 1 active and version 2 a draft, both derived."""
    await a_history(connection, "ann")
    await put_model(connection, parse_model(SHOP))
    await taken_up(connection)
    assert await put_model(connection, parse_model(FORWARD), draft=True) == 2
    await taken_up(connection)


async def test_a_draft_is_derived_beside_and_kept_up_to_date_and_never_switched_to(connection: Connection) -> None:
    await a_draft_beside(connection)
    assert await states(connection) == [(1, ACTIVE), (2, DRAFT)]
    await a_history(connection, "eve")
    await taken_up(connection)
    assert await states(connection) == [(1, ACTIVE), (2, DRAFT)]
    assert [await stages(connection, version, "eve") for version in (1, 2)] == [ALL, FORWARDS]
    assert await put_model(connection, parse_model(FORWARD), draft=True) == 2
    assert await put_model(connection, parse_model(SHOP), draft=True) == 1


async def test_a_draft_becomes_active_at_once_and_the_version_before_can_come_back(connection: Connection) -> None:
    await a_draft_beside(connection)
    await activate_version(connection, "shop", 2)
    assert await states(connection) == [(1, RETIRED), (2, ACTIVE)]
    await activate_version(connection, "shop", 2)
    await activate_version(connection, "shop", 1)
    assert await states(connection) == [(1, ACTIVE), (2, RETIRED)]


async def test_a_draft_that_is_put_without_saying_so_becomes_active(connection: Connection) -> None:
    await a_draft_beside(connection)
    assert await put_model(connection, parse_model(FORWARD)) == 2
    assert await states(connection) == [(1, RETIRED), (2, ACTIVE)]


async def test_a_draft_that_is_chosen_while_it_is_derived_is_switched_to_when_complete(connection: Connection) -> None:
    await a_history(connection, "ann")
    await put_model(connection, parse_model(SHOP))
    await taken_up(connection)
    await put_model(connection, parse_model(FORWARD), draft=True)
    await begin_models(connection)
    await activate_version(connection, "shop", 2)
    assert await states(connection) == [(1, ACTIVE), (2, DERIVING)]
    await taken_up(connection)
    assert await states(connection) == [(1, RETIRED), (2, ACTIVE)]


async def test_what_was_on_its_way_becomes_a_draft_where_another_version_is_chosen(connection: Connection) -> None:
    await a_history(connection, "ann")
    await put_model(connection, parse_model(SHOP))
    await taken_up(connection)
    await put_model(connection, parse_model(FORWARD))
    await begin_models(connection)
    await activate_version(connection, "shop", 1)
    await taken_up(connection)
    assert await states(connection) == [(1, ACTIVE), (2, DRAFT)]


async def test_an_archived_version_is_derived_anew_before_it_is_active(connection: Connection) -> None:
    await a_draft_beside(connection)
    await connection.execute("update stage_models set state = 'archived' where name = 'shop' and version = 2")
    await a_history(connection, "eve")
    await derive(connection)
    await activate_version(connection, "shop", 2)
    await taken_up(connection)
    assert await states(connection) == [(1, ACTIVE), (2, WAITING)]
    await delete_old_entries(connection, 100)
    await taken_up(connection)
    assert await states(connection) == [(1, RETIRED), (2, ACTIVE)]
    assert [await stages(connection, 2, who) for who in ("ann", "eve")] == [FORWARDS, FORWARDS]


async def test_a_deleted_draft_is_forgotten_but_for_its_number(connection: Connection) -> None:
    await a_draft_beside(connection)
    with pytest.raises(NoDraftError, match="active"):
        await delete_draft(connection, "shop", 1)
    await delete_draft(connection, "shop", 2)
    for lost in (activate_version, delete_draft):
        with pytest.raises(UnknownVersionError):
            await lost(connection, "shop", 2)
    await delete_old_entries(connection, 100)
    assert await stages(connection, 2) == []
    assert await put_model(connection, parse_model(FORWARD), draft=True) == 3


async def test_a_draft_of_nobody_is_complete_at_once(connection: Connection) -> None:
    assert await put_model(connection, parse_model(SHOP), draft=True) == 1
    assert await states(connection) == [(1, DRAFT)]
    with pytest.raises(UnknownModelError):
        await activate_models(connection, ["shop"])
