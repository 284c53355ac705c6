"""Verbs that move a report: submit, withdraw, accept, reject, and what the clock does with an abandoned one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import swap
from models.outbox import Lane
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import Level, Me, Role
from models.policy import Policy
from models.refused import Refused
from models.report import rules, views
from models.report.rules import Part, RejectReason, Severity, Status
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
    severity = rules.graver(report.severity, rules.grade(hint, report.danger, report.growing))
    if report.status is Status.SUBMITTED:
        await swap(session, Report, {"id": report_id}, {"kind": kind, "severity": severity})
        journal.write(session, now, me.id, "name_kind", "report", report_id, kind=kind)
        await views.show_everywhere(session, now, report_id)
        return
    if (await views.facts_of(session, report)).missing() not in ([], [Part.KIND]):
        raise Refused("report.incomplete")
    await _send_off(session, now, policy, report, {"kind": kind, "severity": severity}, me.id)


async def raise_alarm(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """🆘: life is in danger; what is there goes off at once, in the alarm lane, and the rest may follow."""
    report = await views.own_open(session, me, report_id)
    answers = {"danger": True, "severity": Severity.E}
    if report.status is Status.DRAFT:
        await _send_off(session, now, policy, report, answers, me.id)
    elif report.severity is not Severity.E:
        await swap(session, Report, {"id": report_id}, answers)
        journal.write(session, now, me.id, "raise_alarm", "report", report_id)
        await tasks.drop(session, now, VERIFY, report_id, me.id)
        await _hand_over(session, now, policy, report_id, Severity.E)


async def withdraw(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """撤回: an unfinished report, or one sent a short while ago; its number stays used."""
    report = await views.own_open(session, me, report_id)
    rules.may_withdraw(report.status, report.submitted_at, now, policy.report.withdraw_within)
    await _move(session, now, me.id, report, {"status": Status.WITHDRAWN, "nudge_at": None})
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
    await _move(session, now, by, report, values, kind=values.get("kind", report.kind), severity=severity)
    await _hand_over(session, now, policy, report.id, Severity(str(severity)))
    await views.show(session, now, report.reporter_id, report.id)


async def _hand_over(session: AsyncSession, now: datetime, policy: Policy, report_id: int, severity: Severity) -> None:
    """Open the task "verify this report" (M025 核实认定), held by the township's post; its officers get the card."""
    report = await session.get_one(Report, report_id)
    where = await people.place(session, report.region_code)
    urgent = severity is Severity.E
    kind, lane = (EMERGENCY, Lane.ALARM) if urgent else (VERIFY, Lane.TASK)
    await tasks.open_task(
        session, now, kind, report_id, role=Role.TOWNSHIP_OFFICER, region_code=report.township_code,
        place_path=where.path, ladder=policy.ladder[kind],
    )  # fmt: skip
    told = await _deciders(session, report.reporter_id, report.township_code, where)
    if urgent:
        told += [head for head in await _heads(session, where) if head not in (*told, report.reporter_id)]
    for person_id in told:
        await outbox.say(
            session, now, "report.card", person_id=person_id, lane=lane, slot=f"card:{report_id}",
            dedupe=f"card:{kind}:{report_id}:{person_id}", report=report_id,
        )  # fmt: skip


async def _deciders(session: AsyncSession, reporter_id: int, town: str, where: Place) -> list[int]:
    """The township's officers who can be reached, else the county's; never the reporter, who may not decide (M030)."""
    county = await people.above(session, where.path, Level.COUNTY)
    for role, region in ((Role.TOWNSHIP_OFFICER, town), (Role.COUNTY_ADMIN, county.code if county else "")):
        found = await people.stand_ins(session, await people.holders(session, role, region))
        if told := [person_id for person_id in found if person_id != reporter_id]:
            return told
    return []


async def _heads(session: AsyncSession, where: Place) -> list[int]:
    """The village's head, who is nearest when life is in danger."""
    village = await people.above(session, where.path, Level.VILLAGE)
    if village is None:
        return []
    return await people.stand_ins(session, await people.holders(session, Role.VILLAGE_LEAD, village.code))


async def undecided(session: AsyncSession) -> list[int]:
    """Reports that were sent and wait for 受理 or 驳回."""
    rows = await session.exec(select(Report.id).where(Report.status == Status.SUBMITTED))
    return [report_id for report_id in rows if report_id is not None]


async def hand_over_again(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """A sent report whose task is gone gets a new one (the auditor's mend)."""
    report = await session.get(Report, report_id)
    if report is not None and report.status is Status.SUBMITTED:
        await _hand_over(session, now, policy, report_id, report.severity or Severity.L)


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


# --- the officers' steps --------------------------------------------------------------------------------------------


async def accept(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """受理: the report is found true enough to be handled; its reporter hears it by an edit of the same screen."""
    report = await _for_decision(session, me, report_id)
    values = {"status": Status.ACCEPTED, "decided_at": now, "decided_by": me.id}
    await _decide(session, now, me, report, values)


async def reject(
    session: AsyncSession, now: datetime, me: Me, report_id: int, reason: RejectReason, words: str = ""
) -> None:
    """驳回 with its reason, which the reporter reads."""
    report = await _for_decision(session, me, report_id)
    if reason is RejectReason.OTHER and not words.strip():
        raise Refused("report.reason_needed")
    values = {
        "status": Status.REJECTED, "decided_at": now, "decided_by": me.id, "reject_reason": reason,
        "reject_words": words.strip()[:400],
    }  # fmt: skip
    await _decide(session, now, me, report, values, reason=reason)


async def _for_decision(session: AsyncSession, me: Me, report_id: int) -> Report:
    report = await session.get(Report, report_id)
    if report is None:
        raise Refused("report.not_found")
    township = await people.place(session, report.township_code)
    rules.may_verify(me, report.reporter_id, township.path)
    return report


async def _decide(
    session: AsyncSession, now: datetime, me: Me, report: Report, values: dict[str, object], **facts: object
) -> None:
    assert report.id is not None
    await _move(session, now, me.id, report, values, **facts)
    for kind in (VERIFY, EMERGENCY):
        await tasks.finish(session, now, kind, report.id, me.id)
    await views.show_everywhere(session, now, report.id)


async def _move(
    session: AsyncSession,
    now: datetime,
    by: int | None,
    report: Report,
    values: dict[str, object],
    **facts: object,
) -> None:
    """The one door through which a status changes: the table of moves, then compare-and-set, then the journal."""
    assert report.id is not None
    report_id, old, new = report.id, report.status, Status(str(values["status"]))
    rules.move(old, new)
    if not rules.MOVES[new]:
        values["ended_at"] = now
    if not await swap(session, Report, {"id": report_id, "status": old}, values):
        # Another was quicker; only the database knows what they made of it.
        there = await session.exec(select(Report.status).where(Report.id == report_id))
        raise Refused("report.moved_on", status=there.one())
    journal.write(session, now, by, new, "report", report_id, **facts)
