"""Stage models: a new version is derived beside the old one, which answers until the new one is complete."""

import asyncio
from typing import Any

import polars as pl
import pytest

from app.domain.identity.identifiers import number
from app.domain.journeys.stages import EACH_EVENT_NAME, StageModel, parse_model, preset
from app.flow.derive import Sizes, derive_heavy, derive_touched
from app.flow.rebuild import rebuild_step
from app.flow.stage_models import BuiltInError, UnknownModelError, activate_models, begin_models, put_model, switch_models
from app.store import rebuilds
from app.store.connect import Connection, connect
from app.store.stage_models import ACTIVE, ARCHIVED, DELETED, DERIVED, DERIVING, RETIRED, WAITING, read_models
from tests.compared import RULES
from tests.postgres.arrivals import NOW, derive, entries_stored, send
from tests.reading.histories import instant

SHOP: dict[str, Any] = {
    "model": "shop",
    "stages": [
        {"stage": "looking", "enter": [{"type": "page", "where": {"properties.path": {"glob": "/kettle*"}, r"properties.a\.b.c": 1}}]},
        {"stage": "choosing", "enter": [{"event": "Product Added"}]},
        {"stage": "bought", "enter": [{"event": "Order Completed", "where": {"properties.total": {"gte": 10}}}]},
    ],
}
FORWARD = SHOP | {"backward": False}
LOOKED = {"path": "/kettle/red", "a.b": {"c": 1}}


async def a_history(connection: Connection, *who: str) -> None:
    """People who look, choose, look again and buy, a second apart."""
    steps = [("page", None, LOOKED), ("track", "Product Added", {}), ("page", None, LOOKED), ("track", "Order Completed", {"total": 10})]
    steps += [("page", None, {"path": "/kettle"}), ("track", "Order Completed", {"total": "10"})]
    events = [
        {
            "type": kind,
            "event": name,
            "userId": user,
            "properties": properties,
            "messageId": f"{user}-{second}",
            "context": {"sequence": second},
        }
        for user in who
        for second, (kind, name, properties) in enumerate(steps)
    ]
    await send(connection, *({**event, "timestamp": instant(NOW)} for event in events))


async def states(connection: Connection, name: str = "shop") -> list[tuple[int, str]]:
    models = await read_models(connection, WAITING, *DERIVED, ARCHIVED, DELETED)
    return [(kept.version, kept.state) for kept in models if kept.model.name == name]


async def stages(connection: Connection, version: int, user: str = "ann") -> list[str]:
    """The stages that somebody entered, by one version of the shop's model."""
    kept = next(
        kept for kept in await read_models(connection, *DERIVED, ARCHIVED, DELETED) if (kept.model.name, kept.version) == ("shop", version)
    )
    entered = await entries_stored(connection, kept.id)
    found: list[str] = entered.filter(pl.col("customer") == number("user_id", user))["stage"].to_list()
    return found


async def taken_up(connection: Connection) -> None:
    """What the worker does about a model that waits."""
    await begin_models(connection)
    await derive(connection)
    await switch_models(connection)


ALL = ["looking", "choosing", "looking", "bought"]


async def test_a_model_of_nobody_is_active_at_once(connection: Connection) -> None:
    assert await put_model(connection, parse_model(SHOP)) == 1
    assert await states(connection) == [(1, ACTIVE)]
    await a_history(connection, "ann")
    await derive(connection)
    assert await stages(connection, 1) == ALL


async def test_the_same_model_again_changes_nothing(connection: Connection) -> None:
    await a_history(connection, "ann")
    for document in (SHOP, SHOP | {"backward": True}):
        assert await put_model(connection, parse_model(document)) == 1
        assert await states(connection) == [(1, WAITING)]
    await taken_up(connection)
    assert await put_model(connection, parse_model(SHOP)) == 1


async def test_a_new_version_is_derived_beside_the_old_one_and_switched_to_when_complete(connection: Connection) -> None:
    await put_model(connection, parse_model(SHOP))
    await a_history(connection, "ann", "bob")
    await derive(connection)
    assert await put_model(connection, parse_model(FORWARD)) == 2
    assert await switch_models(connection) == []
    await begin_models(connection)
    assert await states(connection) == [(1, ACTIVE), (2, DERIVING)]
    assert await switch_models(connection) == []
    await a_history(connection, "eve")
    await derive(connection)
    assert await stages(connection, 1, "eve") == ALL
    assert [await stages(connection, 2, user) for user in ("ann", "bob", "eve")] == [["looking", "choosing", "bought"]] * 3
    assert await states(connection) == [(1, ACTIVE), (2, DERIVING)]
    assert await switch_models(connection) == ["shop"]
    assert await states(connection) == [(1, RETIRED), (2, ACTIVE)]


