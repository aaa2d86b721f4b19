"""Stage models, each version a row: one version of a name is active, a newer one may be derived beside it."""

from typing import Any, NamedTuple

import msgspec

from app.domain.stages import EACH_EVENT_NAME, StageModel, parse_model
from app.store.connect import Connection

WAITING = "waiting"
DERIVING = "deriving"
ACTIVE = "active"
RETIRED = "retired"


class KeptModel(NamedTuple):
    """A stage model as kept: `id` is the key of its entries."""

    id: int
    version: int
    state: str
    model: StageModel


async def read_models(connection: Connection, *states: str) -> list[KeptModel]:
    """Stage models in some states, by name and version."""
    rows = await connection.fetch(
        "select id, version, state, document from stage_models where state = any($1::text[]) order by name, version", list(states)
    )
    return [KeptModel(row["id"], row["version"], row["state"], _model(msgspec.json.decode(row["document"]))) for row in rows]


async def change_alone(connection: Connection) -> None:
    """Let nobody else change stage models until this transaction ends; they can be read meanwhile."""
    await connection.execute("lock table stage_models in share row exclusive mode")


async def add_model(connection: Connection, model: StageModel, state: str) -> int:
    """Keep a new version of a model; its version."""
    version: int = await connection.fetchval(
        """insert into stage_models (name, version, document, state)
        select $1, coalesce(max(version), 0) + 1, $2, $3 from stage_models where name = $1 returning version""",
        model.name,
        msgspec.json.encode(model.document),
        state,
    )
    return version


async def latest_model(connection: Connection, name: str) -> KeptModel | None:
    """The newest version of a name that is not retired."""
    found = [kept for kept in await read_models(connection, WAITING, DERIVING, ACTIVE) if kept.model.name == name]
    return found[-1] if found else None


async def set_state(connection: Connection, ids: list[int], state: str) -> None:
    await connection.execute("update stage_models set state = $2 where id = any($1::smallint[])", ids, state)


def _model(document: dict[str, Any]) -> StageModel:
    return EACH_EVENT_NAME if document == EACH_EVENT_NAME.document else parse_model(document)
