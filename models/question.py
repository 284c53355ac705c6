"""The one open question of a chat that wants typed words (a reason, a name): a row, so that no restart forgets it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, delete
from sqlmodel import Field, SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import facts_column, moment, put


class Question(SQLModel, table=True):
    """What the next free words of this chat answer: `kind` such as "report.reject", with its facts."""

    chat_id: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(max_length=48)
    args: dict[str, Any] = facts_column()
    asked_at: datetime = moment(index=True)


async def ask(session: AsyncSession, now: datetime, chat_id: int, kind: str, **args: Any) -> None:
    """Open a question; an older one is forgotten, since the newest is what the person sees."""
    await put(session, Question, {"chat_id": chat_id}, {"kind": kind, "args": args, "asked_at": now})


async def open_question(session: AsyncSession, chat_id: int) -> Question | None:
    """The question that waits for an answer, if any."""
    return await session.get(Question, chat_id)


async def close(session: AsyncSession, chat_id: int) -> None:
    """Answered, or given up."""
    await session.exec(delete(Question).where(col(Question.chat_id) == chat_id))


async def purge(session: AsyncSession, before: datetime) -> int:
    """Forget questions asked before this moment; half-made additions hold a name and a phone. → how many."""
    result = await session.exec(delete(Question).where(col(Question.asked_at) < before))
    return int(result.rowcount)


async def oldest(session: AsyncSession) -> datetime | None:
    """When the oldest open question was asked."""
    return (await session.exec(select(func.min(Question.asked_at)))).one()
