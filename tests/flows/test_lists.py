"""Lists and searches in the chat: the shared queue, the filters, one's own reports, and two thumbs on one button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.sandbox import Limits, Phone
from handlers.hazard.lists import Cases, packed, unpacked
from models.report.rules import Severity
from models.report.tables import Report
from tests.flows.mending import many
from tests.village import CAST, PIXEL, Village, open_village

QUICK: dict[str, object] = {"sending.chat_burst": 10, "hazard.recheck_share": 0}


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Everybody has joined some time ago."""
    async with open_village(sqlite_url, tmp_path, policy=QUICK, limits=Limits(flood=False)) as opened:
        await opened.present("bob", "lena", "nina", "olga", "oscar", "carol", "charlie")
        yield opened


async def says(village: Village, name: str, words: str) -> None:
    getattr(village, name).text(words)
    await village.settled()


async def press(village: Village, name: str, *labels: str) -> None:
    for label in labels:
        getattr(village, name).press(label)
        await village.settled()


async def reports(village: Village, name: str, *words: str) -> None:
    """Somebody reports so many hazards, in these words."""
    phone: Phone = getattr(village, name)
    for nth, each in enumerate(words):
        phone.text(each)
        phone.photo(PIXEL + each.encode())
        phone.location(29.12 + nth / 50, 118.21, 10)
        await village.settled()
        phone.press("✅")
        await village.settled()
        village.soon(minutes=15)


def shown(village: Village, name: str) -> str:
    """The list as it stands in somebody's chat."""
    return next(text for text in reversed(village.texts(name)) if text.startswith(("📋", "🔎", "📂", "看")))


def lists(village: Village, name: str) -> int:
    return sum(text.startswith("📋") for text in village.texts(name))


def lately(village: Village, name: str) -> str:
    """The newest messages; a reminder may have come between them."""
    return "\n".join(village.texts(name)[-4:])


async def numbers(village: Village) -> list[str]:
    async with village.app.database.reading() as session:
        return list((await session.exec(select(Report.number).order_by(col(Report.id)))).all())


