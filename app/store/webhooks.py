"""Webhooks: under which name who sends, how it is signed, and how its rows become events."""

from datetime import datetime
from typing import NamedTuple

from app.store.access import Source
from app.store.connect import Connection


class Webhook(NamedTuple):
    """A webhook as kept: `mapping` is YAML, `scheme` JSON, `secret` is sealed for the name. `created_at` is in UTC."""

    name: str
    source: Source
    mapping: str
    scheme: bytes
    secret: bytes
    created_at: datetime


async def read_webhooks(connection: Connection) -> list[Webhook]:
    """All webhooks by name."""
    rows = await connection.fetch(
        """select w.name, w.mapping, w.scheme, w.secret, w.created_at, s.id, s.name as source, s.kind
        from webhooks w join sources s on s.id = w.source_id order by w.name"""
    )
    return [
        Webhook(
            row["name"],
            Source(row["id"], row["source"], row["kind"] == "trusted"),
            row["mapping"],
            row["scheme"],
            row["secret"],
            row["created_at"],
        )
        for row in rows
    ]


async def put_webhook(connection: Connection, name: str, source_id: int, *, mapping: str, scheme: bytes, secret: bytes) -> None:
    """Keep a webhook; one of this name is replaced."""
    await connection.execute(
        """insert into webhooks (name, source_id, mapping, scheme, secret) values ($1, $2, $3, $4, $5)
        on conflict (name) do update set source_id = excluded.source_id, mapping = excluded.mapping, scheme = excluded.scheme,
        secret = excluded.secret""",
        name,
        source_id,
        mapping,
        scheme,
        secret,
    )


async def delete_webhook(connection: Connection, name: str) -> bool:
    """Forget a webhook; whether there was one."""
    return await connection.fetchval("delete from webhooks where name = $1 returning true", name) is True
