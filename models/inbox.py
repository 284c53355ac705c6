"""Updates from Telegram as rows: stored once, claimed in order per chat, done or set aside; never read here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, UniqueConstraint, and_, delete, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import choice, facts_column, identity, insert_once, moment, swap, where


class Handling(StrEnum):
    """Where a stored update stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"


UNFINISHED = (Handling.WAITING, Handling.CLAIMED)
ROWS_AT_ONCE = 500  # rows purged in one transaction


class Arrival(SQLModel, table=True):
    """One update. `chat` orders it: the chat's id, or the person's where an update has no chat."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("bot_id", "update_id"),
        Index("ix_inbox_todo", "state", "try_at", "id"),
        Index("ix_inbox_chat", "chat", "state", "id"),
        Index("ix_inbox_words", "state", "finished_at", **where("body IS NOT NULL")),
        Index("ix_inbox_empty", "finished_at", **where("body IS NULL")),
    )

    id: int | None = identity()
    bot_id: int = Field(sa_type=BigInteger)
    update_id: int = Field(sa_type=BigInteger)
    chat: int = Field(sa_type=BigInteger)
    body: dict[str, Any] | None = facts_column()
    received_at: datetime = moment()
    state: Handling = choice(Handling, Handling.WAITING)
    attempts: int = 0
    try_at: datetime = moment()
    lease_until: datetime | None = moment(None)
    owner: str | None = Field(None, max_length=64)
    error: str | None = Field(None, max_length=500)
    finished_at: datetime | None = moment(None)


async def store(session: AsyncSession, now: datetime, bot_id: int, updates: Sequence[Mapping[str, Any]]) -> int:
    """Store raw updates of getUpdates or the webhook; one already stored changes nothing. → how many were new."""
    new = 0
    for body in sorted(updates, key=lambda update: int(update["update_id"])):
        row = {
            "bot_id": bot_id,
            "update_id": int(body["update_id"]),
            "chat": chat_of(body),
            "body": dict(body),
            "received_at": now,
            "state": Handling.WAITING,
            "attempts": 0,
            "try_at": now,
        }
        new += await insert_once(session, Arrival, row) is not None
    return new


def chat_of(body: Mapping[str, Any]) -> int:
    """The chat whose order an update keeps; 0 for an update that belongs to none (those keep an order as well)."""
    event = next((part for part in body.values() if isinstance(part, Mapping)), {})
    message = event.get("message")
    place = (message if isinstance(message, Mapping) else event).get("chat") or event.get("from") or {}
    return int(place.get("id", 0))


def _free(now: datetime, bot_id: int, busy: Collection[int]) -> ColumnElement[bool]:
    due = or_(
        and_(col(Arrival.state) == Handling.WAITING, col(Arrival.try_at) <= now),
        and_(col(Arrival.state) == Handling.CLAIMED, col(Arrival.lease_until) <= now),
    )
    return and_(col(Arrival.bot_id) == bot_id, due, col(Arrival.chat).not_in(busy))


async def any_due(session: AsyncSession, now: datetime, bot_id: int, busy: Collection[int] = ()) -> bool:
    """Whether a look with the right to write is worth while."""
    found = await session.exec(select(Arrival.id).where(_free(now, bot_id, busy)).limit(1))
    return found.first() is not None


async def claim(
    session: AsyncSession, now: datetime, bot_id: int, owner: str, lease: timedelta, busy: Collection[int] = ()
) -> Arrival | None:
    """Take the oldest update whose chat has no earlier unfinished one. None: nothing to do, or a rival was quicker."""
    earlier = aliased(Arrival)
    blocked = exists().where(
        col(earlier.bot_id) == col(Arrival.bot_id),
        col(earlier.chat) == col(Arrival.chat),
        col(earlier.id) < col(Arrival.id),
        col(earlier.state).in_(UNFINISHED),
    )
    found = await session.exec(
        select(Arrival).where(_free(now, bot_id, busy), ~blocked).order_by(col(Arrival.id)).limit(1)
    )
    row = found.first()
    if row is None:
        return None
    seen = {"id": row.id, "state": row.state, "attempts": row.attempts, "owner": row.owner}
    taken = {"state": Handling.CLAIMED, "owner": owner, "lease_until": now + lease}
    if not await swap(session, Arrival, seen, taken):
        return None
    await session.refresh(row)
    return row


async def free(session: AsyncSession, now: datetime, owner: str) -> None:
    """Let what a dead process claimed be taken up again at once: only for whoever holds its name now (bot/instance)."""
    await session.exec(
        update(Arrival)
        .where(col(Arrival.state) == Handling.CLAIMED, col(Arrival.owner) == owner)
        .values(lease_until=now)
    )


async def finish(session: AsyncSession, now: datetime, row: Arrival) -> bool:
    """Mark an update done, inside the transaction that did it. False: the claim was lost; roll back."""
    done = {"state": Handling.DONE, "finished_at": now, "lease_until": None}
    return await swap(session, Arrival, _claimed(row), done)


async def put_back(session: AsyncSession, row: Arrival, try_at: datetime, attempts: int, error: str | None) -> bool:
    """Return a claimed update to the queue, to be tried again at `try_at`. False: the claim was lost."""
    values = {"state": Handling.WAITING, "try_at": try_at, "attempts": attempts, "error": error, "lease_until": None}
    return await swap(session, Arrival, _claimed(row), values)


async def set_aside(session: AsyncSession, now: datetime, row: Arrival, attempts: int, error: str) -> bool:
    """Make a failing update a dead letter, so that its chat can go on. False: the claim was lost."""
    values = {"state": Handling.DEAD, "attempts": attempts, "error": error, "finished_at": now, "lease_until": None}
    return await swap(session, Arrival, _claimed(row), values)


def _claimed(row: Arrival) -> dict[str, Any]:
    """Still claimed, and by the same owner: whoever was too slow must not touch what another took over."""
    return {"id": row.id, "state": Handling.CLAIMED, "owner": row.owner}


async def waiting(session: AsyncSession) -> tuple[int, datetime | None]:
    """How many updates are unfinished, and when the oldest of them came."""
    found = await session.exec(
        select(func.count(), func.min(Arrival.received_at)).where(col(Arrival.state).in_(UNFINISHED))
    )
    count, oldest = found.one()
    return count, oldest


async def purge(
    session: AsyncSession, before: datetime, state: Handling = Handling.DONE, most: int = ROWS_AT_ONCE
) -> int:
    """Forget the words of updates done (or set aside) before this moment, the oldest first. → how many.

    The row stays for a while, so that a repeated update is still known.
    """
    old = (
        select(Arrival.id)
        .where(Arrival.state == state, col(Arrival.finished_at) < before, col(Arrival.body).is_not(None))
        .order_by(col(Arrival.finished_at))
        .limit(most)
    )
    result = await session.exec(update(Arrival).where(col(Arrival.id).in_(old)).values(body=None))
    return int(result.rowcount)


async def remove(session: AsyncSession, before: datetime, most: int = ROWS_AT_ONCE) -> int:
    """Delete empty rows done before this moment. → how many.

    Telegram repeats an update for a day; a row kept for ever would swallow the one that gets its number by chance when
    numbers begin anew after a silent week (Bot API, update_id).
    """
    empty = (
        select(Arrival.id)
        .where(col(Arrival.body).is_(None), col(Arrival.finished_at) < before)
        .order_by(col(Arrival.finished_at))
        .limit(most)
    )
    result = await session.exec(delete(Arrival).where(col(Arrival.id).in_(empty)))
    return int(result.rowcount)


async def oldest_words(session: AsyncSession) -> datetime | None:
    """When the oldest finished update that still has its words was finished."""
    ended = [
        await session.exec(
            select(func.min(Arrival.finished_at)).where(Arrival.state == state, col(Arrival.body).is_not(None))
        )
        for state in (Handling.DONE, Handling.DEAD)
    ]
    return min((at for each in ended if (at := each.one()) is not None), default=None)


async def oldest_empty(session: AsyncSession) -> datetime | None:
    """When the oldest update without words was finished."""
    return (await session.exec(select(func.min(Arrival.finished_at)).where(col(Arrival.body).is_(None)))).one()
