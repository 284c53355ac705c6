"""What the tests of operation share: a village by webhook, rows as they come, and whole databases side by side."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from bot import schema
from bot.database import Database
from bot.sandbox.updates import UpdateQueue
from models.inbox import Arrival, Handling
from models.metadata import metadata
from models.outbox import Delivery, Lane, Outgoing
from tests.village import MORNING, Village

SECRET = "a_long-Secret"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Rows = dict[str, list[tuple[Any, ...]]]


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], object], within: float = 10.0) -> None:
    """Wait until something is so. TimeoutError after so many seconds."""
    end = asyncio.get_running_loop().time() + within
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError("it never came to be")
        await asyncio.sleep(0.01)


@dataclass
class Hooked:
    """A village by webhook, and what a stranger needs to knock at it."""

    village: Village
    url: str
    client: httpx.AsyncClient

    @property
    def queue(self) -> UpdateQueue:
        """What waits at Telegram."""
        return self.village.sandbox.bot().updates

    async def brings(self, update: Any) -> httpx.Response:
        """Telegram brings one update."""
        return await self.client.post(self.url, json=update, headers={HEADER: SECRET})

    async def stored(self) -> list[Arrival]:
        """Everything in the inbox, as it came."""
        async with self.village.app.database.reading() as session:
            return list(await session.exec(select(Arrival).order_by(col(Arrival.id))))


def update(number: int, minutes: float = 0, state: Handling = Handling.WAITING, **more: Any) -> Arrival:
    """A row of the inbox that came so many minutes before the morning."""
    came = MORNING - timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "bot_id": 1,
        "update_id": number,
        "chat": number,
        "received_at": came,
        "try_at": came,
        "state": state,
    }
    return Arrival(**values | more)


def letter(minutes: float, lane: Lane = Lane.REPLY, state: Delivery = Delivery.WAITING) -> Outgoing:
    """A row of the outbox that was to go so many minutes before the morning."""
    when = MORNING - timedelta(minutes=minutes)
    values: dict[str, Any] = {"recipient": "c1", "chat_id": 1, "kind": "x", "created_at": when, "send_at": when}
    return Outgoing(**values, lane=lane, state=state)


async def remade(database: Database) -> None:
    """The schema as the migrations make it, with their revision beside it."""
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(schema.move)


async def everything(database: Database) -> Rows:
    """Every row of every table."""
    async with database.engine.connect() as connection:
        await connection.execution_options(reads_only=True)
        return {
            table.name: [tuple(row) for row in await connection.execute(table.select().order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }
