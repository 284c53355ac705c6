"""The roster as officers keep it: see who is there and can be reached, add, correct, move and end people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import insert_once, swap
from models.people import actions as people
from models.people import rules
from models.people.actions import CheckPhone, Place
from models.people.rules import Lost, Me, Role, Seat
from models.people.tables import Account, Person, Post, Region
from models.refused import Refused


class Reach(StrEnum):
    """Whether the bot can speak to somebody."""

    JOINED = "joined"
    NOT_JOINED = "not_joined"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Card:
    """A person as officers see them. `seats` in a list are those of the region listed. `phone` is written in full."""

    id: int
    name: str
    phone: str
    seats: tuple[Seat, ...]
    reach: Reach
    lost: Lost | None
    hats: tuple[str, ...] = ()
    deputy: str | None = None


@dataclass(frozen=True)
class Coverage:
    """How many people a region has, and how many of them can be reached. The parts add up to `total` (M015)."""

    total: int
    joined: int
    not_joined: int
    unreachable: int
    why: dict[Lost, int]


@dataclass(frozen=True)
class Opening:
    """A place on the way to a post. `final`: the post can be held there; `deeper`: there are such places below."""

    place: Place
    final: bool
    deeper: bool


# --- looking --------------------------------------------------------------------------------------------------------


async def region(session: AsyncSession, me: Me, code: str) -> Place:
    """A region of one's own. Refused to everybody but its officers."""
    found = await people.place(session, code)
    if not rules.decides(me, found.path, *rules.OFFICERS):
        raise Refused("people.not_your_region")
    return found


async def listed(session: AsyncSession, me: Me, code: str, *, below: bool = True) -> list[Card]:
    """Everybody with a post in this region, with or without the regions below it. Refused outside one's own."""
    return await _cards(session, await region(session, me, code), below)


async def coverage(session: AsyncSession, me: Me, code: str) -> Coverage:
    """How well a region is reached. Refused outside one's own."""
    return _covered(await listed(session, me, code))


async def places(session: AsyncSession, me: Me, code: str) -> list[tuple[Place, Coverage]]:
    """The divisions one level down with their coverage. Refused outside one's own region."""
    cards = await listed(session, me, code)
    return [
        (place, _covered(card for card in cards if any(seat.path.startswith(place.path) for seat in card.seats)))
        for place in await people.places_below(session, code)
    ]


async def _cards(session: AsyncSession, place: Place, below: bool) -> list[Card]:
    here = col(Region.path).startswith(place.path) if below else col(Region.code) == place.code
    rows = await session.exec(
        select(Person, Post, Region, Account)
        .join(Post, col(Post.person_id) == col(Person.id))
        .join(Region, col(Region.code) == col(Post.region_code))
        .join(Account, col(Account.person_id) == col(Person.id), isouter=True)
        .where(here, col(Post.ended_at).is_(None), col(Person.ended_at).is_(None))
        .order_by(col(Region.level), col(Region.code), col(Post.role).desc(), col(Person.id))
    )
    found: dict[int, tuple[Person, Account | None, list[Seat]]] = {}
    for person, post, area, account in rows:
        assert person.id is not None
        seat = Seat(post.role, area.code, area.path, rules.short_name(area.name))
        found.setdefault(person.id, (person, account, []))[2].append(seat)
    return [_card(person, account, seats) for person, account, seats in found.values()]


def _card(person: Person, account: Account | None, seats: Sequence[Seat], deputy: str | None = None) -> Card:
    assert person.id is not None
    lost = rules.why_lost(account.unreachable_reason) if account and account.unreachable_at else None
    reach = Reach.NOT_JOINED if account is None else Reach.UNREACHABLE if lost else Reach.JOINED
    return Card(person.id, person.name, person.phone, tuple(seats), reach, lost, tuple(person.hats), deputy)


def _covered(cards: Iterable[Card]) -> Coverage:
    all_of = list(cards)
    reach = Counter(card.reach for card in all_of)
    why = Counter(card.lost for card in all_of if card.lost)
    return Coverage(
        len(all_of), reach[Reach.JOINED], reach[Reach.NOT_JOINED], reach[Reach.UNREACHABLE], dict(why)
    )  # fmt: skip


