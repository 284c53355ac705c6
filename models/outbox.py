"""What is to be said to whom, as rows written in the transaction that gives the reason; sent later by bot/sender.

A row says *what* (kind and facts), never the words: they are made at sending, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, and_, delete, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import choice, facts_column, identity, insert_once, moment, put, reference, swap


class Lane(IntEnum):
    """Who goes first; nothing is reserved, nothing left idle."""

    ALARM = 0
    REPLY = 1
    WARNING = 2
    TASK = 3
    DIGEST = 4


class Method(StrEnum):
    """What the sender does with a row."""

    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"
    ALBUM = "album"
    DOCUMENT = "document"
    COMMANDS = "commands"


class Delivery(StrEnum):
    """Where a row stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


UNSENT = (Delivery.WAITING, Delivery.SENDING)
ROWS_AT_ONCE = 500  # rows purged in one transaction


class Outgoing(SQLModel, table=True):
    """One message, edit or other deed in one chat, and what became of it.

    `recipient` is "p<person id>" or, for people outside the roster, "c<chat id>". From `forgotten_at` on the row holds
    nobody's words (models/privacy).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_todo", "state", "send_at", "lane", "id"),
        Index("ix_outbox_recipient", "recipient", "slot", "state"),
        Index("ix_outbox_forgotten", "forgotten_at", "send_at"),
    )

    id: int | None = identity()
    recipient: str = Field(max_length=24)
    person_id: int | None = reference("person.id", optional=True)
    chat_id: int | None = Field(None, sa_type=BigInteger)
    method: Method = choice(Method, Method.SEND)
    kind: str = Field(max_length=48)
    args: dict[str, Any] = facts_column()
    lane: int = Lane.REPLY
    slot: str | None = Field(None, max_length=64)
    follow: bool = False
    dedupe: str | None = Field(None, max_length=120, unique=True)
    created_at: datetime = moment()
    send_at: datetime = moment()
    expires_at: datetime | None = moment(None)
    state: Delivery = choice(Delivery, Delivery.WAITING)
    attempts: int = 0
    owner: str | None = Field(None, max_length=64)
    lease_until: datetime | None = moment(None)
    message_id: int | None = Field(None, sa_type=BigInteger)
    text: str | None = None
    sent_at: datetime | None = moment(None)
    error: str | None = Field(None, max_length=500)
    forgotten_at: datetime | None = moment(None)


class Slot(SQLModel, table=True):
    """The message in which a person's screen stands now, so that it can be edited in place."""

    recipient: str = Field(primary_key=True, max_length=24)
    slot: str = Field(primary_key=True, max_length=64, index=True)
    chat_id: int = Field(sa_type=BigInteger)
    message_id: int = Field(sa_type=BigInteger)
    has_photo: bool = False


class ChatTail(SQLModel, table=True):
    """The newest message known in a chat, from either side: tells whether a screen is still at the bottom."""

    __tablename__ = "chat_tail"

    chat_id: int = Field(primary_key=True, sa_type=BigInteger)
    message_id: int = Field(sa_type=BigInteger)


async def say(
    session: AsyncSession,
    now: datetime,
    kind: str,
    *,
    person_id: int | None = None,
    chat_id: int | None = None,
    method: Method = Method.SEND,
    lane: Lane = Lane.REPLY,
    slot: str | None = None,
    follow: bool = False,
    dedupe: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    **args: Any,
) -> bool:
    """Put one row in the outbox of the current transaction. False: its dedupe key was there already.

    `slot` names a screen that later rows edit. An edit with `follow` is sent anew when its screen is no longer the
    chat's last message; without, it is edited where it stands (nobody is disturbed by another's press).
    The newest edit of a slot wins: edits still waiting are superseded.
    """
    if (person_id is None) == (chat_id is None):
        raise ValueError("a message goes to a person or to a chat, and to exactly one")
    recipient = recipient_of(person_id, chat_id)
    row = {
        "recipient": recipient, "person_id": person_id, "chat_id": chat_id, "method": method, "kind": kind,
        "args": args, "lane": int(lane), "slot": slot, "follow": follow, "dedupe": dedupe, "created_at": now,
        "send_at": send_at or now, "expires_at": expires_at, "state": Delivery.WAITING, "attempts": 0,
    }  # fmt: skip
    row_id = await insert_once(session, Outgoing, row)
    if row_id is not None and slot and method is Method.EDIT:
        await _supersede(session, recipient, slot, row_id)
    return row_id is not None


