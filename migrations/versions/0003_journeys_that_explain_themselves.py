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
    op.execute("insert into rebuilds (state) select 'waiting' where exists (select from customers)")


def downgrade() -> None:
    op.drop_constraint("entries_pkey", "entries", type_="primary")
    op.create_primary_key("entries_pkey", "entries", ["stage_model", "customer", "event"])
    op.drop_column("entries", "utm_content")
    op.drop_column("entries", "utm_term")
    op.drop_column("entries", "place")
    op.drop_table("named_events")