async def card(session: AsyncSession, me: Me, person_id: int) -> Card:
    """One person with all posts, as an officer of one of them sees them. Refused elsewhere and for who is not there."""
    seen = await people.person(session, person_id)
    person = await session.get(Person, person_id)
    if seen is None or person is None or not seen.seats:
        raise Refused("people.gone")
    if not any(rules.decides(me, seat.path, *rules.OFFICERS) for seat in seen.seats):
        raise Refused("people.not_your_region")
    deputy = await session.get(Person, person.deputy_id) if person.deputy_id else None
    return _card(person, await people.chat_of(session, person_id), seen.seats, deputy.name if deputy else None)


async def seen(session: AsyncSession, me: Me, person_id: int) -> bool:
    """Whether this officer has a say over somebody now."""
    found = await people.person(session, person_id)
    return found is not None and any(rules.decides(me, seat.path, *rules.OFFICERS) for seat in found.seats)


async def show_phone(session: AsyncSession, now: datetime, me: Me, person_id: int) -> None:
    """Note that this officer asked to see the whole number. Refused like `card`."""
    await card(session, me, person_id)
    await journal.write(session, now, me.id, "show_phone", "person", person_id)


# --- where a post can be held ---------------------------------------------------------------------------------------


async def opening(session: AsyncSession, me: Me, role: Role, code: str) -> Opening:
    """What this place offers for a post of this role. Refused where this person may not give one."""
    found = await people.place(session, code)
    if not rules.may_appoint(me, role, found.path):
        raise Refused("people.not_your_region")
    return (await _openings(session, role, [found]))[0]


async def openings(session: AsyncSession, me: Me, role: Role, code: str, find: str = "") -> list[Opening]:
    """The places one level below that lead to such a post; with `find`, all below whose name contains these words."""
    top = await people.place(session, code)
    if not rules.may_appoint(me, role, top.path):
        raise Refused("people.not_your_region")
    if not find:
        return await _openings(session, role, await people.places_below(session, code))
    return await _openings(session, role, await people.places_named(session, top.path, rules.SEATS[role], find))


async def _openings(session: AsyncSession, role: Role, found: Sequence[Place]) -> list[Opening]:
    deepest = max(rules.SEATS[role])
    parents = await people.with_places_below(session, [place.code for place in found])
    return [
        Opening(place, place.level in rules.SEATS[role], place.level < deepest and place.code in parents)
        for place in found
        if place.level <= deepest
    ]


# --- changing -------------------------------------------------------------------------------------------------------


async def check_new(session: AsyncSession, me: Me, phone: str, check: CheckPhone) -> str:
    """Whether this officer may add somebody with this phone. → the phone's plain form.

    Refused for a number of people elsewhere: whoever gave them a post here could then read and change their entry.
    """
    plain = check(phone)
    if not rules.appointable(me):
        raise Refused("people.not_your_post")
    there = await _with_phone(session, plain)
    seen = await people.person(session, there.id) if there and there.id else None
    if seen and seen.seats and not any(rules.decides(me, seat.path, *rules.OFFICERS) for seat in seen.seats):
        raise Refused("people.elsewhere")
    return plain


async def _with_phone(session: AsyncSession, plain: str) -> Person | None:
    rows = await session.exec(select(Person).where(Person.phone == plain, col(Person.ended_at).is_(None)))
    return rows.first()


async def add(
    session: AsyncSession, now: datetime, me: Me, name: str, phone: str, role: Role, region_code: str, check: CheckPhone
) -> int:
    """Give somebody a post; a person with this phone gets it beside their others. → the person's id."""
    place = await _seat(session, me, role, region_code)
    plain = await check_new(session, me, phone, check)
    found = await _with_phone(session, plain)
    if found is None:
        found = Person(name=rules.clean_name(name), phone=plain, created_at=now)
        session.add(found)
        await session.flush()
    assert found.id is not None
    values = {"person_id": found.id, "role": role, "region_code": place.code, "started_at": now}
    if await insert_once(session, Post, values) is None:
        raise Refused("people.holds_already", name=found.name)
    await journal.write(session, now, me.id, "appoint", "person", found.id, role=role, region=place.code)
    await people.refresh(session, now, found.id)
    return found.id


