"""What exists in the sandbox: people, bots, their chats and messages; it must not know HTTP or any Bot API method."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.sandbox.flood import Flood, Limits
from bot.sandbox.storage import Storage
from bot.sandbox.updates import UpdateQueue
from bot.sandbox.webhook import Webhook

Json = dict[str, Any]


class Clock(Protocol):
    """The one thing the sandbox needs of the house's clock."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...


@dataclass(slots=True)
class Person:
    """Somebody with a phone; `group` is the path under which the page's picker shows them."""

    user_id: int
    first_name: str
    phone: str = ""
    label: str = ""
    group: tuple[str, ...] = ()
    language_code: str = "zh-hans"
    deactivated: bool = False

    def user(self) -> Json:
        """The Bot API `User`."""
        return {
            "id": self.user_id,
            "is_bot": False,
            "first_name": self.first_name,
            "language_code": self.language_code,
        }


@dataclass(slots=True)
class Entry:
    """One message of a chat; `locked` ones carried a reply keyboard and can never be edited."""

    data: Json
    outgoing: bool = False
    locked: bool = False
    edited: bool = False
    view: Json = field(init=False)

    def __post_init__(self) -> None:
        self.show(self.data)

    def show(self, data: Json) -> None:
        """Take new content; what was handed out before stays as it was."""
        self.data = data
        self.view = data | {"outgoing": True} if self.outgoing else data


@dataclass(slots=True)
class Chat:
    """What one person (or one group) and one bot see of each other."""

    chat_id: int
    person: Person | None = None
    title: str = ""
    started: bool = False
    blocked: bool = False
    entries: dict[int, Entry] = field(default_factory=dict)
    keyboard: Json | None = None
    keyboard_from: int | None = None
    force_reply: int | None = None
    unread: int = 0
    toasts: list[Json] = field(default_factory=list)
    menu_button: Json | None = None

    def about(self) -> Json:
        """The Bot API `Chat`."""
        if self.person is None:
            return {"id": self.chat_id, "type": "group", "title": self.title}
        return {"id": self.chat_id, "type": "private", "first_name": self.person.first_name}


@dataclass(slots=True)
class Press:
    """One press of an inline button, until it is answered."""

    query_id: str
    chat: Chat
    message_id: int
    data: str
    at: float
    answered: bool = False


@dataclass(slots=True)
class Bot:
    """One bot account with everything Telegram keeps for it."""

    token: str
    username: str
    name: str
    updates: UpdateQueue
    chats: dict[int, Chat] = field(default_factory=dict)
    presses: dict[str, Press] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    descriptions: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_button: Json = field(default_factory=lambda: {"type": "default"})
    webhook: Webhook | None = None
    last_message_id: int = 0
    last_press: int = 0

    @property
    def bot_id(self) -> int:
        """The number before the colon of the token."""
        head = self.token.partition(":")[0]
        return int(head) if head.isdigit() else 1_000_000_000 + zlib.crc32(self.token.encode())

    def user(self) -> Json:
        """The Bot API `User`."""
        return {"id": self.bot_id, "is_bot": True, "first_name": self.name, "username": self.username}

    def next_message_id(self) -> int:
        """Message ids count through all private chats of a bot, as with Telegram."""
        self.last_message_id += 1
        return self.last_message_id

    def commands_for(self, chat_id: int, language: str) -> list[Json]:
        """The command list one person sees (Bot API, "Determining list of commands", private chats)."""
        code = language.partition("-")[0]
        for scope in (f"chat:{chat_id}", "all_private_chats", "default"):
            for wanted in (code, ""):
                found = self.commands.get((scope, wanted))
                if found:
                    return found
        return []


@dataclass(frozen=True, slots=True)
class Event:
    """Something visible happened in one chat; `user_id` None means in all chats of the bot."""

    token: str
    user_id: int | None
    kind: str
    data: Any


class Bus:
    """Tells everybody who listens what happened; never blocks the one who speaks."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    def publish(self, event: Event | None) -> None:
        """Tell all listeners; None asks them to end."""
        for queue in self._listeners:
            queue.put_nowait(event)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Event | None]]:
        """A queue of everything from now on."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


class World:
    """The state of the sandbox, all of it in memory."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self.clock = clock
        self.limits = limits
        self.bots: dict[str, Bot] = {}
        self.people: dict[int, Person] = {}
        self.files = Storage()
        self.bus = Bus()
        self.flood = Flood(limits)
        self.closing = asyncio.Event()
        self._changes = 0

    @property
    def changes(self) -> int:
        """Grows with everything worth keeping: what people see, what waits for a bot, files."""
        return self._changes + self.files.count + sum(bot.updates.changes for bot in self.bots.values())

    def touch(self) -> None:
        """Something changed that nobody sees at once."""
        self._changes += 1

    def date(self) -> int:
        """Seconds since 1970 by the sandbox's clock, as messages carry them."""
        return int(self.clock.now().timestamp())

    def new_bot(self, token: str, username: str, name: str) -> Bot:
        """Register a bot; a known token keeps its chats and gets the new names."""
        known = self.bots.get(token)
        if known is not None:
            known.username, known.name = username, name
            return known
        self.bots[token] = Bot(token, username, name, UpdateQueue(token, self.limits, self.clock.now))
        return self.bots[token]

    def chat(self, bot: Bot, person: Person) -> Chat:
        """The private chat of a person with a bot, made when first needed."""
        if person.user_id not in bot.chats:
            bot.chats[person.user_id] = Chat(person.user_id, person)
        return bot.chats[person.user_id]

    def put(self, bot: Bot, chat: Chat, entry: Entry) -> None:
        """Add a message to a chat and show it."""
        chat.entries[entry.data["message_id"]] = entry
        if entry.outgoing:
            chat.unread = 0
        else:
            chat.unread += 1
        self.tell(bot, chat, "message", entry.data["message_id"])

    def tell(self, bot: Bot, chat: Chat | None, kind: str, data: Any) -> None:
        """Publish what a person can see."""
        self.touch()
        self.bus.publish(Event(bot.token, chat.chat_id if chat else None, kind, data))

    def set_keyboard(self, bot: Bot, chat: Chat, keyboard: Json | None, message_id: int | None) -> None:
        """Show another reply keyboard, or none."""
        if keyboard is None and chat.keyboard is None:
            return
        chat.keyboard, chat.keyboard_from = keyboard, message_id
        self.tell(bot, chat, "keyboard", keyboard)

    def remove(self, bot: Bot, chat: Chat, message_id: int) -> None:
        """Delete a message; a reply keyboard goes with the message that brought it, as in the apps."""
        del chat.entries[message_id]
        if chat.force_reply == message_id:
            chat.force_reply = None
        if chat.keyboard_from == message_id:
            self.set_keyboard(bot, chat, None, None)
        self.tell(bot, chat, "delete", {"message_id": message_id})

    def new_press(self, bot: Bot, chat: Chat, message_id: int, data: str) -> Press:
        """Note that a button was pressed now."""
        bot.last_press += 1
        query_id = str((bot.bot_id << 24) + 7919 * bot.last_press)
        press = Press(query_id, chat, message_id, data, time.monotonic())
        bot.presses[query_id] = press
        return press

    async def pause(self, seconds: float) -> None:
        """Wait in real time, but not beyond the end of the server."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)
