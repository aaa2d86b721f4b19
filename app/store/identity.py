"""Identifiers, links, aliases and subjects. Only the worker writes them, so a statement need not fear another writer."""

from typing import NamedTuple

import polars as pl

from app.domain.frames import INSTANT, Schema
from app.domain.identity.identifiers import Named
from app.domain.identity.owners import Evidence
from app.store.connect import Connection
from app.store.copy import Kept, columns, copy_in, copy_out, write_difference

IDENTIFIERS: Schema = {"identifier": pl.Int64, "kind": pl.String, "value": pl.String, "named_at": INSTANT}
USERS: Schema = {"identifier": pl.Int64, "value": pl.String, "named_at": INSTANT, "named_directly": pl.Boolean}
LINKS: Schema = {
    "weaker": pl.Int64,
    "target": pl.Int64,
    "target_kind": pl.String,
    "token": pl.Boolean,
    "trusted": pl.Boolean,
    "linked_at": INSTANT,
    "target_value": pl.String,
}
ALIASES: Schema = {
    "user_id": pl.Int64,
    "previous_id": pl.Int64,
    "user_anonymous": pl.Int64,
    "previous_anonymous": pl.Int64,
    "trusted": pl.Boolean,
    "linked_at": INSTANT,
}
STRUCK: Schema = {"lesser": pl.Int64, "greater": pl.Int64}
SETTLED: Schema = {"identifier": pl.Int64, "owner": pl.Int64}
OWNERS: Schema = {"identifier": pl.Int64, "parent": pl.Int64, "via": pl.Int64, "owner": pl.Int64}

_IDENTIFIER_COLUMNS = columns(IDENTIFIERS, {"identifier": "i.id", "kind": "i.kind", "value": "i.value", "named_at": "i.named_at"})
_USER_COLUMNS = columns(USERS, {"identifier": "i.id", "value": "i.value", "named_at": "i.named_at", "named_directly": "i.named_directly"})
_LINK_COLUMNS = columns(LINKS, {name: f"l.{name}" for name in LINKS if name != "target_value"} | {"target_value": "i.value"})
_ALIAS_COLUMNS = columns(ALIASES)
_SETTLED_COLUMNS = columns(SETTLED, {"identifier": "id"})
_OWNER_COLUMNS = columns(OWNERS, {"identifier": "id"})

# A link counts unless its pair is struck out; of the pair of the last two parameters the opposite is supposed.

_COUNTS = """exists (
      select from struck_pairs s where s.lesser = least(l.weaker, l.target) and s.greater = greatest(l.weaker, l.target)
      and s.state <> 'striking') = ((least(l.weaker, l.target), greatest(l.weaker, l.target)) = ($3::bigint, $4::bigint))"""

# The identifiers whose owner can change: those with changed evidence, the alias groups of the users among them, what their best
# links lead to (which may follow them, by rule 2), what followed them before, and everything below any of these. What is kept of a kind
# that the operator took back stays as it is until the rebuild that this asks for. `offset 0` keeps every step a look into an index:
# nobody can estimate how far a recursion goes, and a plan for many rows would read all identifiers there are.

_ASKED = f"""
with recursive changed as (select unnest($1::bigint[]) as id),
grouped (id) as (
  select id from changed
  union
  select partner.id from grouped g
  join aliases a on g.id in (a.user_id, a.previous_id)
  cross join lateral (values (a.user_id), (a.previous_id)) as partner (id)),
aliased as (
  select m.id from grouped g join aliases a on g.id in (a.user_id, a.previous_id)
  cross join lateral (values (a.user_anonymous), (a.previous_anonymous)) as m (id)),
evident as (select id from grouped union select id from aliased),
followers as (
  select best.target as id from evident e cross join unnest($2::text[]) as k (kind) cross join lateral (
    select l.target from links l join identifiers t on t.id = l.target
    where l.weaker = e.id and l.target_kind = k.kind and not l.token and {_COUNTS}
    order by l.trusted desc, l.linked_at, t.value limit 1) as best
  union select i.id from evident e cross join lateral (select id from identifiers where via = e.id offset 0) as i),
asked (id) as (
  select id from evident union select id from followers
  union
  select child.id from asked a cross join lateral (select id from identifiers where parent = a.id offset 0) as child)
select distinct i.id from asked a cross join lateral (select id, kind from identifiers where id = a.id offset 0) as i
where i.kind = 'user_id' or i.kind = any($2::text[])
"""
_LINKED_TO = "select distinct weaker as id from links where target = any($1::bigint[]) and target_kind <> 'user_id'"
_BEST_LINKS = f"""
select {_LINK_COLUMNS} from unnest($1::bigint[]) as w (id) cross join unnest($2::text[]) as k (kind)
cross join (values (false), (true)) as said (token)
cross join lateral (
  select l.* from links l join identifiers t on t.id = l.target
  where l.weaker = w.id and l.target_kind = k.kind and l.token = said.token and {_COUNTS}
  order by l.trusted desc, l.linked_at, t.value limit 1) as l
join identifiers i on i.id = l.target
"""
_ALIASES_OF = f"""
select {_ALIAS_COLUMNS} from (
  select * from aliases where user_id = any($1::bigint[])
  union select * from aliases where previous_id = any($1::bigint[])
  union select * from aliases where user_anonymous = any($1::bigint[])
  union select * from aliases where previous_anonymous = any($1::bigint[])
) as a
"""


