"""Stage models: a version is derived beside the others, and switched to when it is complete, or when somebody says so.

A version waits until the worker, the only one that derives, begins it: so nobody is derived without it and missed by its marks.
"""

from collections.abc import Sequence

from app.domain.journeys.stages import EACH_EVENT_NAME, PRESETS, StageModel, preset
from app.store.connect import Connection
from app.store.journeys import has_customers
from app.store.stage_models import (
    ACTIVE,
    ARCHIVED,
    DELETED,
    DERIVED,
    DERIVING,
    DRAFT,
    KNOWN,
    RETIRED,
    WAITING,
    KeptModel,
    add_model,
    archive_older,
    change_alone,
    have_entries,
    read_models,
    set_draft,
    set_state,
)
from app.store.touched import background_left, mark_everybody, try_again

RETIRED_KEPT = 3
"""Retired versions of a name that are kept derived."""


class UnknownModelError(ValueError):
    """A stage model was named that is neither built in nor kept."""


class UnknownVersionError(LookupError):
    """No such version of a stage model is kept."""


class BuiltInError(ValueError):
    """A stage model of the operator's own has the name of one that is built in."""


class NoDraftError(ValueError):
    """A version that is no draft cannot be deleted."""


BUILT_IN = frozenset({*PRESETS, EACH_EVENT_NAME.name})


async def put_model(connection: Connection, model: StageModel, *, draft: bool = False) -> int:
    """Keep a stage model of the operator's own, for everybody to be derived again; its version.

    The same document again changes nothing, but that a draft becomes active where no draft is asked for. Raises BuiltInError where the
    name is taken.
    """
    if model.name in BUILT_IN:
        raise BuiltInError(model.name)
    return await _keep(connection, model, draft=draft)


async def _keep(connection: Connection, model: StageModel, *, draft: bool = False) -> int:
    async with connection.transaction():
        await change_alone(connection)
        versions = await read_models(connection, WAITING, DERIVING, DRAFT, ACTIVE, name=model.name)
        same = [kept for kept in [*_wanted(versions), *filter(_is_draft, versions)] if kept.model == model]
        if same:
            if _is_draft(same[0]) and not draft:
                await _activate(connection, same[0], versions)
            return same[0].version
        if await has_customers(connection):
            return await add_model(connection, model, WAITING, draft=draft)
        if draft:
            return await add_model(connection, model, DRAFT)
        await set_state(connection, [kept.id for kept in versions if not _is_draft(kept)], RETIRED)
        return await add_model(connection, model, ACTIVE)


def _is_draft(kept: KeptModel) -> bool:
    return kept.draft or kept.state == DRAFT


def _wanted(versions: Sequence[KeptModel]) -> list[KeptModel]:
    """The version that is active or, where others are on their way, will be."""
    active = [kept for kept in versions if kept.state == ACTIVE]
    return (active + [kept for kept in versions if kept.state in (WAITING, DERIVING) and not kept.draft])[-1:]


async def activate_version(connection: Connection, name: str, version: int) -> None:
    """Make a version active: at once where it is derived, else when it is. What was on its way to be active becomes a draft.

    Raises UnknownVersionError, and BuiltInError for what the settings decide.
    """
    if name in BUILT_IN:
        raise BuiltInError(name)
    async with connection.transaction():
        await change_alone(connection)
        versions = await read_models(connection, *KNOWN, name=name)
        await _activate(connection, _version(versions, version), versions)


async def _activate(connection: Connection, chosen: KeptModel, versions: Sequence[KeptModel]) -> None:
    others = [kept for kept in versions if kept.id != chosen.id]
    await set_draft(connection, [kept.id for kept in others if kept.state in (WAITING, DERIVING)], True)
    if chosen.state in (DRAFT, RETIRED):
        await set_state(connection, [kept.id for kept in others if kept.state == ACTIVE], RETIRED)
        await set_state(connection, [chosen.id], ACTIVE)
        await archive_older(connection, RETIRED_KEPT)
    elif chosen.state == ARCHIVED:
        await set_state(connection, [chosen.id], WAITING)
    else:
        await set_draft(connection, [chosen.id], False)


async def delete_draft(connection: Connection, name: str, version: int) -> None:
    """Forget a draft; its number is not given again. Raises UnknownVersionError, and NoDraftError for any other version."""
    async with connection.transaction():
        await change_alone(connection)
        kept = _version(await read_models(connection, *KNOWN, name=name), version)
        if not _is_draft(kept):
            raise NoDraftError(f"version {version} of {name} is {kept.state}, and no draft")
        await set_state(connection, [kept.id], DELETED)


def _version(versions: Sequence[KeptModel], version: int) -> KeptModel:
    for kept in versions:
        if kept.version == version:
            return kept
    raise UnknownVersionError(version)


async def activate_models(connection: Connection, names: Sequence[str]) -> None:
    """Have the models active that an operator named, as this program has them, and no other that is built in.

    Raises:
        UnknownModelError: a name is neither built in nor kept.
    """
    for name in names:
        await _keep(connection, await _named(connection, name))
    unnamed = [kept.id for kept in await read_models(connection, WAITING, *DERIVED) if kept.model.name in BUILT_IN - {*names}]
    await set_state(connection, unnamed, ARCHIVED)


async def begin_models(connection: Connection) -> None:
    """Mark everybody for the models that wait, once nothing is left of an earlier derivation. Called by the worker between its rounds."""
    async with connection.transaction():
        waiting = [kept.id for kept in await read_models(connection, WAITING)]
        ready = [*({*waiting} - await have_entries(connection, waiting))]
        if ready:
            await mark_everybody(connection)
            await try_again(connection)
            await set_state(connection, ready, DERIVING)


async def switch_models(connection: Connection) -> list[str]:
    """Settle the models whose derivation is complete: drafts are drafts, others active, and retire what they replace; the names of those.

    Called by the worker.
    """
    if not await read_models(connection, DERIVING) or await background_left(connection):
        return []
    async with connection.transaction():
        await change_alone(connection)
        kept_models = await read_models(connection, ACTIVE, DERIVING)
        drafts = [kept.id for kept in kept_models if kept.draft]
        newest = {kept.model.name: kept for kept in kept_models if kept.state == DERIVING and not kept.draft}
        replaced = [kept.id for kept in kept_models if not kept.draft and newest.get(kept.model.name, kept) is not kept]
        await set_state(connection, replaced, RETIRED)
        await set_state(connection, drafts, DRAFT)
        await set_state(connection, [kept.id for kept in newest.values()], ACTIVE)
        await archive_older(connection, RETIRED_KEPT)
    return sorted(newest)


async def _named(connection: Connection, name: str) -> StageModel:
    if name in BUILT_IN:
        return EACH_EVENT_NAME if name == EACH_EVENT_NAME.name else preset(name)
    wanted = _wanted(await read_models(connection, WAITING, DERIVING, ACTIVE, name=name))
    if not wanted:
        built_in = ", ".join(sorted(BUILT_IN))
        raise UnknownModelError(f"WAYSTAGE_STAGE_MODELS names {name}, which is neither built in ({built_in}) nor kept")
    return wanted[0].model
