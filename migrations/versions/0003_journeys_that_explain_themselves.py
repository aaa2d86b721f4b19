"""Journeys that explain themselves"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "named_events",
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(collation="C"), nullable=True),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("customer", "place", name=op.f("named_events_pkey")),
    )
    op.add_column("entries", sa.Column("place", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.alter_column("entries", "place", server_default=None)
    op.add_column("entries", sa.Column("utm_term", sa.Text(collation="C"), nullable=True))
    op.add_column("entries", sa.Column("utm_content", sa.Text(collation="C"), nullable=True))
    op.drop_constraint("entries_pkey", "entries", type_="primary")
    op.create_primary_key("entries_pkey", "entries", ["stage_model", "customer", "position"])
    _correctable_identity()
    _drafted_stage_models()
    op.execute("insert into rebuilds (state) select 'waiting' where exists (select from customers)")


def _drafted_stage_models() -> None:
    op.add_column("stage_models", sa.Column("draft", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_constraint(op.f("stage_models_state_check"), "stage_models")
    op.execute("update stage_models set state = 'archived' where state = 'retired'")
    op.create_check_constraint(
        op.f("stage_models_state_check"),
        "stage_models",
        "state in ('waiting', 'deriving', 'draft', 'active', 'retired', 'archived', 'deleted')",
    )


def _correctable_identity() -> None:
    op.create_table(
        "struck_pairs",
        sa.Column("lesser", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("greater", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weaker_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("weaker_value", sa.Text(collation="C"), nullable=False),
        sa.Column("target_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("target_value", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("struck_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("struck_by", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("state in ('striking', 'struck', 'restoring')", name=op.f("struck_pairs_state_check")),
        sa.CheckConstraint("lesser < greater", name=op.f("struck_pairs_pair_check")),
        sa.PrimaryKeyConstraint("lesser", "greater", name=op.f("struck_pairs_pkey")),
    )
    op.create_index(op.f("struck_pairs_greater_idx"), "struck_pairs", ["greater"])
    op.create_table(
        "blocked_values",
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("blocked_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("blocked_by", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("state in ('blocking', 'blocked', 'unblocking')", name=op.f("blocked_values_state_check")),
        sa.PrimaryKeyConstraint("value", name=op.f("blocked_values_pkey")),
    )
    op.add_column("links", sa.Column("token", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.alter_column("links", "token", server_default=None)
    _index_links(["weaker", "target", "token"], ["weaker", "target_kind", "token", sa.text("trusted desc"), "linked_at"])
    op.execute("update events set type = 'landing' where type = 'identify' and message_id like 'landing-click-%'")


def _index_links(key: list[str], best: list[str | sa.TextClause]) -> None:
    op.drop_constraint("links_pkey", "links", type_="primary")
    op.create_primary_key("links_pkey", "links", key)
    op.drop_index("links_best_idx", table_name="links")
    op.create_index("links_best_idx", "links", best)


def downgrade() -> None:
    op.drop_constraint(op.f("stage_models_state_check"), "stage_models")
    op.execute("update stage_models set state = 'retired' where draft or state in ('draft', 'archived', 'deleted')")
    op.create_check_constraint(op.f("stage_models_state_check"), "stage_models", "state in ('waiting', 'deriving', 'active', 'retired')")
    op.drop_column("stage_models", "draft")
    op.execute("update events set type = 'identify' where type = 'landing'")
    op.execute("delete from links where token")
    _index_links(["weaker", "target"], ["weaker", "target_kind", sa.text("trusted desc"), "linked_at"])
    op.drop_column("links", "token")
    op.drop_table("blocked_values")
    op.drop_table("struck_pairs")
    op.drop_constraint("entries_pkey", "entries", type_="primary")
    op.create_primary_key("entries_pkey", "entries", ["stage_model", "customer", "event"])
    op.drop_column("entries", "utm_content")
    op.drop_column("entries", "utm_term")
    op.drop_column("entries", "place")
    op.drop_table("named_events")
