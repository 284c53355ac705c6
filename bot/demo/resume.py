"""Takes the last demo up where it stopped, or clears it away; must not know what stands in chats or tables."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import datetime
from pathlib import Path

import structlog
import typer
from alembic.util import CommandError
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from bot import schema
from bot.clock import Clock
from bot.database import Database
from bot.sandbox import Sandbox, Unreadable
from models.lease import Lease

EVERY_SECONDS = 2.0
DATABASE, CHATS, CLOCK = "cunshao.sqlite", "chats", "clock.json"

log = structlog.get_logger()


def start_over(folder: Path) -> None:
    """Forget everything: chats, database, photos, and how far the clock was pushed."""
    if folder.exists():
        shutil.rmtree(folder)


def last_moment(folder: Path) -> datetime | None:
    """Where the demo's clock stood when it was last seen; None for a new demo."""
    try:
        return datetime.fromisoformat(json.loads((folder / CLOCK).read_text(encoding="utf-8"))["now"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_clock(clock: Clock, folder: Path) -> None:
    """Remember where the clock stands: after a restart time must not go back."""
    (folder / CLOCK).write_text(json.dumps({"now": clock.now().isoformat()}), encoding="utf-8")


async def resumed(sandbox: Sandbox, folder: Path) -> bool:
    """Bring the chats back. False, and one sentence said: chats and database need each other, and one is no use."""
    try:
        found = sandbox.restore(folder / CHATS)
    except Unreadable as unreadable:
        typer.echo(f"{unreadable} The demo starts over.")
        return False
    database = folder / DATABASE
    if not found and not database.exists():
        return True
    if found and database.exists() and await _fits(database):
        return True
    typer.echo("The last demo's database and chats do not fit together. The demo starts over.")
    return False


async def _fits(file: Path) -> bool:
    """Whether the database can be brought to the tables of this version.

    Nobody else works on it, so what a killed demo held is free at once: otherwise the new one would wait two minutes.
    """
    database = Database(f"sqlite+aiosqlite:///{file}")
    try:
        await schema.upgrade(database.engine)
        if await schema.differences(database.engine):
            return False
        async with database.transaction() as session:
            await session.exec(delete(Lease))
        return True
    except (SQLAlchemyError, CommandError):
        return False
    finally:
        await database.close()


async def keep(sandbox: Sandbox, clock: Clock, folder: Path) -> None:
    """Save the clock, and the chats when something changed, every two seconds until cancelled."""
    while True:
        try:
            sandbox.save(folder / CHATS)
            keep_clock(clock, folder)
        except OSError as error:  # a full disk must not end the demo; the next round tries again
            log.warning("chats_not_kept", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
