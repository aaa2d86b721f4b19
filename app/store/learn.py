"""What new events say of identity, merged into what is kept. `unlearn` is the counterpart."""

from typing import NamedTuple

from app.domain.identity.identifiers import Named
from app.store.connect import Connection
from app.store.copy import copy_in

# Each statement takes a temporary table of what new events say and returns the identifiers whose evidence it changed.

_MERGE_IDENTIFIERS = """
insert into identifiers as i (id, kind, value, owner, named_at, named_directly)
select identifier, kind, value, identifier, named_at, named_directly from named_identifiers
on conflict (id) do update set named_at = least(i.named_at, excluded.named_at), named_directly = i.named_directly or excluded.named_directly
where excluded.named_at < i.named_at or excluded.named_directly > i.named_directly
returning id, old.id is null and not exists (
  select from aliases a where i.kind = 'anonymous_id' and (a.user_anonymous = i.id or a.previous_anonymous = i.id)
) and not exists (select from struck_pairs s where s.lesser = i.id or s.greater = i.id) as new
"""
_MERGE_LINKS = """
insert into links as l (weaker, target, token, target_kind, trusted, linked_at, event, source_id)
select weaker, target, token, target_kind, trusted, linked_at, event, source from named_links
on conflict (weaker, target, token) do update
set trusted = excluded.trusted, linked_at = excluded.linked_at, event = excluded.event, source_id = excluded.source_id
where (not excluded.trusted, excluded.linked_at, excluded.event) < (not l.trusted, l.linked_at, l.event)
returning weaker as id
"""
_MERGE_ALIASES = """
with merged as (
  insert into aliases as a (user_id, previous_id, user_anonymous, previous_anonymous, trusted, linked_at, event, source_id)
  select user_id, previous_id, user_anonymous, previous_anonymous, trusted, linked_at, event, source from named_aliases
  on conflict (user_id, previous_id, user_anonymous, previous_anonymous) do update
  set trusted = excluded.trusted, linked_at = excluded.linked_at, event = excluded.event, source_id = excluded.source_id
  where (not excluded.trusted, excluded.linked_at, excluded.event) < (not a.trusted, a.linked_at, a.event)
  returning user_id, previous_id, user_anonymous, previous_anonymous)
select m.id from merged cross join lateral (values (user_id), (previous_id), (user_anonymous), (previous_anonymous)) as m (id)
"""
_TEMPORARY = {
    "named_identifiers": "identifier bigint, kind text, value text, named_at timestamptz, named_directly boolean",
    "named_links": "target bigint, target_kind text, trusted boolean, event uuid, source smallint, weaker bigint, token boolean,"
    " linked_at timestamptz",
    "named_aliases": "user_id bigint, previous_id bigint, event uuid, source smallint, trusted boolean, linked_at timestamptz,"
    " user_anonymous bigint, previous_anonymous bigint",
}


class Learned(NamedTuple):
    """The identifiers whose own evidence changed, and those of which nothing was known before."""

    changed: set[int]
    new: set[int]


async def learn(connection: Connection, named: Named) -> Learned:
    """Merge what new events say of identity."""
    changed: set[int] = set()
    new: set[int] = set()
    for table, frame, statement in (
        ("named_identifiers", named.identifiers, _MERGE_IDENTIFIERS),
        ("named_links", named.links, _MERGE_LINKS),
        ("named_aliases", named.aliases, _MERGE_ALIASES),
    ):
        if frame.is_empty():
            continue
        await connection.execute(
            f"create temporary table if not exists {table} ({_TEMPORARY[table]}) on commit delete rows; delete from {table}"
        )
        await copy_in(connection, table, frame)
        rows = await connection.fetch(statement)
        changed.update(row["id"] for row in rows)
        new.update(row["id"] for row in rows if row.get("new"))
    return Learned(changed, new)
