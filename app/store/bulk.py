"""Many events at once: rows made ready for COPY where they were read, written by ids first without any table in between."""

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import accumulate, repeat
from struct import Struct
from typing import Any

import msgspec

from app.domain.arriving.events import Event
from app.store.connect import Connection

ID_BYTES = 16
REPEATED_MAX = 1_024
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COLUMNS = len(Event._fields).to_bytes(2)
_CLAIM = f"""
with arrived as materialized (
  select encode(substring($1::bytea from {ID_BYTES} * n + 1 for {ID_BYTES}), 'hex')::uuid as id
  from generate_series(0, length($1::bytea) / {ID_BYTES} - 1) as n),
fresh as (insert into message_ids select id from arrived on conflict do nothing returning id),
marked as (
  insert into touched (queue, received_at, received_to, events) select $2, $3, $3, array_agg(id) from fresh having count(*) > 0)
select case when count(*) < length($1::bytea) / {ID_BYTES} then coalesce(string_agg(uuid_send(id), ''), '') else $1::bytea end from fresh
"""


class PackedEvents(msgspec.Struct, array_like=True):
    """Events of one instant of receipt whose ids differ, in the order of their ids, as rows of a binary COPY; where each of them ends."""

    ids: bytes
    rows: bytes
    ends: list[int]


def pack(events: Sequence[Event]) -> PackedEvents:
    """Events as rows for COPY; of several with one id the first."""
    packed = {event.id.bytes: row for event, row in reversed(list(zip(events, _rows(events), strict=False)))}
    ids = sorted(packed)
    rows = [packed[id_] for id_ in ids]
    return PackedEvents(b"".join(ids), b"".join(rows), list(accumulate(map(len, rows))))


async def write_packed(connection: Connection, packed: PackedEvents, queue: int, received_at: datetime) -> int:
    """Write events that were all received at one instant, and mark them as touched; how many were not there before.

    The caller owns the transaction. What is copied is let go of at once: the driver keeps its source until garbage is collected.
    """
    if not packed.ids:
        return 0
    fresh: bytes = await connection.fetchval(_CLAIM, packed.ids, queue, received_at)
    if fresh:
        with io.BytesIO(b"".join((_HEAD, _survivors(packed, fresh), _END))) as source:
            await connection.copy_to_table("events", source=source, columns=Event._fields, format="binary")
    return len(fresh) // ID_BYTES


def _survivors(packed: PackedEvents, fresh: bytes) -> bytes:
    if len(fresh) == len(packed.ids):
        return packed.rows
    ids = {fresh[start : start + ID_BYTES] for start in range(0, len(fresh), ID_BYTES)}
    starts = [0, *packed.ends[:-1]]
    return b"".join(
        packed.rows[start:end]
        for number, (start, end) in enumerate(zip(starts, packed.ends, strict=True))
        if packed.ids[number * ID_BYTES : (number + 1) * ID_BYTES] in ids
    )


def _rows(events: Sequence[Event]) -> Iterator[bytes]:
    columns = [map(packer, values) for packer, values in zip(_PACKERS, zip(*events, strict=True), strict=False)]
    return map(b"".join, zip(repeat(_COLUMNS), *columns, strict=False))


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return len(encoded).to_bytes(4) + encoded


def _instant(value: datetime) -> bytes:
    return _pack_instant(8, (value - _EPOCH) // _MICROSECOND)


def _optional(packer: Callable[[int], bytes]) -> Callable[[int | None], bytes]:
    return lambda value: _NULL if value is None else packer(value)


_pack_instant = Struct("!iq").pack
_small, _integer, _big = (partial(Struct(f"!i{code}").pack, size) for code, size in (("h", 2), ("i", 4), ("q", 8)))
_repeated = lru_cache(REPEATED_MAX)
_PACKER_OF: dict[str, Callable[[Any], bytes]] = {
    "id": lambda value: b"\0\0\0\x10" + value.bytes,
    "received_at": _repeated(_instant),
    "source_id": _repeated(_small),
    "import_id": _repeated(_optional(_big)),
    "position": _integer,
    "occurred_at": _instant,
    "sequence": _repeated(_optional(_big)),
    "body": lambda value: (len(value) + 1).to_bytes(4) + b"\x01" + value,
    **dict.fromkeys(("message_id", "user_id", "anonymous_id", "timestamp"), _text),
}
_PACKERS = [_PACKER_OF.get(name, _repeated(_text)) for name in Event._fields]
