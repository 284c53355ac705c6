"""Drains the outbox: most urgent first, inside Telegram's limits, one request a reader at a time, outcomes kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import Bot
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot import delivery
from bot.clock import Clock
from bot.database import Database, insist, rung
from bot.delivery import Outcome, Sent
from bot.errors import name_of
from bot.instance import let_go
from bot.limits import Limits
from handlers.kit import Screen
from models import lease, outbox, response
from models.outbox import Delivery, Lane, Method, Outgoing, Slot
from models.people import actions as people
from models.policy import Policy
from models.refused import Refused

log = structlog.get_logger()

Render = Callable[[AsyncSession, datetime, Outgoing, int], Awaitable[Screen | None]]
NEW_MESSAGES = (Method.SEND, Method.ALBUM, Method.DOCUMENT)  # the limit of a chat is about these, not about edits
IN_FLIGHT = 16  # httpx slows down beyond this (telegram.md 5); the limit of 30 a second needs two at 60 ms


@dataclass
class Sender:
    """One per process; of several processes only the holder of the token's lease sends."""

    database: Database
    bot: Bot
    clock: Clock
    policy: Policy
    limits: Limits
    render: Render
    owner: str
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _held_until: datetime | None = None
    _faults: int = 0
    _rests_until: float = 0.0

    async def run(self) -> None:
        """Send until cancelled; what is under way then is finished first."""
        try:
            async with self.database.bell.listening() as bell:
                while True:
                    bell.clear()
                    pause = await self._round()
                    await rung(bell, pause)
        finally:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            await let_go(self.database, self.clock, self._lease, self.owner)

    @property
    def _lease(self) -> str:
        return f"sender:{self.bot.id}"

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in this process."""
        return not self._busy

    async def _round(self) -> float:
        """Start what may go now. → seconds until another look is worth while."""
        rests = self._rests_until - monotonic()
        if rests > 0:
            return min(rests, 1.0)
        waits = self.limits.resting()
        room = min(IN_FLIGHT - len(self._busy), self.limits.room())
        try:
            rows = await self._claim(room, {*self._busy, *waits}) if room > 0 else []
        except Exception as error:  # the database is away: nothing is lost, the rows wait in it
            log.warning("outbox_unreadable", error=name_of(error))
            return 1.0
        for row in rows:
            self.limits.take(row.recipient if row.method in NEW_MESSAGES else None)
            self._busy[row.recipient] = asyncio.create_task(self._one(row))
        if room <= 0 or len(rows) == room:
            return max(self.limits.token_wait(), 0.01)
        return min([1.0, *(max(wait, 0.01) for wait in waits.values())])

    async def _claim(self, room: int, passed_over: set[str]) -> list[Outgoing]:
        now, policy = self.clock.now(), self.policy.sending
        lowest = Lane.REPLY if self.limits.bulk_rests() else Lane.DIGEST
        async with self.database.reading() as session:
            if not await outbox.any_due(session, now):
                return []
        renew = self._held_until is None or self._held_until - now < policy.lease / 2
        async with self.database.transaction(ring=False) as session:
            held = not renew or await lease.hold(session, now, self._lease, self.owner, policy.lease)
            rows = await outbox.claim(session, now, self.owner, policy.lease, passed_over, room, lowest) if held else []
        if renew:
            self._held_until = now + policy.lease if held else None
        return rows

    async def _one(self, row: Outgoing) -> None:
        try:
            await self._deliver(row)
        except Exception as error:
            log.error("send_failed", row=row.id, kind=row.kind, error=name_of(error))
            with suppress(Exception):  # with the database away the lease runs out and the row goes again
                await self._again(row, name_of(error))
        finally:
            del self._busy[row.recipient]
            self.database.bell.ring()

    async def _deliver(self, row: Outgoing) -> None:
        now = self.clock.now()
        if row.expires_at is not None and row.expires_at <= now:
            return await self._settle(row, Delivery.EXPIRED)
        async with self.database.reading() as session:
            chat_id, why_not = await self._chat(session, row)
            screen = await self._screen(session, now, row, chat_id) if chat_id is not None else None
            slot = await outbox.slot_of(session, row.recipient, row.slot) if row.slot else None
            last = slot is not None and await outbox.is_last(session, slot.chat_id, slot.message_id)
        if chat_id is None:
            return await self._settle(row, Delivery.UNREACHABLE, error=why_not)
        if screen is None:
            return await self._settle(row, Delivery.SUPERSEDED, error="nothing left to say")
        in_place = row.method is Method.EDIT and slot is not None and (last or not row.follow)
        try:
            sent = await self._call(row, chat_id, screen, slot, in_place)
        except TelegramError as error:
            return await self._failed(row, chat_id, error)
        self._faults = 0
        return await insist(partial(self._sent, row, chat_id, sent))

    async def _screen(self, session: AsyncSession, now: datetime, row: Outgoing, chat_id: int) -> Screen | None:
        """What to say now; None when there is nothing left to say, or it is no longer this reader's business."""
        if row.method is Method.DELETE:
            return Screen()
        try:
            return await self.render(session, now, row, chat_id)
        except Refused as refused:
            log.info("not_for_this_reader", row=row.id, kind=row.kind, reason=refused.reason)
            return None

    async def _chat(self, session: AsyncSession, row: Outgoing) -> tuple[int | None, str | None]:
        if row.person_id is None:
            return row.chat_id, None
        account = await people.chat_of(session, row.person_id)
        if account is None:
            return None, "not joined"
        return (None, account.unreachable_reason) if account.unreachable_at else (account.chat_id, None)

    async def _call(self, row: Outgoing, chat_id: int, screen: Screen, slot: Slot | None, in_place: bool) -> Sent:
        if row.method is Method.COMMANDS:
            return await delivery.set_commands(self.bot, chat_id, screen)
        if row.method is Method.DELETE:
            if slot is not None and slot.chat_id == chat_id:
                await delivery.delete(self.bot, chat_id, slot.message_id)
            return Sent()
        if in_place and slot and slot.chat_id == chat_id and slot.has_photo == bool(screen.photo) and not screen.keys:
            try:
                return await delivery.edit(self.bot, chat_id, slot.message_id, screen)
            except BadRequest as error:
                if delivery.meaning(error) is Outcome.UNCHANGED:
                    return Sent(slot.message_id, delivery.shown(screen.text), slot.has_photo)
                if delivery.meaning(error) is not Outcome.GONE:
                    raise
        if row.method not in NEW_MESSAGES:
            self.limits.write(row.recipient)  # an edit that has become a message after all
        sent = await delivery.send(self.bot, chat_id, screen)
        if slot is not None and slot.chat_id == chat_id:
            await asyncio.sleep(self.limits.token_wait())
            self.limits.take(None)
            with suppress(TelegramError):  # the new screen stands; an old button answers with what is true anyway
                await delivery.strip(self.bot, chat_id, slot.message_id)
        return sent

    async def _sent(self, row: Outgoing, chat_id: int, sent: Sent) -> None:
        values = {"message_id": sent.message_id, "text": sent.text, "sent_at": self.clock.now(), "error": None}
        async with self.database.transaction() as session:
            await outbox.settle(session, row, Delivery.SENT, **values)
            if row.method is Method.DELETE and row.slot:
                await outbox.forget_slot(session, row.recipient, row.slot)
            if sent.message_id is not None:
                await outbox.note_message(session, chat_id, sent.message_id)
                if row.slot:
                    await outbox.keep_slot(session, row.recipient, row.slot, chat_id, sent.message_id, sent.has_photo)

    async def _failed(self, row: Outgoing, chat_id: int, error: TelegramError) -> None:
        what = delivery.meaning(error)
        log.warning("not_sent", row=row.id, kind=row.kind, outcome=what, error=type(error).__name__)
        if what is Outcome.LIMITED and isinstance(error, RetryAfter):
            self.limits.limited(row.recipient, delivery.retry_seconds(error))
            await self._settle(row, Delivery.WAITING, error="limited")
        elif what is Outcome.UNREACHABLE:
            await self._settle(row, Delivery.UNREACHABLE, error=error.message[:200])
            async with self.database.transaction() as session:
                await response.lost(session, self.clock.now(), self.policy, chat_id, error.message)
        elif what in (Outcome.NOT_SENT, Outcome.TOKEN):
            # The whole line is down, not this row: rest, growing to half a minute, and count nothing against it.
            # Several under way fail at once: that is one fault.
            if monotonic() >= self._rests_until:
                self._faults += 1
                self._rests_until = monotonic() + min(0.25 * 2.0 ** min(self._faults, 7), 30.0)
            await self._settle(row, Delivery.WAITING, error=what)
        elif what is Outcome.UNKNOWN and row.lane != Lane.DIGEST:
            await self._again(row, what)
        else:
            log.error("send_refused", row=row.id, kind=row.kind, error=error.message[:80])
            await self._settle(row, Delivery.FAILED, error=error.message[:200])

    async def _again(self, row: Outgoing, why: str) -> None:
        """Try again after a pause; a row that waited through the policy's limit is given up.

        Its age would be the wrong measure: a row may be written days before its time.
        """
        attempts = row.attempts + 1
        if sum(map(pause_before, range(1, attempts)), timedelta(0)) > self.policy.sending.give_up:
            await self._settle(row, Delivery.FAILED, error=why)
        else:
            send_at = self.clock.now() + pause_before(attempts)
            await self._settle(row, Delivery.WAITING, error=why, attempts=attempts, send_at=send_at)

    async def _settle(self, row: Outgoing, state: Delivery, **values: object) -> None:
        async def write() -> None:
            async with self.database.transaction() as session:
                await outbox.settle(session, row, state, **values)

        await insist(write)


def pause_before(attempt: int) -> timedelta:
    """How long a row waits before it goes again after so many faults: a second, doubling, at most five minutes."""
    return timedelta(seconds=min(2.0 ** min(attempt, 10) / 2, 300.0))