async def test_a_version_overtaken_while_it_is_derived_never_answers(connection: Connection) -> None:
    await a_history(connection, "ann")
    await put_model(connection, parse_model(SHOP))
    await taken_up(connection)
    await put_model(connection, parse_model(FORWARD))
    await begin_models(connection)
    assert await put_model(connection, parse_model(SHOP)) == 3
    await taken_up(connection)
    assert await states(connection) == [(1, RETIRED), (2, RETIRED), (3, ACTIVE)]
    assert await stages(connection, 3) == ALL


async def test_a_model_is_not_switched_to_before_the_customers_of_very_many_events_are_derived(connection: Connection) -> None:
    await a_history(connection, "ann", "bob")
    await derive(connection)
    await put_model(connection, parse_model(SHOP))
    await begin_models(connection)
    while (await derive_touched(connection, RULES, Sizes(heavy=5))).marks:
        pass
    assert await switch_models(connection) == []
    await derive_heavy(connection, RULES)
    assert await switch_models(connection) == []
    await derive_heavy(connection, RULES)
    assert await switch_models(connection) == ["shop"]
    assert [await stages(connection, 1, user) for user in ("ann", "bob")] == [ALL, ALL]


async def test_a_customer_of_very_many_events_that_never_rests_does_not_hold_a_model_back(connection: Connection) -> None:
    await a_history(connection, "ann")
    await derive(connection)
    await put_model(connection, parse_model(SHOP))
    await begin_models(connection)
    await derive_touched(connection, RULES, Sizes(heavy=5))
    await derive_heavy(connection, RULES)
    await send(connection, {"type": "track", "event": "Product Added", "userId": "ann"})
    await derive_touched(connection, RULES, Sizes(heavy=5))
    assert await switch_models(connection) == ["shop"]


async def test_a_rebuild_derives_a_version_that_is_not_complete_too(connection: Connection) -> None:
    await a_history(connection, "ann")
    await derive(connection)
    await put_model(connection, parse_model(SHOP))
    await begin_models(connection)
    await rebuilds.ask(connection)
    while await rebuild_step(connection, RULES):
        pass
    assert await switch_models(connection) == ["shop"]
    assert await stages(connection, 1) == ALL


@pytest.mark.parametrize(
    "documents, versions", [([SHOP] * 4, [1, 1, 1, 1]), ([SHOP, FORWARD, SHOP | {"labels": {"en": "Shop"}}], [1, 2, 3])]
)
async def test_several_may_put_a_model_at_once(database: str, documents: list[dict[str, Any]], versions: list[int]) -> None:
    connections = [await connect(database, application="waystage test") for _ in documents]
    await a_history(connections[0], "ann")
    models = [parse_model(document) for document in documents]
    put = await asyncio.gather(*(put_model(one, model) for one, model in zip(connections, models, strict=True)))
    assert sorted(put) == versions
    for one in connections:
        await one.close()


@pytest.mark.parametrize("name", ["journey-5", "each_event_name"])
async def test_a_built_in_name_is_taken(connection: Connection, name: str) -> None:
    model = EACH_EVENT_NAME if name == "each_event_name" else parse_model(SHOP | {"model": name})
    with pytest.raises(BuiltInError):
        await put_model(connection, model)


async def active(connection: Connection) -> set[str]:
    return {kept.model.name for kept in await read_models(connection, ACTIVE)}


async def test_the_named_models_are_active_and_no_other_that_is_built_in(connection: Connection) -> None:
    await put_model(connection, parse_model(SHOP))
    await activate_models(connection, ["journey-7", "shop"])
    assert await active(connection) == {"journey-7", "shop"}
    await a_history(connection, "ann")
    await derive(connection)
    await activate_models(connection, ["journey-7", "journey-5"])
    await taken_up(connection)
    assert await active(connection) == {"journey-5", "journey-7", "shop"}
    with pytest.raises(UnknownModelError, match="nowhere"):
        await activate_models(connection, ["nowhere"])


async def test_a_model_comes_back_as_it_was_kept(connection: Connection) -> None:
    kept: dict[str, StageModel] = {model.model.name: model.model for model in await read_models(connection, ACTIVE)}
    assert kept == {"journey-5": preset("journey-5"), "each_event_name": EACH_EVENT_NAME}
    await put_model(connection, parse_model(SHOP))
    shop = next(model.model for model in await read_models(connection, ACTIVE) if model.model.name == "shop")
    assert (shop, shop.stages, shop.paths) == (parse_model(SHOP), parse_model(SHOP).stages, parse_model(SHOP).paths)
