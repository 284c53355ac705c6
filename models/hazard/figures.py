"""The numbers of a month for an area, reckoned by the database from what was noted at the time. Names no case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Numeric,
    String,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.hazard import rules
from models.hazard.holding import FIX
from models.hazard.rules import CONTROLS, FIVE
from models.hazard.tables import Hazard, Proof
from models.journal import JournalEntry
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import Level, Me
from models.people.tables import Region
from models.report.rules import ENDED, OPEN, Status
from models.report.tables import Report
from models.task.tables import Task

REOPEN = "reopen"
UNMENDED = (Status.REJECTED, Status.WITHDRAWN, Status.DUPLICATE)  # ended, but not by 销号
LOOKED = ("recheck", "revisit")
VERBS = (REOPEN, Status.ASSIGNED, Status.FIXED, Status.CLOSED, *UNMENDED, "satisfied", "unsolved", *LOOKED)


@dataclass(frozen=True)
class Week:
    """A week, as far as it lies in the month, both days included: reported and closed in it, open at its end."""

    first: date
    last: date
    reported: int
    closed: int
    open: int


@dataclass(frozen=True)
class Middle:
    """A median in hours, and of how many cases; None of none."""

    hours: float | None
    n: int


@dataclass(frozen=True)
class Month:
    """What a month came to (M026). Confidential cases are counted for the county alone.

    *A life* of a case runs from its report, or from being opened again, to 销号 or another end. What is said about
    closing belongs to the lives closed in the month, whatever became of them later: only so is a share a share. It
    also means that the newest month looks better than it will, so it is said with "so far".

    - `reported`: handed in, however they ended; `closed`: by 销号; `otherwise`: rejected, withdrawn, joined to another;
      `again`: opened again in the month. Open at the end = open before + reported + again - closed - otherwise.
    - `found` 发现及时: of the reports handed in, from their first part to that moment. When the hazard was seen before
      its first photo came to us we cannot know.
    - `mended` 处置高效: of the lives closed, from the first 交办 to the last 提交验收, so that a proof that did not
      convince takes as long as it took. 交办 is the journal's: `Hazard.assigned_at` forgets it when a case is sent back
      or given to another. What was mended `on_spot` was never given to anybody and is counted apart. Cases that nobody
      has mended yet have no time; `overdue` tells of them.
    - `mending`: in 整改 when the month ended (or now), by their tasks; `overdue`: of these, past their time, extensions
      included. `controlled` 管控到位: overdue, but with a plate hung, all of 五落实 filled in, or its rectifier having
      fenced it, stopped it or moved people out since the case was (last) opened. The five carry no time and are taken
      as they are now; a measure counts from when its proof was begun.
    - `came_again` 解决彻底: of the lives closed, those opened again so far. `satisfied`, `unsolved`: what reporters
      said of them; `looked`: how many of them somebody looked at again.

    预警精准 has no number here: no warnings are kept yet of which one could tell whether they came true.
    """

    weeks: tuple[Week, ...]
    reported: int
    closed: int
    otherwise: int
    again: int
    open: int
    found: Middle
    mended: Middle
    on_spot: int
    mending: int
    overdue: int
    controlled: int
    came_again: int
    satisfied: int
    unsolved: int
    looked: int


# --- whose figures ----------------------------------------------------------------------------------------------------


async def area(session: AsyncSession, me: Me, code: str) -> Place:
    """An area whose figures this person may read. Refused for others."""
    place = await people.place(session, code)
    rules.may_count(me, place.path, place.level)
    return place


async def own(session: AsyncSession, me: Me) -> list[Place]:
    """The areas of this person's posts, the widest first; somebody of a grid has its village. None inside another."""
    found: dict[str, Place] = {}
    for seat in me.seats:
        place = await people.place(session, seat.region_code)
        if place.level > Level.VILLAGE:
            place = await people.above(session, place.path, Level.VILLAGE) or place
        if not any(place.path.startswith(wider.path) for wider in found.values()):
            found[place.code] = place
    return list(found.values())


# --- a month ----------------------------------------------------------------------------------------------------------


async def month(
    session: AsyncSession, now: datetime, zone: tzinfo, code: str, first: date, *, confidential: bool = False
) -> Month:
    """The figures of an area for the month that begins on `first`; of one that is not over, up to now.

    `confidential` cases count only for the county: below it one more than is in the lists would tell of them (M032).

    Asks for the cases open now and for those that ended since the month began, by an index: it costs as much as has
    happened since, whatever was before.
    """
    today = now.astimezone(zone).date()
    begin, end = _midnight(first, zone), _midnight(min(following(first), today + timedelta(days=1)), zone)
    cases = _cases(await _inside(session, code), begin, end, confidential)
    lives = _lives(cases)
    weeks = weeks_of(first, today)
    asked = _counts(lives, begin, end, min(now, end))
    asked |= {f"{at}{name}": each for at, week in enumerate(weeks) for name, each in _week(lives, week, zone).items()}
    asked |= _middle("found", _finding(session, cases, begin, end))
    asked |= _middle("mended", _mending(session, lives, begin, end))
    statement = (
        select(*(expression.label(name) for name, expression in asked.items()))
        .select_from(lives)
        .outerjoin(Task, _is_mended(lives, end))
        .outerjoin(Hazard, col(Hazard.report_id) == lives.c.id)
    )
    connection = await session.connection()
    return _made((await connection.execute(statement)).one()._asdict(), weeks)


