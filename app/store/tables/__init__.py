"""The tables, as Alembic compares them with the database. Statements over them are plain SQL beside their functions."""

from app.store.tables import derived, facts, work
from app.store.tables.columns import MONTHS, metadata

__all__ = ["MONTHS", "derived", "facts", "metadata", "work"]
