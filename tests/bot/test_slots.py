"""Screens that stay in their place: edited while they are the last message, sent anew when they are not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models.outbox import Delivery, Method
from tests.bot.core import drawn, notes, on_sqlite, saying, until
from tests.village import CAST, PIXEL, TOKEN, Village

pytestmark = on_sqlite


async def put(village: Village, text: str, *, follow: bool = True, **more: Any) -> None:
    """Bob's screen "s" as it is from now on."""
    async with saying(village) as say:
        await say("bob", text, method=Method.EDIT, slot="s", follow=follow, **more)
    await village.settled()


def shown(village: Village) -> list[tuple[str, bool]]:
    """What the bot's messages in Bob's chat say, and whether they have buttons."""
    return [
        (str(m.get("text") or m.get("caption")), bool(m.get("reply_markup", {}).get("inline_keyboard")))
        for m in village.bob.incoming
    ]


def calls(village: Village) -> list[str]:
    return [call.method for call in village.sandbox.ledger.of(chat_id=CAST["bob"][0])]


@pytest.fixture(autouse=True)
async def bob_is_there(village: Village) -> None:
    await village.present("bob")


async def test_a_screen_is_sent_first_and_edited_in_place_then(village: Village) -> None:
    await put(village, "一", buttons=["好"])
    await put(village, "二", buttons=["好"])
    assert shown(village) == [("二", True)]
    assert calls(village) == ["sendMessage", "editMessageText"]
    first, second = await notes(village)
    assert first.message_id == second.message_id
    assert (first.text, second.text) == ("一", "二")


async def test_a_screen_that_is_not_last_any_more_comes_anew(village: Village) -> None:
    """Either side may have written since; the old screen stays readable, without buttons."""
    await put(village, "一", buttons=["好"])
    async with saying(village) as say:
        await say("bob", "中间")
    await village.settled()
    await put(village, "二", buttons=["好"])
    assert shown(village) == [("一", False), ("中间", False), ("二", True)]
    await put(village, "三", buttons=["好"])
    assert shown(village) == [("一", False), ("中间", False), ("三", True)]


async def test_a_word_of_the_persons_own_pushes_the_screen_up_too(village: Village) -> None:
    await put(village, "一", buttons=["好"])
    village.bob.text("/help")
    await village.bob.until(lambda p: "110" in p.screen())
    await put(village, "二", buttons=["好"])
    assert shown(village)[0] == ("一", False)
    assert shown(village)[-1] == ("二", True)


async def test_without_follow_a_screen_is_edited_where_it_stands(village: Village) -> None:
    await put(village, "一", buttons=["好"])
    async with saying(village) as say:
        await say("bob", "中间")
    await village.settled()
    await put(village, "二", follow=False)
    assert shown(village) == [("二", False), ("中间", False)]


async def test_text_and_photo_change_places(village: Village) -> None:
    photo = village.sandbox.world.files.add_photo(TOKEN, PIXEL).file_id
    await put(village, "一", buttons=["好"])
    await put(village, "二", buttons=["好"], photo=photo)
    assert shown(village) == [("一", False), ("二", True)]
    await put(village, "三", buttons=["好"], photo=photo)
    assert shown(village) == [("一", False), ("三", True)]
    await put(village, "四")
    assert shown(village) == [("一", False), ("三", False), ("四", False)]
    assert calls(village).count("editMessageCaption") == 1


def seen(village: Village) -> bytes:
    """The picture on the bot's newest message, as Bob's phone has it."""
    file_id = village.bob.incoming[-1]["photo"][-1]["file_id"]
    stored = village.sandbox.world.files.find(TOKEN, file_id)
    assert stored is not None
    return stored.data


async def test_a_drawn_picture_is_drawn_anew_where_it_stands(village: Village) -> None:
    """A map with a dot more: words, picture and buttons change in one edit, and no second map comes below."""
    await put(village, "<b>一</b>处", drawn="red", buttons=["好"])
    assert (shown(village), seen(village)) == ([("一处", True)], drawn("red"))
    await put(village, "<b>两</b>处", drawn="blue", buttons=["好"])
    assert (shown(village), seen(village)) == ([("两处", True)], drawn("blue"))
    assert calls(village) == ["sendPhoto", "editMessageMedia"]
    first, second = await notes(village)
    assert (first.message_id, second.text) == (second.message_id, "两处")


async def test_a_drawn_picture_that_is_as_it_should_be_counts_as_sent(village: Village) -> None:
    await put(village, "一处", drawn="red")
    await put(village, "一处", drawn="red")
    _first, second = await notes(village)
    assert (second.state, second.text, shown(village)) == (Delivery.SENT, "一处", [("一处", False)])


