"""The village on a line to Telegram that can be cut and mended, and whole reports told over it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import col, select

from bot.app import build
from bot.clock import PushedClock
from bot.sandbox import Limits, Sandbox, serve
from models.outbox import Delivery, Outgoing
from models.report.rules import Status
from models.report.tables import Photo, Report
from tests.village import CAST, MORNING, PIXEL, TOKEN, Village, people_the_village, policy_file, settings_for

NUMBER = re.compile(r"YH-\d{9}-\d{6}-\d{4}-[0-9A-Z]")
REPORTED = "已报给"
HERE = (29.12, 118.21)
NEW_MESSAGES = ("sendMessage", "sendPhoto")


@dataclass
class Line:
    """The way to Telegram: `down` closes its port, so that every connection is refused, `up` opens the same again."""

    sandbox: Sandbox
    port: int = 0
    _served: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def up(self) -> str:
        """Open it. → its address."""
        url = await self._served.enter_async_context(serve(self.sandbox, port=self.port))
        self.port = urlsplit(url).port or 0
        return url

    async def down(self) -> None:
        """Cut it; what Telegram holds stays there."""
        await self._served.aclose()


@dataclass
class LinedVillage(Village):
    """A village whose line can be cut."""

    line: Line


@asynccontextmanager
async def open_line(
    database_url: str, folder: Path, policy: dict[str, object] | None = None
) -> AsyncIterator[LinedVillage]:
    """The whole: sandbox without flood limits, people, bot, and the line between."""
    clock = PushedClock(MORNING)
    sandbox = Sandbox(clock, Limits(flood=False, same_offset_throttle=False))
    sandbox.add_bot(TOKEN)
    for name, (user_id, phone, _, _) in CAST.items():
        sandbox.add_person(user_id, name.capitalize(), phone)
    line = Line(sandbox)
    try:
        numbers = policy_file(folder, {"sending.chat_burst": 10} | (policy or {}))
        settings = settings_for(database_url, folder / "data", await line.up(), policy=numbers, send_rate=500)
        app = build(settings, clock, samples=True)
        async with app.database.transaction() as session:
            ids = await people_the_village(session)
        async with app.running():
            yield LinedVillage(app, sandbox, clock, ids, line)
    finally:
        await line.down()


async def in_time(village: Village, true: Callable[[], Any], within: float = 20.0) -> None:
    """Wait until something is so, while the village's clock runs at twenty times its speed: pauses are the clock's."""
    end = asyncio.get_running_loop().time() + within
    while not true():
        assert asyncio.get_running_loop().time() < end, "it did not become so"
        village.soon(seconds=1)
        await asyncio.sleep(0.05)


def tell(village: Village, name: str) -> None:
    """Send the two messages of a report: photo and place."""
    phone = village.sandbox.phone(CAST[name][0])
    phone.photo(PIXEL + name.encode())
    phone.location(*HERE, accuracy=8)


async def confirm(village: Village, name: str) -> None:
    """Wait for the question, tap the likely answer and wait for the receipt, however long the line takes."""
    phone = village.sandbox.phone(CAST[name][0])
    await in_time(village, lambda: any("✅" in label for label in phone.buttons))
    phone.press("✅")
    await in_time(village, lambda: any(REPORTED in words for words in village.texts(name)))


async def card(village: Village, name: str, of: str) -> None:
    """Wait until an officer has the card of somebody's report."""
    await in_time(village, lambda: numbers(village, of) and numbers(village, of) <= numbers(village, name))


def numbers(village: Village, name: str) -> set[str]:
    """The numbers of the reports in somebody's chat."""
    return set(NUMBER.findall("\n".join(village.texts(name))))


async def copies(village: Village) -> int:
    """How many messages Telegram has that the bot does not know to have sent."""
    async with village.app.database.reading() as session:
        known = set(await session.exec(select(Outgoing.message_id).where(col(Outgoing.message_id).is_not(None))))
    return len([call for call in village.sandbox.ledger.of(*NEW_MESSAGES) if call.message_id not in known])


async def nothing_lost(village: Village, *names: str) -> None:
    """Everybody has exactly one report, sent off with photo and place, and every message went."""
    await in_time(village, lambda: village.app.inbox.idle and village.app.sender.idle)
    await village.app.settled()
    async with village.app.database.reading() as session:
        found = list(await session.exec(select(Report, Photo).join(Photo, col(Photo.report_id) == col(Report.id))))
        left = select(Outgoing.kind, Outgoing.state).where(
            col(Outgoing.state).not_in((Delivery.SENT, Delivery.SUPERSEDED)), Outgoing.send_at <= village.clock.now()
        )
        assert list(await session.exec(left)) == []
    assert sorted(report.reporter_id for report, _ in found) == sorted(village.ids[name] for name in names)
    for report, _photo in found:
        assert report.status is Status.SUBMITTED
        assert (report.latitude, report.longitude) == HERE
    for name in names:
        assert len(numbers(village, name)) == 1