def _made(row: dict[str, Any], weeks: Sequence[tuple[date, date]]) -> Month:
    """The one row of the answer by names; a sum over nothing is empty."""
    count = {name: int(value or 0) for name, value in row.items() if not name.endswith("_took")}
    found, mended = (
        Middle(float(row[f"{name}_took"]) / 3600 if count[name] else None, count.pop(name))
        for name in ("found", "mended")
    )
    spans = tuple(
        Week(*days, *(count.pop(f"{at}{name}") for name in ("reported", "closed", "open")))
        for at, days in enumerate(weeks)
    )
    return Month(weeks=spans, found=found, mended=mended, **count)


def following(first: date) -> date:
    """The first day of the next month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def weeks_of(first: date, today: date) -> list[tuple[date, date]]:
    """The weeks of a month, Monday to Sunday, cut at its ends and after today."""
    last, found = min(following(first) - timedelta(days=1), today), []
    while first <= last:
        sunday = first + timedelta(days=6 - first.weekday())
        found.append((first, min(sunday, last)))
        first = sunday + timedelta(days=1)
    return found


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


# --- which cases, and their lives -------------------------------------------------------------------------------------


async def _inside(session: AsyncSession, code: str) -> Sequence[str]:
    """A division and all below it. Asked for first: from a list of known length PostgreSQL finds the index of cases."""
    top = select(col(Region.code)).where(col(Region.code) == code).cte("inside", recursive=True)
    inside = top.union_all(select(col(Region.code)).where(col(Region.parent_code) == top.c.code))
    return (await (await session.connection()).execute(select(inside.c.code))).scalars().all()


def _cases(places: Sequence[str], begin: datetime, end: datetime, confidential: bool) -> CTE:
    """The cases of these places that were handed in before `end` and had not ended for good before `begin`.

    By the index (region_code, status, ended_at). A joined report ends with the case it was joined to.
    """
    here = select(col(Report.id), col(Report.created_at), col(Report.submitted_at)).where(
        col(Report.region_code).in_(places), col(Report.submitted_at) < end
    )
    if not confidential:
        here = here.where(col(Report.confidential).is_(False))
    return union_all(
        here.where(col(Report.status).in_((*OPEN, Status.DUPLICATE)), col(Report.ended_at).is_(None)),
        here.where(col(Report.status).in_(ENDED), col(Report.ended_at) >= begin),
    ).cte("cases")


def _lives(cases: CTE) -> CTE:
    """Each life of each case in a row, by the case's journal: opened, given, handed in, closed or otherwise ended."""
    entry, verb, at = JournalEntry, col(JournalEntry.verb), col(JournalEntry.at)
    turns = (
        select(
            cases.c.id, cases.c.submitted_at, verb.label("verb"), at.label("at"),
            func.sum(case((verb == REOPEN, 1), else_=0))
            .over(partition_by=cases.c.id, order_by=col(entry.id))
            .label("life"),
        )
        .select_from(cases)
        .outerjoin(
            entry,
            and_(
                col(entry.subject) == "report", col(entry.subject_id) == cast(cases.c.id, String(64)), verb.in_(VERBS)
            ),
        )
        .cte("turns")
    )  # fmt: skip

    def when(*verbs: str) -> ColumnElement[Any]:
        return case((turns.c.verb.in_(verbs), turns.c.at))

    closed = func.max(when(Status.CLOSED))
    return (
        select(
            turns.c.id, turns.c.life,
            func.coalesce(func.min(when(REOPEN)), func.min(turns.c.submitted_at)).label("opened"),
            func.min(when(Status.ASSIGNED)).label("assigned"), func.max(when(Status.FIXED)).label("fixed"),
            closed.label("closed"), func.coalesce(closed, func.max(when(*UNMENDED))).label("ended"),
            func.count(when("satisfied")).label("satisfied"), func.count(when("unsolved")).label("unsolved"),
            func.count(when(*LOOKED)).label("looked"),
            func.lead(turns.c.life).over(partition_by=turns.c.id, order_by=turns.c.life).label("next"),
        )
        .group_by(turns.c.id, turns.c.life)
        .cte("lives")
    )  # fmt: skip


