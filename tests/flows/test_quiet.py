"""What is said quietly: a report in confidence, what was mended on the spot, and that nothing was found today."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.sandbox import Limits
from models.report.rules import Status
from models.report.tables import Patrol, Photo, Report
from tests.village import PIXEL, Village, open_village

PLACE = (29.12, 118.21)
CALM = Limits(flood=False, same_offset_throttle=False)
REWARDS = {"sending.chat_burst": 10, "reward.on": True}


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Everybody has joined some time ago; the limits of sending are another test's business."""
    async with open_village(sqlite_url, tmp_path, policy={"sending.chat_burst": 10}, limits=CALM) as opened:
        await opened.present("bob", "lena", "nina", "olga", "oscar", "carol")
        yield opened


async def reports(village: Village) -> list[Report]:
    async with village.app.database.reading() as session:
        return list(await session.exec(select(Report).order_by(col(Report.id))))


async def presses(village: Village, name: str, *labels: str) -> None:
    """One tap after the other, each when the screen before it stands."""
    for label in labels:
        getattr(village, name).press(label)
        await village.settled()


# --- in confidence ----------------------------------------------------------------------------------------------------


async def test_bob_tells_the_county_and_the_village_hears_nothing(village: Village) -> None:
    village.bob.text("/report")
    await village.settled()
    assert "想保密举报，也可以打电话：12350 · 6612350" in village.bob.screen()
    await presses(village, "bob", "保密上报")
    assert "直接报到县里，村里、镇里都看不到" in village.bob.screen()
    village.bob.location(*PLACE)
    village.bob.photo(PIXEL)
    await village.settled()
    await presses(village, "bob", "✅")
    assert "已保密上报，只报到县里" in village.bob.screen()
    number = (await reports(village))[0].number
    assert number in village.carol.screen()
    assert "Bob" in village.carol.screen()
    for name in ("lena", "nina", "olga", "oscar"):
        assert village.texts(name) == []
        getattr(village, name).text(number)
    await village.settled()
    for name in ("lena", "nina", "olga", "oscar"):
        assert "没有查到" in village.texts(name)[-1]


