"""What a major hazard wants, what comes after 销号, and wrong moments: through real chats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Limits
from models.people.tables import Person
from models.report.tables import Photo, Report
from tests.flows.mending import (
    EVERYBODY,
    QUICK,
    SPOT,
    given,
    last,
    mended,
    press,
    reported,
    rows,
    says,
    shows,
    status,
    toast,
)
from tests.village import PIXEL, Village, open_village


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Everybody has joined some time ago; nobody is drawn for a second look."""
    async with open_village(sqlite_url, tmp_path, policy=QUICK, limits=Limits(flood=False)) as opened:
        await opened.present(*EVERYBODY)
        yield opened


async def grave(village: Village) -> None:
    """A hazard that is getting worse, given to Lena and mended."""
    village.bob.photo(PIXEL)
    village.bob.location(*SPOT, 12)
    await village.settled()
    await press(village, "bob", "在发展", "✅")
    await press(village, "olga", "受理", "Lena")
    await mended(village)


async def test_a_major_hazard_wants_five_fixes_and_a_plate(village: Village) -> None:
    await grave(village)
    assert "👉 销号前还缺：责任 · 措施 · 资金 · 时限 · 预案 · 挂牌。" in last(village, "olga")
    assert "✅ 销号" not in last(village, "olga")
    await press(village, "olga", "五落实", "责任")
    for words in ("镇长包干", "削坡、排水", "三万元已拨", "七月底前", "雨天先转移"):
        await says(village, "olga", words)
    assert "👉 销号前还缺：挂牌。" in last(village, "olga")
    assert "资金: 三万元已拨" in last(village, "olga")
    await press(village, "olga", "挂牌", "乡镇", "✅ 销号")
    assert await status(village) == "closed"
    assert "摘牌" in last(village, "olga")


async def test_it_is_looked_at_again_after_thirty_and_ninety_days(village: Village) -> None:
    await test_a_major_hazard_wants_five_fixes_and_a_plate(village)
    await village.later(days=30, minutes=5)
    assert "👉 该“回头看”了" in last(village, "oscar")
    await press(village, "oscar", "仍然完好")
    assert "回头看" not in last(village, "olga")
    await village.later(days=60, minutes=5)
    await press(village, "olga", "又出现了")
    assert await status(village) == "registered"
    assert "反弹" in last(village, "oscar")


async def test_nina_of_another_grid_looks_with_fresh_eyes(sqlite_url: str, tmp_path: Path) -> None:
    everybody = QUICK | {"hazard.recheck_share": 100}
    async with open_village(sqlite_url, tmp_path, policy=everybody, limits=Limits(flood=False)) as village:
        await village.present(*EVERYBODY)
        await given(village)
        await mended(village)
        await press(village, "oscar", "✅ 销号")
        assert "抽到您来复查" in last(village, "nina")
        assert "Bob" not in last(village, "nina")
        await press(village, "nina", "前后对比")
        assert "整改后" in village.texts("nina")[-2]
        await press(village, "nina", "没有改好")
        assert last(village, "nina").startswith("🙏")
        assert village.nina.buttons == []
        assert await status(village) == "registered"
        assert "复查发现" in last(village, "olga")


async def test_the_reporter_can_hurry_whoever_has_it(village: Village) -> None:
    await given(village)
    await press(village, "bob", "催办")
    assert "Bob 催您办理" in last(village, "lena")
    assert toast(village, "bob").startswith("已催")
    await press(village, "bob", "催办")
    assert "刚刚催过" in toast(village, "bob")


# --- wrong moments ----------------------------------------------------------------------------------------------------


async def test_a_photo_after_the_case_was_taken_away_is_not_kept_and_that_is_said_once(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    await press(village, "olga", "收回")
    assert "Olga 收回" in last(village, "lena"), "she hears it before she goes on"
    village.lena.album([PIXEL + b"a", PIXEL + b"b", PIXEL + b"c"])
    await village.settled()
    assert sum("已经不由您整改" in text for text in village.texts("lena")) == 1
    assert (len(await rows(village, Photo)), len(await rows(village, Report))) == (1, 1)
    village.lena.photo(PIXEL + b"new")
    await village.settled()
    assert len(await rows(village, Report)) == 2, "the next one is a report again"


async def test_two_taps_hand_in_once(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    await shows(village, "lena")
    village.lena.press("已修复")
    village.lena.press("已清除")
    await village.settled()
    assert await status(village) == "fixed"
    assert "已修复" in last(village, "olga")
    assert "已清除" not in last(village, "olga")


async def test_of_two_verifiers_one_closes_and_the_other_is_told(village: Village) -> None:
    await given(village)
    await mended(village)
    village.olga.press("✅ 销号")
    village.oscar.press("✅ 销号")
    await village.settled()
    answers = {toast(village, name) for name in ("olga", "oscar")}
    assert "已销号。" in answers
    assert any("已经先办了这件" in answer for answer in answers)
    assert len([each for each in village.texts("bob") if "解决了吗" in each]) == 1


async def test_a_closed_case_is_not_sent_back_by_an_old_button(village: Village) -> None:
    await given(village)
    await mended(village)
    await press(village, "oscar", "退回整改")
    card = village.oscar.messages[-1]
    unclear = card["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await press(village, "olga", "✅ 销号")
    village.oscar.press(message_id=card["message_id"], data=unclear)
    await village.settled()
    assert "Olga已经先办了这件" in toast(village, "oscar")
    assert await status(village) == "closed"


async def test_bob_answers_once_and_in_time(village: Village) -> None:
    await given(village)
    await mended(village)
    await press(village, "olga", "✅ 销号")
    screen = village.bob.messages[-1]
    no = screen["reply_markup"]["inline_keyboard"][-1][-1]["callback_data"]
    await village.later(days=8)
    village.bob.press(message_id=screen["message_id"], data=no)
    await village.settled()
    assert "重新上报" in toast(village, "bob")
    assert await status(village) == "closed"


async def test_lena_cannot_check_her_own_work_nor_bob_his_report(village: Village) -> None:
    await given(village)
    await mended(village)
    close = next(
        button["callback_data"]
        for row in village.olga.messages[-1]["reply_markup"]["inline_keyboard"]
        for button in row
        if button["text"] == "✅ 销号"
    )
    for name in ("lena", "bob", "charlie"):
        phone = getattr(village, name)
        if name == "charlie":
            phone.text("/help")
            await village.settled()
        theirs = next(m for m in phone.messages if not m.get("outgoing"))
        phone.press(message_id=theirs["message_id"], data=close)
        await village.settled()
        assert "由负责这件隐患的人来办" in toast(village, name)
    assert await status(village) == "fixed"


async def test_a_departments_contact_takes_it_on_and_mends_it(village: Village) -> None:
    """移送, 签收: otto of the next township stands for the department of land."""
    async with village.app.database.transaction() as session:
        (await session.get_one(Person, village.ids["otto"])).hats = ["资规局"]
    await village.present("otto")
    await reported(village)
    await press(village, "olga", "受理", "移送", "资规局", "Otto")
    assert "✅ 签收" in last(village, "otto")
    await press(village, "otto", "签收")
    assert toast(village, "otto") == "已签收，整改时限从现在算起。"
    await press(village, "otto", "整改完成")
    await shows(village, "otto")
    await press(village, "otto", "已清除")
    assert "资规局" in last(village, "olga")
    assert await status(village) == "fixed"
    await press(village, "oscar", "退回整改", "照片不清")
    await press(village, "otto", "退回…", "力量不足")
    assert last(village, "otto").startswith("这件隐患已不由您经办")
