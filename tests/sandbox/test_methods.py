"""python-telegram-bot's client calls every method over HTTP and understands every answer."""

from __future__ import annotations

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    LinkPreviewOptions,
    MenuButtonCommands,
    Message,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest

from bot.sandbox import Phone, Sandbox
from bot.sandbox.errors import PhoneError
from tests.sandbox.conftest import ALICE, HandClock, jpeg, png

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUTTONS = InlineKeyboardMarkup(
    [[InlineKeyboardButton("受理", callback_data="a1"), InlineKeyboardButton("地图", url="https://amap.com/x")]]
)


async def updates(bot: Bot) -> list[Update]:
    """Everything that waits, confirmed."""
    found = await bot.get_updates(timeout=0)
    if found:
        await bot.get_updates(offset=found[-1].update_id + 1, timeout=0, limit=1)
    return list(found)


async def last(bot: Bot) -> Message:
    message = (await updates(bot))[-1].message
    assert message is not None
    return message


async def test_the_bot_knows_itself(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.username, me.first_name) == (42, True, "cunshao_bot", "村哨")


async def test_words_with_tags_arrive_as_words_with_entities(bot: Bot, alice: Phone, clock: HandClock) -> None:
    sent = await bot.send_message(
        ALICE,
        "<b>山体裂缝</b> 😀 <a href='https://example.com'>图</a>\n看 https://example.com/a",
        parse_mode="HTML",
        reply_markup=BUTTONS,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        protect_content=True,
        disable_notification=True,
    )
    assert sent.text == "山体裂缝 😀 图\n看 https://example.com/a"
    assert [(each.type, sent.parse_entity(each)) for each in sent.entities] == [
        ("bold", "山体裂缝"),
        ("text_link", "图"),
        ("url", "https://example.com/a"),
    ]
    assert sent.date == clock.now()
    assert sent.chat.first_name == "Alice"
    assert sent.reply_markup == BUTTONS
    assert sent.has_protected_content
    assert alice.messages[-1]["text"] == sent.text
    assert alice.buttons == ["受理", "地图"]


async def test_entities_may_be_given_instead_of_tags(bot: Bot, alice: Phone) -> None:
    sent = await bot.send_message(ALICE, "abc", entities=[MessageEntity("bold", 0, 2)])
    assert sent.entities == (MessageEntity("bold", 0, 2),)


async def test_a_message_can_answer_another(bot: Bot, alice: Phone) -> None:
    asked = alice.text("在吗")
    sent = await bot.send_message(ALICE, "在", reply_parameters=ReplyParameters(asked["message_id"]))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "在吗"
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(ALICE, "在", reply_parameters=ReplyParameters(999))
    lost = await bot.send_message(ALICE, "x", reply_parameters=ReplyParameters(999, allow_sending_without_reply=True))
    assert lost.reply_to_message is None


async def test_photos_are_uploaded_downloaded_and_sent_on(bot: Bot, alice: Phone) -> None:
    alice.photo(jpeg(1200, 900), "裂缝 https://example.com")
    message = await last(bot)
    assert message.caption == "裂缝 https://example.com"
    small, full = message.photo
    assert (small.width, small.height, full.width, full.height) == (90, 68, 1200, 900)
    again = alice.photo(jpeg(1200, 900))
    assert again["photo"][-1]["file_unique_id"] == full.file_unique_id
    assert again["photo"][-1]["file_id"] != full.file_id
    data = await (await full.get_file()).download_as_bytearray()
    assert data == jpeg(1200, 900)
    by_id = await bot.send_photo(ALICE, full.file_id, caption="<i>同图</i>", parse_mode="HTML", reply_markup=BUTTONS)
    assert by_id.photo[-1].file_unique_id == full.file_unique_id
    assert by_id.caption_entities[0].type == "italic"
    uploaded = await bot.send_photo(ALICE, png(300, 200), has_spoiler=True)
    assert (uploaded.photo[-1].width, uploaded.has_media_spoiler) == (300, True)


async def test_a_compressed_photo_loses_place_and_camera_and_a_file_keeps_them(bot: Bot, alice: Phone) -> None:
    picture = jpeg(exif=b"Exif\x00\x00GPS 29.1 118.4")
    alice.photo(picture)
    alice.photo(picture, as_file=True, filename="IMG_1.JPG")
    photo, file = [each.message for each in (await updates(bot))[-2:]]
    assert photo is not None
    assert file is not None
    assert file.document is not None
    assert (file.document.file_name, file.document.mime_type) == ("IMG_1.JPG", "image/jpeg")
    assert b"GPS" not in await (await photo.photo[-1].get_file()).download_as_bytearray()
    assert await (await file.document.get_file()).download_as_bytearray() == picture