async def test_the_toggle_can_be_pressed_and_taken_back_until_it_is_sent(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(*PLACE)
    await village.settled()
    await presses(village, "bob", "⬜ 保密上报")
    assert "现在只有县里能看到" in village.bob.toasts[-1]["text"]
    await presses(village, "bob", "☑️ 保密上报")
    await presses(village, "bob", "✅")
    assert (await reports(village))[0].number in village.olga.screen()


async def test_a_forgotten_one_is_reminded_of_the_county(village: Village) -> None:
    village.bob.photo(PIXEL)
    await village.settled()
    await presses(village, "bob", "⬜ 保密上报")
    await village.later(minutes=31)
    assert "报到县里" in village.bob.screen()
    await village.later(hours=2)
    assert village.texts("olga") == []
    assert "待补充" in village.carol.screen()


async def test_help_names_the_hotlines(village: Village) -> None:
    village.lena.text("/help")
    await village.settled()
    assert "想保密举报：打电话 12350 · 6612350" in village.lena.screen()


# --- mended on the spot -----------------------------------------------------------------------------------------------


async def test_before_and_after_reach_the_officer_together(village: Village) -> None:
    village.bob.text("村口窨井盖没盖好")
    village.bob.location(*PLACE)
    await village.settled()
    await presses(village, "bob", "⬜ 当场已整改")
    assert "先发一张整改前的照片" in village.bob.screen()
    village.bob.photo(PIXEL)
    await village.settled()
    assert "再拍一张整改后的照片" in village.bob.screen()
    village.soon(minutes=40)
    village.bob.photo(PIXEL + b"after")
    await village.settled()
    assert "整改后照片 1 张" in village.bob.screen()
    await presses(village, "bob", "✅")
    (report,) = await reports(village)
    assert (report.status, report.on_spot) == (Status.SUBMITTED, True)
    assert "🔧 发现人当场已整改。" in village.olga.screen()
    assert "📸 整改后照片 1 张" in village.olga.screen()
    async with village.app.database.reading() as session:
        rounds = list(await session.exec(select(Photo.after_round).order_by(col(Photo.nth))))
    assert rounds == [None, 1]


async def test_photos_sent_together_need_only_one_more_tap(village: Village) -> None:
    village.bob.location(*PLACE)
    village.bob.album([PIXEL, PIXEL + b"after"])
    await village.settled()
    await presses(village, "bob", "⬜ 当场已整改", "最后一张就是", "✅")
    assert (await reports(village))[0].status is Status.SUBMITTED


# --- nothing found ----------------------------------------------------------------------------------------------------


async def test_one_tap_on_the_key_and_one_line(village: Village) -> None:
    village.bob.start()
    await village.bob.until(lambda p: p.keyboard)
    village.bob.tap("今日无异常")
    await village.settled()
    assert "已记：今日无异常。辛苦了。" in village.bob.screen()
    village.bob.tap("今日无异常")
    await village.settled()
    assert "已经记过" in village.bob.screen()
    async with village.app.database.reading() as session:
        assert [patrol.clear for patrol in await session.exec(select(Patrol))] == [True]


async def test_the_township_looks_when_it_wants_to(village: Village) -> None:
    village.bob.text("/zero")
    await village.settled()
    assert village.texts("olga") == [], "nobody is told"
    village.olga.text("/zero")
    await village.settled()
    assert "应报 3 人，无异常 1 人，有上报 0 人" in village.olga.screen()
    assert "Bob" not in village.olga.screen()
    await presses(village, "olga", "华山村 ⬜ 1/2")
    assert "✅ 09:00 Bob" in village.olga.screen()
    assert "⬜ Lena" in village.olga.screen()
    await presses(village, "olga", "返回")
    assert "应报 3 人" in village.olga.screen()


async def test_officers_have_no_such_key(village: Village) -> None:
    village.olga.start()
    await village.olga.until(lambda p: p.keyboard)
    assert "今日无异常" not in str(village.olga.keyboard)


async def test_a_round_without_findings_is_one_tap_from_a_zero_report(village: Village) -> None:
    village.bob.text("/patrol")
    await village.settled()
    village.bob.text("/patrol")
    await village.settled()
    assert "巡查结束，没有发现问题" in village.bob.screen()
    before = len(village.bob.incoming)
    await presses(village, "bob", "今日无异常")
    assert "已记：今日无异常" in village.bob.screen()
    assert len(village.bob.incoming) == before, "in place"
    async with village.app.database.reading() as session:
        assert [patrol.clear for patrol in await session.exec(select(Patrol))] == [True]


# --- a round is looked through on one screen --------------------------------------------------------------------------


async def goes_round(village: Village, photos: int = 3) -> None:
    village.bob.text("/patrol")
    await village.settled()
    for number in range(photos):
        village.bob.photo(PIXEL + bytes([number]))
        village.bob.location(PLACE[0] + number / 100, PLACE[1])
        await village.settled()
    village.bob.text("/patrol")
    await village.settled()


async def test_each_line_tells_kind_place_and_photos(village: Village) -> None:
    await goes_round(village)
    review = village.texts("bob")[-1]
    assert "3 件待确认" in review
    assert review.count("📍 桐村镇 华山村 · 📷 1") == 3


async def test_a_kind_is_changed_and_one_taken_out_on_that_screen(village: Village) -> None:
    await goes_round(village)
    await presses(village, "bob", "0002", "其他种类", "消防", "灭火器")
    assert "3 件待确认" in village.bob.screen()
    assert (await reports(village))[1].kind == "D03"
    village.bob.press(data=f"1|rd|1|{(await reports(village))[0].id}|0")
    await village.settled()
    assert (await reports(village))[0].status is Status.DRAFT, "one tap too many takes nothing out"
    await presses(village, "bob", "删除 0001")
    assert "2 件待确认" in village.bob.screen()
    await presses(village, "bob", "全部上报")
    assert "已上报 2 件" in village.bob.toasts[-1]["text"]
    first, second, third = await reports(village)
    assert [each.status for each in (first, second, third)] == [Status.WITHDRAWN, Status.SUBMITTED, Status.SUBMITTED]
    for each in (first, second, third):
        assert each.number in village.bob.screen()
    assert village.texts("bob")[-1].count("待核实") == 2


async def test_what_lacks_something_is_opened_mended_and_sent(village: Village) -> None:
    village.bob.text("/patrol")
    await village.settled()
    village.bob.photo(PIXEL)
    await village.settled()
    village.bob.text("/patrol")
    await village.settled()
    assert "缺位置" in village.bob.screen()
    assert "全部上报" not in str(village.bob.buttons)
    await presses(village, "bob", "查看")
    village.bob.location(*PLACE)
    await village.settled()
    await presses(village, "bob", "回到巡查", "全部上报")
    assert (await reports(village))[0].status is Status.SUBMITTED


# --- rewards ----------------------------------------------------------------------------------------------------------


async def test_while_they_are_off_nobody_can_tell_that_there_are_rewards(village: Village) -> None:
    village.carol.text("/rewards")
    village.carol.text("/help")
    await village.settled()
    assert "没有这个命令" in village.texts("carol")[-2]
    assert "奖励" not in "\n".join(village.texts("carol"))


async def test_the_county_approves_and_bob_hears_it_quietly(sqlite_url: str, tmp_path: Path) -> None:
    async with open_village(sqlite_url, tmp_path, policy=REWARDS, limits=CALM) as village:
        await village.present("bob", "olga", "carol")
        village.bob.photo(PIXEL)
        village.bob.location(*PLACE)
        await village.settled()
        await presses(village, "bob", "⬜ 在发展", "✅")
        await presses(village, "olga", "受理")
        village.carol.text("/tasks")
        await village.settled()
        assert "奖励待审批: 3000 元" in village.carol.screen()
        village.carol.text("/rewards")
        await village.settled()
        await presses(village, "carol", "🟡 3000 元", "改金额")
        village.carol.text("2000元")
        await village.settled()
        assert "奖励 2000 元" in village.carol.screen()
        await presses(village, "carol", "同意")
        assert "待发放" in village.carol.screen()
        assert "经核实是重大隐患，奖励 2000 元" in village.bob.screen()
        assert "只有县里知道" in village.bob.screen()
        assert "奖励" not in "\n".join(village.texts("olga"))
