"""Whether the bot is well, as reasons why not: for /healthz and the heartbeat. It only looks; it mends nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import Clock
from bot.database import Database
from bot.errors import name_of
from bot.ticker import Ticker
from models import inbox, outbox
from models.lease import Lease

TICKER_SLEEPS = timedelta(seconds=30)
UPDATE_WAITS = timedelta(minutes=2)
NOBODY_SENDS = timedelta(minutes=1)
PATIENCE = 3.0  # seconds for the database; who asks for /healthz waits five


@dataclass
class Health:
    """Every reason is one sentence for the person who looks after the machine; none means well."""

    database: Database
    ticker: Ticker
    clock: Clock
    patience: float = PATIENCE

    async def reasons(self) -> list[str]:
        """What is wrong now, the ticker first."""
        return [*self._ticker(), *await self._asked(stopped=False)]

    async def stopped(self) -> list[str]:
        """Why nothing that is due would be done now: the ticker sleeps or the database is away."""
        return [*self._ticker(), *await self._asked(stopped=True)]

    def ticker_age(self) -> timedelta | None:
        """How long ago this process last asked what is due; None before its first time."""
        return None if self.ticker.ticked_at is None else self.clock.now() - self.ticker.ticked_at

    def _ticker(self) -> list[str]:
        age = self.ticker_age()
        if age is None:
            return ["ticker: has not ticked yet"]
        return [f"ticker: last tick {age.total_seconds():.0f} s ago"] if age > TICKER_SLEEPS else []

    async def _asked(self, *, stopped: bool) -> list[str]:
        try:
            async with asyncio.timeout(self.patience), self.database.reading() as session:
                if stopped:
                    await session.exec(select(1))
                    return []
                now = self.clock.now()
                return [*await _inbox(session, now), *await _sender(session, now)]
        except TimeoutError:
            return [f"database: did not answer within {self.patience:g} s"]
        except Exception as error:
            return [f"database: not reached ({name_of(error)})"]


async def _inbox(session: AsyncSession, now: datetime) -> list[str]:
    waiting, oldest = await inbox.waiting(session)
    if oldest is None or now - oldest <= UPDATE_WAITS:
        return []
    return [f"inbox: {waiting} updates wait, the oldest for {(now - oldest).total_seconds():.0f} s"]


async def _sender(session: AsyncSession, now: datetime) -> list[str]:
    """Nobody holds the sender's lease although something waits to be sent; without work nobody needs to hold it."""
    oldest = await outbox.next_due(session)
    if oldest is None or now - oldest <= NOBODY_SENDS:
        return []
    held = select(Lease.name).where(col(Lease.name).startswith("sender:"), col(Lease.until) > now).limit(1)
    if (await session.exec(held)).first() is not None:
        return []
    return [f"sender: nobody sends, and something waits for {(now - oldest).total_seconds():.0f} s"]