async def test_albums_both_ways(bot: Bot, alice: Phone) -> None:
    alice.album([b"one", b"two", b"three"], caption="三张")
    came = [each.message for each in (await updates(bot))[-3:]]
    assert [each.caption for each in came if each] == ["三张", None, None]
    assert len({each.media_group_id for each in came if each}) == 1
    assert came[0] is not None
    media = [InputMediaPhoto(jpeg(), caption="<b>甲</b>", parse_mode="HTML"), InputMediaPhoto(came[0].photo[-1])]
    sent = await bot.send_media_group(ALICE, media)
    assert [each.caption for each in sent] == ["甲", None]
    assert sent[0].media_group_id == sent[1].media_group_id
    files = await bot.send_media_group(ALICE, [InputMediaDocument(b"a", filename="a.csv"), InputMediaDocument(b"b")])
    assert files[0].document is not None
    assert files[0].document.file_name == "a.csv"
    with pytest.raises(PhoneError):
        alice.album([b"one"])


async def test_files_voices_places_and_contacts(bot: Bot, alice: Phone) -> None:
    document = (await bot.send_document(ALICE, b"a,b", filename="名单.csv", caption="名单")).document
    assert document is not None
    assert (document.file_name, document.mime_type, document.file_size) == ("名单.csv", "text/csv", 3)
    voice = (await bot.send_voice(ALICE, b"OggS", duration=7)).voice
    assert voice is not None
    assert voice.to_dict()["duration"] == 7
    location = (await bot.send_location(ALICE, 29.1, 118.4, horizontal_accuracy=30)).location
    assert location is not None
    assert (location.latitude, location.longitude, location.horizontal_accuracy) == (29.1, 118.4, 30)
    venue = (await bot.send_venue(ALICE, 29.1, 118.4, "村委会", "华山村 1 号")).venue
    assert venue is not None
    assert (venue.title, venue.location.latitude) == ("村委会", 29.1)
    contact = (await bot.send_contact(ALICE, "+8610000000002", "Bob")).contact
    assert contact is not None
    assert contact.first_name == "Bob"
    assert await bot.send_chat_action(ALICE, "typing")


async def test_what_a_person_sends_is_understood(bot: Bot, alice: Phone) -> None:
    await updates(bot)
    alice.voice(b"OggS", 5)
    alice.location(29.2, 118.3, accuracy=12.5)
    alice.venue(29.2, 118.3, "桥头", "华山村")
    alice.contact()
    alice.contact("+8610000000002")
    alice.contact("+8619999999999", None, "老王")
    alice.forward({"from": {"id": 7, "is_bot": False, "first_name": "X"}, "date": 1750000000, "text": "转"})
    alice.text("/report@cunshao_bot 有裂缝", reply_to=1)
    messages = [each.message for each in await updates(bot) if each.message]
    assert messages[0].voice is not None
    assert messages[0].voice.to_dict()["duration"] == 5
    assert messages[1].location is not None
    assert messages[1].location.horizontal_accuracy == 12.5
    assert messages[2].venue is not None
    assert [(each.contact.phone_number, each.contact.user_id) for each in messages[3:6] if each.contact] == [
        ("+8610000000001", ALICE),
        ("+8610000000002", 1002),
        ("+8619999999999", None),
    ]
    assert messages[6].forward_origin is not None
    assert messages[6].text == "转"
    assert messages[7].parse_entities(["bot_command"]) == {messages[7].entities[0]: "/report@cunshao_bot"}
    assert messages[7].reply_to_message is not None
    assert all(each.from_user and each.from_user.id == ALICE for each in messages)


async def test_a_press_is_answered_and_the_message_edited(bot: Bot, alice: Phone, clock: HandClock) -> None:
    sent = await bot.send_message(ALICE, "新隐患", reply_markup=BUTTONS)
    alice.press("受理")
    query = (await updates(bot))[-1].callback_query
    assert query is not None
    assert (query.data, query.from_user.id, query.message and query.message.message_id) == (
        "a1",
        ALICE,
        sent.message_id,
    )
    assert query.chat_instance
    assert await query.answer("已受理", show_alert=True)
    assert alice.toasts == [{"text": "已受理", "show_alert": True}]
    clock.push(minutes=1)
    edited = await bot.edit_message_text("<b>已受理</b>", ALICE, sent.message_id, parse_mode="HTML")
    assert isinstance(edited, Message)
    assert (edited.text, edited.edit_date, edited.reply_markup) == ("已受理", clock.now(), None)
    assert alice.buttons == []
    again = await bot.edit_message_reply_markup(ALICE, sent.message_id, reply_markup=BUTTONS)
    assert isinstance(again, Message)
    assert again.reply_markup == BUTTONS
    assert alice.press("地图") == {"url": "https://amap.com/x"}


