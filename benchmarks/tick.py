"""What a tick costs with 100 and with 100,000 open tasks, of which none or five are due: flat in what is not due."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert, update
from sqlmodel import col

from benchmarks.stand import middle, say
from bot.app import SCHEDULES
from bot.clock import SystemClock
from bot.database import Database
from bot.settings import DEFAULT_POLICY, Settings, load_policy
from bot.ticker import Ticker
from models.people.rules import Role
from models.report.rules import Status as Stage
from models.report.tables import Report
from models.task.rules import Status, freeze
from models.task.tables import Task
from tests.crash.county import county, settle

FEW, MANY, TICKS, DUE = 100, 100_000, 300, 5
TOWN = "330824100"
LADDER = freeze(load_policy(DEFAULT_POLICY).ladder["report.verify"])


async def fill(database: Database, count: int, now: datetime) -> None:
    """Open so many tasks, each with the report it is about; the next rung of each is days away."""
    await settle(database, county(10))
    reports, tasks = [], []
    for number in range(1, count + 1):
        at = now - timedelta(minutes=number % 1000)
        reports.append({
            "id": number, "number": f"YH-{number}", "reporter_id": 1, "region_code": f"{TOWN}200",
            "township_code": TOWN, "status": Stage.SUBMITTED, "kind": "A1", "created_at": at, "last_part_at": at,
            "submitted_at": at,
        })  # fmt: skip
        tasks.append({
            "id": number, "kind": "report.verify", "subject_id": number, "round": 0, "status": Status.OPEN,
            "role": Role.TOWNSHIP_OFFICER, "region_code": TOWN, "place_path": f"/330824/{TOWN}/",
            "reached": Role.TOWNSHIP_OFFICER, "opened_at": at, "due_at": now + timedelta(days=3), "rung": 1,
            "next_at": now + timedelta(days=2, seconds=number), "ladder": LADDER,
        })  # fmt: skip
    async with database.transaction() as session:
        connection = await session.connection()
        for start in range(0, len(tasks), 5000):
            await connection.execute(insert(Report), reports[start : start + 5000])
            await connection.execute(insert(Task), tasks[start : start + 5000])


async def ticks(tickers: Sequence[Ticker], due: int) -> list[float]:
    """Tick in turn, so that whatever else the machine does meets all alike. → the median seconds of each."""
    took: list[list[float]] = [[] for _ in tickers]
    for turn in range(TICKS if not due else FEW // DUE):
        for ticker, times in zip(tickers, took, strict=True):
            await make_due(ticker.database, ticker.clock.now(), range(turn * due + 1, turn * due + due + 1))
            began = perf_counter()
            done = await ticker.tick()
            times.append(perf_counter() - began)
            assert done == due, f"{done} of {due} tasks fired"
    return [middle(times) for times in took]


async def make_due(database: Database, now: datetime, which: range) -> None:
    """The time of these tasks has come."""
    async with database.transaction() as session:
        await session.exec(update(Task).where(col(Task.id).in_(which)).values(next_at=now, rung=0))


async def main() -> None:
    """One ticker over few tasks and one over many."""
    with tempfile.TemporaryDirectory(prefix="cunshao-bench-") as folder:
        tickers, audits, policy = [], [], load_policy(DEFAULT_POLICY)
        for count in (FEW, MANY):
            database = Database(Settings(database_url=f"sqlite:///{Path(folder) / str(count)}.sqlite").database())
            await fill(database, count, SystemClock().now())
            tickers.append(Ticker(database, SystemClock(), policy, SCHEDULES))
            began = perf_counter()
            await tickers[-1].tick()  # the auditor's turn is in the first tick of every minute
            audits.append(perf_counter() - began)
        none, some = await ticks(tickers, 0), await ticks(tickers, DUE)
        lines = [
            f"{count:,} open tasks: a tick takes {none[at] * 1000:.2f} ms with none due and {some[at] * 1000:.1f} ms "
            f"with {DUE}; once a minute, with the auditor, {audits[at] * 1000:.0f} ms"
            for at, count in enumerate((FEW, MANY))
        ]
        say(*lines, f"  {none[1] / none[0]:.2f} x and {some[1] / some[0]:.2f} x for {MANY // FEW:,} x the tasks")
        for ticker in tickers:
            await ticker.database.close()


if __name__ == "__main__":
    asyncio.run(main())
