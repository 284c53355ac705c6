"""Verbs about people: who is this, join, speak another language, who holds a post and can be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import insert_once, swap
from models.outbox import Method
from models.people import rules
from models.people.rules import Level, Me, Role, Seat
from models.people.tables import Account, Person, Post, Region
from models.refused import Refused

CheckPhone = Callable[[str], str]


@dataclass(frozen=True)
class Visitor:
    """Whoever writes to the bot: the account's language and, if joined and still in the roster, the person."""

    chat_id: int
    locale: str | None
    me: Me | None


@dataclass(frozen=True)
class Place:
    """A division with its people's own name for it."""

    code: str
    name: str
    level: Level
    path: str


# --- places ---------------------------------------------------------------------------------------------------------


async def place(session: AsyncSession, code: str) -> Place:
    """One division. Refused when there is none with this code."""
    region = await session.get(Region, code)
    if region is None:
        raise Refused("people.no_region", code=code)
    return _place(region)


def _place(region: Region) -> Place:
    return Place(region.code, rules.short_name(region.name), Level(region.level), region.path)


async def places_below(session: AsyncSession, code: str) -> list[Place]:
    """The divisions one level down, by code."""
    rows = await session.exec(select(Region).where(Region.parent_code == code).order_by(col(Region.code)))
    return [_place(region) for region in rows]


async def places_named(session: AsyncSession, path: str, levels: Sequence[Level], words: str) -> list[Place]:
    """The divisions of these levels on or below a path whose names contain these words, by code."""
    rows = await session.exec(
        select(Region)
        .where(
            col(Region.path).startswith(path),
            col(Region.level).in_([int(level) for level in levels]),
            col(Region.name).contains(words, autoescape=True),
        )
        .order_by(col(Region.code))
    )
    return [_place(region) for region in rows]


async def with_places_below(session: AsyncSession, codes: Sequence[str]) -> set[str]:
    """Those of these divisions that have divisions of their own."""
    rows = await session.exec(select(Region.parent_code).where(col(Region.parent_code).in_(codes)).distinct())
    return {code for code in rows if code is not None}


async def above(session: AsyncSession, path: str, level: Level) -> Place | None:
    """The division of this level on a stored path: of a village its township, and so on."""
    rows = await session.exec(
        select(Region).where(col(Region.code).in_(path.strip("/").split("/")), Region.level == int(level))
    )
    region = rows.first()
    return _place(region) if region else None


# --- who is this ----------------------------------------------------------------------------------------------------


async def visitor(session: AsyncSession, chat_id: int) -> Visitor:
    """Who writes from this chat."""
    account = await session.get(Account, chat_id)
    if account is None:
        return Visitor(chat_id, None, None)
    me = await person(session, account.person_id) if account.person_id else None
    return Visitor(chat_id, account.locale, me)


async def person(session: AsyncSession, person_id: int) -> Me | None:
    """A person with the posts held now; None for somebody who left the roster."""
    found = await session.get(Person, person_id)
    if found is None or found.ended_at is not None:
        return None
    return Me(person_id, found.name, await _seats(session, person_id))


async def _seats(session: AsyncSession, person_id: int) -> tuple[Seat, ...]:
    rows = await session.exec(
        select(Post, Region)
        .join(Region, col(Region.code) == col(Post.region_code))
        .where(Post.person_id == person_id, col(Post.ended_at).is_(None))
        .order_by(col(Region.level), col(Post.id))
    )
    return tuple(Seat(p.role, r.code, r.path, rules.short_name(r.name)) for p, r in rows)


async def chat_of(session: AsyncSession, person_id: int) -> Account | None:
    """The account through which a person is reached, whatever its state."""
    rows = await session.exec(select(Account).where(Account.person_id == person_id))
    return rows.first()


# --- joining --------------------------------------------------------------------------------------------------------


async def meet(session: AsyncSession, chat_id: int) -> None:
    """Note that this account spoke with us, so that it has a language of its own. A return ends unreachability."""
    if await insert_once(session, Account, {"chat_id": chat_id}) is None:
        await swap(session, Account, {"chat_id": chat_id}, {"unreachable_at": None, "unreachable_reason": None})


