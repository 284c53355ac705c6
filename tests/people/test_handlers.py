"""Officers with their thumbs: the roster in the chat, through the real bot and the sandbox in Telegram's place."""

from __future__ import annotations

import pytest

from bot.sandbox import Phone
from tests.village import CAST, Village

# Thumbs are slow enough once; what differs between the databases is tried in test_actions.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANNA = (1005, "+8610000000088")


async def sees(phone: Phone, words: str) -> str:
    """Wait until the newest message of the bot says this. → the message's text."""

    def newest(p: Phone) -> str:
        text = str(p.incoming[-1].get("text") or "") if p.incoming else ""
        return text if words in text else ""

    return await phone.until(newest)


async def test_olga_sees_who_has_not_joined_and_opens_a_card(village: Village) -> None:
    await village.joins("olga", "bob")
    village.olga.tap("人员")
    assert "共 5 人 · 已加入 2 人 · 未加入 3 人" in await sees(village.olga, "👥 桐村镇")
    village.olga.press("未加入")
    await village.olga.until(lambda p: any("Lena · 华山村 村负责人" in label for label in p.buttons))
    village.olga.press("Lena")
    card = await sees(village.olga, "👤")
    assert "100****0002" in card
    village.olga.press("查看手机号")
    assert "+8610000000002" in await sees(village.olga, "+86")
    assert len([text for text in village.texts("olga") if "Lena" in text]) == 1  # one screen, edited in place


async def test_olga_adds_anna_from_her_phone_book_and_anna_joins(village: Village) -> None:
    anna = village.sandbox.add_person(ANNA[0], "Anna", ANNA[1])
    assert anna is not None
    await village.joins("olga")
    village.olga.contact(ANNA[1], None, "王安娜")
    assert "王安娜" in await sees(village.olga, "什么岗位")
    village.olga.press("网格员")
    await sees(village.olga, "在哪里")
    village.olga.press("华山村")
    assert "华山村 网格员" in await sees(village.olga, "👤 王安娜")
    await village.settled()
    phone = village.sandbox.phone(ANNA[0])
    assert phone.messages == []
    phone.start()
    await phone.until(lambda p: p.keyboard)
    phone.contact()
    await sees(phone, "欢迎")


async def test_a_typed_line_and_a_part_of_the_villages_name_do_as_well(village: Village) -> None:
    await village.joins("carol")
    village.carol.text("/people")
    await sees(village.carol, "👥 开化县")
    village.carol.press("添加人员")
    await sees(village.carol, "添加谁")
    village.carol.text("王安娜 10000000088")
    await sees(village.carol, "什么岗位")
    village.carol.press("村负责人")
    await sees(village.carol, "在哪里")
    assert {"桐村镇", "杨林镇"} <= set(village.carol.buttons)
    village.carol.text("下庄")
    await village.carol.until(lambda p: "下庄村" in p.buttons)
    village.carol.press("下庄村")
    assert "下庄村 村负责人" in await sees(village.carol, "👤 王安娜")


async def test_an_officer_of_the_next_township_gets_nowhere(village: Village) -> None:
    """Otto presses what only Olga was shown, as one could with a copied button."""
    await village.joins("olga", "otto")
    village.otto.tap("人员")
    await sees(village.otto, "👥 杨林镇")
    message, bob = village.otto.incoming[-1]["message_id"], village.ids["bob"]
    for data in (
        "1|po|330824106", "1|pl|330824106|a|0", "1|pp|330824|0", f"1|pc|{bob}|", f"1|ps|{bob}|", f"1|pr|{bob}|",
        f"1|ph|{bob}|name", f"1|ph|{bob}|end", f"1|qx|{bob}|grid_worker|330824106200",
        f"1|qm|{bob}|grid_worker|330824106200",
    ):  # fmt: skip
        before = len(village.otto.toasts)
        village.otto.press(message_id=message, data=data)
        await village.otto.until(lambda p, before=before: len(p.toasts) > before)  # type: ignore[misc]
        assert "这不在您的辖区" in village.otto.toasts[-1]["text"], data
    village.otto.contact(CAST["bob"][1])
    await sees(village.otto, "别的乡镇名册")
    await village.settled()
    assert "Bob" not in "\n".join(village.texts("otto"))


