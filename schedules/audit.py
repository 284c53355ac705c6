"""The auditor: every open matter has a next step or an end; where one has none, it is mended and somebody is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from models import response
from models.policy import Policy

EVERY = timedelta(minutes=1)


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """What has no next step: reports by their id, stuck tasks by their id made negative."""
    return await response.strays(session, now)


async def act(session: AsyncSession, now: datetime, policy: Policy, key: int) -> None:
    """Mend it, and tell."""
    await response.mend(session, now, policy, key)


async def next_due(_session: AsyncSession) -> datetime | None:
    """The auditor waits for nothing in particular."""
    return None
