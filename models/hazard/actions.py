"""An officer's verbs about a case: accept, reject, join, grade, give to somebody, pass on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import insert_once, swap
from models.hazard import cluster, likeness, rewards, rules
from models.hazard.holding import (
    HOLDING,
    RECHECK,
    WISH,
    Loaded,
    allowed,
    anew,
    apart,
    hold,
    holding,
    leaders,
    load,
    lock,
    moved_on,
    proof_of,
    tell,
)
from models.hazard.rules import Deed
from models.hazard.tables import Hazard, Supporter
from models.outbox import Lane
from models.people import actions as people
from models.people.rules import OFFICERS, Level, Me, Role, decides
from models.policy import Policy
from models.refused import Refused
from models.report import actions as reports
from models.report import views
from models.report.rules import RejectReason, Severity, Status
from models.report.tables import Report
from models.task import actions as tasks

MENDING = (Status.ASSIGNED, Status.TRANSFERRED)

# --- 核实, 入库上图 ---------------------------------------------------------------------------------------------------


async def accept(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """受理: 核实认定, and 入库上图 in the same tap when kind and place are known; else they are asked for first."""
    loaded = await allowed(session, me, report_id, Deed.ACCEPT)
    await _accept(session, now, me, loaded)
    await register(session, now, policy, me.id, report_id)
    await hold(session, now, policy, report_id, me.id)


async def _accept(session: AsyncSession, now: datetime, me: Me, loaded: Loaded) -> None:
    if loaded.report.status is Status.SUBMITTED:
        values = {"status": Status.ACCEPTED, "decided_at": now, "decided_by": me.id}
        await reports.move(session, now, me.id, loaded.report, values)


async def register(session: AsyncSession, now: datetime, policy: Policy, by: int | None, report_id: int) -> bool:
    """入库上图 (M025, M027): an accepted case whose kind and place are known. False: something is missing still."""
    report = (await load(session, report_id)).report
    if report.status is not Status.ACCEPTED or report.kind is None or report.place_source is None:
        return False
    await reports.move(session, now, by, report, {"status": Status.REGISTERED, "incomplete": False})
    await swap(session, Hazard, {"report_id": report_id}, {"registered_at": now})
    await likeness.flag_relapse(session, now, policy, report_id)
    await cluster.watch(session, now, policy, report_id)
    await rewards.propose(session, now, policy, report_id)
    return True


async def ready(session: AsyncSession, now: datetime, policy: Policy, me: Me, loaded: Loaded) -> None:
    """An officer goes on from any state of triage in one tap, 受理 and 入库 on the way. Refused while incomplete."""
    await _accept(session, now, me, loaded)
    await register(session, now, policy, me.id, loaded.id)
    loaded.report = (await load(session, loaded.id)).report
    if loaded.report.status is Status.ACCEPTED:
        raise Refused("hazard.incomplete")


async def reject(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    me: Me,
    report_id: int,
    reason: RejectReason,
    words: str = "",
    seen: Status | None = None,
) -> None:
    """驳回 with its reason, which the reporter reads. Refused when it stands elsewhere by now than it was `seen`."""
    loaded = await allowed(session, me, report_id, Deed.REJECT)
    if seen not in (None, loaded.case.status):
        raise await moved_on(session, me, loaded)
    if reason is RejectReason.OTHER and not words.strip():
        raise Refused("report.reason_needed")
    values = {
        "status": Status.REJECTED, "decided_at": now, "decided_by": me.id, "reject_reason": reason,
        "reject_words": words.strip()[:400],
    }  # fmt: skip
    await reports.move(session, now, me.id, loaded.report, values, reason=reason)
    await hold(session, now, policy, report_id, me.id)


async def describe(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, kind: str, known: Collection[str],
    hint: Severity,
) -> None:  # fmt: skip
    """The officer names the kind, or corrects it; an accepted case that only lacked this is registered."""
    if kind not in known:
        raise Refused("report.no_kind")
    loaded = await allowed(session, me, report_id, Deed.DESCRIBE)
    values = {"kind": kind, "severity": loaded.report.severity or hint}
    before = loaded.report.kind
    await swap(session, Report, {"id": report_id}, values)
    await journal.write(session, now, me.id, "name_kind", "report", report_id, kind=kind, before=before)
    await register(session, now, policy, me.id, report_id)
    await hold(session, now, policy, report_id, me.id)


async def at_village(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """Nobody knows the place better than the village: it stands for it, so that the case can be registered."""
    loaded = await allowed(session, me, report_id, Deed.DESCRIBE)
    if loaded.report.place_source is None:
        await reports.at_village(session, now, me.id, report_id)
    await register(session, now, policy, me.id, report_id)
    await hold(session, now, policy, report_id, me.id)


async def regrade(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, severity: Severity, why: str
) -> None:
    """Another grade, with a reason (M038: the change is logged); deadlines follow it. Refused without a reason."""
    loaded = await allowed(session, me, report_id, Deed.REGRADE)
    if not why.strip():
        raise Refused("report.reason_needed")
    before = loaded.report.severity
    if before is severity:
        raise Refused("hazard.same_grade")
    await swap(session, Report, {"id": report_id}, {"severity": severity})
    await journal.write(
        session, now, me.id, "regrade", "report", report_id, before=before, after=severity, why=why.strip()[:400]
    )
    await rewards.propose(session, now, policy, report_id)
    await _keep_pace(session, now, policy, loaded, severity)
    await _again(session, now, policy, loaded, severity, me.id)


async def _again(
    session: AsyncSession, now: datetime, policy: Policy, loaded: Loaded, severity: Severity, by: int | None
) -> None:
    """A fresh clock only where the grade sets it, or 紧急 begins or ends: nobody gains time by grading."""
    sets = loaded.case.status is Status.ASSIGNED or Severity.E in (loaded.case.severity, severity)
    await (anew if sets else hold)(session, now, policy, loaded.id, by)


async def _keep_pace(session: AsyncSession, now: datetime, policy: Policy, loaded: Loaded, severity: Severity) -> None:
    """A graver case gets less time, a lesser one more, counted from 交办; nobody loses time already granted by it."""
    hazard = loaded.hazard
    if loaded.report.status is not Status.ASSIGNED or hazard.due_at is None or hazard.assigned_at is None:
        return
    time = rules.fix_time(policy.hazard, severity, loaded.report.kind)
    graver = list(Severity).index(severity) > list(Severity).index(loaded.case.severity)
    due = min(hazard.due_at, now + time) if graver else max(hazard.due_at, hazard.assigned_at + time)
    await swap(session, Hazard, {"report_id": loaded.id}, {"due_at": due})


async def escalate(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """升级: the county leads from here on (M053); the township has done what it could."""
    loaded = await allowed(session, me, report_id, Deed.ESCALATE)
    seen = {"report_id": report_id, "desk": loaded.hazard.desk}
    if not await swap(session, Hazard, seen, {"desk": Role.COUNTY_ADMIN}):
        raise Refused("hazard.county_already")
    await journal.write(session, now, me.id, "escalate", "report", report_id)
    await anew(session, now, policy, report_id, me.id)


# --- 重复 -------------------------------------------------------------------------------------------------------------


async def join(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, into: int) -> None:
    """重复: an officer finds that a report is about a case known already; its photos and its reporter join that one."""
    await lock(session, report_id, into)
    loaded = await allowed(session, me, report_id, Deed.JOIN)
    await views.look(session, me, into)
    main = await load(session, into)
    if not decides(me, main.case.township_path, *OFFICERS):
        raise Refused("hazard.cannot_join")
    await _join(session, now, policy, me, loaded, main)


async def join_own(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, into: int) -> None:
    """ "是同一处": the reporter joins their unfinished or undecided report to a known case."""
    await lock(session, report_id, into)
    await views.own_open(session, me, report_id)
    loaded, main = await load(session, report_id), await load(session, into)
    if main.report.township_code != loaded.report.township_code:
        raise Refused("hazard.cannot_join")
    await likeness.may_join_own(session, now, policy, me, report_id, into)
    await _join(session, now, policy, me, loaded, main)
    await cluster.watch(session, now, policy, report_id)


async def _join(session: AsyncSession, now: datetime, policy: Policy, me: Me, loaded: Loaded, main: Loaded) -> None:
    into = main.id
    if into == loaded.id or main.report.status not in HOLDING:
        raise Refused("hazard.cannot_join")
    quiet = loaded.report.confidential
    if main.report.confidential and not quiet:  # its reporter would follow a case that nobody below the county knows of
        raise Refused("hazard.cannot_join")
    await reports.move(
        session, now, me.id, loaded.report,
        {"status": Status.DUPLICATE, "duplicate_of": into, "nudge_at": None}, into=into,
    )  # fmt: skip
    await insert_once(
        session, Supporter,
        {"report_id": into, "joined_id": loaded.id, "person_id": loaded.report.reporter_id, "joined_at": now},
    )  # fmt: skip
    # Who had joined the joined one comes along, so that everybody follows the one case that goes on.
    await _follow(session, loaded.id, into)
    # The other case is read by more people than this one: of a confidential report it says that somebody joined (M032).
    if quiet and not main.report.confidential:
        await journal.write(session, now, None, "supported", "report", into)
    else:
        await journal.write(session, now, me.id, "supported", "report", into, joined=loaded.id)
    await hold(session, now, policy, loaded.id, me.id)
    grave = loaded.report.severity
    if grave is not None and list(Severity).index(grave) > list(Severity).index(main.case.severity):
        await swap(session, Report, {"id": into}, {"severity": grave})
        await journal.write(session, now, None, "regrade", "report", into, before=main.case.severity, after=grave)
        await _keep_pace(session, now, policy, main, grave)
        await _again(session, now, policy, main, grave, None)
    else:
        await views.show_everywhere(session, now, into)


async def _follow(session: AsyncSession, old: int, new: int) -> None:
    """Reports that were joined to one case belong to another from now on."""
    rows = await session.exec(select(Report.id).where(Report.duplicate_of == old))
    for joined in rows.all():
        await swap(session, Report, {"id": joined}, {"duplicate_of": new})
        await swap(session, Supporter, {"joined_id": joined}, {"report_id": new})


# --- 交办, 移送 -------------------------------------------------------------------------------------------------------


async def assign(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    me: Me,
    report_id: int,
    person_id: int,
    department: str = "",
    instead_of: int | None = None,
) -> None:
    """交办: this person mends it, within the time its kind and grade have; of a department if they stand for one.

    `instead_of` is who had it when the officer looked, 0 for nobody: Refused when another gave it away meanwhile.
    Refused for the reporter (M030), and for somebody who is not of this county's roster.
    """
    loaded = await allowed(session, me, report_id, Deed.ASSIGN)
    if instead_of not in (None, loaded.report.rectifier_id or 0):
        raise await moved_on(session, me, loaded)
    if loaded.report.rectifier_id == person_id and loaded.report.status is Status.ASSIGNED:
        raise Refused("hazard.has_it_already")
    await _may_get(session, loaded, person_id)
    await ready(session, now, policy, me, loaded)
    if loaded.report.status in (Status.ASSIGNED, Status.TRANSFERRED):
        await reports.move(session, now, me.id, loaded.report, {"status": Status.REGISTERED}, verb="take_back")
    former = loaded.report.rectifier_id
    await put_on(session, now, policy, me.id, loaded.id, person_id, department)
    await anew(session, now, policy, report_id, me.id)
    await _tell_former(session, now, report_id, former if former != person_id else None)


async def put_on(
    session: AsyncSession, now: datetime, policy: Policy, by: int, report_id: int, person_id: int, department: str
) -> None:
    """The move to ASSIGNED with its deadline."""
    loaded = await load(session, report_id)
    report, round_ = loaded.report, loaded.hazard.round
    begun = await proof_of(session, report_id, round_ + 1)
    if begun is not None and begun.by_id != person_id:
        round_ += 1  # what another began to prove stays theirs: nobody hands in somebody else's photos
    due = now + rules.fix_time(policy.hazard, report.severity or Severity.L, report.kind)
    values = {"status": Status.ASSIGNED, "rectifier_id": person_id}
    await reports.move(session, now, by, report, values, to=person_id, department=department, due=due.isoformat())
    fresh = {
        "department": department or None, "assigned_at": now, "assigned_by": by, "due_at": due, "fixed_at": None,
        "wished_at": None, "wished_days": None, "wished_why": "", "round": round_,
    }  # fmt: skip
    await swap(session, Hazard, {"report_id": report_id}, fresh)
    await tasks.drop(session, now, WISH, report_id, by)


async def _may_get(session: AsyncSession, loaded: Loaded, person_id: int) -> None:
    """Somebody of this county who stays in the roster, did not report it, and leaves an officer over to verify it."""
    rules.may_get(loaded.case, person_id)
    person = await people.stays(session, person_id)
    county = await people.above(session, loaded.case.place_path, Level.COUNTY)
    if person is None or county is None or not any(seat.path.startswith(county.path) for seat in person.seats):
        raise Refused("hazard.no_such_person")
    if not await leaders(session, loaded.case, (*apart(replace(loaded.case, rectifier_id=None)), person_id)):
        raise Refused("hazard.no_verifier")


async def transfer(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, department: str, person_id: int | None
) -> None:
    """移送: to the department in charge (M052), which must answer. Without a contact the county passes it on."""
    loaded = await allowed(session, me, report_id, Deed.TRANSFER)
    if person_id is not None:
        await _may_get(session, loaded, person_id)
    await ready(session, now, policy, me, loaded)
    values = {"status": Status.TRANSFERRED, "rectifier_id": person_id}
    await reports.move(session, now, me.id, loaded.report, values, to=person_id, department=department)
    await swap(session, Hazard, {"report_id": report_id}, {"department": department})
    await hold(session, now, policy, report_id, me.id)


async def take_back(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """The officer takes a case back into the queue, to give it to somebody else."""
    loaded = await allowed(session, me, report_id, Deed.TAKE_BACK)
    former = loaded.report.rectifier_id
    await to_queue(session, now, policy, me.id, loaded, "take_back")
    await _tell_former(session, now, report_id, former)


async def _tell_former(session: AsyncSession, now: datetime, report_id: int, former: int | None) -> None:
    """From whom it was taken must hear it before they go on mending."""
    if former is not None:
        await tell(session, now, report_id, await people.reachable(session, [former]))


async def to_queue(
    session: AsyncSession, now: datetime, policy: Policy, by: int | None, loaded: Loaded, verb: str, **facts: object
) -> None:
    """退回: the case waits for 交办 again."""
    values = {"status": Status.REGISTERED, "rectifier_id": None}
    await reports.move(session, now, by, loaded.report, values, verb=verb, **facts)
    gone = {
        "due_at": None, "assigned_at": None, "department": None, "wished_at": None, "wished_days": None,
        "wished_why": "",
    }  # fmt: skip
    await swap(session, Hazard, {"report_id": loaded.id}, gone)
    await tasks.drop(session, now, WISH, loaded.id, by)
    await hold(session, now, policy, loaded.id, by)


async def bereaved(session: AsyncSession, now: datetime, policy: Policy, person_ids: Sequence[int]) -> None:
    """They left the roster: what they had to mend goes back to the queue, for a case never waits on nobody; what they
    were to look at again is not.
    """
    mends = and_(col(Report.rectifier_id).in_(person_ids), col(Report.status).in_(MENDING))
    rows = await session.exec(
        select(Report.id).where(or_(mends, col(Report.visitor_id).in_(person_ids))).order_by(col(Report.id))
    )
    for report_id in rows.all():
        loaded = await load(session, report_id or 0)
        who = loaded.report.rectifier_id
        if who in person_ids and loaded.report.status in MENDING:
            await to_queue(session, now, policy, None, loaded, "left_roster", person=who)
        elif loaded.report.visitor_id in person_ids:
            await swap(session, Report, {"id": report_id}, {"visitor_id": None})
            await tasks.drop(session, now, RECHECK, loaded.id, None)


# --- 一键 -------------------------------------------------------------------------------------------------------------


async def nudge(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> int:
    """一键 (M027): warn the holder and the next above, at most every few minutes. → how many persons were warned."""
    loaded = await allowed(session, me, report_id, Deed.NUDGE)
    last = loaded.hazard.nudged_at
    if last is not None and now - last < policy.hazard.nudge_every:
        raise Refused("hazard.nudged_just_now")
    if not await swap(
        session, Hazard, {"report_id": report_id, "nudged_at": last}, {"nudged_at": now, "nudged_by": me.id}
    ):
        raise Refused("hazard.nudged_just_now")
    held = await holding(session, report_id)
    told = [who for who in (await tasks.named(session, held, "above") if held else []) if who != me.id]
    for person_id in told:
        await outbox.say(
            session, now, "hazard.nudged", person_id=person_id, lane=Lane.TASK, report=report_id,
            dedupe=f"nudge:{report_id}:{now:%Y%m%d%H%M%S}:{person_id}",
        )  # fmt: skip
    await journal.write(session, now, me.id, "nudge", "report", report_id, told=len(told))
    await views.show_everywhere(session, now, report_id)
    return len(told)
