"""Verbs that move a report: submit, withdraw, what the clock does with an abandoned one, and the door of all moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import swap
from models.outbox import Lane
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import Level, Me, Role, county_of
from models.policy import Policy
from models.refused import Refused
from models.report import rules, views
from models.report.rules import Part, PlaceSource, Severity, Status
from models.report.tables import Report
from models.task import actions as tasks

VERIFY = "report.verify"
EMERGENCY = "report.emergency"


# --- the reporter's steps -------------------------------------------------------------------------------------------


async def submit(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    me: Me,
    report_id: int,
    kind: str,
    known: Collection[str],
    hint: Severity = Severity.L,
) -> None:
    """The one tap: the kind is confirmed and the report goes to the officers of its township, and to no others.

    `known` are the kinds that exist, `hint` this kind's usual severity. A report that went off by itself only gets its
    kind now.
    """
    if kind not in known:
        raise Refused("report.no_kind")
    report = await views.own_open(session, me, report_id)
    before = report.severity
    severity = rules.graver(before, rules.grade(hint, report.danger, report.growing))
    if report.status is Status.SUBMITTED:
        await swap(session, Report, {"id": report_id}, {"kind": kind, "severity": severity})
        await journal.write(session, now, me.id, "name_kind", "report", report_id, kind=kind)
        if severity is Severity.E and before is not Severity.E:
            await _hurry(session, now, policy, me, report_id)
        await views.show_everywhere(session, now, report_id)
        return
    if (await views.facts_of(session, report)).missing() not in ([], [Part.KIND]):
        raise Refused("report.incomplete")
    if (await views.facts_of(session, report)).wants_after:
        raise Refused("report.no_after")
    await _send_off(session, now, policy, report, {"kind": kind, "severity": severity}, me.id)


async def raise_alarm(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """🆘: life is in danger; what is there goes off at once, in the alarm lane, and the rest may follow."""
    report = await views.own_open(session, me, report_id)
    answers = {"danger": True, "severity": Severity.E}
    if report.status is Status.DRAFT:
        await _send_off(session, now, policy, report, answers, me.id)
    elif report.severity is not Severity.E:
        await swap(session, Report, {"id": report_id}, answers)
        await journal.write(session, now, me.id, "raise_alarm", "report", report_id)
        await _hurry(session, now, policy, me, report_id)


async def _hurry(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """What was sent already turns out to be an emergency; who leads it by now (升级) goes on leading it."""
    held = await tasks.find(session, VERIFY, report_id)
    await tasks.drop(session, now, VERIFY, report_id, me.id)
    await _hand_over(session, now, policy, report_id, Severity.E, held.role if held else Role.TOWNSHIP_OFFICER)


async def withdraw(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """撤回: an unfinished report, or one sent a short while ago; its number stays used. Refused once others joined."""
    report = await views.own_open(session, me, report_id)
    rules.may_withdraw(report.status, report.submitted_at, now, policy.report.withdraw_within)
    if (await session.exec(select(Report.id).where(Report.duplicate_of == report_id).limit(1))).first() is not None:
        raise Refused("report.joined")
    await move(session, now, me.id, report, {"status": Status.WITHDRAWN, "nudge_at": None})
    for kind in (VERIFY, EMERGENCY):
        await tasks.drop(session, now, kind, report_id, me.id)
    await views.show_everywhere(session, now, report_id)


async def _send_off(
    session: AsyncSession, now: datetime, policy: Policy, report: Report, values: dict[str, object], by: int | None
) -> None:
    assert report.id is not None
    lacks = (await views.facts_of(session, report)).missing()
    if "kind" in values and Part.KIND in lacks:
        lacks.remove(Part.KIND)
    own = rules.graver(report.severity, rules.grade(Severity.L, report.danger, report.growing))
    severity = values.setdefault("severity", own)
    values |= {"status": Status.SUBMITTED, "submitted_at": now, "nudge_at": None, "incomplete": bool(lacks)}
    await move(session, now, by, report, values, kind=values.get("kind", report.kind), severity=severity)
    await _hand_over(session, now, policy, report.id, Severity(str(severity)))
    await views.show(session, now, report.reporter_id, report.id)


async def _hand_over(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    report_id: int,
    severity: Severity,
    lowest: Role = Role.TOWNSHIP_OFFICER,
) -> None:
    """Open the task "verify this report" (M025 核实认定), held by the township's post; its officers get the card.

    A confidential report goes past the township, which it may accuse, to the county (M032).
    """
    report = await session.get_one(Report, report_id)
    where = await people.place(session, report.region_code)
    urgent = severity is Severity.E
    kind, lane = (EMERGENCY, Lane.ALARM) if urgent else (VERIFY, Lane.TASK)
    if report.confidential:
        lowest = Role.COUNTY_ADMIN
    # Along the county's path no rung finds anybody of the township or the village.
    climbs = county_of(where.path) if report.confidential else where.path
    desk = await people.desk(session, where.path, lowest, (report.reporter_id,))
    await tasks.open_task(
        session, now, kind, report_id, role=desk.role,
        region_code=desk.region_code, place_path=climbs, ladder=policy.ladder[kind],
    )  # fmt: skip
    told = list(desk.told)
    if urgent and not report.confidential:
        told += [head for head in await _heads(session, where) if head not in (*told, report.reporter_id)]
    for person_id in told:
        await outbox.say(
            session, now, "hazard.card", person_id=person_id, lane=lane, slot=f"card:{report_id}",
            dedupe=f"card:{kind}:{desk.role}:{report_id}:{person_id}", report=report_id,
        )  # fmt: skip


async def _heads(session: AsyncSession, where: Place) -> list[int]:
    """The village's head, who is nearest when life is in danger."""
    village = await people.above(session, where.path, Level.VILLAGE)
    if village is None:
        return []
    return await people.stand_ins(session, await people.holders(session, Role.VILLAGE_LEAD, village.code))


