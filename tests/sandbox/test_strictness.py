"""What Telegram refuses is refused here, in Telegram's words."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bot.sandbox import Phone, Sandbox
from bot.sandbox.storage import DOWNLOAD_LIMIT
from tests.sandbox.conftest import ALICE, HandClock, jpeg, png

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]


def inline(*buttons: Json) -> Json:
    return {"inline_keyboard": [list(buttons)]}


def button(text: str = "好", **action: Any) -> Json:
    return {"text": text, "callback_data": "x"} if not action else {"text": text} | action


async def refusal(http: httpx.AsyncClient, method: str, **params: Any) -> str:
    answer = await http.post(method, json=params)
    body = answer.json()
    assert not body["ok"], body
    assert body["error_code"] == answer.status_code == 400, body
    words: str = body["description"]
    return words.removeprefix("Bad Request: ")


SEND: list[tuple[Json, str]] = [
    ({"parsemode": "HTML"}, 'unknown parameter "parsemode"'),
    ({"chat_id": None}, "chat_id is empty"),
    ({"chat_id": 1.5}, '"chat_id" must be of type Integer or String'),
    ({"chat_id": 77}, "chat not found"),
    ({"chat_id": "@alice"}, "chat not found"),
    ({"text": None}, "message text is empty"),
    ({"text": " \n "}, "message text is empty"),
    ({"text": 5}, '"text" must be of type String'),
    ({"text": "长" * 4097}, "message is too long"),
    ({"parse_mode": "Markdown"}, "unsupported parse_mode"),
    ({"reply_markup": "{"}, "can't parse reply markup JSON object"),
    ({"reply_markup": {"nonsense": 1}}, "can't parse reply markup: no known kind fits"),
    ({"reply_markup": {"inline_keyboard": [button()]}}, "can't parse inline keyboard: Field"),
    ({"reply_markup": inline({"callback_data": "x"})}, "can't parse inline keyboard button: Can't find field \"text\""),
    ({"reply_markup": inline(button() | {"colour": 1})}, "can't parse inline keyboard button: unknown field"),
    ({"reply_markup": inline(button(callback_data="报" * 22))}, "BUTTON_DATA_INVALID"),
    ({"reply_markup": inline(button(callback_data=""))}, "BUTTON_DATA_INVALID"),
    ({"reply_markup": inline({"text": "好"})}, "can't parse inline keyboard button: Text buttons are unallowed"),
    ({"reply_markup": inline(button() | {"url": "https://x.cn"})}, "can't parse inline keyboard button: exactly one"),
    ({"reply_markup": inline(button(" "))}, "keyboard button text must be non-empty"),
    ({"reply_markup": inline(button(url="geo:29.1,118.4"))}, "inline keyboard button URL 'geo:29.1,118.4' is invalid"),
    ({"reply_markup": inline(button(url="http://localhost/x"))}, "inline keyboard button URL 'http://localhost/x' is"),
    ({"reply_markup": inline(*[button()] * 9)}, "reply markup is too long"),
    ({"reply_markup": {"inline_keyboard": [[button()]] * 101}}, "reply markup is too long"),
    ({"reply_markup": {"keyboard": []}}, "reply keyboard must have at least one button"),
    ({"reply_markup": {"keyboard": [["好"]]}}, "can't parse reply keyboard: Field"),
]


@pytest.mark.parametrize(("change", "words"), SEND)
async def test_messages_that_cannot_be_sent(http: httpx.AsyncClient, alice: Phone, change: Json, words: str) -> None:
    good: Json = {"chat_id": ALICE, "text": "好"}
    wrong = {key: value for key, value in (good | change).items() if value is not None}
    assert (await refusal(http, "sendMessage", **wrong)).startswith(words)
    assert alice.incoming == []


OTHERS: list[tuple[str, Json, str]] = [
    ("sendLocation", {"latitude": 200, "longitude": 118}, "invalid location specified"),
    ("sendLocation", {"latitude": "x", "longitude": 118}, '"latitude" must be of type Float'),
    ("sendLocation", {"latitude": 29}, 'parameter "longitude" is required'),
    ("sendMediaGroup", {"media": [{"type": "photo", "media": "x"}]}, "group send failed: album must contain 2-10"),
    ("sendMediaGroup", {"media": [{"type": "film", "media": "x"}] * 2}, "can't parse media: no known kind fits"),
    ("sendPhoto", {"photo": "no-such-id"}, "wrong remote file identifier specified"),
    ("sendPhoto", {"photo": "https://example.com/a.jpg"}, "failed to get HTTP URL content"),
    ("sendPhoto", {}, "there is no photo in the request"),
    ("sendVenue", {"latitude": 29, "longitude": 118, "title": " ", "address": "x"}, "venue title must be non-empty"),
    ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
    ("editMessageText", {"message_id": 99, "text": "x"}, "message to edit not found"),
    ("editMessageText", {"text": "x"}, "message identifier is not specified"),
    ("editMessageText", {"message_id": 1, "text": "x"}, "message can't be edited"),
    ("deleteMessage", {"message_id": 99}, "message to delete not found"),
    ("deleteMessages", {"message_ids": []}, '"message_ids" must include 1-100 items'),
    ("leaveChat", {}, "chat member status can't be changed in private chats"),
]


@pytest.mark.parametrize(("method", "params", "words"), OTHERS)
async def test_other_calls_that_are_refused(
    http: httpx.AsyncClient, alice: Phone, method: str, params: Json, words: str
) -> None:
    assert (await refusal(http, method, chat_id=ALICE, **params)).startswith(words)


WITHOUT_CHAT: list[tuple[str, Json, str]] = [
    ("getUpdates", {"limit": 101}, '"limit" is out of range'),
    ("getFile", {"file_id": "x"}, "wrong file_id or the file is temporarily unavailable"),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "长" * 201}, '"text" must be 0-200 characters long'),
    ("setMyCommands", {"commands": [{"command": "Report", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": 1002}}, "chat not found"),
    ("setMyDescription", {"description": "长" * 513}, '"description" must be 0-512 characters long'),
    (
        "setWebhook",
        {"url": "http://127.0.0.1:1/x", "secret_token": "a b"},
        "secret token contains unallowed characters",
    ),
]


@pytest.mark.parametrize(("method", "params", "words"), WITHOUT_CHAT)
async def test_calls_about_the_bot_that_are_refused(
    http: httpx.AsyncClient, alice: Phone, method: str, params: Json, words: str
) -> None:
    assert await refusal(http, method, **params) == words


TAGS = [
    ("<b>x", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
    ("<b>x</i>", 'can\'t parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("x</b>", "can't parse entities: Unexpected end tag at byte offset 1"),
    ("村<p>x</p>", 'can\'t parse entities: Unsupported start tag "p" at byte offset 3'),
    ("1 < 2", 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
    ("<b", "can't parse entities: Unclosed start tag at byte offset 0"),
    ("<b>  </b>", "message text is empty"),
]


@pytest.mark.parametrize(("text", "words"), TAGS)
async def test_tags_that_do_not_parse(http: httpx.AsyncClient, alice: Phone, text: str, words: str) -> None:
    assert await refusal(http, "sendMessage", chat_id=ALICE, text=text, parse_mode="HTML") == words


async def test_length_counts_after_the_tags_are_gone(http: httpx.AsyncClient, alice: Phone) -> None:
    text = "<b>" + "&lt;" * 4096 + "</b>"
    answer = await http.post("sendMessage", data={"chat_id": ALICE, "text": text, "parse_mode": "HTML"})
    assert answer.json()["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]
    photo = {"photo": ("a.png", png(), "image/png")}
    answer = await http.post("sendPhoto", data={"chat_id": str(ALICE), "caption": "长" * 1025}, files=photo)
    assert answer.json()["description"] == "Bad Request: message caption is too long"


async def test_forms_carry_nested_values_as_json(http: httpx.AsyncClient, alice: Phone) -> None:
    form = {
        "chat_id": str(ALICE),
        "text": "好",
        "reply_markup": json.dumps(inline(button())),
        "protect_content": "true",
    }
    assert (await http.post("sendMessage", data=form)).json()["result"]["reply_markup"] == inline(button())
    assert (await http.get("SENDMESSAGE", params=form)).json()["ok"]


async def test_wrong_addresses(http: httpx.AsyncClient, url: str) -> None:
    for address, code, words in [
        (f"{url}/bot1:wrong/getMe", 401, "Unauthorized"),
        ("sendVideo", 404, "Not Found: method not found"),
        (f"{url}/file/bot42:sandbox-token/photos/none.jpg", 404, "Not Found"),
    ]:
        answer = await http.get(address)
        assert (answer.status_code, answer.json()["description"]) == (code, words)


async def test_edits_that_are_refused(http: httpx.AsyncClient, alice: Phone) -> None:
    async def sent(method: str, **params: Any) -> int:
        answer = await http.post(method, json={"chat_id": ALICE} | params)
        number: int = answer.json()["result"]["message_id"]
        return number

    plain = await sent("sendMessage", text="<b>一</b>", parse_mode="HTML", reply_markup=inline(button()))
    same = {"chat_id": ALICE, "message_id": plain, "text": " <b>一</b>", "parse_mode": "HTML"}
    assert "is not modified" in await refusal(http, "editMessageText", **same, reply_markup=inline(button()))
    assert (await http.post("editMessageText", json=same)).json()["ok"], "without its buttons it is another message"
    assert "no caption" in await refusal(http, "editMessageCaption", chat_id=ALICE, message_id=plain, caption="x")
    place = await sent("sendLocation", latitude=29, longitude=118)
    assert "no text" in await refusal(http, "editMessageText", chat_id=ALICE, message_id=place, text="x")
    photo = {"type": "photo", "media": alice.photo(jpeg())["photo"][-1]["file_id"]}
    assert "no media" in await refusal(http, "editMessageMedia", chat_id=ALICE, message_id=place, media=photo)
    picture = await sent("sendPhoto", photo=photo["media"])
    assert "not modified" in await refusal(http, "editMessageMedia", chat_id=ALICE, message_id=picture, media=photo)
    for media, words in ((photo | {"media": "nobody"}, "wrong remote file"), ({"type": "photo"}, "media")):
        assert words in await refusal(http, "editMessageMedia", chat_id=ALICE, message_id=picture, media=media)
    for markup in ({"keyboard": [[{"text": "x"}]]}, {"remove_keyboard": True}, {"force_reply": True}):
        locked = await sent("sendMessage", text="x", reply_markup=markup)
        words = await refusal(http, "editMessageText", chat_id=ALICE, message_id=locked, text="y")
        assert words == "message can't be edited"
    assert "keyboard" in await refusal(
        http, "editMessageText", chat_id=ALICE, message_id=plain, text="y", reply_markup={"keyboard": [[{"text": "x"}]]}
    )


async def test_old_messages_cannot_be_deleted(http: httpx.AsyncClient, alice: Phone, clock: HandClock) -> None:
    clock.push(hours=49)
    assert "can't be deleted" in await refusal(http, "deleteMessage", chat_id=ALICE, message_id=1)
    assert (await http.post("deleteMessages", json={"chat_id": ALICE, "message_ids": [1]})).json()["ok"]
    assert len(alice.messages) == 1


async def test_pictures_that_are_none(http: httpx.AsyncClient, alice: Phone) -> None:
    async def photo(data: bytes) -> str:
        files = {"photo": ("a.jpg", data, "image/jpeg")}
        answer = await http.post("sendPhoto", data={"chat_id": str(ALICE)}, files=files)
        return str(answer.json().get("description"))

    assert await photo(b"") == "Bad Request: file must be non-empty"
    assert await photo(b"text") == "Bad Request: IMAGE_PROCESS_FAILED"
    assert await photo(png(9000, 2000)) == "Bad Request: PHOTO_INVALID_DIMENSIONS"
    assert await photo(png(2100, 100)) == "Bad Request: PHOTO_INVALID_DIMENSIONS"
    alice.photo(b"text")
    assert await photo(b"text") == "None", "what a person sent as a photo may be sent on"
    document = alice.document(b"x", "a.pdf")["document"]["file_id"]
    words = await refusal(http, "sendPhoto", chat_id=ALICE, photo=document)
    assert words == "can't use file of type Document as Photo"


async def test_big_files_are_not_handed_out(http: httpx.AsyncClient, alice: Phone, sandbox: Sandbox) -> None:
    document = alice.document(bytes(DOWNLOAD_LIMIT + 1), "big.zip")["document"]
    assert await refusal(http, "getFile", file_id=document["file_id"]) == "file is too big"


async def test_contacts_and_places_are_asked_for_in_private_chats_only(
    http: httpx.AsyncClient, sandbox: Sandbox, alice: Phone
) -> None:
    sandbox.add_to_group("42:sandbox-token", -100, "群")
    keys = {"keyboard": [[{"text": "电话", "request_contact": True}]]}
    words = await refusal(http, "sendMessage", chat_id=-100, text="x", reply_markup=keys)
    assert words == "phone number can be requested in private chats only"
    await http.post("leaveChat", json={"chat_id": -100})
    answer = await http.post("sendMessage", json={"chat_id": -100, "text": "x"})
    assert answer.json()["description"] == "Forbidden: bot is not a member of the group chat"
