"""What the tests of the core share: a feature of words and notes, so that they do not change when a real one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text
from sqlmodel import col, select
from telegram import Message
from telegram.ext import filters

from bot.app import App
from bot.sender import Render
from handlers.kit import ACT, Act, Button, Key, Press, Screen, message
from handlers.menu import Speak
from models import outbox
from models.inbox import Arrival
from models.outbox import Outgoing
from models.people.tables import Account
from tests.village import CAST, Village

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)

Deed = Callable[[Act], Awaitable[None]]
# What a button of a note carries: a language nobody speaks, which the menu refuses.
OLD: Press = Speak("xx")


class Script:
    """What the bot does when somebody writes certain words, and the words it tried, in their order."""

    def __init__(self) -> None:
        self.deeds: dict[str, Deed] = {}
        self.tried: list[str] = []

    def on(self, words: str, deed: Deed | None = None) -> None:
        """At these words a note "begun …" is said, then this is done."""
        self.deeds[words] = deed or _nothing

    def into(self, app: App) -> None:
        """Teach a bot, before it runs."""
        app.telegram.handlers[0].insert(0, message(_Known(self), self._do))
        app.sender.render = with_notes(app.sender.render)

    async def _do(self, act: Act) -> None:
        words = act.message.text or ""
        self.tried.append(words)
        await act.say("note", text=f"begun {words}")
        await self.deeds[words](act)


class _Known(filters.MessageFilter):
    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script

    def filter(self, message: Message) -> bool:
        return message.text in self._script.deeds and ACT.get() is not None


async def _nothing(_act: Act) -> None:
    pass


def with_notes(render: Render) -> Render:
    """A renderer that knows notes as well: `text`, and if wished `photo` or `drawn`, `buttons` and `keys` (labels)."""

    async def rendered(session: Any, now: Any, row: Outgoing, chat_id: int) -> Screen | None:
        if row.kind != "note":
            return await render(session, now, row, chat_id)
        buttons = [[Button(label, OLD)] for label in row.args.get("buttons", ())]
        keys = [[Key(label)] for label in row.args["keys"]] if "keys" in row.args else None
        photo = drawn(row.args["drawn"]) if "drawn" in row.args else row.args.get("photo")
        return Screen(row.args["text"], buttons, keys, photo)

    return rendered


def drawn(colour: str) -> bytes:
    """A picture as a renderer draws one: PNG, all of one colour."""
    file = BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    return file.getvalue()


Say = Callable[..., Awaitable[bool]]


@asynccontextmanager
async def saying(village: Village) -> AsyncIterator[Say]:
    """One transaction in which notes are put in the outbox: `await say("bob", "words", lane=…)`."""
    async with village.app.database.transaction() as session:

        async def say(name: str, text: str, **more: Any) -> bool:
            person_id = village.ids[name]
            return await outbox.say(session, village.clock.now(), "note", person_id=person_id, text=text, **more)

        yield say


async def notes(village: Village) -> list[Outgoing]:
    """All notes, in the order in which they were said."""
    async with village.app.database.reading() as session:
        return list(await session.exec(select(Outgoing).where(Outgoing.kind == "note").order_by(col(Outgoing.id))))


async def arrivals(village: Village) -> list[Arrival]:
    """All stored updates, oldest first."""
    async with village.app.database.reading() as session:
        return list(await session.exec(select(Arrival).order_by(col(Arrival.id))))


@asynccontextmanager
async def away(village: Village, table: str) -> AsyncIterator[None]:
    """A database in which a table cannot be read or written for a while."""

    async def rename(name: str, to: str) -> None:
        async with village.app.database.transaction() as session:
            await (await session.connection()).execute(text(f"ALTER TABLE {name} RENAME TO {to}"))

    await rename(table, f"{table}_away")
    yield
    await rename(f"{table}_away", table)


async def account(village: Village, name: str) -> Account:
    """The chat account of one of the cast."""
    async with village.app.database.reading() as session:
        return await session.get_one(Account, CAST[name][0])


def got(village: Village, name: str) -> list[str]:
    """The words of everything the sandbox took for this chat, in its order, copies included."""
    sent = village.sandbox.ledger.of("sendMessage", "sendPhoto", chat_id=CAST[name][0])
    return [str(call.params.get("text") or call.params.get("caption")) for call in sent]


@asynccontextmanager
async def rings(village: Village) -> AsyncIterator[list[int]]:
    """A list that grows with every ring of the bell: a loop that wakes itself rings hundreds of times a second."""
    heard: list[int] = []

    async def listen() -> None:
        async with village.app.database.bell.listening() as bell:
            while True:
                await bell.wait()
                bell.clear()
                heard.append(len(heard))

    listening = asyncio.create_task(listen())
    yield heard
    listening.cancel()


async def until(true: Callable[[], Any], within: float = 8.0) -> None:
    """Wait until something is so."""
    end = asyncio.get_running_loop().time() + within
    while not (true() if not asyncio.iscoroutinefunction(true) else await true()):
        assert asyncio.get_running_loop().time() < end, "it did not become so"
        await asyncio.sleep(0.01)
