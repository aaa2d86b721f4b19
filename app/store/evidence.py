"""What is kept of identity, to be shown: who belongs to a customer, what says so, and where evidence contradicts itself."""

from typing import NamedTuple

import polars as pl

from app.domain.frames import Schema
from app.domain.identity.trees import EVENT, TOKEN, Member, Said, SaidAlias
from app.store.connect import Connection
from app.store.copy import columns, copy_out

MEMBERS: Schema = {"identifier": pl.Int64, "kind": pl.String, "value": pl.String, "customer": pl.Int64}


class Contradiction(NamedTuple):
    """An identifier that evidence contradicts itself about: in which way, and how many of which kind it found; `values` are the first."""

    what: str
    id: int
    kind: str
    value: str
    of_kind: str
    found: int
    values: list[str]


LINKS = "several_targets"
MANY = "owns_many"
ALIASES = "alias_not_applied"
WAYS = (LINKS, MANY, ALIASES)
MANY_OF_A_KIND = 50
SHOWN = 10

_MEMBER = ", ".join(Member._fields)
_MESSAGE = "(select v.message_id from events v where v.id = {0}.event limit 1) as message_id, o.name as source"


async def root_of(connection: Connection, identifier: int) -> int | None:
    """The customer that owns an identifier; None where it is not known."""
    found: int | None = await connection.fetchval("select owner from identifiers where id = $1", identifier)
    return found


async def members_of(connection: Connection, customers: list[int]) -> pl.DataFrame:
    """The identifiers of some customers: a frame of MEMBERS."""
    query = f"select {columns(MEMBERS, {'identifier': 'id', 'customer': 'owner'})} from identifiers where owner = any($1::bigint[])"
    return await copy_out(connection, query, MEMBERS, customers)


async def read_members(connection: Connection, customer: int, limit: int) -> list[Member]:
    """The identifiers of a customer, at most so many, the root first."""
    query = f"select {_MEMBER} from identifiers where owner = $1 order by id <> owner, kind, value limit $2"
    return [Member(*row.values()) for row in await connection.fetch(query, customer, limit)]


async def read_named(connection: Connection, identifiers: list[int]) -> list[Member]:
    """Some identifiers."""
    rows = await connection.fetch(f"select {_MEMBER} from identifiers where id = any($1::bigint[])", identifiers)
    return [Member(*row.values()) for row in rows]


async def read_links(connection: Connection, weaker: list[int], limit: int) -> list[Said]:
    """The links upwards from some identifiers, at most so many, the earliest first."""
    query = f"""select l.weaker, l.target, l.target_kind, t.value, case when l.token then '{TOKEN}' else '{EVENT}' end,
        l.trusted, l.linked_at, {_MESSAGE.format("l")}
        from links l join identifiers t on t.id = l.target join sources o on o.id = l.source_id
        where l.weaker = any($1::bigint[]) order by l.linked_at, l.weaker, t.value, l.token limit $2"""
    return [Said(*row.values()) for row in await connection.fetch(query, weaker, limit)]


async def read_aliases(connection: Connection, identifiers: list[int], limit: int) -> list[SaidAlias]:
    """The aliases that name some identifiers, at most so many, the earliest first."""
    either = " union ".join(f"select * from aliases where {column} = any($1::bigint[])" for column in _ALIASED)
    query = f"""select a.user_id, a.previous_id, a.user_anonymous, a.previous_anonymous, u.value, p.value, a.trusted, a.linked_at,
        a.user_id <> a.previous_id and u.named_directly and p.named_directly as direct, {_MESSAGE.format("a")}
        from ({either}) as a join identifiers u on u.id = a.user_id join identifiers p on p.id = a.previous_id
        join sources o on o.id = a.source_id order by a.linked_at, a.user_id, a.previous_id limit $2"""
    return [SaidAlias(*row.values()) for row in await connection.fetch(query, identifiers, limit)]


_ALIASED = ("user_id", "previous_id", "user_anonymous", "previous_anonymous")
_CONTRADICTIONS = {
    LINKS: f"""
        select '{LINKS}', g.weaker, i.kind, i.value, g.target_kind, g.count, array(
          select t.value from links l join identifiers t on t.id = l.target
          where l.weaker = g.weaker and l.target_kind = g.target_kind group by t.value order by t.value limit {SHOWN})
        from (select weaker, target_kind, count(distinct target) as count from links where (weaker, target_kind) > ($1, $2::text)
          group by weaker, target_kind having count(distinct target) > 1 order by weaker, target_kind limit $3) as g
        join identifiers i on i.id = g.weaker order by g.weaker, g.target_kind""",
    MANY: f"""
        select '{MANY}', g.owner, i.kind, i.value, g.kind, g.count, array(
          select m.value from identifiers m where m.owner = g.owner and m.kind = g.kind order by m.value limit {SHOWN})
        from (select owner, kind, count(*) as count from identifiers where (owner, kind) > ($1, $2::text)
          group by owner, kind having count(*) > {MANY_OF_A_KIND} order by owner, kind limit $3) as g
        join identifiers i on i.id = g.owner order by g.owner, g.kind""",
    ALIASES: f"""
        select '{ALIASES}', a.user_id, 'user_id', u.value, 'user_id', count(distinct a.previous_id),
          (array_agg(distinct p.value order by p.value))[:{SHOWN}]
        from aliases a join identifiers u on u.id = a.user_id join identifiers p on p.id = a.previous_id
        where (a.user_id, 'user_id') > ($1, $2::text) and a.user_id <> a.previous_id and not a.trusted
          and u.named_directly and p.named_directly
        group by a.user_id, u.value order by a.user_id limit $3""",
}


async def read_contradictions(connection: Connection, what: str, after: tuple[int, str], limit: int) -> list[Contradiction]:
    """Contradictions of one way, by the number of the identifier and the kind of what it found, after one.

    LINKS: links to several identifiers of one kind; MANY: the root of a customer that owns more than 50 identifiers of one kind; ALIASES:
    a user id with public aliases that are not applied, since other events name both of their user ids. `values` are the first 10.
    """
    return [Contradiction(*row.values()) for row in await connection.fetch(_CONTRADICTIONS[what], *after, limit)]