# --- the numbers ------------------------------------------------------------------------------------------------------


def _how_many(*conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((and_(*conditions), 1), else_=0))


def _within(moment: ColumnElement[Any], begin: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(moment >= begin, moment < end)


def _none_before(moment: Any, end: datetime) -> ColumnElement[bool]:
    return func.coalesce(moment, end) >= end


def _open_at(lives: CTE, end: datetime) -> ColumnElement[bool]:
    return and_(lives.c.opened < end, _none_before(lives.c.ended, end))


def _is_mended(lives: CTE, end: datetime) -> ColumnElement[bool]:
    """The task of mending that was open when the month ended, of a life that was."""
    under_way = (col(Task.opened_at) < end, _none_before(col(Task.ended_at), end))
    return and_(_open_at(lives, end), col(Task.kind) == FIX, col(Task.subject_id) == lives.c.id, *under_way)


def _counts(lives: CTE, begin: datetime, end: datetime, until: datetime) -> dict[str, ColumnElement[Any]]:
    """What is counted over the whole month, by the names in `Month`."""
    opened, closed = _within(lives.c.opened, begin, end), _within(lives.c.closed, begin, end)
    late = col(Task.due_at) < until
    return {
        "reported": _how_many(opened, lives.c.life == 0),
        "closed": _how_many(closed),
        "otherwise": _how_many(lives.c.closed.is_(None), _within(lives.c.ended, begin, end)),
        "again": _how_many(opened, lives.c.life > 0),
        "open": _how_many(_open_at(lives, end)),
        "on_spot": _how_many(closed, lives.c.fixed == lives.c.assigned),
        "mending": func.count(col(Task.id)),
        "overdue": _how_many(late),
        "controlled": _how_many(late, _controlled(lives, until)),
        "came_again": _how_many(closed, lives.c.next.is_not(None)),
        "satisfied": _how_many(closed, lives.c.satisfied > 0),
        "unsolved": _how_many(closed, lives.c.unsolved > 0),
        "looked": _how_many(closed, lives.c.looked > 0),
    }


def _controlled(lives: CTE, until: datetime) -> ColumnElement[bool]:
    """A plate, 五落实, or a measure that keeps people out of harm while the hazard is still there."""
    five = [func.coalesce(col(Hazard.five)[name].as_string(), "") != "" for name in FIVE]
    measure = exists().where(
        col(Proof.report_id) == lives.c.id, col(Proof.measure).in_(CONTROLS),
        col(Proof.begun_at) >= lives.c.opened, col(Proof.begun_at) < until,
    )  # fmt: skip
    return or_(col(Hazard.plated_at) < until, and_(*five), measure)


def _week(lives: CTE, week: tuple[date, date], zone: tzinfo) -> dict[str, ColumnElement[Any]]:
    begin, end = _midnight(week[0], zone), _midnight(week[1] + timedelta(days=1), zone)
    return {
        "reported": _how_many(_within(lives.c.opened, begin, end), lives.c.life == 0),
        "closed": _how_many(_within(lives.c.closed, begin, end)),
        "open": _how_many(_open_at(lives, end)),
    }


# --- medians ----------------------------------------------------------------------------------------------------------


def _finding(session: AsyncSession, cases: CTE, begin: datetime, end: datetime) -> CTE:
    took = _seconds(session, cases.c.created_at, cases.c.submitted_at)
    return _ranked("finding", took, _within(cases.c.submitted_at, begin, end))


def _mending(session: AsyncSession, lives: CTE, begin: datetime, end: datetime) -> CTE:
    took = _seconds(session, lives.c.assigned, lives.c.fixed)
    return _ranked("mending", took, _within(lives.c.closed, begin, end), lives.c.assigned < lives.c.fixed)


def _ranked(name: str, took: ColumnElement[Any], *conditions: ColumnElement[bool]) -> CTE:
    place = func.row_number().over(order_by=took)
    every = select(took.label("took"), place.label("place"), func.count().over().label("n"))
    return every.where(*conditions).cte(name)


def _middle(name: str, ranked: CTE) -> dict[str, ColumnElement[Any]]:
    """The middle one, or the mean of the two in the middle; and of how many. SQLite has no median of its own."""
    middle = ranked.c.place * 2
    took = select(func.avg(ranked.c.took)).where(middle >= ranked.c.n, middle <= ranked.c.n + 2)
    return {f"{name}_took": took.scalar_subquery(), name: select(func.count(ranked.c.n)).scalar_subquery()}


def _seconds(session: AsyncSession, begin: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[Any]:
    """How long from one moment to another; each database reckons with moments in its own way."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(extract("epoch", end - begin), Numeric)
    return func.round((func.julianday(end) - func.julianday(begin)) * 86400)
