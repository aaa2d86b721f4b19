"""Doors for people"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("events_received_at_idx", "events", ["received_at"], postgresql_using="brin")
    _logins_that_remember()
    op.add_column("keys", sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False))
    op.create_unique_constraint(op.f("keys_id_key"), "keys", ["id"])


def _logins_that_remember() -> None:
    op.create_table(
        "login_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("login_links_pkey")),
    )
    op.execute("delete from logins")
    op.drop_constraint(op.f("logins_kind_check"), "logins")
    op.drop_column("logins", "kind")
    op.add_column("logins", sa.Column("scope", sa.Text(collation="C"), nullable=False))
    op.add_column("logins", sa.Column("key", sa.LargeBinary(), nullable=True))
    op.add_column("logins", sa.Column("token", sa.LargeBinary(), nullable=False))
    op.add_column("logins", sa.Column("previous", sa.LargeBinary(), nullable=True))
    op.add_column("logins", sa.Column("renewed_at", postgresql.TIMESTAMP(timezone=True), nullable=False))
    op.add_column("logins", sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.create_foreign_key(op.f("logins_key_fkey"), "logins", "keys", ["key"], ["digest"])
    op.create_check_constraint(op.f("logins_scope_check"), "logins", "scope in ('read', 'admin')")


def downgrade() -> None:
    op.drop_index("events_received_at_idx", table_name="events")
    op.drop_constraint(op.f("keys_id_key"), "keys")
    op.drop_column("keys", "id")
    op.execute("delete from logins")
    op.drop_constraint(op.f("logins_scope_check"), "logins")
    for column in ("confirmed_at", "renewed_at", "previous", "token", "key", "scope"):
        op.drop_column("logins", column)
    op.add_column("logins", sa.Column("kind", sa.Text(collation="C"), nullable=False))
    op.create_check_constraint(op.f("logins_kind_check"), "logins", "kind in ('link', 'cookie')")
    op.drop_table("login_links")
