"""Updates in: stored before they are acknowledged, then handled in one transaction each, in order per chat."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import Application

from bot.clock import Clock
from bot.database import Database, insist, rung
from bot.errors import is_database_fault, name_of, pause_after
from handlers.kit import ACT, Act
from models import inbox, outbox, response
from models.inbox import Arrival
from models.outbox import Lane
from models.people import actions as people
from models.people.rules import Role
from models.policy import Policy
from models.refused import Refused

log = structlog.get_logger()

AT_ONCE = 8  # chats handled side by side
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

MakeAct = Callable[[AsyncSession, datetime, Update], Awaitable[Act]]


class ClaimLost(Exception):
    """Somebody else holds this update now; everything done for it is rolled back."""


@dataclass
class Inbox:
    """Stores updates and works them off. Several processes may do so on one database: the claim is a row's."""

    database: Database
    telegram: Application[Any, Any, Any, Any, Any, Any]
    clock: Clock
    policy: Policy
    make_act: MakeAct
    owner: str
    _busy: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def store(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Keep raw updates for good; only after this returns may they be acknowledged."""
        async with self.database.transaction() as session:
            await inbox.store(session, self.clock.now(), self.telegram.bot.id, [storable(each) for each in updates])

    @property
    def idle(self) -> bool:
        """Whether nothing is being handled in this process."""
        return not self._busy

    async def run(self) -> None:
        """Handle until cancelled; what is under way then is finished first."""
        try:
            async with self.database.bell.listening() as bell:
                while True:
                    bell.clear()
                    started = await self._round()
                    if not started:
                        await rung(bell, 0.5)
        finally:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _round(self) -> bool:
        if len(self._busy) >= AT_ONCE:
            return False
        try:
            row = await self._claim()
        except Exception as error:
            log.warning("inbox_unreadable", error=name_of(error))
            await asyncio.sleep(0.5)
            return False
        if row is not None:
            self._busy[row.chat] = asyncio.create_task(self._one(row))
        return row is not None

    async def _claim(self) -> Arrival | None:
        now, bot_id = self.clock.now(), self.telegram.bot.id
        async with self.database.reading() as session:
            if not await inbox.any_due(session, now, bot_id, self._busy):
                return None
        async with self.database.transaction(ring=False) as session:
            return await inbox.claim(session, now, bot_id, self.owner, self.policy.inbox.lease, self._busy)

    async def _one(self, row: Arrival) -> None:
        try:
            await self._handle(row)
        except Exception as error:
            with suppress(Exception):  # with the database away the claim's lease runs out and the update comes again
                await insist(partial(self._failed, row, error))
        finally:
            del self._busy[row.chat]
            self.database.bell.ring()

    async def _handle(self, row: Arrival) -> None:
        update = Update.de_json(row.body or {}, self.telegram.bot)
        if update is None:
            raise ValueError("an update without a body")
        try:
            act = await self._within(row, update)
        except Refused as refused:
            act = await self._say_no(row, update, refused)
        await self._afterwards(act)

    async def _within(self, row: Arrival, update: Update) -> Act:
        """One update, one transaction. What a handler raised, and PTB swallowed, is raised here."""
        async with self.database.transaction() as session:
            act = await self.make_act(session, self.clock.now(), update)
            await self._note(act)
            token = ACT.set(act)
            try:
                await self.telegram.process_update(update)
            finally:
                ACT.reset(token)
            if act.failure is not None:
                raise act.failure
            if not await inbox.finish(session, self.clock.now(), row):
                raise ClaimLost
        return act

    async def _note(self, act: Act) -> None:
        """What every update tells: the newest message of its chat, and that its sender can be reached again."""
        message = act.update.message
        if message is not None:
            await outbox.note_message(act.session, message.chat.id, message.message_id)
            me = act.visitor.me
            await response.back(act.session, act.now, act.visitor.chat_id, me.id if me else None)

    async def _say_no(self, row: Arrival, update: Update, refused: Refused) -> Act:
        """A rule said no: what was begun is rolled back, and the person gets one kind sentence instead."""
        async with self.database.transaction() as session:
            act = await self.make_act(session, self.clock.now(), update)
            await self._note(act)
            log.info("refused", reason=refused.reason, update=row.update_id)
            if update.callback_query is not None:
                act.toast, act.alert = act.house.refusal(act.words, refused.reason, refused.facts), True
            else:
                facts = {key: str(value) for key, value in refused.facts.items()}
                await act.say("menu.refused", reason=refused.reason, facts=facts)
            if not await inbox.finish(session, self.clock.now(), row):
                raise ClaimLost
        return act

    async def _afterwards(self, act: Act) -> None:
        """What goes out directly after the commit: the answer to a press, and leaving a group."""
        try:
            if act.update.callback_query is not None:
                await act.update.callback_query.answer(text=act.toast, show_alert=act.alert)
            if act.leave and act.update.effective_chat is not None:
                await self.telegram.bot.leave_chat(act.update.effective_chat.id)
        except TelegramError as error:
            log.info("answer_late", error=type(error).__name__)

    async def _failed(self, row: Arrival, error: Exception) -> None:
        if isinstance(error, ClaimLost):
            log.info("claim_lost", update=row.update_id)
            return
        now, attempts = self.clock.now(), row.attempts + (not is_database_fault(error))
        what = name_of(error)
        if attempts < self.policy.inbox.retries:
            async with self.database.transaction() as session:
                await inbox.put_back(session, row, now + pause_after(max(attempts, 1)), attempts, what)
            log.warning("update_failed", update=row.update_id, attempts=attempts, error=what)
            return
        async with self.database.transaction() as session:
            if await inbox.set_aside(session, now, row, attempts, what):
                await self._tell_operator(session, row, what)
        log.error("dead_letter", update=row.update_id, error=what, exc_info=error)

    async def _tell_operator(self, session: AsyncSession, row: Arrival, what: str) -> None:
        """A dead letter is told to the county's administrators, and to the person whose message it was."""
        now = self.clock.now()
        for person_id in await people.reachable(session, await people.everybody(session, Role.COUNTY_ADMIN)):
            await outbox.say(
                session, now, "menu.dead_letter", person_id=person_id, lane=Lane.TASK,
                dedupe=f"dead:{row.id}:{person_id}", row=row.id, error=what,
            )  # fmt: skip
        if row.chat > 0:
            await outbox.say(session, now, "menu.not_handled", chat_id=row.chat, dedupe=f"dead:{row.id}")


def storable(part: Any) -> Any:
    """An update without what PostgreSQL's JSON refuses: NUL and half a surrogate pair become the replacement sign.

    One such character would otherwise be brought again for ever, and everything behind it would wait.
    """
    if isinstance(part, str):
        return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", part)
    if isinstance(part, Mapping):
        return {storable(key): storable(value) for key, value in part.items()}
    return [storable(each) for each in part] if isinstance(part, list) else part
