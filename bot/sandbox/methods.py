"""The table of Bot API methods and those about the bot itself, its updates and its chats; it must not know HTTP."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox import editing, sending
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.sending import Request, reachable
from bot.sandbox.storage import DOWNLOAD_LIMIT
from bot.sandbox.webhook import Webhook
from bot.sandbox.world import Chat

Json = dict[str, Any]
Method = Callable[[Request], Any | Awaitable[Any]]

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
UPLOADS = ("photo", "video", "voice", "document", "video_note")
ACTIONS = frozenset(
    {"typing", "choose_sticker", "find_location", "record_video", "record_voice", "record_video_note"}
    | {f"upload_{what}" for what in UPLOADS}
)


async def call(name: str, request: Request) -> Any:
    """Carry out one method; raises `ApiError`."""
    result = METHODS[name](request)
    return await result if inspect.isawaitable(result) else result


def get_me(request: Request) -> Json:
    """getMe."""
    return request.bot.user() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(request: Request) -> list[Json]:
    """getUpdates."""
    if request.bot.webhook is not None:
        raise ApiError(409, WEBHOOK_ACTIVE)
    queue = request.bot.updates
    queue.allow(request.get("allowed_updates"))
    if request.world.closing.is_set():
        return []
    return await queue.poll(request.get("offset") or 0, request.get("limit") or 100, request.get("timeout") or 0)


async def set_webhook(request: Request) -> bool:
    """setWebhook; besides https, plain http to this machine is allowed, as with a local Bot API server."""
    url = request.params["url"]
    if not url:
        return await delete_webhook(request)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = request.get("secret_token") or ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    await _end_webhook(request)
    request.bot.updates.allow(request.get("allowed_updates"))
    if request.get("drop_pending_updates"):
        request.bot.updates.clear()
    connections = request.get("max_connections") or 40
    request.bot.webhook = Webhook(url, request.bot.updates, request.world.limits, secret, connections)
    request.bot.updates.interrupt(ApiError(409, "Conflict: terminated by setWebhook request"))
    request.bot.webhook.start()
    return True


async def delete_webhook(request: Request) -> bool:
    """deleteWebhook."""
    await _end_webhook(request)
    if request.get("drop_pending_updates"):
        request.bot.updates.clear()
    return True


async def _end_webhook(request: Request) -> None:
    webhook, request.bot.webhook = request.bot.webhook, None
    if webhook is not None:
        await webhook.stop()


def get_webhook_info(request: Request) -> Json:
    """getWebhookInfo."""
    bot, webhook = request.bot, request.bot.webhook
    info: Json = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(bot.updates.waiting()),
    }
    if bot.updates.allowed:
        info["allowed_updates"] = sorted(bot.updates.allowed)
    return info | ({"max_connections": webhook.connections} | webhook.info() if webhook else {})


def send_chat_action(request: Request) -> bool:
    """sendChatAction."""
    if request.params["action"] not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = request.chat()
    request.world.tell(request.bot, chat, "typing", {"action": request.params["action"]})
    return True


def answer_callback_query(request: Request) -> bool:
    """answerCallbackQuery: once, and soon enough."""
    press = request.bot.presses.get(request.params["callback_query_id"])
    patience = request.world.limits.callback_answer_seconds
    if press is None or press.answered or time.monotonic() - press.at > patience:
        raise bad_request(TOO_OLD)
    if request.get("url") and not request.params["url"].startswith(("https://t.me/", "tg://")):
        raise bad_request("URL_INVALID")
    press.answered = True
    toast = {"text": request.get("text") or "", "show_alert": bool(request.get("show_alert"))}
    press.chat.toasts.append(toast)
    which = {"callback_query_id": press.query_id, "message_id": press.message_id, "data": press.data}
    request.world.tell(request.bot, press.chat, "toast", toast | which)
    return True


def _scope(request: Request) -> tuple[str, str]:
    """The key under which a list of commands is kept."""
    scope = request.get("scope") or {"type": "default"}
    code = request.get("language_code") or ""
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad_request("invalid language code specified")
    if "chat_id" not in scope:
        return scope["type"], code
    chat = request.bot.chats.get(scope["chat_id"])
    if chat is None or not chat.started:
        raise bad_request("chat not found")
    return ":".join(str(scope[key]) for key in ("type", "chat_id", "user_id") if key in scope), code


def set_my_commands(request: Request) -> bool:
    """setMyCommands."""
    for each in request.params["commands"]:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"].removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not each["description"].strip():
            raise bad_request("command description must be non-empty")
    key = _scope(request)
    commands = [each | {"command": each["command"].removeprefix("/")} for each in request.params["commands"]]
    if commands:
        request.bot.commands[key] = commands
    else:
        request.bot.commands.pop(key, None)
    _commands_changed(request, key[0])
    return True


def delete_my_commands(request: Request) -> bool:
    """deleteMyCommands."""
    key = _scope(request)
    request.bot.commands.pop(key, None)
    _commands_changed(request, key[0])
    return True


def _commands_changed(request: Request, scope: str) -> None:
    """Tell the screens that may show another list now (each looks up its own)."""
    chat_id = scope.partition(":")[2]
    chat = request.bot.chats.get(int(chat_id)) if chat_id.lstrip("-").isdigit() else None
    request.world.tell(request.bot, chat, "commands", None)


def get_my_commands(request: Request) -> list[Json]:
    """getMyCommands."""
    return request.bot.commands.get(_scope(request), [])


def set_chat_menu_button(request: Request) -> bool:
    """setChatMenuButton."""
    button = request.get("menu_button") or {"type": "default"}
    if request.get("chat_id") is None:
        request.bot.menu_button = button
    else:
        reachable(request.world, request.bot, request.params["chat_id"]).menu_button = button
    request.world.touch()
    return True


def set_my_description(request: Request) -> bool:
    """setMyDescription: the words under the START button."""
    request.bot.descriptions["long", request.get("language_code") or ""] = request.get("description") or ""
    request.world.touch()
    return True


def set_my_short_description(request: Request) -> bool:
    """setMyShortDescription: the words on the bot's profile."""
    request.bot.descriptions["short", request.get("language_code") or ""] = request.get("short_description") or ""
    request.world.touch()
    return True