async def at_village(session: AsyncSession, now: datetime, by: int | None, report_id: int) -> None:
    """The village stands for the place, since nobody knows it better."""
    await swap(session, Report, {"id": report_id, "place_source": None}, {"place_source": PlaceSource.VILLAGE})
    await journal.write(session, now, by, "at_village", "report", report_id)


async def hand_over_again(
    session: AsyncSession, now: datetime, policy: Policy, report_id: int, desk: Role = Role.TOWNSHIP_OFFICER
) -> None:
    """A sent report whose task is gone, or whose desk changed, gets a new one."""
    report = await session.get(Report, report_id)
    if report is not None and report.status is Status.SUBMITTED:
        await _hand_over(session, now, policy, report_id, report.severity or Severity.L, desk)


# --- the clock's steps ----------------------------------------------------------------------------------------------


async def nudges_due(session: AsyncSession, now: datetime, most: int = 100) -> list[int]:
    """Unfinished reports to be reminded of, or to be sent off as they are; found by the index on `nudge_at`."""
    rows = await session.exec(
        select(Report.id).where(col(Report.nudge_at) <= now).order_by(col(Report.nudge_at)).limit(most)
    )
    return [report_id for report_id in rows if report_id is not None]


async def next_nudge(session: AsyncSession) -> datetime | None:
    """When the next unfinished report is due."""
    return (await session.exec(select(func.min(Report.nudge_at)))).one()


async def nudge(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """Remind the reporter once; the next time send what is there as 待补充 (contract, how it must feel 1)."""
    report = await session.get_one(Report, report_id)
    if report.nudge_at is None or report.nudge_at > now or report.status is not Status.DRAFT:
        return
    if report.nudged:
        await _send_off(session, now, policy, report, {}, None)
        return
    seen = {"id": report_id, "status": Status.DRAFT, "nudged": False}
    if await swap(session, Report, seen, {"nudged": True, "nudge_at": now + policy.report.submit_after}):
        await outbox.say(
            session, now, "report.nudge", person_id=report.reporter_id, lane=Lane.TASK, slot=f"report:{report_id}",
            dedupe=f"nudge:{report_id}", report=report_id,
        )  # fmt: skip


# --- the one door -----------------------------------------------------------------------------------------------------


async def move(
    session: AsyncSession,
    now: datetime,
    by: int | None,
    report: Report,
    values: Mapping[str, object],
    verb: str = "",
    **facts: object,
) -> None:
    """The one door through which a status changes: the table of moves, then compare-and-set, then the journal.

    `values` holds the new `status` and what changes with it; `facts` are for the journal, whose verb is `verb` or the
    new status. Refused when the table forbids it, or somebody else was quicker.
    """
    assert report.id is not None
    report_id, old, new = report.id, report.status, Status(str(values["status"]))
    rules.move(old, new)
    # The files of a joined report are wanted as long as the case it was joined to.
    ended = now if new in rules.ENDED and new is not Status.DUPLICATE else None
    if not await swap(session, Report, {"id": report_id, "status": old}, {**values, "ended_at": ended}):
        # Another was quicker; only the database knows what they made of it.
        there = await session.exec(select(Report.status).where(Report.id == report_id))
        raise Refused("report.moved_on", status=there.one(), **await quicker(session, report, by))
    if ended is not None or old in rules.ENDED:
        await session.exec(update(Report).where(col(Report.duplicate_of) == report_id).values(ended_at=ended))
    await journal.write(session, now, by, verb or new, "report", report_id, **facts)


MOVED = (*Status, "take_back", "hand_back", "send_back", "reopen")


async def quicker(session: AsyncSession, report: Report, me: int | None) -> dict[str, str]:
    """Who moved a case last (`by`), as a fact for whoever came second; none when that was the same person or the clock.

    Never its reporter, whose name not everybody may read who has something to do with it (M032).
    """
    entries = await journal.read(session, "report", report.id or 0)
    last = next((entry.actor_id for entry in reversed(entries) if entry.verb in MOVED), None)
    return {} if last in (None, me, report.reporter_id) else {"by": await people.name_of(session, last or 0)}
