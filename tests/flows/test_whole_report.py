"""The whole report: every form in any order, second thoughts, emergencies, patrols, and an abandoned draft."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.sandbox import Limits
from models.outbox import Lane, Outgoing
from models.report.tables import Photo, Remark, Report
from tests.village import PIXEL, Village, open_village

PLACE = (29.12, 118.21)


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Everybody has joined some time ago; the limits of sending are another test's business."""
    quick = {"sending.chat_burst": 10}
    async with open_village(sqlite_url, tmp_path, policy=quick, limits=Limits(flood=False)) as opened:
        await opened.present("bob", "lena", "olga", "carol", "charlie")
        yield opened


async def reports(village: Village) -> list[Report]:
    async with village.app.database.reading() as session:
        return list((await session.exec(select(Report).order_by(Report.id))).all())  # type: ignore[arg-type]


async def evidence(village: Village) -> list[Any]:
    async with village.app.database.reading() as session:
        return list((await session.exec(select(Photo.form, Photo.report_id).order_by(Photo.id))).all())  # type: ignore[arg-type]


async def test_voice_file_words_and_a_venue_make_one_report(village: Village) -> None:
    village.bob.voice(b"OggS" + bytes(64))
    village.bob.photo(PIXEL, as_file=True)
    village.bob.text("屋后裂缝变大了")
    village.bob.venue(*PLACE, "华山小学", "桐村镇")
    await village.settled()
    (report,) = await reports(village)
    assert report.place_source == "venue"
    assert [form for form, _ in await evidence(village)] == ["voice", "file"]
    screen = village.bob.screen()
    for part in ("1 张照片", "1 段语音", "屋后裂缝变大了", "华山小学", "房后切坡"):
        assert part in screen


async def test_the_words_decide_the_guess(village: Village) -> None:
    village.bob.text("路边窨井盖没了")
    village.bob.location(*PLACE)
    village.bob.photo(PIXEL)
    await village.settled()
    assert "✅ 窨井盖" in village.bob.screen()


async def test_an_edited_message_changes_its_own_words(village: Village) -> None:
    first = village.bob.text("桥塌了一半")
    village.bob.text("有人在桥上")
    await village.settled()
    village.bob.edit(first["message_id"], "桥没塌，是栏杆断了")
    await village.settled()
    async with village.app.database.reading() as session:
        words = (await session.exec(select(Remark.words).order_by(Remark.id))).all()  # type: ignore[arg-type]
    assert list(words) == ["桥没塌，是栏杆断了", "有人在桥上"]


