"""Lists of cases for one reader: their own, those they mend, and those of their area. Changes nothing.

What a list may hold is part of its query, so that counts and pages tell of nothing else: the same as what its card
would show (models/report/rules.may_see), but confidential cases are only in the lists of the county (M032), of their
reporter and of whoever mends them.
What it costs: a list of open cases as much as is open in the area (it has to be put in order), a month of closed ones
as much as was closed in it, one's own as many as one reported; all by indexes, whatever the history of the province.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, tuple_
from sqlalchemy import select as pick
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import UtcDateTime
from models.hazard.holding import MAIN, WISH
from models.hazard.rules import TRIAGE
from models.hazard.tables import Supporter
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import OFFICERS, Me, Role, sees, short_name
from models.people.tables import Region
from models.refused import Refused
from models.report.rules import OPEN, Severity, Status
from models.report.tables import Report
from models.task.tables import Task

PAGE = 8  # cases on a screen
KNOWN = tuple(status for status in (*OPEN, Status.CLOSED) if status not in TRIAGE)  # what grid workers see of others'
EPOCH, FAR = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)

Key = tuple[int, ...]  # where a row stands in the order of its list
Condition = ColumnElement[bool]
Order = tuple[ColumnElement[Any], ...]  # expressions, all rising or all falling, whose values are a row's key


class Scope(StrEnum):
    """Whose cases: reported by me (joined ones too), to be mended by me, or of an area."""

    MINE = "mine"
    MEND = "mend"
    AREA = "area"


class Pick(StrEnum):
    """Which of them: all, those nobody has closed yet, those past their time, those at a step (M025), closed ones."""

    ALL = "all"
    OPEN = "open"
    LATE = "late"
    VERIFY = "verify"
    ASSIGN = "assign"
    PASSED = "passed"
    MEND = "mend"
    CHECK = "check"
    CLOSED = "closed"


STATES: dict[Pick, tuple[Status, ...]] = {
    Pick.ALL: tuple(Status),
    Pick.OPEN: OPEN,
    Pick.LATE: OPEN,
    Pick.VERIFY: (Status.SUBMITTED,),
    Pick.ASSIGN: (Status.ACCEPTED, Status.REGISTERED),
    Pick.PASSED: (Status.TRANSFERRED,),
    Pick.MEND: (Status.ASSIGNED,),
    Pick.CHECK: (Status.FIXED,),
    Pick.CLOSED: (Status.CLOSED,),
}


@dataclass(frozen=True)
class Wanted:
    """What a list is to show. `code` is the area's; `kinds` empty means all.

    Closed cases of an area are those closed from `since` to before `until`; without the two, none.
    """

    scope: Scope
    pick: Pick
    code: str = ""
    grade: Severity | None = None
    kinds: tuple[str, ...] = ()
    since: datetime = EPOCH
    until: datetime = EPOCH

    @property
    def monthly(self) -> bool:
        """Whether it is about what was closed in a time."""
        return self.scope is Scope.AREA and self.pick is Pick.CLOSED


@dataclass(frozen=True)
class Row:
    """A case as one line of a list.

    `due_at` is the end of the step it waits in, `late` whether that is past, `waits` whether the reader's own post is
    to decide now. `into` are number and status of the case it was joined to.
    """

    id: int
    number: str
    kind: str | None
    severity: Severity | None
    status: Status
    village: str
    township: str
    confidential: bool
    due_at: datetime | None
    ended_at: datetime | None
    late: bool
    waits: bool
    supporters: int
    into: tuple[str, Status] | None


@dataclass(frozen=True)
class Page:
    """Some rows of a list, whether others are before and after them, and the keys of the first and the last."""

    rows: tuple[Row, ...] = ()
    before: bool = False
    after: bool = False
    first: Key = ()
    last: Key = ()


@dataclass(frozen=True)
class Counts:
    """How many cases a list has in each state, and how many of the open ones are past their time."""

    states: dict[Status, int]
    late: int

    def of(self, pick: Pick) -> int:
        """How many this filter shows."""
        return self.late if pick is Pick.LATE else sum(self.states.get(status, 0) for status in STATES[pick])


# --- whose ------------------------------------------------------------------------------------------------------------


async def areas(session: AsyncSession, me: Me) -> list[Place]:
    """The areas of this person's posts, the widest first; none that lies inside another."""
    found: dict[str, Place] = {}
    for seat in me.seats:
        if not any(seat.path.startswith(wider.path) for wider in found.values()):
            found[seat.region_code] = await people.place(session, seat.region_code)
    return list(found.values())


async def area(session: AsyncSession, me: Me, code: str) -> Place:
    """An area whose list this person may read: one with a post over it. Refused otherwise."""
    place = await people.place(session, code)
    if not sees(me, place.path):
        raise Refused("people.not_your_region")
    return place