def recipient_of(person_id: int | None, chat_id: int | None) -> str:
    """The key under which one reader's rows and screens are kept in order."""
    return f"p{person_id}" if person_id is not None else f"c{chat_id}"


async def hush(session: AsyncSession, person_id: int, prefix: str) -> int:
    """Take back everything still waiting for this person whose dedupe key begins so. → how many rows."""
    result = await session.exec(
        update(Outgoing)
        .where(
            col(Outgoing.recipient) == recipient_of(person_id, None),
            col(Outgoing.dedupe).startswith(prefix, autoescape=True),
            col(Outgoing.state) == Delivery.WAITING,
        )
        .values(state=Delivery.SUPERSEDED)
    )
    return int(result.rowcount)


async def _supersede(session: AsyncSession, recipient: str, slot: str, by: int) -> None:
    """Only after the newer edit is in: one that was there already (`dedupe`) must not take the older away."""
    await session.exec(
        update(Outgoing)
        .where(
            col(Outgoing.recipient) == recipient,
            col(Outgoing.slot) == slot,
            col(Outgoing.id) < by,
            col(Outgoing.method) == Method.EDIT,
            col(Outgoing.state) == Delivery.WAITING,
        )
        .values(state=Delivery.SUPERSEDED)
    )


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(col(Outgoing.state) == Delivery.WAITING, col(Outgoing.send_at) <= now),
        and_(col(Outgoing.state) == Delivery.SENDING, col(Outgoing.lease_until) <= now),
    )


async def any_due(session: AsyncSession, now: datetime) -> bool:
    """Whether a look with the right to write is worth while."""
    return (await session.exec(select(Outgoing.id).where(_due(now)).limit(1))).first() is not None


async def claim(
    session: AsyncSession,
    now: datetime,
    owner: str,
    lease: timedelta,
    busy: Collection[str],
    most: int,
    lowest: Lane = Lane.DIGEST,
) -> list[Outgoing]:
    """Take up to `most` rows that are due, the most urgent first and one per reader; readers in `busy` are passed over.

    An edit waits for the first sending of its slot. A row whose lease has run out (its sender died) is taken again.
    """
    earlier = aliased(Outgoing)
    waits_for_slot = exists().where(
        col(Outgoing.slot).is_not(None),
        col(earlier.recipient) == col(Outgoing.recipient),
        col(earlier.slot) == col(Outgoing.slot),
        col(earlier.id) < col(Outgoing.id),
        col(earlier.state).in_(UNSENT),
    )
    taken: list[Outgoing] = []
    skip = set(busy)
    while len(taken) < most:
        rows = await session.exec(
            select(Outgoing)
            .where(_due(now), col(Outgoing.lane) <= lowest, ~waits_for_slot, col(Outgoing.recipient).not_in(skip))
            .order_by(col(Outgoing.lane), col(Outgoing.id))
            .limit(most)
        )
        fresh = [row for row in rows if row.recipient not in skip and not skip.add(row.recipient)]  # type: ignore[func-returns-value]
        if not fresh:
            break
        taken += fresh
    taken = taken[:most]
    ids = [row.id for row in taken]
    await session.exec(
        update(Outgoing)
        .where(col(Outgoing.id).in_(ids))
        .values(state=Delivery.SENDING, owner=owner, lease_until=now + lease)
    )
    return taken


async def free(session: AsyncSession, now: datetime, owner: str) -> None:
    """Let what a dead sender claimed go again at once: only for whoever holds its name now (bot/instance)."""
    await session.exec(
        update(Outgoing)
        .where(col(Outgoing.state) == Delivery.SENDING, col(Outgoing.owner) == owner)
        .values(lease_until=now)
    )


async def settle(session: AsyncSession, row: Outgoing, state: Delivery, **values: Any) -> bool:
    """Write what became of a claimed row. False: the claim was lost, somebody else sends it or has settled it."""
    claimed = {"id": row.id, "state": Delivery.SENDING, "owner": row.owner}
    return await swap(session, Outgoing, claimed, {"state": state, **values})


