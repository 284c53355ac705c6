"""The two doors to the database: all or nothing, on SQLite and PostgreSQL alike, and nobody left holding a lock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.database import Database, insist, rung
from bot.errors import is_database_fault
from models import lease
from models.lease import Lease

NOON = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def holder(database: Database, name: str) -> str | None:
    async with database.reading() as session:
        row = await session.get(Lease, name)
        return row.owner if row else None


async def test_all_or_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="in the middle"):
        async with database.transaction() as session:
            await lease.hold(session, NOON, "poller", "a", MINUTE)
            raise ValueError("in the middle")
    assert await holder(database, "poller") is None


async def test_what_is_written_while_reading_is_not_kept(database: Database) -> None:
    async with database.transaction() as session:
        await lease.hold(session, NOON, "poller", "a", MINUTE)
    async with database.reading() as session:
        await (await session.connection()).execute(text("UPDATE lease SET owner = 'b'"))
    assert await holder(database, "poller") == "a"


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as session:
        await lease.hold(session, NOON, "poller", "a", MINUTE)
        async with asyncio.timeout(2):
            assert await holder(database, "poller") is None
    assert await holder(database, "poller") == "a"


async def test_whoever_is_cancelled_leaves_no_lock_behind(database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as session:
            await lease.hold(session, NOON, "poller", "a", MINUTE)
            await lease.hold(session, NOON, "sender", "a", MINUTE)

    cancelled = []
    for step in range(60):
        cancelled.append(asyncio.create_task(write()))  # kept: their tracebacks refer to the statements under way
        await asyncio.sleep(step * 0.0001)
        cancelled[-1].cancel()
        await asyncio.wait({cancelled[-1]})
        began = monotonic()
        async with database.transaction() as session:
            await lease.hold(session, NOON, "other", f"{step}", MINUTE)
        assert monotonic() - began < 2, f"the lock was held after step {step}"
    assert any(task.cancelled() for task in cancelled)


async def test_a_commit_wakes_who_listens_and_book_keeping_does_not(database: Database) -> None:
    async with database.bell.listening() as bell:
        async with database.transaction(ring=False):
            pass
        assert not bell.is_set()
        with pytest.raises(ValueError, match="rolled back"):
            async with database.transaction():
                raise ValueError("rolled back")
        assert not bell.is_set()
        async with database.transaction():
            pass
        assert bell.is_set()
        began = monotonic()
        await rung(bell, 5)
        assert monotonic() - began < 1


async def test_an_outcome_is_insisted_on_while_the_database_is_away() -> None:
    tried: list[int] = []

    async def write() -> str:
        tried.append(1)
        if len(tried) == 1:
            raise OperationalError("UPDATE", {}, Exception())
        return "written"

    assert await insist(write) == "written"


async def test_a_mistake_of_ours_is_not_insisted_on() -> None:
    async def write() -> str:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await insist(write)


@pytest.mark.parametrize("error", [TimeoutError(), FileNotFoundError(), ConnectionResetError(), ValueError()])
def test_what_a_handler_fails_at_is_no_fault_of_the_database(error: Exception) -> None:
    """Otherwise it would be tried for ever, and its chat would wait for ever."""
    assert not is_database_fault(error)
    assert is_database_fault(OperationalError("UPDATE", {}, error))


# --- leases -----------------------------------------------------------------------------------------------------------


async def test_a_lease_has_one_holder_until_it_ends(database: Database) -> None:
    async with database.transaction() as session:
        assert await lease.hold(session, NOON, "sender", "a", MINUTE)
        assert not await lease.hold(session, NOON + MINUTE / 2, "sender", "b", MINUTE)
        assert await lease.hold(session, NOON + MINUTE / 2, "sender", "a", MINUTE), "its holder renews it"
        assert not await lease.hold(session, NOON + MINUTE, "sender", "b", MINUTE)
        assert await lease.hold(session, NOON + MINUTE * 1.5, "sender", "b", MINUTE)
        assert not await lease.hold(session, NOON + MINUTE * 1.5, "sender", "a", MINUTE)
        assert await lease.hold(session, NOON, "poller", "a", MINUTE), "each lease is its own"


async def test_a_lease_given_back_is_free_at_once(database: Database) -> None:
    async with database.transaction() as session:
        await lease.hold(session, NOON, "sender", "a", MINUTE)
        await lease.let_go(session, NOON, "sender", "b")
        assert not await lease.hold(session, NOON, "sender", "b", MINUTE), "only its holder gives it back"
        await lease.let_go(session, NOON, "sender", "a")
        assert await lease.hold(session, NOON, "sender", "b", MINUTE)


async def test_of_many_rivals_one_gets_the_lease(database: Database) -> None:
    async def rival(owner: str) -> bool:
        async with database.transaction() as session:
            return await lease.hold(session, NOON, "sender", owner, MINUTE)

    assert sum(await asyncio.gather(*(rival(f"{number}") for number in range(8)))) == 1