async def test_a_wrong_place_is_asked_for_again_by_tap(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(*PLACE)
    await village.settled()
    village.bob.press("位置不对")
    await village.settled()
    assert "请发位置" in village.bob.screen()
    village.bob.press("没有准确位置")
    await village.settled()
    assert "只知道在村里" in village.bob.screen()


async def test_severity_is_asked_by_toggles_and_two_yes_are_an_emergency(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(*PLACE)
    await village.settled()
    for question in ("有人伤困", "在发展"):
        village.bob.press(question)
        await village.settled()
    village.bob.press("✅")
    await village.settled()
    (report,) = await reports(village)
    assert (report.severity, report.danger, report.growing) == ("E", True, True)
    async with village.app.database.reading() as session:
        cards = (await session.exec(select(Outgoing).where(Outgoing.kind == "hazard.card"))).all()
    assert {card.lane for card in cards} == {Lane.ALARM}
    assert {card.person_id for card in cards} == {village.ids["olga"], village.ids["lena"]}


async def test_sos_says_the_numbers_first_and_goes_off_at_once(village: Village) -> None:
    village.bob.photo(PIXEL)
    await village.settled()
    village.bob.press("人命关天")
    await village.settled()
    assert village.texts("bob")[-1].startswith("⚠️ 先保自身安全！马上打：110 · 119 · 120")
    assert "紧急" in village.olga.screen()
    assert "待补充" in village.olga.screen()
    village.bob.location(*PLACE)
    await village.settled()
    assert "待补充" in village.olga.screen()  # its kind is still open
    village.bob.press("✅")
    await village.settled()
    assert "待补充" not in village.olga.screen()


async def test_a_fire_goes_off_by_itself_after_three_minutes(village: Village) -> None:
    village.bob.text("/fire")
    await village.settled()
    assert "12119" in village.bob.screen()
    assert "山火" not in village.olga.screen()
    await village.later(minutes=3)
    assert "山火" in village.olga.screen()


async def test_an_emergency_climbs_to_the_county_in_ten_minutes(village: Village) -> None:
    village.bob.text("/fire")
    await village.settled()
    village.bob.press("人命关天")
    await village.later(minutes=9)
    assert "山火" not in village.carol.screen()
    await village.later(minutes=1, seconds=5)
    assert "起由桐村镇 乡镇干部" in village.carol.screen()


async def test_an_abandoned_draft_is_reminded_once_and_then_sent_as_it_is(village: Village) -> None:
    village.bob.photo(PIXEL)
    await village.settled()
    await village.later(minutes=31)
    assert "还没报完" in village.bob.screen()
    assert "YH-" not in village.olga.screen()
    await village.later(hours=2)
    assert "待补充" in village.olga.screen()
    village.bob.location(*PLACE)
    await village.settled()
    (report,) = await reports(village)
    assert (report.status, report.incomplete, report.latitude) == ("submitted", True, PLACE[0])


async def sent(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(*PLACE)
    await village.settled()
    village.bob.press("✅")
    await village.settled()


async def test_it_can_be_withdrawn_for_ten_minutes(village: Village) -> None:
    await sent(village)
    village.bob.press("撤回")
    await village.settled()
    assert "已撤回" in village.bob.screen()
    assert "受理" not in village.olga.screen()


async def test_after_that_one_has_to_phone(village: Village) -> None:
    await sent(village)
    await village.later(minutes=11)
    village.bob.press("撤回")
    await village.settled()
    assert "请打电话联系乡镇干部" in village.bob.toasts[-1]["text"]
    assert (await reports(village))[0].status == "submitted"


async def test_what_comes_later_is_added_and_the_officers_see_it(village: Village) -> None:
    await sent(village)
    await village.later(minutes=2)
    village.bob.photo(PIXEL + b"1")
    await village.settled()
    assert len(await reports(village)) == 1
    assert "2 张照片" in village.olga.screen()


async def test_or_it_was_another_hazard(village: Village) -> None:
    await sent(village)
    await village.later(minutes=2)
    village.bob.photo(PIXEL + b"1")
    await village.settled()
    village.bob.press("另报一件")
    await village.settled()
    first, second = await reports(village)
    assert [report_id for _, report_id in await evidence(village)] == [first.id, second.id]
    assert (first.status, second.status) == ("submitted", "draft")


async def test_on_patrol_every_photo_is_one_of_its_own(village: Village) -> None:
    village.bob.text("/patrol")
    await village.settled()
    for number in range(3):
        village.bob.photo(PIXEL + bytes([number]))
        village.bob.location(PLACE[0] + number / 100, PLACE[1])
        await village.settled()
    village.bob.text("/patrol")
    await village.settled()
    assert "3 件待确认" in village.bob.screen()
    village.bob.press("全部上报")
    await village.settled()
    assert [report.status for report in await reports(village)] == ["submitted"] * 3


async def test_a_broadcast_never_destroys_a_half_made_report(village: Village) -> None:
    village.bob.photo(PIXEL)
    await village.settled()
    await village.later(days=2)
    village.bob.text("/help")
    village.bob.text("/tasks")
    village.bob.location(*PLACE)
    await village.settled()
    (report,) = await reports(village)
    assert report.latitude == PLACE[0]


async def test_typing_the_number_opens_it_and_charlie_sees_nothing(village: Village) -> None:
    await sent(village)
    number = (await reports(village))[0].number
    village.olga.text(number.lower().replace("-", ""))
    village.charlie.text(number)
    village.bob.text(number[:-1] + ("1" if number[-1] != "1" else "2"))
    await village.settled()
    assert number in village.texts("olga")[-1]
    assert "没有查到" in village.texts("charlie")[-1]
    assert "编号有一位不对" in village.texts("bob")[-1]
