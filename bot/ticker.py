"""The metronome: APScheduler asks every second what is due now; what is due is a column, never a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import Clock
from bot.database import Database
from bot.errors import name_of
from models.policy import Policy

log = structlog.get_logger()


class Schedule(Protocol):
    """A file of schedules/: what is due, the deed for one due row, and when to look again."""

    async def due(self, session: AsyncSession, now: datetime) -> list[int]:
        """Keys of the rows that are due."""
        ...

    async def act(self, session: AsyncSession, now: datetime, policy: Policy, key: int, /) -> None:
        """Do what is due for one of them; nothing when somebody else did it."""
        ...

    async def next_due(self, session: AsyncSession) -> datetime | None:
        """When the next row will be due."""
        ...


@dataclass
class Ticker:
    """Every process may tick: a tick that runs twice finds nothing the second time."""

    database: Database
    clock: Clock
    policy: Policy
    schedules: Sequence[Schedule]
    ticked_at: datetime | None = None
    _asked_at: dict[int, datetime] = field(default_factory=dict)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Tick every second until cancelled."""
        metronome = AsyncIOScheduler(timezone="UTC")
        metronome.add_job(self.tick, "interval", seconds=1, max_instances=1, coalesce=True, misfire_grace_time=None)
        metronome.start()
        try:
            await asyncio.Event().wait()
        finally:
            metronome.pause()
            async with self._one_at_a_time:  # the tick under way comes to its end; shutting down would cut it off
                metronome.shutdown(wait=False)

    async def tick(self) -> int:
        """Do what is due now, each row in its own transaction. → how many rows."""
        done = 0
        async with self._one_at_a_time:
            now = self.clock.now()
            for schedule in self.schedules:
                if not self._is_turn(schedule, now):
                    continue
                try:
                    async with self.database.reading() as session:
                        keys = await schedule.due(session, now)
                    for key in keys:
                        done += await self._one(schedule, now, key)
                except Exception as error:  # the database is away: what is due stays due
                    log.warning("tick_failed", schedule=str(schedule), error=name_of(error))
            self.ticked_at = now
        return done

    def _is_turn(self, schedule: Schedule, now: datetime) -> bool:
        """Most schedules are asked at every tick; one with an EVERY only so often."""
        every: timedelta | None = getattr(schedule, "EVERY", None)
        if every is None:
            return True
        last = self._asked_at.get(id(schedule))
        if last is not None and now - last < every:
            return False
        self._asked_at[id(schedule)] = now
        return True

    async def _one(self, schedule: Schedule, now: datetime, key: int) -> bool:
        """One due row; its failure must not stop the others."""
        try:
            async with self.database.transaction() as session:
                await schedule.act(session, now, self.policy, key)
        except Exception as error:
            log.error("due_row_failed", schedule=str(schedule), key=key, error=name_of(error))
            return False
        return True

    async def next_due(self) -> datetime | None:
        """The earliest moment at which any schedule wants to act."""
        async with self.database.reading() as session:
            moments = [await schedule.next_due(session) for schedule in self.schedules]
        return min((moment for moment in moments if moment is not None), default=None)
