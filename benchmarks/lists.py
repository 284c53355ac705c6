"""What a county's lists and searches cost with 1,000 and with 100,000 cases, 300 of them open; and with 3,000 open."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.stand import middle, say
from bot.database import Database
from bot.settings import DEFAULT_POLICY, Settings, load_policy
from models.hazard import register, search
from models.hazard.holding import FIX
from models.hazard.register import Pick, Scope, Wanted
from models.hazard.search import Word
from models.people.rules import Me, Role, Seat
from models.report.rules import OPEN, Severity, Status
from models.report.tables import Remark, Report
from models.task.rules import Status as TaskStatus
from models.task.rules import freeze
from models.task.tables import Task
from tests.crash.county import COUNTY, TOWNS, county, settle

SIZES = ((1_000, 300), (100_000, 300), (100_000, 3_000))  # cases, and how many of them are open
NOW = datetime(2026, 7, 29, 12, tzinfo=UTC)
A_DAY = 33  # cases reported: a month has a thousand
TIMES = 9
LADDER = freeze(load_policy(DEFAULT_POLICY).ladder["report.verify"])
CAROL = Me(1, "Carol", (Seat(Role.COUNTY_ADMIN, COUNTY, f"/{COUNTY}/", ""),))
TOWN = f"{COUNTY}100"
OLGA = Me(2, "Olga", (Seat(Role.TOWNSHIP_OFFICER, TOWN, f"/{COUNTY}/{TOWN}/", ""),))
BOB = Me(3, "Bob", (Seat(Role.GRID_WORKER, f"{TOWN}200", f"/{COUNTY}/{TOWN}/{TOWN}200/", ""),))

Ask = Callable[[AsyncSession], Awaitable[Any]]


async def fill(database: Database, cases: int, open_: int) -> None:
    """So many of them are open, the others were closed after three days; a sentence belongs to each."""
    waiting = {number for number in range(1, cases + 1) if number * open_ // cases > (number - 1) * open_ // cases}
    await settle(database, county(TOWNS))
    async with database.transaction() as session:
        connection = await session.connection()
        for start in range(0, cases, 5000):
            numbers = range(start + 1, min(start + 5000, cases) + 1)
            await connection.execute(insert(Report), [_report(each, cases, each in waiting) for each in numbers])
            await connection.execute(
                insert(Remark), [{"report_id": each, "message_id": 1, "words": f"屋后裂缝{each}"} for each in numbers]
            )
        await connection.execute(insert(Task), [_task(each) for each in sorted(waiting)])


def _report(number: int, cases: int, is_open: bool) -> dict[str, Any]:
    town, at = f"{COUNTY}{100 + number // 7 % TOWNS}", NOW - timedelta(days=(cases - number) / A_DAY)
    return {
        "id": number, "number": f"YH-{town}-{at:%y%m%d}-{number % 10000:04}-X", "reporter_id": 4 if number % 100 else 3,
        "region_code": f"{town}200", "township_code": town, "kind": "A01", "severity": Severity.L,
        "status": OPEN[number // 11 % len(OPEN)] if is_open else Status.CLOSED, "created_at": at, "last_part_at": at,
        "submitted_at": at, "ended_at": None if is_open else min(at + timedelta(days=3), NOW),
    }  # fmt: skip


def _task(number: int) -> dict[str, Any]:
    due = NOW + timedelta(hours=number % 97 - 10)
    return {
        "kind": FIX, "subject_id": number, "round": 0, "status": TaskStatus.OPEN, "role": Role.TOWNSHIP_OFFICER,
        "region_code": TOWN, "place_path": f"/{COUNTY}/", "reached": Role.TOWNSHIP_OFFICER, "opened_at": NOW,
        "due_at": due, "next_at": due, "ladder": LADDER,
    }  # fmt: skip


def _list(me: Me, wanted: Wanted) -> Ask:
    async def ask(session: AsyncSession) -> None:
        await register.counts(session, NOW, me, wanted)
        page = await register.page(session, NOW, me, wanted)
        assert page.rows, wanted
        await register.page(session, NOW, me, wanted, page.last)

    return ask


def _search(me: Me, *words: str) -> Ask:
    async def ask(session: AsyncSession) -> None:
        assert (await search.search(session, NOW, me, [Word(word) for word in words])).total

    return ask


MONTH = Wanted(Scope.AREA, Pick.CLOSED, TOWN, since=NOW - timedelta(days=30), until=NOW + timedelta(days=1))
ASKED: dict[str, Ask] = {
    "open, county": _list(CAROL, Wanted(Scope.AREA, Pick.OPEN, COUNTY)),
    "open, township": _list(OLGA, Wanted(Scope.AREA, Pick.OPEN, TOWN)),
    "a month's closed, township": _list(OLGA, MONTH),
    "one's own": _list(BOB, Wanted(Scope.MINE, Pick.ALL)),
    "a search, county": _search(CAROL, "裂缝", "00"),
    "a search, township": _search(OLGA, "裂缝", "00"),
}


async def took(databases: Sequence[Database], ask: Ask) -> list[float]:
    """The median milliseconds in each, asked in turn."""
    times: list[list[float]] = [[] for _ in databases]
    for _ in range(TIMES):
        for database, mine in zip(databases, times, strict=True):
            async with database.reading() as session:
                began = perf_counter()
                await ask(session)
                mine.append((perf_counter() - began) * 1000)
    return [middle(mine) for mine in times]


async def main() -> None:
    """One database for each size."""
    databases = []
    with tempfile.TemporaryDirectory(prefix="cunshao-bench-") as folder:
        for number, size in enumerate(SIZES):
            url = f"sqlite:///{Path(folder) / str(number)}.sqlite"
            databases.append(Database(Settings(database_url=url).database()))
            await fill(databases[-1], *size)
        lines = [" / ".join(f"{cases:,} cases, {open_:,} open" for cases, open_ in SIZES)]
        for name, ask in ASKED.items():
            times = await took(databases, ask)
            shown = " / ".join(f"{each:.1f} ms" for each in times)
            lines.append(f"{name}: {shown}  {times[1] / times[0]:.2f} x for the history, {times[2] / times[1]:.1f} x")
        for database in databases:
            await database.close()
        say(*lines)


if __name__ == "__main__":
    asyncio.run(main())
