"""Every way in"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "listeners",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("listeners_pkey")),
    )
    op.create_table(
        "live_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind in ('accepted', 'duplicate', 'failed', 'derived', 'left_out')", name=op.f("live_events_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("live_events_pkey")),
        prefixes=["unlogged"],
    )
    op.create_table(
        "refusals",
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "code", name=op.f("refusals_pkey")),
    )
    op.create_table(
        "webhooks",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("mapping", sa.Text(collation="C"), nullable=False),
        sa.Column("scheme", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("webhooks_source_id_fkey")),
        sa.PrimaryKeyConstraint("name", name=op.f("webhooks_pkey")),
    )
    op.create_table(
        "replays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("webhook", sa.Text(collation="C"), nullable=True),
        sa.Column("after", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("replays_pkey")),
    )
    op.add_column("rules", sa.Column("of", sa.Text(collation="C"), server_default=sa.text("'derived'"), nullable=False))
    op.create_check_constraint(op.f("rules_of_check"), "rules", "of in ('derived', 'refused')")
    op.add_column("failed_events", sa.Column("line", sa.BigInteger(), nullable=True))
    op.add_column(
        "failed_events", sa.Column("arrival", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("failed_events", sa.Column("edited_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    _index_imports_of_failed_events("import_id", "position", "id")
    op.add_column("imports", sa.Column("dry_run", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("imports", sa.Column("place", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("imports", sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("imports", sa.Column("undone", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.drop_constraint(op.f("imports_state_check"), "imports")
    op.create_check_constraint(
        op.f("imports_state_check"), "imports", "state in ('waiting', 'running', 'finished', 'failed', 'undoing', 'undone')"
    )
    op.add_column("touches", sa.Column("machine_rule", sa.Text(collation="C"), nullable=True))


def _index_imports_of_failed_events(*columns: str) -> None:
    op.drop_index("failed_events_import_id_idx", table_name="failed_events")
    op.create_index("failed_events_import_id_idx", "failed_events", columns, postgresql_where=sa.text("import_id is not null"))


def downgrade() -> None:
    op.drop_column("touches", "machine_rule")
    op.drop_constraint(op.f("imports_state_check"), "imports")
    op.execute("update imports set state = 'finished' where state in ('undoing', 'undone')")
    op.create_check_constraint(op.f("imports_state_check"), "imports", "state in ('waiting', 'running', 'finished', 'failed')")
    op.drop_column("imports", "undone")
    op.drop_column("imports", "report")
    op.drop_column("imports", "place")
    op.drop_column("imports", "dry_run")
    _index_imports_of_failed_events("import_id")
    op.drop_column("failed_events", "edited_at")
    op.drop_column("failed_events", "arrival")
    op.drop_column("failed_events", "line")
    op.drop_constraint(op.f("rules_of_check"), "rules")
    op.execute("delete from rules where of = 'refused'")
    op.drop_column("rules", "of")
    op.drop_table("replays")
    op.drop_table("webhooks")
    op.drop_table("refusals")
    op.drop_table("live_events")
    op.drop_table("listeners")
