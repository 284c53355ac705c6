"""Alembic's entry: runs the migrations over the connection that bot/schema hands in; never opens one itself."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON
from sqlmodel.sql.sqltypes import AutoString

from models.base import UtcDateTime
from models.metadata import metadata


def plainly(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types as SQLAlchemy's, so that an old migration never depends on today's code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by building it anew
    compare_type=True,
    render_item=plainly,
)
with context.begin_transaction():
    context.run_migrations()