def get_file(request: Request) -> Json:
    """getFile; the path is served at /file/bot{token}/{path}."""
    stored = request.world.files.find(request.bot.token, request.params["file_id"])
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.data) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return stored.base() | {"file_path": stored.path}


def leave_chat(request: Request) -> bool:
    """leaveChat: groups only."""
    chat = _group(request)
    old, new = _member(request, "member"), _member(request, "left")
    chat.started = False
    change = {"chat": chat.about(), "from": request.bot.user(), "date": request.world.date()}
    change |= {"old_chat_member": old, "new_chat_member": new}
    request.bot.updates.put("my_chat_member", change, f"chat:{chat.chat_id}")
    return True


def _group(request: Request) -> Chat:
    chat_id = request.params["chat_id"]
    if isinstance(chat_id, int) and chat_id in request.world.people:
        raise bad_request("chat member status can't be changed in private chats")
    return request.chat()


def _member(request: Request, status: str) -> Json:
    return {"status": status, "user": request.bot.user()}


def get_chat(request: Request) -> Json:
    """getChat (ChatFullInfo with what is always there)."""
    chat_id = request.params["chat_id"]
    chat = request.bot.chats.get(chat_id) if isinstance(chat_id, int) else None
    if chat is None or (chat.person is not None and not (chat.started or chat.blocked)):
        raise bad_request("chat not found")
    kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    full: Json = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(kinds, False)}
    return chat.about() | full


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendMediaGroup": sending.send_media_group,
    "sendDocument": sending.send_document,
    "sendVoice": sending.send_voice,
    "sendLocation": sending.send_location,
    "sendVenue": sending.send_venue,
    "sendContact": sending.send_contact,
    "sendChatAction": send_chat_action,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getMyCommands": get_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "setMyDescription": set_my_description,
    "setMyShortDescription": set_my_short_description,
    "getFile": get_file,
    "leaveChat": leave_chat,
    "getChat": get_chat,
}