class Pair(NamedTuple):
    """Two identifiers, by their numbers, the lesser first."""

    lesser: int
    greater: int


NO_PAIR = Pair(-1, -1)


_STRUCK = f"""
select {columns(STRUCK)} from struck_pairs
where lesser = any($1::bigint[]) and state <> 'striking' and (lesser, greater) <> ($2::bigint, $3::bigint)
union all
select p.lesser, p.greater from (values ($2::bigint, $3::bigint)) as p (lesser, greater) where p.lesser >= 0 and not exists (
  select from struck_pairs s where (s.lesser, s.greater) = (p.lesser, p.greater) and s.state <> 'striking')
"""


async def asked_for(connection: Connection, changed: set[int], kinds: tuple[str, ...], supposed: Pair = NO_PAIR) -> list[int]:
    """The identifiers whose owner can change when the evidence of some changed, or `supposed` is struck out or restored."""
    if not changed:
        return []
    return [row["id"] for row in await connection.fetch(_ASKED, list(changed), list(kinds[1:]), *supposed)]


async def evidence_for(connection: Connection, asked: list[int], kinds: tuple[str, ...], supposed: Pair = NO_PAIR) -> Evidence:
    """Everything that the owners of these identifiers follow from, as if `supposed` were struck out, or restored where it is."""
    linked = [row["id"] for row in await connection.fetch(_LINKED_TO, asked)]
    concerned = list({*asked, *linked})
    links = await copy_out(connection, _BEST_LINKS, LINKS, concerned, list(kinds[:-1]), *supposed)
    aliases = await copy_out(connection, _ALIASES_OF, ALIASES, concerned)
    users = list({*aliases["user_id"], *aliases["previous_id"]})
    targets = list({*links["target"], *users})
    return Evidence(
        identifiers=await copy_out(
            connection, f"select {_IDENTIFIER_COLUMNS} from identifiers i where i.id = any($1::bigint[])", IDENTIFIERS, asked
        ),
        users=await copy_out(connection, f"select {_USER_COLUMNS} from identifiers i where i.id = any($1::bigint[])", USERS, users),
        links=links,
        aliases=aliases,
        settled=await owners_of(connection, targets),
        struck=await copy_out(connection, _STRUCK, STRUCK, [*concerned, *targets], *supposed),
    )


KEPT_SUBJECTS = Kept(
    "event_subjects",
    {"subject": pl.Int64, "occurred_at": INSTANT, "event": pl.String, "received_at": INSTANT},
    {"subject": "bigint", "occurred_at": "timestamptz", "event": "uuid"},
)
_EVIDENCE: Schema = {"event": pl.String, "source_id": pl.Int16}
KEPT_LINKS = Kept(
    "links",
    {name: kind for name, kind in LINKS.items() if name != "target_value"} | _EVIDENCE,
    {"weaker": "bigint", "target": "bigint", "token": "boolean"},
)
KEPT_ALIASES = Kept(
    "aliases",
    ALIASES | _EVIDENCE,
    dict.fromkeys(("user_id", "previous_id", "user_anonymous", "previous_anonymous"), "bigint"),
)
KEPT_IDENTIFIERS: Schema = {**IDENTIFIERS, "named_directly": pl.Boolean}
SUBJECTS_PARTS = 16
"""Parts in which all rows of event_subjects are compared."""


