"""是同一处吗? Two people report one slope: the second is asked, the officer is told, and both hear how it ends."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from bot.sandbox import Limits
from models.report.tables import Report
from tests.media.test_likeness import scene
from tests.village import PIXEL, Village, open_village

SLOPE = (29.13, 118.41)
METRE = 1 / 111_195  # in degrees of latitude


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Everybody has joined some time ago; the limits of sending are another test's business."""
    calm = Limits(flood=False, same_offset_throttle=False)
    async with open_village(sqlite_url, tmp_path, policy={"sending.chat_burst": 10}, limits=calm) as opened:
        await opened.present("bob", "lena", "nina", "olga", "oscar", "otto", "carol")
        yield opened


def picture(seed: int, quality: int = 90, width: int = 800) -> bytes:
    """A slope, drawn; another one for every seed."""
    out = io.BytesIO()
    scene(seed).resize((width, width * 3 // 4)).save(out, "JPEG", quality=quality)
    return out.getvalue()


async def finds(village: Village, name: str, metres: float = 0, photo: bytes = PIXEL, words: str = "") -> str:
    """A photo and a place. → what the screen asks then."""
    phone = getattr(village, name)
    phone.photo(photo, caption=words)
    await village.settled()
    phone.location(SLOPE[0] + metres * METRE, SLOPE[1], 8)
    await village.settled()
    return str(village.texts(name)[-1])


async def reports(village: Village, name: str, metres: float = 0, photo: bytes = PIXEL, words: str = "") -> None:
    """Two messages and one tap."""
    await finds(village, name, metres, photo, words)
    await presses(village, name, "✅")


async def presses(village: Village, name: str, *labels: str) -> None:
    """One button after another."""
    for label in labels:
        getattr(village, name).press(label)
        await village.settled()


async def rows(village: Village) -> list[Report]:
    """All reports, oldest first."""
    async with village.app.database.reading() as session:
        return sorted(await session.exec(select(Report)), key=lambda each: each.id or 0)


# --- the reporter -----------------------------------------------------------------------------------------------------


async def test_where_nothing_is_alike_nobody_is_asked(village: Village) -> None:
    await reports(village, "bob")
    assert "是同一处吗" not in await finds(village, "nina", 400)
    await presses(village, "nina", "✅")
    assert [each.status for each in await rows(village)] == ["submitted"] * 2


async def test_the_second_reporter_is_asked_and_joins_with_one_tap(village: Village) -> None:
    await reports(village, "bob", photo=picture(1))
    asked = await finds(village, "nina", 90, picture(2))
    main = (await rows(village))[0].number
    for part in (
        "❓ 是同一处吗？",
        f"{main} · 房后切坡、滑坡迹象",
        "相距约90米，09:00上报",
        "👉 是什么隐患？点一下就上报",
    ):
        assert part in asked
    await presses(village, "nina", "看照片")
    shown = village.nina.messages[-1]
    assert shown["photo"]
    assert main in shown["caption"]
    assert "Bob" not in shown["caption"]
    await presses(village, "nina", "是同一处")
    assert [each.status for each in await rows(village)] == ["submitted", "duplicate"]
    screen = village.texts("nina")[-1]
    assert f"已并入 {main}：待核实" in screen
    assert "桐村镇 乡镇干部" in screen
    assert "2 张照片" in village.olga.screen()
    assert "另有 1 人也报了" in village.olga.screen()
    assert village.nina.toasts[-1]["text"] == "已并入，谢谢您核对。"


async def test_whoever_says_no_is_not_asked_again_and_sends_as_usual(village: Village) -> None:
    await reports(village, "bob")
    await finds(village, "nina", 90)
    await presses(village, "nina", "不是")
    assert "是同一处吗" not in village.texts("nina")[-1]
    await presses(village, "nina", "有人居住")
    assert "是同一处吗" not in village.texts("nina")[-1]
    await presses(village, "nina", "✅")
    assert [each.status for each in await rows(village)] == ["submitted"] * 2


async def test_passing_the_question_by_costs_no_tap(village: Village) -> None:
    await reports(village, "bob")
    await reports(village, "nina", 90)
    assert [each.status for each in await rows(village)] == ["submitted"] * 2


async def test_the_same_picture_is_known_before_a_place_is_there(village: Village) -> None:
    await reports(village, "bob", photo=picture(3))
    village.nina.photo(picture(3, quality=55, width=640))
    await village.settled()
    await village.nina.until(lambda p: "两张照片几乎相同" in p.screen())
    assert "请发位置" in village.texts("nina")[-1]
    await presses(village, "nina", "是同一处")
    assert (await rows(village))[1].status == "duplicate"


async def test_a_button_pressed_after_the_other_case_ended_answers_kindly(village: Village) -> None:
    await reports(village, "bob")
    await finds(village, "nina", 90)
    await presses(village, "olga", "驳回", "现场没有")
    await presses(village, "nina", "是同一处")
    assert "不能并入那一件" in village.nina.toasts[-1]["text"]
    assert (await rows(village))[1].status == "draft"


async def test_every_reporter_hears_how_it_ends(village: Village) -> None:
    await reports(village, "bob")
    await finds(village, "nina", 90)
    await presses(village, "nina", "是同一处")
    await presses(village, "olga", "受理")
    assert "待交办" in village.texts("nina")[-1]
    await presses(village, "olga", "驳回", "照片不清")
    assert "已驳回。原因：照片不清" in village.texts("nina")[-1]
    assert "已驳回" in village.texts("bob")[-1]


# --- the officer ------------------------------------------------------------------------------------------------------


async def two_of_a_kind(village: Village) -> tuple[str, str]:
    """Bob's and Nina's reports, 90 m from each other, with the same picture; nobody joined them. → their numbers."""
    await reports(village, "bob", photo=picture(4))
    await reports(village, "nina", 90, picture(4, quality=60))
    first, second = await rows(village)
    return first.number, second.number


async def test_the_card_says_what_may_be_the_same_and_two_taps_join_it(village: Village) -> None:
    first, second = await two_of_a_kind(village)
    card = village.texts("olga")[-1]
    assert second in card
    assert f"📷 照片与 {first} 几乎相同（待核实）" in card
    await presses(village, "olga", "重复", f"🔁 {first[-6:]} · 📷 · 90米 · 房后切坡")
    assert village.olga.toasts[-1]["text"] == "已并入。"
    assert [each.status for each in await rows(village)] == ["submitted", "duplicate"]
    assert f"已并入 {first}：待核实" in village.texts("nina")[-1]
    assert f"🔗 已并入 {first}" in village.olga.screen()
    await presses(village, "olga", "看并入的那件")
    assert first in village.texts("olga")[-1]
    assert "另有 1 人也报了" in village.texts("olga")[-1]


async def test_only_near_by_the_card_names_the_metres(village: Village) -> None:
    await reports(village, "bob")
    await reports(village, "nina", 120)
    first = (await rows(village))[0].number
    assert f"⚠️ 150米内已有同类：{first}（120米，09:00上报）" in village.texts("olga")[-1]


async def test_by_number_a_case_far_away_is_joined_and_a_slip_joins_nothing(village: Village) -> None:
    await reports(village, "bob")
    await reports(village, "nina", 3000)
    first = (await rows(village))[0].number
    await presses(village, "olga", "重复", "输入编号")
    village.olga.text(first[:-1] + ("1" if first[-1] != "1" else "2"))
    await village.settled()
    assert "编号有一位不对" in village.texts("olga")[-1]
    village.olga.text(first)
    await village.settled()
    assert [each.status for each in await rows(village)] == ["submitted"] * 2
    await presses(village, "olga", f"🔁 {first[-6:]}")
    assert [each.status for each in await rows(village)] == ["submitted", "duplicate"]


async def test_back_leads_to_the_card(village: Village) -> None:
    await reports(village, "bob")
    await presses(village, "olga", "重复", "返回")
    assert "受理" in village.olga.screen().rpartition("←")[2]


# --- many at once -----------------------------------------------------------------------------------------------------


async def test_three_of_a_kind_alarm_the_township_and_the_county(village: Village) -> None:
    await two_of_a_kind(village)
    assert "🚨" not in village.carol.screen()
    await reports(village, "lena", 300)
    for name in ("olga", "oscar", "carol"):
        (alarm,) = [text for text in village.texts(name) if text.startswith("🚨")]
        assert alarm.startswith("🚨 房后切坡、滑坡迹象：500米内、24小时内已报3件")
        for each in await rows(village):
            assert each.number in alarm
        assert "同一原因" in alarm
    assert "🚨" not in "".join(village.texts("otto"))
    screen = village.carol.screen()
    assert "🗺 高德" in screen
    third = (await rows(village))[2].number
    await presses(village, "carol", third[-6:])
    assert third in village.texts("carol")[-1]


async def test_a_patrol_that_finds_three_of_a_kind_alarms_as_well(village: Village) -> None:
    village.bob.text("/patrol")
    await village.settled()
    for number in range(3):
        village.bob.photo(PIXEL + bytes([number]))
        village.bob.location(SLOPE[0] + 100 * number * METRE, SLOPE[1])
        await village.settled()
    village.bob.text("/patrol")
    await village.settled()
    await presses(village, "bob", "全部上报")
    assert [each.status for each in await rows(village)] == ["submitted"] * 3
    assert "🚨" in village.olga.screen()
