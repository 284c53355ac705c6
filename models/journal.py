"""Who did what to what, and when: one row beside every change, in the same transaction, never altered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import facts_column, identity, moment, reference


class JournalEntry(SQLModel, table=True):
    """One deed. `actor_id` is empty when the clock acted; `facts` holds codes and numbers, not people's words."""

    __tablename__ = "journal"

    id: int | None = identity()
    at: datetime = moment()
    actor_id: int | None = reference("person.id", optional=True)
    verb: str = Field(max_length=64)
    subject: str = Field(max_length=32)
    subject_id: str = Field(max_length=64, index=True)
    facts: dict[str, Any] = facts_column()


def write(
    session: AsyncSession,
    now: datetime,
    actor_id: int | None,
    verb: str,
    subject: str,
    subject_id: int | str,
    /,
    **facts: Any,
) -> None:
    """Add one entry to the current transaction."""
    session.add(
        JournalEntry(at=now, actor_id=actor_id, verb=verb, subject=subject, subject_id=str(subject_id), facts=facts)
    )


async def read(session: AsyncSession, subject: str, subject_id: int | str) -> list[JournalEntry]:
    """Everything that was done to one thing, oldest first."""
    rows = await session.exec(
        select(JournalEntry)
        .where(JournalEntry.subject == subject, JournalEntry.subject_id == str(subject_id))
        .order_by(col(JournalEntry.id))
    )
    return list(rows)
