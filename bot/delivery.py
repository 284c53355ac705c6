"""Turns a rendered screen into calls of the Bot API, and its answers into what became of a row. Touches no rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from html import unescape

import httpx
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from handlers.kit import Screen

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | None


@dataclass(frozen=True)
class Sent:
    """A message that arrived. `text` is the exact text or caption as Telegram shows it."""

    message_id: int | None = None
    text: str | None = None
    has_photo: bool = False


class Outcome(StrEnum):
    """What an error of the Bot API means for a row (telegram.md 3f)."""

    LIMITED = "limited"
    UNREACHABLE = "unreachable"
    UNCHANGED = "unchanged"
    GONE = "gone"
    FAILED = "failed"
    TOKEN = "token"  # a word, no secret
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


# 400s after which the person cannot be reached at all; everything else a 400 says is our own mistake.
NOBODY_THERE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated")
LOST_MESSAGE = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "there is no caption in the message to edit",
    "there is no media in the message to edit",
    "message_id_invalid",
)


def meaning(error: TelegramError) -> Outcome:
    """What an error says about the request: whether it was applied, may be tried again, or never will be."""
    if isinstance(error, RetryAfter):
        return Outcome.LIMITED
    if "(413)" in error.message or "Too Large" in error.message:
        return Outcome.FAILED  # it would be too large for ever
    if isinstance(error.__cause__, TelegramError):
        return Outcome.UNKNOWN  # a page that is no JSON: a proxy speaks, not Telegram
    if isinstance(error, Forbidden | ChatMigrated):
        return Outcome.UNREACHABLE
    if isinstance(error, BadRequest):
        return _meaning_of_400(error.message.lower())
    if isinstance(error, InvalidToken):
        return Outcome.TOKEN
    if isinstance(error, Conflict):
        return Outcome.NOT_SENT
    cause = error.__cause__
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Outcome.NOT_SENT
    return Outcome.UNKNOWN


def _meaning_of_400(text: str) -> Outcome:
    if "message is not modified" in text:
        return Outcome.UNCHANGED
    if any(words in text for words in LOST_MESSAGE):
        return Outcome.GONE
    return Outcome.UNREACHABLE if any(words in text for words in NOBODY_THERE) else Outcome.FAILED


def retry_seconds(error: RetryAfter) -> float:
    """How long Telegram asks us to wait."""
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def inline(screen: Screen) -> InlineKeyboardMarkup | None:
    """The screen's buttons."""
    if not screen.buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(b.label, url=b.url, callback_data=b.press.pack() if b.press else None) for b in row]
            for row in screen.buttons
        ]
    )


def markup(screen: Screen) -> Markup:
    """The screen's buttons or its reply keyboard."""
    if screen.keys is None:
        return inline(screen)
    keys = [
        [KeyboardButton(k.label, request_contact=k.contact or None, request_location=k.place or None) for k in row]
        for row in screen.keys
    ]
    return ReplyKeyboardMarkup(keys, resize_keyboard=True, is_persistent=True)


async def send(bot: Bot, chat_id: int, screen: Screen) -> Sent:
    """Send a screen as a new message."""
    if screen.album:
        photos = [InputMediaPhoto(photo) for photo in screen.album[:10]]
        messages = await bot.send_media_group(chat_id, photos, caption=screen.text or None, parse_mode=ParseMode.HTML)
        return Sent(messages[-1].message_id)
    if screen.point is not None:
        return _sent(await bot.send_location(chat_id, *screen.point, reply_markup=markup(screen)))
    if screen.document:
        return _sent(await bot.send_document(chat_id, screen.document, caption=screen.text))
    if screen.voice:
        return _sent(await bot.send_voice(chat_id, screen.voice, caption=screen.text))
    if screen.photo:
        return _sent(
            await bot.send_photo(
                chat_id, screen.photo, caption=screen.text, parse_mode=ParseMode.HTML, reply_markup=markup(screen)
            )
        )
    return _sent(
        await bot.send_message(
            chat_id,
            screen.text,
            parse_mode=ParseMode.HTML,
            reply_markup=markup(screen),
            disable_web_page_preview=True,
        )
    )


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> Sent:
    """Put a screen into a message that stands already; photo or not must be as it was. Only a drawn photo changes."""
    if isinstance(screen.photo, bytes):
        drawn = InputMediaPhoto(screen.photo, caption=screen.text, parse_mode=ParseMode.HTML)
        answer = await bot.edit_message_media(drawn, chat_id, message_id, reply_markup=inline(screen))
    elif screen.photo:
        answer = await bot.edit_message_caption(
            chat_id, message_id, caption=screen.text, parse_mode=ParseMode.HTML, reply_markup=inline(screen)
        )
    else:
        answer = await bot.edit_message_text(
            screen.text,
            chat_id,
            message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=inline(screen),
            disable_web_page_preview=True,
        )
    return _sent(answer) if isinstance(answer, Message) else Sent(message_id, has_photo=bool(screen.photo))


def shown(html: str) -> str:
    """The text of a screen as Telegram shows it, for a message that already was as it should be."""
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


async def strip(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take the buttons off a message whose screen stands elsewhere now; that it has none already is no fault."""
    try:
        await bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None)
    except BadRequest as error:
        if meaning(error) not in (Outcome.UNCHANGED, Outcome.GONE):
            raise


async def delete(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take a message away; one that is gone, or too old for Telegram to take away (48 hours), loses its buttons."""
    try:
        await bot.delete_message(chat_id, message_id)
    except BadRequest:
        await strip(bot, chat_id, message_id)


async def set_commands(bot: Bot, chat_id: int, screen: Screen) -> Sent:
    """Set the commands menu of one chat."""
    commands = [BotCommand(name, label) for name, label in screen.commands]
    await bot.set_my_commands(commands, BotCommandScopeChat(chat_id))
    return Sent()


def _sent(message: Message) -> Sent:
    return Sent(message.message_id, message.text or message.caption, bool(message.photo))
