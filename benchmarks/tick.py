"""What a tick costs with 100 and with 100,000 open tasks, of which none or five are due: flat in what is not due."""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert, update
from sqlmodel import col

from benchmarks.stand import middle, p95, say
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

FEW, MANY, TICKS, DUE = 100, 100_000, 100, 5
TOWN = "330824100"
LADDER = freeze(load_policy(DEFAULT_POLICY).ladder["report.verify"])


async def fill(database: Database, count: int, already: int, now: datetime) -> None:
    """Bring the open tasks up to so many, each with the report it is about; the next rung is days away."""
    reports, tasks = [], []
    for number in range(already + 1, count + 1):
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


async def ticks(database: Database, ticker: Ticker, due: int) -> list[float]:
    """Tick so often, each time with so many tasks due. → seconds each took."""
    took = []
    for turn in range(TICKS if not due else TICKS // 5):
        await make_due(database, ticker.clock.now(), range(turn * due + 1, turn * due + due + 1))
        began = perf_counter()
        done = await ticker.tick()
        took.append(perf_counter() - began)
        assert done == due, f"{done} of {due} tasks fired"
    return took


async def make_due(database: Database, now: datetime, which: range) -> None:
    """The time of these tasks has come."""
    async with database.transaction() as session:
        await session.exec(update(Task).where(col(Task.id).in_(which)).values(next_at=now, rung=0))


async def main() -> None:
    """The same ticker over both, in the same run."""
    with tempfile.TemporaryDirectory(prefix="cunshao-bench-") as folder:
        url = os.environ.get("CUNSHAO_DATABASE_URL", f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        database, clock = Database(Settings(database_url=url).database()), SystemClock()
        await settle(database, county(10))
        lines, costs, already = [], [], 0
        for count in (FEW, MANY):
            await fill(database, count, already, clock.now())
            ticker = Ticker(database, clock, load_policy(DEFAULT_POLICY), SCHEDULES)
            began = perf_counter()
            await ticker.tick()  # the auditor's turn is in the first tick of every minute
            audit = perf_counter() - began
            none, few = await ticks(database, ticker, 0), await ticks(database, ticker, DUE)
            costs.append((middle(none), middle(few)))
            lines.append(
                f"{count:,} open tasks: a tick takes {middle(none) * 1000:.2f} ms with none due "
                f"(p95 {p95(none) * 1000:.2f}) and {middle(few) * 1000:.1f} ms with {DUE}; "
                f"once a minute, with the auditor, {audit * 1000:.0f} ms"
            )
            already = count
        ratios = [many / few for few, many in zip(*costs, strict=True)]
        say(*lines, f"  {ratios[0]:.2f} x and {ratios[1]:.2f} x for {MANY // FEW:,} x the tasks")
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
