"""Derived rows: each can be made again from the events."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Identity, Index, Integer, SmallInteger, Table, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from app.store.tables.columns import instant, metadata, required, words

identifiers = Table(
    "identifiers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    words("kind", nullable=False),
    words("value", nullable=False),
    Column("parent", BigInteger),
    Column("via", BigInteger),
    required("owner", BigInteger),
    instant("named_at", nullable=True),
    required("named_directly", Boolean),
    Index(None, "owner"),
    Index("identifiers_parent_idx", "parent", postgresql_where=text("parent is not null")),
    Index("identifiers_via_idx", "via", postgresql_where=text("via is not null")),
    Index("identifiers_value_idx", text("lower(value collate pg_c_utf8)")),
)

links = Table(
    "links",
    metadata,
    Column("weaker", BigInteger, primary_key=True, autoincrement=False),
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("token", Boolean, primary_key=True),
    words("target_kind", nullable=False),
    required("trusted", Boolean),
    instant("linked_at"),
    required("event", UUID(as_uuid=True)),
    required("source_id", SmallInteger),
    Index("links_best_idx", "weaker", "target_kind", "token", text("trusted desc"), "linked_at"),
    Index(None, "target"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("previous_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_anonymous", BigInteger, primary_key=True, autoincrement=False),
    Column("previous_anonymous", BigInteger, primary_key=True, autoincrement=False),
    required("trusted", Boolean),
    instant("linked_at"),
    required("event", UUID(as_uuid=True)),
    required("source_id", SmallInteger),
    Index(None, "previous_id"),
    Index(None, "user_anonymous"),
    Index(None, "previous_anonymous"),
)

event_subjects = Table(
    "event_subjects",
    metadata,
    Column("subject", BigInteger, primary_key=True, autoincrement=False),
    Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("event", UUID(as_uuid=True), primary_key=True),
    instant("received_at"),
)

customers = Table(
    "customers",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    instant("first_seen"),
    instant("last_seen"),
    required("events", Integer),
    required("machine", Boolean),
    required("traits", JSONB),
)

sessions = Table(
    "sessions",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("event", UUID(as_uuid=True), primary_key=True),
    words("anonymous_id"),
    instant("started_at"),
    instant("ended_at"),
    required("events", Integer),
    words("channel", nullable=False),
    words("utm_source"),
    words("utm_medium"),
    words("utm_campaign"),
    words("device"),
    required("source", SmallInteger),
    required("machine", Boolean),
)

touches = Table(
    "touches",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("event", UUID(as_uuid=True), primary_key=True),
    required("position", Integer),
    instant("touched_at"),
    words("kind", nullable=False),
    words("channel", nullable=False),
    words("utm_source"),
    words("utm_medium"),
    words("utm_campaign"),
    words("utm_term"),
    words("utm_content"),
    words("click_id"),
    words("click_id_kind"),
    words("referrer_host"),
    words("device"),
    words("country"),
    required("source", SmallInteger),
    required("machine", Boolean),
    words("machine_rule"),
)

entries = Table(
    "entries",
    metadata,
    Column("stage_model", SmallInteger, primary_key=True, autoincrement=False),
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    required("place", Integer),
    required("event", UUID(as_uuid=True)),
    words("stage", nullable=False),
    words("from_stage"),
    instant("entered_at"),
    instant("left_at", nullable=True),
    words("channel", nullable=False),
    words("utm_source"),
    words("utm_medium"),
    words("utm_campaign"),
    words("utm_term"),
    words("utm_content"),
    words("device"),
    words("country"),
    required("source", SmallInteger),
    Index("entries_current_idx", "stage_model", text("left(stage, 64)"), "customer", postgresql_where=text("left_at is null")),
)

named_events = Table(
    "named_events",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    required("event", UUID(as_uuid=True)),
    words("name", nullable=False),
    instant("occurred_at"),
    Column("value", BigInteger),
    words("currency"),
    Column("rating", Double),
)

changes = Table(
    "changes",
    metadata,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("customer", BigInteger, nullable=False),
    instant("changed_at", default="now()"),
)
