"""Who holds a case: the one task in which it waits, opened by every step; and a case as read for one deed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import outbox
from models.base import insert_once, swap
from models.hazard import rules
from models.hazard.rules import Case, Deed
from models.hazard.tables import Hazard, Proof
from models.outbox import Lane, Method
from models.people import actions as people
from models.people.rules import OFFICERS, Level, Me, Role
from models.policy import Ladder, Policy
from models.refused import Refused
from models.report import actions as reports
from models.report import views
from models.report.rules import Severity, Status
from models.report.tables import Report
from models.task import actions as tasks
from models.task.rules import Status as TaskStatus
from models.task.tables import Task

ASSIGN = "hazard.assign"
RECEIVE = "hazard.receive"
FIX = "hazard.fix"
CHECK = "hazard.check"
WISH = "hazard.wish"
REVISIT = "hazard.revisit"
RECHECK = "hazard.recheck"

# The task whose holder holds the case; an open case has exactly one of them.
HOLDING = {
    Status.SUBMITTED: reports.VERIFY,
    Status.ACCEPTED: ASSIGN,
    Status.REGISTERED: ASSIGN,
    Status.TRANSFERRED: RECEIVE,
    Status.ASSIGNED: FIX,
    Status.FIXED: CHECK,
}
MAIN = (reports.VERIFY, reports.EMERGENCY, ASSIGN, RECEIVE, FIX, CHECK)


@dataclass
class Loaded:
    """A case as read for one deed: its two rows, and itself as far as permission goes."""

    report: Report
    hazard: Hazard
    case: Case

    @property
    def id(self) -> int:
        """The case's id, which is the report's."""
        return self.hazard.report_id


BLANK: dict[str, object] = {
    "five": {}, "round": 0, "reopened": 0, "relapsed": False, "wished_why": "", "extended": 0, "revisits": 0,
}  # fmt: skip


async def lock(session: AsyncSession, *report_ids: int) -> bool:
    """Whoever else would change these cases waits from here to the commit; the lower id first, so that no two wait for
    each other. Everything of a case (its rows, tasks and journal) is changed behind this one lock. → whether all exist.
    """
    found = 0
    for report_id in sorted(set(report_ids)):
        rows = await session.exec(select(Report.id).where(Report.id == report_id).with_for_update(key_share=True))
        found += len(rows.all())
    return found == len(set(report_ids))


async def load(session: AsyncSession, report_id: int) -> Loaded:
    """A case by its report, to be changed, and locked. Refused when there is none."""
    report = await _report(session, report_id, lock=True)
    hazard = await session.get(Hazard, report_id, populate_existing=True)
    if hazard is None:
        await insert_once(session, Hazard, {"report_id": report_id, "desk": _desk(report), **BLANK})
        hazard = await session.get_one(Hazard, report_id)
    elif report.confidential and hazard.desk is not Role.COUNTY_ADMIN:  # looked at as a draft, and confidential since
        await swap(session, Hazard, {"report_id": report_id}, {"desk": Role.COUNTY_ADMIN})
    return Loaded(report, hazard, await case_of(session, report, hazard))


async def peek(session: AsyncSession, report_id: int) -> Loaded:
    """A case by its report, only to be looked at. Refused when there is none."""
    report = await _report(session, report_id)
    hazard = await session.get(Hazard, report_id, populate_existing=True)
    hazard = hazard or Hazard(report_id=report_id, desk=_desk(report))
    return Loaded(report, hazard, await case_of(session, report, hazard))


async def _report(session: AsyncSession, report_id: int, lock: bool = False) -> Report:
    rows = select(Report).where(Report.id == report_id).execution_options(populate_existing=True)
    report = (await session.exec(rows.with_for_update(key_share=True) if lock else rows)).first()
    if report is None:
        raise Refused("report.not_found")
    return report


def _desk(report: Report) -> Role:
    return Role.COUNTY_ADMIN if report.confidential else Role.TOWNSHIP_OFFICER


async def case_of(session: AsyncSession, report: Report, hazard: Hazard) -> Case:
    """The two rows as far as permission goes."""
    township = await people.place(session, report.township_code)
    village = await people.place(session, report.region_code)
    rectifier = await people.person(session, report.rectifier_id) if report.rectifier_id else None
    closed = report.status is Status.CLOSED
    return Case(
        status=report.status, severity=report.severity or Severity.L, reporter_id=report.reporter_id,
        township_path=township.path, place_path=village.path, rectifier_id=report.rectifier_id,
        desk=Role.COUNTY_ADMIN if report.confidential else hazard.desk,
        rectifier_role=rectifier.seats[0].role if rectifier and rectifier.seats else None,
        barred_id=hazard.barred_id, visitor_id=report.visitor_id, confidential=report.confidential,
        on_spot=report.on_spot, wished=hazard.wished_at is not None, answered=hazard.answered_at is not None,
        reopened=bool(hazard.reopened),
        visit_due=closed and await tasks.find(session, REVISIT, report.id or 0) is not None,
    )  # fmt: skip


async def allowed(session: AsyncSession, me: Me, report_id: int, deed: Deed) -> Loaded:
    """A case this person may do this to now; Refused otherwise."""
    loaded = await load(session, report_id)
    try:
        rules.may(me, loaded.case, deed)
    except Refused as refused:
        raise (await moved_on(session, me, loaded) if refused.reason == "report.moved_on" else refused) from None
    return loaded


async def moved_on(session: AsyncSession, me: Me, loaded: Loaded) -> Refused:
    """The answer for who came second: where it stands by now, and who was quicker."""
    return Refused("report.moved_on", status=loaded.case.status, **await reports.quicker(session, loaded.report, me.id))


# --- who holds it -----------------------------------------------------------------------------------------------------


async def hold(session: AsyncSession, now: datetime, policy: Policy, report_id: int, by: int | None = None) -> None:
    """After every step: the one task in which the case waits now is open, the others are done, its holder has the card.

    Called again it changes nothing, which is how the auditor mends a case that lost its task.
    """
    loaded = await load(session, report_id)
    severity = loaded.case.severity
    wanted = HOLDING.get(loaded.report.status)
    if wanted == reports.VERIFY and severity is Severity.E:
        wanted = reports.EMERGENCY
    waiting = await tasks.among(session, MAIN, report_id)
    before = waiting[0] if waiting else None
    for task in waiting:
        if task.kind != wanted:
            await tasks.finish(session, now, task.kind, report_id, by)
    shown = await _show(session, now, loaded.report, by)
    if wanted is None or wanted in [task.kind for task in waiting]:
        return
    if loaded.report.status is Status.SUBMITTED:
        await reports.hand_over_again(session, now, policy, report_id, loaded.case.desk)
        return
    told = await _open(session, now, policy, loaded, wanted)
    if by in told or _holds(before, await holding(session, report_id)):
        for person_id in told:
            if person_id == by or person_id not in shown:
                await show(session, now, report_id, person_id, follow=person_id == by)
    else:
        await tell(session, now, report_id, told, Lane.ALARM if severity is Severity.E else Lane.TASK)


async def _show(session: AsyncSession, now: datetime, report: Report, by: int | None) -> Sequence[int]:
    """Every screen as it is now; its end a reporter hears of, the steps on the way they only see.

    → the persons who hold a card.
    """
    assert report.id is not None
    ended = report.status in (Status.CLOSED, Status.REJECTED, Status.DUPLICATE) and by != report.reporter_id
    await views.show_reporters(session, now, report.id, Method.SEND if ended else Method.EDIT, follow=False)
    return await views.show_cards(session, now, report.id)


def _holds(before: Task | None, after: Task | None) -> bool:
    """Whether the same post or person holds it as before: they have the card, and need not hear of it once more."""
    if before is None or after is None:
        return False
    return (before.role, before.region_code, before.person_id) == (after.role, after.region_code, after.person_id)


async def anew(session: AsyncSession, now: datetime, policy: Policy, report_id: int, by: int | None) -> None:
    """The holder or the deadline changed within a step: the old task ends and a fresh one begins."""
    for task in await tasks.among(session, MAIN, report_id):
        await tasks.drop(session, now, task.kind, report_id, by)
    await hold(session, now, policy, report_id, by)


async def _open(session: AsyncSession, now: datetime, policy: Policy, loaded: Loaded, kind: str) -> list[int]:
    """Open the task and say who is to be told."""
    if kind in (FIX, RECEIVE) and loaded.report.rectifier_id is not None:
        return await _open_for_person(session, now, loaded, kind, _time(now, policy, loaded, kind))
    lowest = Role.COUNTY_ADMIN if kind == RECEIVE else loaded.case.desk
    return await open_for_desk(session, now, loaded, kind, _time(now, policy, loaded, kind), lowest)


async def open_for_desk(
    session: AsyncSession, now: datetime, loaded: Loaded, kind: str, ladder: Ladder, lowest: Role
) -> list[int]:
    """A task for the officers who lead the case (or those above, by `lowest`). → who is to be told."""
    desk = await people.desk(session, loaded.case.place_path, lowest, apart(loaded.case))
    await tasks.open_task(
        session, now, kind, loaded.id, role=desk.role, region_code=desk.region_code, place_path=loaded.case.climbs,
        ladder=ladder,
    )  # fmt: skip
    return desk.told


async def _open_for_person(
    session: AsyncSession, now: datetime, loaded: Loaded, kind: str, ladder: Ladder
) -> list[int]:
    person_id = loaded.report.rectifier_id
    assert person_id is not None
    me = await people.person(session, person_id)
    assert me is not None, "who leaves the roster gives their cases back (models/response)"
    case = loaded.case
    # Of a confidential case only this person knows, not their post: nobody beside them is told in their stead (M032).
    region = case.climbs.strip("/").split("/")[-1] if case.confidential else me.seats[0].region_code
    await tasks.open_task(
        session, now, kind, loaded.id, role=me.seats[0].role, region_code=region, place_path=case.climbs,
        ladder=ladder, person_id=person_id,
    )  # fmt: skip
    return await (people.reachable if case.confidential else people.stand_ins)(session, [person_id])


def _time(now: datetime, policy: Policy, loaded: Loaded, kind: str) -> Ladder:
    """The clock of a step (domain 5.4)."""
    due = {ASSIGN: policy.hazard.assign, RECEIVE: policy.hazard.receive, CHECK: policy.hazard.check}.get(kind)
    if due is None:
        assert loaded.hazard.due_at is not None
        due = max(loaded.hazard.due_at - now, policy.hazard.nudge_every)
    return rules.ladder(policy.hazard, due, loaded.case.severity)


def apart(case: Case) -> tuple[int, ...]:
    """Who may not lead this case: its reporter, its rectifier, and who closed it wrongly (M030)."""
    return tuple(who for who in (case.reporter_id, case.rectifier_id, case.barred_id) if who is not None)


async def leaders(session: AsyncSession, case: Case, without: Collection[int]) -> list[int]:
    """The officers who may lead a case, reachable or not: those of its desk and of the county above."""
    found: list[int] = []
    for role, level in zip(OFFICERS, (Level.TOWNSHIP, Level.COUNTY), strict=True):
        region = await people.above(session, case.place_path, level)
        if region is not None and (role is Role.COUNTY_ADMIN or case.desk is role):
            found += await people.holders(session, role, region.code)
    return [who for who in found if who not in without]


async def tell(
    session: AsyncSession, now: datetime, report_id: int, persons: Collection[int], lane: Lane = Lane.TASK
) -> None:
    """It is their turn: the card comes as a message, which is heard; the one that stood there loses its buttons."""
    for person_id in persons:
        await outbox.say(
            session, now, "hazard.card", person_id=person_id, lane=lane, slot=f"card:{report_id}", report=report_id
        )


async def show(session: AsyncSession, now: datetime, report_id: int, person_id: int, follow: bool = True) -> None:
    """The card as it is now, without a sound where it stands; of who acts at the bottom of their chat (`follow`)."""
    await outbox.say(
        session, now, "hazard.card", person_id=person_id, method=Method.EDIT, slot=f"card:{report_id}", follow=follow,
        report=report_id,
    )  # fmt: skip


async def holding(session: AsyncSession, report_id: int) -> Task | None:
    """The task in which a case waits now."""
    found = await tasks.among(session, MAIN, report_id)
    return found[0] if found else None


async def unheld(session: AsyncSession) -> list[int]:
    """Open cases that wait on nobody: there should be none (peers.md, the auditor)."""
    held = exists().where(
        col(Task.kind).in_(MAIN), col(Task.subject_id) == col(Report.id), col(Task.status) == TaskStatus.OPEN
    )
    rows = await session.exec(
        select(Report.id).where(col(Report.status).in_(tuple(HOLDING)), ~held).order_by(col(Report.id)).limit(100)
    )
    return [report_id for report_id in rows if report_id is not None]


async def proof_of(session: AsyncSession, report_id: int, round_: int) -> Proof | None:
    """The proof of one round of mending."""
    rows = await session.exec(select(Proof).where(Proof.report_id == report_id, Proof.round == round_))
    return rows.first()
