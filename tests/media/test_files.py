"""From the phone to the disk: where files lie, what they tell, and what is said when one cannot be kept."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlmodel import col, select

from bot.app import build
from bot.clock import PushedClock
from bot.media import SPARE, write_whole
from bot.sandbox import Limits, Sandbox, serve
from models import journal
from models.people.tables import Account
from models.report.rules import PlaceSource
from models.report.tables import Photo, Report
from tests.media.shots import HUASHAN, bomb, heic, picture, shot
from tests.village import CAST, MORNING, PIXEL, TOKEN, Village, people_the_village, settings_for

VOICE = b"OggS" + bytes(64)


async def photos(village: Village) -> list[Photo]:
    async with village.app.database.reading() as session:
        return list(await session.exec(select(Photo).order_by(col(Photo.id))))


async def report(village: Village) -> Report:
    async with village.app.database.reading() as session:
        return (await session.exec(select(Report))).one()


async def fetched(village: Village, count: int = 1) -> list[Photo]:
    """Wait until so many files are kept or given up. → all"""
    async with asyncio.timeout(10):
        while [each.fetch_at for each in await photos(village)].count(None) < count:
            await asyncio.sleep(0.02)
    await village.settled()
    return await photos(village)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


def folder(village: Village) -> Path:
    return village.app.settings.photos()


def lying(village: Village) -> list[str]:
    """All files below the photo folder, without the folder of the only report."""
    return sorted(str(Path(*path.relative_to(folder(village)).parts[1:])) for path in folder(village).rglob("*.*"))


async def test_a_person_finds_the_files_by_the_reports_number(village: Village) -> None:
    village.bob.photo(PIXEL, "屋后裂缝")
    village.bob.voice(VOICE)
    village.bob.photo(picture("PNG"), as_file=True, filename="../../../../evil.jpg")
    village.bob.document(heic(*HUASHAN), "IMG_0001.HEIC")
    kept = await fetched(village, 4)
    number = (await report(village)).number
    assert number.startswith("YH-330824106-260701-0001-")
    assert [path.name for path in folder(village).iterdir()] == [number]
    assert lying(village) == ["1.jpg", "2.ogg", "3.png", "4.heic", "thumbs/1.jpg", "thumbs/3.jpg"]
    for photo in kept:
        data = (folder(village) / str(photo.path)).read_bytes()
        assert (photo.sha256, photo.size) == (hashlib.sha256(data).hexdigest(), len(data))


async def test_a_picture_file_places_the_report_and_shows_on_the_card(village: Village) -> None:
    village.bob.photo(shot(*HUASHAN), as_file=True)
    [photo] = await fetched(village)
    found = await report(village)
    assert found.place_source is PlaceSource.EXIF
    assert (round(found.latitude or 0, 5), round(found.longitude or 0, 5)) == HUASHAN
    assert "照片自带的位置" in village.bob.screen()
    await village.bob.until(lambda p: p.press("✅"))
    await village.olga.until(lambda p: "受理" in p.screen())
    card = village.olga.incoming[-1]
    assert photo.thumb is not None
    shown = village.sandbox.world.files.by_id[card["photo"][-1]["file_id"]].data
    assert shown == (folder(village) / photo.thumb).read_bytes()
    with Image.open(io.BytesIO(shown)) as small:
        assert max(small.size) == 1280
    village.olga.press("受理")
    await village.bob.until(lambda p: "Olga" in p.screen())
    await village.settled()
    assert sum("📄" in text for text in village.texts("olga")) == 1, "the same message, edited"


async def test_the_phones_own_place_counts_more_than_the_pictures(village: Village) -> None:
    village.bob.location(29.12, 118.21, 12)
    village.bob.photo(shot(*HUASHAN), as_file=True)
    await fetched(village)
    assert (await report(village)).place_source is PlaceSource.PHONE


async def test_a_place_in_a_photo_is_not_believed(village: Village) -> None:
    """Telegram strips it; where one stands all the same, it is somebody else's."""
    village.bob.photo(b"\xff\xd8" + shot(*HUASHAN))
    await fetched(village)
    assert (await report(village)).place_source is None


async def test_what_is_larger_than_20_mb_is_said_kindly_and_on_the_card(village: Village) -> None:
    village.bob.location(29.12, 118.21)
    village.bob.photo(PIXEL + bytes(20 << 20), as_file=True)
    [photo] = await fetched(village)
    assert (photo.path, photo.error) == (None, "too_big")
    [said] = [text for text in village.texts("bob") if "20MB" in text]
    assert "普通照片" in said
    await village.bob.until(lambda p: p.press("✅"))
    await village.olga.until(lambda p: "受理" in p.screen())
    assert "有1个文件没能保存" in village.olga.screen()
    village.olga.press("全部")
    await village.olga.until(lambda p: any("document" in message for message in p.incoming))


async def test_many_that_are_too_large_are_said_once(village: Village) -> None:
    for sign in b"123":
        village.bob.document(PIXEL + bytes(20 << 20) + bytes([sign]), "big.jpg")
    await fetched(village, 3)
    assert sum("20MB" in text for text in village.texts("bob")) == 1


@pytest.mark.parametrize("data", [bomb(), picture()[:700], b"no picture at all", b"\xff\xd8\xff"])
async def test_broken_and_huge_pictures_are_kept_and_harm_nobody(village: Village, data: bytes) -> None:
    village.bob.document(data, "x.jpg")
    village.bob.photo(PIXEL)
    first, second = await fetched(village, 2)
    assert (folder(village) / str(first.path)).read_bytes() == data
    assert first.thumb is None
    assert second.thumb is not None


