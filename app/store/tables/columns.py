"""The metadata, its naming, and the columns that tables have in common."""

from typing import Any

from sqlalchemy import Column, MetaData, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

MONTHS = "event_months"
"""The schema of the events' partitions."""

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def instant(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable, server_default=text(default) if default else None)


def words(name: str, *, nullable: bool = True) -> Column[str]:
    """Text that is compared by its UTF-8 bytes."""
    return Column(name, Text(collation="C"), nullable=nullable)


def required(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], *, default: str | None = None) -> Column[Any]:
    return Column(name, kind, nullable=False, server_default=text(default) if default else None)
