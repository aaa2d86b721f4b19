"""Stage models: a new version is derived beside the old one and switched to when it is complete.

A version waits until the worker, the only one that derives, begins it: so nobody is derived without it and missed by its marks.
"""

from collections.abc import Sequence

from app.domain.stages import EACH_EVENT_NAME, PRESETS, StageModel, preset
from app.store.connect import Connection
from app.store.journeys import has_customers
from app.store.stage_models import ACTIVE, DERIVING, RETIRED, WAITING, add_model, change_alone, latest_model, read_models, set_state
from app.store.touched import background_left, mark_everybody, try_again


class UnknownModelError(ValueError):
    """A stage model was named that is neither built in nor kept."""


class BuiltInError(ValueError):
    """A stage model of the operator's own has the name of one that is built in."""


BUILT_IN = frozenset({*PRESETS, EACH_EVENT_NAME.name})


async def put_model(connection: Connection, model: StageModel) -> int:
    """Keep a stage model of the operator's own, for everybody to be derived again; its version.

    The same document again changes nothing. Raises BuiltInError where the name is taken.
    """
    if model.name in BUILT_IN:
        raise BuiltInError(model.name)
    return await _keep(connection, model)


async def _keep(connection: Connection, model: StageModel) -> int:
    async with connection.transaction():
        await change_alone(connection)
        latest = await latest_model(connection, model.name)
        if latest and latest.model == model:
            return latest.version
        if await has_customers(connection):
            return await add_model(connection, model, WAITING)
        await set_state(connection, [latest.id] if latest else [], RETIRED)
        return await add_model(connection, model, ACTIVE)


async def activate_models(connection: Connection, names: Sequence[str]) -> None:
    """Have the models active that an operator named, as this program has them, and no other that is built in.

    Raises:
        UnknownModelError: a name is neither built in nor kept.
    """
    for name in names:
        await _keep(connection, await _named(connection, name))
    unnamed = [kept.id for kept in await read_models(connection, WAITING, DERIVING, ACTIVE) if kept.model.name in BUILT_IN - {*names}]
    await set_state(connection, unnamed, RETIRED)


async def begin_models(connection: Connection) -> None:
    """Mark everybody for the models that wait. Called by the worker between its rounds."""
    async with connection.transaction():
        waiting = await read_models(connection, WAITING)
        if waiting:
            await mark_everybody(connection)
            await try_again(connection)
            await set_state(connection, [kept.id for kept in waiting], DERIVING)


async def switch_models(connection: Connection) -> list[str]:
    """Make models active whose derivation is complete, and retire what they replace; their names. Called by the worker."""
    kept_models = await read_models(connection, ACTIVE, DERIVING)
    newest = {kept.model.name: kept for kept in kept_models if kept.state == DERIVING}
    if not newest or await background_left(connection):
        return []
    replaced = [kept for kept in kept_models if newest.get(kept.model.name, kept) is not kept]
    async with connection.transaction():
        await set_state(connection, [kept.id for kept in replaced], RETIRED)
        await set_state(connection, [kept.id for kept in newest.values()], ACTIVE)
    return sorted(newest)


async def _named(connection: Connection, name: str) -> StageModel:
    if name in BUILT_IN:
        return EACH_EVENT_NAME if name == EACH_EVENT_NAME.name else preset(name)
    latest = await latest_model(connection, name)
    if latest is None:
        built_in = ", ".join(sorted(BUILT_IN))
        raise UnknownModelError(f"WAYSTAGE_STAGE_MODELS names {name}, which is neither built in ({built_in}) nor kept")
    return latest.model
