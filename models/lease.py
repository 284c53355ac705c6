"""One holder at a time: who polls and who sends for a bot token, when several copies run on one database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Field, SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import insert_once, moment


class Lease(SQLModel, table=True):
    """`name` is held by `owner` until `until`; whoever comes after that moment may take it."""

    name: str = Field(primary_key=True, max_length=64)
    owner: str = Field(max_length=64)
    until: datetime = moment()


async def hold(session: AsyncSession, now: datetime, name: str, owner: str, length: timedelta) -> bool:
    """Take or renew a lease. False: another owner holds it."""
    if await insert_once(session, Lease, {"name": name, "owner": owner, "until": now + length}) is not None:
        return True
    result = await session.exec(
        update(Lease)
        .where(col(Lease.name) == name, or_(col(Lease.owner) == owner, col(Lease.until) <= now))
        .values(owner=owner, until=now + length)
        .returning(col(Lease.name))
    )
    return result.scalar_one_or_none() is not None


async def let_go(session: AsyncSession, now: datetime, name: str, owner: str) -> None:
    """Give a lease back at once, so that the next holder need not wait for its end."""
    await session.exec(update(Lease).where(col(Lease.name) == name, col(Lease.owner) == owner).values(until=now))
