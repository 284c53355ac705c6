"""A report is taken in piece by piece; its number comes with the first part and is nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import permutations

import pytest
from sqlmodel import select

from models.people.rules import Role
from models.refused import Refused
from models.report import intake, views
from models.report.intake import PhotoPart, PlacePart
from models.report.rules import Part, PlaceSource, Status
from models.report.tables import Photo
from tests.cast import POLICY, ZONE, Cast, later, on_postgresql
from tests.report.steps import SLOPE, a_photo, seen, sends, some_words, status, submits, submitted, withdraws
from tests.village import MORNING, VILLAGE

PARTS: dict[str, Callable[..., Awaitable[int]]] = {
    "photo": lambda cast: sends(cast, "bob", photo=a_photo()),
    "place": lambda cast: sends(cast, "bob", place=SLOPE),
    "words": lambda cast: sends(cast, "bob", words=some_words("屋后山坡有裂缝")),
}


@pytest.mark.parametrize("order", list(permutations(PARTS)), ids="-".join)
async def test_parts_come_in_any_order_and_make_one_report(cast: Cast, order: tuple[str, ...]) -> None:
    ids = {await PARTS[part](cast) for part in order}
    assert len(ids) == 1
    view = await seen(cast, ids.pop(), by="bob")
    assert (view.number, view.status) == ("YH-330824106-260701-0001-R", Status.DRAFT)
    assert (view.missing, view.words, len(view.photos)) == ((Part.KIND,), "屋后山坡有裂缝", 1)
    assert (view.latitude, view.longitude, view.accuracy, view.source) == (29.13, 118.41, 12.0, PlaceSource.PHONE)
    assert (view.village, view.township, view.reporter) == ("华山村", "桐村镇", "Bob")


async def test_the_number_comes_with_the_first_part_and_its_receipt(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo())
    assert await cast.sent("report.screen", "edit") == ["bob"]
    assert await cast.deeds("report", report_id) == ["begin"]
    assert (await seen(cast, report_id)).missing == (Part.PLACE, Part.KIND)


async def test_an_album_is_one_report_also_when_its_last_photo_is_late(cast: Cast) -> None:
    first = await sends(cast, "bob", photo=a_photo("album"))
    for minutes in (0, 20, 400):
        assert await sends(cast, "bob", photo=a_photo("album"), at=MORNING + later(minutes=minutes)) == first
    await sends(cast, "bob", place=SLOPE)
    await submits(cast, "bob", first)
    assert await sends(cast, "bob", photo=a_photo("album"), at=MORNING + later(hours=9)) == first
    assert len((await seen(cast, first)).photos) == 5


async def test_an_album_of_another_person_is_another_report(cast: Cast) -> None:
    assert await sends(cast, "bob", photo=a_photo("album")) != await sends(cast, "lena", photo=a_photo("album"))


async def test_the_same_photo_twice_is_kept_once(cast: Cast) -> None:
    photo = a_photo()
    first = await sends(cast, "bob", photo=photo)
    assert await sends(cast, "bob", photo=PhotoPart("another-id-of-it", photo.unique_id)) == first
    assert (await seen(cast, first)).photos == (photo.file_id,)


@pytest.mark.parametrize(("minutes", "same"), [(1, True), (10, True), (11, False)])
async def test_two_photos_within_ten_minutes_are_one_report(cast: Cast, minutes: int, same: bool) -> None:
    first = await sends(cast, "bob", photo=a_photo())
    second = await sends(cast, "bob", photo=a_photo(), at=MORNING + later(minutes=minutes))
    assert (second == first) is same


async def test_the_ten_minutes_run_from_the_newest_part(cast: Cast) -> None:
    ids = {await sends(cast, "bob", photo=a_photo(), at=MORNING + later(minutes=9 * part)) for part in range(4)}
    assert len(ids) == 1


async def test_what_is_missing_can_follow_hours_later(cast: Cast) -> None:
    first = await sends(cast, "bob", photo=a_photo())
    assert await sends(cast, "bob", place=SLOPE, at=MORNING + later(hours=7)) == first
    other = await sends(cast, "bob", place=SLOPE, at=MORNING + later(hours=8))
    assert other != first, "a second place is a second hazard"


async def test_a_part_goes_to_the_newest_draft_that_lacks_it(cast: Cast) -> None:
    old = await sends(cast, "bob", photo=a_photo())
    new = await sends(cast, "bob", photo=a_photo(), at=MORNING + later(hours=1))
    assert await sends(cast, "bob", place=SLOPE, at=MORNING + later(hours=3)) == new
    assert await sends(cast, "bob", place=SLOPE, at=MORNING + later(hours=6)) == old


async def test_a_forgotten_draft_is_not_dug_out(cast: Cast) -> None:
    old = await sends(cast, "bob", photo=a_photo())
    assert await sends(cast, "bob", place=SLOPE, at=MORNING + later(days=7)) != old


async def test_drafts_of_two_people_do_not_mix(cast: Cast) -> None:
    mine, hers = await sends(cast, "bob", photo=a_photo()), await sends(cast, "lena", photo=a_photo())
    assert await sends(cast, "lena", place=SLOPE) == hers
    assert await sends(cast, "bob", place=SLOPE) == mine != hers


async def test_a_newer_place_takes_the_older_ones_stead(cast: Cast) -> None:
    first = await sends(cast, "bob", place=SLOPE)
    pond = PlacePart(29.2, 118.5, words="池塘", source=PlaceSource.VENUE)
    assert await sends(cast, "bob", place=pond, at=MORNING + later(minutes=2)) == first
    view = await seen(cast, first)
    assert (view.latitude, view.accuracy, view.place_words, view.source) == (29.2, None, "池塘", PlaceSource.VENUE)


async def test_an_impossible_place_leaves_nothing_behind(cast: Cast) -> None:
    with pytest.raises(Refused, match=r"report\.bad_place"):
        await sends(cast, "bob", place=PlacePart(200.0, 0.0))
    assert (await seen(cast, await sends(cast, "bob", place=SLOPE))).number.endswith("-0001-R")


async def test_the_county_has_no_village_to_report_from(cast: Cast) -> None:
    with pytest.raises(Refused, match=r"report\.no_village"):
        await sends(cast, "carol", photo=a_photo())


async def test_nothing_joins_what_was_withdrawn(cast: Cast) -> None:
    first = await sends(cast, "bob", photo=a_photo("album"))
    await withdraws(cast, "bob", first)
    assert await sends(cast, "bob", photo=a_photo("album")) != first
    assert await sends(cast, "bob", place=SLOPE) != first


async def test_parts_of_one_message_arrive_together(cast: Cast) -> None:
    bob = await cast.me("bob")
    async with cast.database.transaction() as session:
        report_id = await intake.add_part(
            session, MORNING, POLICY, ZONE, bob, photo=a_photo(), place=SLOPE, words=some_words(" 裂缝 ")
        )
        photos = await session.exec(select(Photo).where(Photo.report_id == report_id))
        assert [photo.fetch_at for photo in photos] == [MORNING], "to be downloaded at once"
    assert (await seen(cast, report_id)).words == "裂缝"


# Numbers


async def test_every_township_and_every_day_count_for_themselves(cast: Cast) -> None:
    late, early = datetime(2026, 7, 1, 15, 59, tzinfo=UTC), datetime(2026, 7, 1, 16, 1, tzinfo=UTC)
    made = [
        (await seen(cast, await sends(cast, name, photo=a_photo(), at=at))).number
        for name, at in (("bob", late), ("lena", late), ("charlie", late), ("nina", early))
    ]
    assert [number[:-2] for number in made] == [
        "YH-330824106-260701-0001",
        "YH-330824106-260701-0002",
        "YH-330824107-260701-0001",
        "YH-330824106-260702-0001",
    ], "the day changes at midnight in Kaihua"


async def test_a_withdrawn_number_stays_used(cast: Cast) -> None:
    first = await sends(cast, "bob", photo=a_photo())
    await withdraws(cast, "bob", first)
    second = await sends(cast, "bob", place=SLOPE)
    assert second != first
    assert (await seen(cast, second)).number.endswith("-0002-P")
    assert await status(cast, first) is Status.WITHDRAWN


@on_postgresql
async def test_serial_numbers_are_unique_when_a_whole_township_reports_at_once(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        for _ in range(12):
            await cast.another(session, Role.GRID_WORKER, VILLAGE)
    names = [name for name in cast.ids if name.startswith("another")]
    ids = await asyncio.gather(*(sends(cast, name, photo=a_photo()) for name in names))
    numbers = [(await seen(cast, report_id)).number for report_id in ids]
    assert sorted(number.split("-")[3] for number in numbers) == [f"{serial:04d}" for serial in range(1, 13)]


async def test_a_report_is_found_by_its_number_by_those_it_concerns(cast: Cast) -> None:
    report_id = await submitted(cast)
    number = (await seen(cast, report_id)).number
    for name, finds in (("bob", True), ("lena", True), ("olga", True), ("nina", False), ("otto", False)):
        me = await cast.me(name)
        async with cast.database.reading() as session:
            if finds:
                assert await views.by_number(session, me, number.lower()) == report_id
                continue
            with pytest.raises(Refused, match=r"report\.not_found"):
                await views.by_number(session, me, number)
            with pytest.raises(Refused, match=r"report\.not_found"):
                await views.look(session, me, report_id)


async def test_a_number_nobody_got_finds_nothing(cast: Cast) -> None:
    carol = await cast.me("carol")
    async with cast.database.reading() as session:
        with pytest.raises(Refused, match=r"report\.not_found"):
            await views.by_number(session, carol, "YH-330824116-240620-0007-2")
        with pytest.raises(Refused, match=r"report\.not_found"):
            await views.look(session, carol, 4711)