async def join(session: AsyncSession, now: datetime, chat_id: int, phone: str) -> tuple[Me, int | None]:
    """Tie this account to the person with this phone. → the person, and the chat that was tied before, if another.

    The number must come from the chat app's own contact message (rules.own_contact). Refused for strangers, who learn
    nothing beyond how to be added (contract: in the chat).
    """
    rows = await session.exec(
        select(Person).where(Person.phone == rules.plain_phone(phone), col(Person.ended_at).is_(None))
    )
    found = rows.first()
    me = await person(session, found.id) if found and found.id else None
    if me is None or not me.seats:
        raise Refused("people.stranger")
    before = await chat_of(session, me.id)
    if before is not None and before.chat_id != chat_id:
        await untie(session, now, me.id, "moved")
    values = {"person_id": me.id, "joined_at": now, "unreachable_at": None, "unreachable_reason": None}
    await insert_once(session, Account, {"chat_id": chat_id})
    await swap(session, Account, {"chat_id": chat_id}, values)
    journal.write(session, now, me.id, "join", "person", me.id)
    return me, before.chat_id if before and before.chat_id != chat_id else None


async def untie(session: AsyncSession, now: datetime, person_id: int, why: str) -> None:
    """Cut the account off from the roster and say so there, since its keyboard would promise what is gone.

    `why`: "ended", "renumbered" or "moved" (to another account).
    """
    account = await chat_of(session, person_id)
    if account is None:
        return
    await swap(session, Account, {"chat_id": account.chat_id}, {"person_id": None, "joined_at": None})
    if account.unreachable_at is None:
        await outbox.say(session, now, "people.untied", chat_id=account.chat_id, why=why)
        await outbox.say(session, now, "menu.commands", chat_id=account.chat_id, method=Method.COMMANDS)


async def refresh(session: AsyncSession, now: datetime, person_id: int) -> None:
    """After a change of posts: main menu and commands as they are now. Who has not joined hears nothing."""
    account = await chat_of(session, person_id)
    if account is not None and account.unreachable_at is None:
        await outbox.say(session, now, "menu.welcome", person_id=person_id)
        await outbox.say(session, now, "menu.commands", person_id=person_id, method=Method.COMMANDS)


async def speak(session: AsyncSession, chat_id: int, locale: str) -> None:
    """Remember the language chosen in this chat."""
    await insert_once(session, Account, {"chat_id": chat_id})
    await swap(session, Account, {"chat_id": chat_id}, {"locale": locale})


async def mark_unreachable(session: AsyncSession, now: datetime, chat_id: int, reason: str) -> int | None:
    """Telegram said for good that this chat cannot be reached. → the person, when this is news."""
    account = await session.get(Account, chat_id)
    if account is None or account.unreachable_at is not None:
        return None
    person_id = account.person_id
    await swap(session, Account, {"chat_id": chat_id}, {"unreachable_at": now, "unreachable_reason": reason[:120]})
    if person_id is not None:
        journal.write(session, now, None, "unreachable", "person", person_id, reason=reason[:120])
    return person_id


# --- posts and their holders ----------------------------------------------------------------------------------------


async def holders(session: AsyncSession, role: Role, region_code: str) -> list[int]:
    """Persons who hold this post now, reachable or not."""
    rows = await session.exec(
        select(Post.person_id)
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(
            Post.role == role,
            Post.region_code == region_code,
            col(Post.ended_at).is_(None),
            col(Person.ended_at).is_(None),
        )
        .order_by(col(Post.id))
    )
    return list(rows)


async def reachable(session: AsyncSession, person_ids: Sequence[int]) -> list[int]:
    """Those of these persons who have joined and were not found unreachable."""
    rows = await session.exec(
        select(Account.person_id).where(col(Account.person_id).in_(person_ids), col(Account.unreachable_at).is_(None))
    )
    reached = set(rows)
    return [person_id for person_id in person_ids if person_id in reached]


async def stand_ins(session: AsyncSession, person_ids: Sequence[int]) -> list[int]:
    """The reachable ones; for each of the others their deputy, if that one can be reached (M001)."""
    there = set(await reachable(session, person_ids))
    rows = await session.exec(select(Person.id, Person.deputy_id).where(col(Person.id).in_(person_ids)))
    deputies = [deputy for person_id, deputy in rows if person_id not in there and deputy is not None]
    return list(dict.fromkeys([*(p for p in person_ids if p in there), *await reachable(session, deputies)]))


async def name_of(session: AsyncSession, person_id: int) -> str:
    """The name of somebody, also of people who left."""
    return (await session.get_one(Person, person_id)).name


async def everybody(session: AsyncSession, role: Role) -> list[int]:
    """All persons who hold a role anywhere."""
    rows = await session.exec(
        select(Post.person_id)
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(Post.role == role, col(Post.ended_at).is_(None), col(Person.ended_at).is_(None))
        .distinct()
    )
    return list(rows)
