"""Stage models, each version a row: one version of a name is active; others are drafts, retired, or kept as documents only."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from app.domain.journeys.stages import EACH_EVENT_NAME, StageModel, parse_model
from app.store.connect import Connection

WAITING = "waiting"
DERIVING = "deriving"
DRAFT = "draft"
ACTIVE = "active"
RETIRED = "retired"
ARCHIVED = "archived"
DELETED = "deleted"

ANSWERING = (DRAFT, ACTIVE, RETIRED)
"""States of versions that are derived completely, and kept so."""

DERIVED = (DERIVING, *ANSWERING)
"""States of versions that every customer is derived for."""

KNOWN = (WAITING, *DERIVED, ARCHIVED)
"""States of versions that somebody may read."""


class UnknownModelError(LookupError):
    """No stage model that is derived has this name."""


class UnansweringVersionError(LookupError):
    """The `version` of a stage model is not derived; the message names those that are."""

    def __init__(self, name: str, version: int, answering: Sequence[int]) -> None:
        super().__init__(f"is one of {name}: {', '.join(map(str, answering))}")
        self.version = version


class KeptModel(NamedTuple):
    """A stage model as kept: `id` is the key of its entries. One on its way, waiting or being derived, is to be a draft or else active."""

    id: int
    version: int
    state: str
    model: StageModel
    draft: bool = False
    created_at: datetime | None = None


async def read_models(connection: Connection, *states: str, name: str | None = None) -> list[KeptModel]:
    """Stage models in some states, by name and version; of one name where it is given."""
    rows = await connection.fetch(
        """select id, version, state, document, draft, created_at from stage_models
        where state = any($1::text[]) and ($2::text is null or name = $2) order by name, version""",
        list(states),
        name,
    )
    return [KeptModel(row["id"], row["version"], row["state"], _model(row["document"]), row["draft"], row["created_at"]) for row in rows]


async def read_answering(connection: Connection, name: str, version: int | None = None) -> KeptModel:
    """The active version of a model, or the one that is named, if everybody is derived by it.

    Raises UnknownModelError, and UnansweringVersionError where the model has other versions.
    """
    answering = {kept.version: kept for kept in await read_models(connection, *((ACTIVE,) if version is None else ANSWERING), name=name)}
    if not answering:
        raise UnknownModelError(name)
    wanted = next(iter(answering)) if version is None else version
    if wanted not in answering:
        raise UnansweringVersionError(name, wanted, [*answering])
    return answering[wanted]


async def change_alone(connection: Connection) -> None:
    """Let nobody else change stage models until this transaction ends; they can be read meanwhile."""
    await connection.execute("lock table stage_models in share row exclusive mode")


async def add_model(connection: Connection, model: StageModel, state: str, *, draft: bool = False) -> int:
    """Keep a new version of a model; its version, which no other version of the name ever had."""
    version: int = await connection.fetchval(
        """insert into stage_models (name, version, document, state, draft)
        select $1, coalesce(max(version), 0) + 1, $2, $3, $4 from stage_models where name = $1 returning version""",
        model.name,
        msgspec.json.encode(model.document),
        state,
        draft,
    )
    return version


async def set_state(connection: Connection, ids: list[int], state: str) -> None:
    """Set the state of versions; one that is not on its way any more is a draft only by its state."""
    await connection.execute(
        "update stage_models set state = $2, draft = draft and $2 = $3 where id = any($1::smallint[])", ids, state, DERIVING
    )


async def set_draft(connection: Connection, ids: list[int], draft: bool) -> None:
    """Say whether versions that wait or are derived become drafts."""
    await connection.execute("update stage_models set draft = $2 where id = any($1::smallint[])", ids, draft)


async def archive_older(connection: Connection, keep: int) -> None:
    """Keep only the newest retired versions of each name derived; the others stay as documents."""
    await connection.execute(
        """update stage_models set state = $1 where id in (select id from (
          select id, row_number() over (partition by name order by version desc) as age from stage_models where state = $2) as retired
        where age > $3)""",
        ARCHIVED,
        RETIRED,
        keep,
    )


async def delete_old_entries(connection: Connection, limit: int) -> None:
    """Delete entries of versions that nobody is derived for, so many at a time."""
    await connection.execute(
        """delete from entries where ctid = any(array(
          select old.ctid from stage_models m cross join lateral (select ctid from entries where stage_model = m.id limit $2) as old
          where m.state <> all($1::text[]) limit $2))""",
        list(DERIVED),
        limit,
    )


async def have_entries(connection: Connection, ids: list[int]) -> set[int]:
    """The versions that entries are kept of."""
    rows = await connection.fetch(
        "select id from unnest($1::smallint[]) as m (id) where exists (select from entries e where e.stage_model = m.id)", ids
    )
    return {row["id"] for row in rows}


@lru_cache(maxsize=256)
def _model(document: bytes) -> StageModel:
    decoded = msgspec.json.decode(document)
    return EACH_EVENT_NAME if decoded == EACH_EVENT_NAME.document else parse_model(decoded)
