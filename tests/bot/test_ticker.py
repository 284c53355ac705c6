"""The metronome: what is due is done once, however many tick, however long nobody did; one failure stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.ticker import Ticker
from models import journal, lease
from models.lease import Lease
from models.outbox import Outgoing
from models.people.actions import mark_unreachable
from models.people.rules import Role
from models.people.tables import Person
from models.policy import Policy
from models.task import actions as tasks
from models.task.tables import Task
from schedules import task as task_schedule
from tests.bot.core import on_sqlite, until
from tests.cast import POLICY, Cast
from tests.village import CAST, MORNING, TOWN, VILLAGE

VERIFY = "report.verify"  # reminds after 30 minutes and 2 hours, tells the county after 12 and every 12 hours again
ABOUT = 7


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = MORNING

    def now(self) -> datetime:
        """The time set by hand."""
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def ticker(cast: Cast, clock: HandClock) -> Ticker:
    return Ticker(cast.database, clock, POLICY, (task_schedule,))


@pytest.fixture
async def rival(cast: Cast, clock: HandClock) -> AsyncIterator[Ticker]:
    """Another process on the same database."""
    other = Database(cast.database.url.render_as_string(hide_password=False))
    yield Ticker(other, clock, POLICY, (task_schedule,))
    await other.close()


@pytest.fixture
async def task_id(cast: Cast) -> int:
    """A report of 华山村 waits for the township since nine in the morning."""
    async with cast.database.transaction() as session:
        opened = await tasks.open_task(
            session, MORNING, VERIFY, ABOUT, role=Role.TOWNSHIP_OFFICER, region_code=TOWN,
            place_path=f"/330824/{TOWN}/{VILLAGE}/", ladder=POLICY.ladder[VERIFY],
        )  # fmt: skip
    assert opened is not None
    return opened


async def told(cast: Cast) -> list[tuple[str, float]]:
    """Who was reminded, and how many hours after nine."""
    async with cast.database.reading() as session:
        rows = await session.exec(select(Outgoing).order_by(col(Outgoing.id)))
        found = [(row.person_id or 0, row.created_at) for row in rows if row.kind.startswith((VERIFY, "task."))]
    return [(cast.names([person])[0], round((at - MORNING).total_seconds() / 3600, 2)) for person, at in found]


async def test_a_rung_fires_when_it_is_due_and_once(cast: Cast, clock: HandClock, ticker: Ticker, task_id: int) -> None:
    await cast.joins("olga", "oscar", "otto", "carol")
    clock.at = MORNING + timedelta(minutes=29, seconds=59)
    assert await ticker.tick() == 0
    assert await told(cast) == []
    clock.at = MORNING + timedelta(minutes=30)
    assert await ticker.tick() == 1
    assert await ticker.tick() == 0
    assert await told(cast) == [("olga", 0.5), ("oscar", 0.5)]
    assert ticker.ticked_at == clock.at


async def test_a_rung_fires_once_although_two_processes_tick(
    cast: Cast, clock: HandClock, ticker: Ticker, rival: Ticker, task_id: int
) -> None:
    await cast.joins("olga", "oscar")
    for hours in (0.5, 2.0):
        clock.at = MORNING + timedelta(hours=hours)
        await asyncio.gather(*(each.tick() for each in (ticker, rival) for _ in range(4)))
    assert await told(cast) == [("olga", 0.5), ("oscar", 0.5), ("olga", 2.0), ("oscar", 2.0)]
    async with cast.database.reading() as session:
        verbs = [entry.verb for entry in await journal.read(session, "task", task_id)]
    assert verbs == ["open", "remind", "remind"]


async def test_after_a_day_of_silence_rungs_come_one_a_tick_and_five_minutes_apart(
    cast: Cast, clock: HandClock, ticker: Ticker, task_id: int
) -> None:
    await cast.joins("olga", "carol")
    clock.at = MORNING + timedelta(hours=24)
    fired: list[datetime] = []
    for _ in range(30 * 6):
        fired += [clock.at] * await ticker.tick()
        clock.at += timedelta(seconds=10)
    assert len(fired) == 3
    assert all(after - before >= timedelta(minutes=5) for before, after in pairwise(fired))
    assert [name for name, _ in await told(cast)] == ["olga", "olga", "carol"]


async def test_it_climbs_to_the_county_and_returns_until_somebody_acts(
    cast: Cast, clock: HandClock, ticker: Ticker, task_id: int
) -> None:
    await cast.joins("olga", "otto", "carol")
    for hours in (0.5, 2, 12, 24, 36):
        clock.at = MORNING + timedelta(hours=hours)
        await ticker.tick()
    seen = await told(cast)
    assert [name for name, _ in seen[:2]] == ["olga", "olga"]
    assert {name for name, _ in seen[2:]} == {"carol"}
    assert len(seen) >= 4


@pytest.mark.parametrize("end", [tasks.finish, tasks.drop])
async def test_what_is_over_is_silent(
    cast: Cast, clock: HandClock, ticker: Ticker, task_id: int, end: type[object]
) -> None:
    await cast.joins("olga")
    async with cast.database.transaction() as session:
        assert await end(session, MORNING, VERIFY, ABOUT, cast.ids["olga"])  # type: ignore[call-arg, misc]
    clock.at = MORNING + timedelta(days=3)
    assert await ticker.tick() == 0
    assert await ticker.next_due() is None
    assert await told(cast) == []


async def test_a_deputy_is_told_in_the_place_of_who_is_away(
    cast: Cast, clock: HandClock, ticker: Ticker, task_id: int
) -> None:
    await cast.joins("olga", "oscar", "lena")
    async with cast.database.transaction() as session:
        (await session.get_one(Person, cast.ids["olga"])).deputy_id = cast.ids["lena"]
        await mark_unreachable(session, MORNING, CAST["olga"][0], "bot was blocked by the user")
    clock.at = MORNING + timedelta(minutes=30)
    await ticker.tick()
    assert {name for name, _ in await told(cast)} == {"oscar", "lena"}


@pytest.mark.parametrize("why", ["nobody joined", "everybody blocked"])
async def test_a_township_that_cannot_be_reached_is_passed_at_once(
    cast: Cast, clock: HandClock, ticker: Ticker, task_id: int, why: str
) -> None:
    await cast.joins("carol", "otto")
    if why == "everybody blocked":
        await cast.joins("olga", "oscar")
        async with cast.database.transaction() as session:
            for name in ("olga", "oscar"):
                await mark_unreachable(session, MORNING, CAST[name][0], "bot was blocked by the user")
    clock.at = MORNING + timedelta(minutes=30)
    await ticker.tick()
    assert await told(cast) == [("carol", 0.5)]


async def test_with_nobody_there_at_all_it_goes_on_trying(
    cast: Cast, clock: HandClock, ticker: Ticker, task_id: int
) -> None:
    for hours in (0.5, 2, 12):
        clock.at = MORNING + timedelta(hours=hours)
        await ticker.tick()
    assert await told(cast) == []
    await cast.joins("carol")
    clock.at = MORNING + timedelta(hours=24)
    await ticker.tick()
    assert [name for name, _ in await told(cast)] == ["carol"]


# --- the metronome itself ---------------------------------------------------------------------------------------------


class Leases:
    """A schedule whose rows are numbers: it notes each in a lease, and fails at some."""

    def __init__(self, *due: int, failing: int = 0, blind: bool = False) -> None:
        self.keys, self.failing, self.blind = list(due), failing, blind

    async def due(self, _session: AsyncSession, _now: datetime) -> list[int]:
        """The numbers."""
        if self.blind:
            raise OSError("the database is away")
        return self.keys

    async def act(self, session: AsyncSession, now: datetime, _policy: Policy, key: int, /) -> None:
        """Note the number, then fail if it is the one."""
        await lease.hold(session, now, f"number {key}", "ticker", timedelta(0))
        if key == self.failing:
            raise ValueError

    async def next_due(self, _session: AsyncSession) -> datetime | None:
        """So many minutes after nine as the first number says."""
        return MORNING + timedelta(minutes=self.keys[0]) if self.keys else None


async def noted(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.exec(select(Lease.name).order_by(col(Lease.name))))


async def test_one_row_that_fails_stops_no_other_and_leaves_nothing(database: Database, clock: HandClock) -> None:
    ticker = Ticker(database, clock, POLICY, (Leases(1, 2, 3, failing=2),))
    assert await ticker.tick() == 2
    assert await noted(database) == ["number 1", "number 3"]


async def test_one_schedule_that_fails_stops_no_other(database: Database, clock: HandClock) -> None:
    ticker = Ticker(database, clock, POLICY, (Leases(1, blind=True), Leases(2)))
    assert await ticker.tick() == 1
    assert await noted(database) == ["number 2"]


async def test_the_next_moment_is_the_earliest_of_all(database: Database, clock: HandClock) -> None:
    ticker = Ticker(database, clock, POLICY, (Leases(), Leases(20), Leases(10)))
    assert await ticker.next_due() == MORNING + timedelta(minutes=10)
    assert await Ticker(database, clock, POLICY, (Leases(),)).next_due() is None


@on_sqlite
async def test_it_ticks_by_itself_and_ends_when_it_is_told(database: Database, clock: HandClock) -> None:
    ticker = Ticker(database, clock, POLICY, (Leases(1),))
    running = asyncio.create_task(ticker.run())
    await until(lambda: ticker.ticked_at)
    running.cancel()
    await asyncio.wait({running}, timeout=2)
    assert running.cancelled()
    assert await noted(database) == ["number 1"]


async def test_what_is_due_is_looked_up_by_an_index(cast: Cast, task_id: int) -> None:
    async with cast.database.reading() as session:
        assert [index.name for index in Task.metadata.tables["task"].indexes if "next_at" in index.columns] == [
            "ix_task_next"
        ]
        assert await tasks.due(session, MORNING + timedelta(minutes=30)) == [task_id]
