"""What a county's month costs with 1,000 cases in it, with 100,000 older ones behind it, and with 100,000 in it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from sqlalchemy import insert

from benchmarks.stand import middle, say
from bot.database import Database
from bot.settings import Settings
from models.hazard import figures
from models.journal import JournalEntry
from models.report.rules import Status
from models.report.tables import Report
from tests.crash.county import COUNTY, TOWNS, county, settle

MONTHS = ((1_000, 0), (1_000, 100_000), (100_000, 0))  # cases in the month, and long before it
JULY, NOW = date(2026, 7, 1), datetime(2026, 7, 29, 12, tzinfo=UTC)
TIMES = 5
DAYS = 28
STEPS = (("submitted", 0), ("accepted", 1), ("registered", 1), ("assigned", 2), ("fixed", 30), ("closed", 40))


async def fill(database: Database, now: datetime, within: int, before: int) -> None:
    """So many cases, each through all six steps in forty hours, spread over four weeks of July and the year before."""
    await settle(database, county(TOWNS))
    async with database.transaction() as session:
        connection = await session.connection()
        for start in range(0, within + before, 5000):
            reports: list[dict[str, Any]] = []
            entries: list[dict[str, Any]] = []
            for number in range(start + 1, min(start + 5000, within + before) + 1):
                minutes = number * 7919 % (DAYS * 1440)
                at = now - timedelta(minutes=minutes, days=0 if number <= within else 60 + number % 300)
                reports.append(_report(number, at, now))
                entries += [
                    _entry(number, nth, at + timedelta(hours=step[1]), step[0]) for nth, step in _until(at, now)
                ]
            await connection.execute(insert(Report), reports)
            await connection.execute(insert(JournalEntry), entries)


def _until(at: datetime, now: datetime) -> list[tuple[int, tuple[str, int]]]:
    return [(nth, step) for nth, step in enumerate(STEPS, 1) if at + timedelta(hours=step[1]) <= now]


def _report(number: int, at: datetime, now: datetime) -> dict[str, Any]:
    town, ended = f"{COUNTY}{100 + number % TOWNS}", at + timedelta(hours=STEPS[-1][1])
    return {
        "id": number, "number": f"YH-{number}", "reporter_id": 1, "region_code": f"{town}200", "township_code": town,
        "status": Status.CLOSED if ended <= now else Status.ASSIGNED, "kind": "A1", "created_at": at,
        "last_part_at": at, "submitted_at": at, "ended_at": ended if ended <= now else None,
    }  # fmt: skip


def _entry(number: int, nth: int, at: datetime, verb: str) -> dict[str, Any]:
    return {
        "at": at, "actor_id": None, "verb": verb, "subject": "report", "subject_id": str(number), "facts": {},
        "nth": nth, "previous": "", "hash": "",
    }  # fmt: skip


async def took(databases: Sequence[Database]) -> list[float]:
    """The median seconds of the processor for the county's figures in each, asked in turn."""
    zone = Settings().zone()
    times: list[list[float]] = [[] for _ in databases]
    for _ in range(TIMES):
        for database, mine in zip(databases, times, strict=True):
            async with database.reading() as session:
                began = process_time()
                await figures.month(session, NOW, zone, COUNTY, JULY)
                mine.append(process_time() - began)
    return [middle(mine) for mine in times]


async def main() -> None:
    """One database for each."""
    databases = []
    with tempfile.TemporaryDirectory(prefix="cunshao-bench-") as folder:
        for number, (within, before) in enumerate(MONTHS):
            databases.append(
                Database(Settings(database_url=f"sqlite:///{Path(folder) / str(number)}.sqlite").database())
            )
            await fill(databases[-1], NOW, within, before)
        times = await took(databases)
        for database in databases:
            await database.close()
    lines = [
        f"{within:,} cases in the month and {before:,} before: {seconds * 1000:.0f} ms of a core"
        for (within, before), seconds in zip(MONTHS, times, strict=True)
    ]
    say(
        *lines,
        f"  {times[1] / times[0]:.2f} x with {MONTHS[1][1]:,} older ones behind it, {times[2] / times[0]:.0f} x for "
        f"{MONTHS[2][0] // MONTHS[0][0]} x the cases",
    )


if __name__ == "__main__":
    asyncio.run(main())
