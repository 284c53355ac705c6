"""Several reports of one kind, near and soon after one another, are one alarm: to their townships and the county."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.hazard.finding import around
from models.hazard.holding import lock
from models.hazard.rules import major
from models.journal import JournalEntry
from models.outbox import Lane
from models.people import actions as people
from models.people.rules import Level, Me, Role
from models.policy import Policy
from models.refused import Refused
from models.report import rules, views
from models.report.rules import OPEN, Severity, Status
from models.report.tables import Report
from models.task import rules as task_rules


@dataclass(frozen=True)
class Member:
    """One report of a cluster as its alarm shows it; `opens` is the case to open, empty where it is not the reader's.

    `place` is its village; latitude and longitude are WGS-84, empty where only the village is known.
    """

    number: str
    kind: str | None
    severity: Severity | None
    status: Status
    place: str
    at: datetime
    latitude: float | None
    longitude: float | None
    opens: int | None


CLUSTER = "cluster"  # the journal's verb, with each of its reports
COUNTED = (*OPEN, Status.CLOSED, Status.DUPLICATE)


async def watch(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> bool:
    """Called whenever a report was handed in, joined, or got its kind or place. → whether it completed a cluster.

    A cluster is the policy's number of reports of one kind within its distance of this one and its time, joined ones
    among them. Whoever stands in an alarm already completes no other: the fourth report is quiet, and what goes on
    alarms again once the first ones are older than the policy's time. Confidential ones stay out of it (M032).
    """
    report = await session.get_one(Report, report_id, populate_existing=True)
    kind = await _kind(session, report)
    if kind is None or report.confidential or report.status not in COUNTED:
        return False
    found = [each for each in await _near(session, now, policy, report) if await _kind(session, each) == kind]
    ids = sorted(each.id for each in found if each.id is not None)
    if report_id not in ids or len(ids) < policy.hazard.cluster.reports or await _alarmed(session, ids):
        return False
    await lock(session, *ids)
    for each in ids:
        await journal.write(session, now, None, CLUSTER, "report", each, reports=ids)
    await _alarm(session, now, policy, found, ids)
    return True


async def _kind(session: AsyncSession, report: Report) -> str | None:
    """A draft that was joined had no kind of its own: it is that of the case."""
    if report.kind is None and report.duplicate_of is not None:
        return (await session.get_one(Report, report.duplicate_of)).kind
    return report.kind


async def _near(session: AsyncSession, now: datetime, policy: Policy, report: Report) -> list[Report]:
    """What was reported near this one within the policy's time; with it what was joined to that without a place."""
    rule, spot = policy.hazard.cluster, report
    if report.latitude is None and report.duplicate_of is not None:
        spot = await session.get_one(Report, report.duplicate_of)
    if spot.latitude is None or spot.longitude is None:
        return []
    placed = await around(session, (spot.latitude, spot.longitude), rule.metres, COUNTED)
    joined = await session.exec(
        select(Report).where(col(Report.duplicate_of).in_([each.id for each in placed]), col(Report.latitude).is_(None))
    )
    return [
        each
        for each in [*placed, *joined]
        if not each.confidential and now - (each.submitted_at or each.last_part_at) < rule.within
    ]


async def _alarmed(session: AsyncSession, ids: Sequence[int]) -> bool:
    rows = await session.exec(
        select(JournalEntry.id)
        .where(
            JournalEntry.subject == "report",
            col(JournalEntry.subject_id).in_([str(each) for each in ids]),
            JournalEntry.verb == CLUSTER,
        )
        .limit(1)
    )
    return rows.first() is not None


async def _alarm(
    session: AsyncSession, now: datetime, policy: Policy, found: Sequence[Report], ids: Sequence[int]
) -> None:
    """Tell the officers of each township and the county; what is not grave waits for daylight."""
    grave = any(major(each.severity) for each in found)
    morning = task_rules.quiet_until(now, policy.quiet.begin, policy.quiet.end, policy.zone())
    for person_id in await _told(session, found):
        await outbox.say(
            session, now, "hazard.cluster", person_id=person_id, lane=Lane.ALARM if grave else Lane.TASK,
            send_at=None if grave else morning, dedupe=f"cluster:{ids[0]}:{person_id}", reports=list(ids),
        )  # fmt: skip


async def _told(session: AsyncSession, found: Sequence[Report]) -> list[int]:
    told: list[int] = []
    for code in sorted({each.township_code for each in found}):
        path = (await people.place(session, code)).path
        county = await people.above(session, path, Level.COUNTY)
        told += await people.holders(session, Role.TOWNSHIP_OFFICER, code)
        told += await people.holders(session, Role.COUNTY_ADMIN, county.code) if county else []
    return await people.stand_ins(session, list(dict.fromkeys(told)))


# --- looking ----------------------------------------------------------------------------------------------------------


async def members(session: AsyncSession, me: Me, ids: Sequence[int]) -> tuple[Member, ...]:
    """The reports of an alarm, in their order."""
    rows = await session.exec(select(Report).where(col(Report.id).in_(ids)).order_by(col(Report.id)))
    found = []
    for each in rows.all():
        village = await people.place(session, each.region_code)
        seen = _sees(me, each, village.path)
        if each.confidential and not seen:
            continue
        found.append(
            Member(
                number=each.number,
                kind=await _kind(session, each),
                severity=each.severity,
                status=each.status,
                place=village.name,
                at=each.submitted_at or each.last_part_at,
                latitude=each.latitude,
                longitude=each.longitude,
                opens=(each.duplicate_of or each.id) if seen else None,
            )
        )
    return tuple(found)


def middle(found: Sequence[Member]) -> tuple[float, float] | None:
    """The point between them; None when no place is known."""
    spots = [(each.latitude, each.longitude) for each in found if each.latitude is not None]
    if not spots:
        return None
    return sum(lat for lat, _ in spots) / len(spots), sum(lon or 0.0 for _, lon in spots) / len(spots)


def _sees(me: Me, report: Report, path: str) -> bool:
    try:
        rules.may_see(me, views.concern_of(report, path))
    except Refused:
        return False
    return True
