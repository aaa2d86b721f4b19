"""The tables, as Alembic compares them with the database. Statements over them are plain SQL beside their functions."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID
from sqlalchemy.types import TypeEngine

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
MONTHS = "event_months"
metadata = MetaData(naming_convention=NAMES)


def _instant(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable, server_default=text(default) if default else None)


def _text(name: str, *, nullable: bool = True) -> Column[str]:
    return Column(name, Text(collation="C"), nullable=nullable)


def _required(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], *, default: str | None = None) -> Column[Any]:
    return Column(name, kind, nullable=False, server_default=text(default) if default else None)


# Facts

sources = Table(
    "sources",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    _text("name", nullable=False),
    _text("kind", nullable=False),
    _instant("created_at", default="now()"),
    UniqueConstraint("name"),
    CheckConstraint("kind in ('public', 'trusted')", name="kind"),
)

keys = Table(
    "keys",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    _text("scope", nullable=False),
    Column("source_id", SmallInteger, ForeignKey("sources.id")),
    _text("hint", nullable=False),
    _instant("created_at", default="now()"),
    _instant("revoked_at", nullable=True),
    CheckConstraint("scope in ('write', 'read', 'admin')", name="scope"),
    CheckConstraint("(scope = 'write') = (source_id is not null)", name="source"),
)

logins = Table(
    "logins",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    _text("kind", nullable=False),
    _instant("expires_at"),
    CheckConstraint("kind in ('link', 'cookie')", name="kind"),
)

message_ids = Table("message_ids", metadata, Column("id", UUID(as_uuid=True), primary_key=True))

events = Table(
    "events",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("received_at", TIMESTAMP(timezone=True), primary_key=True),
    _required("source_id", SmallInteger),
    Column("import_id", BigInteger),
    _required("position", Integer),
    _text("type", nullable=False),
    _text("name"),
    _text("message_id", nullable=False),
    _text("user_id"),
    _text("anonymous_id"),
    _text("previous_id"),
    _text("email"),
    _text("phone"),
    _instant("occurred_at"),
    _text("timestamp"),
    _text("time_rule", nullable=False),
    Column("sequence", BigInteger),
    _text("url"),
    _text("referrer"),
    _text("user_agent"),
    _text("request_agent"),
    _text("ip"),
    _required("body", JSONB),
    postgresql_partition_by="RANGE (received_at)",
)

failed_events = Table(
    "failed_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _instant("received_at"),
    _required("source_id", SmallInteger),
    Column("import_id", BigInteger),
    _required("position", Integer),
    _text("message_id"),
    _text("code", nullable=False),
    _text("field"),
    _text("message", nullable=False),
    _required("body", LargeBinary),
)

imports = Table(
    "imports",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source_id", SmallInteger, ForeignKey("sources.id"), nullable=False),
    _text("file", nullable=False),
    _required("mapping", JSONB),
    _text("state", nullable=False),
    _required("rows", BigInteger, default="0"),
    _required("accepted", BigInteger, default="0"),
    _required("duplicates", BigInteger, default="0"),
    _required("rejected", BigInteger, default="0"),
    _required("bytes_total", BigInteger, default="0"),
    _required("bytes_read", BigInteger, default="0"),
    _text("error"),
    _instant("created_at", default="now()"),
    _instant("started_at", nullable=True),
    _instant("finished_at", nullable=True),
    CheckConstraint("state in ('waiting', 'running', 'finished', 'failed')", name="state"),
)

stage_models = Table(
    "stage_models",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    _text("name", nullable=False),
    _required("version", Integer),
    _required("document", JSONB),
    _text("state", nullable=False),
    _instant("created_at", default="now()"),
    UniqueConstraint("name", "version"),
    CheckConstraint("state in ('waiting', 'deriving', 'active', 'retired')", name="state"),
    Index("stage_models_active_idx", "name", unique=True, postgresql_where=text("state = 'active'")),
)

# The queue and the accounts

touched = Table(
    "touched",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _required("queue", SmallInteger),
    _instant("received_at"),
    Column("events", ARRAY(UUID(as_uuid=True))),
    _instant("received_to", nullable=True),
    Column("identifiers", ARRAY(BigInteger)),
    CheckConstraint("(events is null) <> (identifiers is null)", name="what"),
    Index("touched_queue_idx", "queue", "id"),
)

counts = Table(
    "counts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _required("source_id", SmallInteger),
    _instant("at"),
    _required("received", BigInteger),
    _required("stored", BigInteger),
    _required("duplicate", BigInteger),
    _required("failed", BigInteger),
)

totals = Table(
    "totals",
    metadata,
    Column("source_id", SmallInteger, primary_key=True),
    Column("minute", TIMESTAMP(timezone=True), primary_key=True),
    _required("received", BigInteger),
    _required("stored", BigInteger),
    _required("duplicate", BigInteger),
    _required("failed", BigInteger),
    _instant("last_event_at", nullable=True),
)

rebuilds = Table(
    "rebuilds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _text("state", nullable=False),
    _required("done", BigInteger, default="0"),
    _required("total", BigInteger, default="0"),
    _required("changed", BigInteger, default="0"),
    Column("after", BigInteger),
    _instant("created_at", default="now()"),
    _instant("finished_at", nullable=True),
    CheckConstraint("state in ('waiting', 'customers', 'finished')", name="state"),
)

# Derived

identifiers = Table(
    "identifiers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _text("kind", nullable=False),
    _text("value", nullable=False),
    Column("parent", BigInteger),
    Column("via", BigInteger),
    _required("owner", BigInteger),
    _instant("named_at", nullable=True),
    _required("named_directly", Boolean),
    Index(None, "owner"),
    Index("identifiers_parent_idx", "parent", postgresql_where=text("parent is not null")),
    Index("identifiers_via_idx", "via", postgresql_where=text("via is not null")),
    Index("identifiers_value_idx", text("lower(value)")),
)

links = Table(
    "links",
    metadata,
    Column("weaker", BigInteger, primary_key=True, autoincrement=False),
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    _text("target_kind", nullable=False),
    _required("trusted", Boolean),
    _instant("linked_at"),
    _required("event", UUID(as_uuid=True)),
    _required("source_id", SmallInteger),
    Index("links_best_idx", "weaker", "target_kind", text("trusted desc"), "linked_at"),
    Index(None, "target"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("previous_id", BigInteger, primary_key=True, autoincrement=False),
    _required("user_anonymous", BigInteger),
    _required("previous_anonymous", BigInteger),
    _required("trusted", Boolean),
    _instant("linked_at"),
    _required("event", UUID(as_uuid=True)),
    _required("source_id", SmallInteger),
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
    _instant("received_at"),
)

customers = Table(
    "customers",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    _instant("first_seen"),
    _instant("last_seen"),
    _required("events", Integer),
    _required("machine", Boolean),
    _required("traits", JSONB),
)

sessions = Table(
    "sessions",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("event", UUID(as_uuid=True), primary_key=True),
    _text("anonymous_id"),
    _instant("started_at"),
    _instant("ended_at"),
    _required("events", Integer),
    _text("channel", nullable=False),
    _text("utm_source"),
    _text("utm_medium"),
    _text("utm_campaign"),
    _text("device"),
    _required("source", SmallInteger),
    _required("machine", Boolean),
)

touches = Table(
    "touches",
    metadata,
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("event", UUID(as_uuid=True), primary_key=True),
    _required("position", Integer),
    _instant("touched_at"),
    _text("kind", nullable=False),
    _text("channel", nullable=False),
    _text("utm_source"),
    _text("utm_medium"),
    _text("utm_campaign"),
    _text("utm_term"),
    _text("utm_content"),
    _text("click_id"),
    _text("click_id_kind"),
    _text("referrer_host"),
    _text("device"),
    _text("country"),
    _required("source", SmallInteger),
    _required("machine", Boolean),
)

entries = Table(
    "entries",
    metadata,
    Column("stage_model", SmallInteger, primary_key=True, autoincrement=False),
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("event", UUID(as_uuid=True), primary_key=True),
    _required("position", Integer),
    _text("stage", nullable=False),
    _text("from_stage"),
    _instant("entered_at"),
    _instant("left_at", nullable=True),
    _text("channel", nullable=False),
    _text("utm_source"),
    _text("utm_medium"),
    _text("utm_campaign"),
    _text("device"),
    _text("country"),
    _required("source", SmallInteger),
    Index("entries_current_idx", "stage_model", "stage", "customer", postgresql_where=text("left_at is null")),
)

changes = Table(
    "changes",
    metadata,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("customer", BigInteger, nullable=False),
    _instant("changed_at", default="now()"),
)
