"""Verbs about tasks: open, finish, drop, fire the next rung, and list what waits on somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import insert_once, swap
from models.outbox import Lane
from models.people import actions as people
from models.people.rules import Level, Me, Role, Seat
from models.policy import Ladder, Policy
from models.refused import Refused
from models.task import rules
from models.task.rules import Status
from models.task.tables import Task


async def open_task(
    session: AsyncSession,
    now: datetime,
    kind: str,
    subject_id: int,
    *,
    role: Role,
    region_code: str,
    place_path: str,
    ladder: Ladder,
    person_id: int | None = None,
) -> int | None:
    """Open a task held by a post, or by a person of that post; its steps are frozen now. → its id, None if it was open.

    `place_path` is the stored path of where the matter is; it decides who "lead", "township" and "county" are.
    """
    ended = select(func.count()).where(Task.kind == kind, Task.subject_id == subject_id, Task.status != Status.OPEN)
    frozen = rules.freeze(ladder)
    values = {
        "kind": kind, "subject_id": subject_id, "round": ended.scalar_subquery(), "status": Status.OPEN, "role": role,
        "region_code": region_code, "place_path": place_path, "person_id": person_id, "reached": role, "opened_at": now,
        "due_at": now + ladder.due, "next_at": now + ladder.rungs[0].after, "rung": 0, "ladder": frozen,
    }  # fmt: skip
    task_id: int | None = await insert_once(session, Task, values)
    if task_id is not None:
        await journal.write(session, now, None, "open", "task", task_id, kind=kind, subject=subject_id)
    return task_id


async def finish(session: AsyncSession, now: datetime, kind: str, subject_id: int, by: int | None) -> bool:
    """The open task of this kind and subject is done; its ladder stops at once. False: none was open."""
    return await _end(session, now, kind, subject_id, Status.DONE, by)


async def drop(session: AsyncSession, now: datetime, kind: str, subject_id: int, by: int | None) -> bool:
    """The reason for the open task fell away. False: none was open."""
    return await _end(session, now, kind, subject_id, Status.DROPPED, by)


async def _end(
    session: AsyncSession, now: datetime, kind: str, subject_id: int, status: Status, by: int | None
) -> bool:
    where = {"kind": kind, "subject_id": subject_id, "status": Status.OPEN}
    if not await swap(session, Task, where, {"status": status, "ended_at": now, "ended_by": by, "next_at": None}):
        return False
    await journal.write(session, now, by, status, "task", f"{kind}:{subject_id}")
    return True


async def due(session: AsyncSession, now: datetime, most: int = 1000) -> list[int]:
    """Tasks whose next rung is due, found by the index on `next_at`: the cost is that of what is due, not of all."""
    rows = await session.exec(
        select(Task.id).where(col(Task.next_at) <= now).order_by(col(Task.next_at), col(Task.id)).limit(most)
    )
    return [task_id for task_id in rows if task_id is not None]


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next rung of any task fires."""
    rows = await session.exec(select(func.min(Task.next_at)))
    return rows.one()


async def fire(session: AsyncSession, now: datetime, policy: Policy, task_id: int) -> Sequence[int]:
    """Fire one rung of a due task: tell whom it names, and set the next. → the persons told.

    Compare-and-set on the rung makes a second tick (another replica, a restart) find nothing. The message's kind is
    "<task kind>.due" with the task's id; the feature renders it. Where a post has nobody who can be reached, the next
    above is told instead, and told so (M029). In quiet hours a patient task waits for the morning's digest.
    """
    task = await session.get(Task, task_id)
    if task is None or task.next_at is None or task.next_at > now:
        return []
    seen = {"id": task_id, "status": Status.OPEN, "rung": task.rung}
    morning = rules.quiet_until(now, policy.quiet.begin, policy.quiet.end, policy.zone())
    if morning is not None and task.ladder["patient"]:
        await swap(session, Task, seen, {"next_at": morning, "deferred": True})
        return []
    return await _fire(session, now, task, seen)


async def _fire(session: AsyncSession, now: datetime, task: Task, seen: Mapping[str, object]) -> Sequence[int]:
    step, rung, deferred = rules.step_at(task.ladder, task.rung), task.rung, task.deferred
    role, told, absent = await _named(session, task, step.to)
    changes = {
        "rung": rung + 1, "deferred": False, "reached": _higher(task.reached, role),
        "next_at": rules.next_at(task.ladder, task.opened_at, rung + 1, now),
    }  # fmt: skip
    if not await swap(session, Task, seen, changes):
        return []
    for person_id in told:
        if deferred:
            await outbox.say(
                session, now, "task.digest", person_id=person_id, lane=Lane.DIGEST, slot="tasks",
                dedupe=f"digest:{now:%Y%m%d}:{person_id}",
            )  # fmt: skip
        else:
            await outbox.say(
                session, now, f"{task.kind}.due", person_id=person_id, lane=LANES.get(task.kind, Lane.TASK),
                dedupe=f"task:{task.id}:{rung}:{person_id}", task=task.id, absent=absent,
            )  # fmt: skip
    await journal.write(
        session, now, None, "remind", "task", task.id or 0, rung=rung, to=role, told=len(told), absent=len(absent)
    )
    return told


# Reminders of these tasks overtake broadcasts, as the alarms did that opened them.
LANES = {"report.emergency": Lane.ALARM}


