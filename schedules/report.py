"""Unfinished reports: reminded once, then sent to the township as 待补充."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from models import response
from models.policy import Policy
from models.report import actions as reports


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """The unfinished reports whose patience is over."""
    return await reports.nudges_due(session, now)


async def act(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """Remind, or send off."""
    await response.nudge(session, now, policy, report_id)


async def next_due(session: AsyncSession) -> datetime | None:
    """When this schedule wants to be asked next."""
    return await reports.next_nudge(session)
