"""The loop of a case through real chats: mended with proof, checked by a third person, and answered by its reporter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Limits
from models.hazard.tables import Proof
from models.report.tables import Photo, Report
from tests.flows.mending import (
    EVERYBODY,
    FAR,
    QUICK,
    SPOT,
    given,
    last,
    mended,
    press,
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


# --- the whole way ----------------------------------------------------------------------------------------------------


async def test_from_finding_to_content_with_one_closure_that_did_not_hold(village: Village) -> None:
    await given(village)
    assert "■■■■□□ 整改中" in last(village, "bob")
    assert "由华山村 村负责人 (Lena)办，限 07-08 09:00" in last(village, "bob")
    await mended(village)
    assert toast(village, "lena") == "已提交，由别人来验收。"
    await press(village, "olga", "前后对比")
    assert "前 1 张是整改前，后 1 张是整改后" in village.olga.screen()
    await press(village, "olga", "✅ 销号")
    assert "这处隐患解决了吗？" in last(village, "bob")
    await press(village, "bob", "没解决")
    await says(village, "bob", "水还在漏")
    village.bob.photo(PIXEL + b"still")
    await village.settled()
    assert "上报人说没解决" in last(village, "oscar")
    assert "水还在漏" in last(village, "oscar")
    assert "📷 2 张照片" in last(village, "oscar")
    assert "交办" not in "".join(village.olga.buttons), "her closure did not hold"
    await press(village, "oscar", "Lena")
    await mended(village, 2)
    await press(village, "oscar", "✅ 销号")
    await press(village, "bob", "👍")
    assert await status(village) == "closed"
    assert "上报人满意" in last(village, "oscar")
    assert [report.status for report in await rows(village, Report)] == ["closed"], "nothing became another report"


async def test_two_messages_and_one_tap_hand_it_in(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    assert "👉 请发整改后的照片" in last(village, "lena")
    village.lena.photo(PIXEL + b"1")
    await village.settled()
    assert "👉 请发位置" in last(village, "lena")
    village.lena.location(*SPOT, 10)
    await village.settled()
    assert "👉 怎么整改的？点一下就提交验收" in last(village, "lena")
    await press(village, "lena", "已修复")
    assert await status(village) == "fixed"
    for officer in ("olga", "oscar"):
        assert "■■■■■□ 待验收" in last(village, officer)
        assert "已修复" in last(village, officer)
        assert "距现场 0 米" in last(village, officer)


async def test_whose_turn_it_is_hears_it_and_nobody_else_does(village: Village) -> None:
    """An edit makes no sound; a message does."""
    await given(village)
    heard = {name: len(village.texts(name)) for name in ("bob", "lena", "olga", "oscar")}
    assert heard == {"bob": 1, "lena": 1, "olga": 1, "oscar": 1}
    await mended(village)
    assert {name: len(village.texts(name)) for name in ("bob", "olga", "oscar")} == {"bob": 1, "olga": 2, "oscar": 2}
    await press(village, "oscar", "✅ 销号")
    assert {name: len(village.texts(name)) for name in ("bob", "olga", "oscar")} == {"bob": 2, "olga": 2, "oscar": 2}


async def test_buttons_are_short_and_a_screen_asks_one_thing(village: Village) -> None:
    await given(village)
    seen: list[str] = []
    for name, label in (
        ("lena", "退回"), ("lena", "返回"), ("lena", "申请延期"), ("lena", "返回"), ("lena", "整改完成"),
        ("olga", "改派"), ("olga", "返回"), ("olga", "等级"), ("olga", "返回"),
    ):  # fmt: skip
        await press(village, name, label)
        seen.append(last(village, name))
    await shows(village, "lena")
    seen.append(last(village, "lena"))
    await press(village, "lena", "已围挡警示")
    await press(village, "olga", "退回整改")
    seen.append(last(village, "olga"))
    assert max(screen.count("👉") for screen in seen) == 1
    labels = {line[1:-1] for screen in seen for line in screen.splitlines() if line.startswith("[")}
    words = [label.split(" ", 1)[-1] if not label[0].isalnum() else label for label in labels if "👤" not in label]
    assert [word for word in words if not 2 <= len(word) <= 8] == []


# --- back again -------------------------------------------------------------------------------------------------------


async def test_who_cannot_mend_it_gives_it_back_in_her_own_words(village: Village) -> None:
    await given(village)
    await press(village, "lena", "退回", "自己写")
    await says(village, "lena", "这段归公路站管")
    assert await status(village) == "registered"
    for name in ("olga", "oscar", "lena"):
        assert "Lena 退回，不接办 · “这段归公路站管”" in last(village, name)


async def test_what_is_not_wholly_mended_comes_back_with_the_reason(village: Village) -> None:
    await given(village)
    await mended(village)
    await press(village, "oscar", "退回整改", "没改彻底")
    assert "Oscar 退回整改 · “没改彻底”" in last(village, "lena")
    assert "整改后照片" not in last(village, "lena"), "the next round wants a proof of its own"
    await press(village, "lena", "整改完成")
    village.lena.photo(PIXEL + bytes([1]))
    await village.settled()
    assert "这张照片以前发过了" in last(village, "lena")
    await shows(village, "lena", 2)
    await press(village, "lena", "已修复")
    assert await status(village) == "fixed"
    assert sorted(proof.round for proof in await rows(village, Proof)) == [1, 2]


# --- proof ------------------------------------------------------------------------------------------------------------


async def test_too_far_from_the_spot_asks_why(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    await shows(village, "lena", place=FAR)
    assert "离现场太远了，是什么原因？" in last(village, "lena")
    assert "距现场 1112 米" in last(village, "lena")
    await press(village, "lena", "自己写")
    await says(village, "lena", "路断了，只能从对岸拍")
    await press(village, "lena", "已清除")
    for part in ("距现场 1112 米", "路断了，只能从对岸拍", "已清除"):
        assert part in last(village, "olga")


async def test_or_the_place_is_sent_once_more(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    await shows(village, "lena", place=FAR)
    village.lena.location(*SPOT, 5)
    await village.settled()
    assert "怎么整改的" in last(village, "lena")


async def test_words_a_voice_a_file_and_an_album_are_all_taken(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    village.lena.album([PIXEL + b"a", PIXEL + b"b"], caption="边沟清了")
    village.lena.photo(PIXEL + b"c", as_file=True)
    village.lena.voice(b"OggS" + bytes(64))
    await village.settled()
    await press(village, "lena", "现场没信号")
    await says(village, "lena", "护栏也修了")
    assert "👉 都齐了" in last(village, "lena")
    await press(village, "lena", "提交验收")
    (proof,) = await rows(village, Proof)
    assert (proof.measure, proof.words, proof.excuse) == ("other", "边沟清了\n护栏也修了", "no_signal")
    assert [photo.form for photo in await rows(village, Photo) if photo.after_round == 1].count("photo") == 2
    assert len(await rows(village, Report)) == 1


async def test_without_pressing_first_a_photo_is_a_new_report(village: Village) -> None:
    await given(village)
    village.lena.photo(PIXEL + b"new")
    await village.settled()
    assert len(await rows(village, Report)) == 2


async def test_not_now_and_the_report_key_end_it(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成", "先不提交")
    assert "🔧 整改完成" in last(village, "lena")
    await press(village, "lena", "整改完成")
    await says(village, "lena", "/report")
    village.lena.photo(PIXEL + b"new")
    await village.settled()
    assert len(await rows(village, Report)) == 2


async def test_after_half_a_day_it_is_about_something_else(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    await village.later(hours=11)
    village.lena.photo(PIXEL + b"1")
    await village.later(hours=11)
    village.lena.photo(PIXEL + b"2")
    await village.later(hours=13)
    village.lena.photo(PIXEL + b"3")
    await village.settled()
    assert [photo.report_id for photo in await rows(village, Photo)] == [1, 1, 1, 2]


async def test_a_key_of_the_menu_and_a_number_are_no_words(village: Village) -> None:
    await given(village)
    await press(village, "lena", "整改完成")
    await says(village, "lena", "📋 我的任务")
    await says(village, "lena", (await rows(village, Report))[0].number)
    (proof,) = await rows(village, Proof)
    assert (proof.words, proof.measure) == ("", None)


async def test_of_two_cases_the_one_pressed_last_gets_the_photo(village: Village) -> None:
    await given(village)
    village.bob.photo(PIXEL + b"2")
    village.bob.location(29.2, 118.3, 12)
    await village.settled()
    await press(village, "bob", "✅")
    await press(village, "olga", "受理", "Lena")
    await press(village, "lena", "整改完成")
    first = village.lena.messages[0]
    mend = first["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    village.lena.press(message_id=first["message_id"], data=mend)
    await village.settled()
    village.lena.photo(PIXEL + b"after")
    await village.settled()
    assert [photo.report_id for photo in await rows(village, Photo) if photo.after_round] == [1]


# --- more time --------------------------------------------------------------------------------------------------------


async def test_more_time_is_asked_for_refused_and_granted(village: Village) -> None:
    await given(village)
    await press(village, "lena", "申请延期", "7 天", "等材料")
    assert "申请延期 7 天：等材料" in last(village, "olga")
    await press(village, "oscar", "不同意")
    assert "Oscar 不同意延期" in last(village, "lena")
    await press(village, "lena", "申请延期", "3 天", "自己写")
    await says(village, "lena", "吊车后天才到")
    assert "申请延期 3 天：吊车后天才到" in last(village, "lena")
    await press(village, "olga", "同意")
    assert "限 07-11 09:00" in last(village, "lena")
    assert "限 07-11 09:00" in last(village, "bob")
