"""Photos become files of ours, whatever happens on the way, and lie under the number of their report."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.sandbox import Limits
from bot.sandbox.faults import Kind
from models import journal
from models.report.tables import Photo, Report
from tests.bot.core import on_sqlite, until
from tests.village import PIXEL, Village, open_village

pytestmark = on_sqlite


async def photos(village: Village) -> list[tuple[Photo, str]]:
    """All photos with the numbers of their reports, in their order."""
    async with village.app.database.reading() as session:
        rows = await session.exec(
            select(Photo, Report.number).join(Report, col(Report.id) == col(Photo.report_id)).order_by(col(Photo.id))
        )
        return list(rows)


async def tried(village: Village, attempts: int) -> Photo:
    """Wait until the first photo was tried so often. → it"""

    async def so() -> bool:
        found = await photos(village)
        return bool(found) and found[0][0].attempts == attempts

    await until(so)
    return (await photos(village))[0][0]


async def kept(village: Village, number: int = 1) -> Photo:
    """Wait until so many photos are kept. → the last"""

    async def so() -> bool:
        return [bool(photo.path) for photo, _ in await photos(village)].count(True) == number

    await until(so)
    return (await photos(village))[-1][0]


def folder(village: Village) -> Path:
    return village.app.settings.data_dir / "photos"


async def test_a_photo_is_kept_under_its_reports_number(village: Village) -> None:
    await village.present("bob")
    village.bob.photo(PIXEL)
    photo = await kept(village)
    [(_, number)] = await photos(village)
    assert number.startswith("YH-330824106-260701-0001-")
    assert photo.path == f"{number}/1.jpg"
    data = (folder(village) / photo.path).read_bytes()
    assert data == village.sandbox.world.files.by_id[photo.file_id].data
    assert (photo.sha256, photo.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (photo.fetch_at, photo.error) == (None, None)


async def test_every_photo_of_an_album_is_kept(village: Village) -> None:
    await village.present("bob")
    village.bob.album([PIXEL, PIXEL + b"2", PIXEL + b"3"])
    await kept(village, 3)
    assert len({photo.path for photo, _ in await photos(village)}) == 3
    assert len({number for _, number in await photos(village)}) == 1
    assert len(list(folder(village).glob("*/*.*"))) == 3, "nothing half written is left"


@pytest.mark.parametrize(
    ("method", "kind"),
    [("getFile", "500"), ("getFile", "429"), ("getFile", "drop_after"), ("file", "500"), ("file", "drop_before"),
     ("file", "truncated")],
)  # fmt: skip
async def test_a_download_that_failed_is_tried_again(village: Village, method: str, kind: Kind) -> None:
    await village.present("bob")
    fault = village.sandbox.faults.add(method, kind=kind)
    village.bob.photo(PIXEL)
    photo = await tried(village, 1)
    assert photo.path is None
    assert photo.fetch_at is not None
    assert (photo.fetch_at - village.clock.now()).total_seconds() == 5
    village.soon(seconds=5)
    photo = await kept(village)
    assert (fault.hits, photo.error) == (1, None)
    assert (folder(village) / str(photo.path)).stat().st_size == photo.size


async def test_one_photo_that_cannot_be_had_holds_up_no_other(village: Village) -> None:
    await village.present("bob", "nina")
    village.sandbox.faults.add("getFile", kind="500")
    village.bob.photo(PIXEL)
    await tried(village, 1)
    village.nina.photo(PIXEL + b"2")
    await kept(village)
    assert [bool(photo.path) for photo, _ in await photos(village)] == [False, True]


async def test_a_photo_that_is_too_big_is_given_up_and_the_report_goes_on(village: Village) -> None:
    await village.present("bob", "carol")
    village.bob.photo(PIXEL + bytes(20 << 20))
    photo = await tried(village, 1)
    assert (photo.path, photo.fetch_at, photo.error) == (None, None, "too_big")
    async with village.app.database.reading() as session:
        assert "photo_lost" in [entry.verb for entry in await journal.read(session, "report", photo.report_id)]
    village.soon(hours=3)
    await asyncio.sleep(0.1)
    assert (await photos(village))[0][0].attempts == 1
    village.bob.location(29.12, 118.21)
    await village.bob.until(lambda p: any("✅" in label for label in p.buttons))
    assert village.texts("carol") == []


async def test_after_the_policys_tries_it_is_given_up(database_url: str, tmp_path: Path) -> None:
    calm = Limits(flood=False)
    async with open_village(database_url, tmp_path, policy={"media.retries": 2}, limits=calm) as village:
        await village.present("bob")
        fault = village.sandbox.faults.add("getFile", kind="500", times=None)
        village.bob.photo(PIXEL)
        await tried(village, 1)
        village.soon(seconds=5)
        photo = await tried(village, 2)
        assert photo.fetch_at is None
        village.soon(hours=3)
        await asyncio.sleep(0.1)
        assert fault.hits == 2


async def test_a_disk_that_is_away_costs_no_photo(village: Village) -> None:
    await village.present("bob")
    folder(village).write_text("no folder")
    village.bob.photo(PIXEL)
    await until(lambda: village.sandbox.ledger.of("getFile"))
    await asyncio.sleep(0.1)
    assert (await photos(village))[0][0].path is None
    folder(village).unlink()
    photo = await kept(village)
    assert (photo.attempts, photo.error) == (0, None)
