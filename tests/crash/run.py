"""One run: people begin to report in waves, the bot is killed in each, and in the end everything must be there."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from sqlmodel import col, func, select

from bot.sandbox import Sandbox
from models.inbox import Arrival, Handling
from models.outbox import Delivery, Outgoing
from models.people.tables import Account
from models.report.rules import Status
from models.report.tables import Photo, Report
from tests.crash.books import Books
from tests.crash.county import County, Reporter
from tests.crash.process import Process
from tests.crash.script import numbers, report

THINKS = 0.25  # seconds a person takes before a step, at most
LIVES = 0.9  # seconds a bot lives after it came up, at most
SLOW = 0.12  # seconds every send takes, so that a kill finds some under way
A_LIFE = 8.0  # seconds from one kill to the next on a busy machine
ENOUGH = 60.0  # seconds for a start, or for everything to be done in the end
SENDING = ("sendMessage", "sendPhoto", "editMessageText", "editMessageCaption")


@dataclass
class Run:
    """Everything one run needs, and what it found."""

    sandbox: Sandbox
    people: County
    bot: Process
    books: Books
    chance: Random
    folder: Path
    receipts: dict[int, str] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)

    async def through(self, kills: int) -> None:
        """Kill so often, then let everything come to its end."""
        for method in SENDING:
            self.sandbox.faults.add(method, kind="delay", seconds=SLOW, times=None)
        async with asyncio.TaskGroup() as scripts:
            for life in range(kills):
                for who in self.people.reporters[life::kills]:
                    scripts.create_task(self._reports(who, ENOUGH + kills * A_LIFE))
                await self._one_life(early=life % 5 == 2)
            await self._up()
        async with asyncio.timeout(ENOUGH):
            while await self._busy():
                await self.bot.breathe(0.05)
        assert await self.bot.stop() == 0, self.bot.tail()

    async def _reports(self, who: Reporter, patience: float) -> None:
        phone = self.sandbox.phone(who.chat_id)
        self.receipts[who.chat_id] = await report(phone, who, self.chance, THINKS, patience)

    async def _one_life(self, *, early: bool) -> None:
        """From a start to a kill; `early` means while it still comes up."""
        if early:
            await self.bot.start()
            await asyncio.sleep(self.chance.uniform(0.3, 1.5))
        else:
            await self._up()
            await asyncio.sleep(self.chance.uniform(0.05, LIVES))
        await self.bot.kill()
        await self.books.note_kill()

    async def _up(self) -> None:
        """Start it, and wait until it takes updates in."""
        began, before = monotonic(), len(self.sandbox.ledger.of("setWebhook", "deleteWebhook"))
        await self.bot.start()
        async with asyncio.timeout(ENOUGH):
            while len(self.sandbox.ledger.of("setWebhook", "deleteWebhook")) == before:
                await self.bot.breathe(0.01)
        self.starts.append(monotonic() - began)

    async def _busy(self) -> bool:
        """Whether the bot still has something to do. What the clock does later (reminders) is none of this run's."""
        if self.sandbox.bot().updates.waiting():
            return True
        async with self.books.database.reading() as session:
            open_updates = select(Arrival.id).where(col(Arrival.state).in_((Handling.WAITING, Handling.CLAIMED)))
            open_sends = select(Outgoing.id).where(col(Outgoing.state).in_((Delivery.WAITING, Delivery.SENDING)))
            no_file = select(Photo.id).where(col(Photo.path).is_(None))
            found = [(await session.exec(each.limit(1))).first() for each in (open_updates, open_sends, no_file)]
        return any(each is not None for each in found)

    # What must be so in the end

    async def check(self) -> None:
        """Nothing lost, nothing doubled, no copy without a kill that explains it. AssertionError says what is not."""
        await self._reports_are_right()
        await self._messages_are_right()
        assert await self.books.unexplained() == []

    async def _reports_are_right(self) -> None:
        async with self.books.database.reading() as session:
            rows = list(
                await session.exec(
                    select(Account.chat_id, Report, Photo)
                    .join(Report, col(Report.reporter_id) == col(Account.person_id))
                    .join(Photo, col(Photo.report_id) == col(Report.id))
                )
            )
            reports = (await session.exec(select(func.count()).select_from(Report))).one()
        assert reports == len(self.people.reporters), "as many reports as reporters"
        found = {chat_id: (one, photo) for chat_id, one, photo in rows}
        assert len(rows) == len(found) == reports, "one report with one photo for everybody"
        assert len({one.number for one, _ in found.values()}) == reports, "no number twice"
        for who in self.people.reporters:
            one, photo = found[who.chat_id]
            assert one.status is Status.SUBMITTED
            assert (one.latitude, one.longitude) == who.place
            assert self.receipts[who.chat_id] == one.number
            assert photo.sha256 == hashlib.sha256(who.photo).hexdigest()
            assert (self.folder / "photos" / str(photo.path)).read_bytes() == who.photo

    async def _messages_are_right(self) -> None:
        async with self.books.database.reading() as session:
            lost = select(Outgoing.kind, Outgoing.state).where(
                col(Outgoing.state).not_in((Delivery.SENT, Delivery.SUPERSEDED))
            )
            assert list(await session.exec(lost)) == [], "every message went, or a newer one took its place"
            states = list(await session.exec(select(Arrival.state)))
        assert set(states) == {Handling.DONE}
        for who in self.people.reporters:
            phone = self.sandbox.phone(who.chat_id)
            assert numbers(phone) == {self.receipts[who.chat_id]}
        for officer in self.people.officers:
            wanted = {self.receipts[each.chat_id] for each in self.people.reporters if each.town == officer.town}
            assert numbers(self.sandbox.phone(officer.chat_id)) == wanted, "every card is there, and nobody else's"

    async def summary(self) -> str:
        """What happened, in one line."""
        copies = [sum(each.values()) for each in await self.books.copies()]
        under_way = [sum(kill.under_way.values()) for kill in self.books.kills]
        longest = max(self.starts)
        return (
            f"{len(self.people.reporters)} reports, {len(under_way)} kills, under way at each {under_way}, "
            f"copies after each {copies}, slowest start {longest:.1f} s, {len(self.sandbox.ledger)} calls"
        )
