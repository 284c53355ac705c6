"""What all measurements stand on: the real bot as a process, a sandbox in Telegram's place, and people who have joined.

Bot and sandbox are two processes, as in a county, so that measuring costs the bot nothing but the second core.
"""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from sqlmodel import col, select

from bot.clock import SystemClock
from bot.database import Database
from bot.sandbox import Limits, Phone, Sandbox, serve
from bot.sandbox.errors import ApiError
from bot.sandbox.flood import Flood
from bot.settings import Settings
from models import outbox
from models.outbox import Lane
from models.people.tables import Account, Person
from tests.crash.county import county, settle
from tests.crash.process import Process
from tests.village import TOKEN

START = 30.0  # seconds the bot may take to come up


class CountedFlood(Flood):
    """Telegram's limits, and how often they were passed."""

    refused = 0

    def check(self, token: str, chat_id: int, count: int = 1, paid: bool = False) -> None:
        """As the sandbox does it; every 429 is counted."""
        try:
            super().check(token, chat_id, count, paid)
        except ApiError:
            CountedFlood.refused += 1
            raise


@dataclass
class Stand:
    """Everything a measurement needs. `ids` are person ids in the order of the phones."""

    sandbox: Sandbox
    database: Database
    bot: Process
    phones: Sequence[Phone]
    ids: Sequence[int]

    @property
    def refused(self) -> int:
        """How many 429s there were."""
        return CountedFlood.refused

    async def broadcast(self, count: int) -> datetime:
        """Put one message for each of so many people in the outbox, in the lane of warnings. → when that was."""
        now = SystemClock().now()
        async with self.database.transaction() as session:
            for person_id in self.ids[:count]:
                await outbox.say(session, now, "menu.help", person_id=person_id, lane=Lane.WARNING)
        return now

    async def asks(self, phone: Phone, patience: float = 60.0) -> float:
        """Somebody writes /help. → seconds until the answer is there."""
        before, began = len(phone.incoming), monotonic()
        phone.text("/help")
        await phone.until(lambda p: len(p.incoming) > before, patience)
        return monotonic() - began

    def memory(self) -> float:
        """The bot's resident memory in MB."""
        pages = int(Path(f"/proc/{self.bot.pid}/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize() / 1e6

    def cpu(self) -> float:
        """Seconds of a core the bot has used so far."""
        fields = Path(f"/proc/{self.bot.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def stand(people: int, *, rate: float = 30, flood: bool = True) -> AsyncIterator[Stand]:
    """A bot that is up, with so many people who joined. On SQLite, or on the empty database of CUNSHAO_DATABASE_URL."""
    with tempfile.TemporaryDirectory(prefix="cunshao-bench-") as name:
        folder = Path(name)
        url = os.environ.get("CUNSHAO_DATABASE_URL", f"sqlite:///{folder / 'bench.sqlite'}")
        everybody, sandbox = county(people), Sandbox(limits=Limits(flood=flood))
        sandbox.world.flood = CountedFlood(sandbox.limits)
        everybody.bring(sandbox)
        database = Database(Settings(database_url=url).database())
        await settle(database, everybody)
        phones = [sandbox.phone(each.chat_id) for each in everybody.reporters]
        ids = await _joined(database, phones)
        async with serve(sandbox) as api:
            variables = {
                "CUNSHAO_BOT_TOKEN": TOKEN, "CUNSHAO_BOT_API_URL": api, "CUNSHAO_DATABASE_URL": url,
                "CUNSHAO_DATA_DIR": str(folder / "data"), "CUNSHAO_SEND_RATE": str(rate), "CUNSHAO_HTTP_PORT": "0",
            }  # fmt: skip
            bot = Process(variables, folder / "bot.log")
            try:
                await _up(bot, sandbox)
                yield Stand(sandbox, database, bot, phones, ids)
                await bot.stop(30)
            finally:
                await bot.away()
                await database.close()


async def _joined(database: Database, phones: Sequence[Phone]) -> list[int]:
    """Let these people have joined. → their person ids."""
    now = SystemClock().now()
    async with database.transaction() as session:
        found = await session.exec(select(Person.phone, Person.id).where(col(Person.phone).startswith("+86100")))
        ids = {number: person_id for number, person_id in found if person_id is not None}
        for phone in phones:
            session.add(Account(chat_id=phone.user_id, person_id=ids[phone.person.phone], joined_at=now))
            phone.chat.started = True
    return [ids[phone.person.phone] for phone in phones]


async def _up(bot: Process, sandbox: Sandbox) -> None:
    await bot.start()
    end = monotonic() + START
    while not sandbox.bot().updates.polled:
        assert monotonic() < end, bot.tail()
        await bot.breathe(0.05)


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """What 95 of 100 stay below."""
    return statistics.quantiles(values, n=20)[-1]


def say(*lines: str) -> None:
    """Print, below the shape of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    shape = (
        f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    sys.stdout.write("\n".join([f"({shape})", *lines]) + "\n")
