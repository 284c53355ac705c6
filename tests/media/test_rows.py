"""What the rows know of files: numbers within a report, what was lost, what is to go; on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from models.report import intake, photos, views
from models.report.intake import PhotoPart
from models.report.photos import TOO_BIG, Kept, PhotoToFetch
from models.report.tables import Photo
from tests.cast import POLICY, ZONE, Cast, later
from tests.report.steps import a_photo, seen, sends, submitted, withdraws
from tests.village import MORNING


async def all_of(cast: Cast) -> list[Photo]:
    async with cast.database.reading() as session:
        return list(await session.exec(select(Photo).order_by(col(Photo.id))))


async def due(cast: Cast, **after: float) -> list[PhotoToFetch]:
    async with cast.database.reading() as session:
        return await photos.photos_due(session, MORNING + later(**after))


async def keeps(cast: Cast) -> None:
    """Everything that is due is downloaded."""
    for photo in await due(cast):
        async with cast.database.transaction() as session:
            await photos.photo_kept(session, photo, Kept(f"{photo.number}/{photo.nth}.jpg", "0" * 64, 5))


async def test_files_are_numbered_within_their_report(cast: Cast) -> None:
    for _ in range(3):
        await sends(cast, "bob", photo=a_photo())
    await sends(cast, "lena", photo=a_photo())
    assert [photo.nth for photo in await all_of(cast)] == [1, 2, 3, 1]


async def test_what_was_lost_may_be_sent_once_more_and_what_is_kept_is_not_fetched_twice(cast: Cast) -> None:
    lost, kept = a_photo(), a_photo()
    report_id = await sends(cast, "bob", photo=lost)
    await sends(cast, "bob", photo=kept)
    await keeps(cast)
    first, _ = await all_of(cast)
    assert first.id is not None
    async with cast.database.transaction() as session:
        await photos.photo_failed(session, MORNING, first.id, 60, "TimedOut", None)
    assert (await seen(cast, report_id)).lost == 0, "its file is here all the same"
    third = a_photo()
    await sends(cast, "bob", photo=third)
    async with cast.database.transaction() as session:
        await photos.photo_failed(session, MORNING, (await due(cast))[0].id, 60, "TimedOut", None)
    assert (await seen(cast, report_id)).lost == 1
    await sends(cast, "bob", photo=PhotoPart("a new name of Telegram's", third.unique_id))
    await sends(cast, "bob", photo=kept)
    [again] = await due(cast)
    assert (again.file_id, again.attempts, again.nth) == ("a new name of Telegram's", 0, 3)
    assert (await seen(cast, report_id)).lost == 0


async def test_a_download_that_ends_after_its_photo_moved_changes_nothing(cast: Cast) -> None:
    report_id = await submitted(cast)
    await keeps(cast)
    await sends(cast, "bob", photo=a_photo(), at=MORNING + later(minutes=1))
    [under_way] = await due(cast, minutes=1)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await intake.another(session, MORNING + later(minutes=2), POLICY, ZONE, me, report_id)
    async with cast.database.transaction() as session:
        assert not await photos.photo_kept(session, under_way, Kept("wrong/2.jpg", "0" * 64, 5))
    [moved] = await due(cast, minutes=2)
    assert (moved.path, moved.nth) == (None, 1)
    assert moved.report_id != report_id


async def test_the_reporter_hears_of_lost_files_once_an_hour_and_the_cards_show_them(cast: Cast) -> None:
    await cast.joins("bob", "olga")
    report_id = await submitted(cast)
    for _ in range(2):
        await sends(cast, "bob", photo=a_photo())
    for photo in (await due(cast))[1:]:
        async with cast.database.transaction() as session:
            await photos.photo_failed(session, MORNING, photo.id, 1, TOO_BIG, None)
    assert await cast.sent("report.lost") == ["bob"]
    assert (await seen(cast, report_id)).lost == 2
    assert await cast.sent("hazard.card", "edit") != []


async def test_a_full_disk_is_told_to_the_county_once_a_day(cast: Cast) -> None:
    await cast.joins("carol", "olga")
    for hours in (0, 1, 2, 24):
        async with cast.database.transaction() as session:
            await photos.disk_full(session, MORNING + later(hours=hours))
    assert await cast.sent("report.disk_full") == ["carol", "carol"]


async def test_only_what_ended_long_ago_is_emptied_and_only_once(cast: Cast) -> None:
    keep, three_years = POLICY.media.keep, MORNING + later(days=1095, seconds=1)
    open_one = await submitted(cast, "lena")
    ended = await submitted(cast)
    await keeps(cast)
    await withdraws(cast, "bob", ended)

    async def emptied(now_after: timedelta) -> tuple[list[int], str | None, str | None]:
        now = MORNING + now_after
        async with cast.database.transaction() as session:
            to_empty = await photos.to_empty(session, now - keep)
            found = [await photos.empty(session, now, now - keep, each) for each in (ended, open_one)]
        return to_empty, found[0], found[1]

    assert await emptied(keep) == ([], None, None)
    number = (await seen(cast, ended)).number
    assert await emptied(three_years - MORNING) == ([ended], number, None)
    assert await emptied(three_years - MORNING) == ([], None, None)
    assert (await cast.deeds("report", ended))[-1] == "purge_files"
    assert [photo.path is None for photo in await all_of(cast)] == [False, True]
    assert [photo.file_id for photo in await all_of(cast)][1] == ""
    view = await seen(cast, ended)
    assert (view.photos, view.lost) == ((), 0)


async def test_a_late_download_of_purged_files_brings_nothing_back(cast: Cast) -> None:
    ended = await submitted(cast)
    [under_way] = await due(cast)
    await withdraws(cast, "bob", ended)
    now = MORNING + POLICY.media.keep + later(days=1)
    async with cast.database.transaction() as session:
        await photos.empty(session, now, now - POLICY.media.keep, ended)
        assert not await photos.photo_kept(session, under_way, Kept("x/1.jpg", "0" * 64, 5))
        await photos.photo_failed(session, now, under_way.id, 60, "TimedOut", None)
    assert await cast.sent("report.lost") == []
    async with cast.database.reading() as session:
        assert await views.look(session, await cast.me("bob"), ended)
