"""回头看: closed cases that are to be looked at again."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from models.hazard import closing
from models.policy import Policy


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """The closed cases whose 回头看 begins now."""
    return await closing.visits_due(session, now)


async def act(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """Give it to the desk."""
    await closing.begin_visit(session, now, policy, report_id)


async def next_due(session: AsyncSession) -> datetime | None:
    """When this schedule wants to be asked next."""
    return await closing.next_visit(session)