async def test_bob_is_renamed_moved_and_ended(village: Village) -> None:
    await village.joins("olga", "bob")
    village.olga.text("/people")
    await sees(village.olga, "👥 桐村镇")
    village.olga.press("按村看")
    await village.olga.until(lambda p: any(label.startswith("华山村") for label in p.buttons))
    village.olga.press("华山村")
    await village.olga.until(lambda p: any("Bob" in label for label in p.buttons))
    village.olga.press("Bob")
    await sees(village.olga, "👤 Bob")
    village.olga.press("改姓名")
    await sees(village.olga, "正确姓名")
    village.olga.text("王波")
    await sees(village.olga, "👤 王波")
    village.olga.press("调动")
    await sees(village.olga, "调动王波的哪个岗位")
    village.olga.press("华山村")
    await sees(village.olga, "在哪里")
    village.olga.press("建丰村")
    assert "建丰村 网格员" in await sees(village.olga, "👤 王波")
    await sees(village.bob, "建丰村")  # his menu and posts as they are now
    village.olga.press("结束岗位")
    await sees(village.olga, "没有岗位的人不再收到消息")
    village.olga.press("建丰村")
    await sees(village.bob, "您的岗位已经结束")
    await village.settled()
    village.bob.text("塌方了塌方了")
    await village.settled()
    assert "YH-" not in "\n".join(village.texts("bob"))


async def test_a_stale_button_of_an_addition_does_not_touch_the_next_one(village: Village) -> None:
    await village.joins("olga")
    village.olga.contact(ANNA[1], None, "王安娜")
    await sees(village.olga, "王安娜")
    old = village.olga.incoming[-1]
    data = old["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    village.olga.contact("+8610000000089", None, "李四")
    await sees(village.olga, "李四")
    village.olga.press(message_id=old["message_id"], data=data)
    await village.olga.until(lambda p: p.toasts and "已取消或已重新开始" in p.toasts[-1]["text"])


async def test_somebody_who_blocked_the_bot_becomes_a_task_that_a_call_ends(village: Village) -> None:
    await village.joins("olga", "bob")
    village.bob.block()
    await village.settled()
    village.olga.text("/people")
    assert "1 人联系不上：停用了机器人 1" in await sees(village.olga, "👥 桐村镇")
    village.olga.text("/tasks")
    await sees(village.olga, "电话联系：Bob，华山村")
    await village.later(hours=4)
    assert any("收不到消息：停用了机器人" in text for text in village.texts("olga"))
    village.olga.press("查看")
    await sees(village.olga, "👤 Bob")
    village.olga.press("电话已联系上")
    await village.olga.until(lambda p: "📞 电话已联系上" not in p.buttons)
    before = len(village.texts("olga"))
    await village.later(hours=30)
    assert len(village.texts("olga")) == before


async def test_strangers_and_grid_workers_learn_nothing(village: Village) -> None:
    await village.joins("bob")
    village.bob.text("/people")
    await sees(village.bob, "您的岗位")
    village.bob.contact(CAST["lena"][1])
    await sees(village.bob, "这不是您")
    village.sandbox.add_person(9999, "Eve", "+8610000000077")
    eve = village.sandbox.phone(9999)
    eve.start()
    await eve.until(lambda p: p.keyboard)
    before = len(eve.incoming)
    eve.contact(CAST["bob"][1])
    await eve.until(lambda p: len(p.incoming) > before)
    eve.contact()
    await eve.until(lambda p: len(p.incoming) > before + 1)
    eve.text("/people")
    await eve.until(lambda p: len(p.incoming) > before + 2)
    said = "\n".join(str(m.get("text")) for m in eve.incoming)
    assert not any(name.capitalize() in said for name in CAST)
    assert all(CAST[name][1] not in said for name in CAST)


async def test_words_written_long_after_a_question_are_no_answer_to_it(village: Village) -> None:
    """Olga wanted to correct a name and was called away; what she writes next morning is about a slope."""
    await village.joins("olga")
    bob = village.ids["bob"]
    village.olga.text("/people")
    await sees(village.olga, "👥 桐村镇")
    village.olga.press(message_id=village.olga.incoming[-1]["message_id"], data=f"1|ph|{bob}|name")
    await sees(village.olga, "正确姓名")
    await village.later(hours=12)
    village.olga.text("村口河边塌方了")
    await village.settled()
    village.olga.press(message_id=village.olga.incoming[-1]["message_id"], data=f"1|pc|{bob}|")
    await sees(village.olga, "👤 Bob")