async def test_a_drawn_picture_the_person_deleted_comes_anew(village: Village) -> None:
    await put(village, "一处", drawn="red")
    village.bob.chat.entries.clear()
    await put(village, "两处", drawn="blue")
    assert (shown(village), seen(village)) == ([("两处", False)], drawn("blue"))


async def test_a_photo_gives_way_to_a_drawn_picture_and_words_to_a_new_message(village: Village) -> None:
    photo = village.sandbox.world.files.add_photo(TOKEN, PIXEL).file_id
    await put(village, "一", photo=photo)
    await put(village, "二", drawn="red")
    assert (shown(village), seen(village)) == ([("二", False)], drawn("red"))
    await put(village, "三")
    await put(village, "四", drawn="red")
    assert [text for text, _ in shown(village)] == ["二", "三", "四"]


async def test_a_screen_with_keys_is_always_sent(village: Village) -> None:
    """Telegram cannot edit a reply keyboard into a message."""
    await put(village, "一", keys=["甲"])
    await put(village, "二", keys=["乙"])
    assert [text for text, _ in shown(village)] == ["一", "二"]
    assert village.bob.keyboard is not None
    assert village.bob.keyboard["keyboard"][0][0]["text"] == "乙"


async def test_a_screen_the_person_deleted_comes_anew(village: Village) -> None:
    await put(village, "一")
    village.bob.chat.entries.clear()
    await put(village, "二")
    assert shown(village) == [("二", False)]


async def test_a_screen_that_is_as_it_should_be_counts_as_sent(village: Village) -> None:
    await put(village, "<b>一</b>")
    await put(village, "<b>一</b>")
    first, second = await notes(village)
    assert (second.state, second.text, second.message_id) == (Delivery.SENT, "一", first.message_id)
    assert shown(village) == [("一", False)]


async def test_an_edit_whose_answer_is_lost_leaves_one_screen(village: Village) -> None:
    await put(village, "一")
    village.sandbox.faults.add("editMessageText", kind="drop_after")
    async with saying(village) as say:
        await say("bob", "二", method=Method.EDIT, slot="s", follow=True)
    await until(lambda: not village.sandbox.faults.plan and village.app.sender.idle)
    village.soon(seconds=1)
    await village.settled()
    assert shown(village) == [("二", False)]
    assert (await notes(village))[1].state is Delivery.SENT


async def test_of_edits_that_wait_the_newest_wins(village: Village) -> None:
    fault = village.sandbox.faults.add("*", kind="unauthorized", times=None)
    async with saying(village) as say:
        await say("bob", "一", slot="s")
    await until(lambda: fault.hits)
    for text in ("二", "三", "四"):
        async with saying(village) as say:
            await say("bob", text, method=Method.EDIT, slot="s", follow=True)
    village.sandbox.faults.clear()
    await village.settled()
    assert [row.state for row in await notes(village)] == [
        Delivery.SENT, Delivery.SUPERSEDED, Delivery.SUPERSEDED, Delivery.SENT
    ]  # fmt: skip
    assert calls(village) == ["sendMessage", "editMessageText"]
    assert shown(village) == [("四", False)]


async def test_an_edit_waits_for_the_first_sending_of_its_screen(village: Village) -> None:
    """Even when it is more urgent: otherwise two screens would stand in the chat."""
    village.sandbox.faults.add("sendMessage", kind="500")
    async with saying(village) as say:
        await say("bob", "一", slot="s", lane=3)
    await until(lambda: not village.sandbox.faults.plan and village.app.sender.idle)
    async with saying(village) as say:
        await say("bob", "二", method=Method.EDIT, slot="s", follow=True, lane=0)
    await asyncio.sleep(0.2)
    assert shown(village) == []
    village.soon(seconds=1)
    await village.settled()
    assert calls(village) == ["sendMessage", "editMessageText"]
    assert shown(village) == [("二", False)]


async def test_screens_of_different_names_do_not_meet(village: Village) -> None:
    await put(village, "一")
    async with saying(village) as say:
        await say("bob", "别的", method=Method.EDIT, slot="t", follow=False)
        await say("bob", "二", method=Method.EDIT, slot="s", follow=False)
    await village.settled()
    assert shown(village) == [("二", False), ("别的", False)]


async def test_a_screen_can_be_taken_away_and_comes_anew_later(village: Village) -> None:
    await put(village, "一", buttons=["好"])
    async with saying(village) as say:
        await say("bob", "", method=Method.DELETE, slot="s")
    await village.settled()
    assert shown(village) == []
    await put(village, "二", buttons=["好"])
    assert shown(village) == [("二", True)]


async def test_one_too_old_to_be_taken_away_loses_its_buttons(village: Village) -> None:
    await put(village, "一", buttons=["好"])
    await village.later(hours=49)
    async with saying(village) as say:
        await say("bob", "", method=Method.DELETE, slot="s")
    await village.settled()
    assert shown(village) == [("一", False)]
