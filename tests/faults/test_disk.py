"""The disk is full: photos wait at Telegram, updates are not confirmed, and both come when there is room again."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

import pytest
from sqlmodel import select

from bot.database import Database
from bot.sandbox import Limits, Sandbox, serve
from bot.settings import Settings
from models.report.tables import Photo
from tests.bot.core import on_sqlite
from tests.crash.county import county, settle
from tests.crash.process import Process
from tests.crash.script import numbers
from tests.faults.line import LinedVillage, confirm, in_time, nothing_lost, tell
from tests.village import PIXEL, TOKEN


async def photo_of(village: LinedVillage) -> Photo:
    """The only photo."""
    async with village.app.database.reading() as session:
        return (await session.exec(select(Photo))).one()


@on_sqlite
async def test_a_photo_that_cannot_be_written_waits_and_stops_nothing(village: LinedVillage) -> None:
    """The report goes its way; the photo stays due, and is fetched when its folder can be written again."""
    folder = village.app.settings.data_dir / "photos"
    folder.write_bytes(b"a file stands where the folder should be")
    tell(village, "bob")
    await confirm(village, "bob")
    photo = await photo_of(village)
    assert (photo.path, photo.attempts) == (None, 0), "the disk's fault is not the photo's"
    assert photo.fetch_at is not None
    folder.unlink()
    path = folder / next(iter(numbers(village.bob)))
    await in_time(village, lambda: list(path.glob("*.jpg")))
    assert [each.read_bytes() for each in path.glob("*.jpg")] == [PIXEL + b"bob"]
    await nothing_lost(village, "bob")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux sets another process's limits")
async def test_a_full_disk_confirms_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """The real bot may suddenly write no more byte into any file, and later again."""
    people, sandbox = county(2), Sandbox(limits=Limits(flood=False, same_offset_throttle=False))
    people.bring(sandbox)
    url = f"sqlite:///{tmp_path / 'full.sqlite'}"
    database = Database(Settings(database_url=url).database())
    await settle(database, people)
    await database.close()
    async with serve(sandbox) as api:
        more = {"CUNSHAO_BOT_TOKEN": TOKEN, "CUNSHAO_BOT_API_URL": api, "CUNSHAO_HTTP_PORT": "0"}
        variables = {**more, "CUNSHAO_DATABASE_URL": url, "CUNSHAO_DATA_DIR": str(tmp_path / "data")}
        bot = Process(variables, Path(os.devnull))  # the log is a file as well
        try:
            await bot.start()
            await fill_up(bot, sandbox)
        finally:
            await bot.away()


async def fill_up(bot: Process, sandbox: Sandbox) -> None:
    """Two people; the second one's updates come while nothing can be written."""
    first, second = sandbox.phone(1000), sandbox.phone(1001)
    first.start()
    await first.until(lambda p: p.keyboard, 30)
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    second.start()
    await asyncio.sleep(1.5)
    assert len(sandbox.bot().updates.waiting()) == 1, "what cannot be kept is not confirmed"
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await second.until(lambda p: p.keyboard, 30)
    assert sandbox.bot().updates.waiting() == []
    assert await bot.stop() == 0
