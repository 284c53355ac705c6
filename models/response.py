"""Steps that move two features at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.hazard import actions as hazards
from models.hazard import cluster, holding
from models.outbox import Lane
from models.people import actions as people
from models.people import roster
from models.people.actions import CheckPhone, Place
from models.people.rules import Level, Me, Role, Seat
from models.policy import Policy
from models.refused import Refused
from models.report import actions as reports
from models.report import views as report_views
from models.report.rules import Severity
from models.task import actions as tasks
from models.task import rules as task_rules

UNREACHABLE = "person.unreachable"
CASES = ("report.", "hazard.")  # how the kinds of tasks about a case begin


# --- a report is handed in --------------------------------------------------------------------------------------------


async def submit(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, kind: str, known: Collection[str],
    hint: Severity = Severity.L,
) -> None:  # fmt: skip
    """The reporter's one tap; several of one kind near each other are more than the sum of them (models/hazard)."""
    await reports.submit(session, now, policy, me, report_id, kind, known, hint)
    await cluster.watch(session, now, policy, report_id)


async def raise_alarm(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """🆘"""
    await reports.raise_alarm(session, now, policy, me, report_id)
    await cluster.watch(session, now, policy, report_id)


async def nudge(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """An unfinished report is reminded, or goes off as it is."""
    await reports.nudge(session, now, policy, report_id)
    await cluster.watch(session, now, policy, report_id)


# --- people come, go and are lost -------------------------------------------------------------------------------------


async def lost(session: AsyncSession, now: datetime, policy: Policy, chat_id: int, reason: str) -> None:
    """A chat cannot be reached for good: the person is marked, and the post above them gets a task to find out why.

    peers.md 3: the unreachable person must not be discovered in the middle of an emergency.
    """
    person_id = await people.mark_unreachable(session, now, chat_id, reason)
    me = await people.person(session, person_id) if person_id is not None else None
    if me is None or not me.seats:
        return
    seat = me.seats[0]
    role, region = await _post_above(session, seat)
    if region is not None:
        await tasks.open_task(
            session, now, UNREACHABLE, me.id, role=role, region_code=region.code, place_path=seat.path,
            ladder=policy.ladder[UNREACHABLE],
        )  # fmt: skip


async def back(session: AsyncSession, now: datetime, chat_id: int, person_id: int | None) -> None:
    """An account speaks again: it is reachable, and the task to find out why falls away."""
    await people.meet(session, chat_id)
    if person_id is not None:
        await tasks.drop(session, now, UNREACHABLE, person_id, None)


async def joined(session: AsyncSession, now: datetime, chat_id: int, phone: str) -> Me:
    """Somebody joins (Refused for strangers): they are reachable now, and a change of account is told to officers."""
    me, other_chat = await people.join(session, now, chat_id, phone)
    await tasks.drop(session, now, UNREACHABLE, me.id, None)
    if other_chat is not None:
        await moved_account(session, now, me)
    return me


async def reached(session: AsyncSession, now: datetime, me: Me, person_id: int) -> None:
    """An officer reached by phone somebody the bot could not reach: the task is done. Refused when none is open."""
    await roster.card(session, me, person_id)
    if not await tasks.finish(session, now, UNREACHABLE, person_id, me.id):
        raise Refused("people.settled")
    await journal.write(session, now, me.id, "reached_by_phone", "person", person_id)


async def renumbered(
    session: AsyncSession, now: datetime, me: Me, person_id: int, phone: str, check: CheckPhone
) -> None:
    """A phone number was wrong: corrected, and what was known about reaching the old one is void."""
    await roster.renumber(session, now, me, person_id, phone, check)
    await tasks.drop(session, now, UNREACHABLE, person_id, me.id)


async def ended(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    me: Me,
    person_id: int,
    role: Role | None = None,
    region_code: str = "",
) -> bool:
    """Posts end (all, or one); with the last one what they held goes back to the queue. → whether the person left."""
    left = await roster.end(session, now, me, person_id, role, region_code)
    if left:
        await hazards.bereaved(session, now, policy, [person_id])
        await tasks.drop(session, now, UNREACHABLE, person_id, me.id)
    return left


async def left(session: AsyncSession, now: datetime, policy: Policy, person_ids: Sequence[int]) -> None:
    """These persons left the roster by an import: nobody needs to reach them, and what they held goes back."""
    await hazards.bereaved(session, now, policy, person_ids)
    for person_id in person_ids:
        await tasks.drop(session, now, UNREACHABLE, person_id, None)


async def moved_account(session: AsyncSession, now: datetime, me: Me) -> None:
    """A number joined from a second account: the officers above hear of it (contract: in the chat)."""
    role, region = await _post_above(session, me.seats[0])
    if region is not None:
        told = await people.stand_ins(session, await people.holders(session, role, region.code))
        for person_id in told:
            if person_id != me.id:
                await outbox.say(session, now, "menu.account_moved", person_id=person_id, lane=Lane.TASK, name=me.name)


async def _post_above(session: AsyncSession, seat: Seat) -> tuple[Role, Place | None]:
    """Whose business it is when something is wrong with a person: of village people the township, else the county."""
    officer = seat.role in (Role.TOWNSHIP_OFFICER, Role.COUNTY_ADMIN)
    role, level = (Role.COUNTY_ADMIN, Level.COUNTY) if officer else (Role.TOWNSHIP_OFFICER, Level.TOWNSHIP)
    return role, await people.above(session, seat.path, level)


async def fire(session: AsyncSession, now: datetime, policy: Policy, task_id: int) -> Sequence[int]:
    """Fire one rung of a due task; 提醒, 评价 and 问责 stand in the case's journal too (M029). → who was told."""
    task = await tasks.get(session, task_id)
    if task is None or not task.kind.startswith(CASES) or not await holding.lock(session, task.subject_id):
        return await tasks.fire(session, now, policy, task_id)
    rung = task.rung
    told = await tasks.fire(session, now, policy, task_id)
    if task.rung > rung:
        mark = task_rules.newly(task.ladder, rung)
        if mark:
            await journal.write(session, now, None, mark, "report", task.subject_id, task=task.kind, told=len(told))
        await report_views.show_everywhere(session, now, task.subject_id)
    return told


async def strays(session: AsyncSession, now: datetime) -> list[int]:
    """What should wait on somebody and does not: open cases without a task (their ids), stuck tasks (ids negated)."""
    lost_ones = await holding.unheld(session)
    return [*lost_ones, *(-task_id for task_id in await tasks.stuck(session, now))]


async def mend(session: AsyncSession, now: datetime, policy: Policy, key: int) -> None:
    """Give a stray its next step again and tell the operator, once a day for each."""
    if key > 0:
        await holding.hold(session, now, policy, key)
    what: dict[str, Any] = {"report": key} if key > 0 else {"task": -key}
    for person_id in await people.reachable(session, await people.everybody(session, Role.COUNTY_ADMIN)):
        await outbox.say(
            session, now, "task.stuck", person_id=person_id, lane=Lane.TASK,
            dedupe=f"stuck:{key}:{now:%Y%m%d}:{person_id}", **what,
        )  # fmt: skip
