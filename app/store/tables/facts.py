"""Facts: what arrived, and what the operator said."""

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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from app.store.tables.columns import instant, metadata, required, words

sources = Table(
    "sources",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    words("name", nullable=False),
    words("kind", nullable=False),
    instant("created_at", default="now()"),
    UniqueConstraint("name"),
    CheckConstraint("kind in ('public', 'trusted')", name="kind"),
)

keys = Table(
    "keys",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    words("scope", nullable=False),
    Column("source_id", SmallInteger, ForeignKey("sources.id")),
    words("hint", nullable=False),
    instant("created_at", default="now()"),
    instant("revoked_at", nullable=True),
    Column("id", Integer, Identity(always=True), nullable=False),
    UniqueConstraint("id"),
    CheckConstraint("scope in ('write', 'read', 'admin')", name="scope"),
    CheckConstraint("(scope = 'write') = (source_id is not null)", name="source"),
)

login_links = Table(
    "login_links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    instant("expires_at"),
)

logins = Table(
    "logins",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    instant("expires_at"),
    words("scope", nullable=False),
    Column("key", LargeBinary, ForeignKey("keys.digest")),
    required("token", LargeBinary),
    Column("previous", LargeBinary),
    instant("renewed_at"),
    instant("confirmed_at", nullable=True),
    CheckConstraint("scope in ('read', 'admin')", name="scope"),
)

message_ids = Table("message_ids", metadata, Column("id", UUID(as_uuid=True), primary_key=True))

events = Table(
    "events",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("received_at", TIMESTAMP(timezone=True), primary_key=True),
    required("source_id", SmallInteger),
    Column("import_id", BigInteger),
    required("position", Integer),
    words("type", nullable=False),
    words("name"),
    words("message_id", nullable=False),
    words("user_id"),
    words("anonymous_id"),
    words("previous_id"),
    words("email"),
    words("phone"),
    instant("occurred_at"),
    words("timestamp"),
    words("time_rule", nullable=False),
    Column("sequence", BigInteger),
    words("url"),
    words("referrer"),
    words("user_agent"),
    words("request_agent"),
    words("ip"),
    required("body", JSONB),
    Index(None, "received_at", postgresql_using="brin"),
    postgresql_partition_by="RANGE (received_at)",
)

struck_pairs = Table(
    "struck_pairs",
    metadata,
    Column("lesser", BigInteger, primary_key=True, autoincrement=False),
    Column("greater", BigInteger, primary_key=True, autoincrement=False),
    words("weaker_kind", nullable=False),
    words("weaker_value", nullable=False),
    words("target_kind", nullable=False),
    words("target_value", nullable=False),
    words("state", nullable=False),
    instant("struck_at", default="now()"),
    words("struck_by", nullable=False),
    Index(None, "greater"),
    CheckConstraint("state in ('striking', 'struck', 'restoring')", name="state"),
    CheckConstraint("lesser < greater", name="pair"),
)

blocked_values = Table(
    "blocked_values",
    metadata,
    Column("value", Text(collation="C"), primary_key=True),
    words("state", nullable=False),
    instant("blocked_at", default="now()"),
    words("blocked_by", nullable=False),
    CheckConstraint("state in ('blocking', 'blocked', 'unblocking')", name="state"),
)

failed_events = Table(
    "failed_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("received_at"),
    required("source_id", SmallInteger),
    Column("import_id", BigInteger),
    required("position", Integer),
    words("message_id"),
    words("code", nullable=False),
    words("field"),
    words("message", nullable=False),
    required("body", LargeBinary),
    Column("line", BigInteger),
    required("arrival", JSONB, default="'{}'"),
    instant("edited_at", nullable=True),
    Index("failed_events_import_id_idx", "import_id", "position", "id", postgresql_where=text("import_id is not null")),
)

refusals = Table(
    "refusals",
    metadata,
    Column("source_id", SmallInteger, primary_key=True),
    Column("code", Text(collation="C"), primary_key=True),
    required("events", BigInteger),
)

imports = Table(
    "imports",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source_id", SmallInteger, ForeignKey("sources.id"), nullable=False),
    words("file", nullable=False),
    required("mapping", JSONB),
    words("state", nullable=False),
    required("rows", BigInteger, default="0"),
    required("accepted", BigInteger, default="0"),
    required("duplicates", BigInteger, default="0"),
    required("rejected", BigInteger, default="0"),
    required("bytes_total", BigInteger, default="0"),
    required("bytes_read", BigInteger, default="0"),
    words("error"),
    instant("created_at", default="now()"),
    instant("started_at", nullable=True),
    instant("finished_at", nullable=True),
    required("dry_run", Boolean, default="false"),
    Column("place", JSONB),
    Column("report", JSONB),
    required("undone", BigInteger, default="0"),
    CheckConstraint("state in ('waiting', 'running', 'finished', 'failed', 'undoing', 'undone')", name="state"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("name", Text(collation="C"), primary_key=True),
    Column("source_id", SmallInteger, ForeignKey("sources.id"), nullable=False),
    words("mapping", nullable=False),
    required("scheme", JSONB),
    required("secret", LargeBinary),
    instant("created_at", default="now()"),
)

stage_models = Table(
    "stage_models",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    words("name", nullable=False),
    required("version", Integer),
    required("document", JSONB),
    words("state", nullable=False),
    instant("created_at", default="now()"),
    required("draft", Boolean, default="false"),
    UniqueConstraint("name", "version"),
    CheckConstraint("state in ('waiting', 'deriving', 'draft', 'active', 'retired', 'archived', 'deleted')", name="state"),
    Index("stage_models_active_idx", "name", unique=True, postgresql_where=text("state = 'active'")),
)