async def test_captions_and_media_are_edited(bot: Bot, alice: Phone) -> None:
    sent = await bot.send_photo(ALICE, jpeg(), caption="一")
    captioned = await bot.edit_message_caption(ALICE, sent.message_id, caption="<u>二</u>", parse_mode="HTML")
    assert isinstance(captioned, Message)
    assert captioned.caption == "二"
    media = await bot.edit_message_media(InputMediaPhoto(png(), caption="三"), ALICE, sent.message_id)
    assert isinstance(media, Message)
    assert (media.caption, media.photo[-1].width) == ("三", 640)
    await bot.edit_message_caption(ALICE, sent.message_id)
    assert "caption" not in alice.messages[-1]
    words = await bot.send_message(ALICE, "图在此")
    shown = await bot.edit_message_media(InputMediaPhoto(media.photo[-1].file_id), ALICE, words.message_id)
    assert isinstance(shown, Message)
    assert shown.text is None
    assert shown.photo


async def test_messages_of_both_sides_are_deleted(bot: Bot, alice: Phone) -> None:
    own = alice.text("说错了")["message_id"]
    sent = [(await bot.send_message(ALICE, str(number))).message_id for number in range(3)]
    assert await bot.delete_message(ALICE, own)
    assert await bot.delete_messages(ALICE, [*sent[:2], 99999])
    assert [each["message_id"] for each in alice.messages] == [1, sent[2]]


async def test_keyboards_stay_until_removed_or_their_message_is_deleted(bot: Bot, alice: Phone) -> None:
    keys = ReplyKeyboardMarkup(
        [[KeyboardButton("报手机号", request_contact=True)], [KeyboardButton("发位置", request_location=True), "帮助"]],
        resize_keyboard=True, is_persistent=True, one_time_keyboard=True, input_field_placeholder="点这里",
    )  # fmt: skip
    sent = await bot.send_message(ALICE, "请登记", reply_markup=keys)
    assert alice.keyboard == keys.to_dict()
    alice.place = (29.5, 118.5)
    assert alice.tap("手机号")["contact"]["user_id"] == ALICE
    assert alice.tap("位置")["location"]["latitude"] == 29.5
    assert alice.tap("位置", latitude=29.6)["location"]["latitude"] == 29.6
    assert alice.tap("帮助")["text"] == "帮助"
    with pytest.raises(LookupError, match="报手机号"):
        alice.tap("没有")
    await bot.delete_message(ALICE, sent.message_id)
    assert alice.keyboard is None
    await bot.send_message(ALICE, "再来", reply_markup=keys)
    await bot.send_message(ALICE, "收起", reply_markup=ReplyKeyboardRemove())
    assert alice.keyboard is None


async def test_a_forced_reply_answers_its_message(bot: Bot, alice: Phone) -> None:
    sent = await bot.send_message(ALICE, "哪个村?", reply_markup=ForceReply(input_field_placeholder="村名"))
    assert alice.text("华山村")["reply_to_message"]["message_id"] == sent.message_id
    assert "reply_to_message" not in alice.text("完")


async def test_commands_are_those_of_the_narrowest_scope(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    bob = sandbox.phone(1002)
    await bot.set_my_commands([BotCommand("start", "开始")])
    await bot.set_my_commands([BotCommand("help", "帮助")], BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("help", "求助")], BotCommandScopeAllPrivateChats(), language_code="zh")
    await bot.set_my_commands([BotCommand("tasks", "任务")], BotCommandScopeChat(ALICE))
    assert alice.commands == [{"command": "tasks", "description": "任务"}]
    assert bob.commands == [{"command": "help", "description": "求助"}]
    assert await bot.get_my_commands(BotCommandScopeChat(ALICE)) == (BotCommand("tasks", "任务"),)
    await bot.delete_my_commands(BotCommandScopeChat(ALICE))
    assert alice.commands == bob.commands


async def test_the_profile_and_the_menu_button(bot: Bot, alice: Phone) -> None:
    assert await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert await bot.set_chat_menu_button(ALICE, MenuButtonCommands())
    assert await bot.set_my_description("村里的哨兵")
    assert await bot.set_my_short_description("村哨", language_code="zh")
    chat = await bot.get_chat(ALICE)
    assert (chat.id, chat.type, chat.first_name) == (ALICE, "private", "Alice")


async def test_the_bot_leaves_a_group(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.add_to_group(bot.token, -100, "华山村群")
    change = (await updates(bot))[-1].my_chat_member
    assert change is not None
    assert (change.chat.id, change.chat.type, change.new_chat_member.status) == (-100, "group", "member")
    assert await bot.leave_chat(-100)
    change = (await updates(bot))[-1].my_chat_member
    assert change is not None
    assert change.new_chat_member.status == "left"


async def test_the_ledger_counts_what_was_applied(bot: Bot, sandbox: Sandbox, alice: Phone, clock: HandClock) -> None:
    sent = await bot.send_message(ALICE, "一")
    with pytest.raises(BadRequest):
        await bot.edit_message_text("一", ALICE, sent.message_id)
    await bot.edit_message_text("二", ALICE, sent.message_id)
    calls = [(call.method, call.chat_id, call.message_id, call.time) for call in sandbox.ledger.of(chat_id=ALICE)]
    assert calls == [
        ("sendMessage", ALICE, sent.message_id, clock.now()),
        ("editMessageText", ALICE, sent.message_id, clock.now()),
    ]
