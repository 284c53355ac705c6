"""The methods that make new messages; it must not check types (validate.py) or limits in time (flood.py).

Every function takes a `Request` and returns the Bot API result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import bad_request, forbidden
from bot.sandbox.html import formatted
from bot.sandbox.markup import checked_markup, inline_only
from bot.sandbox.storage import StoredFile
from bot.sandbox.validate import Upload
from bot.sandbox.world import Bot, Chat, Entry, World

Json = dict[str, Any]
TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One checked call of a method."""

    world: World
    bot: Bot
    params: Json
    uploads: dict[str, Upload]

    def get(self, name: str) -> Any:
        """A parameter, None when it was not given."""
        return self.params.get(name)

    def chat(self) -> Chat:
        """The chat the call is about, if the bot may write there; raises `ApiError` 400 or 403."""
        return reachable(self.world, self.bot, self.params.get("chat_id"))


def reachable(world: World, bot: Bot, chat_id: Any) -> Chat:
    """The chat if this bot may write there, with Telegram's own refusals otherwise."""
    if isinstance(chat_id, int) and chat_id < 0 and chat_id in bot.chats:
        if not bot.chats[chat_id].started:
            raise forbidden("bot is not a member of the group chat")
        return bot.chats[chat_id]
    person = world.people.get(chat_id) if isinstance(chat_id, int) else None
    if person is None:
        raise bad_request("chat not found")
    chat = world.chat(bot, person)
    if person.deactivated:
        raise forbidden("user is deactivated")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat


def text_of(params: Mapping[str, Any]) -> Json:
    """`text` and `entities` of a message; raises `ApiError` 400."""
    text, entities = formatted(params.get("text", ""), params.get("parse_mode"), params.get("entities"))
    if not text:
        raise bad_request("message text is empty")
    if len(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": text} | ({"entities": entities} if entities else {})


def caption_of(params: Mapping[str, Any]) -> Json:
    """`caption` and `caption_entities`, nothing when there is no caption; raises `ApiError` 400."""
    text, entities = formatted(params.get("caption", ""), params.get("parse_mode"), params.get("caption_entities"))
    if len(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    found: Json = {"caption": text} if text else {}
    if text and entities:
        found["caption_entities"] = entities
    if params.get("show_caption_above_media"):
        found["show_caption_above_media"] = True
    return found


def photo_of(world: World, photo: StoredFile, params: Mapping[str, Any]) -> Json:
    """The content of a photo message."""
    spoiler = {"has_media_spoiler": True} if params.get("has_spoiler") else {}
    return {"photo": world.files.photo_sizes(photo)} | caption_of(params) | spoiler


def document_of(document: StoredFile, params: Mapping[str, Any]) -> Json:
    """The content of a document message."""
    about = document.base() | {"file_name": document.name, "mime_type": document.mime}
    return {"document": about} | caption_of(params)


def post(request: Request, chat: Chat, content: Json, count: int = 1) -> Json:
    """Put a message of the bot into a chat: reply, markup, flood limits, `count` messages towards them."""
    world, bot, params = request.world, request.bot, request.params
    markup = checked_markup(params.get("reply_markup"), chat.person is not None)
    reply = replied(chat, params.get("reply_parameters"))
    if count:
        world.flood.check(bot.token, chat.chat_id, count, bool(params.get("allow_paid_broadcast")))
    message: Json = {
        "message_id": bot.next_message_id(),
        "from": bot.user(),
        "chat": chat.about(),
        "date": world.date(),
    }
    message |= reply | content
    if params.get("protect_content"):
        message["has_protected_content"] = True
    inline = inline_only(markup)
    if inline:
        message["reply_markup"] = inline
    world.put(bot, chat, Entry(message, locked=markup is not None and "inline_keyboard" not in markup))
    _show_keyboard(request, chat, markup, message["message_id"])
    return message


def _show_keyboard(request: Request, chat: Chat, markup: Json | None, message_id: int) -> None:
    """What a reply keyboard, its removal or a forced reply do to the lower part of the screen."""
    if markup is None or "inline_keyboard" in markup:
        return
    chat.force_reply = message_id if markup.get("force_reply") else None
    if "keyboard" in markup:
        request.world.set_keyboard(request.bot, chat, markup, message_id)
    elif "remove_keyboard" in markup:
        request.world.set_keyboard(request.bot, chat, None, None)


def replied(chat: Chat, parameters: Json | None) -> Json:
    """`reply_to_message` for the message a new one answers; raises `ApiError` 400 when it is gone."""
    if not parameters or "message_id" not in parameters:
        return {}
    entry = chat.entries.get(parameters["message_id"])
    if entry is None:
        if parameters.get("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    return {"reply_to_message": {key: value for key, value in entry.data.items() if key != "reply_to_message"}}


def send_message(request: Request) -> Json:
    """sendMessage."""
    chat = request.chat()
    content = text_of(request.params)
    if request.get("link_preview_options"):
        content["link_preview_options"] = request.params["link_preview_options"]
    return post(request, chat, content)


def send_photo(request: Request) -> Json:
    """sendPhoto."""
    chat = request.chat()
    photo = request.world.files.given(request.bot.token, "photo", request.params["photo"], request.uploads)
    return post(request, chat, photo_of(request.world, photo, request.params))


def send_document(request: Request) -> Json:
    """sendDocument."""
    chat = request.chat()
    document = request.world.files.given(request.bot.token, "document", request.params["document"], request.uploads)
    return post(request, chat, document_of(document, request.params))


def send_voice(request: Request) -> Json:
    """sendVoice."""
    chat = request.chat()
    voice = request.world.files.given(request.bot.token, "voice", request.params["voice"], request.uploads)
    about = voice.base() | {"duration": request.get("duration") or 0, "mime_type": "audio/ogg"}
    return post(request, chat, {"voice": about} | caption_of(request.params))


def send_media_group(request: Request) -> list[Json]:
    """sendMediaGroup with photos or with documents."""
    chat = request.chat()
    media: list[Json] = request.params["media"]
    if len({item["type"] for item in media}) > 1:
        raise bad_request("document can't be mixed with other media types")
    contents = [media_of(request, item) for item in media]
    group = str(request.bot.bot_id * 1000 + request.bot.last_message_id + 1)
    messages = []
    for index, content in enumerate(contents):
        messages.append(post(request, chat, {"media_group_id": group} | content, 0 if index else len(contents)))
    return messages


def media_of(request: Request, item: Json) -> Json:
    """The content of one InputMediaPhoto or InputMediaDocument."""
    kind = item["type"]
    stored = request.world.files.given(request.bot.token, kind, item["media"], request.uploads)
    return photo_of(request.world, stored, item) if kind == "photo" else document_of(stored, item)


def send_location(request: Request) -> Json:
    """sendLocation."""
    names = ("latitude", "longitude", "horizontal_accuracy", "live_period", "heading", "proximity_alert_radius")
    return post(request, request.chat(), {"location": _picked(request.params, names)})


def send_venue(request: Request) -> Json:
    """sendVenue."""
    names = ("title", "address", "foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
    place = _picked(request.params, ("latitude", "longitude"))
    chat = request.chat()
    for name in ("title", "address"):
        if not request.params[name].strip():
            raise bad_request(f"venue {name} must be non-empty")
    venue = {"location": place} | _picked(request.params, names)
    return post(request, chat, {"location": place, "venue": venue})


def send_contact(request: Request) -> Json:
    """sendContact."""
    names = ("phone_number", "first_name", "last_name", "vcard")
    chat = request.chat()
    for name, words in (("phone_number", "phone number"), ("first_name", "first name")):
        if not request.params[name].strip():
            raise bad_request(f'field "{words}" must contain a valid value')
    return post(request, chat, {"contact": _picked(request.params, names)})


def _picked(params: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    return {name: params[name] for name in names if params.get(name) is not None}