async def test_the_queue_of_a_township_opens_cards_and_is_narrowed_by_taps(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝", "危树要倒了")
    await reports(village, "nina", "电线老化")
    await says(village, "olga", "/cases")
    assert shown(village, "olga").splitlines() == [
        "📋 桐村镇 · 未销号 3",
        "1. 🟡 0701-0001 · 华山村 · 房后切坡、滑坡迹象 · 待核实 · 限 07-02 前",
        "2. 🟡 0701-0002 · 华山村 · 危树、高空坠物 · 待核实 · 限 07-02 前",
        "3. 🟡 0701-0003 · 建丰村 · 私拉乱接、电线老化 · 待核实 · 限 07-02 前",
    ]
    await press(village, "olga", "2 🟡", "受理", "Lena")
    await press(village, "olga", "✓ 未销号")
    assert "3. 🟡 0701-0002 · 华山村 · 危树、高空坠物 · 整改中" in shown(village, "olga")
    await press(village, "olga", "整改中 1")
    assert shown(village, "olga").splitlines()[0] == "📋 桐村镇 · 整改中 1"
    await press(village, "olga", "未销号", "种类", "用电", "这类全部")
    assert shown(village, "olga").splitlines()[0] == "📋 桐村镇 · 未销号 1 · 用电"
    await press(village, "olga", "清除")
    await says(village, "olga", "/cases")  # the card has buttons of these names too
    await press(village, "olga", "等级", "🔴 紧急")
    assert shown(village, "olga").splitlines() == ["📋 桐村镇 · 未销号 0 · 🔴 紧急", "没有。 👍"]
    assert lists(village, "olga") == 2


async def test_overdue_ones_are_counted_and_can_be_seen_alone(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    village.soon(days=2)
    await reports(village, "nina", "电线老化")
    await says(village, "olga", "/cases")
    assert shown(village, "olga").startswith("📋 桐村镇 · 未销号 2 · 超期 1")
    await press(village, "olga", "超期")
    assert len(shown(village, "olga").splitlines()) == 2
    assert shown(village, "olga").endswith("🔴")


def test_the_longest_button_fits() -> None:
    """A grid, a kind, a thousandth page, and a case that a thousand people reported."""
    key = (1, 1, 0, -1000, 32_503_680_000_000_000, 99_999_999)
    turn = packed(True, 1000, key)
    assert unpacked(turn) == (1000, key, True)
    assert Cases("330824106200001", "o", "E", "A01", turn).pack()
    for strange in ("", ">", ">1", "1.2", ">1.x!", ">1." + "z" * 12, ">1" + ".1" * 9):
        assert unpacked(strange) == (0, (), False)


async def test_pages_are_turned_in_place(village: Village) -> None:
    await many(village, "bob", 9)
    await says(village, "olga", "/cases")
    assert "0701-0008" in shown(village, "olga")
    await press(village, "olga", "2/2 ▶")
    assert [line[:2] for line in shown(village, "olga").splitlines()[1:]] == ["1."]
    assert "0701-0009" in shown(village, "olga")
    await press(village, "olga", "◀ 1/2")
    assert "1. 🟡 0701-0001" in shown(village, "olga")
    assert lists(village, "olga") == 1


async def test_the_county_goes_down_to_a_village_and_up_again(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    await says(village, "carol", "/cases")
    assert "1. 🟡 0701-0001 · 桐村镇 华山村 · " in shown(village, "carol")
    await press(village, "carol", "按乡镇看", "桐村镇 1", "按村看", "华山村 1")
    assert shown(village, "carol").splitlines()[0] == "📋 华山村 · 未销号 1"
    await press(village, "carol", "⬆ 桐村镇", "⬆ 开化县")
    assert shown(village, "carol").splitlines()[0] == "📋 开化县 · 未销号 1"


async def test_what_was_closed_is_leafed_through_by_months(village: Village) -> None:
    await says(village, "lena", "/cases")
    await press(village, "lena", "已销号", "◀ 2026-06")
    assert shown(village, "lena").splitlines() == ["📋 华山村 · 2026-06 已销号 0", "没有。"]
    await press(village, "lena", "2026-07 ▶", "未销号")
    assert shown(village, "lena").splitlines() == ["📋 华山村 · 未销号 0", "没有。 👍"]


async def test_bob_finds_what_he_reported_and_lena_what_she_has_to_mend(village: Village) -> None:
    await reports(village, "bob", "危树要倒了")
    await press(village, "olga", "受理", "Lena")
    await says(village, "bob", "/mine")
    assert shown(village, "bob").splitlines()[0] == "📋 我上报的 · 全部 1"
    assert "整改中" in shown(village, "bob")
    await says(village, "lena", "/cases")
    await press(village, "lena", "🔧 要我整改的 1")
    assert shown(village, "lena").splitlines()[0] == "📋 要我整改的 · 未销号 1"
    await press(village, "lena", "1 🟡")
    assert "整改中" in lately(village, "lena")


async def test_a_search_asks_for_words_and_finds_by_them(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝", "危树要倒了")
    await says(village, "olga", "/find")
    await says(village, "olga", "裂缝")
    assert shown(village, "olga").splitlines()[0] == "🔎 裂缝：找到 1 件"
    await press(village, "olga", "再找")
    await says(village, "olga", "0701-0002")
    assert "危树、高空坠物" in shown(village, "olga")
    await says(village, "olga", "/find 华山 危树")
    assert shown(village, "olga").splitlines()[0] == "🔎 华山 危树：找到 1 件"
    await says(village, "olga", "/find 树")
    assert "至少写两个字" in lately(village, "olga")
    await says(village, "charlie", "/find 危树")
    assert shown(village, "charlie").splitlines()[0] == "🔎 危树：找到 0 件"


async def test_a_whole_number_opens_its_case_at_once(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    (number,) = await numbers(village)
    await says(village, "olga", "/find")
    await says(village, "olga", number)
    assert f"📄 {number}" in lately(village, "olga")
    await says(village, "bob", "/find")
    village.soon(minutes=11)
    await says(village, "bob", "路上有大坑")  # so much later it is a report again
    assert "路上有大坑" in lately(village, "bob")


async def test_a_scanned_code_opens_the_case_after_the_greeting(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    (number,) = await numbers(village)
    for name in ("olga", "bob", "charlie"):
        getattr(village, name).start(number)
        await village.settled()
    assert f"📄 {number}" in lately(village, "olga")
    assert "欢迎" in lately(village, "olga")
    assert f"📄 {number}" in lately(village, "bob")
    assert "没有查到" in lately(village, "charlie")
    assert "欢迎" in lately(village, "charlie")


async def test_of_two_thumbs_one_is_told_who_was_quicker(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    await says(village, "olga", "/cases")
    village.olga.press("受理")
    village.oscar.press("受理")
    await village.settled()
    said = {name: str(getattr(village, name).toasts[-1]["text"]) for name in ("olga", "oscar")}
    slower = next(name for name, text in said.items() if text != "已受理。")
    quicker = "Oscar" if slower == "olga" else "Olga"
    assert said == {quicker.lower(): "已受理。", slower: f"{quicker}已经先办了这件，卡片上是最新情况。"}
    assert "待交办" in getattr(village, slower).screen()


async def test_a_confidential_case_is_in_no_list_below_the_county(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    async with village.app.database.transaction() as session:
        found = (await session.exec(select(Report))).one()
        found.confidential, found.severity = True, Severity.M
    for name in ("lena", "olga", "nina"):
        await says(village, name, "/cases")
        assert shown(village, name).splitlines()[0].endswith("未销号 0"), name
    await says(village, "carol", "/cases")
    assert shown(village, "carol").endswith("🔒")


async def test_an_area_that_is_not_ones_own_and_a_button_from_another_time_are_refused(village: Village) -> None:
    await reports(village, "bob", "屋后裂缝")
    await says(village, "charlie", "/cases")
    message = village.charlie.incoming[-1]["message_id"]
    town = CAST["olga"][3]
    for data, answer in (
        (f"1|ll|{town}|o|||", "不在您的辖区"), ("1|ll|mine|z|||", "/tasks"), ("1|ll|mine|d2613|||", "/tasks"),
        ("1|ll|mine|a||Q9|", "/tasks"), (f"1|lx|{town}|o|||0", "不在您的辖区"), ("1|lx|mine|a|||Q", "/tasks"),
        ("1|ll|mine|a|||>1.zzzzzzzzzzzz", ""),
    ):  # fmt: skip
        village.charlie.press(message_id=message, data=data)
        await village.settled()
        assert answer in str(village.charlie.toasts[-1]["text"]), data
    assert "0701-0001" not in village.charlie.screen()