async def acknowledge(session: AsyncSession, now: datetime, me: Me, task_id: int) -> None:
    """知道了: what is queued for this person about it stops at once; undone, it comes back when it is due."""
    task = await session.get(Task, task_id)
    if task is None or task.status is not Status.OPEN:
        raise Refused("task.over")
    if all(mine.id != task_id for mine in await waiting_on(session, me)):
        raise Refused("task.not_yours")
    await outbox.hush(session, me.id, f"task:{task_id}:")
    values = {
        "acknowledged_at": now, "acknowledged_by": me.id,
        "next_at": rules.after_acknowledging(task.ladder, task.due_at, now),
    }  # fmt: skip
    if await swap(session, Task, {"id": task_id, "status": Status.OPEN}, values):
        await journal.write(session, now, me.id, "acknowledge", "task", task_id)


async def _named(session: AsyncSession, task: Task, to: str) -> tuple[Role, list[int], list[str]]:
    """Whom a rung names; "above" is the holder and whoever can be reached above them (the county's holder: beside)."""
    if to in rules.RUNG_ROLES:
        return await _post(session, task, rules.RUNG_ROLES[to], [])
    role, told, absent = await _holder(session, task)
    if to == "holder":
        return role, told, absent
    top, more, missing = await _post(session, task, rules.ABOVE[role] or role, [])
    return (top, list(dict.fromkeys([*told, *more])), absent + missing) if more else (role, told, absent)


def _higher(one: Role, other: Role) -> Role:
    order = list(Role)
    return max(one, other, key=order.index)


async def _holder(session: AsyncSession, task: Task) -> tuple[Role, list[int], list[str]]:
    """The person who holds a task, or the post; if they cannot be reached, those above."""
    if task.person_id is None:
        return await _post(session, task, task.role, [])
    told = await people.stand_ins(session, [task.person_id])
    if told:
        return task.role, told, []
    return await _post(session, task, task.role, [await people.name_of(session, task.person_id)])


async def _post(session: AsyncSession, task: Task, role: Role, absent: list[str]) -> tuple[Role, list[int], list[str]]:
    """The persons of a post, or their deputies; if nobody can be reached, those above. → with the names passed over."""
    current: Role | None = role
    while current is not None:
        region = await seat_for(session, current, task.place_path, task.role, task.region_code)
        holders = await people.holders(session, current, region) if region else []
        told = await people.stand_ins(session, holders)
        if told:
            return current, told, absent
        absent += [await people.name_of(session, holder) for holder in holders[:5]]
        role, current = current, rules.ABOVE[current]
    return role, [], absent


SEAT_LEVELS = {
    Role.GRID_WORKER: Level.VILLAGE,
    Role.VILLAGE_LEAD: Level.VILLAGE,
    Role.TOWNSHIP_OFFICER: Level.TOWNSHIP,
    Role.COUNTY_ADMIN: Level.COUNTY,
}


async def seat_for(session: AsyncSession, role: Role, place_path: str, own_role: Role, own_region: str) -> str | None:
    """The region in which a role is asked for a matter at this place."""
    if role is own_role:
        return own_region
    above = await people.above(session, place_path, SEAT_LEVELS[role])
    return above.code if above else None


async def waiting_on(session: AsyncSession, me: Me, most: int = 50) -> list[Task]:
    """Open tasks that wait on this person: held by their post or by themselves, or climbed up to (or past) their post.

    Most urgent first: by deadline, then by age.
    """
    if not me.seats:
        return []
    mine = [col(Task.person_id) == me.id]
    mine += [
        and_(col(Task.role) == seat.role, col(Task.region_code) == seat.region_code, col(Task.person_id).is_(None))
        for seat in me.seats
    ]
    mine += [_climbed_to(seat) for seat in me.seats]
    rows = await session.exec(
        select(Task).where(Task.status == Status.OPEN, or_(*mine)).order_by(col(Task.due_at), col(Task.id)).limit(most)
    )
    return list(rows)


def _climbed_to(seat: Seat) -> ColumnElement[bool]:
    """A task of a lower post at a place below this seat that has come up to here, or past it on its way higher."""
    order = list(Role)
    at = order.index(seat.role)
    return and_(
        col(Task.role).in_(order[:at]), col(Task.reached).in_(order[at:]), col(Task.place_path).startswith(seat.path)
    )


async def named(session: AsyncSession, task: Task, to: str) -> list[int]:
    """The persons a rung to "holder", "above" … would tell now."""
    _role, told, _absent = await _named(session, task, to)
    return told


async def get(session: AsyncSession, task_id: int) -> Task | None:
    """One task."""
    return await session.get(Task, task_id)


async def find(session: AsyncSession, kind: str, subject_id: int) -> Task | None:
    """The open task of this kind and subject."""
    rows = await session.exec(
        select(Task).where(Task.kind == kind, Task.subject_id == subject_id, Task.status == Status.OPEN)
    )
    return rows.first()


async def among(session: AsyncSession, kinds: Sequence[str], subject_id: int) -> list[Task]:
    """The open tasks of these kinds about one subject."""
    rows = await session.exec(
        select(Task)
        .where(col(Task.kind).in_(kinds), Task.subject_id == subject_id, Task.status == Status.OPEN)
        .order_by(col(Task.id))
        .execution_options(populate_existing=True)
    )
    return list(rows)


STUCK_AFTER = timedelta(minutes=5)


async def stuck(session: AsyncSession, now: datetime) -> list[int]:
    """Open tasks whose rung should have fired minutes ago and did not: the auditor tells the operator (peers.md 2)."""
    rows = await session.exec(
        select(Task.id).where(Task.status == Status.OPEN, col(Task.next_at) < now - STUCK_AFTER).limit(100)
    )
    return [task_id for task_id in rows if task_id is not None]
