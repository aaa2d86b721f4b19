"""Work to be done, and the accounts of what was done."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from app.store.tables.columns import instant, metadata, required, words

touched = Table(
    "touched",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    required("queue", SmallInteger),
    instant("received_at"),
    Column("events", ARRAY(UUID(as_uuid=True))),
    instant("received_to", nullable=True),
    Column("identifiers", ARRAY(BigInteger)),
    CheckConstraint("(events is null) <> (identifiers is null)", name="what"),
    Index("touched_queue_idx", "queue", "id"),
)

counts = Table(
    "counts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    required("source_id", SmallInteger),
    instant("at"),
    required("received", BigInteger),
    required("stored", BigInteger),
    required("duplicate", BigInteger),
    required("failed", BigInteger),
)

totals = Table(
    "totals",
    metadata,
    Column("source_id", SmallInteger, primary_key=True),
    Column("minute", TIMESTAMP(timezone=True), primary_key=True),
    required("received", BigInteger),
    required("stored", BigInteger),
    required("duplicate", BigInteger),
    required("failed", BigInteger),
    instant("last_event_at", nullable=True),
)

rebuilds = Table(
    "rebuilds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("state", nullable=False),
    required("done", BigInteger, default="0"),
    required("total", BigInteger, default="0"),
    required("changed", BigInteger, default="0"),
    Column("after", BigInteger),
    instant("created_at", default="now()"),
    instant("finished_at", nullable=True),
    CheckConstraint("state in ('waiting', 'customers', 'finished')", name="state"),
)

rules = Table(
    "rules",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    instant("since", default="now()"),
    required("of", Text(collation="C"), default="'derived'"),
    CheckConstraint("of in ('derived', 'refused')", name="of"),
)

replays = Table(
    "replays",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("webhook"),
    required("after", BigInteger, default="0"),
    instant("created_at", default="now()"),
)

listeners = Table(
    "listeners",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("expires_at"),
)

live_events = Table(
    "live_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("at", default="now()"),
    words("kind", nullable=False),
    required("source_id", SmallInteger),
    required("document", JSONB),
    CheckConstraint("kind in ('accepted', 'duplicate', 'failed', 'derived', 'left_out')", name="kind"),
    prefixes=["unlogged"],
)