async def slot_of(session: AsyncSession, recipient: str, slot: str) -> Slot | None:
    """The message in which this screen stands, if it was ever sent."""
    return await session.get(Slot, (recipient, slot))


async def keep_slot(
    session: AsyncSession, recipient: str, slot: str, chat_id: int, message_id: int, photo: bool
) -> None:
    """Remember where a screen stands now."""
    key = {"recipient": recipient, "slot": slot}
    await put(session, Slot, key, {"chat_id": chat_id, "message_id": message_id, "has_photo": photo})


async def forget_slot(session: AsyncSession, recipient: str, slot: str) -> None:
    """The message of this screen is gone."""
    await session.exec(delete(Slot).where(col(Slot.recipient) == recipient, col(Slot.slot) == slot))


async def note_message(session: AsyncSession, chat_id: int, message_id: int) -> None:
    """Remember the newest message of a chat."""
    if await insert_once(session, ChatTail, {"chat_id": chat_id, "message_id": message_id}) is None:
        await session.exec(
            update(ChatTail)
            .where(col(ChatTail.chat_id) == chat_id, col(ChatTail.message_id) < message_id)
            .values(message_id=message_id)
        )


async def is_last(session: AsyncSession, chat_id: int, message_id: int) -> bool:
    """Whether nothing was written in this chat after this message, as far as we know."""
    tail = await session.get(ChatTail, chat_id)
    return tail is None or tail.message_id <= message_id


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next waiting row wants to go."""
    found = await session.exec(select(func.min(Outgoing.send_at)).where(Outgoing.state == Delivery.WAITING))
    return found.one()


async def unsent(session: AsyncSession, now: datetime) -> int:
    """How many rows are due and not yet gone."""
    found = await session.exec(
        select(func.count()).where(col(Outgoing.state).in_(UNSENT), col(Outgoing.send_at) <= now)
    )
    return found.one()


async def screens_of(session: AsyncSession, slot: str) -> list[int]:
    """The persons in whose chats a screen stands, or will. Old rows are not asked: they are deleted some day."""
    standing = await session.exec(select(Slot.recipient).where(Slot.slot == slot))
    waiting = await session.exec(
        select(Outgoing.recipient).where(col(Outgoing.state).in_(UNSENT), Outgoing.slot == slot)
    )
    found = dict.fromkeys([*standing, *waiting])
    return sorted(int(recipient[1:]) for recipient in found if recipient.startswith("p"))


async def purge(session: AsyncSession, now: datetime, before: datetime, most: int = ROWS_AT_ONCE) -> int:
    """Forget the exact texts, and the facts they were made of, of rows done before this moment. → how many."""
    old = (
        select(Outgoing.id)
        .where(
            col(Outgoing.forgotten_at).is_(None),
            col(Outgoing.send_at) < before,
            col(Outgoing.state).not_in(UNSENT),
        )
        .order_by(col(Outgoing.send_at))
        .limit(most)
    )
    forgotten: dict[str, Any] = {"text": None, "args": {}, "forgotten_at": now}
    result = await session.exec(update(Outgoing).where(col(Outgoing.id).in_(old)).values(**forgotten))
    return int(result.rowcount)


async def remove(session: AsyncSession, before: datetime, most: int = ROWS_AT_ONCE) -> int:
    """Delete rows forgotten before this moment; where a screen stands is another table's. → how many."""
    empty = (
        select(Outgoing.id).where(col(Outgoing.forgotten_at) < before).order_by(col(Outgoing.forgotten_at)).limit(most)
    )
    result = await session.exec(delete(Outgoing).where(col(Outgoing.id).in_(empty)))
    return int(result.rowcount)


async def oldest_words(session: AsyncSession) -> datetime | None:
    """When the oldest row that still has its words was to go."""
    rows = await session.exec(select(func.min(Outgoing.send_at)).where(col(Outgoing.forgotten_at).is_(None)))
    return rows.one()


async def oldest_empty(session: AsyncSession) -> datetime | None:
    """When the row that was forgotten first was forgotten."""
    return (await session.exec(select(func.min(Outgoing.forgotten_at)))).one()