def within(me: Me, place: Place) -> list[Condition]:
    """What this person sees of an area they have a post over: the reports' rule `may_see`, as a condition."""
    top = pick(col(Region.code)).where(col(Region.code) == place.code).cte(recursive=True)
    tree = top.union_all(pick(col(Region.code)).where(col(Region.parent_code) == top.c.code))
    roles, status = _roles(me, place), col(Report.status)
    found = [col(Report.region_code).in_(pick(tree.c.code)), status != Status.DRAFT]
    if Role.COUNTY_ADMIN not in roles:
        found.append(col(Report.confidential).is_(False))
    if roles <= {Role.GRID_WORKER}:
        involved = [col(who) == me.id for who in (Report.reporter_id, Report.rectifier_id, Report.visitor_id)]
        found.append(or_(status.in_(KNOWN), *involved))
    return found


def _roles(me: Me, place: Place) -> set[Role]:
    return {seat.role for seat in me.seats if place.path.startswith(seat.path)}


async def _whose(session: AsyncSession, me: Me, wanted: Wanted) -> tuple[list[Condition], set[Role]]:
    """Which cases a list is about, whatever their state; and the posts with which its reader decides about them."""
    found: list[Condition] = []
    roles: set[Role] = set()
    if wanted.scope is Scope.AREA:
        place = await area(session, me, wanted.code)
        found += within(me, place)
        roles = _roles(me, place) & set(OFFICERS)
    else:
        found.append(col(Report.reporter_id if wanted.scope is Scope.MINE else Report.rectifier_id) == me.id)
    if wanted.grade is not None:
        found.append(col(Report.severity) == wanted.grade)
    if wanted.kinds:
        found.append(col(Report.kind).in_(wanted.kinds))
    return found, roles


def _which(now: datetime, wanted: Wanted) -> list[Condition]:
    """What `pick` chooses among them."""
    found: list[Condition] = [col(Report.status).in_(STATES[wanted.pick])]
    if wanted.pick is Pick.LATE:
        found.append(col(Task.due_at) < now)
    if wanted.monthly:
        found += [col(Report.ended_at) >= wanted.since, col(Report.ended_at) < wanted.until]
    return found


def _step() -> Condition:
    """The task in which a case waits now."""
    return and_(col(Task.subject_id) == col(Report.id), col(Task.kind).in_(MAIN), _unended(Task))


def _unended(task: Any) -> Condition:
    """Not by its status: SQLite would go through all open tasks, by the index on that, for every single case."""
    return col(task.ended_at).is_(None)


# --- their order ------------------------------------------------------------------------------------------------------


def _order(now: datetime, wanted: Wanted, roles: set[Role]) -> tuple[Order, bool]:
    """The order of a list, and whether it falls: the newest first.

    Else what waits for the reader's decision, then 紧急, then what is overdue, what many reported, what is due soonest.
    """
    if wanted.monthly:
        return _ordered(Report.ended_at, Report.id), True
    if wanted.scope is Scope.MINE or wanted.pick in (Pick.ALL, Pick.CLOSED):
        return _ordered(Report.id), True
    due = func.coalesce(col(Task.due_at), literal(FAR, UtcDateTime()))
    waits = case((_waits(roles), 0), else_=1) if roles else literal(1)
    grave = case((col(Report.severity) == Severity.E, 0), else_=1)
    late = case((col(Task.due_at) < now, 0), else_=1)
    return (waits, grave, late, -_supporters(), due, *_ordered(Report.id)), False


def _ordered(*columns: Any) -> Order:
    found: list[Any] = [col(column) for column in columns]
    return tuple(found)


def _waits(roles: set[Role]) -> Condition:
    """Whether a decision is open that one of these posts has to take: of the step, or about more time."""
    wish = aliased(Task)
    about = (col(wish.kind) == WISH, col(wish.subject_id) == col(Report.id), _unended(wish))
    asked = exists().where(*about, col(wish.role).in_(roles))
    return or_(and_(col(Task.role).in_(roles), col(Task.person_id).is_(None)), asked)


def _supporters() -> ColumnElement[Any]:
    return pick(func.count()).where(col(Supporter.report_id) == col(Report.id)).scalar_subquery()


def _beyond(order: Order, key: Key, falling: bool) -> Condition:
    """What stands behind a key."""
    there = tuple_(*(_bound(each, value) for each, value in zip(order, key, strict=True)))
    return tuple_(*order) < there if falling else tuple_(*order) > there


def _bound(column: ColumnElement[Any], value: int) -> ColumnElement[Any]:
    if isinstance(column.type, UtcDateTime):
        return literal(EPOCH + timedelta(microseconds=value), UtcDateTime())
    return literal(value)


