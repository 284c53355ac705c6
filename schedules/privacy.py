"""Words that had their time are forgotten, a batch of each kind a minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from models import privacy
from models.policy import Policy
from models.privacy import Store

EVERY = timedelta(minutes=1)


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """The stores in which something may have to go."""
    return await privacy.due(session, now)


async def act(session: AsyncSession, now: datetime, policy: Policy, store: int) -> None:
    """Forget one batch."""
    await privacy.purge(session, now, policy.privacy, Store(store))


async def next_due(_session: AsyncSession) -> datetime | None:
    """Nobody waits for it."""
    return None