async def replace_all(connection: Connection, named: Named) -> int:
    """Make everything kept of identity what all events say, touching only what differs; how many rows differed."""
    stored = await copy_out(connection, f"select {columns(KEPT_IDENTIFIERS, {'identifier': 'id'})} from identifiers", KEPT_IDENTIFIERS)
    differing = len(await replace_identifiers(connection, stored, named.identifiers))
    differing += await _replace_subjects(connection, named.subjects)
    for kept, frame in ((KEPT_LINKS, named.links), (KEPT_ALIASES, named.aliases)):
        new = frame.rename({"source": "source_id"}, strict=False)
        old = await copy_out(connection, f"select {columns(kept.schema)} from {kept.table}", kept.schema)
        gone, fresh = await write_difference(connection, kept, old, new)
        differing += gone.height + fresh.height
    return differing


async def _replace_subjects(connection: Connection, subjects: pl.DataFrame) -> int:
    """As `replace_all`, part by part: there is a row for each event."""
    query = f"select {columns(KEPT_SUBJECTS.schema)} from event_subjects where subject >= $1 and subject < $2"
    differing = 0
    for first in range(0, 2**63, 2**63 // SUBJECTS_PARTS):
        span = first, min(first + 2**63 // SUBJECTS_PARTS, 2**63 - 1)
        new = subjects.filter(pl.col("subject") >= span[0], pl.col("subject") < span[1])
        old = await copy_out(connection, query, KEPT_SUBJECTS.schema, *span)
        gone, fresh = await write_difference(connection, KEPT_SUBJECTS, old, new)
        differing += gone.height + fresh.height
    return differing


async def replace_identifiers(connection: Connection, old: pl.DataFrame, named: pl.DataFrame) -> list[int]:
    """Make the identifiers `old` the identifiers `named`, frames of KEPT_IDENTIFIERS; those that differed."""
    gone = old.join(named, on="identifier", how="anti")
    fresh = named.select(list(KEPT_IDENTIFIERS)).join(old, on=list(KEPT_IDENTIFIERS), how="anti", nulls_equal=True)
    await connection.execute("delete from identifiers where id = any($1::bigint[])", gone["identifier"].to_list())
    await connection.execute(
        """insert into identifiers (id, kind, value, owner, named_at, named_directly)
        select id, kind, value, id, named_at, named_directly
        from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[]) as n (id, kind, value, named_at, named_directly)
        on conflict (id) do update set named_at = excluded.named_at, named_directly = excluded.named_directly""",
        *(fresh[column].to_list() for column in KEPT_IDENTIFIERS),
    )
    return [*gone["identifier"], *fresh["identifier"]]


async def all_evidence(connection: Connection) -> Evidence:
    """The evidence of every identifier there is."""
    return Evidence(
        identifiers=await copy_out(connection, f"select {_IDENTIFIER_COLUMNS} from identifiers i", IDENTIFIERS),
        users=await copy_out(connection, f"select {_USER_COLUMNS} from identifiers i where i.kind = 'user_id'", USERS),
        links=await copy_out(connection, f"select {_LINK_COLUMNS} from links l join identifiers i on i.id = l.target", LINKS),
        aliases=await copy_out(connection, f"select {_ALIAS_COLUMNS} from aliases", ALIASES),
        settled=pl.DataFrame(schema=SETTLED),
        struck=await copy_out(connection, f"select {columns(STRUCK)} from struck_pairs where state <> 'striking'", STRUCK),
    )


async def read_owners(connection: Connection, asked: list[int] | None = None) -> pl.DataFrame:
    """Stored parents and owners, of some identifiers or of all."""
    if asked is None:
        return await copy_out(connection, f"select {_OWNER_COLUMNS} from identifiers", OWNERS)
    return await copy_out(connection, f"select {_OWNER_COLUMNS} from identifiers where id = any($1::bigint[])", OWNERS, asked)


async def write_owners(connection: Connection, changed: pl.DataFrame) -> None:
    """Set parent, via and owner of identifiers (a frame of OWNERS)."""
    if changed.is_empty():
        return
    await connection.execute(
        """update identifiers i set parent = o.parent, via = o.via, owner = o.owner
        from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as o (id, parent, via, owner) where i.id = o.id""",
        *(changed[column].to_list() for column in OWNERS),
    )


async def owners_of(connection: Connection, identifiers: list[int]) -> pl.DataFrame:
    """The stored owners of some identifiers: a frame of SETTLED."""
    return await copy_out(connection, f"select {_SETTLED_COLUMNS} from identifiers where id = any($1::bigint[])", SETTLED, identifiers)


async def write_subjects(connection: Connection, events: pl.DataFrame) -> None:
    """Keep whose the events are, of a frame with their `subject`; in the order of the key, which spares its index much."""
    await copy_in(connection, KEPT_SUBJECTS.table, events.select(list(KEPT_SUBJECTS.schema)).sort(list(KEPT_SUBJECTS.key)))
