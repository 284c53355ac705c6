"""The ways an update finds its function. Decides nothing and touches no rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from telegram import Message, Update
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from handlers.kit.act import ACT, Act, Deed
from handlers.kit.press import Press
from locales import LOCALES, catalogue
from models.refused import Refused

P = TypeVar("P", bound=Press)

Route = BaseHandler[Any, Any, Any]
PLAIN = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE
TYPED = filters.TEXT & ~filters.COMMAND


def deed(do: Deed) -> Callable[[Update, Any], Coroutine[Any, Any, None]]:
    """A deed in the shape PTB calls."""

    async def callback(_update: Update, _context: Any) -> None:
        await do(ACT.get())

    return callback


def command(name: str, do: Deed) -> Route:
    """A command such as /tasks, with or without words behind it."""
    return CommandHandler(name, deed(do), filters=PLAIN)


def message(what: filters.BaseFilter, do: Deed) -> Route:
    """A message of some form: a photo, a place, a contact."""
    return MessageHandler(what & PLAIN, deed(do))


def edited(what: filters.BaseFilter, do: Deed) -> Route:
    """A message that was edited after it was sent."""
    return MessageHandler(what & filters.UpdateType.EDITED_MESSAGE & filters.ChatType.PRIVATE, deed(do))


KEYS: set[str] = set()  # the labels of the main menu in all languages: pressing a key answers no question


def key(label: str, do: Deed) -> Route:
    """A key of the main menu, by its label's message id, pressed in any language."""
    labels = [catalogue(locale)(label) for locale in LOCALES]
    KEYS.update(labels)
    return MessageHandler(filters.Text(labels) & PLAIN, deed(do))


STILL_ASKED = timedelta(hours=1)  # later words are about something else: a slope, not somebody's corrected name


class _Asked(filters.MessageFilter):
    """True while the chat's open question is of this kind and not older than `still`."""

    def __init__(self, kind: str, still: timedelta) -> None:
        super().__init__(name=f"asked {kind}")
        self._kind = kind
        self._still = still

    def filter(self, message: Message) -> bool:
        act = ACT.get()
        asked = act.question
        if message.text in KEYS:
            return False
        return asked is not None and asked.kind == self._kind and act.now - asked.asked_at < self._still


def answering(kind: str, do: Deed, what: filters.BaseFilter = TYPED, still: timedelta = STILL_ASKED) -> Route:
    """Typed words, or another form of message (`what`), while the question is open and not older than `still`.

    One question may have several answers: a route for its words and one for its photo. Stand before `message` routes of
    the same form. The policy's `words_kept` ends any question.
    """
    return MessageHandler(what & PLAIN & _Asked(kind, still), deed(do))


def pressed(kind: type[P], do: Callable[[Act, P], Awaitable[None]]) -> Route:
    """A button of this kind."""

    async def callback(_update: Update, _context: Any) -> None:
        act = ACT.get()
        value = kind.unpack(act.query.data or "")
        if value is None or not (kind.public or act.visitor.me):
            raise Refused("people.stranger")
        await do(act, value)

    return CallbackQueryHandler(callback, pattern=lambda data: isinstance(data, str) and kind.unpack(data) is not None)
