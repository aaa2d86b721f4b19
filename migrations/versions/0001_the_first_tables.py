"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("create schema event_months")
    op.create_table(
        "aliases",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_anonymous", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous_anonymous", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("linked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "previous_id", "user_anonymous", "previous_anonymous", name=op.f("aliases_pkey")),
    )
    op.create_index(op.f("aliases_previous_anonymous_idx"), "aliases", ["previous_anonymous"], unique=False)
    op.create_index(op.f("aliases_previous_id_idx"), "aliases", ["previous_id"], unique=False)
    op.create_index(op.f("aliases_user_anonymous_idx"), "aliases", ["user_anonymous"], unique=False)
    op.create_table(
        "changes",
        sa.Column("version", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("changes_pkey")),
    )
    op.create_table(
        "counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("counts_pkey")),
    )
    op.create_table(
        "customers",
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seen", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("traits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("customer", name=op.f("customers_pkey")),
    )
    op.create_table(
        "entries",
        sa.Column("stage_model", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(collation="C"), nullable=False),
        sa.Column("from_stage", sa.Text(collation="C"), nullable=True),
        sa.Column("entered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("left_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(collation="C"), nullable=False),
        sa.Column("utm_source", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_medium", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_campaign", sa.Text(collation="C"), nullable=True),
        sa.Column("device", sa.Text(collation="C"), nullable=True),
        sa.Column("country", sa.Text(collation="C"), nullable=True),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stage_model", "customer", "event", name=op.f("entries_pkey")),
    )
    op.create_index(
        "entries_current_idx",
        "entries",
        ["stage_model", sa.literal_column("left(stage, 64)"), "customer"],
        unique=False,
        postgresql_where=sa.text("left_at is null"),
    )
    op.create_table(
        "event_subjects",
        sa.Column("subject", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "occurred_at", "event", name=op.f("event_subjects_pkey")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=True),
        sa.Column("message_id", sa.Text(collation="C"), nullable=False),
        sa.Column("user_id", sa.Text(collation="C"), nullable=True),
        sa.Column("anonymous_id", sa.Text(collation="C"), nullable=True),
        sa.Column("previous_id", sa.Text(collation="C"), nullable=True),
        sa.Column("email", sa.Text(collation="C"), nullable=True),
        sa.Column("phone", sa.Text(collation="C"), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("timestamp", sa.Text(collation="C"), nullable=True),
        sa.Column("time_rule", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(collation="C"), nullable=True),
        sa.Column("referrer", sa.Text(collation="C"), nullable=True),
        sa.Column("user_agent", sa.Text(collation="C"), nullable=True),
        sa.Column("request_agent", sa.Text(collation="C"), nullable=True),
        sa.Column("ip", sa.Text(collation="C"), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", "received_at", name=op.f("events_pkey")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_table(
        "failed_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(collation="C"), nullable=True),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("field", sa.Text(collation="C"), nullable=True),
        sa.Column("message", sa.Text(collation="C"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("failed_events_pkey")),
    )
    op.create_index(
        "failed_events_import_id_idx", "failed_events", ["import_id"], unique=False, postgresql_where=sa.text("import_id is not null")
    )
    op.create_table(
        "identifiers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("via", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("named_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("named_directly", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("identifiers_pkey")),
    )
    op.create_index(op.f("identifiers_owner_idx"), "identifiers", ["owner"], unique=False)
    op.create_index("identifiers_parent_idx", "identifiers", ["parent"], unique=False, postgresql_where=sa.text("parent is not null"))
    op.create_index("identifiers_value_idx", "identifiers", [sa.literal_column("lower(value collate pg_c_utf8)")], unique=False)
    op.create_index("identifiers_via_idx", "identifiers", ["via"], unique=False, postgresql_where=sa.text("via is not null"))
    op.create_table(
        "links",
        sa.Column("weaker", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("linked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("weaker", "target", name=op.f("links_pkey")),
    )
    op.create_index("links_best_idx", "links", ["weaker", "target_kind", sa.literal_column("trusted desc"), "linked_at"], unique=False)
    op.create_index(op.f("links_target_idx"), "links", ["target"], unique=False)
    op.create_table(
        "logins",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('link', 'cookie')", name=op.f("logins_kind_check")),
        sa.PrimaryKeyConstraint("digest", name=op.f("logins_pkey")),
    )
    op.create_table("message_ids", sa.Column("id", sa.UUID(), nullable=False), sa.PrimaryKeyConstraint("id", name=op.f("message_ids_pkey")))
    op.create_table(
        "rebuilds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'customers', 'finished')", name=op.f("rebuilds_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("rebuilds_pkey")),
    )
    op.create_table(
        "rules",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("rules_pkey")),
    )
    op.create_table(
        "sessions",
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("anonymous_id", sa.Text(collation="C"), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(collation="C"), nullable=False),
        sa.Column("utm_source", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_medium", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_campaign", sa.Text(collation="C"), nullable=True),
        sa.Column("device", sa.Text(collation="C"), nullable=True),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("customer", "event", name=op.f("sessions_pkey")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('public', 'trusted')", name=op.f("sources_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("sources_pkey")),
        sa.UniqueConstraint("name", name=op.f("sources_name_key")),
    )
    op.create_table(
        "stage_models",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'deriving', 'active', 'retired')", name=op.f("stage_models_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("stage_models_pkey")),
        sa.UniqueConstraint("name", "version", name=op.f("stage_models_name_version_key")),
    )
    op.create_index("stage_models_active_idx", "stage_models", ["name"], unique=True, postgresql_where=sa.text("state = 'active'"))
    op.create_table(
        "totals",
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("minute", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("last_event_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "minute", name=op.f("totals_pkey")),
    )
    op.create_table(
        "touched",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("queue", sa.SmallInteger(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.UUID()), nullable=True),
        sa.Column("received_to", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("identifiers", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.CheckConstraint("(events is null) <> (identifiers is null)", name=op.f("touched_what_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("touched_pkey")),
    )
    op.create_index("touched_queue_idx", "touched", ["queue", "id"], unique=False)
    op.create_table(
        "touches",
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("touched_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("channel", sa.Text(collation="C"), nullable=False),
        sa.Column("utm_source", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_medium", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_campaign", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_term", sa.Text(collation="C"), nullable=True),
        sa.Column("utm_content", sa.Text(collation="C"), nullable=True),
        sa.Column("click_id", sa.Text(collation="C"), nullable=True),
        sa.Column("click_id_kind", sa.Text(collation="C"), nullable=True),
        sa.Column("referrer_host", sa.Text(collation="C"), nullable=True),
        sa.Column("device", sa.Text(collation="C"), nullable=True),
        sa.Column("country", sa.Text(collation="C"), nullable=True),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("customer", "event", name=op.f("touches_pkey")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("file", sa.Text(collation="C"), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("rows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("accepted", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(collation="C"), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'running', 'finished', 'failed')", name=op.f("imports_state_check")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("imports_source_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("imports_pkey")),
    )
    op.create_table(
        "keys",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=True),
        sa.Column("hint", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("(scope = 'write') = (source_id is not null)", name=op.f("keys_source_check")),
        sa.CheckConstraint("scope in ('write', 'read', 'admin')", name=op.f("keys_scope_check")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("keys_source_id_fkey")),
        sa.PrimaryKeyConstraint("digest", name=op.f("keys_pkey")),
    )


def downgrade() -> None:
    op.execute("drop schema event_months cascade")
    op.drop_table("keys")
    op.drop_table("imports")
    op.drop_table("touches")
    op.drop_index("touched_queue_idx", table_name="touched")
    op.drop_table("touched")
    op.drop_table("totals")
    op.drop_index("stage_models_active_idx", table_name="stage_models", postgresql_where=sa.text("state = 'active'"))
    op.drop_table("stage_models")
    op.drop_table("sources")
    op.drop_table("sessions")
    op.drop_table("rules")
    op.drop_table("rebuilds")
    op.drop_table("message_ids")
    op.drop_table("logins")
    op.drop_index(op.f("links_target_idx"), table_name="links")
    op.drop_index("links_best_idx", table_name="links")
    op.drop_table("links")
    op.drop_index("identifiers_via_idx", table_name="identifiers", postgresql_where=sa.text("via is not null"))
    op.drop_index("identifiers_value_idx", table_name="identifiers")
    op.drop_index("identifiers_parent_idx", table_name="identifiers", postgresql_where=sa.text("parent is not null"))
    op.drop_index(op.f("identifiers_owner_idx"), table_name="identifiers")
    op.drop_table("identifiers")
    op.drop_index("failed_events_import_id_idx", table_name="failed_events", postgresql_where=sa.text("import_id is not null"))
    op.drop_table("failed_events")
    op.drop_table("events")
    op.drop_table("event_subjects")
    op.drop_index("entries_current_idx", table_name="entries", postgresql_where=sa.text("left_at is null"))
    op.drop_table("entries")
    op.drop_table("customers")
    op.drop_table("counts")
    op.drop_table("changes")
    op.drop_index(op.f("aliases_user_anonymous_idx"), table_name="aliases")
    op.drop_index(op.f("aliases_previous_id_idx"), table_name="aliases")
    op.drop_index(op.f("aliases_previous_anonymous_idx"), table_name="aliases")
    op.drop_table("aliases")
