"""Reminders and climbing: fires the rungs that are due, one a task a tick."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from models import response
from models.policy import Policy
from models.task import actions as tasks


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """The tasks whose next rung is due."""
    return await tasks.due(session, now)


async def act(session: AsyncSession, now: datetime, policy: Policy, task_id: int) -> None:
    """Fire one rung; a second tick for the same rung finds nothing."""
    await response.fire(session, now, policy, task_id)


async def next_due(session: AsyncSession) -> datetime | None:
    """When this schedule wants to be asked next."""
    return await tasks.next_due(session)
