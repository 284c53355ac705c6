"""What it costs to find a case again by place and picture, among 1,000 photos and 100,000 of a larger land."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from sqlalchemy import insert

from benchmarks.stand import middle, say
from bot.clock import SystemClock
from bot.database import Database
from bot.settings import DEFAULT_POLICY, Settings, load_policy
from models.hazard import likeness
from models.people import actions as people
from models.report.rules import Status, bands
from models.report.tables import Photo, Report
from tests.crash.county import county, settle

FEW, MANY, ASKED = 1_000, 100_000, 200
TOWN = "330824100"
EVERY = 50  # one case in so many is open; the others ended years ago
WIDTH = 0.2  # degrees over which the few lie; the many have a hundred times the land, as a province has


async def fill(database: Database, count: int, now: datetime) -> None:
    """So many reports with a photo each, as dense as in one township; the last ones ask, and are alike to the first."""
    await settle(database, county(10))
    dice, looks, width = Random(1), Random(2), WIDTH * (count / FEW) ** 0.5
    reports, photos, seen = [], [], [looks.getrandbits(64) for _ in range(count)]
    for number in range(1, count + ASKED + 1):
        asks, at = number > count, now - timedelta(days=5)
        look = seen[number - count - 1] ^ 0b1001 << dice.randrange(60) if asks else seen[number - 1]
        is_open = asks or number <= ASKED or not number % EVERY
        reports.append({
            "id": number, "number": f"YH-{number}", "reporter_id": 1, "region_code": f"{TOWN}200",
            "township_code": TOWN, "status": Status.SUBMITTED if is_open else Status.CLOSED, "kind": "A1",
            "created_at": at, "last_part_at": at, "submitted_at": at, "place_source": "phone",
            "ended_at": None if is_open else now - timedelta(days=400),
            "latitude": 28 + dice.random() * width, "longitude": 118 + dice.random() * width,
        })  # fmt: skip
        text = f"{look:016x}"
        words = dict(zip(("band1", "band2", "band3", "band4"), bands(text), strict=True))
        photos.append({
            "id": number, "report_id": number, "file_id": str(number), "unique_id": str(number), "nth": 1,
            "received_at": at, "likeness": text, **words,
        })  # fmt: skip
    async with database.transaction() as session:
        connection = await session.connection()
        for start in range(0, len(reports), 5000):
            await connection.execute(insert(Report), reports[start : start + 5000])
            await connection.execute(insert(Photo), photos[start : start + 5000])


async def asked(databases: Sequence[Database], counts: Sequence[int], now: datetime) -> list[list[float]]:
    """Ask in turn, so that whatever else the machine does meets all alike. → the seconds of each."""
    policy = load_policy(DEFAULT_POLICY)
    took: list[list[float]] = [[] for _ in databases]
    for turn in range(ASKED):
        for database, count, times in zip(databases, counts, took, strict=True):
            async with database.reading() as session:
                me = await people.person(session, 1)
                assert me is not None
                began = perf_counter()
                found = await likeness.alike(session, now, policy, me, count + turn + 1)
                times.append(perf_counter() - began)
            assert turn + 1 in {match.id for match in found if match.bits == 2}, "the picture was not found again"
    return took


async def main() -> None:
    """One database with few photos and one with many."""
    with tempfile.TemporaryDirectory(prefix="cunshao-bench-") as folder:
        databases, counts, now = [], (FEW, MANY), SystemClock().now()
        for count in counts:
            databases.append(
                Database(Settings(database_url=f"sqlite:///{Path(folder) / str(count)}.sqlite").database())
            )
            await fill(databases[-1], count, now)
        few, many = (middle(times) for times in await asked(databases, counts, now))
        say(
            *(
                f"{count:,} photos: {ms * 1000:.2f} ms to find what is alike"
                for count, ms in zip(counts, (few, many), strict=True)
            ),
            f"  {many / few:.2f} x for {MANY // FEW:,} x the photos",
        )
        for database in databases:
            await database.close()


if __name__ == "__main__":
    asyncio.run(main())
