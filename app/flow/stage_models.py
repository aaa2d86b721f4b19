"""Stage models: a new version is derived beside the old one and switched to when it is complete.

A version waits until the worker, the only one that derives, begins it: so nobody is derived without it and missed by its marks.
"""

from collections.abc import Iterable

from app.domain.stages import EACH_EVENT_NAME, PRESETS, StageModel, preset
from app.store.connect import Connection
from app.store.journeys import delete_entries, has_customers
from app.store.stage_models import ACTIVE, DERIVING, RETIRED, WAITING, add_model, latest_model, read_models, set_state
from app.store.touched import background_left, mark_everybody


class UnknownModelError(ValueError):
    """A stage model was named that is neither built in nor kept."""


async def put_model(connection: Connection, model: StageModel) -> int:
    """Keep a stage model, for everybody to be derived again; its version. The same document again changes nothing."""
    async with connection.transaction():
        latest = await latest_model(connection, model.name)
        if latest and latest.model == model:
            return latest.version
        if await has_customers(connection):
            return await add_model(connection, model, WAITING)
        await set_state(connection, [latest.id] if latest else [], RETIRED)
        return await add_model(connection, model, ACTIVE)


async def activate_models(connection: Connection, names: Iterable[str]) -> None:
    """Keep the models that an operator named active, as this program has them.

    Raises:
        UnknownModelError: a name is neither built in nor kept.
    """
    for name in names:
        await put_model(connection, await _named(connection, name))


async def begin_models(connection: Connection) -> None:
    """Mark everybody for the models that wait. Called by the worker between its rounds."""
    async with connection.transaction():
        waiting = await read_models(connection, WAITING)
        if waiting:
            await mark_everybody(connection)
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
        for kept in replaced:
            await delete_entries(connection, kept.id)
    return sorted(newest)


async def _named(connection: Connection, name: str) -> StageModel:
    built_in = {EACH_EVENT_NAME.name: EACH_EVENT_NAME} | {preset_name: preset(preset_name) for preset_name in PRESETS}
    if name in built_in:
        return built_in[name]
    latest = await latest_model(connection, name)
    if latest is None:
        raise UnknownModelError(f"WAYSTAGE_STAGE_MODELS names {name}, which is neither built in ({', '.join(built_in)}) nor kept")
    return latest.model
