"""Looking at cases: one for a card, many for a list, what lies near, who could mend it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import question
from models.hazard import rules
from models.hazard.finding import around
from models.hazard.fixing import PROOF, evidence
from models.hazard.holding import Loaded, apart, holding, peek
from models.hazard.rules import Candidate, Deed, Evidence, Plate
from models.hazard.tables import Supporter
from models.people import actions as people
from models.people.rules import Level, Me, Role
from models.policy import Policy
from models.refused import Refused
from models.report import rules as report_rules
from models.report import views
from models.report.rules import OPEN, RejectReason, Severity, Status
from models.report.tables import Report
from models.report.views import View
from models.task import rules as task_rules


@dataclass(frozen=True)
class Holder:
    """Who holds a case: the persons and their names, the post, since when and until when; and what comes next.

    `mark` is the gravest step of 提醒, 评价, 问责 it has come to; `next_to` whom the next rung tells, at `next_at`.
    """

    role: Role
    region: str
    ids: tuple[int, ...]
    names: tuple[str, ...]
    since: datetime
    until: datetime
    next_at: datetime | None
    next_to: str
    mark: str


@dataclass(frozen=True)
class Near:
    """A known case in the neighbourhood: how far in metres, and since when."""

    id: int
    number: str
    kind: str | None
    severity: Severity | None
    status: Status
    metres: float
    created_at: datetime


@dataclass(frozen=True)
class Sight:
    """A case as a card shows it to one person: the report, what became of it, and what this person may do (`deeds`).

    `proof` is that of the round handed in last, or of the one under way while it is being mended; `proof_asked_at` is
    set while what this person sends belongs to it.
    """

    id: int
    report: View
    deeds: frozenset[Deed]
    desk: Role
    holder: Holder | None
    rectifier: str | None
    department: str | None
    due_at: datetime | None
    assigned_at: datetime | None
    round: int
    proof: Evidence
    missing: str | None
    supporters: int
    near: tuple[Near, ...]
    wished_days: int | None
    wished_why: str
    extended: int
    nudged_at: datetime | None
    nudged_by: str | None
    nudged_by_id: int | None
    five: dict[str, str]
    plate: Plate | None
    plated_at: datetime | None
    unplated_at: datetime | None
    closed_at: datetime | None
    closer: str | None
    satisfied: bool | None
    reopened: int
    relapsed: bool
    proof_asked_at: datetime | None


async def look(session: AsyncSession, policy: Policy, me: Me, report_id: int) -> Sight:
    """A case for a card. Refused for people it does not concern, in the words used for one that is not there."""
    loaded = await peek(session, report_id)
    report = await views.look(session, me, report_id)
    hazard, mending = loaded.hazard, loaded.report.status is Status.ASSIGNED
    proof = await evidence(session, report_id, hazard.round + int(mending))
    names = await people.names_of(session, (loaded.report.rectifier_id, hazard.nudged_by, hazard.closer_id))
    return Sight(
        id=report_id, report=report, deeds=rules.deeds(me, loaded.case), desk=hazard.desk,
        holder=await holder_of(session, policy, loaded), rectifier=names.get(loaded.report.rectifier_id),
        department=hazard.department, due_at=hazard.due_at, assigned_at=hazard.assigned_at, round=hazard.round,
        proof=proof, missing=rules.missing(proof, policy.hazard.near) if mending else None,
        supporters=await supporters(session, report_id), near=await near(session, policy, me, loaded),
        wished_days=hazard.wished_days, wished_why=hazard.wished_why, extended=hazard.extended,
        nudged_at=hazard.nudged_at, nudged_by=names.get(hazard.nudged_by), nudged_by_id=hazard.nudged_by,
        five=dict(hazard.five or {}),
        plate=hazard.plate, plated_at=hazard.plated_at, unplated_at=hazard.unplated_at, closed_at=hazard.closed_at,
        closer=names.get(hazard.closer_id), satisfied=hazard.satisfied, reopened=hazard.reopened,
        relapsed=hazard.relapsed,
        proof_asked_at=await _proof_asked_at(session, me, loaded),
    )  # fmt: skip


async def _proof_asked_at(session: AsyncSession, me: Me, loaded: Loaded) -> datetime | None:
    """Since when what this person sends into their chat is the proof of this case; None when it is not."""
    if loaded.report.status is not Status.ASSIGNED or loaded.report.rectifier_id != me.id:
        return None
    account = await people.chat_of(session, me.id)
    asked = await question.open_question(session, account.chat_id) if account else None
    if asked is None or asked.kind != PROOF or asked.args.get("report") != loaded.id:
        return None
    return asked.asked_at


async def holder_of(session: AsyncSession, policy: Policy, loaded: Loaded) -> Holder | None:
    """Who holds an open case; None for one that has ended. What would fall into the night is said for the morning."""
    task = await holding(session, loaded.id)
    if task is None:
        return None
    if task.person_id:
        who = [task.person_id]
    else:
        post = await people.holders(session, task.role, task.region_code)
        who = [each for each in post if each not in apart(loaded.case)]
    next_at, quiet = task.next_at, policy.quiet
    if next_at is not None and task.ladder["patient"]:
        next_at = task_rules.quiet_until(next_at, quiet.begin, quiet.end, policy.zone()) or next_at
    upcoming = task_rules.step_at(task.ladder, task.rung)
    names = await people.names_of(session, who[:3])
    return Holder(
        role=task.role, region=await _region_of(session, task.person_id, task.region_code),
        ids=tuple(who), names=tuple(names[person_id] for person_id in who[:3]),
        since=task.opened_at, until=task.due_at, next_at=next_at, next_to=upcoming.to,
        mark=task_rules.mark(task.ladder, task.rung),
    )  # fmt: skip


async def _region_of(session: AsyncSession, person_id: int | None, code: str) -> str:
    me = await people.person(session, person_id) if person_id is not None else None
    return me.seats[0].region_name if me and me.seats else (await people.place(session, code)).name


@dataclass(frozen=True)
class Followed:
    """The case that somebody's own report was joined to, as far as they follow it: where it stands and who holds it."""

    number: str
    status: Status
    kind: str | None
    holder: Holder | None
    due_at: datetime | None
    ended_at: datetime | None
    reject_reason: RejectReason | None
    reject_words: str


