"""Engines and the one transaction in which everything happens; the only place of the product that commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

T = TypeVar("T")

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a committed report survives a power cut
    "foreign_keys=ON",
    "busy_timeout=10000",
)


class Bell:
    """Wakes loops of this process when something was committed; others find it by their own look at the rows."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Wake everybody who waits."""
        for waiter in self._waiters:
            waiter.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set at every ring; clear it before looking at the rows."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            yield waiter
        finally:
            self._waiters.discard(waiter)


async def rung(bell: asyncio.Event, most: float) -> None:
    """Wait for the next ring, at most so many seconds. (asyncio.wait_for of Python 3.11 may swallow a cancellation.)"""
    with suppress(TimeoutError):
        async with asyncio.timeout(most):
            await bell.wait()


async def insist(write: Callable[[], Awaitable[T]]) -> T:
    """Write an outcome down, again and again while the database is away; after some eight seconds it raises.

    Otherwise a claim whose outcome could not be noted would wait for the end of its lease.
    """
    for pause in (0.5, 1.0, 2.0, 4.0):
        try:
            return await write()
        except (SQLAlchemyError, OSError):
            await asyncio.sleep(pause)
    return await write()


class Database:
    """One database, SQLite or PostgreSQL, behind the same two doors: `transaction` to write and `reading` to look."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_async_engine(self.url, pool_pre_ping=not self.is_sqlite, pool_size=10)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
            event.listen(self.engine.sync_engine, "close", _end_sqlite)
        self._readers = self.engine.execution_options(reads_only=True)
        # SQLite has one writer; queueing here is fair, queueing in its busy handler is not.
        self._turn = asyncio.Lock() if self.is_sqlite else None
        self.bell = Bell()

    @asynccontextmanager
    async def transaction(self, *, ring: bool = True) -> AsyncIterator[AsyncSession]:
        """One write transaction: commits at the end, rolls back on any exception. Await no network inside.

        `ring=False` for a loop's own book-keeping (claims, leases), which gives nobody anything to do: a loop that
        found nothing would wake itself, and spin.
        """
        turn: AbstractAsyncContextManager[object] = self._turn or nullcontext()
        async with turn, AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
        if ring:
            self.bell.ring()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Look without holding up writers; nothing written here is kept."""
        async with AsyncSession(self._readers, expire_on_commit=False) as session:
            yield session

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3's own; we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _end_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Whoever is cancelled in a transaction has its connection closed, but sqlite3 really closes, and lets go of the
    # write lock, only when no statement of it is referred to any more, such as by a traceback: seconds, or never.
    with suppress(Exception):
        connection.rollback()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write under plain BEGIN fails with "database is locked" when another wrote meanwhile.
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