async def _seat(session: AsyncSession, me: Me, role: Role, code: str) -> Place:
    place = await people.place(session, code)
    if place.level not in rules.SEATS[role]:
        raise Refused("people.wrong_level")
    if not rules.may_appoint(me, role, place.path):
        raise Refused("people.not_your_region")
    return place


async def rename(session: AsyncSession, now: datetime, me: Me, person_id: int, name: str) -> None:
    """Correct a name. Refused without a say over every post of this person."""
    seen = await changeable(session, me, person_id)
    new = rules.clean_name(name)
    await swap(session, Person, {"id": person_id}, {"name": new})
    await journal.write(session, now, me.id, "rename", "person", seen.id)


async def changeable(session: AsyncSession, me: Me, person_id: int) -> Card:
    """The card of a person whose name and phone this officer may correct; Refused otherwise."""
    seen = await card(session, me, person_id)
    if not rules.may_change(me, seen.seats):
        raise Refused("people.higher_post")
    return seen


async def renumber(session: AsyncSession, now: datetime, me: Me, person_id: int, phone: str, check: CheckPhone) -> None:
    """Correct a phone number. The old account is untied: the new number's owner must join anew."""
    seen = await changeable(session, me, person_id)
    if person_id == me.id:
        raise Refused("people.not_yourself")
    plain = check(phone)
    if plain == seen.phone:
        return
    if await _with_phone(session, plain) is not None:
        raise Refused("people.phone_taken")
    await swap(session, Person, {"id": person_id}, {"phone": plain})
    await people.untie(session, now, person_id, "renumbered")
    await journal.write(session, now, me.id, "renumber", "person", person_id)


async def move(
    session: AsyncSession, now: datetime, me: Me, person_id: int, role: Role, from_code: str, to_code: str
) -> None:
    """Move a post to another region; both must be the officer's own."""
    old, new = await _seat(session, me, role, from_code), await _seat(session, me, role, to_code)
    if old.code == new.code:
        raise Refused("people.moved_nowhere")
    await end_post(session, now, person_id, role, old.code)
    values = {"person_id": person_id, "role": role, "region_code": new.code, "started_at": now}
    await insert_once(session, Post, values)
    await journal.write(session, now, me.id, "move", "person", person_id, role=role, source=old.code, target=new.code)
    await people.refresh(session, now, person_id)


def endable(me: Me, seen: Card) -> list[Seat]:
    """The posts of somebody that this officer may move or end; nobody ends their own."""
    return [seat for seat in seen.seats if rules.may_appoint(me, seat.role, seat.path)] if seen.id != me.id else []


async def end(
    session: AsyncSession, now: datetime, me: Me, person_id: int, role: Role | None = None, region_code: str = ""
) -> bool:
    """End one post, or without `role` all that this officer may end. → whether the person left the roster."""
    seen = await card(session, me, person_id)
    if person_id == me.id:
        raise Refused("people.not_yourself")
    mine = [s for s in endable(me, seen) if role is None or (s.role, s.region_code) == (role, region_code)]
    if not mine:
        raise Refused("people.not_your_region")
    for seat in mine:
        await end_post(session, now, person_id, seat.role, seat.region_code)
        await journal.write(session, now, me.id, "end", "person", person_id, role=seat.role, region=seat.region_code)
    return await settle(session, now, person_id)


async def end_post(session: AsyncSession, now: datetime, person_id: int, role: Role, region_code: str) -> None:
    """End one post. Refused when it is not held any more."""
    where = {"person_id": person_id, "role": role, "region_code": region_code, "ended_at": None}
    if not await swap(session, Post, where, {"ended_at": now}):
        raise Refused("people.gone")


async def settle(session: AsyncSession, now: datetime, person_id: int) -> bool:
    """After posts were ended: who has none left leaves the roster and is cut off, others get the menu they have now.

    → whether the person left.
    """
    left = await people.person(session, person_id)
    if left is not None and left.seats:
        await people.refresh(session, now, person_id)
        return False
    await swap(session, Person, {"id": person_id, "ended_at": None}, {"ended_at": now})
    await people.untie(session, now, person_id, "ended")
    return True