async def followed(session: AsyncSession, policy: Policy, me: Me, report_id: int) -> Followed | None:
    """What became of this person's own report after 重复 ("every reporter hears the outcome"); None when not joined."""
    report = await session.get(Report, report_id)
    if report is None or report.reporter_id != me.id or report.duplicate_of is None:
        return None
    main = await peek(session, report.duplicate_of)
    return Followed(
        number=main.report.number, status=main.report.status, kind=main.report.kind,
        holder=await holder_of(session, policy, main), due_at=main.hazard.due_at, ended_at=main.report.ended_at,
        reject_reason=main.report.reject_reason, reject_words=main.report.reject_words,
    )  # fmt: skip


async def supporters(session: AsyncSession, report_id: int) -> int:
    """How many others reported the same."""
    return (await session.exec(select(func.count()).where(Supporter.report_id == report_id))).one()


# --- the neighbourhood ------------------------------------------------------------------------------------------------

NEIGHBOURS = 3  # on a card


async def near(session: AsyncSession, policy: Policy, me: Me, loaded: Loaded) -> tuple[Near, ...]:
    """Open cases of any kind around this one that its reader may see, the nearest first."""
    report = loaded.report
    if report.latitude is None or report.longitude is None:
        return ()
    found = await around(session, (report.latitude, report.longitude), policy.hazard.same.metres, OPEN)
    seen = []
    for each in found:
        path = (await people.place(session, each.region_code)).path
        if each.id != report.id and not each.confidential and each.duplicate_of is None and _sees(me, each, path):
            seen.append(_near(each, (report.latitude, report.longitude)))
    return tuple(sorted(seen, key=lambda each: each.metres)[:NEIGHBOURS])


def _near(report: Report, spot: tuple[float, float]) -> Near:
    assert report.id is not None
    distance = rules.metres(spot, (report.latitude or 0.0, report.longitude or 0.0))
    return Near(report.id, report.number, report.kind, report.severity, report.status, distance, report.created_at)


def _sees(me: Me, report: Report, path: str) -> bool:
    try:
        report_rules.may_see(me, views.concern_of(report, path))
    except Refused:
        return False
    return True


# --- who could mend it ------------------------------------------------------------------------------------------------


async def candidates(session: AsyncSession, me: Me, report_id: int) -> list[Candidate]:
    """The people of the village and its township's officers to whom a case may be given, the likely first."""
    report = await session.get_one(Report, report_id)
    path = (await people.place(session, report.region_code)).path
    found: dict[int, tuple[Role, str]] = {}
    for role, level in (
        (Role.VILLAGE_LEAD, Level.VILLAGE), (Role.GRID_WORKER, Level.VILLAGE), (Role.TOWNSHIP_OFFICER, Level.TOWNSHIP),
    ):  # fmt: skip
        region = await people.above(session, path, level)
        for person_id in await people.holders(session, role, region.code) if region else []:
            found.setdefault(person_id, (role, region.name if region else ""))
    found.pop(report.reporter_id, None)
    found.pop(me.id, None)
    return rules.likely(await _candidates(session, report.kind, found))


async def _candidates(session: AsyncSession, kind: str | None, posts: dict[int, tuple[Role, str]]) -> list[Candidate]:
    """These persons with what they mended of this kind before, and what they have to mend now."""
    if not posts:
        return []
    # Without confidential ones: "2 open" would tell of them (M032).
    theirs = (col(Report.rectifier_id).in_(posts), col(Report.confidential).is_(False))
    mended = and_(col(Report.status) == Status.CLOSED, col(Report.kind) == kind)
    counted = await session.exec(
        select(Report.rectifier_id, Report.status, func.count())
        .where(*theirs, or_(mended, col(Report.status) == Status.ASSIGNED))
        .group_by(col(Report.rectifier_id), col(Report.status))
    )
    counts = {(person_id, status): count for person_id, status, count in counted}
    names = await people.names_of(session, posts)
    return [
        Candidate(
            who, names[who], role, region, counts.get((who, Status.CLOSED), 0), counts.get((who, Status.ASSIGNED), 0)
        )
        for who, (role, region) in posts.items()
    ]


async def contacts(session: AsyncSession, report_id: int, department: str) -> list[Candidate]:
    """The department's contacts: people of the county whose 兼职 (hat) bears its name; never the reporter."""
    loaded = await peek(session, report_id)
    county = await people.above(session, loaded.case.place_path, Level.COUNTY)
    found = await people.with_hat(session, county.path if county else "/", department)
    posts = {
        each.id: (each.seats[0].role, each.seats[0].region_name)
        for each in found
        if each.id != loaded.case.reporter_id and each.seats
    }
    return await _candidates(session, loaded.report.kind, posts)
