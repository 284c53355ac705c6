"""The methods that change or delete messages; it must not make new ones."""

from __future__ import annotations

from typing import Any

from bot.sandbox.errors import bad_request, forbidden
from bot.sandbox.markup import checked_markup, inline_only
from bot.sandbox.sending import Request, caption_of, media_of, text_of
from bot.sandbox.world import Chat, Entry

Json = dict[str, Any]

UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
TEXT = ("text", "entities", "link_preview_options")
CAPTION = ("caption", "caption_entities", "show_caption_above_media")
MEDIA = ("photo", "document", "voice", "has_media_spoiler")
CAPTIONED = ("photo", "document", "voice")
# Compared when deciding whether anything changes; a media edit with the same bytes changes nothing.
CONTENT = (*TEXT, *CAPTION, *MEDIA, "reply_markup")


def _editable(request: Request) -> tuple[Chat, Entry]:
    """The bot's own message that may be edited; raises `ApiError` in Telegram's words."""
    if request.get("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    if request.get("chat_id") is None:
        raise bad_request("chat_id is empty")
    if request.get("message_id") is None:
        raise bad_request("message identifier is not specified")
    chat = request.chat()
    entry = chat.entries.get(request.params["message_id"])
    if entry is None:
        raise bad_request("message to edit not found")
    if entry.outgoing or entry.locked:
        raise bad_request("message can't be edited")
    return chat, entry


def _edit(request: Request, chat: Chat, entry: Entry, drop: tuple[str, ...], content: Json) -> Json:
    """Replace the fields `drop` by `content`, and the inline keyboard by the given one (none given: it goes)."""
    markup = request.get("reply_markup")
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("can't parse inline keyboard markup JSON object")
    inline = inline_only(checked_markup(markup, chat.person is not None))
    old = entry.data
    new = {key: value for key, value in old.items() if key not in (*drop, "reply_markup", "edit_date")} | content
    if inline:
        new["reply_markup"] = inline
    if all(_same(key, old.get(key), new.get(key)) for key in CONTENT):
        raise bad_request(UNCHANGED)
    new["edit_date"] = request.world.date()
    entry.show(new)
    # The apps show "edited" only when the words or the picture changed.
    entry.edited = entry.edited or any(not _same(key, old.get(key), new.get(key)) for key in CONTENT[:-1])
    request.world.tell(request.bot, chat, "edit", new["message_id"])
    return new


def _same(key: str, old: Any, new: Any) -> bool:
    if key in ("photo", "document", "voice") and old and new:
        old, new = (each[-1] if isinstance(each, list) else each for each in (old, new))
        return bool(old["file_unique_id"] == new["file_unique_id"])
    if key == "link_preview_options":
        return True
    return bool(old == new)


def edit_message_text(request: Request) -> Json:
    """editMessageText; rich messages are not part of the sandbox."""
    if request.get("rich_message"):
        raise bad_request("rich messages are not supported")
    content = text_of(request.params)
    if request.get("link_preview_options"):
        content["link_preview_options"] = request.params["link_preview_options"]
    chat, entry = _editable(request)
    if "text" not in entry.data:
        raise bad_request("there is no text in the message to edit")
    return _edit(request, chat, entry, TEXT, content)


def edit_message_caption(request: Request) -> Json:
    """editMessageCaption; no caption given removes it."""
    content = caption_of(request.params)
    chat, entry = _editable(request)
    if not any(kind in entry.data for kind in CAPTIONED):
        raise bad_request("there is no caption in the message to edit")
    return _edit(request, chat, entry, CAPTION, content)


def edit_message_media(request: Request) -> Json:
    """editMessageMedia to a photo or a document; a text message becomes a media message."""
    chat, entry = _editable(request)
    content = media_of(request, request.params["media"])
    if "media_group_id" in entry.data and not set(CAPTIONED) & set(content) & set(entry.data):
        raise bad_request("message content type can't be changed in an album")
    if not any(kind in entry.data for kind in ("text", *CAPTIONED)):
        raise bad_request("there is no media in the message to edit")
    return _edit(request, chat, entry, (*TEXT, *CAPTION, *MEDIA), content)


def edit_message_reply_markup(request: Request) -> Json:
    """editMessageReplyMarkup; no markup given removes the inline keyboard."""
    chat, entry = _editable(request)
    return _edit(request, chat, entry, (), {})


def delete_message(request: Request) -> bool:
    """deleteMessage: in a private chat the bot may delete both sides' messages younger than 48 hours."""
    chat = _readable(request)
    entry = chat.entries.get(request.params["message_id"])
    if entry is None:
        raise bad_request("message to delete not found")
    if request.world.date() - entry.data["date"] > request.world.limits.delete_hours * 3600:
        raise bad_request("message can't be deleted for everyone")
    request.world.remove(request.bot, chat, request.params["message_id"])
    return True


def delete_messages(request: Request) -> bool:
    """deleteMessages: those that are not there are skipped."""
    chat = _readable(request)
    oldest = request.world.date() - request.world.limits.delete_hours * 3600
    for message_id in request.params["message_ids"]:
        entry = chat.entries.get(message_id)
        if entry is not None and entry.data["date"] >= oldest:
            request.world.remove(request.bot, chat, message_id)
    return True


def _readable(request: Request) -> Chat:
    """The chat, also when the person has blocked the bot."""
    chat = request.bot.chats.get(request.params["chat_id"])
    if chat is None:
        raise bad_request("chat not found")
    if chat.person is None and not chat.started:
        raise forbidden("bot is not a member of the group chat")
    return chat
