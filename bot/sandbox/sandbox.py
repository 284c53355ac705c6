"""The whole sandbox as its users hold it: people, bots, faults and the record of calls; it must not know HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from bot.sandbox.faults import Faults
from bot.sandbox.flood import Limits
from bot.sandbox.phone import Phone
from bot.sandbox.snapshot import Snapshot
from bot.sandbox.world import Bot, Chat, Clock, Person, World

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was applied; `message_id` is the (first) message it made or changed, `time` the sandbox's clock."""

    token: str
    method: str
    chat_id: int | None
    params: Json
    message_id: int | None
    time: datetime


class Ledger(list[Call]):
    """Every applied call except getUpdates, oldest first."""

    def of(self, *methods: str, chat_id: int | None = None) -> list[Call]:
        """The calls of these methods (none named: all), to this chat if given."""
        return [
            call
            for call in self
            if (not methods or call.method in methods) and (chat_id is None or call.chat_id == chat_id)
        ]


class Sandbox:
    """A small world with a Bot API in front: `serve(sandbox)` puts it on a port, `app` is the bare ASGI app.

    `clock` gives the dates of messages (default: the real time), `limits` what Telegram would refuse.
    """

    def __init__(self, clock: Clock | None = None, limits: Limits | None = None) -> None:
        if clock is None:
            from bot.clock import SystemClock  # only here, so that the sandbox runs without the rest of the house

            clock = SystemClock()
        self.faults = Faults()
        self.ledger = Ledger()
        self.world = World(clock, limits or Limits())
        self._phones: dict[tuple[str, int], Phone] = {}
        self._snapshots: dict[Path, Snapshot] = {}

    @property
    def limits(self) -> Limits:
        """The limits in force; change its fields, at any time."""
        return self.world.limits

    @property
    def app(self) -> Starlette:
        """An ASGI app over this sandbox."""
        from bot.sandbox.server import build_app  # server knows Sandbox, so it cannot be imported above

        return build_app(self)

    def add_bot(self, token: str, username: str = "cunshao_bot", name: str = "村哨") -> None:
        """Register a bot account under its token."""
        self.world.new_bot(token, username, name)

    def add_person(
        self, user_id: int, first_name: str, phone: str = "", label: str = "", group: tuple[str, ...] = ()
    ) -> Phone:
        """Register somebody with a phone (`phone` like "+8610000000001") and hand it out; a bot must be there first.

        A known id keeps its chats and gets the new name, number, label and group.
        """
        person = self.world.people.setdefault(user_id, Person(user_id, first_name))
        person.first_name, person.phone, person.label, person.group = first_name, phone, label, group
        return self.phone(user_id)

    def phone(self, user_id: int, token: str | None = None) -> Phone:
        """The phone of a person, open at the chat with this bot (None: the first one).

        Raises `LookupError` for an unknown person or before a bot was added.
        """
        bot = self.bot(token)
        if user_id not in self.world.people:
            raise LookupError(f"nobody has the id {user_id}")
        key = (bot.token, user_id)
        if key not in self._phones:
            self._phones[key] = Phone(self.world, bot, self.world.people[user_id])
        return self._phones[key]

    def bot(self, token: str | None = None) -> Bot:
        """The bot with this token, None: the first one; raises `LookupError`."""
        if token is None and self.world.bots:
            return next(iter(self.world.bots.values()))
        if token not in self.world.bots:
            raise LookupError("no such bot; call add_bot first")
        return self.world.bots[token]

    def save(self, folder: Path) -> bool:
        """Keep people, chats, waiting updates and files in a folder, for `restore`. → whether anything was new.

        Cheap when nothing changed since the last time. Raises `OSError` when the disk does.
        """
        return self._snapshot(folder).save(self.world)

    def restore(self, folder: Path) -> bool:
        """Take up what `save` kept, before the sandbox is served. False: nothing was kept there.

        Names, numbers and labels given by `add_person` before stay. Raises `Unreadable`, and then nothing is changed.
        """
        return self._snapshot(folder).restore(self.world)

    def _snapshot(self, folder: Path) -> Snapshot:
        return self._snapshots.setdefault(folder, Snapshot(folder))

    def add_to_group(self, token: str, chat_id: int, title: str, by: int | None = None) -> None:
        """Somebody (`by`, default the first person) adds the bot to a group; `chat_id` is negative."""
        if chat_id >= 0:
            raise ValueError("ids of groups are negative")
        bot = self.bot(token)
        chat = bot.chats.setdefault(chat_id, Chat(chat_id, title=title))
        chat.started, chat.title = True, title
        people = self.world.people
        person = people[by] if by is not None else next(iter(people.values()), Person(777000, "Telegram"))
        change: Json = {"chat": chat.about(), "from": person.user(), "date": self.world.date()}
        for key, status in (("old_chat_member", "left"), ("new_chat_member", "member")):
            change[key] = {"status": status, "user": bot.user()}
        bot.updates.put("my_chat_member", change, f"chat:{chat_id}")
