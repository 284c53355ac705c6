"""Keeps the world in a folder and brings it back, for a demo that outlives a restart; it must not decide when.

What lives only for seconds is left out: presses of buttons, toasts, flood limits, the record of calls. So is the
webhook, which a bot sets at its start anyway.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.errors import Unreadable
from bot.sandbox.storage import Storage, StoredFile
from bot.sandbox.world import Bot, Chat, Entry, Person, World

Json = dict[str, Any]

FORMAT = 1
# What happened after the last save is lost with a killed process, but the bot may have seen it. Numbers therefore go on
# well beyond the last known one: an update id used twice would be taken for a repetition, and its words be lost.
GAP = 1000
PERSON = ("user_id", "first_name", "phone", "label", "language_code", "deactivated")
CHAT = ("chat_id", "title", "started", "blocked", "keyboard", "keyboard_from", "force_reply", "unread", "menu_button")
BOT = ("username", "name", "menu_button", "last_message_id", "last_press")
FILE = ("token", "kind", "file_id", "unique_id", "path", "name", "mime", "width", "height")


@dataclass(slots=True)
class Snapshot:
    """One folder: `world.json`, and under `files/` the bytes that went through the chats, each named by its SHA-256."""

    folder: Path
    _saved: int | None = None
    _digests: dict[str, str] = field(default_factory=dict)

    def save(self, world: World) -> bool:
        """Write what changed, files first, so that `world.json` names none that is not there. → whether it wrote."""
        changes = world.changes
        if changes == self._saved:
            return False
        for stored in world.files.by_id.values():
            if stored.file_id not in self._digests:
                self._digests[stored.file_id] = self._keep(stored.data)
        _write(self._path, json.dumps(self._state(world), separators=(",", ":")).encode())
        self._saved = changes
        return True

    def restore(self, world: World) -> bool:
        """Bring back what was saved. False: nothing was. Raises `Unreadable`, and then nothing is changed."""
        if not self._path.exists():
            return False
        try:
            state = json.loads(self._path.read_bytes())
            if state["format"] != FORMAT:
                raise Unreadable(f"The chats in {self.folder} were kept by another version.")
            found = self._world(state, world)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreadable(f"The chats in {self.folder} cannot be read ({type(error).__name__}).") from error
        _move_in(found, world)
        self._digests = {each["file_id"]: each["sha256"] for each in state["files"]["all"]}
        self._saved = world.changes
        return True

    @property
    def _path(self) -> Path:
        return self.folder / "world.json"

    def _keep(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self.folder / "files" / digest
        if not path.exists():
            _write(path, data)
        return digest

    def _state(self, world: World) -> Json:
        return {
            "format": FORMAT,
            "people": [_fields(person, PERSON) | {"group": person.group} for person in world.people.values()],
            "bots": [_bot_state(bot) for bot in world.bots.values()],
            "files": {
                "count": world.files.count,
                "small": {photo_id: small.file_id for photo_id, small in world.files.small.items()},
                "all": [
                    _fields(stored, FILE) | {"sha256": self._digests[stored.file_id]}
                    for stored in world.files.by_id.values()
                ],
            },
        }

    def _world(self, state: Json, now: World) -> World:
        """What was saved as a world of its own; its files are read and compared with their names."""
        found = World(now.clock, now.limits)
        for each in state["people"]:
            person = Person(**each | {"group": tuple(each["group"])})
            found.people[person.user_id] = person
        found.files = self._files(state["files"])
        for each in state["bots"]:
            bot = found.new_bot(each["token"], each["username"], each["name"])
            _set(bot, BOT, each)
            bot.last_message_id += GAP
            bot.last_press += GAP
            bot.commands = {(scope, language): commands for scope, language, commands in each["commands"]}
            bot.descriptions = {(kind, language): words for kind, language, words in each["descriptions"]}
            bot.chats = {chat["chat_id"]: _chat(chat) for chat in each["chats"]}
            bot.updates.resume(each["updates"], GAP)
        return found

    def _files(self, state: Json) -> Storage:
        files = Storage(count=state["count"])
        for each in state["all"]:
            data = (self.folder / "files" / each["sha256"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != each["sha256"]:
                raise ValueError("a file is damaged")
            files.put(StoredFile(data=data, **{name: each[name] for name in FILE}))
        files.small = {photo_id: files.by_id[small_id] for photo_id, small_id in state["small"].items()}
        return files


def _fields(thing: object, names: tuple[str, ...]) -> Json:
    return {name: getattr(thing, name) for name in names}


def _set(thing: object, names: tuple[str, ...], values: Json) -> None:
    for name in names:
        setattr(thing, name, values[name])


def _bot_state(bot: Bot) -> Json:
    chats = [chat for chat in bot.chats.values() if chat.entries or chat.started or chat.blocked]
    return _fields(bot, BOT) | {
        "token": bot.token,
        "commands": [[*key, commands] for key, commands in bot.commands.items()],
        "descriptions": [[*key, words] for key, words in bot.descriptions.items()],
        "updates": bot.updates.state(),
        "chats": [_fields(chat, CHAT) | {"entries": _entries(chat)} for chat in chats],
    }


def _entries(chat: Chat) -> list[list[Any]]:
    return [[entry.data, entry.outgoing, entry.locked, entry.edited] for entry in chat.entries.values()]


def _chat(state: Json) -> Chat:
    chat = Chat(state["chat_id"])
    _set(chat, CHAT, state)
    chat.entries = {data["message_id"]: Entry(data, *marks) for data, *marks in state["entries"]}
    return chat


def _move_in(found: World, world: World) -> None:
    """Give the world what was found; people and bots it has already stay the same objects, since phones hold them."""
    for person in found.people.values():
        known = world.people.setdefault(person.user_id, person)
        known.language_code, known.deactivated = person.language_code, person.deactivated
    world.files = found.files
    for bot in found.bots.values():
        for chat in bot.chats.values():
            chat.person = world.people.get(chat.chat_id)
        known_bot = world.bots.setdefault(bot.token, bot)
        for name in ("chats", "commands", "descriptions", "menu_button", "updates", "last_message_id", "last_press"):
            setattr(known_bot, name, getattr(bot, name))


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, as far as the process goes; after a power cut the sums and the format tell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