async def test_what_was_another_hazard_takes_its_files_along(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(29.12, 118.21)
    await fetched(village)
    await village.bob.until(lambda p: p.press("✅"))
    await village.olga.until(lambda p: "受理" in p.screen())
    village.soon(minutes=1)
    village.bob.photo(PIXEL + b"another")
    await fetched(village, 2)
    village.bob.press("另报一件")
    await until(lambda: len(list(folder(village).iterdir())) == 2)
    _, photo = await fetched(village, 2)
    assert str(photo.path).endswith("-0002-" + str(photo.path).split("-")[4].split("/")[0] + "/1.jpg")
    assert (folder(village) / str(photo.path)).read_bytes().endswith(b"another")
    assert (folder(village) / str(photo.thumb)).exists()
    assert sorted(path.name for path in folder(village).glob("*-0001-*/*.jpg")) == ["1.jpg"]


# --- the disk ---------------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_told_once_and_the_photos_wait(village: Village) -> None:
    full = True

    def write(path: Path, data: bytes) -> None:
        if full:
            raise OSError(errno.ENOSPC, "full")
        write_whole(path, data)

    village.app.media.write = write
    for sign in b"123":
        village.bob.photo(PIXEL + bytes([sign]))
    await village.carol.until(lambda p: "硬盘满了" in p.screen())
    await asyncio.sleep(1.5)
    full = False
    kept = await fetched(village, 3)
    assert [photo.attempts for photo in kept] == [0, 0, 0]
    assert sum("硬盘满了" in text for text in village.texts("carol")) == 1
    assert not any("硬盘" in text for text in village.texts("bob"))


async def test_the_last_room_is_left_to_the_database(village: Village) -> None:
    left = SPARE - 1
    village.app.media.free = lambda _folder: left
    village.bob.photo(PIXEL)
    await village.carol.until(lambda p: "硬盘满了" in p.screen())
    assert village.sandbox.ledger.of("getFile") == [], "nothing is fetched that cannot be kept"
    left = SPARE
    assert (await fetched(village))[0].path is not None


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "1.jpg", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["1.jpg"]


# --- restarts ---------------------------------------------------------------------------------------------------------


async def test_a_download_begins_anew_after_a_restart(sqlite_url: str, tmp_path: Path) -> None:
    """The bot stops in the middle of a download; another process takes it up, and half a file is no obstacle."""
    clock = PushedClock(MORNING)
    sandbox = Sandbox(clock, Limits(flood=False, same_offset_throttle=False))
    sandbox.add_bot(TOKEN)
    sandbox.add_person(CAST["bob"][0], "Bob", CAST["bob"][1])
    async with serve(sandbox) as url:
        settings = settings_for(sqlite_url, tmp_path, url)
        first = build(settings, clock, samples=True)
        async with first.database.transaction() as session:
            ids = await people_the_village(session)
            session.add(Account(chat_id=CAST["bob"][0], person_id=ids["bob"], joined_at=MORNING))
        bob = sandbox.phone(CAST["bob"][0])
        bob.chat.started = True
        slow = sandbox.faults.add("file", kind="delay", seconds=60)
        async with first.running():
            bob.photo(PIXEL)
            await until(lambda: slow.hits == 1)
        second = Village(build(settings, clock, samples=True), sandbox, clock, ids)
        [photo] = await photos(second)
        assert (photo.path, photo.attempts) == (None, 0)
        folder(second).joinpath((await report(second)).number).mkdir(parents=True)
        folder(second).joinpath((await report(second)).number, "1.part").write_bytes(b"half a")
        async with second.app.running():
            [photo] = await fetched(second)
            assert (folder(second) / str(photo.path)).read_bytes() == PIXEL
            assert lying(second) == ["1.jpg", "thumbs/1.jpg"]


# --- the end of the time ----------------------------------------------------------------------------------------------


async def test_the_files_of_an_ended_report_go_after_three_years(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(29.12, 118.21)
    [photo] = await fetched(village)
    await village.bob.until(lambda p: p.press("✅"))
    await village.olga.until(lambda p: p.press("驳回"))
    await village.olga.until(lambda p: p.press("照片不清"))
    await village.bob.until(lambda p: "已驳回" in p.screen())
    place = folder(village) / (await report(village)).number
    village.soon(days=1094)
    await village.app.ticker.tick()
    assert (place / "1.jpg").exists()
    village.soon(days=2)
    async with asyncio.timeout(10):
        while (await photos(village))[0].purged_at is None:
            await asyncio.sleep(0.02)
    assert not place.exists()
    [gone] = await photos(village)
    assert (gone.path, gone.thumb, gone.file_id, gone.purged_at is None) == (None, None, "", False)
    assert (gone.sha256, gone.size) == (photo.sha256, photo.size)
    async with village.app.database.reading() as session:
        deeds = await journal.read(session, "report", photo.report_id)
    assert [(entry.verb, entry.facts) for entry in deeds][-1] == ("purge_files", {"files": 1})
    village.olga.text((await report(village)).number)
    await village.settled()
    assert "没能保存" not in village.olga.screen()
    assert "photo" not in village.olga.incoming[-1]
