"""Brings the schema up, takes it down in tests, and tells where tables and migrations disagree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from models.metadata import metadata

SCRIPTS = Path(__file__).resolve().parent.parent / "models" / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


async def _with(engine: AsyncEngine, do: Callable[[Connection], Any]) -> Any:
    # alembic is not asynchronous; run_sync lends it the connection.
    async with engine.begin() as connection:
        return await connection.run_sync(do)


def move(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to a revision inside the caller's transaction (under `run_sync`)."""
    command.upgrade(_config(connection), revision)


def revisions() -> list[str]:
    """Every revision this program knows, the newest first."""
    return [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()]


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the schema up to a revision."""
    await _with(engine, lambda connection: command.upgrade(_config(connection), revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take the schema down to a revision; "base" leaves nothing."""
    await _with(engine, lambda connection: command.downgrade(_config(connection), revision))


async def differences(engine: AsyncEngine) -> list[Any]:
    """Where the database differs from the tables in the code; empty when migrations and models agree."""

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    found: list[Any] = await _with(engine, compare)
    return found


async def revision(engine: AsyncEngine) -> str | None:
    """The revision the database stands at; None for an empty one."""
    current: str | None = await _with(
        engine, lambda connection: MigrationContext.configure(connection).get_current_revision()
    )
    return current


async def write_revision(engine: AsyncEngine, message: str, number: str) -> None:
    """For developers: write the next migration from what the tables have and the database lacks."""
    await _with(
        engine,
        lambda connection: command.revision(_config(connection), message, autogenerate=True, rev_id=number),
    )
