"""零报告: that nothing was found today, said with one tap and asked of nobody; who said so, for the township."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import swap
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import OFFICERS, Level, Me, Role, decides
from models.people.tables import Person, Post, Region
from models.refused import Refused
from models.report import intake
from models.report.rules import Status
from models.report.tables import Patrol, Report

DUTY = (Role.GRID_WORKER, Role.VILLAGE_LEAD)  # whose day it is (domain 6.3)


@dataclass(frozen=True)
class Clear:
    """What was said about today: when, whether it was said before already, and how many reports stand beside it."""

    at: datetime
    again: bool
    reports: int


async def say_clear(session: AsyncSession, now: datetime, zone: tzinfo, me: Me, patrol_id: int = 0) -> Clear:
    """今日无异常: a round without findings, begun and ended now; or the round just ended (`patrol_id`), or under way.

    Written once a day. A report of the same day, earlier or later, stands beside it; both are in the books. Refused for
    people without a post in a village, and for a round of somebody else or with findings.
    """
    me.seat(*DUTY)
    begin = midnight(now, zone)
    reports = (await session.exec(select(func.count()).where(_reported(begin), Report.reporter_id == me.id))).one()
    said = await session.exec(
        select(Patrol.ended_at)
        .where(Patrol.person_id == me.id, col(Patrol.clear), col(Patrol.ended_at) >= begin)
        .order_by(col(Patrol.id))
    )
    before = said.first()
    if before is not None:
        return Clear(before, True, reports)
    written = await _write(session, now, me, patrol_id)
    await journal.write(session, now, me.id, "clear", "patrol", written, reports=reports)
    return Clear(now, False, reports)


async def _write(session: AsyncSession, now: datetime, me: Me, patrol_id: int) -> int:
    patrol = await session.get(Patrol, patrol_id) if patrol_id else await intake.open_patrol(session, me)
    if patrol is not None and patrol.id is not None:
        found = select(func.count()).where(Report.patrol_id == patrol.id, Report.status != Status.WITHDRAWN)
        fits = patrol.person_id == me.id and not (await session.exec(found)).one()
        if fits:
            values = {"clear": True, "ended_at": now}
            await swap(session, Patrol, {"id": patrol.id}, values)
            return patrol.id
        if patrol_id:
            raise Refused("report.not_clear")
    fresh = Patrol(person_id=me.id, started_at=now, ended_at=now, clear=True)
    session.add(fresh)
    await session.flush()
    assert fresh.id is not None
    return fresh.id


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """When the day began on the county's wall clock."""
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


def _reported(begin: datetime) -> ColumnElement[bool]:
    """Reports of the day. What was told in confidence is nobody's business below the county, not even that it was told
    (M032).
    """
    return and_(
        col(Report.submitted_at) >= begin, col(Report.status) != Status.WITHDRAWN, col(Report.confidential).is_(False)
    )


# --- for the township -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OnDuty:
    """Somebody with a post in a village: when they said 今日无异常, if so, or whether they reported something today."""

    name: str
    role: Role
    path: str
    clear_at: datetime | None
    reported: bool


@dataclass(frozen=True)
class Day:
    """A division's day: its place, those below it one level down with who is on duty there, or the people of one."""

    place: Place
    below: tuple[tuple[Place, tuple[OnDuty, ...]], ...]
    people: tuple[OnDuty, ...]


async def day(session: AsyncSession, now: datetime, zone: tzinfo, me: Me, region_code: str) -> Day:
    """Who said what today, for officers of the region. Refused for others. Confidential reports are not counted."""
    place = await people.place(session, region_code)
    if not decides(me, place.path, *OFFICERS):
        raise Refused("people.not_your_region")
    found = await _on_duty(session, midnight(now, zone), place.path)
    if place.level >= Level.VILLAGE:
        return Day(place, (), tuple(found))
    below = await people.places_below(session, region_code)
    return Day(place, tuple((each, tuple(on(found, each.path))) for each in below), tuple(found))


def on(found: Iterable[OnDuty], path: str) -> list[OnDuty]:
    """Those of one place or below it."""
    return [each for each in found if each.path.startswith(path)]


async def _on_duty(session: AsyncSession, begin: datetime, path: str) -> list[OnDuty]:
    rows = await session.exec(
        select(Person.id, Person.name, Post.role, Region.path)
        .join(Post, col(Post.person_id) == col(Person.id))
        .join(Region, col(Region.code) == col(Post.region_code))
        .where(
            col(Post.role).in_(DUTY), col(Post.ended_at).is_(None), col(Person.ended_at).is_(None),
            col(Region.path).startswith(path),
        )
        .order_by(col(Region.path), col(Post.id))
    )  # fmt: skip
    said = await session.exec(
        select(Patrol.person_id, Patrol.ended_at).where(col(Patrol.clear), col(Patrol.ended_at) >= begin)
    )
    clear = dict(said.all())
    staff = rows.all()
    told = await session.exec(
        select(Report.reporter_id)
        .where(col(Report.reporter_id).in_([each[0] for each in staff]), _reported(begin))
        .distinct()
    )
    reported = set(told)
    once: dict[int, OnDuty] = {}
    for person_id, name, role, where in staff:
        once.setdefault(
            person_id or 0, OnDuty(name, Role(role), where, clear.get(person_id or 0), person_id in reported)
        )
    return list(once.values())