def _whole(value: Any) -> int:
    return (value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else int(value)


# --- a page -----------------------------------------------------------------------------------------------------------


async def page(
    session: AsyncSession, now: datetime, me: Me, wanted: Wanted, key: Key = (), back: bool = False, most: int = PAGE
) -> Page:
    """The rows behind a key, or `back` before it; from the top without one, or with one of another order.

    By keys, so that nothing is shown twice or left out when something was dealt with between two pages. Refused for an
    area that is not the reader's.
    """
    whose, roles = await _whose(session, me, wanted)
    order, falling = _order(now, wanted, roles)
    key, back = (key, back) if len(key) == len(order) else ((), False)
    asked = _lines(roles, order).where(*whose, *_which(now, wanted))
    if key:
        asked = asked.where(_beyond(order, key, falling != back))
    asked = asked.order_by(*(each.desc() if falling != back else each for each in order)).limit(most + 1)
    found = list((await session.exec(asked)).all())  # type: ignore[call-overload]  # sqlmodel knows only its own select
    more, found = len(found) > most, found[:most]
    if back:
        found.reverse()
    if not found:
        return Page()
    keys = [tuple(_whole(value) for value in each[-len(order) :]) for each in found]
    rows = tuple(_row(each, now) for each in found)
    return Page(rows, more if back else bool(key), True if back else more, keys[0], keys[-1])


async def rows(session: AsyncSession, now: datetime, ids: Sequence[int]) -> list[Row]:
    """Cases by their ids, the newest first; only for ids that were found as what their reader may see."""
    asked = _lines(set(), ()).where(col(Report.id).in_(ids)).order_by(col(Report.id).desc())
    found = (await session.exec(asked)).all()  # type: ignore[call-overload]  # sqlmodel knows only its own select
    return [_row(each, now) for each in found]


def _lines(roles: set[Role], order: Order) -> Select[Any]:
    """The columns of a row, in the order of `_row`, and after them those of its key."""
    main, town = aliased(Report), aliased(Region)
    columns: list[Any] = [
        col(Report.id), col(Report.number), col(Report.kind), col(Report.severity), col(Report.status),
        col(Region.name), col(town.name), col(Report.confidential), col(Task.due_at), col(Report.ended_at),
        _waits(roles) if roles else literal(0), _supporters(), col(main.number), col(main.status),
    ]  # fmt: skip
    return (
        pick(*columns, *order)
        .select_from(Report)
        .join(Region, col(Region.code) == col(Report.region_code))
        .join(town, col(town.code) == col(Report.township_code))
        .outerjoin(Task, _step())
        .outerjoin(main, col(main.id) == col(Report.duplicate_of))
    )


def _row(values: Sequence[Any], now: datetime) -> Row:
    id_, number, kind, severity, status, name, town, hidden, due_at, ended_at, waits, supporters, into, its = values[
        :14
    ]
    return Row(
        id=id_, number=number, kind=kind, severity=severity, status=status, village=short_name(name), township=town,
        confidential=hidden, due_at=due_at, ended_at=ended_at, late=due_at is not None and due_at < now,
        waits=bool(waits), supporters=supporters, into=(into, its) if into else None,
    )  # fmt: skip


# --- how many ---------------------------------------------------------------------------------------------------------


async def counts(session: AsyncSession, now: datetime, me: Me, wanted: Wanted) -> Counts:
    """How many cases are in each state, whatever `pick` shows: of one's own all, of an area the open ones.

    Of an area's closed ones only those of the time that is shown. Refused like `page`.
    """
    whose, _ = await _whose(session, me, wanted)
    if wanted.scope is not Scope.AREA:
        return await _counted(session, now, whose)
    opened = await _counted(session, now, [*whose, col(Report.status).in_(OPEN)])
    if not wanted.monthly:
        return opened
    closed = await _counted(session, now, [*whose, *_which(now, wanted)])
    return Counts(opened.states | closed.states, opened.late)


async def _counted(session: AsyncSession, now: datetime, conditions: Sequence[Condition]) -> Counts:
    found = await _tally(session, now, col(Report.status), conditions)
    return Counts({status: count for status, count, _ in found}, sum(late for _, _, late in found))


async def below(session: AsyncSession, now: datetime, me: Me, code: str) -> list[tuple[Place, int, int]]:
    """The divisions one level down, with how many cases are open and how many of them late. Refused like `page`."""
    whose, _ = await _whose(session, me, Wanted(Scope.AREA, Pick.OPEN, code))
    found = await _tally(session, now, col(Region.path), [*whose, col(Report.status).in_(OPEN)])
    summed = []
    for place in await people.places_below(session, code):
        inside = [(count, late) for path, count, late in found if path.startswith(place.path)]
        summed.append((place, sum(count for count, _ in inside), sum(late for _, late in inside)))
    return summed


async def _tally(
    session: AsyncSession, now: datetime, by: Any, conditions: Sequence[Condition]
) -> list[tuple[Any, int, int]]:
    """How many, and how many of them late, for each value of a column."""
    asked = (
        pick(by, func.count(), func.sum(case((col(Task.due_at) < now, 1), else_=0)))
        .select_from(Report)
        .join(Region, col(Region.code) == col(Report.region_code))
        .outerjoin(Task, _step())
        .where(*conditions)
        .group_by(by)
    )
    found = (await session.exec(asked)).all()  # type: ignore[call-overload]  # sqlmodel knows only its own select
    return [(value, int(count), int(late)) for value, count, late in found]
