"""Photos are fetched soon, tried again after faults, and given up in the open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from models.report import photos
from models.report.photos import Kept, PhotoToFetch
from models.report.tables import Photo
from tests.cast import Cast, later
from tests.report.steps import a_photo, seen, sends
from tests.village import MORNING


async def due(cast: Cast, **after: float) -> list[PhotoToFetch]:
    async with cast.database.reading() as session:
        return await photos.photos_due(session, MORNING + later(**after))


async def test_the_oldest_photo_is_fetched_first_into_its_reports_folder(cast: Cast) -> None:
    new = await sends(cast, "lena", photo=a_photo(), at=MORNING + later(minutes=1))
    old = await sends(cast, "bob", photo=a_photo())
    found = await due(cast, minutes=1)
    assert [photo.number for photo in found] == [(await seen(cast, each)).number for each in (old, new)]
    assert [photo.attempts for photo in found] == [0, 0]
    assert len(await due(cast)) == 1


async def test_a_photo_that_was_kept_is_not_fetched_again(cast: Cast) -> None:
    await sends(cast, "bob", photo=a_photo())
    async with cast.database.transaction() as session:
        [photo] = await photos.photos_due(session, MORNING)
        assert await photos.photo_kept(session, photo, Kept("a/1.jpg", "0" * 64, 5))
    assert await due(cast, days=9) == []
    async with cast.database.reading() as session:
        kept = (await session.exec(select(Photo))).one()
        assert (kept.path, kept.sha256, kept.size) == ("a/1.jpg", "0" * 64, 5)
        assert await photos.next_fetch(session) is None


async def test_a_failed_download_comes_again_later(cast: Cast) -> None:
    await sends(cast, "bob", photo=a_photo())
    again = MORNING + later(seconds=5)
    async with cast.database.transaction() as session:
        await photos.photo_failed(session, MORNING, (await due(cast))[0].id, 1, "TimedOut", again)
    assert await due(cast, seconds=4) == []
    assert [photo.attempts for photo in await due(cast, seconds=5)] == [1]
    async with cast.database.reading() as session:
        assert await photos.next_fetch(session) == again


async def test_a_photo_given_up_is_written_down(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo())
    photo = (await due(cast))[0]
    async with cast.database.transaction() as session:
        await photos.photo_failed(session, MORNING, photo.id, 12, "TimedOut", None)
        await photos.photo_failed(session, MORNING, 4711, 12, "TimedOut", None)
    assert await due(cast, days=9) == []
    assert await cast.deeds("report", report_id) == ["begin", "photo_lost"]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 10), (5, 80), (10, 2560), (11, 3600), (99, 3600)])
def test_pauses_grow_to_an_hour(attempts: int, seconds: int) -> None:
    assert photos.fetch_pause(attempts) == timedelta(seconds=seconds)
