"""Verbs about people: who is this, join, speak another language, who holds a post and can be reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import and_, col, select
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
    region = await _region(session, code)
    if region is None:
        raise Refused("people.no_region", code=code)
    return _place(region)


async def _region(session: AsyncSession, code: str) -> Region | None:
    """One division, asked of the database once a transaction."""
    region = await session.get(Region, code)
    if region is not None:
        session.info.setdefault("regions", {})[code] = region  # a session forgets rows that nobody holds
    return region


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
    for code in reversed(path.strip("/").split("/")):
        region = await _region(session, code)
        if region is not None and region.level == level:
            return _place(region)
    return None


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
    rows: Iterable[tuple[Person, Post | None, Region | None]] = await session.exec(
        select(Person, Post, Region)
        .outerjoin(Post, and_(col(Post.person_id) == col(Person.id), col(Post.ended_at).is_(None)))
        .outerjoin(Region, col(Region.code) == col(Post.region_code))
        .where(Person.id == person_id)
        .order_by(col(Region.level), col(Post.id))
    )
    found = list(rows)
    if not found or found[0][0].ended_at is not None:
        return None
    return Me(person_id, found[0][0].name, tuple(_seat(post, region) for _, post, region in found if post and region))


def _seat(post: Post, region: Region) -> Seat:
    return Seat(post.role, region.code, region.path, rules.short_name(region.name))


async def stays(session: AsyncSession, person_id: int) -> Me | None:
    """A person who will not leave the roster before this transaction ends; None for somebody who has left."""
    rows = await session.exec(
        select(Person)
        .where(Person.id == person_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return await person(session, person_id) if rows.first() is not None else None


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
    await journal.write(session, now, me.id, "join", "person", me.id)
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
        await journal.write(session, now, None, "unreachable", "person", person_id, reason=reason[:120])
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
    if not person_ids:
        return []
    rows = await session.exec(
        select(Account.person_id).where(col(Account.person_id).in_(person_ids), col(Account.unreachable_at).is_(None))
    )
    reached = set(rows)
    return [person_id for person_id in person_ids if person_id in reached]


async def with_hat(session: AsyncSession, path: str, hat: str) -> list[Me]:
    """The people with a post on or below this path who wear this hat (兼职), such as a department's contact."""
    rows = await session.exec(
        select(Person.id, Person.hats)
        .join(Post, col(Post.person_id) == col(Person.id))
        .join(Region, col(Region.code) == col(Post.region_code))
        .where(col(Person.ended_at).is_(None), col(Post.ended_at).is_(None), col(Region.path).startswith(path))
        .distinct()
    )
    found = [await person(session, person_id or 0) for person_id, hats in rows.all() if hat in hats]
    return sorted((each for each in found if each is not None), key=lambda each: each.id)


@dataclass(frozen=True)
class Desk:
    """The post a decision waits on, and who of it is told: if nobody can be reached there, those above."""

    role: Role
    region_code: str
    told: list[int]


DESKS = ((Role.TOWNSHIP_OFFICER, Level.TOWNSHIP), (Role.COUNTY_ADMIN, Level.COUNTY))


async def desk(session: AsyncSession, path: str, lowest: Role, without: Collection[int]) -> Desk:
    """Who decides over a place: its township's officers, the county's where `lowest` says so.

    Nobody `without` may (M030); where a township has no other officer the county decides.
    """
    found: list[Desk] = []
    for role, level in DESKS[1:] if lowest is Role.COUNTY_ADMIN else DESKS:
        region = await above(session, path, level)
        code = region.code if region else path.strip("/").split("/")[0]
        all_of_them = await holders(session, role, code)
        fit = [person_id for person_id in all_of_them if person_id not in without]
        told = [person_id for person_id in await stand_ins(session, fit) if person_id not in without]
        if fit or not all_of_them or role is Role.COUNTY_ADMIN:
            found.append(Desk(role, code, told))
        if told:
            break
    return replace(found[0], told=next((each.told for each in found if each.told), []))


async def stand_ins(session: AsyncSession, person_ids: Sequence[int]) -> list[int]:
    """The reachable ones; for each of the others their deputy, if that one can be reached (M001)."""
    there = await reachable(session, person_ids)
    away = [person_id for person_id in person_ids if person_id not in there]
    if not away:
        return list(dict.fromkeys(there))
    rows = await session.exec(select(Person.deputy_id).where(col(Person.id).in_(away)))
    deputies = [deputy for deputy in rows if deputy is not None]
    return list(dict.fromkeys([*there, *await reachable(session, deputies)]))


async def names_of(session: AsyncSession, person_ids: Iterable[int | None]) -> dict[int | None, str]:
    """The names of several, also of people who left; None stands for nobody."""
    ids = sorted({person_id for person_id in person_ids if person_id is not None})
    if not ids:
        return {}
    rows = await session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids)))
    return dict(rows.all())


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
